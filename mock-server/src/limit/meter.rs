//! How much one key has left: three laws, in whole numbers of milliseconds, so that no rounding adds up.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};

/// What is allowed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Law {
    Bucket { capacity: u32, tokens: u32, in_time: SignedDuration },
    Fixed { limit: u32, window: SignedDuration },
    Sliding { limit: u32, window: SignedDuration },
}

/// The count of one key.
#[derive(Debug)]
pub(super) enum Meter {
    /// Parts of tokens: `in_time` of them are one token, and `tokens` of them come in each millisecond.
    Bucket { parts: i128, at: i64 },
    /// The window that is open, and how many came in it.
    Fixed { window: i64, count: u32 },
    /// When they came, the oldest first.
    Sliding(VecDeque<i64>),
}

/// What is left.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Level {
    pub(super) limit: u32,
    pub(super) remaining: u32,
    /// Seconds until all of it is there again, rounded up.
    pub(super) reset: u64,
    /// Seconds until one passes, rounded up; `None` if this one does.
    pub(super) wait: Option<u64>,
}

// === impl Meter ===

impl Meter {
    pub(super) fn new(law: Law, now: Timestamp) -> Self {
        match law {
            Law::Bucket { capacity, in_time, .. } => {
                Self::Bucket { parts: i128::from(capacity) * in_time.as_millis(), at: now.as_millisecond() }
            }
            Law::Fixed { .. } => Self::Fixed { window: i64::MIN, count: 0 },
            Law::Sliding { .. } => Self::Sliding(VecDeque::new()),
        }
    }

    /// What is left for a request of this moment, after it if it is taken. A clock that went back takes nothing back:
    /// what was used stays used.
    pub(super) fn ask(&mut self, law: Law, now: Timestamp, take: bool) -> Level {
        let now = now.as_millisecond();
        match (self, law) {
            (Self::Bucket { parts, at }, Law::Bucket { capacity, tokens, in_time }) => {
                let (one, full) = (in_time.as_millis(), i128::from(capacity) * in_time.as_millis());
                let elapsed = i128::from(now.saturating_sub(*at).max(0));
                *parts = (*parts + elapsed * i128::from(tokens)).min(full);
                *at = now.max(*at);
                let passes = *parts >= one;
                if passes && take {
                    *parts -= one;
                }
                // What is missing, at so many parts a millisecond.
                let until = |missing: i128| (missing + i128::from(tokens) - 1) / i128::from(tokens);
                Level {
                    limit: capacity,
                    remaining: u32::try_from(*parts / one).unwrap_or(capacity),
                    reset: seconds(until(full - *parts)),
                    wait: (!passes).then(|| seconds(until(one - *parts) + i128::from(*at - now))),
                }
            }
            (Self::Fixed { window, count }, Law::Fixed { limit, window: length }) => {
                let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
                let current = now.div_euclid(length);
                if current > *window {
                    (*window, *count) = (current, 0);
                }
                let passes = *count < limit;
                *count += u32::from(passes && take);
                let end = (i128::from(*window) + 1) * i128::from(length) - i128::from(now);
                Level { limit, remaining: limit - *count, reset: seconds(end), wait: (!passes).then(|| seconds(end)) }
            }
            (Self::Sliding(came), Law::Sliding { limit, window }) => {
                let length = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
                while came.front().is_some_and(|first| now.saturating_sub(*first) >= length) {
                    came.pop_front();
                }
                let most = usize::try_from(limit).unwrap_or(usize::MAX);
                let passes = came.len() < most;
                if passes && take {
                    // In order, also where the clock went back.
                    came.push_back(now.max(came.back().copied().unwrap_or(now)));
                }
                let until = |place: Option<&i64>| {
                    place.map_or(0, |came| seconds(i128::from(*came) + i128::from(length) - i128::from(now)))
                };
                Level {
                    limit,
                    remaining: limit - u32::try_from(came.len()).unwrap_or(limit),
                    reset: until(came.back()),
                    wait: (!passes).then(|| until(came.front())),
                }
            }
            // A meter is made by its law, which never changes.
            (Self::Bucket { .. } | Self::Fixed { .. } | Self::Sliding(_), law) => {
                let (Law::Bucket { capacity: limit, .. } | Law::Fixed { limit, .. } | Law::Sliding { limit, .. }) = law;
                Level { limit, remaining: limit, reset: 0, wait: None }
            }
        }
    }
}

/// Whole seconds, rounded up: whoever waits that long passes.
fn seconds(millis: i128) -> u64 {
    u64::try_from((millis.max(0) + 999) / 1000).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millisecond(millis).unwrap()
    }

    fn whole(span: SignedDuration) -> i64 {
        i64::try_from(span.as_millis()).unwrap()
    }

    /// Which of these requests pass.
    fn passes(law: Law, times: &[i64]) -> Vec<bool> {
        let mut meter = Meter::new(law, at(times.first().copied().unwrap_or(0)));
        times.iter().map(|time| meter.ask(law, at(*time), true).wait.is_none()).collect()
    }

    /// The textbook's laws, as slow and plain as can be: each looks at all that passed so far.
    fn model(law: Law, times: &[i64]) -> Vec<bool> {
        let mut passed: Vec<i64> = Vec::new();
        let mut verdicts = Vec::new();
        for now in times.iter().copied() {
            let is_allowed = match law {
                Law::Fixed { limit, window } => {
                    let length = whole(window);
                    let same = passed.iter().filter(|time| time.div_euclid(length) == now.div_euclid(length));
                    same.count() < limit as usize
                }
                Law::Sliding { limit, window } => {
                    let length = whole(window);
                    passed.iter().filter(|time| now - **time < length).count() < limit as usize
                }
                Law::Bucket { capacity, tokens, in_time } => {
                    // Millisecond by millisecond, in fractions of a token.
                    let one = whole(in_time);
                    let full = i64::from(capacity) * one;
                    let (mut level, mut clock) = (full, times[0]);
                    for time in passed.iter().copied().chain([now]) {
                        while clock < time {
                            level = (level + i64::from(tokens)).min(full);
                            clock += 1;
                        }
                        level -= one;
                    }
                    level >= 0
                }
            };
            verdicts.push(is_allowed);
            if is_allowed {
                passed.push(now);
            }
        }
        verdicts
    }

    fn laws() -> impl Strategy<Value = Law> {
        prop_oneof![
            (1_u32..6, 1_u32..4, 1_i64..50).prop_map(|(capacity, tokens, time)| Law::Bucket {
                capacity,
                tokens,
                in_time: SignedDuration::from_millis(time),
            }),
            (1_u32..6, 1_i64..50)
                .prop_map(|(limit, time)| Law::Fixed { limit, window: SignedDuration::from_millis(time) }),
            (1_u32..6, 1_i64..50)
                .prop_map(|(limit, time)| Law::Sliding { limit, window: SignedDuration::from_millis(time) }),
        ]
    }

    proptest! {
        #[test]
        fn each_law_is_that_of_the_textbook(law in laws(), gaps in proptest::collection::vec(0_i64..40, 1..60)) {
            let times: Vec<i64> = gaps.iter().scan(1_000, |now, gap| { *now += gap; Some(*now) }).collect();
            prop_assert_eq!(passes(law, &times), model(law, &times));
        }

        #[test]
        fn whoever_waits_as_told_passes(law in laws(), gaps in proptest::collection::vec(0_i64..40, 1..60)) {
            let mut meter = Meter::new(law, at(0));
            let mut now = 0;
            for gap in gaps {
                now += gap;
                let level = meter.ask(law, at(now), true);
                if let Some(wait) = level.wait {
                    now += i64::try_from(wait).unwrap() * 1000;
                    prop_assert!(meter.ask(law, at(now), true).wait.is_none());
                }
                prop_assert!(level.remaining <= level.limit);
            }
        }
    }

    #[test]
    fn a_bucket_tells_what_is_left_and_when() {
        let law = Law::Bucket { capacity: 2, tokens: 1, in_time: SignedDuration::from_secs(10) };
        let mut meter = Meter::new(law, at(0));
        let level = |remaining, reset, wait| Level { limit: 2, remaining, reset, wait };
        assert_eq!(meter.ask(law, at(0), true), level(1, 10, None));
        assert_eq!(meter.ask(law, at(0), true), level(0, 20, None));
        assert_eq!(meter.ask(law, at(1), true), level(0, 20, Some(10)));
        assert_eq!(meter.ask(law, at(10_000), true), level(0, 20, None));
    }

    #[test]
    fn a_clock_that_goes_back_gives_nothing_back() {
        let window = SignedDuration::from_secs(1);
        for law in [
            Law::Bucket { capacity: 1, tokens: 1, in_time: window },
            Law::Fixed { limit: 1, window },
            Law::Sliding { limit: 1, window },
        ] {
            assert_eq!(passes(law, &[10_000, 5_000, 10_500, 11_000]), [true, false, false, true], "{law:?}");
        }
    }
}
