//! Whether records arrive: all of them, once, as they were given.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::evidence::{Evidence, Finding, Objection, undecided};
use crate::transcript::{Call, Exchange, Outcome, Transcript};

/// A record that the server said it stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Stored {
    /// The exchange that stored it.
    pub(crate) exchange: usize,
    /// Absent for a device's own.
    pub(crate) login: Option<String>,
    /// As it was sent.
    pub(crate) timestamp: String,
    /// What it is known by; as in the record that was given.
    pub(crate) x: String,
}

/// Numbers as they were written.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SentLocation<'a> {
    #[serde(borrow, default)]
    timestamp: Option<&'a RawValue>,
    #[serde(default)]
    x: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SentDevice<'a> {
    #[serde(default)]
    login: Option<String>,
    #[serde(borrow, default)]
    locations: Option<Vec<SentLocation<'a>>>,
}

/// What a request sends, in its order.
fn sent(exchange: &Exchange) -> Option<Vec<(Option<String>, String, String)>> {
    let text = std::str::from_utf8(&exchange.body.bytes).ok()?;
    let one = |login: Option<String>, location: &SentLocation<'_>| {
        let timestamp = location.timestamp.map(|raw| raw.get().to_owned()).unwrap_or_default();
        let x = location.x.map(|x| serde_json::json!(x).to_string()).unwrap_or_default();
        (login, timestamp, x)
    };
    if exchange.is("localization_batch") {
        let devices: Vec<SentDevice<'_>> = serde_json::from_str(text).ok()?;
        let each = devices.iter().flat_map(|device| {
            let locations = device.locations.as_deref().unwrap_or_default();
            locations.iter().map(|location| one(device.login.clone(), location))
        });
        return Some(each.collect());
    }
    let locations: Vec<SentLocation<'_>> = match serde_json::from_str(text) {
        Ok(locations) => locations,
        // One that is not in an array.
        Err(_) => vec![serde_json::from_str(text).ok()?],
    };
    Some(locations.iter().map(|location| one(None, location)).collect())
}

/// Which of the locations of a request the server stored, by its answer.
fn accepted(exchange: &Exchange) -> Vec<bool> {
    let answer = exchange.answer.json().filter(|_| exchange.is_success()).unwrap_or_default();
    let devices = answer.as_array().map_or(std::slice::from_ref(&answer), Vec::as_slice);
    let locations = devices.iter().filter_map(|device| device.get("Locations")?.as_array()).flatten();
    locations.map(|location| location.get("Success").and_then(Value::as_bool) == Some(true)).collect()
}

/// Every record that the server said it stored.
pub(crate) fn stored(t: &Transcript) -> Vec<Stored> {
    let mut all = Vec::new();
    for exchange in t.exchanges.iter().filter(|exchange| exchange.is_localization()) {
        let records = sent(exchange).unwrap_or_default();
        for ((login, timestamp, x), is_accepted) in records.into_iter().zip(accepted(exchange)) {
            if is_accepted {
                all.push(Stored { exchange: exchange.number, login, timestamp, x });
            }
        }
    }
    all
}

/// The records that a call was asked to send: what each is known by, and its time.
fn given(call: &Call) -> Vec<(String, String)> {
    let records = call.args.get("records").and_then(Value::as_array).into_iter().flatten();
    let text = |record: &Value, key: &str| record.get(key).map(ToString::to_string).unwrap_or_default();
    records.map(|record| (text(record, "x"), text(record, "timestamp_ms"))).collect()
}

/// Every record that was given is stored exactly once.
pub(crate) fn each_once(t: &Transcript) -> Finding {
    let mut times: HashMap<String, usize> = HashMap::new();
    for record in stored(t) {
        *times.entry(record.x).or_default() += 1;
    }
    let given: Vec<(String, String)> = t.calls_of("send").flat_map(given).collect();
    let lost = given.iter().filter(|(x, _)| !times.contains_key(x)).count();
    let repeated = times.values().filter(|times| **times > 1).count();
    let evidence = posts(t)?;
    match (lost, repeated) {
        (0, 0) => Ok(evidence),
        (0, repeated) => evidence.breaks(format!("{repeated} of {} records are stored more than once", given.len())),
        (lost, _) => evidence.breaks(format!("{lost} of {} records are not stored", given.len())),
    }
}

/// What the client reports as accepted is what the server stored.
pub(crate) fn reports_agree(t: &Transcript) -> Finding {
    let stored = stored(t);
    let mut evidence: Option<Evidence> = None;
    for call in t.calls_of("send") {
        let Outcome::Ok(value) = &call.outcome else { continue };
        if value.get("queued").and_then(Value::as_bool) == Some(true) {
            continue;
        }
        let Some(accepted) = value.get("accepted").and_then(Value::as_u64) else {
            return undecided("the client does not say how many were accepted");
        };
        let own: Vec<String> = given(call).into_iter().map(|(x, _)| x).collect();
        let arrived = own.iter().filter(|x| stored.iter().any(|record| record.x == **x)).count();
        if accepted != arrived as u64 {
            let message = format!("the caller is told that {accepted} were accepted; {arrived} are stored");
            return Evidence::from(call).breaks(message);
        }
        evidence = Some(evidence.map_or_else(|| call.into(), |evidence| evidence.and(call)));
    }
    evidence.ok_or_else(|| Objection::Undecided("no call reported success".to_owned()))
}

/// Every record is stored, or its caller learns that it is not.
pub(crate) fn none_lost(t: &Transcript) -> Finding {
    let stored = stored(t);
    for call in t.calls_of("send") {
        let missing: Vec<usize> = given(call)
            .iter()
            .enumerate()
            .filter(|(_, (x, _))| !stored.iter().any(|record| record.x == *x))
            .map(|(index, _)| index)
            .collect();
        let Outcome::Ok(value) = &call.outcome else { continue };
        let reported: Vec<u64> = value
            .get("rejected")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|rejected| rejected.get("index")?.as_u64())
            .collect();
        let silent = missing.iter().filter(|index| !reported.contains(&(**index as u64))).count();
        if silent > 0 {
            return Evidence::from(call).breaks(format!("{silent} records are neither stored nor reported"));
        }
    }
    posts(t)
}

/// No record is stored under two times, or for two devices.
pub(crate) fn none_twice(t: &Transcript) -> Finding {
    let mut known: HashMap<String, Stored> = HashMap::new();
    for record in stored(t) {
        if let Some(before) = known.get(&record.x)
            && (before.timestamp != record.timestamp || before.login != record.login)
        {
            let (first, second) = (exchange(t, before.exchange)?, exchange(t, record.exchange)?);
            return Evidence::from(first).and(second).breaks("one record is stored as two");
        }
        known.insert(record.x.clone(), record);
    }
    posts(t)
}

/// Every time is an integer of milliseconds, and one that was given.
pub(crate) fn stamps_are_integer_ms(t: &Transcript) -> Finding {
    let given: Vec<String> = t.calls_of("send").flat_map(given).map(|(_, timestamp)| timestamp).collect();
    for exchange in t.exchanges.iter().filter(|exchange| exchange.is_localization()) {
        let Some(records) = sent(exchange) else {
            return undecided("a body is not JSON, and nothing else can be read yet");
        };
        for (_, timestamp, _) in records {
            if timestamp.is_empty() || !timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
                let message = format!("Timestamp is {timestamp}: not an integer of milliseconds");
                return Evidence::from(exchange).breaks(message);
            }
            if !given.contains(&timestamp) {
                let digits = timestamp.len();
                let message = format!("Timestamp is {timestamp}, {digits} digits: not the time of any record");
                return Evidence::from(exchange).breaks(message);
            }
        }
    }
    posts(t)
}

/// A device posts to the device's endpoint.
pub(crate) fn device_endpoint(t: &Transcript) -> Finding {
    match t.exchanges.iter().find(|exchange| exchange.is("localization_batch")) {
        Some(wrong) => Evidence::from(wrong).breaks("a device posts to the endpoint of servers"),
        None => posts(t),
    }
}

/// The body is an array.
pub(crate) fn body_is_array(t: &Transcript) -> Finding {
    let post = first_post(t)?;
    match post.body.json() {
        Some(Value::Array(_)) => Ok(post.into()),
        Some(_) => Evidence::from(post).breaks("the body is not an array"),
        None => undecided("the body is not JSON, and nothing else can be read yet"),
    }
}

/// Time, sector and coordinates are there, as given.
pub(crate) fn fields_as_given(t: &Transcript) -> Finding {
    let post = first_post(t)?;
    let Some(body) = post.body.json() else {
        return undecided("the body is not JSON, and nothing else can be read yet");
    };
    let location = body.get(0).unwrap_or(&body);
    let Some(record) = t.calls_of("send").next().and_then(|call| call.args.pointer("/records/0")) else {
        return undecided("no record was given");
    };
    for (member, key) in [("Timestamp", "timestamp_ms"), ("SectorId", "sector_id"), ("X", "x"), ("Y", "y")] {
        let sent = location.as_object().into_iter().flatten().find(|(name, _)| name.eq_ignore_ascii_case(member));
        let (sent, given) = (sent.and_then(|(_, value)| value.as_f64()), record.get(key).and_then(Value::as_f64));
        if sent != given {
            let text = |number: Option<f64>| number.map_or_else(|| "missing".to_owned(), |number| number.to_string());
            return Evidence::from(post).breaks(format!("{member} is {}, given was {}", text(sent), text(given)));
        }
    }
    Ok(post.into())
}

fn posts(t: &Transcript) -> Finding {
    let all: Vec<&Exchange> = t.exchanges.iter().filter(|exchange| exchange.is_localization()).collect();
    match all.as_slice() {
        [] => undecided("no position was sent"),
        [only] => Ok((*only).into()),
        [first, .., last] => Ok(Evidence::from(*first).and(*last)),
    }
}

fn first_post(t: &Transcript) -> Result<&Exchange, Objection> {
    t.exchanges
        .iter()
        .find(|exchange| exchange.is_localization())
        .ok_or_else(|| Objection::Undecided("no position was sent".to_owned()))
}

fn exchange(t: &Transcript, number: usize) -> Result<&Exchange, Objection> {
    t.exchanges.get(number - 1).ok_or_else(|| Objection::Undecided("an exchange is missing".to_owned()))
}
