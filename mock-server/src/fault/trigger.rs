//! When a rule fires, checked.

use jiff::Timestamp;
use rand::RngExt;

use super::InvalidRule;
use super::draw::Draws;
use super::spec::{TriggerSpec, WindowSpec};

/// When a rule fires.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trigger {
    count: Count,
    window: Option<(Timestamp, Timestamp)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Count {
    Always,
    /// Both in it, 1-based.
    Range(u64, u64),
    Every(u64),
    Exactly {
        hits: u64,
        of: u64,
    },
    Probability(f64),
}

/// Exchanges in a block of `exactly` at most.
const LARGEST_BLOCK: u64 = 10_000;

// === impl Trigger ===

impl Trigger {
    /// Checks a trigger for a rule that is loaded now.
    pub(super) fn compile(spec: TriggerSpec, loaded: Timestamp) -> Result<Self, InvalidRule> {
        let wrong = |problem: &str| Err(InvalidRule::value("trigger", problem));
        let TriggerSpec { always, nth, first, every, range, after, exactly, of, probability, window, per: _ } = spec;
        if always == Some(false) {
            return wrong("always can only be true; pause the rule to turn it off");
        }
        if exactly.is_some() != of.is_some() {
            return wrong("exactly and of belong together: exactly 2 of every 5");
        }
        let given = [
            always.map(|_| Count::Always),
            nth.map(|nth| Count::Range(nth, nth)),
            first.map(|first| Count::Range(1, first)),
            every.map(Count::Every),
            range.map(|[from, to]| Count::Range(from, to)),
            after.map(|after| Count::Range(after.saturating_add(1), u64::MAX)),
            exactly.zip(of).map(|(hits, of)| Count::Exactly { hits, of }),
            probability.map(Count::Probability),
        ];
        let mut given = given.into_iter().flatten();
        let count = given.next().unwrap_or(Count::Always);
        if given.next().is_some() {
            return wrong("give one of always, nth, first, every, range, after, exactly with of, and probability");
        }
        match count {
            Count::Range(0, _) | Count::Range(_, 0) | Count::Every(0) => return wrong("counts start at 1"),
            Count::Range(from, to) if from > to => return wrong("the range ends before it begins"),
            Count::Exactly { hits, of } if hits == 0 || hits > of || of > LARGEST_BLOCK => {
                return wrong("exactly is 1 to of, and of is 10000 at most");
            }
            Count::Probability(probability) if !(probability > 0.0 && probability <= 1.0) => {
                return wrong("a probability is above 0, and 1 at most");
            }
            Count::Always | Count::Range(..) | Count::Every(_) | Count::Exactly { .. } | Count::Probability(_) => {}
        }
        let window = window.map(|WindowSpec { from, until }| {
            let from = from.map_or(Timestamp::MIN, |from| from.since(loaded));
            (from, until.map_or(Timestamp::MAX, |until| until.since(loaded)))
        });
        if window.is_some_and(|(from, until)| from >= until) {
            return Err(InvalidRule::value("trigger.window", "it ends before it begins"));
        }
        Ok(Self { count, window })
    }

    /// Whether exchanges of this time are counted.
    pub(super) fn counts_at(&self, now: Timestamp) -> bool {
        self.window.is_none_or(|(from, until)| from <= now && now < until)
    }

    /// Whether it fires on the exchange of an ordinal, counted from 1 for its key.
    pub(super) fn fires(&self, ordinal: u64, draws: Draws, key: impl FnOnce() -> String) -> bool {
        match self.count {
            Count::Always => true,
            Count::Range(from, to) => (from..=to).contains(&ordinal),
            Count::Every(every) => ordinal.is_multiple_of(every),
            Count::Exactly { hits, of } => {
                let (block, place) = ((ordinal - 1) / of, (ordinal - 1) % of);
                let mut stream = draws.at(&key(), block).stream("block");
                let [of, hits, place] = [of, hits, place].map(|number| usize::try_from(number).unwrap_or(usize::MAX));
                rand::seq::index::sample(&mut stream, of, hits).iter().any(|hit| hit == place)
            }
            Count::Probability(probability) => draws.at(&key(), ordinal).stream("trigger").random_bool(probability),
        }
    }

    /// For people: `first 2`.
    pub(super) fn describe(spec: &TriggerSpec) -> String {
        let TriggerSpec { nth, first, every, range, after, exactly, of, probability, .. } = spec;
        let texts = [
            nth.map(|nth| format!("nth {nth}")),
            first.map(|first| format!("first {first}")),
            every.map(|every| format!("every {every}")),
            range.map(|[from, to]| format!("range {from} to {to}")),
            after.map(|after| format!("after {after}")),
            exactly.zip(*of).map(|(hits, of)| format!("exactly {hits} of {of}")),
            probability.map(|probability| format!("probability {probability}")),
        ];
        texts.into_iter().flatten().next().unwrap_or_else(|| "always".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hits(json: &str, exchanges: u64) -> Vec<u64> {
        let trigger = Trigger::compile(serde_json::from_str(json).unwrap(), Timestamp::UNIX_EPOCH).unwrap();
        let draws = Draws::of_sandbox(7, "t").of_rule("r");
        (1..=exchanges).filter(|ordinal| trigger.fires(*ordinal, draws, || "k".to_owned())).collect()
    }

    #[test]
    fn counts_are_one_based_and_ranges_hold_both_ends() {
        for (json, expected) in [
            ("{}", vec![1, 2, 3, 4, 5, 6, 7]),
            (r#"{"always":true}"#, vec![1, 2, 3, 4, 5, 6, 7]),
            (r#"{"nth":3}"#, vec![3]),
            (r#"{"first":2}"#, vec![1, 2]),
            (r#"{"every":3}"#, vec![3, 6]),
            (r#"{"range":[2,4]}"#, vec![2, 3, 4]),
            (r#"{"after":5}"#, vec![6, 7]),
            (r#"{"probability":1}"#, vec![1, 2, 3, 4, 5, 6, 7]),
        ] {
            assert_eq!(hits(json, 7), expected, "{json}");
        }
    }

    #[test]
    fn exactly_so_many_of_every_block_are_hit_and_not_always_the_same() {
        let hits = hits(r#"{"exactly":2,"of":5}"#, 500);
        let of_block = |block: u64| -> Vec<u64> {
            hits.iter().filter(|hit| (*hit - 1) / 5 == block).map(|hit| (hit - 1) % 5).collect()
        };
        assert!((0..100).all(|block| of_block(block).len() == 2));
        assert!((1..100).any(|block| of_block(block) != of_block(0)));
    }

    #[test]
    fn a_probability_is_hit_about_as_often_as_it_says() {
        let hits = hits(r#"{"probability":0.25}"#, 10_000).len();
        // Six standard deviations of a binomial count.
        assert!((2240..=2760).contains(&hits), "{hits}");
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let compile = |json: &str| Trigger::compile(serde_json::from_str(json).unwrap(), Timestamp::UNIX_EPOCH);
        for (json, expected) in [
            (r#"{"always":false}"#, "always can only be true"),
            (r#"{"nth":0}"#, "counts start at 1"),
            (r#"{"every":0}"#, "counts start at 1"),
            (r#"{"nth":1,"first":1}"#, "give one of always, nth"),
            (r#"{"range":[3,2]}"#, "ends before it begins"),
            (r#"{"exactly":2}"#, "exactly and of belong together"),
            (r#"{"exactly":6,"of":5}"#, "exactly is 1 to of"),
            (r#"{"probability":1.5}"#, "a probability is above 0"),
            (r#"{"probability":0}"#, "a probability is above 0"),
            (r#"{"window":{"from":"2h","until":"1h"}}"#, "ends before it begins"),
        ] {
            let error = compile(json).unwrap_err().to_string();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }

    #[test]
    fn a_window_holds_its_first_moment_and_not_its_last() {
        let json = r#"{"window":{"from":"1970-01-01T01:00:00Z","until":"2h"}}"#;
        let trigger = Trigger::compile(serde_json::from_str(json).unwrap(), Timestamp::UNIX_EPOCH).unwrap();
        let at = |seconds| trigger.counts_at(Timestamp::from_second(seconds).unwrap());
        assert_eq!([at(3599), at(3600), at(7199), at(7200)], [false, true, true, false]);
    }
}
