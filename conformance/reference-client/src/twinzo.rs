//! Positions to twinzo, and back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use reqwest::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wire::contract::Payload;
use wire::localization::{DeviceLocations, LocalizationResult, Location};
use wire::{header, path};

use crate::clock::Clock;
use crate::config::Config;
use crate::error::{ApiError, Kind};
use crate::habits::{Defect, Habit, Habits};
use crate::http::{Http, Request};
use crate::retry::Policy;
use crate::session::{PROTOBUF, Session, Sessions, twinzo_path};

/// A client of twinzo: a device with a session, or a server with a key.
#[derive(Debug)]
pub(crate) struct Twinzo {
    http: Arc<Http>,
    policy: Arc<Policy>,
    clock: Clock,
    sessions: Sessions,
    /// Signs in place of a session.
    key: Option<Vec<(&'static str, String)>>,
    max_batch: usize,
    habits: Habits,
    /// It takes no more calls: a defect.
    is_dead: AtomicBool,
}

/// A record as the driver protocol gives it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Record {
    login: Option<String>,
    timestamp_ms: i64,
    sector_id: Option<i32>,
    x: Option<f32>,
    y: Option<f32>,
    z: Option<f32>,
    battery: Option<u8>,
    moving: Option<bool>,
}

/// What became of a `send`.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Sent {
    accepted: usize,
    rejected: Vec<Rejected>,
}

#[derive(Debug, Serialize)]
struct Rejected {
    index: usize,
    message: String,
}

/// Where a device is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Device {
    x: Option<f64>,
    y: Option<f64>,
    sector_id: Option<i32>,
    last_time_online: Option<i64>,
}

/// What a client makes up that does not look at what it got.
const NOTHING: Bytes = Bytes::from_static(b"{\"Login\":\"\",\"Success\":true,\"Locations\":[]}");

const JSON: &str = "application/json; charset=utf-8";

// === impl Record ===

impl Record {
    fn a_millisecond_later(&self) -> Self {
        Self { timestamp_ms: self.timestamp_ms + 1, ..self.clone() }
    }
}

// === impl Twinzo ===

impl Twinzo {
    pub(crate) fn new(config: &Config, habits: Habits, http: Arc<Http>, policy: Arc<Policy>, clock: Clock) -> Self {
        let key = match (&config.client_guid, &config.branch_guid, &config.api_key) {
            (Some(client), Some(branch), Some(key)) => {
                let (mut client, mut branch) = (client.clone(), branch.clone());
                if habits.has(Defect::SwappedGuids) {
                    std::mem::swap(&mut client, &mut branch);
                }
                let mut headers = vec![(header::CLIENT, client), (header::BRANCH, branch)];
                if !habits.has(Defect::KeyMissing) {
                    headers.push((header::API_KEY, key.clone()));
                }
                Some(headers)
            }
            _ => None,
        };
        let sessions = Sessions::new(config, habits, Arc::clone(&http), Arc::clone(&policy), clock.clone());
        let max_batch = if habits.is(Habit::OneRecord) { 1 } else { config.max_batch.unwrap_or(500).max(1) };
        Self { http, policy, clock, sessions, key, max_batch, habits, is_dead: AtomicBool::new(false) }
    }

    /// Calls that wait for one another.
    pub(crate) fn waiting(&self) -> usize {
        self.sessions.waiting()
    }

    pub(crate) async fn log_in(&self) -> Result<Value, ApiError> {
        let session = match self.sessions.live().await {
            Err(_) if self.habits.has(Defect::LoginRefusalSwallowed) => return Ok(json!({})),
            result => result?,
        };
        Ok(json!({"expires_ms": session.expires_at()}))
    }

    pub(crate) async fn refresh(&self) -> Result<Value, ApiError> {
        let old = self.sessions.live().await?;
        self.sessions.renewed(Some(&old)).await?;
        Ok(json!({}))
    }

    pub(crate) async fn log_out(&self) -> Result<Value, ApiError> {
        self.sessions.log_out().await?;
        Ok(json!({}))
    }

    /// Where a device is now.
    pub(crate) async fn read(&self, login: &str) -> Result<Value, ApiError> {
        let login = percent_encoding::utf8_percent_encode(login, percent_encoding::NON_ALPHANUMERIC);
        let path = twinzo_path(&format!("{}/{login}", path::DEVICES_BY_LOGIN));
        let body = self.signed(Method::GET, path, None).await?;
        let device: Device = read_json(&body)?;
        let Device { x, y, sector_id, last_time_online } = device;
        Ok(json!({"x": x, "y": y, "sector_id": sector_id, "timestamp_ms": last_time_online}))
    }

    /// Sends records and says which were not accepted. What was accepted before an error stays so.
    pub(crate) async fn send(&self, records: Vec<Record>) -> Result<Sent, ApiError> {
        if self.habits.has(Defect::LoginDespiteKey) && self.key.is_some() {
            self.sessions.live().await.map(drop).unwrap_or_default();
        }
        let mut sent = Sent::default();
        for (number, batch) in records.chunks(self.max_batch).enumerate() {
            let first = number * self.max_batch;
            let mut batch: Vec<_> = batch.iter().enumerate().map(|(place, record)| (first + place, record)).collect();
            if self.habits.has(Defect::DropLast) && batch.len() > 1 {
                sent.accepted += 1;
                batch.pop();
            }
            if self.habits.has(Defect::SendsTwice) {
                let later: Vec<Record> = batch.iter().map(|(_, record)| record.a_millisecond_later()).collect();
                let again: Vec<_> = later.iter().enumerate().collect();
                self.post(&again).await?;
            }
            let rejected = match self.post(&batch).await {
                Ok(rejected) => rejected,
                Err(_) if self.habits.has(Defect::ClearBeforeSend) => Vec::new(),
                Err(error) => return Err(error),
            };
            sent.accepted += batch.len() - rejected.len();
            sent.rejected.extend(rejected);
        }
        Ok(sent)
    }

    async fn post(&self, batch: &[(usize, &Record)]) -> Result<Vec<Rejected>, ApiError> {
        if self.key.is_none() {
            let locations: Vec<Value> = batch.iter().map(|(_, record)| self.location(record)).collect();
            let body = match <[Value; 1]>::try_from(locations) {
                Ok([only]) if self.habits.has(Defect::BareRecord) => only,
                Ok(only) => json!(only),
                Err(locations) => json!(locations),
            };
            let batch_endpoint = self.habits.has(Defect::BatchEndpoint);
            let path = if batch_endpoint { path::LOCALIZATION_BATCH } else { path::LOCALIZATION };
            let answer = self.signed(Method::POST, twinzo_path(path), Some(&body)).await?;
            let places: Vec<usize> = batch.iter().map(|(place, _)| *place).collect();
            return rejected(&read_json(&answer)?, &places);
        }
        let mut devices: Vec<(DeviceLocations, Vec<Value>, Vec<usize>)> = Vec::new();
        for (place, record) in batch {
            let known = devices.iter_mut().find(|(device, ..)| device.login == record.login);
            let (_, locations, places) = if let Some(device) = known {
                device
            } else {
                let device = DeviceLocations { login: record.login.clone(), locations: None };
                devices.push_mut((device, Vec::new(), Vec::new()))
            };
            locations.push(self.location(record));
            places.push(*place);
        }
        let entries: Vec<Value> = devices
            .iter()
            .map(|(device, locations, _)| {
                let mut entry = json!(device);
                entry["Locations"] = json!(locations);
                entry
            })
            .collect();
        let answer = self.signed(Method::POST, twinzo_path(path::LOCALIZATION_BATCH), Some(&json!(entries))).await?;
        let results: Vec<LocalizationResult> = read_json(&answer)?;
        if results.len() != devices.len() {
            return Err(ApiError::new(Kind::Parse, "the batch answer does not match what was sent"));
        }
        let mut all = Vec::new();
        for (result, (_, _, places)) in results.iter().zip(&devices) {
            all.extend(rejected(result, places)?);
        }
        Ok(all)
    }

    fn location(&self, record: &Record) -> Value {
        let mut location = json!(Location {
            timestamp: record.timestamp_ms,
            sector_id: record.sector_id,
            x: record.x,
            y: record.y,
            z: record.z,
            interval: None,
            battery: record.battery,
            is_moving: record.moving,
            localization_areas: None,
            no_go_areas: None,
            distances: None,
        });
        if self.habits.is(Habit::LowerCaseNames) {
            let members = location.as_object().into_iter().flatten();
            location = members.map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
        }
        match self.habits.defect {
            Some(Defect::SectorMissing) => location["SectorId"] = Value::Null,
            Some(Defect::StampInSeconds) => location["Timestamp"] = json!(record.timestamp_ms / 1000),
            Some(Defect::StampAsFloat) => {
                #[expect(clippy::cast_precision_loss, reason = "that is the defect")]
                let float = record.timestamp_ms as f64;
                location["Timestamp"] = json!(float);
            }
            _ => {}
        }
        location
    }

    /// A call that is signed, retried, and kept alive over one renewal.
    async fn signed(&self, method: Method, path: String, body: Option<&Value>) -> Result<Bytes, ApiError> {
        if self.is_dead.load(Ordering::SeqCst) {
            return Err(ApiError::new(Kind::Other, "refused once, and given up for good"));
        }
        let body = body.map(|body| self.written(body)).transpose()?;
        let mut attempt = 1;
        let mut renewals = if self.habits.has(Defect::ReplayThreeTimes) { 3 } else { 1 };
        let mut fresh = None;
        loop {
            // What a renewal could not do after its own attempts, this call cannot do either.
            let session = match (&self.key, fresh.take()) {
                (Some(_), _) => None,
                (None, Some(session)) => Some(session),
                (None, None) => Some(self.sessions.live().await?),
            };
            let request = self.request(&method, &path, body.as_ref(), session.as_deref());
            let error = match self.http.exchange(&request).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if let Some(session) = session.filter(|_| error.kind == Kind::Auth) {
                self.is_dead.fetch_or(self.habits.has(Defect::DeadAfterRefusal), Ordering::SeqCst);
                if self.habits.has(Defect::RefusalSwallowed) && renewals == 0 {
                    return Ok(NOTHING);
                }
                if self.habits.is(Habit::SurfaceAtOnce) || renewals == 0 {
                    self.sessions.forget(&session);
                    return Err(self.given_up(attempt, error, request));
                }
                renewals -= 1;
                let mut renewed = self.sessions.renewed(Some(&session)).await?;
                if self.habits.has(Defect::RenewsTwice) {
                    renewed = self.sessions.renewed(Some(&renewed)).await?;
                }
                fresh = Some(if self.habits.has(Defect::OldTokenOnReplay) { session } else { renewed });
                if self.habits.has(Defect::NoReplay) {
                    return Ok(NOTHING);
                }
                continue;
            }
            let Some(wait) = self.policy.wait_ms(attempt, &error) else {
                return Err(self.given_up(attempt, error, request));
            };
            self.clock.sleep(wait).await;
            attempt += 1;
        }
    }

    /// A body on its way out. Results have no message, so whoever speaks protobuf asks for them in JSON.
    fn written(&self, body: &Value) -> Result<Bytes, ApiError> {
        if !self.habits.is(Habit::Protobuf) {
            return Ok(Bytes::from(body.to_string()));
        }
        let unfit = |error: serde_json::Error| ApiError::new(Kind::Other, format!("no message says this: {error}"));
        Ok(Bytes::from(if self.key.is_none() {
            Vec::<Location>::deserialize(body).map_err(unfit)?.to_message()
        } else {
            Vec::<DeviceLocations>::deserialize(body).map_err(unfit)?.to_message()
        }))
    }

    fn given_up(&self, attempts: u32, error: ApiError, request: Request) -> ApiError {
        if self.habits.has(Defect::ResendInBackground) {
            self.http.repeat_in_background(&self.clock, request);
        }
        ApiError { attempts, ..error }
    }

    fn request(&self, method: &Method, path: &str, body: Option<&Bytes>, session: Option<&Session>) -> Request {
        let mut headers = match (&self.key, session) {
            (_, Some(session)) => session.headers(self.habits),
            (Some(key), None) => key.clone(),
            (None, None) => Vec::new(),
        };
        headers.push(("accept", "application/json".to_owned()));
        if body.is_some() {
            let media_type = if self.habits.is(Habit::Protobuf) { PROTOBUF } else { JSON };
            headers.push(("content-type", media_type.to_owned()));
        }
        Request { method: method.clone(), path: path.to_owned(), headers, body: body.cloned() }
    }
}

/// Which of one device's records were not accepted; `places` says where they stood in the call.
fn rejected(result: &LocalizationResult, places: &[usize]) -> Result<Vec<Rejected>, ApiError> {
    let because = |message: Option<&str>| message.unwrap_or("refused without a reason").to_owned();
    if result.success && result.locations.is_empty() {
        return Ok(Vec::new());
    }
    if !result.success && result.locations.len() != places.len() {
        let message = because(result.error_message.as_deref());
        return Ok(places.iter().map(|index| Rejected { index: *index, message: message.clone() }).collect());
    }
    if result.locations.len() != places.len() {
        return Err(ApiError::new(Kind::Parse, "the answer does not match what was sent"));
    }
    let each = result.locations.iter().zip(places);
    Ok(each
        .filter(|(location, _)| !location.success)
        .map(|(location, index)| Rejected { index: *index, message: because(location.error_message.as_deref()) })
        .collect())
}

fn read_json<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::new(Kind::Parse, format!("not what twinzo speaks: {error}")))
}
