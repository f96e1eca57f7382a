//! A rule as users write it, in the configuration and over the admin API alike.

use serde::{Deserialize, Serialize};

/// One rule.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSpec {
    /// Name, by which it is listed and removed; its position in load order if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it applies; everywhere if absent.
    #[serde(default, rename = "match")]
    pub matches: MatchSpec,
    /// When it fires; always if absent.
    #[serde(default)]
    pub trigger: TriggerSpec,
    /// What happens instead.
    pub effect: EffectSpec,
    /// Whether it may end its life without having fired.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// Where a rule applies: all that is given must fit.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct MatchSpec {
    /// `twinzo` or `timbr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Name of an operation, such as `authenticate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// HTTP method.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Client, by name or GUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// Branch, by title or GUID.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Login or Timbr user. The account of a login is the login in its body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

/// When a rule fires: one of `always`, `nth` and `first`.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TriggerSpec {
    /// On every matching exchange; the default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub always: Option<bool>,
    /// On the nth matching exchange only, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u64>,
    /// On the first so many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first: Option<u64>,
    /// What is counted apart.
    pub per: Per,
}

/// What a rule counts apart.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
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
}

/// What happens: `status` for another answer, or `wire` for a connection that misbehaves.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct EffectSpec {
    /// Status of the answer, 200 to 599; its body has the vendor's shape for that status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Seconds in a `Retry-After` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// What the connection does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wire: Option<WireEffect>,
    /// Whether anything is stored before a connection breaks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<At>,
    /// Bytes of the answer that are sent before a connection breaks, from the first of the head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<usize>,
    /// Spelling of header names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<HeaderCase>,
    /// Statuses of interim answers; 103 if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub statuses: Option<Vec<u16>>,
}

/// What a connection does to an answer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WireEffect {
    /// RST, instead of the answer or in the middle of it.
    Reset,
    /// FIN, instead of the answer or in the middle of it.
    Close,
    /// Silence, instead of the answer or in the middle of it.
    Stall,
    /// The answer comes in chunks, and garbage stands where the last should be.
    BadChunk,
    /// Header names in another spelling.
    HeaderCase,
    /// Interim answers before the answer.
    Interim,
}

/// When a connection breaks.
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
