//! The admin API under `/__admin`: one file a noun. Errors are problem+json.

mod access;
mod clock;
mod faults;
mod json;
mod problem;
mod requests;
mod reset;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{any, delete, get, post};

use crate::app::App;

pub(crate) use access::{Access, name_of};

use json::AdminJson;
use problem::AdminProblem;

/// The routes under their prefix.
pub(crate) fn mounted(app: Arc<App>) -> Router<Arc<App>> {
    Router::new().nest("/__admin", router(app)).route("/__admin/", any(unknown))
}

/// The routes. Each request passes the guard in `access` first.
fn router(app: Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/", get(unknown))
        .route("/health", get(health))
        .route("/ready", get(health))
        .route("/requests", get(requests::list).delete(requests::clear))
        .route("/requests/{id}", get(requests::one))
        .route("/clock", get(clock::show).put(clock::set))
        .route("/clock/advance", post(clock::advance))
        .route("/faults", get(faults::list).post(faults::add).delete(faults::clear))
        .route("/faults/{id}", delete(faults::remove))
        .route("/reset", post(reset::reset))
        .method_not_allowed_fallback(wrong_method)
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(app.limits.body.bytes()))
        .layer(from_fn_with_state(app, access::guard))
}

/// `/health` and `/ready`: a server that answers at all is both.
pub(crate) async fn health() -> Json<serde_json::Value> {
    Json(serde_json::json!({ "status": "ok" }))
}

pub(crate) async fn unknown() -> Response {
    let nouns = "health, ready, requests, requests/{id}, clock, clock/advance, faults, faults/{id}, reset";
    AdminProblem::not_found(format!("the admin API has: {nouns}")).into_response()
}

async fn wrong_method() -> Response {
    AdminProblem::method_not_allowed().into_response()
}
