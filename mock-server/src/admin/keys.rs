//! `/__admin/keys`: static keys of both vendors: twinzo's API keys and the tokens of Timbr's users.

use axum::response::Json;
use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{AdminJson, AdminProblem, Segment, Selected};
use crate::config::Span;
use crate::directory::{Directory, InvalidEdit, KeyId, NewKey, Opens, StaticKey};
use crate::sandbox::Sandbox;

/// One key. Its text is shown once, when it is made.
#[derive(Debug, Serialize)]
struct KeyView {
    id: String,
    vendor: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    /// The only branch that it opens.
    #[serde(skip_serializing_if = "Option::is_none")]
    branch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    /// As the journal shows it.
    fingerprint: String,
    disabled: bool,
    /// When it ends, for it was rotated.
    #[serde(skip_serializing_if = "Option::is_none")]
    retires: Option<String>,
    state: &'static str,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyChange {
    disabled: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Rotation {
    /// How long the old key lives on; not at all if absent.
    overlap: Option<Span>,
}

pub(super) async fn list(Selected(sandbox): Selected) -> Json<Value> {
    let (directory, now) = (sandbox.directory(), sandbox.clock.now());
    let keys: Vec<KeyView> = directory.keys().map(|(id, key)| view(&sandbox, &directory, now, id, key)).collect();
    Json(json!({ "keys": keys }))
}

pub(super) async fn add(
    Selected(sandbox): Selected,
    AdminJson(new): AdminJson<NewKey>,
) -> Result<(StatusCode, Json<Value>), AdminProblem> {
    let random = sandbox.entropy.bytes();
    let made = sandbox.edit(|directory| {
        let id = directory.add_key(new, random)?;
        Ok::<_, InvalidEdit>(made(&sandbox, directory, id))
    })?;
    Ok((StatusCode::CREATED, Json(made)))
}

pub(super) async fn one(Selected(sandbox): Selected, Segment(id): Segment) -> Result<Json<Value>, AdminProblem> {
    let directory = sandbox.directory();
    let number = number(&id)?;
    let key = directory.key_by_id(number).ok_or_else(|| none(&id))?;
    Ok(Json(json!(view(&sandbox, &directory, sandbox.clock.now(), number, key))))
}

pub(super) async fn change(
    Selected(sandbox): Selected,
    Segment(id): Segment,
    AdminJson(change): AdminJson<KeyChange>,
) -> Result<Json<Value>, AdminProblem> {
    let number = number(&id)?;
    sandbox.edit(|directory| {
        if !directory.disable_key(number, change.disabled) {
            return Err(none(&id));
        }
        let key = directory.key_by_id(number).ok_or_else(|| none(&id))?;
        Ok(Json(json!(view(&sandbox, directory, sandbox.clock.now(), number, key))))
    })
}

pub(super) async fn rotate(
    Selected(sandbox): Selected,
    Segment(id): Segment,
    AdminJson(rotation): AdminJson<Rotation>,
) -> Result<(StatusCode, Json<Value>), AdminProblem> {
    let number = number(&id)?;
    let (now, random) = (sandbox.clock.now(), sandbox.entropy.bytes());
    let overlap = rotation.overlap.map(Span::signed).unwrap_or_default();
    let retires = now.checked_add(overlap).unwrap_or(Timestamp::MAX);
    let made = sandbox.edit(|directory| {
        let new = directory.rotate_key(number, retires, random)?.ok_or_else(|| none(&id))?;
        Ok::<_, AdminProblem>(made(&sandbox, directory, new))
    })?;
    Ok((StatusCode::CREATED, Json(made)))
}

pub(super) async fn remove(Selected(sandbox): Selected, Segment(id): Segment) -> Result<StatusCode, AdminProblem> {
    let number = number(&id)?;
    sandbox.edit(|directory| if directory.remove_key(number) { Ok(StatusCode::NO_CONTENT) } else { Err(none(&id)) })
}

/// A key that was just made, with its text.
fn made(sandbox: &Sandbox, directory: &Directory, id: KeyId) -> Value {
    let Some(key) = directory.key_by_id(id) else { return Value::Null };
    let mut made = json!(view(sandbox, directory, sandbox.clock.now(), id, key));
    made["key"] = key.text.as_str().into();
    made
}

fn view(sandbox: &Sandbox, directory: &Directory, now: Timestamp, id: KeyId, key: &StaticKey) -> KeyView {
    let (vendor, client, branch, user) = match &key.opens {
        Opens::Client(client, branch) => {
            let branch = branch.map(|branch| directory.branch(branch).title.clone());
            ("twinzo", Some(directory.client(*client).name.clone()), branch, None)
        }
        Opens::TimbrUser(user) => ("timbr", None, None, Some(user.to_string())),
    };
    KeyView {
        id: id.to_string(),
        vendor,
        client,
        branch,
        user,
        fingerprint: sandbox.redactor.fingerprint(key.text.as_bytes()),
        disabled: key.disabled,
        retires: key.retires.map(|end| end.to_string()),
        state: match (key.disabled, key.retires) {
            (true, _) => "disabled",
            (false, Some(end)) if now >= end => "retired",
            (false, Some(_)) => "retiring",
            (false, None) => "live",
        },
    }
}

fn number(id: &str) -> Result<KeyId, AdminProblem> {
    id.parse().map_err(|()| none(id))
}

fn none(id: &str) -> AdminProblem {
    AdminProblem::not_found(format!("there is no key {id:?}; GET …/keys lists them"))
}
