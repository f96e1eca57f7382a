//! From a world to a directory: every reference is followed, every name checked for a double.

mod check;
mod rows;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use super::derive::seeded_guid;
use super::edit::{LONGEST, MOST_ACCOUNTS, MOST_KEYS};
use super::invalid::{InvalidWorld, Place, Problem};
use super::library::{Configured, File};
use super::rows::Tables;
use super::seed::{
    ApiKeySeed, BranchSeed, ClientSeed, ConfigurationSeed, FileSeed, LibrarySeed, TimbrSeed, TimbrUserSeed, World,
};
use super::{
    Account, Accounts, Branch, BranchId, Client, ClientId, Directory, Keys, Library, Ontology, OntologyTables, Opens,
    StaticKey, Tenants, TimbrDirectory, TimbrUser,
};
use crate::suggest::Unknown;

pub(super) use rows::MADE;

use check::{check_number, check_text, has_date};

/// A directory on its way: its tables are not shared yet.
#[derive(Default)]
pub(super) struct Draft {
    pub(super) seed: u64,
    pub(super) tenants: Tenants,
    pub(super) tables: Tables,
    pub(super) accounts: Accounts,
    keys: Keys,
    library: Library,
    timbr: TimbrDirectory,
}

/// Where rows are at home.
#[derive(Clone, Copy, Debug)]
pub(super) struct Home {
    pub(super) client: ClientId,
    pub(super) branch: BranchId,
    /// The vendor's number of the branch.
    pub(super) number: i32,
    /// Its place among the branches of its client.
    position: usize,
}

// === impl Directory ===

impl Directory {
    /// Builds a directory and checks it. The seed decides what the world leaves out.
    pub fn from_world(world: World, seed: u64) -> Result<Self, InvalidWorld> {
        Draft::of(world, seed).map(Draft::finish)
    }
}

// === impl Home ===

impl Home {
    fn client_place(client: ClientId) -> Place {
        Place::default().key("client").index(client.0)
    }

    fn place(self) -> Place {
        Self::client_place(self.client).key("branch").index(self.position)
    }
}

// === impl Draft ===

impl Draft {
    pub(super) fn of(mut world: World, seed: u64) -> Result<Self, InvalidWorld> {
        if world.clients.is_empty() {
            return Err(InvalidWorld::at(Place::default(), Problem::NoClient));
        }
        world.number();
        let mut draft = Self { seed, ..Self::default() };
        let mut branches = Vec::new();
        let mut numbers = HashSet::new();
        for client in &mut world.clients {
            draft.add_client(client, &mut numbers, &mut branches)?;
        }
        draft.add_all_rows(&mut branches)?;
        for (home, branch) in branches {
            draft.add_configuration(home, branch.configuration)?;
        }
        for (index, client) in world.clients.into_iter().enumerate() {
            draft.add_quirks(ClientId(index), &client)?;
            draft.add_keys(ClientId(index), client.api_keys)?;
        }
        draft.add_library(world.library);
        draft.add_timbr(world.timbr)?;
        Ok(draft)
    }

    pub(super) fn finish(self) -> Directory {
        Directory {
            tenants: Arc::new(self.tenants),
            tables: Arc::new(self.tables),
            accounts: Arc::new(self.accounts),
            keys: Arc::new(self.keys),
            library: Arc::new(self.library),
            timbr: Arc::new(self.timbr),
        }
    }

    fn add_client(
        &mut self,
        seed: &mut ClientSeed,
        numbers: &mut HashSet<i32>,
        branches: &mut Vec<(Home, BranchSeed)>,
    ) -> Result<(), InvalidWorld> {
        let client = ClientId(self.tenants.clients.len());
        if client.0 >= MOST_CLIENTS {
            let problem = Problem::TooMany { what: "clients", most: MOST_CLIENTS };
            return Err(InvalidWorld::at(Home::client_place(client), problem));
        }
        let (place, name) = (|| Home::client_place(client), seed.name.clone());
        let id = seed.id.unwrap_or_default();
        check_number(id).map_err(|problem| InvalidWorld::at(place().key("id"), problem))?;
        if !numbers.insert(id) {
            return Err(InvalidWorld::at(place().key("id"), Problem::twice(format!("client number {id}"), WORLD)));
        }
        let guid = seed.guid.unwrap_or_else(|| seeded_guid(self.seed, &format!("client/{}/{name}", client.0)));
        claim(&mut self.tenants.client_by_guid, "client guid", guid, client, || place().key("guid"))?;
        claim(&mut self.tenants.client_by_name, "client", name.clone(), client, || place().key("name"))?;
        check_text("name", &name, LONGEST).map_err(|problem| InvalidWorld::at(place().key("name"), problem))?;
        if seed.branches.is_empty() {
            return Err(InvalidWorld::at(place(), Problem::NoBranch(name)));
        }
        self.tenants.clients.push(Client {
            id,
            guid,
            world_name: name.clone(),
            db_name: seed.db_name.clone().unwrap_or_else(|| name.clone()),
            name,
            odoo_partner_id: seed.odoo_partner_id.clone(),
        });
        let mut numbers = HashSet::new();
        for (position, branch) in std::mem::take(&mut seed.branches).into_iter().enumerate() {
            let number = branch.id.unwrap_or_default();
            let home = Home { client, branch: BranchId(self.tenants.branches.len()), number, position };
            self.add_branch(home, &mut numbers, &branch)?;
            self.add_accounts(home, &branch)?;
            branches.push((home, branch));
        }
        Ok(())
    }

    fn add_branch(&mut self, home: Home, numbers: &mut HashSet<i32>, seed: &BranchSeed) -> Result<(), InvalidWorld> {
        if home.branch.0 >= MOST_BRANCHES {
            let problem = Problem::TooMany { what: "branches", most: MOST_BRANCHES };
            return Err(InvalidWorld::at(home.place(), problem));
        }
        for (member, value, most) in [("latitude", seed.latitude, 90.0), ("longitude", seed.longitude, 180.0)] {
            if !(-most..=most).contains(&value) {
                let problem = Problem::Range { member, least: -most, most };
                return Err(InvalidWorld::at(home.place().key(member), problem));
            }
        }
        let (id, client) = (home.number, &self.tenants.clients[home.client.0].name);
        check_number(id).map_err(|problem| InvalidWorld::at(home.place().key("id"), problem))?;
        if !numbers.insert(id) {
            let problem = Problem::twice(format!("branch number {id}"), format!("client {client:?}"));
            return Err(InvalidWorld::at(home.place().key("id"), problem));
        }
        let place = format!("branch/{}/{client}/{}/{}", home.client.0, home.position, seed.title);
        let guid = seed.guid.unwrap_or_else(|| seeded_guid(self.seed, &place));
        claim(&mut self.tenants.branch_by_guid, "branch guid", guid, home.branch, || home.place().key("guid"))?;
        self.tenants.branches.push(Branch {
            id,
            guid,
            client: home.client,
            title: seed.title.clone(),
            time_zone: seed.time_zone.clone(),
            latitude: seed.latitude,
            longitude: seed.longitude,
            address: seed.address.clone(),
            country: seed.country.clone(),
            city: seed.city.clone(),
            zip_code: seed.zip_code.clone(),
        });
        Ok(())
    }

    /// Where rows of a branch are at home.
    pub(super) fn home(&self, branch: usize) -> Option<Home> {
        let there = &self.tenants.branches;
        let Branch { id, client, .. } = there.get(branch)?;
        let position = there[..branch].iter().filter(|other| other.client == *client).count();
        Some(Home { client: *client, branch: BranchId(branch), number: *id, position })
    }

    /// Adds an account with a login that is free in its client.
    pub(super) fn add_account(&mut self, account: Account) -> Result<(), Problem> {
        let Account { client, login, kind, .. } = &account;
        if login.is_empty() {
            let whose = format!("every {} has one", kind.name());
            return Err(Problem::Missing { member: "login".to_owned(), whose });
        }
        check_text("login", login, LONGEST)?;
        if self.accounts.find(*client, login).is_some() {
            let client = &self.tenants.clients[client.0].name;
            return Err(Problem::twice(format!("login {login:?}"), format!("client {client:?}")));
        }
        if self.accounts.by_id.len() >= MOST_ACCOUNTS {
            return Err(Problem::TooMany { what: "accounts", most: MOST_ACCOUNTS });
        }
        self.accounts.add(account);
        Ok(())
    }

    fn add_configuration(&mut self, home: Home, seeds: Vec<ConfigurationSeed>) -> Result<(), InvalidWorld> {
        for (index, entry) in seeds.into_iter().enumerate() {
            if let Some(login) = &entry.login {
                let place = || home.place().key("configuration").index(index).key("login");
                self.check_login(home.client, login, place)?;
            }
            let refused = |problem| InvalidWorld::at(home.place().key("configuration").index(index), problem);
            if has_date(&entry.value) {
                return Err(refused(Problem::Date));
            }
            if self.library.configuration.len() >= MOST_CONFIGURED {
                return Err(refused(Problem::TooMany { what: "configured values", most: MOST_CONFIGURED }));
            }
            self.library.configuration.push(Configured {
                branch: home.branch,
                login: entry.login.map(Arc::from),
                key: entry.key,
                value: entry.value,
                changed: entry.changed,
            });
        }
        Ok(())
    }

    fn add_quirks(&mut self, client: ClientId, seed: &ClientSeed) -> Result<(), InvalidWorld> {
        for (index, odd) in seed.quirks.iter().enumerate() {
            let place = || Home::client_place(client).key("quirk").index(index).key("login");
            self.check_login(client, &odd.login, place)?;
            if let Some(account) = self.accounts.find(client, &odd.login) {
                self.accounts.change(account, |account| account.quirk = Some(odd.quirk));
            }
        }
        Ok(())
    }

    fn check_login(&self, client: ClientId, login: &str, place: impl Fn() -> Place) -> Result<(), InvalidWorld> {
        if self.accounts.find(client, login).is_some() {
            return Ok(());
        }
        let theirs = self.accounts.by_id.values().filter(|account| account.client == client);
        let unknown = Unknown::new("login", login, theirs.map(|account| &*account.login));
        Err(InvalidWorld::at(place(), Problem::Unknown(Box::new(unknown))))
    }

    fn add_keys(&mut self, client: ClientId, seeds: Vec<ApiKeySeed>) -> Result<(), InvalidWorld> {
        let branches = self.tenants.branches.iter().enumerate().filter(|(_, branch)| branch.client == client);
        let branches: BTreeMap<i32, BranchId> = branches.map(|(index, branch)| (branch.id, BranchId(index))).collect();
        for (index, seed) in seeds.into_iter().enumerate() {
            let place = || Home::client_place(client).key("api_key").index(index);
            let branch = match seed.branch_id {
                Some(number) => {
                    let numbers = branches.keys().copied();
                    let unknown = || Problem::dangling("branch_id", number, "branch of this client", numbers);
                    let found = branches.get(&number).copied();
                    Some(found.ok_or_else(|| InvalidWorld::at(place().key("branch_id"), unknown()))?)
                }
                None => None,
            };
            let opens = Opens::Client(client, branch);
            self.add_key(seed.key, opens, seed.disabled, || place().key("key"))?;
        }
        Ok(())
    }

    fn add_key(
        &mut self,
        text: String,
        opens: Opens,
        disabled: bool,
        place: impl Fn() -> Place,
    ) -> Result<(), InvalidWorld> {
        let refused = |problem| InvalidWorld::at(place(), problem);
        check_text("the key", &text, LONGEST).map_err(refused)?;
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(refused(Problem::Key));
        }
        if self.keys.len() >= MOST_KEYS {
            return Err(refused(Problem::TooMany { what: "keys", most: MOST_KEYS }));
        }
        let added = self.keys.add(StaticKey { text, opens, disabled, retires: None });
        // Its own text is a secret.
        added.map(drop).ok_or_else(|| refused(Problem::twice("this key", WORLD)))
    }

    fn add_library(&mut self, seed: LibrarySeed) {
        let files = |files: Vec<FileSeed>| files.into_iter().map(File::from).collect();
        self.library.files = files(seed.files);
        self.library.demo_files = files(seed.demo_files);
        self.library.bundles = seed.bundles.into_iter().map(|bundle| bundle.row).collect();
        self.library.unity = seed.unity;
        self.library.sensor_app = seed.sensor_app.map(|app| app.row).unwrap_or_default();
    }

    fn add_timbr(&mut self, seed: TimbrSeed) -> Result<(), InvalidWorld> {
        let timbr = Place::default().key("timbr");
        self.timbr.auth_salt = seed.auth_salt;
        let (mut names, mut emails) = (HashSet::new(), HashSet::new());
        for (index, user) in seed.users.into_iter().enumerate() {
            let place = |member| timbr.clone().key("user").index(index).key(member);
            if !names.insert(user.name.clone()) {
                let problem = Problem::twice(format!("Timbr user {:?}", user.name), WORLD);
                return Err(InvalidWorld::at(place("name"), problem));
            }
            check_text("name", &user.name, LONGEST).map_err(|problem| InvalidWorld::at(place("name"), problem))?;
            if let Some(email) = user.email.as_ref().filter(|email| !emails.insert((*email).clone())) {
                let problem = Problem::twice(format!("e-mail address {email:?}"), WORLD);
                return Err(InvalidWorld::at(place("email"), problem));
            }
            let name: Arc<str> = user.name.as_str().into();
            let opens = Opens::TimbrUser(Arc::clone(&name));
            self.add_key(user.token, opens, false, || place("token"))?;
            let TimbrUserSeed { email, password, .. } = user;
            self.timbr.users.push(Arc::new(TimbrUser { name, email, password, disabled: false }));
        }
        let mut names = HashSet::new();
        for (index, ontology) in seed.ontologies.into_iter().enumerate() {
            if !names.insert(ontology.name.clone()) {
                let place = timbr.clone().key("ontology").index(index).key("name");
                return Err(InvalidWorld::at(place, Problem::twice(format!("ontology {:?}", ontology.name), WORLD)));
            }
            if self.timbr.ontologies.len() >= MOST_ONTOLOGIES {
                let problem = Problem::TooMany { what: "ontologies", most: MOST_ONTOLOGIES };
                return Err(InvalidWorld::at(timbr.clone().key("ontology").index(index), problem));
            }
            self.timbr.ontologies.push(Ontology {
                name: ontology.name,
                concepts: ontology.concepts,
                tables: OntologyTables::None,
            });
        }
        Ok(())
    }
}

const WORLD: &str = "the world";

const MOST_CLIENTS: usize = 10_000;
/// Of all clients.
const MOST_BRANCHES: usize = 10_000;
const MOST_CONFIGURED: usize = 100_000;
const MOST_ONTOLOGIES: usize = 10_000;

fn claim<K, V>(
    map: &mut HashMap<K, V>,
    what: &'static str,
    key: K,
    value: V,
    place: impl Fn() -> Place,
) -> Result<(), InvalidWorld>
where
    K: Clone + Eq + Hash + ToString,
{
    let name = key.to_string();
    match map.insert(key, value) {
        None => Ok(()),
        Some(_) => Err(InvalidWorld::at(place(), Problem::twice(format!("{what} {name:?}"), WORLD))),
    }
}

impl From<FileSeed> for File {
    fn from(FileSeed { name, version, text }: FileSeed) -> Self {
        Self { name, version, text }
    }
}
