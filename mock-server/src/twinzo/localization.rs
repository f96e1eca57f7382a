//! Positions come in: §4.2, §4.3 and §4.5.

use std::sync::Arc;

use http::StatusCode;
use jiff::SignedDuration;
use wire::localization::{DeviceLocations, LocalizationResult, Location, LocationResult};

use super::media::{self, Invalid};
use super::positions::TrackLimits;
use super::problem::Refusal;
use super::signing::Signed;
use crate::answer::{Answer, JSON, Outcome};
use crate::call::Call;
use crate::directory::BranchId;
use crate::reason::Reason;
use crate::sandbox::Sandbox;

/// `POST localization`: the token's own device.
pub(super) fn one(
    sandbox: &Sandbox,
    call: &Call<'_>,
    signed: &Signed,
    outcome: &mut Outcome,
) -> Result<Answer, Refusal> {
    let why = "localization needs the token of a device; an API key names none (use localization/batch with it)";
    let login = Arc::clone(&signed.token(why)?.account.login);
    let locations: Vec<Location> = media::parse(call.body, "locationContract").map_err(Refusal::BadBody)?;
    note_stamps(call, &locations, outcome);
    let result = store(sandbox, call, signed.branch, &login, locations);
    note_failures(std::slice::from_ref(&result), outcome);
    Ok(Answer::json(StatusCode::OK, JSON, &result))
}

/// `POST localization/batch`: any devices of the branch.
pub(super) fn batch(
    sandbox: &Sandbox,
    call: &Call<'_>,
    signed: &Signed,
    outcome: &mut Outcome,
) -> Result<Answer, Refusal> {
    let devices: Vec<DeviceLocations> = media::parse(call.body, "locationContract").map_err(Refusal::BadBody)?;
    let nameless =
        |(index, device): (usize, &DeviceLocations)| device.login.is_none().then(|| format!("[{index}].Login"));
    let nameless: Vec<String> = devices.iter().enumerate().filter_map(nameless).collect();
    if !nameless.is_empty() {
        return Err(Refusal::BadBody(Invalid::required(nameless.iter().map(|path| (path.as_str(), "Login")))));
    }
    note_stamps(call, devices.iter().flat_map(|device| device.locations.iter().flatten()), outcome);
    let results: Vec<LocalizationResult> = devices
        .into_iter()
        .map(|device| {
            let login = device.login.unwrap_or_default();
            store(sandbox, call, signed.branch, &login, device.locations.unwrap_or_default())
        })
        .collect();
    note_failures(&results, outcome);
    Ok(Answer::json(StatusCode::OK, JSON, &results))
}

/// A failure inside a 200 is a refusal all the same: the journal says which.
fn note_failures(results: &[LocalizationResult], outcome: &mut Outcome) {
    let messages: Vec<&str> = results.iter().filter_map(|result| result.error_message.as_deref()).take(10).collect();
    if !messages.is_empty() {
        let detail = format!("answered 200 with Success false: {}", messages.join(" "));
        outcome.refused = Some(Reason::DeviceNotInBranch.because(detail));
    }
}

/// A stamp far from the sandbox's clock is accepted (§8, question 15) and remarked on: the client's clock is another.
fn note_stamps<'l>(call: &Call<'_>, locations: impl IntoIterator<Item = &'l Location>, outcome: &mut Outcome) {
    let (now, tolerance) = (call.now.as_millisecond(), call.setup.settings.twinzo.stamp_tolerance);
    let most = tolerance.signed().as_millis();
    let mut odd = locations.into_iter().map(|location| location.timestamp).filter(|stamp| {
        let apart = i128::from(*stamp) - i128::from(now);
        apart.abs() > most
    });
    let Some(first) = odd.next() else { return };
    let more = match odd.count() {
        0 => String::new(),
        more => format!("; {more} more are as far off"),
    };
    outcome.hints.push(format!(
        "Timestamp {first} is {} the sandbox's clock ({now}); the tolerance is {tolerance}{more}",
        distance(first, now)
    ));
}

/// `3h behind`, `2s ahead of`: in whole seconds, or less where there is less.
fn distance(stamp: i64, now: i64) -> String {
    let apart = SignedDuration::from_millis(stamp.saturating_sub(now).saturating_abs());
    let apart = if apart.as_secs() > 0 { SignedDuration::from_secs(apart.as_secs()) } else { apart };
    let side = if stamp < now { "behind" } else { "ahead of" };
    format!("{apart:#} {side}")
}

fn store(
    sandbox: &Sandbox,
    call: &Call<'_>,
    branch: BranchId,
    login: &str,
    locations: Vec<Location>,
) -> LocalizationResult {
    let login_text = login.to_owned();
    let Some((device, _)) = call.directory.device_in_branch(branch, login) else {
        let message = format!("Device {login} does not exist.");
        return LocalizationResult {
            login: login_text,
            success: false,
            error_message: Some(message),
            locations: Vec::new(),
        };
    };
    let times: Vec<i64> = locations.iter().map(|location| location.timestamp).collect();
    let actions = sandbox.positions.store(device, locations, call.now, TrackLimits::of(&call.setup.settings.positions));
    let locations = times
        .into_iter()
        .zip(actions)
        .map(|(timestamp, action)| LocationResult { timestamp, action, success: true, error_message: None })
        .collect();
    LocalizationResult { login: login_text, success: true, error_message: None, locations }
}
