//! `/__admin/limits`: how much each client, branch, account or token may ask for.

use axum::response::Json;
use http::StatusCode;
use serde_json::{Value, json};

use super::{AdminJson, AdminProblem, Segment, Selected};
use crate::limit::LimitSpec;

pub(super) async fn list(Selected(sandbox): Selected) -> Json<Value> {
    Json(json!({ "limits": sandbox.limits.list() }))
}

pub(super) async fn add(
    Selected(sandbox): Selected,
    AdminJson(limit): AdminJson<LimitSpec>,
) -> Result<(StatusCode, Json<Value>), AdminProblem> {
    let id = sandbox.limits.add(limit, &sandbox.directory())?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))))
}

pub(super) async fn remove(Selected(sandbox): Selected, Segment(id): Segment) -> Result<StatusCode, AdminProblem> {
    if sandbox.limits.remove(&id) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(AdminProblem::not_found(format!("there is no limit {id:?}; GET …/limits lists them")))
    }
}

pub(super) async fn clear(Selected(sandbox): Selected) -> StatusCode {
    sandbox.limits.clear();
    StatusCode::NO_CONTENT
}
