//! Positions come in: §4.2, §4.3 and §4.5.

use std::sync::Arc;

use http::StatusCode;
use jiff::SignedDuration;
use wire::collection::Sector;
use wire::contract::Payload;
use wire::localization::{Action, DeviceLocations, LocalizationResult, Location, LocationResult};

use super::media::{Invalid, Media};
use super::positions::TrackLimits;
use super::problem::Refusal;
use super::signing::Signer;
use super::strict;
use super::work::Work;
use crate::answer::{Answer, Outcome};
use crate::call::Call;
use crate::config::{NoDevice, Reception};
use crate::directory::AccountKind;
use crate::fault::{Items, ItemsOf};
use crate::reason::{Reason, Refused};

/// `POST localization`: the token's own device.
pub(super) fn one(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    strict::no_key(work.call)?;
    let why = "localization needs the token of a device; an API key names none (use localization/batch with it)";
    let login = match (&work.signed.by, work.settings().records.api_key) {
        (Signer::ApiKey(None), NoDevice::ErrorMessage) => {
            work.outcome.refused = Some(Reason::TokenRequired.because(why));
            let result = failed("", "An API key names no device.".to_owned());
            return Ok(respond(work, &result));
        }
        _ => Arc::clone(&work.signed.token(why)?.account.login),
    };
    let locations: Vec<Location> = work.take_list()?;
    strict::stamps(work, locations.iter().enumerate().map(|(index, one)| (format!("[{index}]"), one)))?;
    note_stamps(work.call, &locations, work.outcome);
    let items = std::mem::take(&mut work.outcome.items);
    let mut intake = Intake::new(work, &items);
    let result = intake.store(&login, locations);
    let refused = intake.unknown_devices();
    (work.outcome.items, work.outcome.refused) = (items, refused);
    Ok(respond(work, &result))
}

/// `POST localization/batch`: any devices of the branch.
pub(super) fn batch(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let devices: Vec<DeviceLocations> = work.take_list()?;
    let nameless =
        |(index, device): (usize, &DeviceLocations)| device.login.is_none().then(|| format!("[{index}].Login"));
    let nameless: Vec<String> = devices.iter().enumerate().filter_map(nameless).collect();
    Invalid::required(nameless.iter().map(|path| (path.as_str(), "Login"))).or_ok().map_err(Refusal::BadBody)?;
    let foreign = devices.iter().filter_map(|device| device.login.as_deref()).find(|login| !work.may_bring(login));
    if let Some(foreign) = foreign {
        let detail = format!("the token's account may not write the records of {foreign:?}");
        return Err(Refusal::Forbidden(Reason::LoginOfOther.because(detail)));
    }
    let all = || {
        devices.iter().enumerate().flat_map(|(device, of)| {
            let records = of.locations.iter().flatten().enumerate();
            records.map(move |(index, one)| (format!("[{device}].Locations[{index}]"), one))
        })
    };
    strict::stamps(work, all())?;
    note_stamps(work.call, devices.iter().flat_map(|device| device.locations.iter().flatten()), work.outcome);
    let items = std::mem::take(&mut work.outcome.items);
    let mut intake = Intake::new(work, &items);
    let results: Vec<LocalizationResult> = devices.into_iter().map(|device| intake.take(device)).collect();
    let refused = intake.unknown_devices();
    (work.outcome.items, work.outcome.refused) = (items, refused);
    Ok(respond(work, &results))
}

/// The vendor has no message for results: whoever wants protobuf gets an empty body.
fn respond<T: Payload>(work: &Work<'_>, results: &T) -> Answer {
    match Media::of_answer(work.call) {
        Media::Json => work.ok(results),
        Media::Protobuf => Answer::empty(StatusCode::OK),
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

/// One body on its way into the positions. Items are counted as they come, for the rules that refuse some.
struct Intake<'a, 'w> {
    work: &'a Work<'w>,
    rules: &'a [Items],
    devices: usize,
    records: usize,
    /// What was said of devices that the branch does not have.
    unknown: Vec<String>,
    /// Why a record was not stored, the first of them.
    refused: Option<Refused>,
}

// === impl Intake ===

impl<'a, 'w> Intake<'a, 'w> {
    fn new(work: &'a Work<'w>, rules: &'a [Items]) -> Self {
        Self { work, rules, devices: 0, records: 0, unknown: Vec::new(), refused: None }
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
        let Some((device, _)) = self.work.holder(AccountKind::Device, login) else {
            self.pass_over(&locations);
            let message = format!("Device {login} does not exist.");
            self.unknown.push(message.clone());
            return failed(login, message);
        };
        let stamped: Vec<(i64, Option<String>)> = locations
            .iter()
            .map(|location| (location.timestamp, self.refuses_next(ItemsOf::Records).or_else(|| self.lost(location))))
            .collect();
        let kept = locations.into_iter().zip(&stamped).filter(|(_, (_, refused))| refused.is_none());
        let kept = kept.map(|(location, _)| location).collect();
        let limits = TrackLimits::of(&self.work.call.setup.settings.positions);
        let (positions, duplicate) = (&self.work.sandbox.positions, self.work.settings().records.duplicate);
        let mut actions = positions.store(device, kept, self.work.call.now, limits, duplicate).into_iter();
        let results = stamped.into_iter().map(|(timestamp, refused)| {
            let success = refused.is_none();
            let action = if success { actions.next() } else { None };
            let action = action.unwrap_or(Action::NoAction);
            LocationResult { timestamp, action, success, error_message: refused }
        });
        LocalizationResult { login: login.to_owned(), success: true, error_message: None, locations: results.collect() }
    }

    /// What is said of a record in a sector that nobody has, where the settings refuse it (§8, question 16).
    fn lost(&mut self, location: &Location) -> Option<String> {
        let settings = &self.work.settings().records;
        let number = location.sector_id.filter(|_| settings.unknown_sector == Reception::Refuse)?;
        let directory = self.work.directory();
        let mut own = directory.branches().filter(|(_, branch)| branch.client == self.work.signed.client);
        let is_known = own.any(|(branch, _)| directory.table::<Sector>().get(branch, number).is_some());
        if is_known {
            return None;
        }
        let message = format!("Sector {number} does not exist.");
        self.refused
            .get_or_insert_with(|| Reason::SectorUnknown.because(format!("a record was not stored: {message}")));
        Some(message)
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
        if shown.is_empty() {
            return self.refused;
        }
        Some(Reason::DeviceNotInBranch.because(format!("answered 200 with Success false: {}", shown.join(" "))))
    }
}

fn failed(login: &str, message: String) -> LocalizationResult {
    LocalizationResult { login: login.to_owned(), success: false, error_message: Some(message), locations: Vec::new() }
}
