//! Sensors and their data, §6. Of each quantity of a sensor the newest value is kept.

use std::collections::HashMap;

use http::StatusCode;
use uuid::Uuid;
use wire::collection::{AppInfo, Sensor, SensorBatch, SensorBatchResult, SensorData, SensorRecord, SensorRecordResult};
use wire::localization::Action;

use super::media::{Invalid, Media};
use super::problem::Refusal;
use super::rows::{self, Shown, no_entity};
use super::work::Work;
use crate::answer::Answer;
use crate::config::SensorMade;
use crate::directory::{AccountKind, Birth, BranchId, Directory};
use crate::reason::Reason;

impl Shown for Sensor {
    /// Their data is always there.
    const EXPANDS: &'static [&'static str] = &["SensorData"];
    const HIDES: &'static [&'static str] = &["Sector", "Area", "Account"];

    fn complete(&mut self, work: &Work<'_>, directory: &Directory) {
        Self::complete_all(std::slice::from_mut(self), work, directory);
    }

    fn complete_all(rows: &mut [Self], work: &Work<'_>, directory: &Directory) {
        let mut by_id: HashMap<i32, &mut Self> = rows.iter_mut().map(|row| (row.id, row)).collect();
        for row in by_id.values_mut() {
            row.sensor_data.clear();
        }
        for data in directory.table::<SensorData>().of(work.branch()) {
            if let Some(row) = by_id.get_mut(&data.sensor_id) {
                row.sensor_data.push(SensorData::clone(data));
            }
        }
    }
}

/// `GET sensors/login/{login}`.
pub(super) fn by_login(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let login = work.segment(0);
    let (_, account) = work
        .holder(AccountKind::Sensor, login)
        .ok_or_else(|| Refusal::NotFound(Reason::EntityUnknown.because(format!("Sensor {login} does not exist."))))?;
    rows::show::<Sensor>(work, account.number)
}

/// `GET sensors/app-info`.
pub(super) fn app_info(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let info: AppInfo = work.directory().library().sensor_app.clone();
    work.one(info)
}

/// `POST sensors`: a list of one, but for protobuf, which has a single one here.
pub(super) fn create(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let query = work.query_of_row::<Sensor>()?;
    let sensor = rows::add::<Sensor>(work, &query)?;
    let is_single =
        work.settings().answers.sensor_made == SensorMade::Object || Media::of_answer(work.call) == Media::Protobuf;
    if is_single {
        return Ok(work.row(StatusCode::CREATED, sensor, &query));
    }
    Ok(work.rows(StatusCode::CREATED, vec![sensor], &query))
}

/// `DELETE sensors/{id}`, with its data.
pub(super) fn delete(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let (branch, number) = (work.branch(), work.number());
    let was_there = work.edit(|directory| Ok(directory.remove_sensor(branch, number)))?;
    if was_there { Ok(Answer::empty(StatusCode::NO_CONTENT)) } else { Err(no_entity(number)) }
}

/// `POST sensors/sensor-data`: the token's own sensor.
pub(super) fn data(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let why = "sensor data needs the token of a sensor; an API key names none (use sensors/batch with it)";
    let login = work.signed.token(why)?.account.login.to_string();
    let records: Vec<SensorRecord> = work.take_list()?;
    let Some((_, account)) = work.holder(AccountKind::Sensor, &login) else {
        let message = refuse(work, Reason::SensorNotInBranch, format!("Sensor {login} does not exist."));
        // There is no frame that could say it once.
        let each = records.iter().map(|record| result(record, Action::NoAction, Some(message.clone())));
        return Ok(work.ok(&each.collect::<Vec<_>>()));
    };
    let (branch, sensor) = (work.branch(), account.number);
    let results =
        work.edit(|directory| store(directory, branch, sensor, &records, &mut Newest::of(directory, branch)))?;
    Ok(work.ok(&results))
}

/// `POST sensors/batch`: any sensors of the branch; all that can be stored is, in one act.
pub(super) fn batch(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let sensors: Vec<SensorBatch> = work.take_list()?;
    let nameless = sensors.iter().enumerate().filter(|(_, sensor)| sensor.login.is_none());
    let nameless: Vec<String> = nameless.map(|(index, _)| format!("[{index}].Login")).collect();
    Invalid::required(nameless.iter().map(|path| (path.as_str(), "Login"))).or_ok().map_err(Refusal::BadBody)?;
    let mut found: Vec<Result<i32, String>> = Vec::new();
    for sensor in &sensors {
        let login = sensor.login.as_deref().unwrap_or_default();
        let account = work.holder(AccountKind::Sensor, login).map(|(_, account)| account.number);
        found.push(match account {
            None => Err(refuse(work, Reason::SensorNotInBranch, format!("Sensor {login} does not exist."))),
            Some(_) if !work.may_bring(login) => {
                let message = format!("Sensor {login} cannot be written with this token.");
                Err(refuse(work, Reason::LoginOfOther, message))
            }
            Some(number) => Ok(number),
        });
    }
    let branch = work.branch();
    let results = work.edit(|directory| {
        let mut newest = Newest::of(directory, branch);
        let each = sensors.iter().zip(found).map(|(sensor, found)| {
            let login = sensor.login.clone().unwrap_or_default();
            let (sensor_data, error_message) = match found {
                Ok(number) => {
                    let records = sensor.sensor_data.as_deref().unwrap_or_default();
                    (store(directory, branch, number, records, &mut newest)?, None)
                }
                Err(message) => (Vec::new(), Some(message)),
            };
            Ok(SensorBatchResult { login, success: error_message.is_none(), error_message, sensor_data })
        });
        each.collect::<Result<Vec<SensorBatchResult>, Refusal>>()
    })?;
    Ok(work.ok(&results))
}

/// The newest data of each sensor and quantity of a branch: its number, and its time.
struct Newest(HashMap<(i32, String), (i32, i64)>);

// === impl Newest ===

impl Newest {
    fn of(directory: &Directory, branch: BranchId) -> Self {
        let data = directory.table::<SensorData>().of(branch);
        Self(data.map(|data| ((data.sensor_id, data.quantity.clone()), (data.id, data.timestamp))).collect())
    }
}

/// Records of one sensor. What is older than the newest of its quantity changes nothing.
fn store(
    directory: &mut Directory,
    branch: BranchId,
    sensor: i32,
    records: &[SensorRecord],
    newest: &mut Newest,
) -> Result<Vec<SensorRecordResult>, Refusal> {
    if directory.table::<Sensor>().get(branch, sensor).is_none() {
        // It was deleted since it was looked for.
        let gone = || Some("The sensor does not exist.".to_owned());
        return Ok(records.iter().map(|record| result(record, Action::NoAction, gone())).collect());
    }
    let mut results = Vec::with_capacity(records.len());
    for record in records {
        let place = (sensor, record.quantity.clone().unwrap_or_default());
        let action = match newest.0.get(&place).copied() {
            None => {
                let row = SensorData { sensor_id: sensor, ..of(record) };
                // A row of data has no GUID, and tells when it was measured, not when it was made.
                let birth = |number, branch| Birth { number, branch, guid: Uuid::nil(), now: record.timestamp };
                let number = directory.add_row(branch, row, birth)?;
                newest.0.insert(place, (number, record.timestamp));
                Action::Create
            }
            Some((_, time)) if time > record.timestamp => Action::NoAction,
            Some((number, _)) => {
                directory.change_row::<SensorData, Refusal>(branch, number, |row| {
                    let SensorData { value, unit, data_type, timestamp, .. } = of(record);
                    (row.value, row.unit, row.data_type, row.timestamp) = (value, unit, data_type, timestamp);
                    Ok(())
                })?;
                newest.0.insert(place, (number, record.timestamp));
                Action::Update
            }
        };
        results.push(result(record, action, None));
    }
    Ok(results)
}

fn of(record: &SensorRecord) -> SensorData {
    SensorData {
        quantity: record.quantity.clone().unwrap_or_default(),
        value: record.value.clone(),
        unit: record.unit.clone(),
        data_type: record.data_type,
        timestamp: record.timestamp,
        visible_in_app: true,
        ..SensorData::default()
    }
}

fn result(record: &SensorRecord, action: Action, error_message: Option<String>) -> SensorRecordResult {
    SensorRecordResult {
        quantity: record.quantity.clone(),
        timestamp: record.timestamp,
        success: error_message.is_none(),
        action,
        error_message,
    }
}

/// A failure inside a 200; the journal names the first.
fn refuse(work: &mut Work<'_>, reason: Reason, message: String) -> String {
    let refused = || reason.because(format!("answered 200 with Success false: {message}"));
    work.outcome.refused.get_or_insert_with(refused);
    message
}
