//! How a clock is told what to do: in the configuration, when a sandbox is made, and over the admin API.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::{Span, parse_signed};
use crate::json::Nullable;

/// How a clock starts: the section `[clock]` of the configuration.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(try_from = "Written")]
pub struct ClockSetting {
    /// How time goes on.
    pub mode: ClockMode,
    /// The time to start from; the real time if it is absent. The mode `system` is real time, whatever this says.
    pub now: Option<Timestamp>,
    /// Instead of a time: how far ahead of real time.
    pub offset: Option<SignedDuration>,
    /// Speed, for the mode `scaled`.
    pub rate: Rate,
    /// How far a frozen clock moves by itself after an answer that tells a client to wait.
    pub auto_advance: Option<SignedDuration>,
}

/// How time goes on.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockMode {
    /// From its own now, at the speed of real time.
    #[default]
    Running,
    /// Not at all, until it is moved.
    Frozen,
    /// From its own now, faster or slower than real time.
    Scaled,
    /// As real time.
    System,
}

/// A change of a clock. What is absent stays as it is.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClockChange {
    /// How time goes on.
    pub mode: Option<ClockMode>,
    /// The time.
    pub now: Option<Time>,
    /// Instead of a time: how far ahead of real time.
    pub offset: Option<Step>,
    /// Speed; the mode is then `scaled`.
    pub rate: Option<Rate>,
    /// How far a frozen clock moves by itself after an answer that tells a client to wait; null for not at all.
    pub(crate) auto_advance: Nullable<Span>,
}

/// A setting as people write it: like a change, with short forms for the two commonest.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Written {
    mode: Option<ClockMode>,
    now: Option<Time>,
    offset: Option<Step>,
    rate: Option<Rate>,
    auto_advance: Option<Span>,
    /// Frozen at this time.
    frozen: Option<Time>,
    /// Running from this time.
    running: Option<Time>,
}

/// What a clock cannot do.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum InvalidClock {
    /// Real time cannot be set.
    #[error("the mode system is real time; leave now, offset and rate out, or use running")]
    System,
    /// Two places to start from.
    #[error("give now or offset, not both")]
    NowAndOffset,
    /// A frozen clock has a time only.
    #[error("a frozen clock has no rate and no offset; leave them out, or use running or scaled")]
    Frozen,
    /// A rate belongs to the mode `scaled`.
    #[error("a rate belongs to the mode scaled")]
    Rate,
    /// The mode `scaled` needs a rate.
    #[error("the mode scaled needs a rate, such as 60 for a minute in a second")]
    NoRate,
    /// A short form beside the long one.
    #[error("give frozen, running, or the long form with mode; not two of them")]
    TwoForms,
    /// The offset leads out of the years that a clock can show.
    #[error("the clock cannot leave the years -9999 to 9999")]
    OutOfRange,
}

/// Seconds of a clock in a real second: above 0, at most a million.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
#[serde(try_from = "f64")]
pub struct Rate(f64);

/// A number that is no rate.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("{0} is not a rate; allowed: above 0, at most 1000000 seconds in a real second")]
pub struct NotARate(f64);

/// A time as text or as unix milliseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Time(pub Timestamp);

/// A duration as text or as milliseconds, forward or back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step(pub SignedDuration);

// === impl ClockSetting ===

impl TryFrom<Written> for ClockSetting {
    type Error = InvalidClock;

    fn try_from(written: Written) -> Result<Self, InvalidClock> {
        let Written { mode, now, offset, rate, auto_advance, frozen, running } = written;
        let (mode, now) = match (frozen, running, mode, now) {
            (None, None, mode, now) => (mode, now),
            (Some(time), None, None, None) => (Some(ClockMode::Frozen), Some(time)),
            (None, Some(time), None, None) => (Some(ClockMode::Running), Some(time)),
            _ => return Err(InvalidClock::TwoForms),
        };
        let mode = mode.unwrap_or(if rate.is_some() { ClockMode::Scaled } else { ClockMode::Running });
        ClockChange { now, offset, rate, ..ClockChange::default() }.check(mode)?;
        if mode == ClockMode::Scaled && rate.is_none() {
            return Err(InvalidClock::NoRate);
        }
        Ok(Self {
            mode,
            now: now.map(|Time(now)| now),
            offset: offset.map(|Step(offset)| offset),
            rate: rate.unwrap_or_default(),
            auto_advance: auto_advance.map(Span::signed),
        })
    }
}

// === impl ClockChange ===

impl ClockChange {
    /// Whether it says anything.
    pub fn is_empty(&self) -> bool {
        let Self { mode, now, offset, rate, auto_advance } = self;
        mode.is_none() && now.is_none() && offset.is_none() && rate.is_none() && auto_advance.is_absent()
    }

    /// Whether its parts go together under the mode that is to come.
    pub(super) fn check(&self, mode: ClockMode) -> Result<(), InvalidClock> {
        if self.now.is_some() && self.offset.is_some() {
            return Err(InvalidClock::NowAndOffset);
        }
        match mode {
            ClockMode::System if self.now.is_some() || self.offset.is_some() || self.rate.is_some() => {
                Err(InvalidClock::System)
            }
            ClockMode::Frozen if self.rate.is_some() || self.offset.is_some() => Err(InvalidClock::Frozen),
            ClockMode::Running if self.rate.is_some() => Err(InvalidClock::Rate),
            ClockMode::System | ClockMode::Frozen | ClockMode::Running | ClockMode::Scaled => Ok(()),
        }
    }
}

// === impl Rate ===

impl Rate {
    /// The speed of real time.
    pub const REAL: Self = Self(1.0);

    /// As a number.
    pub fn get(self) -> f64 {
        self.0
    }

    /// What a real duration is on a clock of this rate, to the millisecond.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "exact for 285,000 years")]
    pub(super) fn of(self, real: SignedDuration) -> SignedDuration {
        if self == Self::REAL {
            return real;
        }
        SignedDuration::from_millis((real.as_millis() as f64 * self.0).round() as i64)
    }

    /// How long a duration of a clock of this rate takes in real time.
    pub(super) fn real(self, virtual_time: SignedDuration) -> std::time::Duration {
        let seconds = virtual_time.as_secs_f64().max(0.0) / self.0;
        std::time::Duration::try_from_secs_f64(seconds).unwrap_or(std::time::Duration::MAX)
    }
}

impl Default for Rate {
    fn default() -> Self {
        Self::REAL
    }
}

impl TryFrom<f64> for Rate {
    type Error = NotARate;

    fn try_from(rate: f64) -> Result<Self, NotARate> {
        if rate > 0.0 && rate <= 1e6 { Ok(Self(rate)) } else { Err(NotARate(rate)) }
    }
}

// === reading times and steps ===

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time in quotes, like \"2026-01-01T00:00:00Z\", or unix milliseconds")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Time, E> {
        let wrong =
            |error| E::custom(format!("{text:?} is not a time; write it like \"2026-01-01T00:00:00Z\": {error}"));
        text.parse().map(Time).map_err(wrong)
    }

    fn visit_i64<E: Error>(self, millis: i64) -> Result<Time, E> {
        Timestamp::from_millisecond(millis).map(Time).map_err(E::custom)
    }

    fn visit_u64<E: Error>(self, millis: u64) -> Result<Time, E> {
        i64::try_from(millis).map_err(E::custom).and_then(|millis| self.visit_i64(millis))
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TimeVisitor)
    }
}

struct StepVisitor;

impl Visitor<'_> for StepVisitor {
    type Value = Step;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration like \"24h\" or \"-90s\", or milliseconds")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Step, E> {
        let wrong = || E::custom(format!("{text:?} is not a duration; write it like \"24h\", \"2h30m\" or \"-90s\""));
        parse_signed(text).map(Step).ok_or_else(wrong)
    }

    fn visit_i64<E: Error>(self, millis: i64) -> Result<Step, E> {
        Ok(Step(SignedDuration::from_millis(millis)))
    }

    fn visit_u64<E: Error>(self, millis: u64) -> Result<Step, E> {
        i64::try_from(millis).map_err(E::custom).and_then(|millis| self.visit_i64(millis))
    }
}

impl<'de> Deserialize<'de> for Step {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StepVisitor)
    }
}

impl Serialize for Step {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{:#}", self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_and_long_forms_say_the_same() {
        let read = |json| serde_json::from_str::<ClockSetting>(json).map_err(|error| error.to_string());
        let long = read(r#"{"mode":"frozen","now":"2026-01-01T00:00:00Z"}"#).unwrap();
        assert_eq!(read(r#"{"frozen":"2026-01-01T00:00:00Z"}"#).unwrap(), long);
        assert_eq!(read(r#"{"frozen":1767225600000}"#).unwrap(), long);
        assert_eq!(read(r#"{"rate":60}"#).unwrap().mode, ClockMode::Scaled);
        for (json, expected) in [
            (r#"{"mode":"system","rate":2}"#, "the mode system is real time"),
            (r#"{"frozen":0,"mode":"running"}"#, "give frozen, running, or the long form"),
            (r#"{"mode":"frozen","rate":2}"#, "a frozen clock has no rate"),
            (r#"{"mode":"running","rate":2}"#, "a rate belongs to the mode scaled"),
            (r#"{"mode":"scaled"}"#, "the mode scaled needs a rate"),
            (r#"{"now":0,"offset":"1s"}"#, "give now or offset"),
            (r#"{"rate":0}"#, "0 is not a rate"),
            (r#"{"rate":1000001}"#, "1000001 is not a rate"),
        ] {
            assert!(read(json).unwrap_err().contains(expected), "{json}: {:?}", read(json));
        }
    }
}
