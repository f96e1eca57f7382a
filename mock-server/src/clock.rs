//! The only door to time. Every sandbox has a clock of its own; one request reads it once.
//!
//! The clock decides what clients can see: token life, `Date`, `Created`, journal stamps. Time limits of sockets are not
//! its business: they run on the real clock in the room `connection`.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// A clock that runs beside real time, or stands still.
#[derive(Debug)]
pub struct Clock {
    /// What the clock goes back to on reset.
    origin: ClockSetting,
    state: Mutex<State>,
}

/// How a clock starts: the section `[clock]` of the configuration.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields, default)]
pub struct ClockSetting {
    /// Whether time goes on by itself.
    pub mode: ClockMode,
    /// The time to start from; the real time if it is absent. The mode `system` is real time, whatever this says.
    #[serde(deserialize_with = "quoted_time")]
    pub now: Option<Timestamp>,
}

/// Says what to write where a TOML date stands without quotes.
fn quoted_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    struct Quoted;

    impl Visitor<'_> for Quoted {
        type Value = Option<Timestamp>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a time in quotes, like \"2026-01-01T00:00:00Z\"")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            text.parse().map(Some).map_err(|_| E::invalid_value(Unexpected::Str(text), &self))
        }
    }

    deserializer.deserialize_any(Quoted)
}

/// Whether time goes on by itself.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ClockMode {
    /// Goes on from its own now, at the speed of real time.
    #[default]
    Running,
    /// Stands still until it is moved.
    Frozen,
    /// Rejoins real time.
    System,
}

/// The step would lead out of the years -9999 to 9999.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the clock cannot leave the years -9999 to 9999")]
pub struct OutOfRange;

#[derive(Clone, Copy, Debug)]
enum State {
    Running { offset: SignedDuration },
    Frozen { now: Timestamp },
}

// === impl Clock ===

impl Clock {
    /// Starts a clock.
    pub fn new(origin: ClockSetting) -> Self {
        Self { origin, state: Mutex::new(State::from_setting(origin, real_now())) }
    }

    /// The time, cut to whole milliseconds: the unit of both vendors.
    pub fn now(&self) -> Timestamp {
        let state = *self.lock();
        state.now(real_now())
    }

    /// The mode as users see it: a running clock without offset is `system`.
    pub fn mode(&self) -> ClockMode {
        match *self.lock() {
            State::Running { offset } if offset.is_zero() => ClockMode::System,
            State::Running { .. } => ClockMode::Running,
            State::Frozen { .. } => ClockMode::Frozen,
        }
    }

    /// Freezes, sets, or lets run. Without a time a `Running` or `Frozen` clock goes on from where it is.
    pub fn set(&self, mode: ClockMode, now: Option<Timestamp>) {
        let mut state = self.lock();
        let real = real_now();
        let now = now.unwrap_or_else(|| state.now(real));
        *state = State::from_setting(ClockSetting { mode, now: Some(now) }, real);
    }

    /// Moves the clock, forward or back, whatever its mode. Returns the new time.
    pub fn advance(&self, by: SignedDuration) -> Result<Timestamp, OutOfRange> {
        let mut state = self.lock();
        let real = real_now();
        let target = state.now(real).checked_add(by).map_err(|_| OutOfRange)?;
        *state = match *state {
            State::Frozen { .. } => State::Frozen { now: target },
            State::Running { .. } => State::Running { offset: target.duration_since(real) },
        };
        Ok(target)
    }

    /// Back to how it was configured.
    pub fn reset(&self) {
        *self.lock() = State::from_setting(self.origin, real_now());
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl State ===

impl State {
    fn from_setting(setting: ClockSetting, real: Timestamp) -> Self {
        let now = setting.now.map_or(real, whole_millis);
        match setting.mode {
            ClockMode::Running => Self::Running { offset: now.duration_since(real) },
            ClockMode::Frozen => Self::Frozen { now },
            ClockMode::System => Self::Running { offset: SignedDuration::ZERO },
        }
    }

    fn now(self, real: Timestamp) -> Timestamp {
        match self {
            Self::Frozen { now } => now,
            // Real time runs on while an offset near the end of the range stands still: stop there.
            Self::Running { offset } => real.checked_add(offset).unwrap_or(Timestamp::MAX),
        }
    }
}

/// The machine's time, for journal entries that show both clocks, and for the clocks themselves.
pub fn real_now() -> Timestamp {
    #[expect(clippy::disallowed_methods, reason = "this is the door that the ban points to")]
    let now = Timestamp::now();
    whole_millis(now)
}

fn whole_millis(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frozen_at(text: &str) -> Clock {
        Clock::new(ClockSetting { mode: ClockMode::Frozen, now: Some(text.parse().unwrap()) })
    }

    #[test]
    fn a_frozen_clock_moves_only_when_told() {
        let clock = frozen_at("2026-01-01T00:00:00Z");
        assert_eq!(clock.now().to_string(), "2026-01-01T00:00:00Z");
        clock.advance(SignedDuration::from_hours(24)).unwrap();
        assert_eq!(clock.now().to_string(), "2026-01-02T00:00:00Z");
        clock.advance(SignedDuration::from_millis(-1)).unwrap();
        assert_eq!(clock.now().to_string(), "2026-01-01T23:59:59.999Z");
    }

    #[test]
    fn a_running_clock_keeps_its_offset() {
        let clock = Clock::new(ClockSetting::default());
        assert_eq!(clock.mode(), ClockMode::System);
        clock.advance(SignedDuration::from_hours(24)).unwrap();
        let ahead = clock.now().duration_since(real_now());
        assert!(ahead > SignedDuration::from_hours(23), "{ahead}");
        assert_eq!(clock.mode(), ClockMode::Running);
        clock.set(ClockMode::System, None);
        assert_eq!(clock.mode(), ClockMode::System);
    }

    #[test]
    fn reset_goes_back_to_the_configured_time() {
        let clock = frozen_at("2026-01-01T00:00:00Z");
        clock.set(ClockMode::Running, None);
        clock.reset();
        assert_eq!((clock.mode(), clock.now().as_millisecond()), (ClockMode::Frozen, 1_767_225_600_000));
    }

    #[test]
    fn a_step_out_of_range_is_refused_and_changes_nothing() {
        let clock = frozen_at("9999-12-30T00:00:00Z");
        assert!(clock.advance(SignedDuration::from_hours(24 * 365)).is_err());
        assert_eq!(clock.now().to_string(), "9999-12-30T00:00:00Z");
    }
}
