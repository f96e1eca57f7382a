//! `/__admin/clock`: a sandbox's time.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Json;
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Number;

use super::{AdminJson, AdminProblem, Selected};
use crate::app::App;
use crate::clock::{Clock, ClockChange, ClockMode, InvalidClock, Reading, Step, Time};
use crate::config::Span;
use crate::sandbox::Sandbox;

#[derive(Debug, Serialize)]
pub(super) struct ClockView {
    mode: ClockMode,
    now: String,
    now_ms: i64,
    /// Seconds of this clock in a real second.
    rate: Number,
    /// How far it is ahead of the machine's time, if it does not stand still.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset_ms: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auto_advance_ms: Option<i64>,
    /// After a wait: whether its time has come.
    #[serde(skip_serializing_if = "Option::is_none")]
    reached: Option<bool>,
    /// What would help, if it has not.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Wait {
    /// A time as text or as unix milliseconds.
    until: Option<String>,
    /// On the real clock; 30 seconds if absent.
    timeout: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Advance {
    by: Option<Step>,
    to: Option<Time>,
    /// Only if no exchange is under way.
    if_idle: bool,
    /// Only if no more than so many exchanges ever came.
    arrived: Option<u64>,
}

/// Why a conditional step was not taken.
#[derive(Debug, Serialize)]
struct Busy {
    open: u64,
    arrived: u64,
}

const DEFAULT_PATIENCE: Span = Span::from_secs(30);
const LONGEST_PATIENCE: Span = Span::from_secs(10 * 60);

pub(super) async fn show(
    State(app): State<Arc<App>>,
    Selected(sandbox): Selected,
    wait: Result<Query<Wait>, QueryRejection>,
) -> Result<Json<ClockView>, AdminProblem> {
    let Query(wait) = wait.map_err(|rejection| {
        AdminProblem::new(StatusCode::BAD_REQUEST, format!("{}; allowed: until, timeout", rejection.body_text()))
    })?;
    let wrong = |field, detail: String| AdminProblem::new(StatusCode::BAD_REQUEST, detail).at(Some(field));
    let patience = match &wait.timeout {
        None => DEFAULT_PATIENCE,
        Some(text) => Span::from_text(text).map_err(|error| wrong("timeout", error.to_string()))?,
    };
    if patience.signed() > LONGEST_PATIENCE.signed() {
        return Err(wrong("timeout", format!("allowed: up to {LONGEST_PATIENCE}")));
    }
    let Some(until) = &wait.until else {
        return Ok(Json(ClockView::of(&sandbox.clock)));
    };
    let until = time(until).ok_or_else(|| {
        wrong("until", format!("{until:?} is not a time; write it like 2026-01-01T00:00:00Z, or as unix milliseconds"))
    })?;
    let visit = sandbox.visit();
    let reached = tokio::select! {
        reached = sandbox.clock.reached(until, patience.unsigned()) => reached,
        () = app.plumbing.drain.cancelled() => {
            let detail = "the server is shutting down";
            return Err(AdminProblem::new(StatusCode::SERVICE_UNAVAILABLE, detail));
        }
        () = sandbox.end.cancelled() => return Err(AdminProblem::not_found("the sandbox was deleted meanwhile")),
    };
    drop(visit);
    app.sandboxes.get(&sandbox.id);
    let mut view = ClockView::of(&sandbox.clock);
    if !reached && view.mode == ClockMode::Frozen {
        view.hint =
            Some(format!("the clock is frozen: it shows {until} only after POST …/clock/advance or PUT …/clock"));
    }
    view.reached = Some(reached);
    Ok(Json(view))
}

pub(super) async fn set(
    Selected(sandbox): Selected,
    AdminJson(change): AdminJson<ClockChange>,
) -> Result<Json<ClockView>, AdminProblem> {
    if change.is_empty() {
        return Err(AdminProblem::unprocessable("give mode, now, offset, rate or auto_advance"));
    }
    sandbox.clock.set(change)?;
    Ok(Json(ClockView::of(&sandbox.clock)))
}

pub(super) async fn advance(
    Selected(sandbox): Selected,
    AdminJson(advance): AdminJson<Advance>,
) -> Result<Json<ClockView>, AdminProblem> {
    let step = || step(&sandbox, &advance);
    let conditional = advance.if_idle || advance.arrived.is_some();
    let stepped = if conditional { sandbox.gate.if_idle(advance.arrived, step) } else { Ok(step()) };
    match stepped {
        Ok(result) => result.map(Json),
        Err(traffic) => {
            let busy = Busy { open: traffic.open, arrived: traffic.arrived };
            let detail = format!(
                "the clock was not moved; exchanges under way: {}, that ever came: {}",
                busy.open, busy.arrived
            );
            Err(AdminProblem::new(StatusCode::CONFLICT, detail).with("traffic", &busy))
        }
    }
}

fn step(sandbox: &Sandbox, advance: &Advance) -> Result<ClockView, AdminProblem> {
    match (advance.by, advance.to) {
        (Some(Step(by)), None) => {
            sandbox.clock.advance(by).map_err(|error| AdminProblem::unprocessable(error.to_string()).at(Some("by")))?;
        }
        (None, Some(Time(to))) => {
            sandbox.clock.advance_to(to);
        }
        _ => return Err(AdminProblem::unprocessable("give one of by and to").at(Some("by"))),
    }
    Ok(ClockView::of(&sandbox.clock))
}

/// Whole numbers without a fraction: 60, not 60.0.
fn number(rate: f64) -> Number {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a rate is 0 to a million")]
    let whole = rate as u64;
    let exact = Number::from_f64(rate).filter(|_| rate.fract() != 0.0);
    exact.unwrap_or_else(|| whole.into())
}

/// A time in a query, where everything is text.
fn time(text: &str) -> Option<Timestamp> {
    match text.parse::<i64>() {
        Ok(millis) => Timestamp::from_millisecond(millis).ok(),
        Err(_) => text.parse().ok(),
    }
}

// === impl ClockView ===

impl ClockView {
    fn of(clock: &Clock) -> Self {
        let Reading { mode, now, rate, offset, auto_advance } = clock.read();
        let millis = |duration: jiff::SignedDuration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        Self {
            mode,
            now: now.to_string(),
            now_ms: now.as_millisecond(),
            rate: number(rate),
            offset_ms: (mode != ClockMode::Frozen).then(|| millis(offset)),
            auto_advance_ms: auto_advance.map(millis),
            reached: None,
            hint: None,
        }
    }
}

impl From<InvalidClock> for AdminProblem {
    fn from(error: InvalidClock) -> Self {
        Self::unprocessable(error.to_string())
    }
}
