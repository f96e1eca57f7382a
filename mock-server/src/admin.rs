//! The admin API under `/__admin`: one file a noun. Errors are problem+json.
//!
//! The nouns of a sandbox stand at the top, where they are about `default` or whichever `X-Mock-Sandbox` names, and
//! below `/__admin/sandboxes/{sandbox}`.

mod access;
mod accounts;
mod clock;
mod credentials;
mod faults;
mod json;
mod keys;
mod limits;
mod listeners;
mod metrics;
mod problem;
mod requests;
mod reset;
mod sandboxes;
mod selected;
mod settings;
mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{any, delete, get, post};

use crate::app::App;

pub(crate) use access::Access;

use json::AdminJson;
use problem::AdminProblem;
use selected::{Segment, Selected};

/// The routes under their prefix.
pub(crate) fn mounted(app: &Arc<App>) -> Router<Arc<App>> {
    let metrics = Router::new()
        .route("/metrics", get(metrics::show))
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::clone(app), access::guard));
    Router::new().nest("/__admin", router(app)).route("/__admin/", any(unknown)).merge(metrics)
}

/// The routes. Each request passes the guard in `access` first.
fn router(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/", get(unknown))
        .route("/health", get(health))
        .route("/ready", get(health))
        .route("/sandboxes", get(sandboxes::list).post(sandboxes::create))
        .route("/sandboxes/{sandbox}", get(sandboxes::one).delete(sandboxes::remove))
        .nest("/sandboxes/{sandbox}", nouns())
        .merge(nouns())
        .method_not_allowed_fallback(wrong_method)
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(app.limits.body.bytes()))
        .layer(from_fn_with_state(Arc::clone(app), access::guard))
}

/// What every sandbox has.
fn nouns() -> Router<Arc<App>> {
    Router::new()
        .route("/requests", get(requests::list).delete(requests::clear))
        .route("/requests/{id}", get(requests::one))
        .route("/clock", get(clock::show).put(clock::set))
        .route("/clock/advance", post(clock::advance))
        .route("/faults", get(faults::list).post(faults::add).delete(faults::clear))
        .route("/faults/packs", get(faults::list_packs))
        .route("/faults/{id}", get(faults::one).patch(faults::change).delete(faults::remove))
        .route("/limits", get(limits::list).post(limits::add).delete(limits::clear))
        .route("/limits/{id}", delete(limits::remove))
        .route("/tokens", get(tokens::list).post(tokens::issue).delete(tokens::clear))
        .route("/tokens/expire", post(tokens::expire))
        .route("/tokens/revoke", post(tokens::revoke))
        .route("/tokens/rotate", post(tokens::rotate))
        .route("/tokens/shorten", post(tokens::shorten))
        .route("/tokens/fail", post(tokens::fail))
        .route("/tokens/next", post(tokens::next).delete(tokens::clear_next))
        .route("/tokens/gather", post(tokens::gather).delete(tokens::clear_gather))
        .route("/accounts", get(accounts::list).post(accounts::add))
        .route("/accounts/{id}", get(accounts::one).patch(accounts::change).delete(accounts::remove))
        .route("/keys", get(keys::list).post(keys::add))
        .route("/keys/{id}", get(keys::one).patch(keys::change).delete(keys::remove))
        .route("/keys/{id}/rotate", post(keys::rotate))
        .route("/listeners", get(listeners::list).post(listeners::open))
        .route("/listeners/{id}", get(listeners::one).patch(listeners::change).delete(listeners::close))
        .route("/credentials", get(credentials::show))
        .route("/settings", get(settings::show).patch(settings::change))
        .route("/reset", post(reset::reset))
}

/// `/health` and `/ready`: a server that answers at all is both.
pub(crate) async fn health() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": "ok" }))
}

pub(crate) async fn unknown() -> Response {
    let nouns = "health, ready, sandboxes, sandboxes/{sandbox}; and at the top or below sandboxes/{sandbox}: accounts, \
                 accounts/{login}, clock, clock/advance, credentials, faults, faults/{id}, faults/packs, keys, \
                 keys/{id}, keys/{id}/rotate, limits, limits/{id}, listeners, listeners/{id}, requests, requests/{id}, reset, \
                 settings, tokens, and \
                 tokens/ with expire, revoke, rotate, shorten, fail, next, gather";
    AdminProblem::not_found(format!("the admin API has: {nouns}")).into_response()
}

pub(crate) async fn wrong_method() -> Response {
    AdminProblem::method_not_allowed().into_response()
}
