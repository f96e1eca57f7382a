//! Static keys of both vendors: state, since keys are created, rotated, disabled and taken away while clients run.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use super::{BranchId, ClientId};

/// A static key.
#[derive(Clone, Debug)]
pub struct StaticKey {
    /// The key itself.
    pub text: String,
    /// What it opens.
    pub opens: Opens,
    /// Whether it is refused for now.
    pub disabled: bool,
    /// From this moment on it is refused: it was rotated, and its successor overlaps with it until then.
    pub retires: Option<Timestamp>,
}

/// What a key opens.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Opens {
    /// A twinzo client: one of its branches, or every branch if none is named.
    Client(ClientId, Option<BranchId>),
    /// Timbr, as this user.
    TimbrUser(Arc<str>),
}

/// Number of a key; written `key-1`, `key-2` …, and never used twice.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct KeyId(pub(super) usize);

/// The table.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    by_id: BTreeMap<KeyId, StaticKey>,
    by_text: HashMap<String, KeyId>,
    used: usize,
}

// === impl Keys ===

impl Keys {
    pub(super) fn iter(&self) -> impl Iterator<Item = (KeyId, &StaticKey)> {
        self.by_id.iter().map(|(id, key)| (*id, key))
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(super) fn get(&self, id: KeyId) -> Option<&StaticKey> {
        self.by_id.get(&id)
    }

    pub(super) fn find(&self, text: &str) -> Option<&StaticKey> {
        self.by_id.get(self.by_text.get(text)?)
    }

    /// Adds a key; `None` if another has the same text.
    pub(super) fn add(&mut self, key: StaticKey) -> Option<KeyId> {
        if self.by_text.contains_key(&key.text) {
            return None;
        }
        self.used += 1;
        let id = KeyId(self.used);
        self.by_text.insert(key.text.clone(), id);
        self.by_id.insert(id, key);
        Some(id)
    }

    /// Changes anything but the text.
    pub(super) fn change(&mut self, id: KeyId, change: impl FnOnce(&mut StaticKey)) -> bool {
        self.by_id.get_mut(&id).map(change).is_some()
    }

    pub(super) fn remove(&mut self, id: KeyId) -> bool {
        let removed = self.by_id.remove(&id);
        removed.is_some_and(|key| self.by_text.remove(&key.text).is_some())
    }

    pub(super) fn remove_of(&mut self, opens: &Opens) {
        self.by_id.retain(|_, key| key.opens != *opens);
        self.by_text.retain(|_, id| self.by_id.contains_key(id));
    }

    /// Gives every key another text.
    pub(super) fn rewrite(&mut self, text: impl Fn(&StaticKey) -> String) {
        for key in self.by_id.values_mut() {
            key.text = text(key);
        }
        self.by_text = self.by_id.iter().map(|(id, key)| (key.text.clone(), *id)).collect();
    }
}

// === impl StaticKey ===

impl StaticKey {
    /// Whether it is in force.
    pub fn is_good(&self, now: Timestamp) -> bool {
        !self.disabled && self.retires.is_none_or(|end| now < end)
    }
}

// === impl KeyId ===

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "key-{}", self.0)
    }
}

impl std::str::FromStr for KeyId {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let number = text.strip_prefix("key-").and_then(|number| number.parse().ok());
        number.map(Self).ok_or(())
    }
}
