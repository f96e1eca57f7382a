//! One request, one answer.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use reqwest::{Client, Method, redirect};

use crate::clock::{Clock, Whose};
use crate::config::Config;
use crate::error::{ApiError, Kind};
use crate::habits::{Habit, Habits};

/// Sends requests.
#[derive(Debug)]
pub(crate) struct Http {
    client: Client,
    base_url: String,
    habits: Habits,
}

/// A request, without what every request has.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Option<Bytes>,
}

/// A body without a length, so that it goes in chunks.
struct Unsized(Option<Bytes>);

// === impl Http ===

impl Http {
    pub(crate) fn new(config: &Config, habits: Habits) -> Result<Self, ApiError> {
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .timeout(Duration::from_millis(config.timeout_ms.unwrap_or(10_000)))
            .build()
            .map_err(|error| ApiError::new(Kind::Other, error.to_string()))?;
        Ok(Self { client, base_url: config.base_url.trim_end_matches('/').to_owned(), habits })
    }

    /// Sends it every hour, whether somebody waits for it or not: a defect.
    pub(crate) fn repeat_in_background(self: &Arc<Self>, clock: &Clock, request: Request) {
        const HOUR_MS: u64 = 60 * 60 * 1000;
        let (http, clock) = (Arc::clone(self), clock.clone());
        let mut sleep =
            Box::pin(clock.sleep_as(Whose::Background, HOUR_MS)) as Pin<Box<dyn Future<Output = ()> + Send>>;
        tokio::spawn(async move {
            loop {
                sleep.await;
                http.exchange(&request).await.map(drop).unwrap_or_default();
                sleep = Box::pin(clock.sleep_as(Whose::Background, HOUR_MS));
            }
        });
    }

    /// The body of a 2xx answer; anything else is an error.
    pub(crate) async fn exchange(&self, request: &Request) -> Result<Bytes, ApiError> {
        let what = format!("{} {}", request.method, request.path);
        let path =
            if self.habits.is(Habit::LowerCasePaths) { request.path.to_lowercase() } else { request.path.clone() };
        let mut builder = self.client.request(request.method.clone(), format!("{}{path}", self.base_url));
        for (name, value) in &request.headers {
            builder = builder.header(*name, value);
        }
        if self.habits.is(Habit::ExtraHeaders) {
            builder = builder.header("x-trace", "a-trace").header("accept-language", "en");
        }
        if self.habits.is(Habit::ClosePerCall) {
            builder = builder.header("connection", "close");
        }
        if let Some(body) = request.body.clone() {
            builder = builder.body(match self.habits.habit {
                Some(Habit::Chunked) => reqwest::Body::wrap(Unsized(Some(body))),
                _ => body.into(),
            });
        }
        let broken = |error: reqwest::Error| {
            let kind = if error.is_timeout() { Kind::Timeout } else { Kind::Connect };
            ApiError::new(kind, format!("{what}: {}", error.without_url()))
        };
        let answer = builder.send().await.map_err(broken)?;
        let status = answer.status();
        let retry_after_ms = answer
            .headers()
            .get("retry-after")
            .and_then(|value| value.to_str().ok()?.parse::<u64>().ok())
            .map(|seconds| seconds.saturating_mul(1000));
        let body = answer.bytes().await.map_err(broken)?;
        if status.is_success() {
            return Ok(body);
        }
        let kind = if status.as_u16() == 401 { Kind::Auth } else { Kind::Http };
        let message = format!("{what}: {status}: {}", said(&body));
        Err(ApiError { status: Some(status.as_u16()), retry_after_ms, ..ApiError::new(kind, message) })
    }
}

/// What the server says went wrong, in the shapes of both vendors.
fn said(body: &[u8]) -> String {
    let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let text = ["detail", "title", "data"].iter().find_map(|member| value.get(member)?.as_str());
    text.unwrap_or("no details").to_owned()
}

// === impl Unsized ===

impl hyper::body::Body for Unsized {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
