//! The Timbr REST service: from a request to an answer, without any I/O. Sections are those of `docs/timbr.md`.

pub mod bearer;
mod canned;
mod error;
mod fernet;
mod python_base64;
mod query;
mod routes;
mod system;
mod token;

use std::sync::Arc;

use http::StatusCode;
use wire::header;

use crate::answer::{Answer, Outcome};
use crate::call::Call;
use crate::directory::TimbrUser;
use crate::fault::{Subject, Who};
use crate::govern::govern;
use crate::operation::{Operation, TimbrOperation, Vendor};
use crate::reason::{Reason, Refused};
use crate::sandbox::Sandbox;

pub use canned::{CannedAnswers, CannedSpec, InvalidAnswer};
pub(crate) use error::{Refusal, TimbrShape, envelope_error};
pub(crate) use query::SYSTEM_ONTOLOGY;
pub(crate) use routes::route;

/// Answers one call of a known operation: identify, rules, commit.
pub(crate) fn answer(sandbox: &Sandbox, call: &Call<'_>, operation: TimbrOperation, segment: Option<&str>) -> Outcome {
    let caller = identify(call, operation);
    let account = caller.as_ref().ok().map(|user| Arc::clone(&user.name));
    let mut outcome = Outcome::anonymous(Answer::empty(StatusCode::OK), None);
    outcome.account.clone_from(&account);
    let who = Who { account, ..Who::default() };
    let subject = Subject::new(call, Some(Operation::Timbr(operation)), Some(Vendor::Timbr), who);
    govern(sandbox, call, &subject, &TimbrShape, outcome, |outcome| match commit(call, operation, segment, caller) {
        Ok(answer) => outcome.answer = answer,
        Err(refusal) => (outcome.answer, outcome.refused) = refusal.into_answer(),
    })
}

fn commit(
    call: &Call<'_>,
    operation: TimbrOperation,
    segment: Option<&str>,
    caller: Result<&Arc<TimbrUser>, Refused>,
) -> Result<Answer, Refusal> {
    match operation {
        TimbrOperation::GetToken => token::get_token(call, caller.map_err(Refusal::BadBearer)?),
        TimbrOperation::GetOntologies => {
            caller.map_err(Refusal::NotAuthorized)?;
            Ok(query::ontologies(call))
        }
        TimbrOperation::Query => query::envelope(call, caller.map_err(Refusal::NotAuthorized)?),
        TimbrOperation::OpenapiQuery => {
            let ontology = segment.unwrap_or_default();
            query::bare(call, ontology, caller.map_err(Refusal::NotAuthorized)?)
        }
    }
}

/// Who calls: a bearer on `get_token`, a token everywhere else. An `Authorization` header beside a token is not looked
/// at: `.netrc` puts one there (§3).
fn identify<'c>(call: &'c Call<'_>, operation: TimbrOperation) -> Result<&'c Arc<TimbrUser>, Refused> {
    if operation == TimbrOperation::GetToken {
        return token::user_of_bearer(call);
    }
    match (call.header(header::X_API_KEY), call.header(header::X_JWT_TOKEN)) {
        (Some(key), _) => token::user_of_key(call, key),
        (None, Some(_)) => Err(Reason::JwtNotEnabled.because("x-jwt-token is not enabled here; send x-api-key")),
        (None, None) => Err(Reason::KeyMissing.because("the request has no x-api-key header, or an empty one")),
    }
}
