//! Positions come in: §4.2, §4.3 and §4.5.

use std::sync::Arc;

use http::StatusCode;
use jiff::SignedDuration;
use wire::localization::{Action, DeviceLocations, LocalizationResult, Location, LocationResult};

use super::media::{self, Invalid};
use super::positions::TrackLimits;
use super::problem::Refusal;
use super::signing::Signed;
use crate::answer::{Answer, JSON, Outcome};
use crate::call::Call;
use crate::directory::BranchId;
use crate::fault::{Items, ItemsOf};
use crate::reason::{Reason, Refused};
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
    let mut intake = Intake::new(sandbox, call, signed.branch, &outcome.items);
    let result = intake.store(&login, locations);
    outcome.refused = intake.unknown_devices();
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
    let mut intake = Intake::new(sandbox, call, signed.branch, &outcome.items);
    let results: Vec<LocalizationResult> = devices.into_iter().map(|device| intake.take(device)).collect();
    outcome.refused = intake.unknown_devices();
    Ok(Answer::json(StatusCode::OK, JSON, &results))
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

/// One body on its way into the positions. Items are counted as they come, for the rules that refuse some.
struct Intake<'a> {
    sandbox: &'a Sandbox,
    call: &'a Call<'a>,
    branch: BranchId,
    rules: &'a [Items],
    devices: usize,
    records: usize,
    /// What was said of devices that the branch does not have.
    unknown: Vec<String>,
}

// === impl Intake ===

impl<'a> Intake<'a> {
    fn new(sandbox: &'a Sandbox, call: &'a Call<'a>, branch: BranchId, rules: &'a [Items]) -> Self {
        Self { sandbox, call, branch, rules, devices: 0, records: 0, unknown: Vec::new() }
    }

    /// One device of a batch.
    fn take(&mut self, device: DeviceLocations) -> LocalizationResult {
        let login = device.login.unwrap_or_default();
        let locations = device.locations.unwrap_or_default();
        match self.refuses_next(ItemsOf::Devices) {
            None => self.store(&login, locations),
            Some(message) => {
                self.pass_over(&locations);
                failed(&login, message)
            }
        }
    }

    fn store(&mut self, login: &str, locations: Vec<Location>) -> LocalizationResult {
        let Some((device, _)) = self.call.directory.device_in_branch(self.branch, login) else {
            self.pass_over(&locations);
            let message = format!("Device {login} does not exist.");
            self.unknown.push(message.clone());
            return failed(login, message);
        };
        let stamped: Vec<(i64, Option<String>)> =
            locations.iter().map(|location| (location.timestamp, self.refuses_next(ItemsOf::Records))).collect();
        let kept = locations.into_iter().zip(&stamped).filter(|(_, (_, refused))| refused.is_none());
        let kept = kept.map(|(location, _)| location).collect();
        let limits = TrackLimits::of(&self.call.setup.settings.positions);
        let mut actions = self.sandbox.positions.store(device, kept, self.call.now, limits).into_iter();
        let results = stamped.into_iter().map(|(timestamp, refused)| {
            let success = refused.is_none();
            let action = if success { actions.next() } else { None };
            let action = action.unwrap_or(Action::NoAction);
            LocationResult { timestamp, action, success, error_message: refused }
        });
        LocalizationResult { login: login.to_owned(), success: true, error_message: None, locations: results.collect() }
    }

    /// Counts records that have no chance, so that those after them keep their numbers.
    fn pass_over(&mut self, locations: &[Location]) {
        self.records += locations.len();
    }

    /// Counts one more item. If a rule refuses it, what it says.
    fn refuses_next(&mut self, of: ItemsOf) -> Option<String> {
        let count = match of {
            ItemsOf::Devices => &mut self.devices,
            ItemsOf::Records => &mut self.records,
        };
        *count += 1;
        let position = *count;
        let refusing = self.rules.iter().find(|rule| rule.of == of && rule.refuses(position));
        refusing.map(|rule| rule.message.clone())
    }

    /// A failure inside a 200 is a refusal all the same: the journal says which.
    fn unknown_devices(self) -> Option<Refused> {
        const SHOWN: usize = 10;
        let shown = &self.unknown[..self.unknown.len().min(SHOWN)];
        (!shown.is_empty())
            .then(|| Reason::DeviceNotInBranch.because(format!("answered 200 with Success false: {}", shown.join(" "))))
    }
}

fn failed(login: &str, message: String) -> LocalizationResult {
    LocalizationResult { login: login.to_owned(), success: false, error_message: Some(message), locations: Vec::new() }
}
