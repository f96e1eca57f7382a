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

use wire::header;

use crate::answer::{Answer, Outcome};
use crate::call::Call;
use crate::directory::TimbrUser;
use crate::fault::Subject;
use crate::operation::{Operation, TimbrOperation};
use crate::reason::{Reason, Refused};
use crate::sandbox::Sandbox;

pub use canned::{CannedAnswers, CannedSpec, InvalidAnswer};
pub(crate) use error::{Refusal, envelope_error};
pub(crate) use query::SYSTEM_ONTOLOGY;
pub(crate) use routes::route;

/// Answers one call of a known operation: identify, rules, commit.
pub(crate) fn answer(sandbox: &Sandbox, call: &Call<'_>, operation: TimbrOperation, segment: Option<&str>) -> Outcome {
    let caller = identify(sandbox, call, operation);
    let account = caller.as_ref().ok().map(|user| Arc::clone(&user.name));
    let subject = Subject {
        operation: Operation::Timbr(operation),
        method: call.method,
        client: None,
        branch: None,
        account: account.as_deref(),
    };
    if let Some(decision) = sandbox.faults.decide(&subject) {
        let refused = Reason::Fault.because(format!("rule {:?} answered", decision.fired[0]));
        return Outcome {
            answer: decision.effect.apply(error::plain),
            refused: Some(refused),
            account,
            token_generation: None,
            faults: decision.fired,
        };
    }
    let (answer, refused) = match commit(sandbox, call, operation, segment, caller) {
        Ok(answer) => (answer, None),
        Err(refusal) => refusal.into_answer(),
    };
    Outcome { answer, refused, account, token_generation: None, faults: Vec::new() }
}

fn commit(
    sandbox: &Sandbox,
    call: &Call<'_>,
    operation: TimbrOperation,
    segment: Option<&str>,
    caller: Result<&TimbrUser, Refused>,
) -> Result<Answer, Refusal> {
    match operation {
        TimbrOperation::GetToken => Ok(token::get_token(caller.map_err(Refusal::BadBearer)?)),
        TimbrOperation::GetOntologies => {
            caller.map_err(Refusal::NotAuthorized)?;
            Ok(query::ontologies(sandbox))
        }
        TimbrOperation::Query => query::envelope(sandbox, call, caller.map_err(Refusal::NotAuthorized)?),
        TimbrOperation::OpenapiQuery => {
            let ontology = segment.unwrap_or_default();
            query::bare(sandbox, call, ontology, caller.map_err(Refusal::NotAuthorized)?)
        }
    }
}

/// Who calls: a bearer on `get_token`, a token everywhere else. An `Authorization` header beside a token is not looked
/// at: `.netrc` puts one there (§3).
fn identify<'s>(sandbox: &'s Sandbox, call: &Call<'_>, operation: TimbrOperation) -> Result<&'s TimbrUser, Refused> {
    if operation == TimbrOperation::GetToken {
        return token::user_of_bearer(sandbox, call);
    }
    match (call.header(header::X_API_KEY), call.header(header::X_JWT_TOKEN)) {
        (Some(key), _) => {
            let user = sandbox.directory.timbr().user_by_token(key);
            user.ok_or_else(|| Reason::KeyUnknown.because("no user has such a token"))
        }
        (None, Some(_)) => Err(Reason::JwtNotEnabled.because("x-jwt-token is not enabled here; send x-api-key")),
        (None, None) => Err(Reason::KeyMissing.because("the request has no x-api-key header, or an empty one")),
    }
}
