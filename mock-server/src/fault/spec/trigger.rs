//! When a rule fires, as users write it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::clock::Time;
use crate::config::parse_signed;

/// When a rule fires: one of the counts, or a probability, and within a window if there is one. Exchanges outside the
/// window are not counted.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TriggerSpec {
    /// On every matching exchange, until the rule is turned off; the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub always: Option<bool>,
    /// On the nth matching exchange only, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// On the first so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// On every so manieth.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every: Option<u64>,
    /// From one to another, both in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<[u64; 2]>,
    /// On all but the first so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<u64>,
    /// On exactly so many of every `of`; which ones is drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exactly: Option<u64>,
    /// Belongs to `exactly`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<u64>,
    /// With this probability, 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Only within this time of the sandbox's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<WindowSpec>,
    /// What is counted apart.
    pub per: Per,
}

/// A time of the sandbox's clock: from the first moment up to, and not with, the second.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct WindowSpec {
    /// Where it begins; at the beginning of time if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Moment>,
    /// Where it ends; never if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}

/// A time, or how long after the rule was loaded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Moment {
    /// An ISO 8601 time, or unix milliseconds.
    At(Timestamp),
    /// A duration such as `10m`.
    After(SignedDuration),
}

/// What a rule counts apart.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Per {
    /// Nothing: one count for the rule.
    #[default]
    Rule,
    /// Each client.
    Client,
    /// Each branch.
    Branch,
    /// Each login or Timbr user.
    Account,
    /// Each token.
    Token,
    /// Each connection.
    Connection,
}

// === impl Moment ===

impl Moment {
    /// As a time, for a rule that was loaded then.
    pub(crate) fn since(self, loaded: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::After(span) => loaded.checked_add(span).unwrap_or(Timestamp::MAX),
        }
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::At(time) => serializer.collect_str(time),
            Self::After(span) => serializer.collect_str(&format_args!("{span:#}")),
        }
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(
            untagged,
            expecting = "expected a time, unix milliseconds, or a duration such as \"10m\" since the rule was loaded"
        )]
        enum Form {
            Text(String),
            Time(Time),
        }
        match Form::deserialize(deserializer)? {
            Form::Time(Time(time)) => Ok(Self::At(time)),
            Form::Text(text) => match parse_signed(&text).filter(|span| !span.is_negative()) {
                Some(span) => Ok(Self::After(span)),
                None => text.parse().map(Self::At).map_err(|_| {
                    serde::de::Error::custom(format!(
                        "{text:?} is neither a time like \"2026-01-01T00:00:00Z\" nor a duration like \"10m\""
                    ))
                }),
            },
        }
    }
}
