//! A rule as users write it, in the configuration and over the admin API alike.

mod delay;
mod effect;
mod foreign;
mod trigger;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::{Size, Span};

pub use delay::{
    Bucket, DelayClock, DelaySpec, Distribution, LogNormalSpec, NormalSpec, ParetoSpec, UniformSpec, Where,
};
pub use effect::{
    At, BodyForm, EffectSpec, HeaderCase, ItemsOf, ItemsSpec, RedirectSpec, ReshapeSpec, RespondSpec, RetryAfter,
    WireEffect,
};
pub use foreign::{DribbleSpec, WireMockDelay};
pub use trigger::{Moment, Per, TriggerSpec, WindowSpec};

/// One rule, or a pack of them by its name.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct RuleSpec {
    /// Name, by which it is listed, changed and removed; its position in load order if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A pack of rules instead of one; the rules of a pack say which one they came with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pack: Option<String>,
    /// Where it applies; everywhere if absent.
    #[serde(rename = "match")]
    pub matches: MatchSpec,
    /// When it fires; always if absent.
    pub trigger: TriggerSpec,
    /// What happens then.
    pub effect: EffectSpec,
    /// How long it is in force, on the sandbox's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttl: Option<Span>,
    /// How often it fires at most, over all keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// Whether it is out of force until somebody turns it on again.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// Whether it may end its life without having fired.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// Where a rule applies: all that is given must fit.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct MatchSpec {
    /// `twinzo` or `timbr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// Name of an operation, such as `authenticate`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// Pattern of a path: `devices/{id}` below any of the vendors' prefixes, or `/v3/devices/*` from the first slash.
    #[serde(skip_serializing_if = "Option::is_none", alias = "path", alias = "urlPathTemplate")]
    pub route: Option<String>,
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
    /// Generation of the token that the call carries, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_generation: Option<u32>,
    /// Request headers by name: a text that the value equals, or a test.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", alias = "headers")]
    pub header: BTreeMap<String, Value>,
    /// Values in a JSON body by JSON pointer: a value that it equals, or a test.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub json: BTreeMap<String, Value>,
    /// Bytes of the request body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_size: Option<SizeRange>,
    /// Media type of the request body, such as `application/json` or `text/*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
}

/// A range of sizes, both ends in it.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct SizeRange {
    /// So many bytes at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<Size>,
    /// So many bytes at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Size>,
}
