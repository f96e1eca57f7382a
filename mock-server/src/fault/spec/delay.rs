//! Delays as users write them.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::{Count, Span};

/// How long something takes, and where in the answer: `"2s"` for a fixed time before the head, or an object.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DelaySpec {
    /// How long.
    #[serde(flatten)]
    pub distribution: Distribution,
    /// Where.
    #[serde(rename = "where")]
    pub place: Where,
    /// On which clock.
    pub clock: DelayClock,
    /// What is longer is cut to this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<Span>,
    /// Bytes of a chunk, where the delay stands before each chunk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunk: Option<Count>,
}

/// How long, in one of six forms.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Distribution {
    /// Always the same.
    Fixed(Span),
    /// Any of a range is as likely.
    Uniform(UniformSpec),
    /// Around a mean; what would be negative is nothing.
    Normal(NormalSpec),
    /// Around a median, with a long tail.
    LogNormal(LogNormalSpec),
    /// From a smallest on, with a longer tail.
    Pareto(ParetoSpec),
    /// As often as was measured.
    Histogram(Vec<Bucket>),
}

/// `min` to `max`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct UniformSpec {
    /// The shortest; nothing if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<Span>,
    /// The longest.
    pub max: Span,
}

/// A bell around `mean`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NormalSpec {
    /// The mean.
    pub mean: Span,
    /// The standard deviation.
    pub sd: Span,
}

/// Half of all below `median`, and 99 of 100 below `p99`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct LogNormalSpec {
    /// The median.
    pub median: Span,
    /// The 99th percentile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99: Option<Span>,
    /// Standard deviation of the logarithm, instead of `p99`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sigma: Option<f64>,
}

/// From `min` on; the smaller `shape`, the longer the tail.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct ParetoSpec {
    /// The shortest.
    pub min: Span,
    /// Above 0.
    pub shape: f64,
}

/// A bar of a histogram: from the one before it, or from nothing, up to `to`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Its upper end.
    pub to: Span,
    /// How often, in any unit.
    pub weight: f64,
}

/// Where in an answer a delay stands.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Where {
    /// Before its first byte.
    #[default]
    Head,
    /// Between head and body.
    Body,
    /// Before each chunk of a body that comes in chunks; drawn anew each time.
    Chunk,
}

/// Which clock a delay runs on.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DelayClock {
    /// The machine's.
    #[default]
    Real,
    /// The sandbox's: the answer goes out when somebody moves it there.
    Sandbox,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    fixed: Option<Span>,
    uniform: Option<UniformSpec>,
    normal: Option<NormalSpec>,
    lognormal: Option<LogNormalSpec>,
    pareto: Option<ParetoSpec>,
    histogram: Option<Vec<Bucket>>,
    #[serde(default, rename = "where")]
    place: Where,
    #[serde(default)]
    clock: DelayClock,
    max: Option<Span>,
    chunk: Option<Count>,
}

// === impl DelaySpec ===

impl DelaySpec {
    /// A delay before the head, on the real clock.
    pub(super) fn of(distribution: Distribution) -> Self {
        Self { distribution, place: Where::Head, clock: DelayClock::Real, max: None, chunk: None }
    }

    fn from_parts(parts: Parts) -> Result<Self, &'static str> {
        let given = [
            parts.fixed.map(Distribution::Fixed),
            parts.uniform.map(Distribution::Uniform),
            parts.normal.map(Distribution::Normal),
            parts.lognormal.map(Distribution::LogNormal),
            parts.pareto.map(Distribution::Pareto),
            parts.histogram.map(Distribution::Histogram),
        ];
        let mut given = given.into_iter().flatten();
        let (Some(distribution), None) = (given.next(), given.next()) else {
            return Err("give one of fixed, uniform, normal, lognormal, pareto and histogram");
        };
        let Parts { place, clock, max, chunk, .. } = parts;
        Ok(Self { distribution, place, clock, max, chunk })
    }
}

struct DelayVisitor;

impl<'de> Visitor<'de> for DelayVisitor {
    type Value = DelaySpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration like \"2s\", whole milliseconds, or an object like {\"uniform\": {\"max\": \"2s\"}}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<DelaySpec, E> {
        text.parse().map(|span| DelaySpec::of(Distribution::Fixed(span))).map_err(E::custom)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<DelaySpec, E> {
        self.visit_str(&format!("{number}ms"))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<DelaySpec, E> {
        self.visit_str(&format!("{number}ms"))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<DelaySpec, A::Error> {
        let parts = Parts::deserialize(MapAccessDeserializer::new(map))?;
        DelaySpec::from_parts(parts).map_err(A::Error::custom)
    }
}

impl<'de> Deserialize<'de> for DelaySpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DelayVisitor)
    }
}
