//! One exchange, as the server saw it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::Value;

/// One request and its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Counted from 1 in the order of arrival.
    pub number: usize,
    /// Which connection it came over.
    pub connection: u64,
    /// The method.
    pub method: String,
    /// Path and query, as sent.
    pub path: String,
    /// The server's name of the operation, if it knows one.
    pub operation: Option<String>,
    /// Request headers in the order sent; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The request head as it was on the wire.
    pub raw_head: Option<String>,
    /// The request's body.
    pub body: Body,
    /// Status of the answer; absent if nothing was sent.
    pub status: Option<u16>,
    /// Why it was refused.
    pub reason: Option<String>,
    /// The rules that fired on it.
    pub rules: Vec<String>,
    /// Answer headers.
    pub answer_headers: Vec<(String, String)>,
    /// The answer's body.
    pub answer: Body,
    /// Which of the account's tokens was sent or issued.
    pub token_generation: Option<u32>,
    /// What the connection did to the answer.
    pub tampered: Option<String>,
    /// Virtual unix milliseconds of its arrival.
    pub at_ms: i64,
}

/// A body, as much as was kept of it.
#[derive(Clone, Debug, Default)]
pub struct Body {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Whether they are all.
    pub whole: bool,
    /// Whether it was protobuf on the wire; the bytes are then the JSON that it says.
    pub protobuf: bool,
}

/// What the journal says of an exchange.
#[derive(Debug, Deserialize)]
pub(crate) struct Entry {
    pub(crate) id: u64,
    connection: u64,
    method: String,
    path: String,
    operation: Option<String>,
    headers: Vec<(String, String)>,
    body: EntryBody,
    status: Option<u16>,
    reason: Option<String>,
    fault: Option<Vec<String>>,
    answer: EntryAnswer,
    token_generation: Option<u32>,
    tampered: Option<String>,
    at_ms: i64,
    wire: Option<EntryWire>,
}

#[derive(Debug, Deserialize)]
struct EntryAnswer {
    headers: Vec<(String, String)>,
    body: EntryBody,
}

#[derive(Debug, Deserialize)]
struct EntryBody {
    bytes: usize,
    kept: usize,
    text: Option<String>,
    #[serde(default)]
    protobuf: bool,
}

#[derive(Debug, Deserialize)]
struct EntryWire {
    request: EntrySide,
}

#[derive(Debug, Deserialize)]
struct EntrySide {
    base64: Option<String>,
}

// === impl Entry ===

impl Entry {
    /// Whether a request came to the vendors; else the connection answered by itself.
    pub(crate) fn was_served(&self) -> bool {
        const BY_ITSELF: [&str; 4] = ["HeadMalformed", "HeadTooLarge", "HeadTooSlow", "TooManyConnections"];
        self.reason.as_deref().is_none_or(|reason| !BY_ITSELF.contains(&reason))
    }
}

// === impl Exchange ===

impl Exchange {
    /// As the journal has it.
    pub(crate) fn new(number: usize, entry: Entry) -> Self {
        let wire = entry.wire.and_then(|wire| STANDARD.decode(wire.request.base64?).ok());
        let raw_head = wire.and_then(|bytes| {
            let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
            Some(String::from_utf8_lossy(bytes.get(..end)?).into_owned())
        });
        Self {
            number,
            connection: entry.connection,
            method: entry.method,
            path: entry.path,
            operation: entry.operation,
            headers: entry.headers,
            raw_head,
            body: entry.body.into(),
            status: entry.status,
            reason: entry.reason,
            rules: entry.fault.unwrap_or_default(),
            answer_headers: entry.answer.headers,
            answer: entry.answer.body.into(),
            token_generation: entry.token_generation,
            tampered: entry.tampered,
            at_ms: entry.at_ms,
        }
    }

    /// Whether it is of this operation of the server.
    pub fn is(&self, operation: &str) -> bool {
        self.operation.as_deref() == Some(operation)
    }

    /// Whether it buys or renews a credential.
    pub fn is_renewal(&self) -> bool {
        self.is("authenticate") || self.is("refresh")
    }

    /// Whether it stores positions.
    pub fn is_localization(&self) -> bool {
        self.is("localization") || self.is("localization_batch")
    }

    /// Whether twinzo wants it signed with client and branch.
    pub fn is_signed_call(&self) -> bool {
        let operation = self.operation.as_deref().unwrap_or_default();
        !operation.is_empty()
            && !operation.starts_with("timbr.")
            && !matches!(operation, "authenticate" | "delete_token")
    }

    /// The values of a request header.
    pub fn header<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    /// A rule of the case fired on it.
    pub fn met(&self, rule: &str) -> bool {
        self.rules.iter().any(|own| own == rule)
    }

    /// Whether the server said yes.
    pub fn is_success(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }
}

// === impl Body ===

impl Body {
    /// As text.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// As JSON, if it is.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.bytes).ok()
    }
}

impl From<EntryBody> for Body {
    fn from(body: EntryBody) -> Self {
        let is_read = body.text.is_some();
        let bytes = body.text.map(String::into_bytes).unwrap_or_default();
        let whole = body.kept == body.bytes && (bytes.len() == body.bytes || (body.protobuf && is_read));
        Self { whole, bytes, protobuf: body.protobuf }
    }
}
