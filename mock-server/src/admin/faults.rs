//! `/__admin/faults`: the sandbox's rules.

use axum::response::Json;
use http::StatusCode;
use serde_json::{Value, json};

use super::{AdminJson, AdminProblem, Segment, Selected};
use crate::fault::{InvalidRule, RuleSpec, RuleView};

pub(super) async fn list(Selected(sandbox): Selected) -> Json<Value> {
    let faults: Vec<RuleView> = sandbox.faults.list();
    Json(json!({ "faults": faults }))
}

pub(super) async fn add(
    Selected(sandbox): Selected,
    AdminJson(rule): AdminJson<RuleSpec>,
) -> Result<(StatusCode, Json<Value>), AdminProblem> {
    let id = sandbox.faults.add(rule, &sandbox.directory())?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}

pub(super) async fn remove(Selected(sandbox): Selected, Segment(id): Segment) -> Result<StatusCode, AdminProblem> {
    if sandbox.faults.remove(&id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(AdminProblem::not_found(format!("there is no rule {id:?}; GET /__admin/faults lists them")))
    }
}

pub(super) async fn clear(Selected(sandbox): Selected) -> StatusCode {
    sandbox.faults.clear();
    StatusCode::NO_CONTENT
}

impl From<InvalidRule> for AdminProblem {
    fn from(error: InvalidRule) -> Self {
        Self::unprocessable(error.to_string()).at(error.field()).suggest(error.suggestion())
    }
}
