//! Sensors and their data, §6. Of each quantity of a sensor the newest value is kept.

#![expect(clippy::unnecessary_wraps, reason = "all handlers of operations look alike")]

use http::StatusCode;
use wire::collection::{AppInfo, Sensor, SensorBatch, SensorBatchResult, SensorData, SensorRecord, SensorRecordResult};
use wire::localization::Action;

use super::media::{Invalid, Media};
use super::problem::Refusal;
use super::rows::{self, Shown, no_entity};
use super::work::Work;
use crate::answer::Answer;
use crate::config::SensorMade;
use crate::directory::{AccountKind, BranchId, Directory};
use crate::reason::Reason;

impl Shown for Sensor {
    fn complete(&mut self, work: &Work<'_>) {
        let data = work.directory().table::<SensorData>().of(work.branch());
        self.sensor_data = data.filter(|data| data.sensor_id == self.id).map(|data| SensorData::clone(data)).collect();
    }
}

/// `GET sensors/login/{login}`.
pub(super) fn by_login(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let login = work.segment(0);
    let (_, account) = work
        .holder(AccountKind::Sensor, login)
        .ok_or_else(|| Refusal::NotFound(Reason::EntityUnknown.because(format!("Sensor {login} does not exist."))))?;
    let sensor: Sensor = rows::find(work, account.number)?;
    Ok(work.ok(&sensor))
}

/// `GET sensors/app-info`.
pub(super) fn app_info(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let info: AppInfo = work.directory().library().sensor_app.clone();
    Ok(work.ok(&info))
}

/// `POST sensors`: a list of one, but for protobuf, which has a single one here.
pub(super) fn create(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let sensor: Sensor = rows::add(work)?;
    let is_single =
        work.settings().answers.sensor_made == SensorMade::Object || Media::of_answer(work.call) == Media::Protobuf;
    if is_single {
        return Ok(work.answer(StatusCode::CREATED, &sensor));
    }
    Ok(work.answer(StatusCode::CREATED, &vec![sensor]))
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
    let result = store(work, &login, &records)?;
    if let Some(message) = result.error_message {
        // There is no frame that could say it once.
        let results: Vec<_> = records.iter().map(|record| failed(record, &message)).collect();
        return Ok(work.ok(&results));
    }
    Ok(work.ok(&result.sensor_data))
}

/// `POST sensors/batch`: any sensors of the branch.
pub(super) fn batch(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let sensors: Vec<SensorBatch> = work.take_list()?;
    let nameless = sensors.iter().enumerate().filter(|(_, sensor)| sensor.login.is_none());
    let nameless: Vec<String> = nameless.map(|(index, _)| format!("[{index}].Login")).collect();
    Invalid::required(nameless.iter().map(|path| (path.as_str(), "Login"))).or_ok().map_err(Refusal::BadBody)?;
    let results: Result<Vec<SensorBatchResult>, Refusal> = sensors
        .into_iter()
        .map(|sensor| {
            let (login, records) = (sensor.login.unwrap_or_default(), sensor.sensor_data.unwrap_or_default());
            if work.may_bring(&login) {
                return store(work, &login, &records);
            }
            let message = format!("Sensor {login} cannot be written with this token.");
            Ok(refused(work, login, Reason::LoginOfOther, message))
        })
        .collect();
    let results = results?;
    Ok(work.ok(&results))
}

fn store(work: &mut Work<'_>, login: &str, records: &[SensorRecord]) -> Result<SensorBatchResult, Refusal> {
    let Some((_, account)) = work.holder(AccountKind::Sensor, login) else {
        let message = format!("Sensor {login} does not exist.");
        return Ok(refused(work, login.to_owned(), Reason::SensorNotInBranch, message));
    };
    let (branch, sensor) = (work.branch(), account.number);
    let births: Vec<_> = records.iter().map(|_| work.birth()).collect();
    let sensor_data = work.edit(|directory| {
        let stored = records.iter().zip(births).map(|(record, birth)| {
            let action = match find(directory, branch, sensor, record) {
                None => {
                    let row = SensorData { sensor_id: sensor, ..of(record) };
                    directory.add_row(branch, row, birth, weight(record))?;
                    Action::Create
                }
                Some((_, newest)) if newest > record.timestamp => Action::NoAction,
                Some((number, _)) => {
                    directory.change_row::<SensorData, Refusal>(branch, number, weight(record), |row| {
                        let SensorData { value, unit, data_type, timestamp, .. } = of(record);
                        (row.value, row.unit, row.data_type, row.timestamp) = (value, unit, data_type, timestamp);
                        Ok(())
                    })?;
                    Action::Update
                }
            };
            Ok(SensorRecordResult { action, success: true, ..failed(record, "") })
        });
        let results: Result<Vec<SensorRecordResult>, Refusal> = stored.collect();
        Ok(results?.into_iter().map(|result| SensorRecordResult { error_message: None, ..result }).collect())
    })?;
    Ok(SensorBatchResult { login: login.to_owned(), success: true, error_message: None, sensor_data })
}

/// The value that a record follows: its number, and its time.
fn find(directory: &Directory, branch: BranchId, sensor: i32, record: &SensorRecord) -> Option<(i32, i64)> {
    let quantity = record.quantity.as_deref().unwrap_or_default();
    let mut data = directory.table::<SensorData>().of(branch);
    let data = data.find(|data| data.sensor_id == sensor && data.quantity == quantity)?;
    Some((data.id, data.timestamp))
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

/// Bytes that a record counts for.
fn weight(record: &SensorRecord) -> usize {
    let texts = [&record.quantity, &record.value, &record.unit];
    texts.into_iter().flatten().map(String::len).sum()
}

fn failed(record: &SensorRecord, message: &str) -> SensorRecordResult {
    SensorRecordResult {
        quantity: record.quantity.clone(),
        timestamp: record.timestamp,
        success: false,
        action: Action::NoAction,
        error_message: Some(message.to_owned()),
    }
}

fn refused(work: &mut Work<'_>, login: String, reason: Reason, message: String) -> SensorBatchResult {
    work.outcome.refused = Some(reason.because(format!("answered 200 with Success false: {message}")));
    SensorBatchResult { login, success: false, error_message: Some(message), sensor_data: Vec::new() }
}
