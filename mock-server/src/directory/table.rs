//! One collection: rows by branch and number, in that order. A copy costs a pointer, and an edit of a copy costs what
//! it changes, however many rows there are.

use std::ops::RangeInclusive;
use std::sync::Arc;

use imbl::OrdMap;

use wire::contract::Member;

use super::BranchId;

/// Rows of one contract.
#[derive(Clone, Debug)]
pub(crate) struct Table<T> {
    rows: OrdMap<(BranchId, i32), Row<T>>,
    /// The highest number that there ever was: none is given to two rows.
    last: i32,
    bytes: usize,
}

/// A row, shared between the copies of its table.
#[derive(Debug)]
struct Row<T> {
    value: Arc<T>,
    /// Bytes that it counts for.
    bytes: usize,
}

impl<T> Clone for Row<T> {
    fn clone(&self) -> Self {
        Self { value: Arc::clone(&self.value), bytes: self.bytes }
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
        Self { rows: OrdMap::new(), last: 0, bytes: 0 }
    }
}

// === impl Table ===

impl<T: Member> Table<T> {
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// One row of a branch.
    pub(crate) fn get(&self, branch: BranchId, number: i32) -> Option<&Arc<T>> {
        self.rows.get(&(branch, number)).map(|row| &row.value)
    }

    /// The rows of a branch, by number.
    pub(crate) fn of(&self, branch: BranchId) -> impl Iterator<Item = &Arc<T>> {
        let all: RangeInclusive<_> = (branch, i32::MIN)..=(branch, i32::MAX);
        self.rows.range(all).map(|(_, row)| &row.value)
    }

    /// A number that no row has or had, as long as there are any.
    pub(crate) fn next_number(&self) -> Option<i32> {
        self.last.checked_add(1)
    }

    /// Whether a number is still free, whatever the branch.
    pub(crate) fn is_free(&self, number: i32) -> bool {
        number > self.last || !self.rows.keys().any(|(_, taken)| *taken == number)
    }

    /// Puts a row in its place, where there may be one already.
    pub(crate) fn put(&mut self, branch: BranchId, number: i32, value: T) -> Result<(), Full> {
        let bytes = size_of::<T>() + value.heap();
        let before = self.rows.get(&(branch, number)).map(|row| row.bytes);
        if before.is_none() && self.rows.len() >= MOST {
            return Err(Full::Rows);
        }
        let total = self.bytes - before.unwrap_or(0) + bytes;
        if total > MOST_BYTES {
            return Err(Full::Bytes);
        }
        self.bytes = total;
        self.last = self.last.max(number);
        self.rows.insert((branch, number), Row { value: Arc::new(value), bytes });
        Ok(())
    }

    /// Takes a row away.
    pub(crate) fn remove(&mut self, branch: BranchId, number: i32) -> Option<Arc<T>> {
        let row = self.rows.remove(&(branch, number))?;
        self.bytes -= row.bytes;
        Some(row.value)
    }
}

#[cfg(test)]
mod tests {
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
    fn when_all_numbers_were_given_there_are_no_more_rows() {
        let mut table = Table::default();
        table.put(BranchId(0), i32::MAX, String::new()).unwrap();
        assert_eq!(table.next_number(), None);
    }
}
