//! One call at work: what the handlers of endpoints get beside who calls.

use std::str::FromStr;

use http::StatusCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use wire::timbr::Envelope;

use super::error::{JSON, Refusal};
use crate::answer::{Answer, Outcome};
use crate::call::Call;
use crate::config::TimbrSection;
use crate::json::{Members, Names};
use crate::reason::Reason;
use crate::sandbox::Sandbox;

pub(super) struct Work<'a> {
    pub(super) sandbox: &'a Sandbox,
    pub(super) call: &'a Call<'a>,
    /// The variable segments of the path.
    pub(super) segments: &'a [String],
    /// What the journal gets beside the answer.
    pub(super) outcome: &'a mut Outcome,
}

// === impl Work ===

impl Work<'_> {
    pub(super) fn settings(&self) -> &TimbrSection {
        &self.call.setup.settings.timbr
    }

    /// A variable segment of the path.
    pub(super) fn segment(&self, position: usize) -> &str {
        self.segments.get(position).map_or("", String::as_str)
    }

    /// The body as JSON, whatever its content type says. Unknown members are passed over.
    pub(super) fn json<T: DeserializeOwned>(&self, expected: &str) -> Result<T, Refusal> {
        let mut json = serde_json::Deserializer::from_slice(self.call.body);
        let read = T::deserialize(Members(Names::Exact, &mut json)).and_then(|body| json.end().map(|()| body));
        read.map_err(|error| bad_body(&format!("the body must be {expected}: {error}")))
    }

    /// A query parameter as a number.
    pub(super) fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let Some(text) = self.call.parameter(name) else { return Ok(None) };
        let wrong = || Reason::QueryInvalid.because(format!("Bad request: {name} is not a whole number: {text:?}"));
        text.parse().map(Some).map_err(|_| Refusal::BadRequest(wrong()))
    }
}

/// 400: the body is not what it must be.
pub(super) fn bad_body(problem: &str) -> Refusal {
    Refusal::BadRequest(Reason::BodyInvalid.because(format!("Bad request: {problem}")))
}

/// 200 with the payload in its envelope.
pub(super) fn success(data: impl Serialize) -> Answer {
    Answer::json(StatusCode::OK, JSON, &Envelope::success(data))
}
