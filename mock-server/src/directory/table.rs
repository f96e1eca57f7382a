//! One collection: the rows of each branch, by number. A copy costs a pointer, and an edit of a copy costs what it
//! changes, however many rows there are. A row is found by its number or its place in the order, and a page of them
//! costs what is on it.

use std::ops::{Bound, Range, RangeBounds};
use std::sync::Arc;

use imbl::{OrdMap, Vector};

use wire::contract::Member;

use super::BranchId;

/// Rows of one contract.
#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    branches: OrdMap<BranchId, Vector<Numbered<T>>>,
    len: usize,
    /// The highest number that there ever was: none is given to two rows.
    last: i32,
    bytes: usize,
}

/// A row, shared between the copies of its table.
#[derive(Debug)]
struct Numbered<T> {
    number: i32,
    row: Arc<T>,
}

impl<T> Clone for Numbered<T> {
    fn clone(&self) -> Self {
        Self { number: self.number, row: Arc::clone(&self.row) }
    }
}

/// There is no room for another row.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum Full {
    /// Too many.
    #[error("there are {MOST} of them already, which is the limit; delete some")]
    Rows,
    /// Too long altogether.
    #[error("together they would be longer than {MOST_BYTES} bytes, which is the limit; delete some")]
    Bytes,
}

/// Rows of a table at most.
const MOST: usize = 1_000_000;
/// Bytes of all rows at most.
const MOST_BYTES: usize = 256 << 20;

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { branches: OrdMap::new(), len: 0, last: 0, bytes: 0 }
    }
}

// === impl Table ===

impl<T: Member> Table<T> {
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// One row of a branch.
    pub(crate) fn get(&self, branch: BranchId, number: i32) -> Option<&Arc<T>> {
        let rows = self.branches.get(&branch)?;
        rows.get(place(rows, number).ok()?).map(|found| &found.row)
    }

    /// The rows of a branch, by number.
    pub(crate) fn of(&self, branch: BranchId) -> impl DoubleEndedIterator<Item = &Arc<T>> {
        self.branches.get(&branch).into_iter().flatten().map(|found| &found.row)
    }

    /// Where in that order the rows stand whose numbers lie in a range.
    pub(crate) fn places(&self, branch: BranchId, numbers: impl RangeBounds<i32>) -> Range<usize> {
        let Some(rows) = self.branches.get(&branch) else { return 0..0 };
        let at = |number| place(rows, number).unwrap_or_else(|place| place);
        let after = |number| place(rows, number).map_or_else(|place| place, |place| place + 1);
        let start = match numbers.start_bound() {
            Bound::Included(number) => at(*number),
            Bound::Excluded(number) => after(*number),
            Bound::Unbounded => 0,
        };
        let end = match numbers.end_bound() {
            Bound::Included(number) => after(*number),
            Bound::Excluded(number) => at(*number),
            Bound::Unbounded => rows.len(),
        };
        start..end.max(start)
    }

    /// The rows at some places of that order. It costs what is taken from it, however far in they stand.
    pub(crate) fn at(&self, branch: BranchId, places: Range<usize>) -> impl DoubleEndedIterator<Item = &Arc<T>> {
        let rows = self.branches.get(&branch).into_iter();
        rows.flat_map(move |rows| rows.focus().narrow(places.start.min(rows.len())..places.end.min(rows.len())))
            .map(|found| &found.row)
    }

    /// A number that no row has or had, as long as there are any.
    pub(crate) fn next_number(&self) -> Option<i32> {
        self.last.checked_add(1)
    }

    /// Whether a number is still free, whatever the branch.
    pub(crate) fn is_free(&self, number: i32) -> bool {
        number > self.last || self.branches.values().all(|rows| place(rows, number).is_err())
    }

    /// Puts a row in its place, where there may be one already.
    pub(crate) fn put(&mut self, branch: BranchId, number: i32, value: T) -> Result<(), Full> {
        let bytes = weight(&value);
        let before = self.get(branch, number).map(|row| weight(&**row));
        if before.is_none() && self.len >= MOST {
            return Err(Full::Rows);
        }
        let total = self.bytes - before.unwrap_or(0) + bytes;
        if total > MOST_BYTES {
            return Err(Full::Bytes);
        }
        self.bytes = total;
        self.last = self.last.max(number);
        let rows = self.branches.entry(branch).or_default();
        let numbered = Numbered { number, row: Arc::new(value) };
        match place(rows, number) {
            Ok(place) => {
                rows.set(place, numbered);
            }
            Err(place) => {
                rows.insert(place, numbered);
                self.len += 1;
            }
        }
        Ok(())
    }

    /// Takes a row away.
    pub(crate) fn remove(&mut self, branch: BranchId, number: i32) -> Option<Arc<T>> {
        let rows = self.branches.get_mut(&branch)?;
        let Numbered { row, .. } = rows.remove(place(rows, number).ok()?);
        self.len -= 1;
        self.bytes -= weight(&*row);
        Some(row)
    }
}

/// Where a row stands, or would.
fn place<T>(rows: &Vector<Numbered<T>>, number: i32) -> Result<usize, usize> {
    // Rows mostly come in the order of their numbers.
    if rows.last().is_none_or(|last| last.number < number) {
        return Err(rows.len());
    }
    rows.binary_search_by(|row| row.number.cmp(&number))
}

/// Bytes that a row counts for. It never changes, so what is added when it comes is taken off when it goes.
fn weight<T: Member>(row: &T) -> usize {
    size_of::<T>() + row.heap()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn text(length: usize) -> String {
        let mut text = String::with_capacity(length);
        text.push('x');
        text
    }

    #[test]
    fn numbers_are_never_given_twice_and_copies_do_not_change() {
        let (here, there) = (BranchId(0), BranchId(1));
        let mut table = Table::default();
        for number in [1, 2] {
            table.put(here, number, text(10)).unwrap();
        }
        table.put(there, 3, text(20)).unwrap();
        let (before, own) = (table.clone(), size_of::<String>());
        assert!(table.remove(there, 3).is_some());
        assert_eq!((table.next_number(), table.len(), table.bytes), (Some(4), 2, 2 * (own + 10)));
        assert_eq!((before.get(there, 3).is_some(), before.bytes), (true, 3 * own + 40));
        assert!(table.get(there, 1).is_none(), "a row is seen from its own branch alone");
        assert_eq!(table.of(here).count(), 2);
    }

    #[test]
    fn a_table_is_bounded_by_the_bytes_of_its_rows() {
        let mut table = Table::default();
        let here = BranchId(0);
        table.put(here, 1, text(MOST_BYTES - size_of::<String>())).unwrap();
        assert!(matches!(table.put(here, 2, String::new()), Err(Full::Bytes)));
        table.put(here, 1, text(5)).unwrap();
        table.put(here, 2, String::new()).unwrap();
        assert_eq!((table.bytes, table.len()), (2 * size_of::<String>() + 5, 2));
    }

    #[test]
    fn rows_are_found_by_number_and_by_place() {
        let here = BranchId(0);
        let mut table = Table::default();
        // Out of order, as a world's file may have them.
        for number in [7, 2, 9, 4] {
            table.put(here, number, number.to_string()).unwrap();
        }
        let all = |rows: Range<usize>| table.at(here, rows).map(|row| row.parse().unwrap()).collect::<Vec<i32>>();
        assert_eq!(all(0..4), [2, 4, 7, 9]);
        assert_eq!(all(1..3), [4, 7]);
        assert_eq!((all(3..9), all(9..12)), (vec![9], vec![]));
        assert_eq!(table.at(here, 1..4).rev().map(|row| row.as_str()).collect::<Vec<_>>(), ["9", "7", "4"]);
        assert_eq!(table.places(here, 3..8), 1..3);
        assert_eq!(table.places(here, 4..=7), 1..3);
        assert_eq!(table.places(here, ..2), 0..0);
        assert_eq!(table.places(here, 100..), 4..4);
        #[expect(clippy::reversed_empty_ranges, reason = "a filter can ask for it")]
        let nothing = table.places(here, 9..=2);
        assert!(nothing.is_empty());
        assert_eq!(table.places(BranchId(1), ..), 0..0);
        assert!(table.is_free(3) && table.is_free(10) && !table.is_free(4));
        table.remove(here, 4).unwrap();
        assert_eq!(table.of(here).map(|row| row.as_str()).collect::<Vec<_>>(), ["2", "7", "9"]);
        assert!(table.get(here, 4).is_none());
    }

    proptest! {
        #[test]
        fn a_table_is_a_sorted_map_by_branch(acts in vec((0..2_usize, 1..400_i32, any::<bool>()), 0..900)) {
            let mut table = Table::default();
            let mut model: [BTreeMap<i32, String>; 2] = Default::default();
            for (branch, number, comes) in acts {
                if comes {
                    table.put(BranchId(branch), number, number.to_string()).unwrap();
                    model[branch].insert(number, number.to_string());
                } else {
                    let gone = table.remove(BranchId(branch), number);
                    prop_assert_eq!(gone.map(|row| row.to_string()), model[branch].remove(&number));
                }
            }
            for (branch, rows) in model.iter().enumerate() {
                let branch = BranchId(branch);
                prop_assert_eq!(table.of(branch).map(|row| row.as_str()).collect::<Vec<_>>(), rows.values().collect::<Vec<_>>());
                let places = table.places(branch, 100..300);
                let within: Vec<_> = table.at(branch, places).map(|row| row.as_str()).collect();
                prop_assert_eq!(within, rows.range(100..300).map(|(_, row)| row).collect::<Vec<_>>());
            }
            prop_assert_eq!(table.len(), model[0].len() + model[1].len());
        }
    }

    #[test]
    fn when_all_numbers_were_given_there_are_no_more_rows() {
        let mut table = Table::default();
        table.put(BranchId(0), i32::MAX, String::new()).unwrap();
        assert_eq!(table.next_number(), None);
    }
}
