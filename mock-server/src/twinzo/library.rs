//! Configuration, orders, users and files, §6.

use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use wire::collection::{FileInfo, NewUser as NewUserContract, Order, Sector, UserDetail};

use super::media::{Given, Invalid};
use super::problem::Refusal;
use super::rows::{self, no_entity};
use super::work::Work;
use crate::answer::{Answer, JSON};
use crate::config::SectorGone;
use crate::directory::{AccountKind, File, NewUser};
use crate::reason::Reason;

/// `GET aos/v2/data/orders/?start=&stop=`: those made within, both ends included.
pub(super) fn orders(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let start = work.parameter("start")?.unwrap_or(i64::MIN);
    let stop = work.parameter("stop")?.unwrap_or(i64::MAX);
    let orders = work.directory().table::<Order>().of(work.branch());
    let orders = orders.filter(|order| (start..=stop).contains(&order.created)).map(|order| Order::clone(order));
    work.list(orders.collect())
}

/// `GET configuration/branch/{key}`.
pub(super) fn of_branch(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    configured(work, None, work.segment(0))
}

/// `GET configuration/account/{key}`: the token's own account.
pub(super) fn of_account(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let login = work.signed.token("an API key has no account; the path with a login has")?.account.login.to_string();
    configured(work, Some(&login), work.segment(0))
}

/// `GET configuration/account/{login}/{key}`.
pub(super) fn of_login(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    configured(work, Some(work.segment(0)), work.segment(1))
}

/// `GET configuration/{key}/last-change`: the newest change of any value under the key, in unix milliseconds.
pub(super) fn last_change(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let (branch, key) = (work.branch(), work.segment(0));
    let entries = work.directory().library().configuration.iter();
    let changes = entries.filter(|entry| entry.branch == branch && entry.key == key).map(|entry| entry.changed);
    Ok(json(&changes.max().ok_or_else(|| no_key(key))?))
}

fn configured(work: &Work<'_>, login: Option<&str>, key: &str) -> Result<Answer, Refusal> {
    let is_asked = |owner: &Option<Arc<str>>| owner.as_deref() == login;
    let mut entries = work.directory().library().configuration.iter();
    let found = entries.find(|entry| entry.branch == work.branch() && entry.key == key && is_asked(&entry.login));
    Ok(json(&found.ok_or_else(|| no_key(key))?.value))
}

fn no_key(key: &str) -> Refusal {
    Refusal::NotFound(Reason::EntityUnknown.because(format!("Configuration {key} does not exist.")))
}

/// `DELETE sectors/{id}`, whose answer the C# devkit reads as a JSON text (§7).
pub(super) fn delete_sector(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let answer = rows::delete::<Sector>(work)?;
    Ok(match work.settings().answers.sector_delete {
        SectorGone::Text => json(&""),
        SectorGone::Empty => answer,
    })
}

/// `GET users/detail`: the user whose token it is.
pub(super) fn user_detail(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let account = &work.signed.token("an API key is no user; sign with a user's token")?.account;
    let user = work.directory().table::<UserDetail>().get(account.branch, account.number);
    let user = user.filter(|_| account.kind == AccountKind::User);
    let user = user.ok_or_else(|| {
        let detail = format!("{} is a {}, and only a user has details", account.login, account.kind.name());
        Refusal::NotFound(Reason::EntityUnknown.because(detail))
    })?;
    work.one(UserDetail::clone(user))
}

/// `POST users`. That it exists is all that is known of it.
pub(super) fn create_user(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let Given { value: new, .. } = work.take_given::<NewUserContract>()?;
    let (login, password) = (new.login.unwrap_or_default(), new.password.0.unwrap_or_default());
    let missing = [("Login", &login), ("Password", &password)].into_iter().filter(|(_, text)| text.is_empty());
    Invalid::required(missing.map(|(name, _)| (name, name))).or_ok().map_err(Refusal::BadBody)?;
    let NewUserContract { name, surname, email, phone, .. } = new;
    let row = UserDetail { name, surname, email, phone, ..UserDetail::default() };
    let (branch, birth, secret) = (work.branch(), work.birth(), password.clone());
    let new = NewUser { row, login, password };
    let user = work.edit(|directory| {
        let number = directory.add_user(branch, new, birth)?;
        directory.table::<UserDetail>().get(branch, number).map(Arc::clone).ok_or_else(|| no_entity(number))
    })?;
    work.sandbox.redactor.learn([secret.as_str()]);
    Ok(work.answer(StatusCode::CREATED, &UserDetail::clone(&user)))
}

/// `GET utils/demo-files-info`.
pub(super) fn demo_files(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let files: Vec<FileInfo> = work.directory().library().demo_files.iter().map(File::info).collect();
    work.list(files)
}

/// `GET utils/file/{name}`: its bytes.
pub(super) fn file(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    bytes(&work.directory().library().files, work.segment(0))
}

/// `GET utils/demo-file/{name}`: its bytes.
pub(super) fn demo_file(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    bytes(&work.directory().library().demo_files, work.segment(0))
}

/// `GET utils/unity-last-version/{platform}`: a JSON text.
pub(super) fn unity_version(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let platform = work.segment(0);
    let versions = work.directory().library().unity.iter();
    let found = versions.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(platform));
    Ok(json(found.ok_or_else(|| no_file(platform))?.1))
}

/// `GET utils/unity-bundle-info/{bundle}`.
pub(super) fn bundle(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let name = work.segment(0);
    let mut bundles = work.directory().library().bundles.iter();
    let found = bundles.find(|bundle| bundle.name.as_deref() == Some(name)).ok_or_else(|| no_file(name))?;
    work.one(found.clone())
}

fn bytes(files: &[File], name: &str) -> Result<Answer, Refusal> {
    let file = files.iter().find(|file| file.name == name).ok_or_else(|| no_file(name))?;
    let octets = HeaderValue::from_static("application/octet-stream");
    let mut answer = Answer::empty(StatusCode::OK).with_header(CONTENT_TYPE, octets);
    answer.body = file.text.clone().into();
    Ok(answer)
}

fn no_file(name: &str) -> Refusal {
    Refusal::NotFound(Reason::EntityUnknown.because(format!("File {name} does not exist.")))
}

/// What is JSON whatever was asked for.
fn json(value: &impl Serialize) -> Answer {
    Answer::json(StatusCode::OK, JSON, value)
}
