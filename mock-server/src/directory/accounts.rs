//! What can log in.

use std::sync::Arc;

use imbl::{HashMap, OrdMap};
use serde::Deserialize;

use super::{AccountId, BranchId, ClientId, Quirk};

/// What can log in.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Login, unique within its client.
    pub login: Arc<str>,
    /// Password in the clear: nothing here is a real one.
    pub password: String,
    /// Client it belongs to.
    pub client: ClientId,
    /// Branch it belongs to.
    pub branch: BranchId,
    /// What it is.
    pub kind: AccountKind,
    /// Number of the device, sensor or user in its collection.
    pub number: i32,
    /// Whether it may neither log in nor use its tokens.
    pub disabled: bool,
    /// How it misbehaves by itself, if it does.
    pub quirk: Option<Quirk>,
}

/// What an account is.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum AccountKind {
    /// Something that moves.
    Device,
    /// Something that measures.
    Sensor,
    /// A person.
    User,
}

/// The table. A copy costs a pointer, and an edit of a copy costs what it changes.
#[derive(Clone, Debug, Default)]
pub(super) struct Accounts {
    pub(super) by_id: OrdMap<AccountId, Arc<Account>>,
    pub(super) by_login: HashMap<Arc<str>, Vec<AccountId>>,
    /// How many there ever were.
    used: usize,
}

// === impl Accounts ===

impl Accounts {
    pub(super) fn find(&self, client: ClientId, login: &str) -> Option<AccountId> {
        let candidates = self.by_login.get(login)?;
        candidates.iter().copied().find(|id| self.by_id.get(id).is_some_and(|account| account.client == client))
    }

    /// Adds an account whose login is free. Numbers are never used twice, so that an old token names nobody new.
    pub(super) fn add(&mut self, account: Account) -> AccountId {
        let id = AccountId(self.used);
        self.used += 1;
        self.by_login.entry(Arc::clone(&account.login)).or_default().push(id);
        self.by_id.insert(id, Arc::new(account));
        id
    }

    pub(super) fn change(&mut self, id: AccountId, change: impl FnOnce(&mut Account)) {
        let Some(account) = self.by_id.get_mut(&id) else { return };
        let before = Arc::clone(&account.login);
        let account = Arc::make_mut(account);
        change(account);
        if account.login != before {
            let after = Arc::clone(&account.login);
            self.forget_login(&before, id);
            self.by_login.entry(after).or_default().push(id);
        }
    }

    pub(super) fn remove(&mut self, id: AccountId) -> Option<Arc<Account>> {
        let account = self.by_id.remove(&id)?;
        self.forget_login(&account.login, id);
        Some(account)
    }

    fn forget_login(&mut self, login: &Arc<str>, id: AccountId) {
        let Some(ids) = self.by_login.get_mut(login) else { return };
        ids.retain(|known| *known != id);
        if ids.is_empty() {
            self.by_login.remove(login);
        }
    }
}

// === impl AccountKind ===

impl AccountKind {
    /// In the words of the admin API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Sensor => "sensor",
            Self::User => "user",
        }
    }
}
