//! `/__admin/reset`: back to the seed.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use http::StatusCode;
use serde::Deserialize;

use super::{AdminJson, AdminProblem};
use crate::app::App;

/// No members so far; a stranger is an error rather than a misunderstanding.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reset {}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scope {
    /// Every sandbox; there is one so far, so it changes nothing.
    #[expect(dead_code, reason = "read to be checked")]
    all: Option<bool>,
}

pub(super) async fn reset(
    State(app): State<Arc<App>>,
    scope: Result<Query<Scope>, QueryRejection>,
    _: AdminJson<Reset>,
) -> Result<StatusCode, AdminProblem> {
    scope.map_err(|rejection| {
        AdminProblem::new(StatusCode::BAD_REQUEST, format!("{}; allowed: all=true", rejection.body_text()))
    })?;
    app.sandbox.reset().map_err(|error| AdminProblem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(StatusCode::NO_CONTENT)
}
