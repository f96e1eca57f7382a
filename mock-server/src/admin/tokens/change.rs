//! Tokens expire, are taken back, replaced, shortened, or told to fail.

use axum::response::Json;
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{AdminJson, AdminProblem, Selected};
use super::{accounts, grant, id_of, issued};
use crate::clock::Step;
use crate::directory::Directory;
use crate::sandbox::{Sandbox, Setup};
use crate::token::{LifeOverride, Token, TokenChange};

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

/// A body that says which tokens, and something else.
macro_rules! request {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(in crate::admin) struct $name {
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

pub(in crate::admin) async fn expire(
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

pub(in crate::admin) async fn revoke(
    Selected(sandbox): Selected,
    AdminJson(request): AdminJson<Plain>,
) -> Result<Json<Value>, AdminProblem> {
    change(&sandbox, &request.which(), TokenChange::Revoke)
}

pub(in crate::admin) async fn shorten(
    Selected(sandbox): Selected,
    AdminJson(request): AdminJson<Shortening>,
) -> Result<Json<Value>, AdminProblem> {
    let Some(Step(to)) = request.to.filter(|Step(to)| !to.is_negative()) else {
        let detail = "give the life that is left, like \"5s\"; zero or more";
        return Err(AdminProblem::unprocessable(detail).at(Some("to")));
    };
    change(&sandbox, &request.which(), TokenChange::Shorten(to))
}

pub(in crate::admin) async fn fail(
    Selected(sandbox): Selected,
    AdminJson(request): AdminJson<Failing>,
) -> Result<Json<Value>, AdminProblem> {
    change(&sandbox, &request.which(), TokenChange::Fail(request.times.unwrap_or(1)))
}

/// As a refresh would: each token makes way for another, which is answered here.
pub(in crate::admin) async fn rotate(
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
