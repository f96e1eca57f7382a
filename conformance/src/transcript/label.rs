//! Relational labels: what differs from run to run becomes what it is to the rest of the case.
//!
//! A time becomes its distance from the beginning (`t0+1500`), a GUID its first sight (`guid#1`), a token its generation
//! (`tok.gen2`). So "the same GUID as before" and "the token of the previous generation" stay visible, and secrets do
//! not. A value that should have been equal and is not gets another label, and shows.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use regex::{Captures, Regex};
use serde_json::Value;

use super::{Exchange, Transcript};

/// Gives the values of one transcript their labels.
#[derive(Clone, Debug)]
pub struct Labels {
    t0_ms: i64,
    /// Longest first, so that none hides in another.
    known: Vec<(String, String)>,
    seen: HashMap<(&'static str, String), usize>,
}

/// Further away than this from the beginning, a number is no time of the case.
const HORIZON_MS: i64 = 400 * 24 * 60 * 60 * 1000;
/// Of these headers every value that nobody issued is hidden: it might be real.
const SECRET_HEADERS: [&str; 7] =
    ["token", "api-key", "mapi-key", "x-api-key", "x-jwt-token", "authorization", "cookie"];

fn pattern(text: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "the patterns below are constants, and each is used by a test")]
    Regex::new(text).expect("a pattern that is fine")
}

static MILLIS: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b\d{12,14}\b"));
static HTTP_DATE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT\b"));
static ISO_DATE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"));
static GUID: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"));
static TRACE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\b"));
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?:127\.0\.0\.1|\[::1\]|localhost):\d+"));

// === impl Labels ===

impl Labels {
    /// The labels of a transcript.
    pub fn of(transcript: &Transcript) -> Self {
        let mut labels = Self { t0_ms: transcript.t0_ms, known: Vec::new(), seen: HashMap::new() };
        let cfg = &transcript.given.cfg;
        for (key, label) in
            [("client", "client-name"), ("password", "password"), ("api_key", "key#1"), ("auth_salt", "salt")]
        {
            labels.learn(cfg.get(key).and_then(Value::as_str), label);
        }
        let mut keys = 0;
        let mut generations = 0;
        for token in cfg.get("token").and_then(Value::as_str).into_iter().map(str::to_owned) {
            keys += 1;
            labels.learn(Some(&token), &format!("timbr.tok#{keys}"));
        }
        for exchange in transcript.exchanges.iter().filter(|exchange| exchange.is_success()) {
            let answer = exchange.answer.json().unwrap_or_default();
            if exchange.is_renewal() {
                let token = answer.get("Token").and_then(Value::as_str);
                if token.is_some_and(|token| !labels.knows(token)) {
                    generations += 1;
                }
                labels.learn(token, &format!("tok.gen{generations}"));
            }
            if exchange.is("timbr.get_token") {
                let token = answer.pointer("/data/0").and_then(Value::as_str);
                if token.is_some_and(|token| !labels.knows(token)) {
                    keys += 1;
                }
                labels.learn(token, &format!("timbr.tok#{keys}"));
            }
        }
        for exchange in &transcript.exchanges {
            labels.learn_bearers(exchange);
        }
        labels.known.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        labels
    }

    /// A text with labels in place of what differs from run to run.
    pub fn text(&mut self, text: &str) -> String {
        let mut text = text.to_owned();
        for (value, label) in &self.known {
            if text.contains(value) {
                text = text.replace(value, label);
            }
        }
        text = ADDRESS.replace_all(&text, "mock").into_owned();
        text = TRACE.replace_all(&text, |found: &Captures<'_>| self.nth("trace", &found[0])).into_owned();
        text = GUID.replace_all(&text, |found: &Captures<'_>| self.nth("guid", &found[0])).into_owned();
        let t0 = self.t0_ms;
        let date = |found: &Captures<'_>| match jiff::fmt::rfc2822::parse(&found[0]) {
            Ok(date) => relative(date.timestamp().as_millisecond() - t0 / 1000 * 1000),
            Err(_) => found[0].to_owned(),
        };
        text = HTTP_DATE.replace_all(&text, date).into_owned();
        let iso = |found: &Captures<'_>| match found[0].parse::<Timestamp>() {
            Ok(time) => self.time(time.as_millisecond()),
            Err(_) => found[0].to_owned(),
        };
        text = ISO_DATE.replace_all(&text, iso).into_owned();
        let millis = |found: &Captures<'_>| match found[0].parse::<i64>() {
            Ok(ms) if (ms - t0).abs() <= HORIZON_MS => relative(ms - t0),
            _ => found[0].to_owned(),
        };
        MILLIS.replace_all(&text, millis).into_owned()
    }

    /// A header's value; one that should be a credential, and that nobody issued, is hidden.
    pub fn header(&mut self, name: &str, value: &str) -> String {
        let text = self.text(value);
        let is_issued = self.known.iter().any(|(known, _)| value.contains(known));
        if SECRET_HEADERS.contains(&name) && !is_issued && !value.is_empty() {
            return self.nth("hidden", value);
        }
        text
    }

    /// A time as its distance from the beginning.
    pub fn time(&self, ms: i64) -> String {
        relative(ms - self.t0_ms)
    }

    /// A connection by its first sight.
    pub fn connection(&mut self, number: u64) -> String {
        self.nth("c", &number.to_string()).replace('#', "")
    }

    fn nth(&mut self, kind: &'static str, value: &str) -> String {
        let next = self.seen.keys().filter(|(own, _)| *own == kind).count() + 1;
        let number = *self.seen.entry((kind, value.to_owned())).or_insert(next);
        format!("{kind}#{number}")
    }

    fn learn(&mut self, value: Option<&str>, label: &str) {
        if let Some(value) = value.filter(|value| !value.is_empty() && !self.knows(value)) {
            self.known.push((value.to_owned(), label.to_owned()));
        }
    }

    fn knows(&self, value: &str) -> bool {
        self.known.iter().any(|(known, _)| known == value)
    }

    fn learn_bearers(&mut self, exchange: &Exchange) {
        if !exchange.is("timbr.get_token") {
            return;
        }
        let bearers = self.known.iter().filter(|(_, label)| label.starts_with("bearer#")).count();
        let bearer = exchange.header("authorization").next().and_then(|value| value.split(' ').next_back());
        self.learn(bearer, &format!("bearer#{}", bearers + 1));
    }
}

fn relative(distance: i64) -> String {
    format!("t0{distance:+}")
}
