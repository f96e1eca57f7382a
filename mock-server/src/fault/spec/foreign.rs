//! The names that users of WireMock and Toxiproxy know, said in ours.

use serde::{Deserialize, Serialize};

use super::delay::{DelaySpec, Distribution, LogNormalSpec, UniformSpec};
use super::effect::{EffectSpec, WireEffect};
use crate::config::{Size, Span};
use crate::fault::InvalidRule;
use crate::suggest::Unknown;

/// WireMock's `delayDistribution`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum WireMockDelay {
    /// In milliseconds.
    Fixed {
        /// How long.
        milliseconds: u64,
    },
    /// In milliseconds.
    Uniform {
        /// The shortest.
        lower: u64,
        /// The longest.
        upper: u64,
    },
    /// In milliseconds.
    LogNormal {
        /// Half of all are shorter.
        median: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
}

/// WireMock's `chunkedDribbleDelay`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DribbleSpec {
    /// Pieces of the body.
    #[serde(rename = "numberOfChunks")]
    pub number_of_chunks: usize,
    /// Milliseconds from first to last.
    #[serde(rename = "totalDuration")]
    pub total_duration: u64,
}

/// Toxiproxy's toxics, with what each can be told.
const TOXICS: [(&str, &[&str]); 7] = [
    ("latency", &["latency", "jitter"]),
    ("bandwidth", &["rate"]),
    ("slow_close", &["delay"]),
    ("timeout", &["timeout"]),
    ("reset_peer", &["timeout"]),
    ("slicer", &["average_size", "size_variation", "delay"]),
    ("limit_data", &["bytes"]),
];

// === impl EffectSpec ===

impl EffectSpec {
    /// The same effect without any foreign word.
    pub(crate) fn in_our_words(&self) -> Result<Self, InvalidRule> {
        let mut ours = self.clone();
        if let Some(delay) = wiremock_delay(&mut ours)? {
            put(&mut ours.delay, delay, "effect.delay")?;
        }
        if let Some(DribbleSpec { number_of_chunks, total_duration }) = ours.chunked_dribble_delay.take() {
            put(&mut ours.wire, WireEffect::Dribble, "effect.wire")?;
            ours.pieces = Some(number_of_chunks);
            let gaps = number_of_chunks.saturating_sub(1).max(1) as u64;
            ours.every = millis(total_duration / gaps);
        }
        let attributes = std::mem::take(&mut ours.attributes);
        match ours.toxic.take() {
            Some(toxic) => ours.put_toxic(&toxic, &|name| attributes.get(name).copied().unwrap_or(0))?,
            None if attributes.is_empty() => return Ok(ours),
            None => return Err(InvalidRule::value("effect.attributes", "they belong to effect.type")),
        }
        let known = TOXICS.iter().find(|(name, _)| self.toxic.as_deref() == Some(name)).map_or(&[][..], |(_, all)| all);
        match attributes.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(Unknown::new("effect.attributes", name, known.iter().copied()).into()),
            None => Ok(ours),
        }
    }

    fn put_toxic(&mut self, toxic: &str, number: &dyn Fn(&str) -> u64) -> Result<(), InvalidRule> {
        let delay = |name: &str| millis(number(name)).map(|span| DelaySpec::of(Distribution::Fixed(span)));
        let wire = match toxic {
            "latency" => {
                let (latency, jitter) = (number("latency"), number("jitter"));
                let (min, max) = (millis(latency.saturating_sub(jitter)), millis(latency.saturating_add(jitter)));
                let uniform = max.map(|max| DelaySpec::of(Distribution::Uniform(UniformSpec { min, max })));
                let spec = if jitter == 0 { delay("latency") } else { uniform };
                return match spec {
                    Some(spec) => put(&mut self.delay, spec, "effect.delay"),
                    None => Err(InvalidRule::value("effect.attributes", "latency is missing")),
                };
            }
            "bandwidth" => {
                // Its unit is thousands of bytes a second.
                self.rate = Some(Size::from_bytes(number("rate").saturating_mul(1000)));
                WireEffect::Bandwidth
            }
            "slow_close" => {
                self.after = millis(number("delay"));
                WireEffect::SlowClose
            }
            "timeout" if number("timeout") == 0 => WireEffect::Stall,
            "timeout" => {
                self.delay = delay("timeout");
                WireEffect::Close
            }
            "reset_peer" => {
                self.delay = delay("timeout");
                WireEffect::Reset
            }
            "slicer" => {
                if number("size_variation") > 0 {
                    let problem = "size_variation is not supported: all pieces have the average size";
                    return Err(InvalidRule::value("effect.attributes", problem));
                }
                self.bytes = Some(usize::try_from(number("average_size")).unwrap_or(usize::MAX));
                // Its unit is the microsecond, ours the millisecond.
                self.every = millis(number("delay").div_ceil(1000));
                WireEffect::Dribble
            }
            "limit_data" => {
                self.bytes = Some(usize::try_from(number("bytes")).unwrap_or(usize::MAX));
                WireEffect::Close
            }
            unknown => return Err(Unknown::new("effect.type", unknown, TOXICS.map(|(name, _)| name)).into()),
        };
        put(&mut self.wire, wire, "effect.wire")
    }
}

fn wiremock_delay(effect: &mut EffectSpec) -> Result<Option<DelaySpec>, InvalidRule> {
    let fixed = effect.fixed_delay_milliseconds.take();
    let drawn = effect.delay_distribution.take();
    let wrong = |problem: &str| Err(InvalidRule::value("effect.delayDistribution", problem));
    Ok(match (fixed, drawn) {
        (None, None) => None,
        (Some(_), Some(_)) => return wrong("give one of fixedDelayMilliseconds and delayDistribution"),
        (Some(milliseconds), None) | (None, Some(WireMockDelay::Fixed { milliseconds })) => {
            millis(milliseconds).map(|span| DelaySpec::of(Distribution::Fixed(span)))
        }
        (None, Some(WireMockDelay::Uniform { lower, upper })) => match millis(upper) {
            Some(max) => Some(DelaySpec::of(Distribution::Uniform(UniformSpec { min: millis(lower), max }))),
            None => return wrong("upper is not above zero, or too long"),
        },
        (None, Some(WireMockDelay::LogNormal { median, sigma })) => {
            match format!("{}us", (median * 1000.0).round()).parse::<Span>() {
                Ok(median) => {
                    let spec = LogNormalSpec { median, p99: None, sigma: Some(sigma) };
                    Some(DelaySpec::of(Distribution::LogNormal(spec)))
                }
                Err(_) => return wrong("median is not above zero, or too long"),
            }
        }
    })
}

/// `None` for nought, and for what is too long to be meant.
fn millis(milliseconds: u64) -> Option<Span> {
    format!("{milliseconds}ms").parse().ok()
}

fn put<T>(place: &mut Option<T>, value: T, field: &'static str) -> Result<(), InvalidRule> {
    if place.replace(value).is_some() {
        return Err(InvalidRule::value(field, "it is said twice, once in another tool's words"));
    }
    Ok(())
}
