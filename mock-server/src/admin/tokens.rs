//! `/__admin/tokens`: twinzo tokens, seen and ruled from outside.

mod change;
mod next;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::Json;
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wire::authorization::TokenContract;

use super::{AdminJson, AdminProblem, Selected};
use crate::directory::{AccountId, Directory};
use crate::sandbox::{Sandbox, Setup};
use crate::suggest::Unknown;
use crate::token::{Grant, Issuance, LifeOverride, Token};

pub(super) use change::{expire, fail, revoke, rotate, shorten};
pub(super) use next::{clear_gather, clear_next, gather, next};

/// One token. Its text is never shown: the store does not keep it.
#[derive(Debug, Serialize)]
struct TokenView {
    id: String,
    account: Option<String>,
    client: Option<String>,
    generation: u32,
    state: &'static str,
    created_ms: i64,
    /// As announced.
    expires_ms: i64,
    /// In truth.
    dies_ms: i64,
    /// The exchange whose answer announced it; null if it was issued here.
    exchange: Option<u64>,
    /// Uses that are still to fail.
    failures: u32,
    /// Whether its next use is its last.
    last_use: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Selection {
    account: Option<String>,
    client: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewToken {
    account: String,
    client: Option<String>,
    #[serde(default)]
    life: LifeOverride,
}

const DEFAULT_LIMIT: usize = 1000;
pub(super) async fn list(
    Selected(sandbox): Selected,
    selection: Result<Query<Selection>, QueryRejection>,
) -> Result<Json<Value>, AdminProblem> {
    let Query(selection) = selection.map_err(|rejection| {
        let text = format!("{}; allowed: account, client, limit", rejection.body_text());
        AdminProblem::new(StatusCode::BAD_REQUEST, text)
    })?;
    let (directory, now) = (sandbox.directory(), sandbox.clock.now());
    let client = selection.client.as_deref().map(|name| directory.client_named("client", name)).transpose()?;
    let wanted: Option<Vec<AccountId>> = match (&selection.account, client) {
        (Some(login), client) => Some(directory.accounts_named("account", login, client)?),
        (None, Some(client)) => {
            let theirs = directory.accounts().filter(|(_, account)| account.client == client);
            Some(theirs.map(|(id, _)| id).collect())
        }
        (None, None) => None,
    };
    let (mut tokens, evicted) = sandbox.tokens.list();
    tokens.retain(|token| wanted.as_ref().is_none_or(|wanted| wanted.contains(&token.account)));
    let (total, limit) = (tokens.len(), selection.limit.unwrap_or(DEFAULT_LIMIT));
    let newest = tokens.iter().skip(total.saturating_sub(limit));
    let views: Vec<TokenView> = newest.map(|token| view(&directory, token, now)).collect();
    Ok(Json(json!({ "total": total, "evicted": evicted, "in_store": sandbox.tokens.in_store(), "tokens": views })))
}

pub(super) async fn issue(
    Selected(sandbox): Selected,
    AdminJson(new): AdminJson<NewToken>,
) -> Result<(StatusCode, Json<Value>), AdminProblem> {
    let (directory, setup) = (sandbox.directory(), sandbox.setup());
    let account = single(&directory, &new.account, new.client.as_deref())?;
    let grant = grant(&sandbox, &directory, &setup, account, new.life)?;
    Ok((StatusCode::CREATED, Json(issued(&directory, &grant, sandbox.clock.now()))))
}

pub(super) async fn clear(Selected(sandbox): Selected) -> StatusCode {
    sandbox.tokens.clear();
    StatusCode::NO_CONTENT
}

fn accounts(directory: &Directory, login: &str, client: Option<&str>) -> Result<Vec<AccountId>, Unknown> {
    let client = client.map(|name| directory.client_named("client", name)).transpose()?;
    directory.accounts_named("account", login, client)
}

fn single(directory: &Directory, login: &str, client: Option<&str>) -> Result<AccountId, AdminProblem> {
    if let [one] = accounts(directory, login, client)?.as_slice() {
        return Ok(*one);
    }
    let detail = format!("several clients have the login {login:?}; say whose with client");
    Err(AdminProblem::new(StatusCode::CONFLICT, detail).at(Some("account")))
}

fn grant(
    sandbox: &Sandbox,
    directory: &Directory,
    setup: &Setup,
    account: AccountId,
    life: LifeOverride,
) -> Result<Grant, AdminProblem> {
    let settings = &setup.settings.twinzo;
    let issuance = Issuance {
        id: u128::from_be_bytes(sandbox.entropy.bytes()),
        now: sandbox.clock.now(),
        exchange: 0,
        life: settings.life_of(directory, account).with(life),
        capacity: settings.max_tokens.get(),
        alone: false,
    };
    let internal = |error: anyhow::Error| AdminProblem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("{error:#}"));
    sandbox.tokens.issue(&setup.mint, directory, account, &issuance).map_err(internal)
}

/// A token that was just issued, with its text: as a log in would answer it.
fn issued(directory: &Directory, grant: &Grant, now: Timestamp) -> Value {
    let account = directory.account(grant.token.account);
    let contract = account.map(|account| TokenContract {
        client: directory.client(account.client).guid.to_string(),
        token: grant.text.clone(),
        expiration: grant.token.expires.as_millisecond(),
        created: grant.token.created.as_millisecond(),
        branch: directory.branch(account.branch).guid.to_string(),
    });
    let mut issued = json!(view(directory, &grant.token, now));
    issued["contract"] = json!(contract);
    issued
}

fn view(directory: &Directory, token: &Token, now: Timestamp) -> TokenView {
    let account = directory.account(token.account);
    TokenView {
        id: id_of(token),
        account: account.map(|account| account.login.to_string()),
        client: account.map(|account| directory.client(account.client).name.clone()),
        generation: token.generation,
        state: token.state_name(now),
        created_ms: token.created.as_millisecond(),
        expires_ms: token.expires.as_millisecond(),
        dies_ms: token.dies.as_millisecond(),
        exchange: Some(token.announced_in).filter(|exchange| *exchange > 0),
        failures: token.failures,
        last_use: token.last_use,
    }
}

/// Enough of the key to tell tokens apart; the text cannot be made of it.
fn id_of(token: &Token) -> String {
    format!("{:016x}", token.id >> 64)
}
