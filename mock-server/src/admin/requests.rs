//! `/__admin/requests`: the sandbox's journal.

use std::sync::Arc;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::Json;
use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::{AdminProblem, Segment, Selected};
use crate::journal::EntryView;

const DEFAULT_LIMIT: usize = 1000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Selection {
    /// Only exchanges with a higher id.
    #[serde(default)]
    after: u64,
    /// The newest so many.
    limit: Option<usize>,
}

#[derive(Debug, Serialize)]
pub(super) struct Listing {
    /// Recorded since the start or the last reset.
    total: u64,
    /// How many of them made room.
    evicted: u64,
    /// Newest last.
    requests: Vec<EntryView>,
}

pub(super) async fn list(
    Selected(sandbox): Selected,
    selection: Result<Query<Selection>, QueryRejection>,
) -> Result<Json<Listing>, AdminProblem> {
    let Query(selection) = selection.map_err(|rejection| {
        AdminProblem::new(StatusCode::BAD_REQUEST, format!("{}; allowed: after, limit", rejection.body_text()))
    })?;
    let page = sandbox.journal.page(selection.after, selection.limit.unwrap_or(DEFAULT_LIMIT));
    let view = |entry: &Arc<_>| EntryView::new(entry, &sandbox.id, &sandbox.redactor);
    Ok(Json(Listing { total: page.total, evicted: page.evicted, requests: page.entries.iter().map(view).collect() }))
}

pub(super) async fn one(Selected(sandbox): Selected, Segment(id): Segment) -> Result<Json<EntryView>, AdminProblem> {
    let entry = id.parse().ok().and_then(|id| sandbox.journal.entry(id));
    let entry = entry.ok_or_else(|| {
        AdminProblem::not_found("there is no exchange of that number, or it made room for newer ones")
    })?;
    Ok(Json(EntryView::new(&entry, &sandbox.id, &sandbox.redactor)))
}

pub(super) async fn clear(Selected(sandbox): Selected) -> StatusCode {
    sandbox.journal.clear();
    StatusCode::NO_CONTENT
}
