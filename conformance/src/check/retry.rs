//! Trying again.

use super::seen;
use crate::catalogue::FINAL;
use crate::evidence::{Evidence, Finding, Objection, undecided};
use crate::transcript::{Exchange, Outcome, Transcript};

/// Every one of the final answers was given.
pub(crate) fn every_status_was_met(t: &Transcript) -> Finding {
    for status in FINAL {
        seen::met(t, &format!("status {status}"))?;
    }
    seen::any(t, "nothing came to the server")
}

/// After a final answer the same request does not come again.
pub(crate) fn not_repeated(t: &Transcript) -> Finding {
    let mut evidence: Option<Evidence> = None;
    for call in &t.calls {
        let Some(refused) = t.during(call).iter().find(|exchange| !exchange.rules.is_empty()) else { continue };
        let is_same = |exchange: &&Exchange| {
            exchange.number > refused.number
                && exchange.method == refused.method
                // Another query does not make it another request, and neither does another token.
                && exchange.path.split('?').next() == refused.path.split('?').next()
                && exchange.body.bytes == refused.body.bytes
        };
        if let Some(again) = t.during(call).iter().find(is_same) {
            let status = refused.status.unwrap_or_default();
            return Evidence::from(refused).and(again).breaks(format!("the same request again after {status}"));
        }
        evidence = Some(evidence.map_or_else(|| refused.into(), |evidence| evidence.and(refused)));
    }
    evidence.ok_or_else(|| Objection::Undecided("no call was refused".to_owned()))
}

/// What was refused for good is not reported as delivered.
pub(crate) fn final_answers_surface(t: &Transcript) -> Finding {
    let mut evidence: Option<Evidence> = None;
    for call in &t.calls {
        let during = t.during(call);
        let was_stored = during.iter().any(|exchange| exchange.is_localization() && exchange.is_success());
        match &call.outcome {
            Outcome::Ok(value) if !was_stored && !seen::is_reported_elsewhere(value) => {
                let refused = during.iter().find(|exchange| !exchange.rules.is_empty());
                let status = refused.and_then(|exchange| exchange.status).unwrap_or_default();
                return Evidence::from(call).breaks(format!("the caller is told that it succeeded after {status}"));
            }
            Outcome::Ok(_) | Outcome::Err(_) => {
                evidence = Some(evidence.map_or_else(|| call.into(), |evidence| evidence.and(call)));
            }
            Outcome::Unsupported | Outcome::Unfinished(_) => {}
        }
    }
    evidence.ok_or_else(|| Objection::Undecided("no call ended".to_owned()))
}

/// Not again before the time that the server asked for.
pub(crate) fn waits_as_asked(t: &Transcript) -> Finding {
    const ASKED_MS: i64 = 7000;
    let attempts = attempts(t);
    let Some((first, later)) = attempts.split_first() else {
        return undecided("nothing was sent");
    };
    let Some(second) = later.first() else {
        // Who does not try again is never early.
        return seen::error(t, 1).map(|surfaced| surfaced.and(*first));
    };
    let waited = second.at_ms - first.at_ms;
    let evidence = Evidence::from(*first).and(*second);
    if waited < ASKED_MS {
        return evidence.breaks(format!("again after {waited} ms; the server asked for {ASKED_MS} ms"));
    }
    Ok(evidence)
}

/// The gaps grow: together they are not much less than those that were configured, draws allowed for, and they are not all
/// the same.
pub(crate) fn gaps_grow(t: &Transcript) -> Finding {
    /// Full jitter has half of the ideal sum on average, and less than this in one run of several hundred.
    const LEAST_PERCENT: i64 = 15;
    let attempts = attempts(t);
    let gaps = gaps(&attempts);
    if gaps.len() < 3 {
        return not_retried(t, &attempts);
    }
    let (base, cap) = configured(t);
    let ideal: i64 = (0..gaps.len()).map(|doublings| base.saturating_mul(1 << doublings.min(20)).min(cap)).sum();
    let (sum, least) = (gaps.iter().sum::<i64>(), ideal * LEAST_PERCENT / 100);
    let evidence = ends_of(&attempts)?;
    if sum < least {
        return evidence.breaks(format!("the gaps are {sum} ms together; at least {least} ms were expected"));
    }
    let (shortest, longest) = (gaps.iter().min().copied(), gaps.iter().max().copied());
    if shortest == longest && longest.is_some_and(|longest| longest < cap) {
        return evidence.breaks(format!("every gap is {} ms", longest.unwrap_or_default()));
    }
    Ok(evidence)
}

fn configured(t: &Transcript) -> (i64, i64) {
    let told = |key| t.told_number(key).unwrap_or(i64::MAX);
    (told("retry_base_ms"), told("retry_cap_ms"))
}

/// No gap is longer than what was configured.
pub(crate) fn cap(t: &Transcript) -> Finding {
    let attempts = attempts(t);
    let gaps = gaps(&attempts);
    let Some(longest) = gaps.iter().max() else {
        return not_retried(t, &attempts);
    };
    let (base, cap) = configured(t);
    if gaps.first().is_some_and(|first| *first > base.saturating_mul(2)) {
        return Err(Objection::NotApplicable(
            "the client has limits of its own, and did not take the configured".to_owned(),
        ));
    }
    let evidence = ends_of(&attempts)?;
    if *longest > cap {
        return evidence.breaks(format!("a gap of {longest} ms; the configured cap is {cap} ms"));
    }
    Ok(evidence)
}

/// No more attempts than what was configured; one more for clients that count repetitions only.
pub(crate) fn bounded(t: &Transcript) -> Finding {
    let attempts = attempts(t);
    let most = t.told_number("retry_attempts").unwrap_or(i64::MAX).saturating_add(1);
    let evidence = ends_of(&attempts)?;
    if i64::try_from(attempts.len()).unwrap_or(i64::MAX) > most {
        return evidence.breaks(format!("{} attempts or more; configured are {}", attempts.len().min(100), most - 1));
    }
    Ok(evidence)
}

fn attempts(t: &Transcript) -> Vec<&Exchange> {
    t.exchanges.iter().filter(|exchange| exchange.is_localization()).collect()
}

fn gaps(attempts: &[&Exchange]) -> Vec<i64> {
    attempts.windows(2).map(|pair| pair[1].at_ms - pair[0].at_ms).collect()
}

fn ends_of(attempts: &[&Exchange]) -> Finding {
    match attempts {
        [only] => Ok((*only).into()),
        [first, .., last] => Ok(Evidence::from(*first).and(*last)),
        [] => undecided("nothing was sent"),
    }
}

/// Who gives the error to the caller at once, or almost, has no gaps to judge.
fn not_retried(t: &Transcript, attempts: &[&Exchange]) -> Finding {
    seen::error(t, 1)?;
    let count = attempts.len();
    Err(Objection::NotApplicable(format!("the client gives up after {count} attempts and says so")))
}
