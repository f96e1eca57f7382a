//! What a rule or a limit counts apart, and a table of counts that stays within its bounds.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::spec::Per;
use super::subject::{Subject, Who};
use crate::directory::{BranchId, ClientId, Directory};

/// One of those that are counted apart. Whoever has no name of the kind shares one count with the others who have none.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Key {
    Rule,
    Client(Option<ClientId>),
    Branch(Option<BranchId>),
    Account(Option<Arc<str>>),
    /// Account and generation.
    Token(Option<(Arc<str>, u32)>),
    Connection(u64),
}

/// A value for each key. Beyond its bound the oldest key is forgotten.
#[derive(Debug)]
pub(crate) struct Keyed<T> {
    by_key: HashMap<Key, T>,
    order: VecDeque<Key>,
    forgotten: u64,
}

/// Keys at most; only tokens and connections can be so many.
const MOST: usize = 10_000;

// === impl Key ===

impl Key {
    pub(crate) fn of(per: Per, subject: &Subject<'_>) -> Self {
        let Who { client, branch, account, token_generation, .. } = &subject.who;
        match per {
            Per::Rule => Self::Rule,
            Per::Client => Self::Client(*client),
            Per::Branch => Self::Branch(*branch),
            Per::Account => Self::Account(account.clone()),
            Per::Token => Self::Token(account.clone().zip(*token_generation)),
            Per::Connection => Self::Connection(subject.connection),
        }
    }

    /// The same on every run: connections are counted by the rule, for their numbers depend on who else is there.
    pub(crate) fn stable(&self, position: u64) -> String {
        match self {
            Self::Connection(_) => format!("connection {position}"),
            Self::Rule | Self::Client(_) | Self::Branch(_) | Self::Account(_) | Self::Token(_) => format!("{self:?}"),
        }
    }

    /// For people: `account "forklift-01"`.
    pub(super) fn describe(&self, directory: &Directory, position: u64) -> Option<String> {
        match self {
            Self::Rule => None,
            Self::Client(Some(client)) => Some(format!("client {:?}", directory.client(*client).name)),
            Self::Branch(Some(branch)) => Some(format!("branch {:?}", directory.branch(*branch).title)),
            Self::Account(Some(account)) => Some(format!("account {account:?}")),
            Self::Token(Some((account, generation))) => Some(format!("token {generation} of {account:?}")),
            Self::Connection(_) => Some(format!("connection {position}")),
            Self::Client(None) => Some("no client".to_owned()),
            Self::Branch(None) => Some("no branch".to_owned()),
            Self::Account(None) => Some("no account".to_owned()),
            Self::Token(None) => Some("no token".to_owned()),
        }
    }
}

// === impl Keyed ===

impl<T> Keyed<T> {
    /// The value of a key; a new one is made from its position.
    pub(crate) fn entry(&mut self, key: &Key, new: impl FnOnce(u64) -> T) -> &mut T {
        if !self.by_key.contains_key(key) {
            if self.by_key.len() >= MOST
                && let Some(oldest) = self.order.pop_front()
            {
                self.by_key.remove(&oldest);
                self.forgotten += 1;
            }
            self.order.push_back(key.clone());
        }
        let position = self.forgotten + self.order.len() as u64;
        self.by_key.entry(key.clone()).or_insert_with(|| new(position))
    }

    /// Keys that had to make room; if they come back their count begins anew.
    pub(crate) fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

impl<T> Default for Keyed<T> {
    fn default() -> Self {
        Self { by_key: HashMap::new(), order: VecDeque::new(), forgotten: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_key_makes_room() {
        let mut keyed = Keyed::default();
        for connection in 0..=MOST as u64 {
            assert_eq!(*keyed.entry(&Key::Connection(connection), |position| position), connection + 1);
        }
        assert_eq!((keyed.by_key.len(), keyed.forgotten()), (MOST, 1));
        assert_eq!(*keyed.entry(&Key::Connection(1), |_| 0), 2);
        assert_eq!(*keyed.entry(&Key::Connection(0), |_| 0), 0);
    }
}
