//! List, one, create, change, delete: the five verbs of every collection (§6), written once.
//!
//! Scoping follows §6.2: everything but clients and branches is seen from the header's branch only.

use http::StatusCode;
use wire::collection::{Area, Beacon, Layer, LogEntry, Order, Path, Quantity, Sector, SensorData, Shift, UserDetail};

use super::expand::{self, Inside};
use super::media::{Given, Invalid};
use super::odata::{self, Found, Query};
use super::problem::Refusal;
use super::work::Work;
use crate::answer::Answer;
use crate::directory::{Directory, Row};
use crate::reason::Reason;

/// A row as answers show it.
pub(super) trait Shown: Row {
    /// Members whose rows `$expand` shows.
    const EXPANDS: &'static [&'static str] = &[];

    /// Those that the vendor's rows have too, and that are never shown here.
    const HIDES: &'static [&'static str] = &[];

    /// Members that [`complete`](Shown::complete) decides.
    const LIVE: &'static [&'static str] = &[];

    /// Adds what other rows of a directory, or positions, know of it.
    fn complete(&mut self, _work: &Work<'_>, _directory: &Directory) {}

    /// The same for a whole list.
    fn complete_all(rows: &mut [Self], work: &Work<'_>, directory: &Directory) {
        for row in rows {
            row.complete(work, directory);
        }
    }

    /// Puts rows of other collections into the members that a query expands.
    fn expand(_rows: &mut [Self], _query: &Query, _inside: &mut Inside<'_>) -> Result<(), Refusal> {
        Ok(())
    }
}

impl Shown for Area {
    const HIDES: &'static [&'static str] = &["Sector", "Branch", "Layer"];
}

impl Shown for Beacon {
    const HIDES: &'static [&'static str] = &["Sector", "Branch"];
}

impl Shown for Layer {
    const EXPANDS: &'static [&'static str] = &["Areas", "Devices"];
    const HIDES: &'static [&'static str] = &["Branch", "Paths", "Children"];

    fn expand(rows: &mut [Self], query: &Query, inside: &mut Inside<'_>) -> Result<(), Refusal> {
        expand::layers(rows, query, inside)
    }
}

impl Shown for Path {
    const EXPANDS: &'static [&'static str] = &["PathPoints"];
    const HIDES: &'static [&'static str] = &["Sector", "Branch", "Layer"];
}

impl Shown for Sector {
    const EXPANDS: &'static [&'static str] = &["GpsItems", "Areas", "Barriers", "Beacons", "Sensors", "Paths"];
    const HIDES: &'static [&'static str] = &["Branch"];

    fn expand(rows: &mut [Self], query: &Query, inside: &mut Inside<'_>) -> Result<(), Refusal> {
        expand::sectors(rows, query, inside)
    }
}

impl Shown for LogEntry {}
impl Shown for Order {}
impl Shown for Quantity {}
impl Shown for SensorData {}
impl Shown for Shift {}
impl Shown for UserDetail {}

/// `GET area`.
pub(super) fn list<R: Shown>(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let query = work.query_of_list::<R>()?;
    let Found { rows, count } = odata::of_table::<R>(work, &query);
    let rows = dressed(work, work.directory(), rows, &query)?;
    Ok(work.found(Found { rows, count }, &query))
}

/// `GET area/{id}`.
pub(super) fn get<R: Shown>(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    show::<R>(work, work.number())
}

/// One row of the branch.
pub(super) fn show<R: Shown>(work: &Work<'_>, number: i32) -> Result<Answer, Refusal> {
    let query = work.query_of_row::<R>()?;
    let row = work.directory().table::<R>().get(work.branch(), number).ok_or_else(|| no_entity(number))?;
    let row = shown(work, work.directory(), R::clone(row), &query)?;
    Ok(work.row(StatusCode::OK, row, &query))
}

/// `POST area`.
pub(super) fn create<R: Shown>(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let query = work.query_of_row::<R>()?;
    let row = add::<R>(work, &query)?;
    Ok(work.row(StatusCode::CREATED, row, &query))
}

/// `PATCH area/{id}`: members that the body has change, the others stay.
pub(super) fn patch<R: Shown>(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let (number, query) = (work.number(), work.query_of_row::<R>()?);
    if work.directory().table::<R>().get(work.branch(), number).is_none() {
        return Err(no_entity(number));
    }
    let mut given: Given<R> = work.take_given()?;
    let (branch, now, secret) = (work.branch(), work.now(), secret_of(&mut given.value));
    let row = work.edit(|directory| {
        let is_there = directory.change_row::<R, Refusal>(branch, number, |row| {
            let is_given = |name: &str| given.names.contains(&name) && !R::FIXED.contains(&name);
            row.adopt(given.value, is_given);
            row.touch(now);
            check(row)
        })?;
        // Somebody else may have deleted it meanwhile.
        let row = directory.table::<R>().get(branch, number).filter(|_| is_there);
        // A query that cannot be answered is known before anything has changed.
        shown(work, directory, R::clone(row.ok_or_else(|| no_entity(number))?), &query)
    })?;
    work.sandbox.redactor.learn(secret.as_deref());
    Ok(work.row(StatusCode::OK, row, &query))
}

/// `DELETE area/{id}`.
pub(super) fn delete<R: Shown>(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let (branch, number) = (work.branch(), work.number());
    let was_there = work.edit(|directory| Ok(directory.remove_row::<R>(branch, number)))?;
    if was_there { Ok(Answer::empty(StatusCode::NO_CONTENT)) } else { Err(no_entity(number)) }
}

/// Adds the row that the body describes.
pub(super) fn add<R: Shown>(work: &Work<'_>, query: &Query) -> Result<R, Refusal> {
    let given: Given<R> = work.take_given()?;
    let mut row = R::blank();
    row.adopt(given.value, |name| given.names.contains(&name) && !R::FIXED.contains(&name));
    check(&row)?;
    let (branch, birth, secret) = (work.branch(), work.birth(), secret_of(&mut row));
    let row = work.edit(|directory| {
        let number = directory.add_row(branch, row, birth)?;
        let added = directory.table::<R>().get(branch, number).map(|row| R::clone(row));
        shown(work, directory, added.ok_or_else(|| no_entity(number))?, query)
    })?;
    work.sandbox.redactor.learn(secret.as_deref());
    Ok(row)
}

/// A row as answers show it, with what a directory knows of it.
fn shown<R: Shown>(work: &Work<'_>, directory: &Directory, mut row: R, query: &Query) -> Result<R, Refusal> {
    row.complete(work, directory);
    let mut rows = dressed(work, directory, vec![row], query)?;
    rows.pop().ok_or_else(|| Refusal::Internal(anyhow::anyhow!("a row was lost on its way to the answer")))
}

/// Rows with what a query asks to show inside them, and without the rest.
fn dressed<R: Shown>(
    work: &Work<'_>,
    directory: &Directory,
    mut rows: Vec<R>,
    query: &Query,
) -> Result<Vec<R>, Refusal> {
    for row in &mut rows {
        row.fold(&|name| query.expands(name));
    }
    R::expand(&mut rows, query, &mut Inside::new(work, directory))?;
    Ok(rows)
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
