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
            const FIELD: &str = "effect.chunkedDribbleDelay";
            put(&mut ours.wire, WireEffect::Dribble, "effect.wire")?;
            put(&mut ours.pieces, number_of_chunks, "effect.pieces")?;
            let gaps = number_of_chunks.saturating_sub(1).max(1) as u64;
            put(&mut ours.every, span(FIELD, total_duration.saturating_mul(1000) / gaps, MICRO)?, "effect.every")?;
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
        const FIELD: &str = "effect.attributes";
        let needed = |name: &str| match number(name) {
            0 => Err(InvalidRule::value(FIELD, format!("{name} is missing, or nought"))),
            number => Ok(number),
        };
        let late = |name: &str| match number(name) {
            0 => Ok(None),
            number => span(FIELD, number, MILLI).map(|span| Some(DelaySpec::of(Distribution::Fixed(span)))),
        };
        let wire = match toxic {
            "latency" => {
                let (latency, jitter) = (needed("latency")?, number("jitter"));
                let law = if jitter == 0 {
                    Distribution::Fixed(span(FIELD, latency, MILLI)?)
                } else {
                    let min = latency.checked_sub(jitter).filter(|min| *min > 0);
                    let min = min.map(|min| span(FIELD, min, MILLI)).transpose()?;
                    Distribution::Uniform(UniformSpec { min, max: span(FIELD, latency.saturating_add(jitter), MILLI)? })
                };
                return put(&mut self.delay, DelaySpec::of(law), "effect.delay");
            }
            "bandwidth" => {
                // Its unit is thousands of bytes a second.
                let rate = Size::from_bytes(needed("rate")?.saturating_mul(1000));
                put(&mut self.rate, rate, "effect.rate")?;
                WireEffect::Bandwidth
            }
            "slow_close" => {
                put(&mut self.after, span(FIELD, number("delay"), MILLI)?, "effect.after")?;
                WireEffect::SlowClose
            }
            "timeout" if number("timeout") == 0 => WireEffect::Stall,
            "timeout" | "reset_peer" => {
                if let Some(delay) = late("timeout")? {
                    put(&mut self.delay, delay, "effect.delay")?;
                }
                if toxic == "timeout" { WireEffect::Close } else { WireEffect::Reset }
            }
            "slicer" => {
                if number("size_variation") > 0 {
                    let problem = "size_variation is not supported: all pieces have the average size";
                    return Err(InvalidRule::value(FIELD, problem));
                }
                let size = usize::try_from(needed("average_size")?).unwrap_or(usize::MAX);
                put(&mut self.bytes, size, "effect.bytes")?;
                // Its unit is the microsecond.
                put(&mut self.every, span(FIELD, number("delay"), MICRO)?, "effect.every")?;
                WireEffect::Dribble
            }
            "limit_data" => {
                let bytes = usize::try_from(number("bytes")).unwrap_or(usize::MAX);
                put(&mut self.bytes, bytes, "effect.bytes")?;
                WireEffect::Close
            }
            unknown => return Err(Unknown::new("effect.type", unknown, TOXICS.map(|(name, _)| name)).into()),
        };
        put(&mut self.wire, wire, "effect.wire")
    }
}

fn wiremock_delay(effect: &mut EffectSpec) -> Result<Option<DelaySpec>, InvalidRule> {
    const FIXED: &str = "effect.fixedDelayMilliseconds";
    const DRAWN: &str = "effect.delayDistribution";
    let law = match (effect.fixed_delay_milliseconds.take(), effect.delay_distribution.take()) {
        (None, None) => return Ok(None),
        (Some(_), Some(_)) => {
            return Err(InvalidRule::value(DRAWN, "give one of fixedDelayMilliseconds and delayDistribution"));
        }
        (Some(0), None) => return Err(InvalidRule::value(FIXED, "it is not above zero")),
        (Some(milliseconds), None) => Distribution::Fixed(span(FIXED, milliseconds, MILLI)?),
        (None, Some(WireMockDelay::Fixed { milliseconds })) => Distribution::Fixed(span(DRAWN, milliseconds, MILLI)?),
        (None, Some(WireMockDelay::Uniform { lower, upper })) => {
            let min = Some(lower).filter(|lower| *lower > 0).map(|lower| span(DRAWN, lower, MILLI)).transpose()?;
            Distribution::Uniform(UniformSpec { min, max: span(DRAWN, upper, MILLI)? })
        }
        (None, Some(WireMockDelay::LogNormal { median, sigma })) => {
            let text = format!("{}us", (median * 1000.0).round());
            let wrong = |_| InvalidRule::value(DRAWN, "median is not above zero, or too long");
            let spec = LogNormalSpec { median: text.parse().map_err(wrong)?, p99: None, sigma: Some(sigma) };
            Distribution::LogNormal(spec)
        }
    };
    Ok(Some(DelaySpec::of(law)))
}

const MILLI: &str = "ms";
const MICRO: &str = "us";

/// A number of theirs. Nought is as short as it can be.
fn span(field: &'static str, number: u64, unit: &str) -> Result<Span, InvalidRule> {
    let text = if number == 0 { "1us".to_owned() } else { format!("{number}{unit}") };
    text.parse().map_err(|_| InvalidRule::value(field, format!("{number}{unit} is too long")))
}

fn put<T>(place: &mut Option<T>, value: T, field: &'static str) -> Result<(), InvalidRule> {
    if place.replace(value).is_some() {
        return Err(InvalidRule::value(field, "it is said twice, once in another tool's words"));
    }
    Ok(())
}
