//! `/__admin/credentials`: what a client of the sandbox logs in with. Here secrets are shown: whoever may steer may know.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Json, Response};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;

use super::{AdminProblem, Selected};
use crate::app::App;
use crate::credentials::Credentials;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Layout {
    format: Format,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Format {
    #[default]
    Json,
    /// `export` lines for a shell.
    Env,
}

pub(super) async fn show(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Selected(sandbox): Selected,
    layout: Result<Query<Layout>, QueryRejection>,
) -> Result<Response, AdminProblem> {
    let Query(layout) = layout.map_err(|rejection| {
        let text = format!("{}; allowed: format=json, format=env", rejection.body_text());
        AdminProblem::new(StatusCode::BAD_REQUEST, text)
    })?;
    let setup = sandbox.setup();
    let credentials = Credentials::of(&sandbox.directory(), &setup.settings.timbr, sandbox.clock.now());
    Ok(match layout.format {
        Format::Json => Json(credentials).into_response(),
        Format::Env => {
            let base_url = app.urls.base_of(&headers, &sandbox.id);
            credentials.map(|credentials| credentials.shell(Some(&base_url))).unwrap_or_default().into_response()
        }
    })
}
