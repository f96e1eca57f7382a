//! `/__admin/accounts`: what can log in, for both vendors.
//!
//! An account is named by its login. Where two clients have the same login, `?client=` says whose is meant.

use std::sync::Arc;

use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::response::Json;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{AdminJson, AdminProblem, Segment, Selected};
use crate::directory::{AccountChange, AccountId, AccountKind, Directory, InvalidEdit, NewAccount, Quirk, TimbrUser};
use crate::sandbox::Sandbox;
use crate::suggest::Unknown;

/// One account.
#[derive(Debug, Serialize)]
struct AccountView {
    vendor: &'static str,
    kind: &'static str,
    login: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<String>,
    /// Number of the device.
    #[serde(skip_serializing_if = "Option::is_none")]
    device: Option<i32>,
    disabled: bool,
    /// How it misbehaves by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    quirk: Option<Quirk>,
}

/// An account of either vendor to be made.
#[derive(Debug, Deserialize)]
#[serde(tag = "vendor", rename_all = "lowercase")]
enum NewOf {
    Twinzo(NewAccount),
    Timbr(NewTimbrUser),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTimbrUser {
    login: String,
    password: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whose {
    client: Option<String>,
}

/// One that was found.
enum Named {
    Twinzo(AccountId),
    Timbr(Arc<TimbrUser>),
}

pub(super) async fn list(Selected(sandbox): Selected) -> Json<Value> {
    let directory = sandbox.directory();
    let twinzo = directory.accounts().filter_map(|(id, _)| twinzo_view(&directory, id));
    let timbr = directory.timbr().users.iter().map(|user| timbr_view(user));
    Json(json!({ "accounts": twinzo.chain(timbr).collect::<Vec<_>>() }))
}

pub(super) async fn add(
    Selected(sandbox): Selected,
    AdminJson(mut new): AdminJson<Value>,
) -> Result<(StatusCode, Json<Value>), AdminProblem> {
    if let Some(members) = new.as_object_mut() {
        members.entry("vendor").or_insert_with(|| "twinzo".into());
    }
    let new: NewOf = serde_json::from_value(new).map_err(|error| super::json::explain(&error))?;
    let random = sandbox.entropy.bytes();
    let view = sandbox.edit(|directory| match new {
        NewOf::Twinzo(new) => {
            let id = directory.add_account(new)?;
            Ok::<_, InvalidEdit>(json!(twinzo_view(directory, id)))
        }
        NewOf::Timbr(NewTimbrUser { login, password }) => {
            directory.add_timbr_user(&login, password, random)?;
            let user = directory.timbr().user(&login);
            let mut view = json!(user.map(|user| timbr_view(user)));
            // Whoever made it must learn its token.
            view["token"] = user.and_then(|user| directory.timbr_token(user, sandbox.clock.now())).into();
            Ok(view)
        }
    })?;
    Ok((StatusCode::CREATED, Json(view)))
}

pub(super) async fn one(
    Selected(sandbox): Selected,
    Segment(login): Segment,
    whose: Result<Query<Whose>, QueryRejection>,
) -> Result<Json<Value>, AdminProblem> {
    let directory = sandbox.directory();
    Ok(Json(match find(&directory, &login, whose)? {
        Named::Twinzo(id) => json!(twinzo_view(&directory, id)),
        Named::Timbr(user) => json!(timbr_view(&user)),
    }))
}

pub(super) async fn change(
    Selected(sandbox): Selected,
    Segment(login): Segment,
    whose: Result<Query<Whose>, QueryRejection>,
    AdminJson(change): AdminJson<AccountChange>,
) -> Result<Json<Value>, AdminProblem> {
    if change.password.is_none() && change.disabled.is_none() {
        return Err(AdminProblem::unprocessable("give password or disabled"));
    }
    edit(&sandbox, &login, whose, |directory, named| match named {
        Named::Twinzo(id) => {
            directory.change_account(*id, change)?;
            Ok(json!(twinzo_view(directory, *id)))
        }
        Named::Timbr(user) => {
            directory.change_timbr_user(&user.name, change)?;
            Ok(json!(directory.timbr().user(&user.name).map(|user| timbr_view(user))))
        }
    })
    .map(Json)
}

pub(super) async fn remove(
    Selected(sandbox): Selected,
    Segment(login): Segment,
    whose: Result<Query<Whose>, QueryRejection>,
) -> Result<StatusCode, AdminProblem> {
    edit(&sandbox, &login, whose, |directory, named| {
        match named {
            Named::Twinzo(id) => {
                directory.remove_account(*id);
                sandbox.positions.forget(*id);
            }
            Named::Timbr(user) => directory.remove_timbr_user(&user.name),
        }
        Ok(())
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Finds and changes under one lock.
fn edit<T>(
    sandbox: &Sandbox,
    login: &str,
    whose: Result<Query<Whose>, QueryRejection>,
    edit: impl FnOnce(&mut Directory, &Named) -> Result<T, InvalidEdit>,
) -> Result<T, AdminProblem> {
    sandbox.edit(|directory| {
        let named = find(directory, login, whose)?;
        Ok(edit(directory, &named)?)
    })
}

fn find(
    directory: &Directory,
    login: &str,
    whose: Result<Query<Whose>, QueryRejection>,
) -> Result<Named, AdminProblem> {
    let Query(whose) = whose.map_err(|rejection| {
        AdminProblem::new(StatusCode::BAD_REQUEST, format!("{}; allowed: client", rejection.body_text()))
    })?;
    let client = whose.client.as_deref().map(|name| directory.client_named("client", name)).transpose()?;
    let accounts = directory.accounts_named("account", login, client).unwrap_or_default();
    match (accounts.as_slice(), directory.timbr().user(login).filter(|_| client.is_none())) {
        ([id], None) => Ok(Named::Twinzo(*id)),
        ([], Some(user)) => Ok(Named::Timbr(Arc::clone(user))),
        ([], None) => {
            let logins = directory.accounts().map(|(_, account)| &*account.login);
            let all = logins.chain(directory.timbr().users.iter().map(|user| &*user.name));
            let unknown = Unknown::new("account", login, all);
            Err(AdminProblem::not_found(unknown.to_string()).suggest(unknown.suggestion))
        }
        _ => {
            let detail = format!("several accounts have the login {login:?}; say whose is meant with ?client=");
            Err(AdminProblem::new(StatusCode::CONFLICT, detail))
        }
    }
}

fn twinzo_view(directory: &Directory, id: AccountId) -> Option<AccountView> {
    let account = directory.account(id)?;
    Some(AccountView {
        vendor: "twinzo",
        kind: account.kind.name(),
        login: account.login.to_string(),
        client: Some(directory.client(account.client).name.clone()),
        branch: Some(directory.branch(account.branch).title.clone()),
        device: (account.kind == AccountKind::Device).then_some(account.number),
        disabled: account.disabled,
        quirk: account.quirk,
    })
}

fn timbr_view(user: &TimbrUser) -> AccountView {
    AccountView {
        vendor: "timbr",
        kind: "user",
        login: user.name.to_string(),
        client: None,
        branch: None,
        device: None,
        disabled: user.disabled,
        quirk: None,
    }
}

impl From<InvalidEdit> for AdminProblem {
    fn from(error: InvalidEdit) -> Self {
        let text = error.to_string();
        match error {
            InvalidEdit::Unknown(unknown) => unknown.into(),
            InvalidEdit::Taken { field } => Self::new(StatusCode::CONFLICT, text).at(Some(field)),
            InvalidEdit::TooMany(_) | InvalidEdit::Full(_) => Self::new(StatusCode::CONFLICT, text),
            InvalidEdit::Value { field, .. } => Self::unprocessable(text).at(Some(field)),
        }
    }
}

impl From<Unknown> for AdminProblem {
    fn from(unknown: Unknown) -> Self {
        Self::unprocessable(unknown.to_string()).at(Some(unknown.field)).suggest(unknown.suggestion)
    }
}
