//! The twinzo API: from a request to an answer, without any I/O. Sections are those of `docs/twinzo.md`.

mod authorization;
mod caller;
mod collections;
mod localization;
mod media;
mod positions;
mod problem;
mod routes;
mod signing;
mod terms;

use std::sync::Arc;

use http::StatusCode;

use crate::answer::{Answer, Outcome};
use crate::call::Call;
use crate::fault::{Subject, Who};
use crate::govern::govern;
use crate::operation::{Operation, TwinzoOperation, Vendor};
use crate::sandbox::Sandbox;

pub(crate) use caller::client_name;
pub(crate) use positions::Positions;
pub(crate) use problem::{TwinzoShape, plain as plain_problem};
pub(crate) use routes::{not_found, route};

use caller::{Caller, Login, Logout};
use problem::Refusal;
use signing::{Signature, Signed};

/// Answers one call of a known operation.
pub(crate) fn answer(sandbox: &Sandbox, call: &Call<'_>, operation: TwinzoOperation, segment: Option<&str>) -> Outcome {
    let segment = segment.unwrap_or_default();
    let exchange = Exchange { sandbox, call, operation };
    match operation {
        TwinzoOperation::Authenticate => {
            exchange.run(Login::read(call), |login, outcome| authorization::authenticate(sandbox, call, login, outcome))
        }
        TwinzoOperation::DeleteToken => {
            exchange.run(Logout::read(sandbox, call), |logout, _| authorization::delete_token(sandbox, call, &logout))
        }
        TwinzoOperation::Refresh => {
            exchange.signed(|signed, outcome| authorization::refresh(sandbox, call, &signed, outcome))
        }
        TwinzoOperation::Localization => {
            exchange.signed(|signed, outcome| localization::one(sandbox, call, &signed, outcome))
        }
        TwinzoOperation::LocalizationBatch => {
            exchange.signed(|signed, outcome| localization::batch(sandbox, call, &signed, outcome))
        }
        TwinzoOperation::ClientsList => exchange.signed(|signed, _| Ok(collections::clients(call, &signed))),
        TwinzoOperation::BranchesList => exchange.signed(|signed, _| Ok(collections::branches(call, &signed))),
        TwinzoOperation::BranchesGet => exchange.signed(|signed, _| collections::branch(call, &signed, segment)),
        TwinzoOperation::SectorsList => exchange.signed(|signed, _| Ok(collections::sectors(call, &signed))),
        TwinzoOperation::SectorsGet => exchange.signed(|signed, _| collections::sector(call, &signed, segment)),
        TwinzoOperation::DevicesList => exchange.signed(|signed, _| Ok(collections::devices(sandbox, call, &signed))),
        TwinzoOperation::DevicesGet => {
            exchange.signed(|signed, _| collections::device(sandbox, call, &signed, segment))
        }
        TwinzoOperation::DevicesGetByLogin => {
            exchange.signed(|signed, _| collections::device_by_login(sandbox, call, &signed, segment))
        }
        TwinzoOperation::DevicesLocations => {
            exchange.signed(|signed, _| collections::locations(sandbox, call, &signed))
        }
    }
}

/// The way of every call: identify, rules, commit.
struct Exchange<'a> {
    sandbox: &'a Sandbox,
    call: &'a Call<'a>,
    operation: TwinzoOperation,
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
    fn signed(&self, commit: impl FnOnce(Signed, &mut Outcome) -> Result<Answer, Refusal>) -> Outcome {
        let signature = Signature::read(self.sandbox, self.call, self.operation);
        self.run(signature, |signature, outcome| commit(signature.into_signed(self.sandbox, self.call)?, outcome))
    }

    /// A body must be JSON; this is said before anything of the caller's is.
    fn media(&self) -> Result<(), Refusal> {
        match self.operation {
            TwinzoOperation::Authenticate | TwinzoOperation::Localization | TwinzoOperation::LocalizationBatch => {
                self.call.require_json().map_err(Refusal::UnsupportedMediaType)
            }
            TwinzoOperation::Refresh
            | TwinzoOperation::DeleteToken
            | TwinzoOperation::BranchesList
            | TwinzoOperation::BranchesGet
            | TwinzoOperation::SectorsList
            | TwinzoOperation::SectorsGet
            | TwinzoOperation::DevicesList
            | TwinzoOperation::DevicesGet
            | TwinzoOperation::DevicesGetByLogin
            | TwinzoOperation::DevicesLocations
            | TwinzoOperation::ClientsList => Ok(()),
        }
    }
}
