//! The only door to time. Every sandbox has a clock of its own; one request reads it once.
//!
//! The clock decides what clients can see: token life, `Date`, `Created`, journal stamps. Time limits of sockets are not
//! its business: they run on the real clock in the room `connection`.

mod setting;
mod wait;

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::Notify;

use crate::json::Nullable;

pub use setting::{ClockChange, ClockMode, ClockSetting, InvalidClock, Rate, Step, Time};

/// A clock that runs beside real time, faster or slower, or stands still.
#[derive(Debug)]
pub struct Clock {
    /// What the clock goes back to on reset.
    origin: ClockSetting,
    state: Mutex<State>,
    /// For those who wait for a time.
    changed: Notify,
}

/// The step would lead out of the years -9999 to 9999.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the clock cannot leave the years -9999 to 9999")]
pub struct OutOfRange;

/// A clock as it is at one moment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// How time goes on.
    pub mode: ClockMode,
    /// The time.
    pub now: Timestamp,
    /// Seconds of this clock in a real second; 0 for a frozen one.
    pub rate: f64,
    /// How far it is ahead of the machine's time.
    pub offset: SignedDuration,
    /// How far a frozen clock moves by itself after an answer that tells a client to wait.
    pub auto_advance: Option<SignedDuration>,
}

#[derive(Clone, Copy, Debug)]
struct State {
    motion: Motion,
    auto_advance: Option<SignedDuration>,
}

#[derive(Clone, Copy, Debug)]
enum Motion {
    Still(Timestamp),
    /// At the real time `since` the clock showed `from`; it has gone on at `rate` from there.
    Going {
        since: Timestamp,
        from: Timestamp,
        rate: Rate,
    },
}

// === impl Clock ===

impl Clock {
    /// Starts a clock.
    pub fn new(origin: ClockSetting) -> Self {
        Self { origin, state: Mutex::new(State::starting(origin, real_now())), changed: Notify::new() }
    }

    /// The time, cut to whole milliseconds: the unit of both vendors.
    pub fn now(&self) -> Timestamp {
        let state = *self.lock();
        state.motion.now(real_now())
    }

    /// The clock as it is now.
    pub fn read(&self) -> Reading {
        let (state, real) = (*self.lock(), real_now());
        let now = state.motion.now(real);
        let offset = now.duration_since(real);
        let (mode, rate) = match state.motion {
            Motion::Still(_) => (ClockMode::Frozen, 0.0),
            Motion::Going { rate, .. } if rate != Rate::REAL => (ClockMode::Scaled, rate.get()),
            Motion::Going { .. } if offset.is_zero() => (ClockMode::System, 1.0),
            Motion::Going { .. } => (ClockMode::Running, 1.0),
        };
        Reading { mode, now, rate, offset, auto_advance: state.auto_advance }
    }

    /// Freezes, sets, scales or lets run. What the change does not speak of stays as it is.
    pub fn set(&self, change: ClockChange) -> Result<(), InvalidClock> {
        let mut state = self.lock();
        let real = real_now();
        let now = state.motion.now(real);
        // A clock that ran with real time cannot both stay there and be set.
        let mode = match (change.mode, state.motion) {
            (Some(mode), _) => mode,
            (None, _) if change.rate.is_some() => ClockMode::Scaled,
            (None, Motion::Still(_)) if change.offset.is_none() => ClockMode::Frozen,
            (None, Motion::Going { rate, .. }) if rate != Rate::REAL && change.offset.is_none() => ClockMode::Scaled,
            (None, _) => ClockMode::Running,
        };
        change.check(mode)?;
        let is_scaled = matches!(state.motion, Motion::Going { rate, .. } if rate != Rate::REAL);
        if mode == ClockMode::Scaled && change.rate.is_none() && !is_scaled {
            return Err(InvalidClock::NoRate);
        }
        let rate = match (mode, change.rate, state.motion) {
            (ClockMode::Scaled, Some(rate), _) | (ClockMode::Scaled, None, Motion::Going { rate, .. }) => rate,
            _ => Rate::REAL,
        };
        let from = match (mode, change.now, change.offset) {
            (ClockMode::System, ..) => real,
            (_, Some(Time(time)), _) => time,
            (_, None, Some(Step(offset))) => real.checked_add(offset).map_err(|_| InvalidClock::OutOfRange)?,
            (_, None, None) => now,
        };
        state.motion = Motion::starting(mode, from, rate, real);
        state.auto_advance = match change.auto_advance {
            Nullable::Absent => state.auto_advance,
            Nullable::Null => None,
            Nullable::Given(span) => Some(span.signed()),
        };
        drop(state);
        self.changed.notify_waiters();
        Ok(())
    }

    /// Moves the clock, forward or back, whatever its mode. Returns the new time.
    pub fn advance(&self, by: SignedDuration) -> Result<Timestamp, OutOfRange> {
        self.step(|now| now.checked_add(by).map_err(|_| OutOfRange))
    }

    /// Moves the clock to a time, forward or back, whatever its mode.
    pub fn advance_to(&self, to: Timestamp) -> Timestamp {
        self.step(|_| Ok::<_, std::convert::Infallible>(whole_millis(to))).unwrap_or(to)
    }

    /// After an answer that tells a client to wait: a frozen clock with `auto_advance` moves on by so much.
    pub(crate) fn let_wait(&self) {
        let mut state = self.lock();
        if let State { motion: Motion::Still(now), auto_advance: Some(by) } = *state {
            state.motion = Motion::Still(now.checked_add(by).unwrap_or(Timestamp::MAX));
            drop(state);
            self.changed.notify_waiters();
        }
    }

    /// Back to how it was configured.
    pub fn reset(&self) {
        *self.lock() = State::starting(self.origin, real_now());
        self.changed.notify_waiters();
    }

    fn step<E>(&self, step: impl FnOnce(Timestamp) -> Result<Timestamp, E>) -> Result<Timestamp, E> {
        let mut state = self.lock();
        let real = real_now();
        let target = step(state.motion.now(real))?;
        state.motion = match state.motion {
            Motion::Still(_) => Motion::Still(target),
            Motion::Going { rate, .. } => Motion::Going { since: real, from: target, rate },
        };
        drop(state);
        self.changed.notify_waiters();
        Ok(target)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl State ===

impl State {
    fn starting(setting: ClockSetting, real: Timestamp) -> Self {
        let from = match (setting.mode, setting.now, setting.offset) {
            (ClockMode::System, ..) => real,
            (_, Some(now), _) => now,
            (_, None, offset) => real.checked_add(offset.unwrap_or_default()).unwrap_or(Timestamp::MAX),
        };
        let motion = Motion::starting(setting.mode, from, setting.rate, real);
        Self { motion, auto_advance: setting.auto_advance }
    }
}

// === impl Motion ===

impl Motion {
    fn starting(mode: ClockMode, from: Timestamp, rate: Rate, real: Timestamp) -> Self {
        let from = whole_millis(from);
        match mode {
            ClockMode::Frozen => Self::Still(from),
            ClockMode::Running | ClockMode::System | ClockMode::Scaled => Self::Going { since: real, from, rate },
        }
    }

    fn now(self, real: Timestamp) -> Timestamp {
        match self {
            Self::Still(now) => now,
            Self::Going { since, from, rate } => {
                // Real time runs on; near the end of the range the clock stops.
                from.checked_add(rate.of(real.duration_since(since))).unwrap_or(Timestamp::MAX)
            }
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

    fn clock(setting: &str) -> Clock {
        Clock::new(toml::from_str(setting).unwrap())
    }

    fn frozen_at(text: &str) -> Clock {
        clock(&format!("mode = 'frozen'\nnow = '{text}'"))
    }

    fn change(json: &str) -> ClockChange {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_frozen_clock_moves_only_when_told() {
        let clock = frozen_at("2026-01-01T00:00:00Z");
        assert_eq!(clock.now().to_string(), "2026-01-01T00:00:00Z");
        clock.advance(SignedDuration::from_hours(24)).unwrap();
        assert_eq!(clock.now().to_string(), "2026-01-02T00:00:00Z");
        clock.advance(SignedDuration::from_millis(-1)).unwrap();
        assert_eq!(clock.now().to_string(), "2026-01-01T23:59:59.999Z");
        clock.advance_to("2025-01-01T00:00:00.0009Z".parse().unwrap());
        assert_eq!(clock.now().to_string(), "2025-01-01T00:00:00Z");
    }

    #[test]
    fn a_running_clock_keeps_its_offset() {
        let clock = Clock::new(ClockSetting::default());
        assert_eq!(clock.read().mode, ClockMode::System);
        clock.advance(SignedDuration::from_hours(24)).unwrap();
        let reading = clock.read();
        assert_eq!((reading.mode, reading.offset), (ClockMode::Running, SignedDuration::from_hours(24)));
        clock.set(change(r#"{"mode":"system"}"#)).unwrap();
        assert_eq!(clock.read().mode, ClockMode::System);
        clock.set(change(r#"{"offset":"-5m"}"#)).unwrap();
        assert_eq!((clock.read().mode, clock.read().offset), (ClockMode::Running, SignedDuration::from_mins(-5)));
    }

    #[test]
    fn a_scaled_clock_goes_on_at_its_rate() {
        let (since, from): (Timestamp, Timestamp) =
            ("2030-01-01T00:00:00Z".parse().unwrap(), "2026-01-01T00:00:00Z".parse().unwrap());
        let motion = |rate: f64| {
            let rate = Rate::try_from(rate).unwrap();
            Motion::Going { since, from, rate }.now(since + SignedDuration::from_millis(1500)).duration_since(from)
        };
        assert_eq!(motion(60.0), SignedDuration::from_secs(90));
        assert_eq!(motion(0.5), SignedDuration::from_millis(750));
        assert_eq!(motion(1.0), SignedDuration::from_millis(1500));
        let clock = frozen_at("2026-01-01T00:00:00Z");
        clock.set(change(r#"{"rate":3600}"#)).unwrap();
        assert_eq!((clock.read().mode, clock.read().rate), (ClockMode::Scaled, 3600.0));
        clock.set(change(r#"{"mode":"frozen"}"#)).unwrap();
        assert!(clock.read().rate.abs() < f64::EPSILON);
        assert!(clock.now().to_string().starts_with("2026-01-01T"), "it goes on from where it was");
    }

    #[test]
    fn a_change_keeps_what_it_does_not_name() {
        let clock = frozen_at("2026-01-01T00:00:00Z");
        clock.set(change(r#"{"now":"2027-01-01T00:00:00Z","auto_advance":"1s"}"#)).unwrap();
        assert_eq!(
            (clock.read().mode, clock.now().to_string()),
            (ClockMode::Frozen, "2027-01-01T00:00:00Z".to_owned())
        );
        clock.let_wait();
        clock.set(change(r#"{"mode":"frozen"}"#)).unwrap();
        clock.let_wait();
        assert_eq!(clock.now().to_string(), "2027-01-01T00:00:02Z");
        clock.set(change(r#"{"auto_advance":null}"#)).unwrap();
        clock.let_wait();
        assert_eq!(clock.now().to_string(), "2027-01-01T00:00:02Z");
    }

    #[test]
    fn reset_goes_back_to_the_configured_time() {
        let clock = frozen_at("2026-01-01T00:00:00Z");
        clock.set(change(r#"{"mode":"running"}"#)).unwrap();
        clock.reset();
        let reading = clock.read();
        assert_eq!((reading.mode, reading.now.as_millisecond()), (ClockMode::Frozen, 1_767_225_600_000));
    }

    #[test]
    fn a_step_out_of_range_is_refused_and_changes_nothing() {
        let clock = frozen_at("9999-12-30T00:00:00Z");
        assert!(clock.advance(SignedDuration::from_hours(24 * 365)).is_err());
        assert_eq!(clock.now().to_string(), "9999-12-30T00:00:00Z");
    }
}
