//! `/__admin/reset`: back to the seed.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use http::StatusCode;
use serde::Deserialize;

use super::{AdminJson, AdminProblem, Selected};
use crate::app::App;

/// No members so far; a stranger is an error rather than a misunderstanding.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reset {}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scope {
    /// Every sandbox instead of one.
    #[serde(default)]
    all: bool,
}

pub(super) async fn reset(
    State(app): State<Arc<App>>,
    Selected(sandbox): Selected,
    scope: Result<Query<Scope>, QueryRejection>,
    _: AdminJson<Reset>,
) -> Result<StatusCode, AdminProblem> {
    let Query(Scope { all }) = scope.map_err(|rejection| {
        AdminProblem::new(StatusCode::BAD_REQUEST, format!("{}; allowed: all=true", rejection.body_text()))
    })?;
    let sandboxes = if all { app.sandboxes.all() } else { vec![sandbox] };
    for sandbox in sandboxes {
        sandbox.reset()?;
    }
    Ok(StatusCode::NO_CONTENT)
}
