//! List, one, create, change, delete: the five verbs of every collection (§6), written once.
//!
//! Scoping follows §6.2: everything but clients and branches is seen from the header's branch only.

#![expect(clippy::unnecessary_wraps, reason = "all handlers of operations look alike")]

use http::StatusCode;
use wire::collection::{Area, Beacon, Layer, LogEntry, Order, Path, Quantity, Sector, SensorData, Shift, UserDetail};

use super::media::{Given, Invalid};
use super::problem::Refusal;
use super::work::Work;
use crate::answer::Answer;
use crate::directory::{Directory, Row};
use crate::reason::Reason;

/// A row as answers show it.
pub(super) trait Shown: Row {
    /// Adds what other rows of a directory, or positions, know of it.
    fn complete(&mut self, _work: &Work<'_>, _directory: &Directory) {}

    /// The same for a whole list.
    fn complete_all(rows: &mut [Self], work: &Work<'_>, directory: &Directory) {
        for row in rows {
            row.complete(work, directory);
        }
    }
}

impl Shown for Area {}
impl Shown for Beacon {}
impl Shown for Layer {}
impl Shown for LogEntry {}
impl Shown for Order {}
impl Shown for Path {}
impl Shown for Quantity {}
impl Shown for Sector {}
impl Shown for SensorData {}
impl Shown for Shift {}
impl Shown for UserDetail {}

/// `GET area`.
pub(super) fn list<R: Shown>(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let expands = work.expands();
    let rows = work.directory().table::<R>().of(work.branch());
    let mut rows: Vec<R> = rows.map(|row| R::clone(row)).collect();
    for row in &mut rows {
        row.fold(&expands);
    }
    R::complete_all(&mut rows, work, work.directory());
    Ok(work.ok(&rows))
}

/// `GET area/{id}`.
pub(super) fn get<R: Shown>(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let row = find::<R>(work, work.number())?;
    Ok(work.ok(&row))
}

/// `POST area`.
pub(super) fn create<R: Shown>(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let row = add::<R>(work)?;
    Ok(work.answer(StatusCode::CREATED, &row))
}

/// `PATCH area/{id}`: members that the body has change, the others stay.
pub(super) fn patch<R: Shown>(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let number = work.number();
    if work.directory().table::<R>().get(work.branch(), number).is_none() {
        return Err(no_entity(number));
    }
    let mut given: Given<R> = work.take_given()?;
    let (branch, now, secret) = (work.branch(), work.now(), secret_of(&mut given.value));
    let (directory, is_there) = work.edit(|directory| {
        let is_there = directory.change_row::<R, Refusal>(branch, number, |row| {
            let is_given = |name: &str| given.names.contains(&name) && !R::FIXED.contains(&name);
            row.adopt(given.value, is_given);
            row.touch(now);
            check(row)
        })?;
        Ok((directory.clone(), is_there))
    })?;
    // Somebody else may have deleted it meanwhile.
    let row = directory.table::<R>().get(branch, number).filter(|_| is_there);
    let row = R::clone(row.ok_or_else(|| no_entity(number))?);
    work.sandbox.redactor.learn(secret.as_deref());
    Ok(work.ok(&shown(work, &directory, row)))
}

/// `DELETE area/{id}`.
pub(super) fn delete<R: Shown>(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let (branch, number) = (work.branch(), work.number());
    let was_there = work.edit(|directory| Ok(directory.remove_row::<R>(branch, number)))?;
    if was_there { Ok(Answer::empty(StatusCode::NO_CONTENT)) } else { Err(no_entity(number)) }
}

/// Adds the row that the body describes.
pub(super) fn add<R: Shown>(work: &Work<'_>) -> Result<R, Refusal> {
    let given: Given<R> = work.take_given()?;
    let mut row = R::blank();
    row.adopt(given.value, |name| given.names.contains(&name) && !R::FIXED.contains(&name));
    check(&row)?;
    let (branch, birth, secret) = (work.branch(), work.birth(), secret_of(&mut row));
    let (directory, row) = work.edit(|directory| {
        let number = directory.add_row(branch, row, birth)?;
        let added = directory.table::<R>().get(branch, number).map(|row| R::clone(row));
        Ok((directory.clone(), added.ok_or_else(|| no_entity(number))?))
    })?;
    work.sandbox.redactor.learn(secret.as_deref());
    Ok(shown(work, &directory, row))
}

/// One row of the branch, as answers show it.
pub(super) fn find<R: Shown>(work: &Work<'_>, number: i32) -> Result<R, Refusal> {
    let row = work.directory().table::<R>().get(work.branch(), number).ok_or_else(|| no_entity(number))?;
    Ok(shown(work, work.directory(), R::clone(row)))
}

/// A row as answers show it, with what a directory knows of it.
pub(super) fn shown<R: Shown>(work: &Work<'_>, directory: &Directory, mut row: R) -> R {
    row.fold(&work.expands());
    row.complete(work, directory);
    row
}

/// A password that comes with a row: from now on the journal must not show it anywhere.
fn secret_of<R: Row>(row: &mut R) -> Option<String> {
    row.holder().and_then(|holder| holder.password.0.clone())
}

/// What a row must have, and how long it may be.
fn check<R: Row>(row: &R) -> Result<(), Refusal> {
    let mut invalid = Invalid::required(row.missing().map(|name| (name, name)));
    for (name, most) in row.too_long() {
        invalid.add(name, format!("The field {name} must be a string with a maximum length of {most}."));
    }
    invalid.or_ok().map_err(Refusal::BadBody)
}

pub(super) fn no_entity(id: impl std::fmt::Display) -> Refusal {
    Refusal::NotFound(Reason::EntityUnknown.because(format!("Entity {id} does not exist.")))
}
