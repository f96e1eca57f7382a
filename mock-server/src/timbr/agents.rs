//! What agents report of their work, §2, number 17. The journal keeps it as it keeps every exchange; the history also
//! becomes part of its conversation.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde_json::{Map, Value};

use super::error::Refusal;
use super::work::{Work, bad_body, success};
use crate::answer::Answer;
use crate::call::Call;
use crate::directory::TimbrUser;
use crate::reason::{Reason, Refused};

/// What an agent may report.
const EVENTS: [&str; 4] = ["running", "running_update_step", "history", "trace"];

/// `POST /timbr-server/log_agent/{event}`.
pub(super) fn log_agent(work: &mut Work<'_>, user: &Arc<TimbrUser>) -> Result<Answer, Refusal> {
    let event = work.segment(0);
    if !EVENTS.contains(&event) {
        let text = format!("Not found: an agent logs {}, not {event:?}", EVENTS.join(", "));
        return Err(Refusal::NotFound(Reason::RouteUnknown.because(text)));
    }
    let report = report(work.call)?;
    if event == "history" {
        work.sandbox.timbr.conversations.note(&user.name, &report, &work.settings().history);
    }
    Ok(success(()))
}

/// `POST /timbr-server/log_benchmark/{event}`, whatever the event.
pub(super) fn log_benchmark(work: &mut Work<'_>, _: &Arc<TimbrUser>) -> Result<Answer, Refusal> {
    report(work.call).map(|_| success(()))
}

fn report(call: &Call<'_>) -> Result<Map<String, Value>, Refusal> {
    serde_json::from_slice(call.body).map_err(|error| bad_body(&format!("the body must be a JSON object: {error}")))
}

/// The user whose token is the password of the user `token`.
pub(super) fn user_of_basic<'c>(call: &'c Call<'_>) -> Result<&'c Arc<TimbrUser>, Refused> {
    let missing = || Reason::KeyMissing.because("the request has no Authorization: Basic of the user `token`");
    super::token::user_of_key(call, &basic_token(call.headers).ok_or_else(missing)?)
}

/// The token in Basic credentials of the user `token`.
pub(crate) fn basic_token(headers: &HeaderMap) -> Option<String> {
    let (scheme, encoded) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let pair = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    pair.strip_prefix("token:").map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_the_user_token_is_a_token() {
        let read = |value: &'static str| basic_token(&HeaderMap::from_iter([(AUTHORIZATION, value.parse().unwrap())]));
        // base64 of `token:tk_1`, of `token:`, of `alice:tk_1`.
        assert_eq!(read("Basic dG9rZW46dGtfMQ=="), Some("tk_1".to_owned()));
        assert_eq!(read("basic  dG9rZW46"), Some(String::new()));
        assert_eq!(read("Basic YWxpY2U6dGtfMQ=="), None);
        assert_eq!(read("Bearer dG9rZW46dGtfMQ=="), None);
        assert_eq!(read("Basic !"), None);
    }
}
