//! `/__admin/sandboxes`: universes of their own.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::selected::no_sandbox;
use super::{AdminJson, AdminProblem, Selected};
use crate::app::App;
use crate::credentials::Credentials;
use crate::sandbox::{CannotCreate, DEFAULT, NewSandbox, Sandbox};

pub(super) async fn list(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({ "sandboxes": app.sandboxes.list(), "limit": app.sandboxes.limit() }))
}

pub(super) async fn create(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    AdminJson(new): AdminJson<NewSandbox>,
) -> Result<(StatusCode, [(http::HeaderName, String); 1], Json<Value>), AdminProblem> {
    let sandbox = app.sandboxes.create(new)?;
    let location = format!("/__admin/sandboxes/{}", sandbox.id);
    Ok((StatusCode::CREATED, [(LOCATION, location)], Json(view(&app, &headers, &sandbox))))
}

pub(super) async fn one(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Selected(sandbox): Selected,
) -> Result<Json<Value>, AdminProblem> {
    let summary = app.sandboxes.summary(&sandbox.id).ok_or_else(|| no_sandbox(&app, &sandbox.id))?;
    let mut view = view(&app, &headers, &sandbox);
    view["exchanges"] = summary.exchanges.into();
    view["idle_ms"] = summary.idle_ms.into();
    view["ttl_ms"] = summary.ttl_ms.into();
    Ok(Json(view))
}

pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Selected(sandbox): Selected,
) -> Result<StatusCode, AdminProblem> {
    if &*sandbox.id == DEFAULT {
        let detail = "the sandbox default is always there; POST /__admin/reset takes it back to its seed";
        return Err(AdminProblem::new(StatusCode::CONFLICT, detail));
    }
    if app.sandboxes.delete(&sandbox.id) { Ok(StatusCode::NO_CONTENT) } else { Err(no_sandbox(&app, &sandbox.id)) }
}

/// What a client of the sandbox needs to know.
fn view(app: &App, headers: &HeaderMap, sandbox: &Sandbox) -> Value {
    let base_url = app.urls.base_of(headers, &sandbox.id);
    let credentials = Credentials::of(&sandbox.directory(), &sandbox.setup().settings.timbr, sandbox.clock.now());
    json!({ "id": &*sandbox.id, "base_url": base_url, "credentials": credentials })
}

impl From<CannotCreate> for AdminProblem {
    fn from(error: CannotCreate) -> Self {
        match error {
            CannotCreate::Taken(_) => Self::new(StatusCode::CONFLICT, error.to_string()).at(Some("name")),
            CannotCreate::TooMany(_) => Self::new(StatusCode::CONFLICT, error.to_string()),
            CannotCreate::Name(_) => Self::unprocessable(error.to_string()).at(Some("name")),
            CannotCreate::World(ref invalid) => {
                let path = format!("world.{}", invalid.place);
                Self::unprocessable(invalid.problem.to_string()).at_path(&path)
            }
            CannotCreate::Invalid(error) => error.into(),
        }
    }
}
