//! Queries to Timbr.

use std::sync::Arc;

use bytes::Bytes;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;
use wire::timbr::{Envelope, QueryRequest, Status};
use wire::{header, path};

use crate::bearer;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{ApiError, Kind};
use crate::habits::{Defect, Habits};
use crate::http::{Http, Request};
use crate::retry::Policy;

/// A client of Timbr: a token given from outside, or bought with a bearer.
#[derive(Debug)]
pub(crate) struct Timbr {
    http: Arc<Http>,
    policy: Arc<Policy>,
    clock: Clock,
    /// User, password and salt.
    credentials: Option<(String, String, String)>,
    token: tokio::sync::Mutex<Option<String>>,
    habits: Habits,
}

/// Which of the two routes a query takes, docs/timbr.md §5 and §6.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Route {
    /// With an envelope.
    Api,
    /// The bare rows.
    Openapi,
}

// === impl Timbr ===

impl Timbr {
    pub(crate) fn new(config: &Config, habits: Habits, http: Arc<Http>, policy: Arc<Policy>, clock: Clock) -> Self {
        let Config { login, password, auth_salt, token, .. } = config.clone();
        let credentials = login.zip(password).zip(auth_salt).map(|((login, password), salt)| (login, password, salt));
        Self { http, policy, clock, credentials, token: tokio::sync::Mutex::new(token), habits }
    }

    /// Buys a token, unless there is one.
    pub(crate) async fn log_in(&self) -> Result<String, ApiError> {
        let mut token = self.token.lock().await;
        if let Some(token) = &*token {
            return Ok(token.clone());
        }
        let Some((user, password, salt)) = &self.credentials else {
            return Err(ApiError::new(Kind::Other, "there is neither a token nor what could buy one"));
        };
        let text = if self.habits.has(Defect::BearerNotBase64) {
            format!("{user}:{password}")
        } else {
            bearer::plaintext(user, password)
        };
        let seconds = u64::try_from(self.clock.now() / 1000).unwrap_or_default();
        let iv = initialization_vector(seconds);
        let bearer =
            bearer::encrypt(salt, &text, seconds, iv).map_err(|error| ApiError::new(Kind::Other, error.to_string()))?;
        let headers = vec![
            ("authorization", format!("Bearer {bearer}")),
            ("content-type", "application/json".to_owned()),
            ("content-length", "0".to_owned()),
        ];
        let request = Request { method: Method::POST, path: path::GET_TOKEN.to_owned(), headers, body: None };
        if self.habits.has(Defect::TokenBoughtTwice) {
            self.retrying(&request).await?;
        }
        let answer: Envelope<Value> = read_json(&self.retrying(&request).await?)?;
        let issued = answer.data.get(0).and_then(Value::as_str).filter(|issued| !issued.is_empty());
        match (answer.status, issued) {
            (Status::Success, Some(issued)) => Ok(token.insert(issued.to_owned()).clone()),
            _ => Err(ApiError::new(Kind::Parse, text_of(&answer.data))),
        }
    }

    /// The rows of a query.
    pub(crate) async fn query(&self, route: Route, ontology: &str, sql: &str) -> Result<Value, ApiError> {
        let mut token = self.log_in().await?;
        if self.habits.has(Defect::KeyWithScheme) {
            token = format!("Bearer {token}");
        }
        let sql = if self.habits.has(Defect::LineEndsChanged) { sql.replace("\r\n", "\n") } else { sql.to_owned() };
        let (path, media_type, body) = match route {
            Route::Api => {
                let mut body = serde_json::json!(QueryRequest { ontology_name: ontology.to_owned(), query: sql });
                if self.habits.has(Defect::MisnamedOntology) {
                    body = serde_json::json!({"ontology": ontology, "query": body["query"]});
                }
                let as_text = self.habits.has(Defect::QueryAsText);
                let media_type = if as_text { "text/plain" } else { "application/json" };
                (format!("{}/", path::QUERY), media_type, body.to_string())
            }
            Route::Openapi => {
                let name = percent_encoding::utf8_percent_encode(ontology, PATH_SEGMENT);
                (format!("{}/{name}/query", path::OPENAPI_ONTOLOGY), "application/text", sql)
            }
        };
        let headers = vec![(header::X_API_KEY, token), ("content-type", media_type.to_owned())];
        let request = Request { method: Method::POST, path, headers, body: Some(Bytes::from(body)) };
        let answer = self.retrying(&request).await?;
        match route {
            Route::Openapi => {
                let rows: Value = read_json(&answer)?;
                if rows.is_array() {
                    return Ok(rows);
                }
                Err(ApiError::new(Kind::Parse, text_of(rows.get("data").unwrap_or(&rows))))
            }
            Route::Api => {
                let envelope: Envelope<Value> = read_json(&answer)?;
                if envelope.status == Status::Error && !self.habits.has(Defect::ErrorTakenForRows) {
                    let is_lost = self.habits.has(Defect::ErrorTextLost);
                    let text = if is_lost { "failed".to_owned() } else { text_of(&envelope.data) };
                    return Err(ApiError::new(Kind::Http, text));
                }
                if self.habits.has(Defect::RowsLost) {
                    return Ok(Value::Array(Vec::new()));
                }
                Ok(envelope.data)
            }
        }
    }

    async fn retrying(&self, request: &Request) -> Result<Bytes, ApiError> {
        let mut attempt = 1;
        loop {
            let error = match self.http.exchange(request).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            // An engine's error is a 500 too: the same statement would fail again, or write twice.
            let wait = self.policy.wait_ms(attempt, &error).filter(|_| error.status != Some(500));
            let Some(wait) = wait else { return Err(ApiError { attempts: attempt, ..error }) };
            self.clock.sleep(wait).await;
            attempt += 1;
        }
    }
}

/// What may not stand in a segment of a path.
const PATH_SEGMENT: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn text_of(data: &Value) -> String {
    data.as_str().map_or_else(|| data.to_string(), str::to_owned)
}

fn read_json<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| ApiError::new(Kind::Parse, format!("not what Timbr speaks: {error}")))
}

/// Drawn from the time: two bearers of one second are equal, which harms nobody here.
fn initialization_vector(seconds: u64) -> [u8; 16] {
    ChaCha8Rng::seed_from_u64(seconds).random()
}
