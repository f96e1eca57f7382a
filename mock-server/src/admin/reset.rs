//! `/__admin/reset`: back to the seed.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;

use super::{AdminJson, AdminProblem};
use crate::app::App;

/// No members so far; a stranger is an error rather than a misunderstanding.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reset {}

pub(super) async fn reset(State(app): State<Arc<App>>, _: AdminJson<Reset>) -> Result<StatusCode, AdminProblem> {
    app.sandbox.reset().map_err(|error| AdminProblem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(StatusCode::NO_CONTENT)
}
