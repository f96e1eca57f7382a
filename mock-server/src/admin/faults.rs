//! `/__admin/faults`: the sandbox's rules.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::response::Json;
use http::StatusCode;
use serde_json::{Value, json};

use super::{AdminJson, AdminProblem};
use crate::app::App;
use crate::fault::{InvalidRule, RuleSpec, RuleView};

pub(super) async fn list(State(app): State<Arc<App>>) -> Json<Value> {
    let faults: Vec<RuleView> = app.sandbox.faults.list();
    Json(json!({ "faults": faults }))
}

pub(super) async fn add(
    State(app): State<Arc<App>>,
    AdminJson(rule): AdminJson<RuleSpec>,
) -> Result<(StatusCode, Json<Value>), AdminProblem> {
    let id = app.sandbox.faults.add(rule, &app.sandbox.directory)?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}

pub(super) async fn remove(
    State(app): State<Arc<App>>,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, AdminProblem> {
    let id = id.map(|Path(id)| id).unwrap_or_default();
    if app.sandbox.faults.remove(&id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(AdminProblem::not_found(format!("there is no rule {id:?}; GET /__admin/faults lists them")))
    }
}

pub(super) async fn clear(State(app): State<Arc<App>>) -> StatusCode {
    app.sandbox.faults.clear();
    StatusCode::NO_CONTENT
}

impl From<InvalidRule> for AdminProblem {
    fn from(error: InvalidRule) -> Self {
        Self::unprocessable(error.to_string()).at(error.field()).suggest(error.suggestion())
    }
}
