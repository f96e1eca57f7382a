//! `/__admin/tokens`: twinzo tokens, seen and ruled from outside.

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::Json;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wire::authorization::TokenContract;

use super::{AdminJson, AdminProblem, Selected};
use crate::clock::Step;
use crate::config::Span;
use crate::directory::{AccountId, Directory};
use crate::operation::{Operation, TwinzoOperation};
use crate::sandbox::{Sandbox, Setup};
use crate::suggest::Unknown;
use crate::token::{Grant, Issuance, LifeOverride, LoginAnswer, MOST_NEXT, NextToken, Token, TokenChange};

/// Which tokens are meant.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Which {
    /// Those of a login.
    account: Option<String>,
    /// Where several clients have the login: whose.
    client: Option<String>,
    /// One, by the id in the list.
    id: Option<String>,
    /// One, by its text.
    token: Option<String>,
    /// Every one.
    all: bool,
}

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

/// A body that says which tokens, and something else.
macro_rules! request {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(super) struct $name {
            account: Option<String>,
            client: Option<String>,
            id: Option<String>,
            token: Option<String>,
            all: bool,
            $($(#[$field_doc])* $field: $type,)*
        }

        impl $name {
            fn which(&self) -> Which {
                let Self { account, client, id, token, all, .. } = self;
                Which { account: account.clone(), client: client.clone(), id: id.clone(), token: token.clone(), all: *all }
            }
        }
    };
}

request! {
    /// Which tokens to expire, and when.
    Expiry {
        /// `now`, or `after_next_use`.
        when: When,
    }
}
request! {
    /// Which tokens to take back, or to replace.
    Plain {}
}
request! {
    /// Which tokens to shorten.
    Shortening {
        /// How much longer they live.
        to: Option<Step>,
    }
}
request! {
    /// Which tokens to let fail.
    Failing {
        /// How many uses; one if absent.
        times: Option<u32>,
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum When {
    #[default]
    Now,
    AfterNextUse,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewToken {
    account: String,
    client: Option<String>,
    #[serde(default)]
    life: LifeOverride,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Next {
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
pub(super) struct Gathering {
    operation: String,
    parties: usize,
    patience: Option<Span>,
}

const DEFAULT_LIMIT: usize = 1000;
/// Calls that can be held for one another.
const MOST_PARTIES: usize = 1000;
/// How long they wait for one another.
const LONGEST_PATIENCE: SignedDuration = SignedDuration::from_mins(1);

pub(super) async fn list(
    Selected(sandbox): Selected,
    selection: Result<Query<Selection>, QueryRejection>,
) -> Result<Json<Value>, AdminProblem> {
    let Query(selection) = selection.map_err(|rejection| {
        let text = format!("{}; allowed: account, client, limit", rejection.body_text());
        AdminProblem::new(StatusCode::BAD_REQUEST, text)
    })?;
    let (directory, now) = (sandbox.directory(), sandbox.clock.now());
    let wanted = match &selection.account {
        Some(login) => Some(accounts(&directory, login, selection.client.as_deref())?),
        None => None,
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

pub(super) async fn expire(
    Selected(sandbox): Selected,
    AdminJson(request): AdminJson<Expiry>,
) -> Result<Json<Value>, AdminProblem> {
    change(
        &sandbox,
        &request.which(),
        match request.when {
            When::Now => TokenChange::Expire,
            When::AfterNextUse => TokenChange::ExpireAfterUse,
        },
    )
}

pub(super) async fn revoke(
    Selected(sandbox): Selected,
    AdminJson(request): AdminJson<Plain>,
) -> Result<Json<Value>, AdminProblem> {
    change(&sandbox, &request.which(), TokenChange::Revoke)
}

pub(super) async fn shorten(
    Selected(sandbox): Selected,
    AdminJson(request): AdminJson<Shortening>,
) -> Result<Json<Value>, AdminProblem> {
    let Some(Step(to)) = request.to.filter(|Step(to)| !to.is_negative()) else {
        let detail = "give the life that is left, like \"5s\"; zero or more";
        return Err(AdminProblem::unprocessable(detail).at(Some("to")));
    };
    change(&sandbox, &request.which(), TokenChange::Shorten(to))
}

pub(super) async fn fail(
    Selected(sandbox): Selected,
    AdminJson(request): AdminJson<Failing>,
) -> Result<Json<Value>, AdminProblem> {
    change(&sandbox, &request.which(), TokenChange::Fail(request.times.unwrap_or(1)))
}

/// As a refresh would: each token makes way for another, which is answered here.
pub(super) async fn rotate(
    Selected(sandbox): Selected,
    AdminJson(request): AdminJson<Plain>,
) -> Result<Json<Value>, AdminProblem> {
    let (directory, setup, now) = (sandbox.directory(), sandbox.setup(), sandbox.clock.now());
    let mut replacements = Vec::new();
    for token in find(&sandbox, &directory, &setup, &request.which())? {
        if sandbox.tokens.supersede(token.id, now, SignedDuration::ZERO).is_ok() {
            let grant = grant(&sandbox, &directory, &setup, token.account, LifeOverride::default())?;
            replacements.push(issued(&directory, &grant, now));
        }
    }
    Ok(Json(json!({ "changed": replacements.len(), "tokens": replacements })))
}

pub(super) async fn next(
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

pub(super) async fn clear_next(Selected(sandbox): Selected) -> StatusCode {
    sandbox.tokens.clear_next();
    StatusCode::NO_CONTENT
}

pub(super) async fn gather(
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

pub(super) async fn clear_gather(Selected(sandbox): Selected) -> StatusCode {
    sandbox.gather.disarm();
    StatusCode::NO_CONTENT
}

fn change(sandbox: &Sandbox, which: &Which, change: TokenChange) -> Result<Json<Value>, AdminProblem> {
    let (directory, setup, now) = (sandbox.directory(), sandbox.setup(), sandbox.clock.now());
    let tokens = find(sandbox, &directory, &setup, which)?;
    let changed = tokens.iter().filter(|token| sandbox.tokens.change(token.id, now, change)).count();
    Ok(Json(json!({ "changed": changed })))
}

/// The tokens that are meant, dead ones too. Exactly one way to say it.
fn find(sandbox: &Sandbox, directory: &Directory, setup: &Setup, which: &Which) -> Result<Vec<Token>, AdminProblem> {
    let Which { account, client, id, token, all } = which;
    let nothing = |field, detail: &str| Err(AdminProblem::unprocessable(detail).at(Some(field)));
    match (account, id, token, all) {
        (Some(login), None, None, false) => {
            let accounts = accounts(directory, login, client.as_deref())?;
            Ok(accounts.into_iter().flat_map(|account| sandbox.tokens.of_account(account)).collect())
        }
        _ if client.is_some() => nothing("client", "a client goes with account only"),
        (None, Some(id), None, false) => {
            let found = sandbox.tokens.list().0.into_iter().find(|token| id_of(token) == *id);
            found
                .map(|token| vec![token])
                .map_or_else(|| nothing("id", "no token has this id; GET …/tokens lists them"), Ok)
        }
        (None, None, Some(text), false) => match sandbox.tokens.verify(&setup.mint, text, sandbox.clock.now()) {
            Ok(token) => Ok(vec![token]),
            Err(denied) => match denied.token {
                Some(token) => Ok(vec![*token]),
                None => nothing("token", &denied.refused.detail),
            },
        },
        (None, None, None, true) => Ok(sandbox.tokens.list().0),
        _ => Err(AdminProblem::unprocessable("say which tokens: give one of account, id, token and all: true")),
    }
}

fn accounts(directory: &Directory, login: &str, client: Option<&str>) -> Result<Vec<AccountId>, Unknown> {
    let client = client.map(|name| directory.client_named("client", name)).transpose()?;
    directory.accounts_named("account", login, client)
}

fn single(directory: &Directory, login: &str, client: Option<&str>) -> Result<AccountId, AdminProblem> {
    match accounts(directory, login, client)?.as_slice() {
        [one] => Ok(*one),
        _ => {
            let detail = format!("several clients have the login {login:?}; say whose with client");
            Err(AdminProblem::new(StatusCode::CONFLICT, detail).at(Some("account")))
        }
    }
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
