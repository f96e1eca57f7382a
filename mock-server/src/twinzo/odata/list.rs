//! A query over rows. Where the order is that of the numbers, what costs is the rows that are looked at: without a
//! filter, those of the page.

use std::cmp::Ordering;
use std::ops::{Deref, Range};
use std::sync::Arc;

use wire::contract::Contract;

use super::Query;
use super::index::{self, Candidates, Keys};
use super::order::compare;
use crate::beside;
use crate::directory::{Directory, Row, Table};
use crate::twinzo::rows::Shown;
use crate::twinzo::work::Work;

/// The rows that a query leaves, and how many the filter alone leaves, if it asks for that.
#[derive(Debug)]
pub(in crate::twinzo) struct Found<T> {
    pub(in crate::twinzo) rows: Vec<T>,
    pub(in crate::twinzo) count: Option<usize>,
}

/// Rows on their way to an answer, in the order of their numbers or against it.
type Rows<'r, R> = Box<dyn DoubleEndedIterator<Item = &'r Arc<R>> + 'r>;

/// Applies a query to rows that are there as a whole.
pub(in crate::twinzo) fn of_all<T: Contract>(mut rows: Vec<T>, query: &Query) -> Found<T> {
    if let Some(filter) = &query.filter {
        rows.retain(|row| filter.holds(row));
    }
    let count = query.counts.then_some(rows.len());
    rows.sort_by(|one, other| compare(&query.order, one, other));
    let rows = rows.into_iter().skip(query.skip).take(query.top.unwrap_or(usize::MAX));
    Found { rows: rows.collect(), count }
}

/// Applies a query to the rows of a branch, as answers show them.
pub(in crate::twinzo) fn of_table<R: Shown>(work: &Work<'_>, query: &Query) -> Found<R> {
    let (directory, branch) = (work.directory(), work.branch());
    let table = directory.table::<R>();
    let page = query.skip..query.skip.saturating_add(query.top.unwrap_or(usize::MAX));
    let way = query.way::<R>();
    if let (None, Some(is_down)) = (&query.filter, way) {
        // No other row is looked at, however many there are.
        let len = table.places(branch, ..).len();
        let (start, end) = (page.start.min(len), page.end.min(len));
        let rows = table.at(branch, if is_down { len - end..len - start } else { start..end });
        let rows = if is_down { rows.rev().map(own).collect() } else { rows.map(own).collect() };
        return Found { rows: completed(rows, work, directory), count: query.counts.then_some(len) };
    }
    let all = Candidates::Within(i64::MIN..=i64::MAX);
    let candidates = query.filter.as_ref().map_or(all, |filter| index::candidates(filter, R::SHAPE, keys_of::<R>()));
    let most = match &candidates {
        Candidates::These(keys) => keys.len(),
        Candidates::Within(_) => table.places(branch, ..).len(),
    };
    let scan = || looked_at(work, query, candidates, way, page);
    if most > MANY { beside::the_others(scan) } else { scan() }
}

/// Rows of which a look at each may take long enough for others to notice.
const MANY: usize = 10_000;

/// The rows that a look at each candidate leaves.
fn looked_at<R: Shown>(
    work: &Work<'_>,
    query: &Query,
    candidates: Candidates<'_>,
    way: Option<bool>,
    page: Range<usize>,
) -> Found<R> {
    let directory = work.directory();
    let rows = rows_of(directory.table::<R>(), candidates, work);
    // What a position says of a row comes before what the row says.
    let is_live = query.looks_at::<R>(R::LIVE);
    let (rows, count) = match way {
        Some(is_down) => {
            let rows = if is_down { Box::new(rows.rev()) } else { rows };
            in_order(rows.filter_map(|row| query.keeps(seen(row, is_live, work, directory))), query, page)
        }
        None => sorted(rows.filter_map(|row| query.keeps(seen(row, is_live, work, directory))).collect(), query, page),
    };
    let rows = rows.into_iter().map(Seen::into_owned).collect();
    // Twice would be one look at the positions too many: the second may see another one than the filter did.
    let rows = if is_live { rows } else { completed(rows, work, directory) };
    Found { rows, count }
}

fn completed<R: Shown>(mut rows: Vec<R>, work: &Work<'_>, directory: &Directory) -> Vec<R> {
    R::complete_all(&mut rows, work, directory);
    rows
}

fn own<R: Row>(row: &Arc<R>) -> R {
    R::clone(row)
}

/// A row as a filter sees it: as it is kept, or completed. Rows are long, so it is no longer than a pointer.
enum Seen<'r, R> {
    Kept(&'r R),
    Completed(Box<R>),
}

impl<R> Deref for Seen<'_, R> {
    type Target = R;

    fn deref(&self) -> &R {
        match self {
            Self::Kept(row) => row,
            Self::Completed(row) => row,
        }
    }
}

impl<R: Clone> Seen<'_, R> {
    fn into_owned(self) -> R {
        match self {
            Self::Kept(row) => row.clone(),
            Self::Completed(row) => *row,
        }
    }
}

fn seen<'r, R: Shown>(row: &'r Arc<R>, is_live: bool, work: &Work<'_>, directory: &Directory) -> Seen<'r, R> {
    if !is_live {
        return Seen::Kept(row);
    }
    let mut own = Box::new(R::clone(row));
    own.complete(work, directory);
    Seen::Completed(own)
}

/// The candidates of a branch, by number.
fn rows_of<'w, R: Shown>(table: &'w Table<R>, candidates: Candidates<'_>, work: &Work<'w>) -> Rows<'w, R> {
    let (directory, branch) = (work.directory(), work.branch());
    let by_number = |number: i64| i32::try_from(number).ok();
    match candidates {
        Candidates::Within(range) => {
            let clamped =
                |number: &i64| i32::try_from(*number).unwrap_or(if *number < 0 { i32::MIN } else { i32::MAX });
            // What is beyond all numbers is not the last of them.
            let is_empty = range.is_empty() || *range.start() > i32::MAX.into() || *range.end() < i32::MIN.into();
            let places =
                if is_empty { 0..0 } else { table.places(branch, clamped(range.start())..=clamped(range.end())) };
            Box::new(table.at(branch, places))
        }
        Candidates::These(keys) => {
            let by_login = |login| R::HOLDER.and_then(|kind| directory.holder_in_branch(branch, kind, login));
            let numbers = keys.into_iter().filter_map(|key| match key {
                index::Key::Number(number) => by_number(number),
                index::Key::Login(login) => by_login(login).map(|(_, account)| account.number),
            });
            let numbers: std::collections::BTreeSet<i32> = numbers.collect();
            Box::new(numbers.into_iter().filter_map(move |number| table.get(branch, number)))
        }
    }
}

/// A page of rows that come in order. The rest is looked at only if it is to be counted.
fn in_order<'r, R: Contract>(
    mut rows: impl Iterator<Item = Seen<'r, R>>,
    query: &Query,
    page: Range<usize>,
) -> (Vec<Seen<'r, R>>, Option<usize>) {
    let skipped = rows.by_ref().take(page.start).count();
    let taken: Vec<_> = rows.by_ref().take(page.len()).collect();
    let count = query.counts.then(|| skipped + taken.len() + rows.count());
    (taken, count)
}

/// A page of rows that must be sorted: only those up to its end are.
fn sorted<'r, R: Contract>(
    rows: Vec<Seen<'r, R>>,
    query: &Query,
    page: Range<usize>,
) -> (Vec<Seen<'r, R>>, Option<usize>) {
    let count = query.counts.then_some(rows.len());
    // Of equals the one with the lower number comes first.
    let mut rows: Vec<_> = rows.into_iter().enumerate().collect();
    let compare = |(a, one): &(usize, Seen<'r, R>), (b, other): &(usize, Seen<'r, R>)| -> Ordering {
        compare(&query.order, &**one, &**other).then(a.cmp(b))
    };
    if page.end < rows.len() {
        rows.select_nth_unstable_by(page.end, compare);
        rows.truncate(page.end);
    }
    rows.sort_unstable_by(compare);
    (rows.into_iter().skip(page.start).map(|(_, row)| row).collect(), count)
}

impl Query {
    /// Whether rows are wanted against the order of their numbers; `None` if in another order altogether.
    fn way<R: Row>(&self) -> Option<bool> {
        match self.order.first() {
            None => Some(false),
            // No two rows have the same, so what follows it never counts.
            Some(key) if R::SHAPE.fields.get(key.member).is_some_and(|field| field.name == R::NUMBER) => {
                Some(key.is_down)
            }
            Some(_) => None,
        }
    }

    fn keeps<'r, R: Contract>(&self, row: Seen<'r, R>) -> Option<Seen<'r, R>> {
        self.filter.as_ref().is_none_or(|filter| filter.holds(&*row)).then_some(row)
    }
}

/// What the rows of a collection are found by.
fn keys_of<R: Row>() -> Keys {
    Keys { number: R::NUMBER, login: R::HOLDER.map(|_| "Login") }
}
