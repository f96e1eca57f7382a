//! `/__admin/listeners`: ports that are a sandbox's own.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Json;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use super::{AdminJson, AdminProblem, Segment, Selected};
use crate::app::App;
use crate::listener::{CannotListen, Listener, ListenerChange, ListenerSpec, ListenerView};
use crate::sandbox::Sandbox;

pub(super) async fn list(State(app): State<Arc<App>>, headers: HeaderMap, Selected(sandbox): Selected) -> Json<Value> {
    let views: Vec<ListenerView> =
        sandbox.listeners.list().iter().map(|listener| view(&app, &headers, listener)).collect();
    Json(json!({ "listeners": views }))
}

pub(super) async fn open(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Selected(sandbox): Selected,
    AdminJson(spec): AdminJson<ListenerSpec>,
) -> Result<(StatusCode, Json<ListenerView>), AdminProblem> {
    let listener = sandbox.listeners.open(&app, &sandbox, &spec).await?;
    Ok((StatusCode::CREATED, Json(view(&app, &headers, &listener))))
}

pub(super) async fn one(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Selected(sandbox): Selected,
    Segment(id): Segment,
) -> Result<Json<ListenerView>, AdminProblem> {
    Ok(Json(view(&app, &headers, &*find(&sandbox, &id)?)))
}

pub(super) async fn change(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Selected(sandbox): Selected,
    Segment(id): Segment,
    AdminJson(change): AdminJson<ListenerChange>,
) -> Result<Json<ListenerView>, AdminProblem> {
    let listener = find(&sandbox, &id)?;
    listener.change(&change).await?;
    Ok(Json(view(&app, &headers, &listener)))
}

pub(super) async fn close(Selected(sandbox): Selected, Segment(id): Segment) -> Result<StatusCode, AdminProblem> {
    if sandbox.listeners.close(&id) { Ok(StatusCode::NO_CONTENT) } else { Err(none(&id)) }
}

fn find(sandbox: &Sandbox, id: &str) -> Result<Arc<Listener>, AdminProblem> {
    sandbox.listeners.get(id).ok_or_else(|| none(id))
}

fn none(id: &str) -> AdminProblem {
    AdminProblem::not_found(format!("the sandbox has no listener {id:?}; GET …/listeners lists them"))
}

fn view(app: &App, headers: &HeaderMap, listener: &Listener) -> ListenerView {
    listener.view(|scheme, address| app.urls.at_port(headers, scheme, address))
}

impl From<CannotListen> for AdminProblem {
    fn from(error: CannotListen) -> Self {
        let text = error.to_string();
        match error {
            CannotListen::Tls(_) => Self::unprocessable(text).at(Some("tls")),
            CannotListen::Unbound(_) => Self::new(StatusCode::CONFLICT, text).at(Some("port")),
            CannotListen::Gone => Self::not_found(text),
            CannotListen::Lost(_) => Self::new(StatusCode::CONFLICT, text).at(Some("state")),
            CannotListen::TooMany => Self::new(StatusCode::CONFLICT, text),
        }
    }
}
