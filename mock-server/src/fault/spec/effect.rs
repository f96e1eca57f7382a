//! What a rule does, as users write it.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::delay::DelaySpec;
use super::foreign::{DribbleSpec, WireMockDelay};
use crate::config::{Size, Span};

/// What happens. Another answer (`status`, `in_band`, `redirect`, `respond`), the real one changed (`items`, `reshape`),
/// a connection that misbehaves (`wire`), a `delay`, or several of these together.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct EffectSpec {
    /// Status of another answer, 200 to 599; its body has the vendor's shape for that status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// `Retry-After` of that answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<RetryAfter>,
    /// Body of that answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<BodyForm>,
    /// A 200 that says in its body what went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_band: Option<String>,
    /// A redirect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect: Option<RedirectSpec>,
    /// An answer of one's own, on any path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub respond: Option<Box<RespondSpec>>,
    /// Items of a batch that are refused; the others are stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<ItemsSpec>,
    /// Changes to the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reshape: Option<Box<ReshapeSpec>>,
    /// How long it takes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay: Option<DelaySpec>,
    /// What the connection does; WireMock calls it `fault`.
    #[serde(skip_serializing_if = "Option::is_none", alias = "fault")]
    pub wire: Option<WireEffect>,
    /// Whether anything is stored before another answer is given or a connection breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<At>,
    /// Bytes: those of the answer that are sent before a connection breaks, from the first of the head; those of a piece
    /// of `dribble`; those of `garbage`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
    /// Bytes of the body that are sent, after a whole head, before a connection breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<usize>,
    /// Spelling of header names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<HeaderCase>,
    /// Statuses of interim answers; 103 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statuses: Option<Vec<u16>>,
    /// Time between two pieces of `dribble`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<Span>,
    /// Pieces of `dribble`, where their number is given instead of their size.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pieces: Option<usize>,
    /// Bytes a second of `bandwidth`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<Size>,
    /// How long after the answer a connection ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Span>,
    /// WireMock's fixed delay, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", rename = "fixedDelayMilliseconds")]
    pub fixed_delay_milliseconds: Option<u64>,
    /// WireMock's delay that is drawn.
    #[serde(skip_serializing_if = "Option::is_none", rename = "delayDistribution")]
    pub delay_distribution: Option<WireMockDelay>,
    /// WireMock's body in pieces.
    #[serde(skip_serializing_if = "Option::is_none", rename = "chunkedDribbleDelay")]
    pub chunked_dribble_delay: Option<DribbleSpec>,
    /// Type of one of Toxiproxy's toxics.
    #[serde(skip_serializing_if = "Option::is_none", rename = "type")]
    pub toxic: Option<String>,
    /// Attributes of that toxic.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, u64>,
}

/// `Retry-After`: whole seconds, a duration, a date so far from now, or anything verbatim.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RetryAfter {
    /// A date that lies so many seconds ahead on the sandbox's clock.
    Date(i64),
    /// Whatever it says.
    Raw(String),
    /// Seconds, zero included.
    #[serde(untagged)]
    Seconds(u64),
}

/// Body of an answer that a rule gives.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BodyForm {
    /// As the vendor words that status today.
    #[default]
    Problem,
    /// As the vendor did before, §5: `{"Code", "Message"}`; Timbr has no other form.
    Legacy,
    /// None.
    Empty,
    /// A page, as something between client and vendor would send it.
    Html,
}

/// A redirect.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RedirectSpec {
    /// 301, 302, 303, 307 or 308.
    pub status: u16,
    /// Where to: a path on the same origin, a URL, `same` for where the request came, or `trap` for the sandbox's trap.
    #[serde(default = "same")]
    pub to: String,
}

fn same() -> String {
    "same".to_owned()
}

/// An answer of one's own. At most one of `body`, `template` and `file`.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RespondSpec {
    /// 200 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Headers, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// A text verbatim, or any other JSON value as JSON.
    #[serde(skip_serializing_if = "Option::is_none", alias = "jsonBody")]
    pub body: Option<Value>,
    /// A text with places such as `{{ request.path }}`, filled with the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
    /// A file below the folder of `server.files`.
    #[serde(skip_serializing_if = "Option::is_none", alias = "bodyFileName")]
    pub file: Option<String>,
}

/// Which items of a batch are refused: every k-th, or chosen ones.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ItemsSpec {
    /// Every so manieth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<usize>,
    /// These, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<Vec<usize>>,
    /// What is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<ItemsOf>,
    /// What the answer says of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// What counts as an item.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemsOf {
    /// The devices of a batch; where there is only one, its records.
    Devices,
    /// The records of all devices.
    Records,
}

/// Changes to an answer, in the order of these fields.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReshapeSpec {
    /// Members that get a value, new ones too, by JSON pointer; `*` stands for every element.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, Value>,
    /// Members that go missing, by JSON pointer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove: Vec<String>,
    /// Members whose type changes, by JSON pointer: a number becomes a text, anything else a number or a text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retype: Vec<String>,
    /// Whether the body is JSON that no parser takes.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub malformed: bool,
    /// Bytes of the body that are left; the head says that this is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub truncate: Option<usize>,
    /// Bytes that the body has at least: blanks go before it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pad: Option<Size>,
    /// `Content-Type`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// Headers that get a value, or go missing where it is null.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, Option<String>>,
}

/// What a connection does to an answer. The names in capitals are WireMock's, some others Toxiproxy's.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WireEffect {
    /// RST, instead of the answer or in the middle of it.
    #[serde(alias = "CONNECTION_RESET_BY_PEER", alias = "reset_peer")]
    Reset,
    /// FIN, instead of the answer or in the middle of it.
    #[serde(alias = "EMPTY_RESPONSE", alias = "limit_data")]
    Close,
    /// Silence, instead of the answer or in the middle of it.
    #[serde(alias = "timeout")]
    Stall,
    /// Bytes that are no HTTP, and FIN, instead of the answer.
    #[serde(alias = "RANDOM_DATA_THEN_CLOSE")]
    Garbage,
    /// The answer comes in chunks, and garbage stands where the last should be.
    #[serde(alias = "MALFORMED_RESPONSE_CHUNK")]
    BadChunk,
    /// The answer comes in chunks, and the last, which ends it, never does.
    NoTerminator,
    /// The answer comes in small pieces.
    #[serde(alias = "slicer")]
    Dribble,
    /// So many bytes a second.
    Bandwidth,
    /// The answer says that the connection closes, and it does so late.
    SlowClose,
    /// The answer says nothing, and then the connection closes.
    KeepAliveClose,
    /// The answer says nothing, and then the connection is reset.
    KeepAliveReset,
    /// The answer is HTTP/1.0, and the connection closes after it.
    #[serde(rename = "http_1_0")]
    Http10,
    /// Header names in another spelling.
    HeaderCase,
    /// Interim answers before the answer.
    Interim,
}

/// When another answer is given or a connection breaks.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// Before anything is stored.
    BeforeCommit,
    /// After everything is stored.
    AfterCommit,
}

/// How header names are spelled.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum HeaderCase {
    /// `content-type`
    Lower,
    /// `CONTENT-TYPE`
    Upper,
    /// `cOnTeNt-TyPe`
    Mixed,
}

// === impl RetryAfter ===

struct RetryAfterVisitor;

impl<'de> Visitor<'de> for RetryAfterVisitor {
    type Value = RetryAfter;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("whole seconds, a duration like \"365d\", {\"date\": \"30s\"} or {\"raw\": \"soon\"}")
    }

    fn visit_u64<E: Error>(self, seconds: u64) -> Result<RetryAfter, E> {
        Ok(RetryAfter::Seconds(seconds))
    }

    fn visit_i64<E: Error>(self, seconds: i64) -> Result<RetryAfter, E> {
        u64::try_from(seconds)
            .map(RetryAfter::Seconds)
            .map_err(|_| E::custom("negative seconds are no Retry-After; write {\"raw\": \"-1\"} to send them"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<RetryAfter, E> {
        let span: Span = text.parse().map_err(|error| E::custom(format!("{error}; anything else goes into raw")))?;
        let span = span.unsigned();
        Ok(RetryAfter::Seconds(span.as_secs() + u64::from(span.subsec_nanos() > 0)))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RetryAfter, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Parts {
            date: Option<Value>,
            raw: Option<String>,
        }
        let parts = Parts::deserialize(MapAccessDeserializer::new(map))?;
        let seconds = |value: &Value| match value {
            Value::String(text) => crate::config::parse_signed(text).map(|span| span.as_secs()),
            Value::Number(number) => number.as_i64(),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        };
        match (parts.date, parts.raw) {
            (Some(date), None) => seconds(&date).map(RetryAfter::Date).ok_or_else(|| {
                A::Error::custom(format!("date {date} is neither a duration like \"30s\" nor whole seconds"))
            }),
            (None, Some(raw)) => Ok(RetryAfter::Raw(raw)),
            _ => Err(A::Error::custom("give one of date and raw")),
        }
    }
}

impl<'de> Deserialize<'de> for RetryAfter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RetryAfterVisitor)
    }
}
