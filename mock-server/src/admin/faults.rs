//! `/__admin/faults`: the sandbox's rules, and the packs that ship.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::Json;
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{AdminJson, AdminProblem, Segment, Selected};
use crate::fault::{CannotChange, InvalidRule, RuleSpec, RuleView, packs};

/// Which rules a deletion is about.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    pack: Option<String>,
}

pub(super) async fn list(Selected(sandbox): Selected) -> Json<Value> {
    let now = sandbox.clock.now();
    let unfired: Vec<String> = sandbox.faults.unfired(now).into_iter().map(|rule| rule.id).collect();
    Json(json!({ "faults": sandbox.faults.list(now), "unfired": unfired }))
}

pub(super) async fn add(
    Selected(sandbox): Selected,
    AdminJson(rule): AdminJson<RuleSpec>,
) -> Result<(StatusCode, Json<Value>), AdminProblem> {
    let is_pack = rule.pack.is_some();
    let (directory, now) = (sandbox.directory(), sandbox.clock.now());
    let ids = sandbox.faults.add(rule, &sandbox.premises(&directory, now))?;
    let made = if is_pack { json!({ "ids": ids }) } else { json!({ "id": ids.first() }) };
    Ok((StatusCode::CREATED, Json(made)))
}

pub(super) async fn one(Selected(sandbox): Selected, Segment(id): Segment) -> Result<Json<RuleView>, AdminProblem> {
    sandbox.faults.get(&id, sandbox.clock.now()).map(Json).ok_or_else(|| none(&id))
}

pub(super) async fn change(
    Selected(sandbox): Selected,
    Segment(id): Segment,
    AdminJson(patch): AdminJson<Map<String, Value>>,
) -> Result<Json<RuleView>, AdminProblem> {
    let (directory, now) = (sandbox.directory(), sandbox.clock.now());
    let changed = sandbox.faults.change(&id, &Value::Object(patch), &sandbox.premises(&directory, now));
    changed.map(Json).map_err(|error| match error {
        CannotChange::NotFound => none(&id),
        CannotChange::Syntax { path, error } => super::json::explain(&error).at_path(&path),
        CannotChange::Invalid(error) => error.into(),
    })
}

pub(super) async fn remove(Selected(sandbox): Selected, Segment(id): Segment) -> Result<StatusCode, AdminProblem> {
    if sandbox.faults.remove(&id) { Ok(StatusCode::NO_CONTENT) } else { Err(none(&id)) }
}

pub(super) async fn clear(
    Selected(sandbox): Selected,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<StatusCode, AdminProblem> {
    let Query(Which { pack }) =
        which.map_err(|rejection| AdminProblem::new(StatusCode::BAD_REQUEST, rejection.body_text()))?;
    match pack {
        None => sandbox.faults.clear(),
        Some(pack) if sandbox.faults.remove_pack(&pack) => {}
        Some(pack) => return Err(AdminProblem::not_found(format!("there are no rules of a pack {pack:?}"))),
    }
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn list_packs() -> Json<Value> {
    Json(
        json!({ "packs": packs().map(|(name, pack)| json!({ "name": name, "about": pack.about, "rules": pack.rules })).collect::<Vec<_>>() }),
    )
}

fn none(id: &str) -> AdminProblem {
    AdminProblem::not_found(format!("there is no rule {id:?}; GET …/faults lists them"))
}

impl From<InvalidRule> for AdminProblem {
    fn from(error: InvalidRule) -> Self {
        Self::unprocessable(error.to_string()).at(error.field()).suggest(error.suggestion())
    }
}
