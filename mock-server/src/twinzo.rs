//! The twinzo API: from a request to an answer, without any I/O. Sections are those of `docs/twinzo.md`.

mod authorization;
mod caller;
mod devices;
mod endpoint;
mod expand;
mod library;
mod localization;
mod logs;
mod man_down;
mod media;
mod occurrences;
mod odata;
pub(crate) mod openapi;
mod positions;
mod problem;
mod routes;
mod rows;
mod sensors;
mod signing;
mod strict;
mod tenants;
mod terms;
mod work;
mod zones;

use std::sync::Arc;

use http::StatusCode;

use crate::answer::{Answer, Outcome};
use crate::call::Call;
use crate::fault::{Subject, Who};
use crate::govern::govern;
use crate::operation::{Operation, TwinzoOperation, Vendor};
use crate::reason::Reason;
use crate::sandbox::Sandbox;

pub(crate) use caller::client_name;
pub(crate) use endpoint::message_as_json;
pub use endpoint::table as endpoints_table;
pub(crate) use positions::Positions;
pub(crate) use problem::{TwinzoShape, plain as plain_problem};
pub(crate) use routes::{not_found, route};

use caller::{Caller, Login, Logout};
use endpoint::{Endpoint, Handler};
use problem::Refusal;
use signing::Signature;
use work::Work;

/// Answers one call of a known operation.
pub(crate) fn answer(sandbox: &Sandbox, call: &Call<'_>, operation: TwinzoOperation, segments: &[String]) -> Outcome {
    let endpoint = endpoint::describe(operation);
    let exchange = Exchange { sandbox, call, operation, segments, endpoint };
    match (operation, endpoint.handler) {
        (TwinzoOperation::Authenticate, _) => {
            exchange.run(Login::read(call), |login, outcome| authorization::authenticate(sandbox, call, login, outcome))
        }
        (TwinzoOperation::DeleteToken, _) => {
            exchange.run(Logout::read(sandbox, call), |logout, _| authorization::delete_token(sandbox, call, &logout))
        }
        (_, Some(handler)) => exchange.signed(handler),
        (_, None) => {
            let error = anyhow::anyhow!("nobody does the operation {}", Operation::Twinzo(operation));
            Outcome::anonymous(Answer::internal(&error), Some(Reason::Internal.because("see the server's log")))
        }
    }
}

/// The way of every call: identify, rules, commit.
struct Exchange<'a> {
    sandbox: &'a Sandbox,
    call: &'a Call<'a>,
    operation: TwinzoOperation,
    segments: &'a [String],
    endpoint: Endpoint,
}

// === impl Exchange ===

impl Exchange<'_> {
    /// Lets the rules decide first; only then does anything change.
    fn run<C: Caller>(&self, caller: C, commit: impl FnOnce(C, &mut Outcome) -> Result<Answer, Refusal>) -> Outcome {
        let facts = caller.facts(self.call.directory);
        let account = facts.account.and_then(|account| self.call.directory.account(account));
        let login = account.map(|account| &account.login);
        let mut outcome = Outcome::anonymous(Answer::empty(StatusCode::OK), None);
        outcome.account = login.map(Arc::clone).or_else(|| caller.claimed_login());
        outcome.token_generation = facts.generation;
        let who = Who {
            client: facts.client,
            branch: facts.branch,
            account: login.map(Arc::clone),
            token_generation: facts.generation,
            quirk: account.and_then(|account| account.quirk),
        };
        let subject = Subject::new(self.call, Some(Operation::Twinzo(self.operation)), Some(Vendor::Twinzo), who);
        let shape = TwinzoShape { call: self.call, operation: Some(self.operation) };
        govern(self.sandbox, self.call, &subject, &shape, outcome, |outcome| {
            match self.media().and_then(|()| commit(caller, outcome)) {
                Ok(answer) => outcome.answer = answer,
                Err(refusal) => (outcome.answer, outcome.refused) = refusal.into_answer(self.sandbox, self.call),
            }
        })
    }

    /// For the operations that headers sign.
    fn signed(&self, handler: Handler) -> Outcome {
        let (sandbox, call) = (self.sandbox, self.call);
        let signature = Signature::read(sandbox, call, self.operation);
        self.run(signature, |signature, outcome| {
            let signed = signature.into_signed(sandbox, call)?;
            handler(&mut Work { sandbox, call, segments: self.segments, signed, outcome })
        })
    }

    /// A body must be of a type that can be read; this is said before anything of the caller's is.
    fn media(&self) -> Result<(), Refusal> {
        match self.endpoint.takes {
            Some(content) => media::readable(self.call, content.shape),
            None => Ok(()),
        }
    }
}
