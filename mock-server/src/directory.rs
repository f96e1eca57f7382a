//! What the vendors' back offices know: clients, branches, sectors, devices, accounts, keys, Timbr users and ontologies.
//!
//! A directory is read-only once it stands: whatever changes while the server runs (tokens, positions) lives in the
//! sandbox and points in here by [`AccountId`], [`BranchId`] and [`DeviceId`].

mod build;
mod seed;

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

pub use build::InvalidWorld;
pub use seed::World;

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub struct $name(usize);
    )*};
}

index! {
    /// A client of this directory.
    ClientId,
    /// A branch of this directory.
    BranchId,
    /// A device of this directory.
    DeviceId,
    /// An account of this directory: a device, sensor or user that can log in.
    AccountId
}

/// The whole back office of one sandbox.
#[derive(Debug)]
pub struct Directory {
    clients: Vec<Client>,
    branches: Vec<Branch>,
    sectors: Vec<Sector>,
    layers: Vec<Layer>,
    devices: Vec<Device>,
    accounts: Vec<Account>,
    api_keys: Vec<ApiKey>,
    api_key_by_text: HashMap<String, usize>,
    client_by_guid: HashMap<Uuid, ClientId>,
    client_by_name: HashMap<String, ClientId>,
    branch_by_guid: HashMap<Uuid, BranchId>,
    account_by_login: HashMap<String, Vec<AccountId>>,
    device_by_number: HashMap<i32, DeviceId>,
    device_of_account: HashMap<AccountId, DeviceId>,
    timbr: TimbrDirectory,
}

/// A client (tenant).
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the members are those of wire::collection::Client")]
pub struct Client {
    pub id: i32,
    pub guid: Uuid,
    pub name: String,
    pub db_name: String,
    pub odoo_partner_id: Option<String>,
}

/// A branch of a client.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the members are those of wire::collection::Branch")]
pub struct Branch {
    pub id: i32,
    pub guid: Uuid,
    pub client: ClientId,
    pub title: String,
    pub time_zone: String,
    pub latitude: f64,
    pub longitude: f64,
    pub address: Option<String>,
    pub country: Option<String>,
    pub city: Option<String>,
    pub zip_code: Option<String>,
}

/// A sector of a branch.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the members are those of wire::collection::Sector")]
pub struct Sector {
    pub id: i32,
    pub guid: Uuid,
    pub branch: BranchId,
    pub title: String,
    pub barrier_height: f32,
    pub barrier_width: f32,
    pub width: f32,
    pub height: f32,
    pub modified: i64,
    pub floor: Option<i32>,
    pub floor_name: Option<String>,
}

/// A layer of a branch.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Number of the layer.
    pub id: i32,
    /// Branch it belongs to.
    pub branch: BranchId,
    /// Name for people.
    pub title: String,
    /// Whether it takes part in localization.
    pub localization: bool,
    /// Whether its areas are forbidden.
    pub no_go: bool,
}

/// A device as it was registered; where it is now, the positions of the sandbox know.
#[derive(Clone, Debug)]
pub struct Device {
    /// Number of the device.
    pub id: i32,
    /// The account it logs in with.
    pub account: AccountId,
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
}

/// What an account is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum AccountKind {
    /// Something that moves.
    Device,
    /// Something that measures.
    Sensor,
    /// A person.
    User,
}

/// A static key.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// The key itself.
    pub key: String,
    /// Client that it opens.
    pub client: ClientId,
    /// The only branch that it opens; every branch of the client if absent.
    pub branch: Option<BranchId>,
}

/// What the Timbr service knows.
#[derive(Clone, Debug, Default)]
pub struct TimbrDirectory {
    /// The service's `API_AUTH_SALT`; without it no bearer can be read.
    pub auth_salt: Option<String>,
    /// Users in the order of the file.
    pub users: Vec<TimbrUser>,
    /// Ontologies in the order of the file.
    pub ontologies: Vec<Ontology>,
    user_by_token: HashMap<String, usize>,
}

/// A Timbr user with its permanent token.
#[derive(Clone, Debug)]
pub struct TimbrUser {
    /// User name, as in the bearer.
    pub name: Arc<str>,
    /// Password in the clear: nothing here is a real one.
    pub password: String,
    /// `tk_` and 64 hexadecimal digits.
    pub token: String,
}

/// A knowledge graph.
#[derive(Clone, Debug)]
pub struct Ontology {
    /// Its name, as in the path.
    pub name: String,
    /// Names of its concepts.
    pub concepts: Vec<String>,
}

// === impl Directory ===

impl Directory {
    /// Every client.
    pub fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// Every branch with its index.
    pub fn branches(&self) -> impl Iterator<Item = (BranchId, &Branch)> {
        self.branches.iter().enumerate().map(|(index, branch)| (BranchId(index), branch))
    }

    /// Every sector.
    pub fn sectors(&self) -> &[Sector] {
        &self.sectors
    }

    /// Every layer.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Every device with its index.
    pub fn devices(&self) -> impl Iterator<Item = (DeviceId, &Device)> {
        self.devices.iter().enumerate().map(|(index, device)| (DeviceId(index), device))
    }

    /// Every account.
    pub fn accounts(&self) -> &[Account] {
        &self.accounts
    }

    /// Every static key.
    pub fn api_keys(&self) -> &[ApiKey] {
        &self.api_keys
    }

    /// The Timbr side.
    pub fn timbr(&self) -> &TimbrDirectory {
        &self.timbr
    }

    /// One client.
    pub fn client(&self, id: ClientId) -> &Client {
        &self.clients[id.0]
    }

    /// One branch.
    pub fn branch(&self, id: BranchId) -> &Branch {
        &self.branches[id.0]
    }

    /// One device.
    pub fn device(&self, id: DeviceId) -> &Device {
        &self.devices[id.0]
    }

    /// One account.
    pub fn account(&self, id: AccountId) -> &Account {
        &self.accounts[id.0]
    }

    /// The client of a GUID.
    pub fn client_by_guid(&self, guid: &Uuid) -> Option<ClientId> {
        self.client_by_guid.get(guid).copied()
    }

    /// The client of a name.
    pub fn client_by_name(&self, name: &str) -> Option<ClientId> {
        self.client_by_name.get(name).copied()
    }

    /// The branch of a GUID.
    pub fn branch_by_guid(&self, guid: &Uuid) -> Option<BranchId> {
        self.branch_by_guid.get(guid).copied()
    }

    /// The account of a login within a client.
    pub fn account_by_login(&self, client: ClientId, login: &str) -> Option<AccountId> {
        let candidates = self.account_by_login.get(login)?;
        candidates.iter().copied().find(|id| self.account(*id).client == client)
    }

    /// The device of a login within a branch: what localization looks for.
    pub fn device_in_branch(&self, branch: BranchId, login: &str) -> Option<DeviceId> {
        let account = self.account_by_login(self.branch(branch).client, login)?;
        let device = *self.device_of_account.get(&account)?;
        (self.device(device).branch == branch).then_some(device)
    }

    /// The device of a number.
    pub fn device_by_number(&self, number: i32) -> Option<DeviceId> {
        self.device_by_number.get(&number).copied()
    }

    /// A static key's entry.
    pub fn api_key(&self, key: &str) -> Option<&ApiKey> {
        self.api_key_by_text.get(key).map(|index| &self.api_keys[*index])
    }
}

// === impl DeviceId ===

impl DeviceId {
    /// Position of the device in the directory, for tables that run beside it.
    pub fn index(self) -> usize {
        self.0
    }
}

// === impl TimbrDirectory ===

impl TimbrDirectory {
    /// The user of a token.
    pub fn user_by_token(&self, token: &str) -> Option<&TimbrUser> {
        self.user_by_token.get(token).map(|index| &self.users[*index])
    }

    /// The user of a name.
    pub fn user(&self, name: &str) -> Option<&TimbrUser> {
        self.users.iter().find(|user| &*user.name == name)
    }

    /// The ontology of a name.
    pub fn ontology(&self, name: &str) -> Option<&Ontology> {
        self.ontologies.iter().find(|ontology| ontology.name == name)
    }
}
