//! What can log in, and the devices among them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::Deserialize;

use super::{AccountId, BranchId, ClientId, DeviceId, Quirk};

/// What can log in.
#[derive(Clone, Debug)]
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

/// A device as it was registered; where it is now, the positions of the sandbox know.
#[derive(Clone, Debug)]
pub struct Device {
    /// Number of the device.
    pub id: i32,
    /// The account it logs in with.
    pub account: AccountId,
    /// The account's login.
    pub login: Arc<str>,
    /// Branch it belongs to.
    pub branch: BranchId,
    /// Sector it is shown in before its first position.
    pub sector_number: Option<i32>,
    /// Name for people.
    pub title: String,
    /// Hardware address.
    pub mac: Option<String>,
    /// `#rrggbb`.
    pub color: String,
}

/// The table of both. Rows are shared: a copy of the table copies pointers.
#[derive(Clone, Debug, Default)]
pub(super) struct Accounts {
    pub(super) by_id: BTreeMap<AccountId, Arc<Account>>,
    pub(super) by_login: HashMap<Arc<str>, Vec<AccountId>>,
    pub(super) devices: BTreeMap<DeviceId, Arc<Device>>,
    pub(super) device_by_number: HashMap<i32, DeviceId>,
    pub(super) device_of: HashMap<AccountId, DeviceId>,
    /// How many there ever were of each.
    used: (usize, usize),
}

// === impl Accounts ===

impl Accounts {
    pub(super) fn find(&self, client: ClientId, login: &str) -> Option<AccountId> {
        let candidates = self.by_login.get(login)?;
        candidates.iter().copied().find(|id| self.by_id.get(id).is_some_and(|account| account.client == client))
    }

    /// Adds an account whose login is free. Numbers are never used twice, so that an old token names nobody new.
    pub(super) fn add(&mut self, account: Account) -> AccountId {
        let id = AccountId(self.used.0);
        self.used.0 += 1;
        self.by_login.entry(Arc::clone(&account.login)).or_default().push(id);
        self.by_id.insert(id, Arc::new(account));
        id
    }

    /// Adds a device whose number is free.
    pub(super) fn add_device(&mut self, device: Device) {
        let id = DeviceId(self.used.1);
        self.used.1 += 1;
        self.device_by_number.insert(device.id, id);
        self.device_of.insert(device.account, id);
        self.devices.insert(id, Arc::new(device));
    }

    /// The number after the highest, or the lowest that is free.
    pub(super) fn free_number(&self) -> i32 {
        let highest = self.device_by_number.keys().max().copied().unwrap_or(0);
        let after = highest.checked_add(1).filter(|number| *number > 0);
        let free = |number: &i32| !self.device_by_number.contains_key(number);
        after.or_else(|| (1..i32::MAX).find(free)).unwrap_or(i32::MAX)
    }

    pub(super) fn change(&mut self, id: AccountId, change: impl FnOnce(&mut Account)) {
        if let Some(account) = self.by_id.get_mut(&id) {
            change(Arc::make_mut(account));
        }
    }

    pub(super) fn remove(&mut self, id: AccountId) {
        let Some(account) = self.by_id.remove(&id) else { return };
        if let Some(ids) = self.by_login.get_mut(&account.login) {
            ids.retain(|known| *known != id);
        }
        if let Some(device) = self.device_of.remove(&id).and_then(|device| self.devices.remove(&device)) {
            self.device_by_number.remove(&device.id);
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
