//! `/__admin/settings`: what a sandbox has set for itself.

use axum::response::Json;
use serde_json::Value;

use super::{AdminJson, AdminProblem, Selected};
use crate::fault::InvalidRule;
use crate::sandbox::{InvalidSandbox, InvalidSettings, Sandbox};
use crate::timbr::jwt::InvalidJwt;

pub(super) async fn show(Selected(sandbox): Selected) -> Result<Json<Value>, AdminProblem> {
    view(&sandbox).map(Json)
}

pub(super) async fn change(
    Selected(sandbox): Selected,
    AdminJson(patch): AdminJson<Value>,
) -> Result<Json<Value>, AdminProblem> {
    sandbox.patch(&patch)?;
    view(&sandbox).map(Json)
}

/// The settings with their secrets hidden.
fn view(sandbox: &Sandbox) -> Result<Value, AdminProblem> {
    let internal = |error: serde_json::Error| {
        AdminProblem::new(http::StatusCode::INTERNAL_SERVER_ERROR, format!("the settings cannot be shown: {error}"))
    };
    let mut settings = serde_json::to_value(&sandbox.setup().settings).map_err(internal)?;
    // Not by their names: "token_life" is no secret.
    let hide = |secret: &mut Value| {
        if let Some(text) = secret.as_str() {
            *secret = sandbox.redactor.header("secret", text.as_bytes()).into();
        }
    };
    for path in ["/twinzo/jwt_secret", "/timbr/auth_salt", "/timbr/jwt/key"] {
        settings.pointer_mut(path).map(hide);
    }
    if let Some(tenants) = settings.pointer_mut("/timbr/jwt/tenants").and_then(Value::as_object_mut) {
        tenants.values_mut().filter_map(|tenant| tenant.get_mut("key")).for_each(hide);
    }
    Ok(settings)
}

impl From<InvalidSettings> for AdminProblem {
    fn from(error: InvalidSettings) -> Self {
        match error {
            InvalidSettings::Syntax { path, error } => super::json::explain(&error).at_path(&path),
            InvalidSettings::Unknown(unknown) => {
                Self::unprocessable(unknown.to_string()).at(Some(unknown.field)).suggest(unknown.suggestion)
            }
            InvalidSettings::Salt => Self::unprocessable(error.to_string()).at(Some("timbr.auth_salt")),
            InvalidSettings::Jwt(InvalidJwt { member, problem }) => Self::unprocessable(problem).at(Some(&member)),
            InvalidSettings::Answer { .. } => Self::unprocessable(error.to_string()).at(Some("timbr.answers")),
        }
    }
}

impl From<InvalidSandbox> for AdminProblem {
    fn from(error: InvalidSandbox) -> Self {
        match error {
            InvalidSandbox::Settings(error) => error.into(),
            InvalidSandbox::Rule(error) | InvalidSandbox::Limit(error) => {
                let error: InvalidRule = error;
                error.into()
            }
        }
    }
}
