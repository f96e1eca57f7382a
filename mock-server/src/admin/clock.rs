//! `/__admin/clock`: the sandbox's time.

use std::fmt;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use jiff::{SignedDuration, Timestamp};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{AdminJson, AdminProblem};
use crate::app::App;
use crate::clock::{Clock, ClockMode};
use crate::config::parse_signed;

#[derive(Debug, Serialize)]
pub(super) struct ClockView {
    mode: ClockMode,
    now: String,
    now_ms: i64,
    /// Seconds of this clock in a real second.
    rate: u8,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetClock {
    /// Absent: as it is.
    mode: Option<ClockMode>,
    /// Absent: from where it is.
    now: Option<Time>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Advance {
    by: Step,
}

/// A time as text or as unix milliseconds.
#[derive(Clone, Copy, Debug)]
struct Time(Timestamp);

/// A duration as text or as milliseconds, forward or back.
#[derive(Clone, Copy, Debug)]
struct Step(SignedDuration);

pub(super) async fn show(State(app): State<Arc<App>>) -> Json<ClockView> {
    Json(ClockView::of(&app.sandbox.clock))
}

pub(super) async fn set(
    State(app): State<Arc<App>>,
    AdminJson(body): AdminJson<SetClock>,
) -> Result<Json<ClockView>, AdminProblem> {
    let clock = &app.sandbox.clock;
    let now = body.now.map(|Time(now)| now);
    let mode = match (body.mode, now) {
        (None, None) => return Err(AdminProblem::unprocessable("give mode, now, or both")),
        (Some(ClockMode::System), Some(_)) => {
            return Err(AdminProblem::unprocessable("the mode system is real time; leave now out, or use running"));
        }
        (Some(mode), _) => mode,
        // A clock that ran with real time cannot both stay there and be set.
        (None, Some(_)) if clock.mode() == ClockMode::System => ClockMode::Running,
        (None, Some(_)) => clock.mode(),
    };
    clock.set(mode, now);
    Ok(Json(ClockView::of(clock)))
}

pub(super) async fn advance(
    State(app): State<Arc<App>>,
    AdminJson(body): AdminJson<Advance>,
) -> Result<Json<ClockView>, AdminProblem> {
    let clock = &app.sandbox.clock;
    clock.advance(body.by.0).map_err(|error| AdminProblem::unprocessable(error.to_string()).at(Some("by")))?;
    Ok(Json(ClockView::of(clock)))
}

// === impl ClockView ===

impl ClockView {
    fn of(clock: &Clock) -> Self {
        let (now, mode) = (clock.now(), clock.mode());
        let rate = u8::from(mode != ClockMode::Frozen);
        Self { mode, now: now.to_string(), now_ms: now.as_millisecond(), rate }
    }
}

// === reading times and steps ===

struct TimeVisitor;

impl Visitor<'_> for TimeVisitor {
    type Value = Time;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time like \"2026-01-01T00:00:00Z\", or unix milliseconds")
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
