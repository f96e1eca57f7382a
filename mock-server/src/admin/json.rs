//! Request bodies of the admin API: JSON into a type, with the path of whatever is wrong.

use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use bytes::Bytes;
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::AdminProblem;
use crate::app::App;
use crate::json::{Members, Names};
use crate::suggest::nearest;

/// A checked body. A missing one counts as `{}`.
#[derive(Debug)]
pub(super) struct AdminJson<T>(pub(super) T);

// === impl AdminJson ===

impl<T: DeserializeOwned> FromRequest<Arc<App>> for AdminJson<T> {
    type Rejection = AdminProblem;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, AdminProblem> {
        let limit = app.limits.body_timeout;
        let body = tokio::time::timeout(limit.unsigned(), Bytes::from_request(request, app))
            .await
            .map_err(|_| AdminProblem::new(StatusCode::REQUEST_TIMEOUT, format!("the body took longer than {limit}")))?
            .map_err(|rejection| AdminProblem::new(rejection.status(), rejection.body_text()))?;
        let body = if body.is_empty() { Bytes::from_static(b"{}") } else { body };
        parse(&body).map(Self)
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, AdminProblem> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(&mut json, &mut track);
    match T::deserialize(Members(Names::Exact, tracked)) {
        Ok(value) => json.end().map(|()| value).map_err(|error| explain(&error)),
        Err(error) => {
            // A member that could not be read has no name.
            Err(explain(&error).at_path(&track.path().to_string()))
        }
    }
}

pub(super) fn explain(error: &serde_json::Error) -> AdminProblem {
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
