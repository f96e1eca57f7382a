//! Request bodies of the admin API: JSON into a type, with the path of whatever is wrong.

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::AdminProblem;
use crate::suggest::nearest;

/// A checked body. A missing one counts as `{}`.
#[derive(Debug)]
pub(super) struct AdminJson<T>(pub(super) T);

// === impl AdminJson ===

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for AdminJson<T> {
    type Rejection = AdminProblem;

    async fn from_request(request: Request, state: &S) -> Result<Self, AdminProblem> {
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| AdminProblem::new(rejection.status(), rejection.body_text()))?;
        let body = if body.is_empty() { Bytes::from_static(b"{}") } else { body };
        parse(&body).map(Self)
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, AdminProblem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let cause = error.into_inner();
        explain(&cause).at(Some(path).filter(|path| path != "."))
    })?;
    json.end().map_err(|error| explain(&error))?;
    Ok(value)
}

fn explain(error: &serde_json::Error) -> AdminProblem {
    let text = error.to_string();
    match error.classify() {
        Category::Data => {
            let mut names = text.split('`').skip(1).step_by(2);
            let suggestion = match names.next() {
                Some(given) if text.starts_with("unknown") => nearest(given, names).map(str::to_owned),
                _ => None,
            };
            AdminProblem::unprocessable(text).suggest(suggestion)
        }
        Category::Syntax | Category::Eof | Category::Io => {
            AdminProblem::new(StatusCode::BAD_REQUEST, format!("the body is not JSON: {text}"))
        }
    }
}
