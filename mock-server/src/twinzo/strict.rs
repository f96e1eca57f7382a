//! `fidelity = "strict"`: what the vendor's documents do not allow is refused and named, where the vendor's server, as
//! far as is known, lets it pass.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use wire::header;
use wire::localization::Location;

use super::media::Invalid;
use super::problem::Refusal;
use super::work::Work;
use crate::call::Call;
use crate::config::{Fidelity, Reception};
use crate::directory::Branch;
use crate::reason::{Reason, Refused};

/// A log in has no token yet.
pub(super) fn no_token(call: &Call<'_>) -> Result<(), Refusal> {
    let detail = "strict: a log in carries no Token header; drop the old token before logging in";
    misplaced(call, header::TOKEN, Reason::TokenOnLogin, "Token", detail)
}

/// The device endpoint is not for keys.
pub(super) fn no_key(call: &Call<'_>) -> Result<(), Refusal> {
    let detail = "strict: localization is for a device with its own token; an Api-Key belongs to localization/batch";
    misplaced(call, header::API_KEY, Reason::ApiKeyOnDevice, "Api-Key", detail)
}

/// A header that an operation's documents have no place for.
fn misplaced(call: &Call<'_>, header: &str, reason: Reason, name: &str, detail: &str) -> Result<(), Refusal> {
    if call.setup.settings.twinzo.fidelity != Fidelity::Strict || call.header(header).is_none() {
        return Ok(());
    }
    Err(Refusal::BadRequest(reason.because(detail), Invalid::one(name, detail).errors))
}

/// The times of records: unix milliseconds, near the sandbox's clock.
pub(super) fn stamps<'l>(
    work: &Work<'_>,
    records: impl IntoIterator<Item = (String, &'l Location)>,
) -> Result<(), Refusal> {
    let settings = work.settings();
    let is_strict = settings.fidelity == Fidelity::Strict;
    if !is_strict && settings.records.far_stamps == Reception::Accept {
        return Ok(());
    }
    let branch = work.directory().branch(work.branch());
    let tolerance = settings.stamp_tolerance.signed().as_millis();
    let mut invalid = Invalid::default();
    let mut first = None;
    for (path, record) in records {
        let Some(refused) = stamp(record.timestamp, work.call.now, tolerance, branch) else { continue };
        if invalid.errors.len() < MOST_SHOWN {
            invalid.add(format!("{path}.Timestamp"), refused.detail.clone());
        }
        first.get_or_insert(refused);
    }
    match first {
        None => Ok(()),
        Some(refused) => Err(Refusal::BadRequest(refused, invalid.errors)),
    }
}

/// Records that an answer names at most.
const MOST_SHOWN: usize = 20;

/// What is wrong with one time.
fn stamp(stamp: i64, now: Timestamp, tolerance: i128, branch: &Branch) -> Option<Refused> {
    let clock = now.as_millisecond();
    let apart = i128::from(stamp) - i128::from(clock);
    if apart.abs() <= tolerance {
        return None;
    }
    if stamp == 0 {
        return Some(Reason::StampMissing.because("Timestamp is missing or 0; it takes unix milliseconds"));
    }
    // Ten digits are a day of this century in seconds, and one of January 1970 in milliseconds.
    if (i128::from(stamp) * 1000 - i128::from(clock)).abs() <= tolerance.max(SECONDS_TOLERANCE) {
        let detail =
            format!("Timestamp {stamp} looks like seconds; it takes milliseconds, {}", stamp.saturating_mul(1000));
        return Some(Reason::StampInSeconds.because(detail));
    }
    let offset = TimeZone::get(&branch.time_zone).map_or(0, |zone| i128::from(zone.to_offset(now).seconds()) * 1000);
    let is_local = offset != 0 && (apart - offset).abs() <= tolerance;
    let hint = if is_local {
        format!("; this looks like local time: {} is that far from UTC", branch.time_zone)
    } else {
        String::new()
    };
    let side = if apart < 0 { "behind" } else { "ahead of" };
    let detail = format!("Timestamp {stamp} is {} ms {side} the clock, {clock}{hint}", apart.abs());
    Some(Reason::StampTooFar.because(detail))
}

/// Whoever sends seconds may be a day off besides.
const SECONDS_TOLERANCE: i128 = 24 * 60 * 60 * 1000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::Directory;

    #[test]
    fn a_time_is_judged_by_what_went_wrong() {
        let directory = Directory::default_world().unwrap();
        let pune = directory.branches().map(|(_, branch)| branch).find(|branch| branch.title == "Pune").unwrap();
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let clock = now.as_millisecond();
        let tolerance = 300_000;
        let judge = |time: i64| stamp(time, now, tolerance, pune).map(|refused| refused.reason);
        assert_eq!(judge(clock + 300_000), None);
        assert_eq!(judge(clock - 300_001), Some(Reason::StampTooFar));
        assert_eq!(judge(clock / 1000), Some(Reason::StampInSeconds));
        assert_eq!(judge(0), Some(Reason::StampMissing));
        // Five and a half hours: what Pune's clocks on the wall are ahead.
        let local = stamp(clock + 19_800_000, now, tolerance, pune).unwrap();
        assert!(local.detail.ends_with("this looks like local time: Asia/Kolkata is that far from UTC"), "{local:?}");
        let other = stamp(clock + 18_000_000, now, tolerance, pune).unwrap();
        assert!(!other.detail.contains("local time"), "{other:?}");
    }
}
