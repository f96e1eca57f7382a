//! The twinzo API: from a request to an answer, without any I/O. Sections are those of `docs/twinzo.md`.

mod authorization;
mod collections;
mod localization;
mod media;
mod positions;
mod problem;
mod routes;
mod signing;

use http::StatusCode;
use http::header::RETRY_AFTER;

use crate::answer::{Answer, Outcome};
use crate::call::Call;
use crate::fault::{Decision, Subject};
use crate::operation::Operation;
use crate::reason::Reason;
use crate::sandbox::Sandbox;

pub(crate) use positions::Positions;
pub(crate) use problem::plain as plain_problem;
pub(crate) use routes::{not_found, route};

use problem::Refusal;
use signing::Identity;

/// Answers one call of a known operation: identify, rules, commit.
pub(crate) fn answer(
    sandbox: &Sandbox,
    call: &Call<'_>,
    operation: Operation,
    segment: Option<&str>,
) -> Outcome {
    let identity = Identity::of(sandbox, call, operation);
    let mut outcome = Outcome {
        answer: Answer::empty(StatusCode::OK),
        refused: None,
        account: identity.account_name(&sandbox.directory),
        token_generation: identity.token().map(|token| token.generation),
        faults: Vec::new(),
    };
    let subject = Subject {
        operation,
        method: call.method,
        client: identity.client(),
        branch: identity.branch(),
        account: identity
            .account()
            .map(|account| &*sandbox.directory.account(account).login),
    };
    let result = match sandbox.faults.decide(&subject) {
        Some(decision) => {
            let fault = injected(&decision, call);
            outcome.faults = decision.fired;
            outcome.refused =
                Some(Reason::Fault.because(format!("rule {:?} answered", outcome.faults[0])));
            outcome.answer = fault;
            return outcome;
        }
        None => commit(sandbox, call, operation, segment, identity, &mut outcome),
    };
    outcome.answer = match result {
        Ok(answer) => answer,
        Err(refusal) => {
            let (answer, refused) = refusal.into_answer(sandbox, call);
            outcome.refused = refused;
            answer
        }
    };
    outcome
}

fn commit(
    sandbox: &Sandbox,
    call: &Call<'_>,
    operation: Operation,
    segment: Option<&str>,
    identity: Identity,
    outcome: &mut Outcome,
) -> Result<Answer, Refusal> {
    if has_body(operation) {
        call.require_json().map_err(Refusal::UnsupportedMediaType)?;
    }
    match operation {
        Operation::Authenticate => {
            let grant = authorization::authenticate(sandbox, call, identity)?;
            outcome.token_generation = Some(grant.token.generation);
            Ok(authorization::contract(sandbox, &grant))
        }
        Operation::Refresh => {
            let grant = authorization::refresh(sandbox, call, identity)?;
            outcome.token_generation = Some(grant.token.generation);
            Ok(authorization::contract(sandbox, &grant))
        }
        Operation::DeleteToken => authorization::delete_token(sandbox, call, identity),
        Operation::Localization => localization::one(sandbox, call, identity.signed()?, outcome),
        Operation::LocalizationBatch => localization::batch(sandbox, call, identity.signed()?),
        _ => collections::answer(sandbox, call, operation, segment, &identity.signed()?),
    }
}

fn has_body(operation: Operation) -> bool {
    matches!(
        operation,
        Operation::Authenticate | Operation::Localization | Operation::LocalizationBatch
    )
}

/// An injected status in the vendor's own shape for it.
fn injected(decision: &Decision, call: &Call<'_>) -> Answer {
    let status =
        StatusCode::from_u16(decision.effect.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let answer = problem::plain(status, call);
    match decision.effect.retry_after {
        Some(seconds) => answer.with_header(RETRY_AFTER, seconds.into()),
        None => answer,
    }
}
