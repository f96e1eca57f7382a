//! Whether records arrive: all of them, once, as they were given.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use serde_json::value::RawValue;

use crate::evidence::{Evidence, Finding, Objection, undecided};
use crate::transcript::{Call, Exchange, Outcome, Transcript};

/// A record that the server said it stored.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Stored {
    /// The exchange that stored it.
    pub(crate) exchange: usize,
    /// As it was sent.
    record: Record,
    /// What it is known by; as in the record that was given.
    pub(crate) x: String,
}

/// A record, its numbers as they were written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
struct Record {
    /// Absent for a device's own.
    login: Option<String>,
    timestamp: String,
    sector: Option<Number>,
    x: Option<Number>,
    y: Option<Number>,
}

/// A number by its value: 8300 and 8300.0 are one.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Number(f64);

impl Eq for Number {}

type Members = BTreeMap<String, Box<RawValue>>;

/// A member, whatever the case of its name: docs/twinzo.md §1.
fn member<'a>(members: &'a Members, name: &str) -> Option<&'a str> {
    let found = members.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.get()).filter(|text| *text != "null")
}

fn number(text: Option<&str>) -> Option<Number> {
    text.and_then(|text| text.parse().ok()).map(Number)
}

fn record(login: Option<String>, location: &Members) -> Record {
    Record {
        login,
        timestamp: member(location, "Timestamp").unwrap_or_default().to_owned(),
        sector: number(member(location, "SectorId")),
        x: number(member(location, "X")),
        y: number(member(location, "Y")),
    }
}

/// What a request sends, in its order; nothing if it cannot be read.
fn sent(exchange: &Exchange) -> Option<Vec<Record>> {
    let text = std::str::from_utf8(&exchange.body.bytes).ok()?;
    if exchange.is("localization_batch") {
        let devices: Vec<Members> = serde_json::from_str(text).ok()?;
        let mut all = Vec::new();
        for device in &devices {
            let login: Option<String> = member(device, "Login").and_then(|login| serde_json::from_str(login).ok());
            let locations = member(device, "Locations").unwrap_or("[]");
            let locations: Vec<Members> = serde_json::from_str(locations).ok()?;
            all.extend(locations.iter().map(|location| record(login.clone(), location)));
        }
        return Some(all);
    }
    let locations: Vec<Members> = match serde_json::from_str(text) {
        Ok(locations) => locations,
        // One that is not in an array.
        Err(_) => vec![serde_json::from_str(text).ok()?],
    };
    Some(locations.iter().map(|location| record(None, location)).collect())
}

/// Whether all bodies can be read.
fn readable(t: &Transcript) -> Result<(), Objection> {
    let all = t.exchanges.iter().filter(|exchange| exchange.is_localization());
    match all.into_iter().find(|exchange| sent(exchange).is_none()) {
        Some(_) => undecided("a body is neither JSON nor protobuf"),
        None => Ok(()),
    }
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
        for (record, is_accepted) in records.into_iter().zip(accepted(exchange)) {
            if is_accepted {
                let x = record.x.map(|Number(x)| serde_json::json!(x).to_string()).unwrap_or_default();
                all.push(Stored { exchange: exchange.number, record, x });
            }
        }
    }
    all
}

/// The records that a call was asked to send: what each is known by, and what it is.
fn given(call: &Call) -> Vec<(String, Record)> {
    let records = call.args.get("records").and_then(Value::as_array).into_iter().flatten();
    records
        .map(|record| {
            let number = |key: &str| record.get(key).and_then(Value::as_f64).map(Number);
            let own = Record {
                login: record.get("login").and_then(Value::as_str).map(str::to_owned),
                timestamp: record.get("timestamp_ms").map(ToString::to_string).unwrap_or_default(),
                sector: number("sector_id"),
                x: number("x"),
                y: number("y"),
            };
            (record.get("x").map(ToString::to_string).unwrap_or_default(), own)
        })
        .collect()
}

/// Every record that was given is stored exactly once, as it was given.
pub(crate) fn each_once(t: &Transcript) -> Finding {
    readable(t)?;
    let mut known: HashMap<String, Vec<Stored>> = HashMap::new();
    for record in stored(t) {
        known.entry(record.x.clone()).or_default().push(record);
    }
    let given: Vec<(String, Record)> = t.calls_of("send").flat_map(given).collect();
    let all = given.len();
    let count = |is_so: fn(&[Stored], &Record) -> bool| {
        given.iter().filter(|(x, record)| is_so(known.get(x).map_or(&[], Vec::as_slice), record)).count()
    };
    let evidence = posts(t)?;
    let lost = count(|stored, _| stored.is_empty());
    if lost > 0 {
        return evidence.breaks(format!("{lost} of {all} records are not stored"));
    }
    let repeated = count(|stored, _| stored.len() > 1);
    if repeated > 0 {
        return evidence.breaks(format!("{repeated} of {all} records are stored more than once"));
    }
    let altered = count(|stored, given| stored.iter().any(|stored| stored.record != *given));
    if altered > 0 {
        return evidence.breaks(format!("{altered} of {all} records are not stored as they were given"));
    }
    Ok(evidence)
}

/// What the client reports as accepted is what the server stored.
pub(crate) fn reports_agree(t: &Transcript) -> Finding {
    readable(t)?;
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
    readable(t)?;
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
    readable(t)?;
    let mut known: HashMap<String, Stored> = HashMap::new();
    for record in stored(t) {
        if let Some(before) = known.get(&record.x)
            && before.record != record.record
        {
            let (first, second) = (exchange(t, before.exchange)?, exchange(t, record.exchange)?);
            return Evidence::from(first).and(second).breaks("one record is stored as two");
        }
        known.insert(record.x.clone(), record);
    }
    posts(t)
}

/// Every time is an integer of milliseconds, and that of its record.
pub(crate) fn stamps_are_integer_ms(t: &Transcript) -> Finding {
    readable(t)?;
    let given: HashMap<String, String> =
        t.calls_of("send").flat_map(given).map(|(x, record)| (x, record.timestamp)).collect();
    for exchange in t.exchanges.iter().filter(|exchange| exchange.is_localization()) {
        for record in sent(exchange).unwrap_or_default() {
            let digits = record.timestamp.len();
            if digits == 0 || !record.timestamp.bytes().all(|byte| byte.is_ascii_digit()) {
                return Evidence::from(exchange).breaks("a Timestamp is not an integer of milliseconds");
            }
            let x = record.x.map(|Number(x)| serde_json::json!(x).to_string()).unwrap_or_default();
            if given.get(&x) != Some(&record.timestamp) {
                let message = format!("a Timestamp of {digits} digits is not the time of its record");
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
        None => undecided("the body is neither JSON nor protobuf"),
    }
}

/// Time, sector and coordinates are there, as given.
pub(crate) fn fields_as_given(t: &Transcript) -> Finding {
    let post = first_post(t)?;
    let Some(body) = post.body.json() else {
        return undecided("the body is neither JSON nor protobuf");
    };
    let location = body.get(0).unwrap_or(&body);
    let Some(record) = t.calls_of("send").next().and_then(|call| call.args.pointer("/records/0")) else {
        return undecided("no record was given");
    };
    for (member, key) in [("Timestamp", "timestamp_ms"), ("SectorId", "sector_id"), ("X", "x"), ("Y", "y")] {
        let sent = location.as_object().into_iter().flatten().find(|(name, _)| name.eq_ignore_ascii_case(member));
        let (sent, given) = (sent.and_then(|(_, value)| value.as_f64()), record.get(key).and_then(Value::as_f64));
        if sent != given {
            let what = if sent.is_none() { "missing" } else { "not what was given" };
            return Evidence::from(post).breaks(format!("{member} is {what}"));
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
