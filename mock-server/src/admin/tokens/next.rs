//! What is in store: for the next token, and for the next calls that are to meet.

use http::StatusCode;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use axum::response::Json;

use super::super::{AdminJson, AdminProblem, Selected};
use super::single;
use crate::config::Span;
use crate::operation::{Operation, TwinzoOperation};
use crate::suggest::Unknown;
use crate::token::{LifeOverride, LoginAnswer, MOST_NEXT, NextToken};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::admin) struct Next {
    account: Option<String>,
    client: Option<String>,
    life: LifeOverride,
    answer: Option<LoginAnswer>,
    lost: bool,
    /// For so many tokens; one if absent.
    times: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::admin) struct Gathering {
    operation: String,
    parties: usize,
    patience: Option<Span>,
}

/// Calls that can be held for one another.
const MOST_PARTIES: usize = 1000;
/// How long they wait for one another.
const LONGEST_PATIENCE: SignedDuration = SignedDuration::from_mins(1);

pub(in crate::admin) async fn next(
    Selected(sandbox): Selected,
    AdminJson(next): AdminJson<Next>,
) -> Result<(StatusCode, Json<Value>), AdminProblem> {
    let directory = sandbox.directory();
    let account = match &next.account {
        Some(login) => Some(single(&directory, login, next.client.as_deref())?),
        None if next.client.is_some() => {
            return Err(
                AdminProblem::unprocessable("a client alone says nothing; give the account too").at(Some("client"))
            );
        }
        None => None,
    };
    let stored = NextToken { account, life: next.life, answer: next.answer, lost: next.lost };
    let times = next.times.unwrap_or(1);
    let room = MOST_NEXT.saturating_sub(sandbox.tokens.in_store());
    if times == 0 || times > room {
        let detail = format!("allowed: 1 to {room}, for {MOST_NEXT} can be in store");
        return Err(AdminProblem::unprocessable(detail).at(Some("times")));
    }
    for _ in 0..times {
        sandbox.tokens.store_next(stored);
    }
    Ok((StatusCode::CREATED, Json(json!({ "in_store": sandbox.tokens.in_store() }))))
}

pub(in crate::admin) async fn clear_next(Selected(sandbox): Selected) -> StatusCode {
    sandbox.tokens.clear_next();
    StatusCode::NO_CONTENT
}

pub(in crate::admin) async fn gather(
    Selected(sandbox): Selected,
    AdminJson(gathering): AdminJson<Gathering>,
) -> Result<StatusCode, AdminProblem> {
    let allowed = [TwinzoOperation::Authenticate, TwinzoOperation::Refresh].map(Operation::Twinzo);
    let operation = allowed.into_iter().find(|operation| operation.name() == gathering.operation);
    let operation =
        operation.ok_or_else(|| Unknown::new("operation", &gathering.operation, allowed.map(Operation::name)))?;
    if !(2..=MOST_PARTIES).contains(&gathering.parties) {
        return Err(AdminProblem::unprocessable(format!("allowed: 2 to {MOST_PARTIES}")).at(Some("parties")));
    }
    let patience = gathering.patience.unwrap_or(Span::from_secs(2));
    if patience.signed() > LONGEST_PATIENCE {
        return Err(AdminProblem::unprocessable("allowed: up to one minute").at(Some("patience")));
    }
    sandbox.gather.arm(operation, gathering.parties, patience.unsigned());
    Ok(StatusCode::NO_CONTENT)
}

pub(in crate::admin) async fn clear_gather(Selected(sandbox): Selected) -> StatusCode {
    sandbox.gather.disarm();
    StatusCode::NO_CONTENT
}
