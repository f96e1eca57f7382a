//! Asynchronous queries and their results, bounded by count and by bytes.
//!
//! A result is made when its query is submitted, and shown when the clock says that the query is over.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::config::TimbrSection;
use crate::reason::Refused;

/// Those of a sandbox.
#[derive(Debug, Default)]
pub(in crate::timbr) struct AsyncQueries(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// In the order of their submission.
    queries: BTreeMap<u64, (Uuid, Query)>,
    numbers: HashMap<Uuid, u64>,
    next: u64,
    bytes: usize,
    /// What became of those that are gone; the oldest are forgotten.
    gone: VecDeque<(Uuid, Lost)>,
}

/// One query.
#[derive(Debug)]
pub(super) struct Query {
    /// Hash of the credential that it came with.
    pub(super) owner: [u8; 32],
    pub(super) ends: Timestamp,
    pub(super) expires: Timestamp,
    /// Rows, or what the engine has against the statement.
    pub(super) result: Result<Box<RawValue>, Refused>,
}

/// A query as it is now.
#[derive(Debug)]
pub(super) enum Seen {
    Running { ends: Timestamp },
    Over(Result<Box<RawValue>, Refused>),
}

/// Why there is nothing to see.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lost {
    Unknown,
    OfOther,
    Fetched,
    /// Since then.
    Expired(Timestamp),
    Evicted,
}

/// How much is kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct StoreLimits {
    pub(super) queries: usize,
    pub(super) bytes: usize,
}

/// Of so many queries that are gone it is known why.
const REMEMBERED: usize = 1000;

// === impl AsyncQueries ===

impl AsyncQueries {
    /// Keeps a query. The oldest that is over makes room, else the oldest.
    pub(super) fn put(&self, id: Uuid, query: Query, now: Timestamp, limits: &StoreLimits) {
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        state.bytes += query.size();
        state.numbers.insert(id, number);
        state.queries.insert(number, (id, query));
        while state.queries.len() > limits.queries || state.bytes > limits.bytes {
            let over = state.queries.iter().find(|(_, (_, query))| query.ends <= now).map(|(number, _)| *number);
            let Some(number) = over.or_else(|| state.queries.keys().next().copied()) else { break };
            state.remove(number, Lost::Evicted);
        }
    }

    /// What there is to see of a query. With `once` nobody sees a result twice.
    pub(super) fn look(&self, id: Uuid, owner: &[u8; 32], now: Timestamp, once: bool) -> Result<Seen, Lost> {
        let mut state = self.lock();
        let Some(number) = state.numbers.get(&id).copied() else {
            let gone = state.gone.iter().find(|(known, _)| *known == id);
            return Err(gone.map_or(Lost::Unknown, |(_, lost)| *lost));
        };
        let Some((_, query)) = state.queries.get(&number) else { return Err(Lost::Unknown) };
        if query.owner != *owner {
            return Err(Lost::OfOther);
        }
        if now >= query.expires {
            return Err(Lost::Expired(query.expires));
        }
        if now < query.ends {
            return Ok(Seen::Running { ends: query.ends });
        }
        let result = query.result.clone();
        if once {
            state.remove(number, Lost::Fetched);
        }
        Ok(Seen::Over(result))
    }

    pub(in crate::timbr) fn clear(&self) {
        *self.lock() = State::default();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl State ===

impl State {
    fn remove(&mut self, number: u64, why: Lost) {
        let Some((id, query)) = self.queries.remove(&number) else { return };
        self.numbers.remove(&id);
        self.bytes -= query.size();
        if self.gone.len() == REMEMBERED {
            self.gone.pop_front();
        }
        self.gone.push_back((id, why));
    }
}

// === impl Query ===

impl Query {
    fn size(&self) -> usize {
        size_of::<Self>()
            + match &self.result {
                Ok(rows) => rows.get().len(),
                Err(refused) => refused.detail.len(),
            }
    }
}

// === impl StoreLimits ===

impl StoreLimits {
    pub(super) fn of(section: &TimbrSection) -> Self {
        Self { queries: section.async_queries.get(), bytes: section.async_bytes.bytes() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: [u8; 32] = [1; 32];

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// Over at a second, kept for ten more.
    fn query(ends: i64, rows: &str) -> Query {
        let result = Ok(RawValue::from_string(rows.to_owned()).unwrap());
        Query { owner: OWNER, ends: at(ends), expires: at(ends + 10), result }
    }

    fn look(queries: &AsyncQueries, id: u128, now: i64) -> String {
        match queries.look(Uuid::from_u128(id), &OWNER, at(now), true) {
            Ok(Seen::Running { .. }) => "running".to_owned(),
            Ok(Seen::Over(result)) => result.unwrap().get().to_owned(),
            Err(lost) => format!("{lost:?}"),
        }
    }

    #[test]
    fn the_oldest_that_is_over_makes_room() {
        let (queries, limits) = (AsyncQueries::default(), StoreLimits { queries: 2, bytes: usize::MAX });
        queries.put(Uuid::from_u128(1), query(9, "[1]"), at(0), &limits);
        queries.put(Uuid::from_u128(2), query(1, "[2]"), at(0), &limits);
        queries.put(Uuid::from_u128(3), query(9, "[3]"), at(2), &limits);
        assert_eq!(look(&queries, 2, 2), "Evicted");
        queries.put(Uuid::from_u128(4), query(9, "[4]"), at(2), &limits);
        assert_eq!(look(&queries, 1, 2), "Evicted");
        assert_eq!((look(&queries, 3, 2), look(&queries, 3, 9)), ("running".to_owned(), "[3]".to_owned()));
        assert_eq!(look(&queries, 3, 9), "Fetched");
    }

    #[test]
    fn bytes_are_bounded_and_given_back() {
        let room = 2 * (size_of::<Query>() + 3);
        let (queries, limits) = (AsyncQueries::default(), StoreLimits { queries: 100, bytes: room });
        for id in 1..=2 {
            queries.put(Uuid::from_u128(id), query(0, "[1]"), at(0), &limits);
        }
        assert_eq!(look(&queries, 1, 0), "[1]");
        queries.put(Uuid::from_u128(3), query(0, "[3]"), at(0), &limits);
        assert_eq!((look(&queries, 2, 0), look(&queries, 3, 0)), ("[1]".to_owned(), "[3]".to_owned()));
        // One that is too long for all of the room never gets in.
        let long = format!("\"{}\"", "x".repeat(2 * room));
        queries.put(Uuid::from_u128(4), query(0, &long), at(0), &limits);
        assert_eq!(look(&queries, 4, 0), "Evicted");
    }

    #[test]
    fn the_clock_decides_and_may_go_back() {
        let (queries, limits) = (AsyncQueries::default(), StoreLimits { queries: 9, bytes: usize::MAX });
        queries.put(Uuid::from_u128(1), query(5, "[1]"), at(0), &limits);
        assert_eq!(look(&queries, 1, 4), "running");
        assert_eq!(look(&queries, 1, 15), format!("{:?}", Lost::Expired(at(15))));
        assert_eq!(look(&queries, 1, 14), "[1]");
        assert_eq!(look(&queries, 7, 14), "Unknown");
        queries.put(Uuid::from_u128(2), query(5, "[2]"), at(0), &limits);
        let other = queries.look(Uuid::from_u128(2), &[2; 32], at(5), true);
        assert_eq!(other.unwrap_err(), Lost::OfOther);
        queries.clear();
        assert_eq!(look(&queries, 2, 5), "Unknown");
    }
}
