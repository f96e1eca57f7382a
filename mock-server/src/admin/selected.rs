//! Which sandbox an admin call is about, and which of its things.

use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use http::request::Parts;

use super::AdminProblem;
use crate::app::App;
use crate::sandbox::{Sandbox, X_MOCK_SANDBOX};
use crate::suggest::Unknown;

/// The sandbox in the path, else the one of the header, else `default`.
#[derive(Debug)]
pub(super) struct Selected(pub(super) Arc<Sandbox>);

/// The `{id}` in the path, decoded.
#[derive(Debug)]
pub(super) struct Segment(pub(super) String);

// === impl Selected ===

impl FromRequestParts<Arc<App>> for Selected {
    type Rejection = AdminProblem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, AdminProblem> {
        let header = parts.headers.get(X_MOCK_SANDBOX).map(|id| String::from_utf8_lossy(id.as_bytes()).into_owned());
        let Some(id) = parameter(parts, app, "sandbox").await?.or(header) else {
            return Ok(Self(Arc::clone(app.sandboxes.default())));
        };
        app.sandboxes.get(&id).map(Self).ok_or_else(|| no_sandbox(app, &id))
    }
}

/// There is no such sandbox.
pub(super) fn no_sandbox(app: &App, id: &str) -> AdminProblem {
    let unknown = Unknown::new("sandbox", id, app.sandboxes.ids().iter().map(String::as_str));
    AdminProblem::not_found(unknown.to_string()).suggest(unknown.suggestion)
}

// === impl Segment ===

impl FromRequestParts<Arc<App>> for Segment {
    type Rejection = AdminProblem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, AdminProblem> {
        Ok(Self(parameter(parts, app, "id").await?.unwrap_or_default()))
    }
}

async fn parameter(parts: &mut Parts, app: &Arc<App>, name: &str) -> Result<Option<String>, AdminProblem> {
    let unreadable = |_| AdminProblem::not_found("the path is not UTF-8, so it names nothing");
    let parameters = RawPathParams::from_request_parts(parts, app).await.map_err(unreadable)?;
    Ok(parameters.iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned()))
}
