//! A transcript for people and for snapshots. One renderer for both.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Body, Call, Exchange, Labels, Outcome, Transcript};
use crate::evidence::Point;

/// Longer bodies are cut.
const LONGEST_BODY: usize = 2_000;
/// Of exchanges that look alike, so many are shown whole.
const MOST_WHOLE: usize = 3;
/// So many are named; the rest is counted.
const MOST_NAMED: usize = 20;

/// The whole case, or the part that the points stand for.
pub fn render(transcript: &Transcript, only: Option<&[Point]>) -> String {
    let mut labels = Labels::of(transcript);
    let mut out = String::new();
    let is_wanted = |point: Point| only.is_none_or(|only| only.contains(&point));
    let mut shown = 0;
    for call in &transcript.calls {
        exchanges(&transcript.exchanges, shown, call.began.exchanges, &mut labels, &mut out, &is_wanted);
        shown = shown.max(call.began.exchanges);
        // Labels are given at first sight, so also what is left out is looked at.
        let text = began(call, &mut labels);
        if is_wanted(Point::Call(call.number)) {
            out.push_str(&text);
        }
        let is_last_of_overlapping = transcript
            .calls
            .get(call.number)
            .is_none_or(|next| next.began.exchanges >= call.ended.map_or(usize::MAX, |ended| ended.exchanges));
        if is_last_of_overlapping && let Some(ended) = call.ended {
            exchanges(&transcript.exchanges, shown, ended.exchanges, &mut labels, &mut out, &is_wanted);
            shown = shown.max(ended.exchanges);
        }
        let text = ended(call, &mut labels);
        if is_wanted(Point::Call(call.number)) {
            out.push_str(&text);
        }
    }
    exchanges(&transcript.exchanges, shown, transcript.exchanges.len(), &mut labels, &mut out, &is_wanted);
    for quiet in transcript.quiets.iter().filter(|quiet| is_wanted(Point::Quiet(quiet.number))) {
        let (from, to) = (labels.time(quiet.from.at_ms), labels.time(quiet.to.at_ms));
        let came = quiet.to.exchanges - quiet.from.exchanges;
        write_line(&mut out, format_args!("quiet {}: {from} to {to}, exchanges that came: {came}", quiet.number));
    }
    if let Some(fault) = &transcript.fault {
        write_line(&mut out, format_args!("fault: {fault:?}"));
    }
    out
}

/// The whole case as JSON, with the same labels.
pub fn view(transcript: &Transcript) -> Value {
    let mut labels = Labels::of(transcript);
    let exchanges: Vec<Value> =
        transcript.exchanges.iter().map(|exchange| exchange_view(exchange, &mut labels)).collect();
    let calls: Vec<Value> = transcript.calls.iter().map(|call| call_view(call, &mut labels)).collect();
    let quiets: Vec<Value> = transcript
        .quiets
        .iter()
        .map(|quiet| {
            json!({"from": labels.time(quiet.from.at_ms), "to": labels.time(quiet.to.at_ms),
                            "after": quiet.from.exchanges, "came": quiet.to.exchanges - quiet.from.exchanges})
        })
        .collect();
    let log: Vec<String> = transcript.log.iter().map(|line| labels.text(line)).collect();
    json!({
        "schema": "conform-transcript/1",
        "clock": transcript.clock,
        "calls": calls,
        "exchanges": exchanges,
        "quiets": quiets,
        "assumed_quiescent": transcript.assumed_quiescent,
        "log": log,
    })
}

fn exchange_view(exchange: &Exchange, labels: &mut Labels) -> Value {
    let headers = |headers: &[(String, String)], labels: &mut Labels| -> Vec<Value> {
        headers.iter().map(|(name, value)| json!([name, labels.header(name, value)])).collect()
    };
    let mut head = String::new();
    for line in exchange.raw_head.as_deref().unwrap_or_default().lines() {
        let shown = match line.split_once(": ") {
            Some((name, value)) => format!("{name}: {}", labels.header(&name.to_lowercase(), value)),
            None => labels.text(line),
        };
        head.push_str(&shown);
        head.push_str("\r\n");
    }
    json!({
        "number": exchange.number,
        "connection": labels.connection(exchange.connection),
        "at": labels.time(exchange.at_ms),
        "operation": exchange.operation,
        "method": exchange.method,
        "path": labels.text(&exchange.path),
        "headers": headers(&exchange.headers, labels),
        "head": head,
        "body": labels.text(&exchange.body.text()),
        "body_bytes": exchange.body.bytes.len(),
        "status": exchange.status,
        "reason": exchange.reason,
        "rules": exchange.rules,
        "tampered": exchange.tampered,
        "answer": {"headers": headers(&exchange.answer_headers, labels), "body": labels.text(&exchange.answer.text())},
    })
}

fn call_view(call: &Call, labels: &mut Labels) -> Value {
    json!({
        "number": call.number,
        "op": call.op,
        "args": labels.text(&call.args.to_string()),
        "began": labels.time(call.began.at_ms),
        "after": call.began.exchanges,
        "ended": call.ended.map(|ended| labels.time(ended.at_ms)),
        "outcome": labels.text(&outcome(call)),
    })
}

fn exchanges(
    all: &[Exchange],
    from: usize,
    to: usize,
    labels: &mut Labels,
    out: &mut String,
    is_wanted: &impl Fn(Point) -> bool,
) {
    // A hundred calls that do the same are not read by anybody.
    let mut before = String::new();
    let (mut alike, mut last) = (0, None);
    for exchange in all.get(from..to.max(from)).unwrap_or_default() {
        let text = one(exchange, labels);
        if !is_wanted(Point::Exchange(exchange.number)) {
            continue;
        }
        let kind = format!("{:?} {} {:?}", exchange.operation, exchange.method, exchange.status);
        if kind != before {
            more_alike(alike, last, labels, out);
            (before, alike) = (kind, 0);
        }
        alike += 1;
        last = Some(exchange);
        if alike <= MOST_WHOLE {
            out.push_str(&text);
        } else if alike <= MOST_NAMED {
            let (number, at) = (exchange.number, labels.time(exchange.at_ms));
            write_line(out, format_args!("  exchange {number} at {at}: like the one before"));
        }
    }
    more_alike(alike, last, labels, out);
}

fn more_alike(alike: usize, last: Option<&Exchange>, labels: &Labels, out: &mut String) {
    if let Some(last) = last.filter(|_| alike > MOST_NAMED) {
        let (more, number, at) = (alike - MOST_NAMED, last.number, labels.time(last.at_ms));
        write_line(out, format_args!("  {more} more of the kind, the last of them exchange {number} at {at}"));
    }
}

fn one(exchange: &Exchange, labels: &mut Labels) -> String {
    let mut out = String::new();
    let connection = labels.connection(exchange.connection);
    let at = labels.time(exchange.at_ms);
    let operation = exchange.operation.as_deref().unwrap_or("no operation");
    let number = exchange.number;
    write_line(&mut out, format_args!("  exchange {number} at {at} on {connection}: {operation}"));
    write_line(&mut out, format_args!("    {} {}", exchange.method, labels.text(&exchange.path)));
    headers(&exchange.headers, labels, &mut out);
    body(&exchange.body, labels, &mut out);
    let status = exchange.status.map_or_else(|| "nothing".to_owned(), |status| status.to_string());
    let mut notes = Vec::new();
    notes.extend(exchange.reason.clone());
    notes.extend(exchange.rules.iter().map(|rule| format!("rule {rule}")));
    notes.extend(exchange.tampered.clone());
    let notes = if notes.is_empty() { String::new() } else { format!(" ({})", notes.join(", ")) };
    write_line(&mut out, format_args!("    -> {status}{notes}"));
    headers(&exchange.answer_headers, labels, &mut out);
    body(&exchange.answer, labels, &mut out);
    out
}

fn headers(headers: &[(String, String)], labels: &mut Labels, out: &mut String) {
    let mut lines: Vec<(&str, String)> =
        headers.iter().map(|(name, value)| (name.as_str(), labels.header(name, value))).collect();
    lines.sort();
    for (name, value) in lines {
        write_line(out, format_args!("    {name}: {value}"));
    }
}

fn body(body: &Body, labels: &mut Labels, out: &mut String) {
    if body.bytes.is_empty() {
        return;
    }
    let mut text = labels.text(&body.text()).replace('\r', "\\r").replace('\n', "\\n");
    if text.len() > LONGEST_BODY {
        let cut = text.floor_char_boundary(LONGEST_BODY);
        let rest = text.len() - cut;
        text.truncate(cut);
        text.push_str(&format_rest(rest));
    }
    write_line(out, format_args!("    {text}"));
}

fn format_rest(bytes: usize) -> String {
    format!(" … and {bytes} bytes more")
}

fn began(call: &Call, labels: &mut Labels) -> String {
    let mut args = labels.text(&call.args.to_string());
    if args.len() > LONGEST_BODY / 4 {
        let cut = args.floor_char_boundary(LONGEST_BODY / 4);
        let rest = args.len() - cut;
        args.truncate(cut);
        args.push_str(&format_rest(rest));
    }
    format!("call {} at {}: {} {args}\n", call.number, labels.time(call.began.at_ms), call.op)
}

fn ended(call: &Call, labels: &mut Labels) -> String {
    let outcome = labels.text(&outcome(call));
    match call.ended {
        Some(ended) => format!("call {} ended at {}: {outcome}\n", call.number, labels.time(ended.at_ms)),
        None => format!("call {} did not end: {outcome}\n", call.number),
    }
}

fn outcome(call: &Call) -> String {
    match &call.outcome {
        Outcome::Ok(value) => format!("ok {value}"),
        Outcome::Err(error) => format!("error {}", json!(error)),
        Outcome::Unsupported => "unsupported".to_owned(),
        Outcome::Unfinished(endless) => format!("{endless:?}").to_lowercase(),
    }
}

fn write_line(out: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    out.write_fmt(line).unwrap_or_default();
    out.push('\n');
}
