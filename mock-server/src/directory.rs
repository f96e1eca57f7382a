//! What the vendors' back offices know: clients, branches, sectors, devices, accounts, keys, Timbr users and ontologies.
//!
//! A directory is a value. Its tables are shared between copies until one of them is edited, so a sandbox of its own
//! costs the tables that make it its own. An exchange works on one copy from beginning to end; edits make the next one.

mod accounts;
mod build;
mod change;
mod derive;
mod edit;
mod file;
mod generate;
mod identity;
mod invalid;
mod keys;
mod library;
mod lookup;
mod position;
mod quirk;
mod reference;
mod rows;
mod seed;
mod table;
mod tenants;
mod timbr;

use std::collections::HashMap;
use std::sync::Arc;

use imbl::ordmap::DiffItem;
use jiff::Timestamp;
use uuid::Uuid;

use crate::ontology::Data;

pub use accounts::{Account, AccountKind};
pub(crate) use change::NewUser;
pub use edit::{AccountChange, InvalidEdit, NewAccount, NewKey};
pub use file::WorldError;
pub use generate::{Generate, InvalidGenerate, NotASpec};
pub use invalid::{InvalidWorld, Place, Problem, Step};
pub use keys::{KeyId, Opens, StaticKey};
pub(crate) use library::{File, Library};
pub(crate) use quirk::SHORT_LIFE_SECS;
pub use quirk::{Quirk, QuirkRow};
pub(crate) use rows::{Birth, Row};
pub use seed::World;
pub use table::Full;
pub(crate) use table::Table;
pub use tenants::{Branch, Client};
use timbr::OntologyTables;
pub use timbr::{Ontology, TimbrDirectory, TimbrUser};

use accounts::Accounts;
use keys::Keys;
use rows::Tables;
use tenants::Tenants;

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(usize);
    )*};
}

index! {
    /// A client of this directory.
    ClientId,
    /// A branch of this directory.
    BranchId,
    /// An account of this directory: a device, sensor or user that can log in. Never given to another one.
    AccountId
}

/// The whole back office of one sandbox at one moment.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    tenants: Arc<Tenants>,
    tables: Arc<Tables>,
    accounts: Arc<Accounts>,
    keys: Arc<Keys>,
    library: Arc<Library>,
    timbr: Arc<TimbrDirectory>,
}

// === impl AccountId ===

impl AccountId {
    /// As the vendor would number it, from 1 on.
    pub(crate) fn number(self) -> i32 {
        i32::try_from(self.0).unwrap_or(i32::MAX).saturating_add(1)
    }
}

// === impl Directory ===

impl Directory {
    /// Every client.
    pub fn clients(&self) -> &[Client] {
        &self.tenants.clients
    }

    /// Every branch with its index.
    pub fn branches(&self) -> impl Iterator<Item = (BranchId, &Branch)> {
        self.tenants.branches.iter().enumerate().map(|(index, branch)| (BranchId(index), branch))
    }

    /// The rows of a collection.
    pub(crate) fn table<R: Row>(&self) -> &Table<R> {
        R::table(&self.tables)
    }

    /// What the vendor's apps fetch.
    pub(crate) fn library(&self) -> &Library {
        &self.library
    }

    /// Every account with its index.
    pub fn accounts(&self) -> impl Iterator<Item = (AccountId, &Arc<Account>)> {
        self.accounts.by_id.iter().map(|(id, account)| (*id, account))
    }

    /// Every static key, of both vendors.
    pub fn keys(&self) -> impl Iterator<Item = (KeyId, &StaticKey)> {
        self.keys.iter()
    }

    /// The Timbr side.
    pub fn timbr(&self) -> &TimbrDirectory {
        &self.timbr
    }

    /// Adds the ontologies of a folder. One whose name is there already takes its place.
    pub fn join(&mut self, folder: &[(String, Arc<Data>)]) {
        if folder.is_empty() {
            return;
        }
        let timbr = Arc::make_mut(&mut self.timbr);
        for (name, data) in folder {
            timbr.add_data(name, data);
        }
        timbr.folder = folder.to_vec();
    }

    /// One client.
    pub fn client(&self, id: ClientId) -> &Client {
        &self.tenants.clients[id.0]
    }

    /// One branch.
    pub fn branch(&self, id: BranchId) -> &Branch {
        &self.tenants.branches[id.0]
    }

    /// One account, unless it was deleted.
    pub fn account(&self, id: AccountId) -> Option<&Arc<Account>> {
        self.accounts.by_id.get(&id)
    }

    /// The client of a GUID.
    pub fn client_by_guid(&self, guid: &Uuid) -> Option<ClientId> {
        self.tenants.client_by_guid.get(guid).copied()
    }

    /// The client of a name.
    pub fn client_by_name(&self, name: &str) -> Option<ClientId> {
        self.tenants.client_by_name.get(name).copied()
    }

    /// The branch of a GUID.
    pub fn branch_by_guid(&self, guid: &Uuid) -> Option<BranchId> {
        self.tenants.branch_by_guid.get(guid).copied()
    }

    /// The account of a login within a client.
    pub fn account_by_login(&self, client: ClientId, login: &str) -> Option<AccountId> {
        self.accounts.find(client, login)
    }

    /// Every account of a login, whatever its client.
    pub fn accounts_by_login(&self, login: &str) -> &[AccountId] {
        self.accounts.by_login.get(login).map_or(&[], Vec::as_slice)
    }

    /// The account of a login within a branch, if it is of that kind: what localization looks for.
    pub fn holder_in_branch(&self, branch: BranchId, kind: AccountKind, login: &str) -> Option<(AccountId, &Account)> {
        let id = self.account_by_login(self.branch(branch).client, login)?;
        let account = self.account(id)?;
        (account.branch == branch && account.kind == kind).then_some((id, &**account))
    }

    /// A static key by its text.
    pub fn key(&self, text: &str) -> Option<&StaticKey> {
        self.keys.find(text)
    }

    /// A static key by its number.
    pub fn key_by_id(&self, id: KeyId) -> Option<&StaticKey> {
        self.keys.get(id)
    }

    /// The token that a Timbr user is told: the newest that is in force.
    pub fn timbr_token(&self, user: &TimbrUser, now: Timestamp) -> Option<&str> {
        self.tokens(now, |name| *name == *user.name).remove(&*user.name)
    }

    /// The same for all users, by name.
    pub fn timbr_tokens(&self, now: Timestamp) -> HashMap<&str, &str> {
        self.tokens(now, |_| true)
    }

    fn tokens(&self, now: Timestamp, is_wanted: impl Fn(&str) -> bool) -> HashMap<&str, &str> {
        let mut newest: HashMap<&str, &StaticKey> = HashMap::new();
        for (_, key) in self.keys.iter() {
            let Opens::TimbrUser(name) = &key.opens else { continue };
            // One that retires has a successor.
            let is_newer = |before: &&StaticKey| key.retires.is_none() || before.retires.is_some();
            if is_wanted(name) && key.is_good(now) && newest.get(&**name).is_none_or(is_newer) {
                newest.insert(name, key);
            }
        }
        newest.into_iter().map(|(name, key)| (name, key.text.as_str())).collect()
    }

    /// Everything in it that must not be shown.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let passwords = self.accounts.by_id.values().map(|account| account.password.as_str());
        let users = self.timbr.users.iter().map(|user| user.password.as_str());
        let keys = self.keys.iter().map(|(_, key)| key.text.as_str());
        passwords.chain(users).chain(keys).chain(self.timbr.auth_salt.as_deref())
    }

    /// Those of them that another directory may not have. It costs what differs between the two, and their keys.
    pub(crate) fn secrets_since<'d>(&'d self, other: &'d Self) -> impl Iterator<Item = &'d str> {
        let shares = Arc::ptr_eq(&self.accounts, &other.accounts);
        let changes = (!shares).then(|| other.accounts.by_id.diff(&self.accounts.by_id));
        let passwords = changes.into_iter().flatten().filter_map(|change| match change {
            DiffItem::Add(_, account) | DiffItem::Update { new: (_, account), .. } => Some(account.password.as_str()),
            DiffItem::Remove(..) => None,
        });
        let users = self.timbr.users.iter().map(|user| user.password.as_str());
        let keys = self.keys.iter().map(|(_, key)| key.text.as_str());
        passwords.chain(users).chain(keys).chain(self.timbr.auth_salt.as_deref())
    }
}
