//! From a world file to a directory: every reference is followed, every name checked for a double.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};
use wire::collection::UserDetail;

use super::library::{Configured, File};
use super::rows::{Birth, Row, Tables};
use super::seed::{BranchSeed, ClientSeed, FileSeed, LibrarySeed, RowSeed, TimbrSeed, UserSeed, World};
use super::{
    Account, AccountKind, Accounts, Branch, BranchId, Client, ClientId, Directory, Full, Keys, Library, Ontology,
    Opens, StaticKey, Tenants, TimbrDirectory, TimbrUser,
};

/// What is wrong with a world file.
#[derive(Debug, thiserror::Error)]
pub enum InvalidWorld {
    /// Not TOML, an unknown key, or a value of the wrong type.
    #[error("{0}")]
    Syntax(#[from] toml::de::Error),
    /// Two entries claim the same name, number, GUID or key.
    #[error("{what} {name:?} stands twice in the world")]
    Double {
        /// Kind of the entry.
        what: &'static str,
        /// What stands twice.
        name: String,
    },
    /// There are more rows than a collection holds.
    #[error("{what}: {full}")]
    Full {
        /// The collection.
        what: &'static str,
        /// Which limit it is.
        full: Full,
    },
    /// Something is said of a login that the client does not have.
    #[error("{what} names the login {login:?}, which the client does not have")]
    LoginUnknown {
        /// The entry that points.
        what: &'static str,
        /// The login.
        login: String,
    },
    /// An entry points to a branch that the client does not have.
    #[error("{what} names branch {branch}, which the client does not have")]
    BranchUnknown {
        /// The entry that points.
        what: String,
        /// Where to.
        branch: i32,
    },
}

/// When the rows were made whose file does not say so: 2026-01-01T00:00:00Z, in unix milliseconds.
const MADE: i64 = 1_767_225_600_000;

const DEFAULT_WORLD: &str = include_str!("default-world.toml");

/// A directory on its way: its tables are not shared yet.
#[derive(Default)]
struct Draft {
    tenants: Tenants,
    tables: Tables,
    accounts: Accounts,
    keys: Keys,
    library: Library,
    timbr: TimbrDirectory,
}

// === impl Directory ===

impl Directory {
    /// The world that ships with the server.
    pub fn default_world() -> Result<Self, InvalidWorld> {
        Self::from_world(toml::from_str(DEFAULT_WORLD)?)
    }

    /// Builds a directory and checks it.
    pub fn from_world(world: World) -> Result<Self, InvalidWorld> {
        let mut draft = Draft::default();
        for client in world.clients {
            draft.add_client(client)?;
        }
        draft.add_library(world.library);
        draft.add_timbr(world.timbr)?;
        Ok(Self {
            tenants: Arc::new(draft.tenants),
            tables: Arc::new(draft.tables),
            accounts: Arc::new(draft.accounts),
            keys: Arc::new(draft.keys),
            library: Arc::new(draft.library),
            timbr: Arc::new(draft.timbr),
        })
    }
}

// === impl Draft ===

impl Draft {
    fn add_client(&mut self, seed: ClientSeed) -> Result<(), InvalidWorld> {
        let client = ClientId(self.tenants.clients.len());
        claim(&mut self.tenants.client_by_guid, "client guid", seed.guid, client)?;
        claim(&mut self.tenants.client_by_name, "client", seed.name.clone(), client)?;
        let mut branches = Branches(HashMap::new());
        for branch in seed.branches {
            self.add_branch(client, &mut branches, branch)?;
        }
        for odd in seed.quirks {
            let unknown = || InvalidWorld::LoginUnknown { what: "a quirk", login: odd.login.clone() };
            let account = self.accounts.find(client, &odd.login).ok_or_else(unknown)?;
            self.accounts.change(account, |account| account.quirk = Some(odd.quirk));
        }
        for key in seed.api_keys {
            let branch = key.branch_id.map(|number| branches.find(number, || "an API key".to_owned())).transpose()?;
            let opens = Opens::Client(client, branch);
            let added = self.keys.add(StaticKey { text: key.key, opens, disabled: key.disabled, retires: None });
            if added.is_none() {
                // Its own text is a secret.
                return Err(InvalidWorld::Double { what: "an API key of client", name: seed.name });
            }
        }
        self.tenants.clients.push(Client {
            id: seed.id,
            guid: seed.guid,
            world_name: seed.name.clone(),
            name: seed.name,
            db_name: seed.db_name,
            odoo_partner_id: seed.odoo_partner_id,
        });
        Ok(())
    }

    fn add_branch(&mut self, client: ClientId, branches: &mut Branches, seed: BranchSeed) -> Result<(), InvalidWorld> {
        let (id, number) = (BranchId(self.tenants.branches.len()), seed.id);
        claim(&mut branches.0, "branch", number, id)?;
        claim(&mut self.tenants.branch_by_guid, "branch guid", seed.guid, id)?;
        let home = Home { client, branch: id, number };
        self.add_rows(home, "sector", seed.sectors)?;
        self.add_rows(home, "layer", seed.layers)?;
        self.add_rows(home, "area", seed.areas)?;
        self.add_rows(home, "path", seed.paths)?;
        self.add_rows(home, "beacon", seed.beacons)?;
        self.add_rows(home, "sensor_data", seed.sensor_data)?;
        self.add_rows(home, "quantity", seed.quantities)?;
        self.add_rows(home, "shift", seed.shifts)?;
        self.add_rows(home, "order", seed.orders)?;
        for device in &seed.devices {
            let (row, password) = (&device.row, device.row.password.0.as_deref());
            self.add_account(home, AccountKind::Device, row.id, &row.login, password)?;
        }
        self.add_rows(home, "device", seed.devices)?;
        for sensor in &seed.sensors {
            let (row, password) = (&sensor.row, sensor.row.password.0.as_deref());
            self.add_account(home, AccountKind::Sensor, row.id, &row.login, password)?;
        }
        self.add_rows(home, "sensor", seed.sensors)?;
        for user in seed.users {
            self.add_account(home, AccountKind::User, user.id, &user.login, Some(&user.password))?;
            self.add_rows(home, "user", vec![user.into()])?;
        }
        for entry in seed.configuration {
            self.library.configuration.push(Configured {
                branch: id,
                login: entry.login.map(Arc::from),
                key: entry.key,
                value: entry.value,
                changed: entry.changed,
            });
        }
        self.tenants.branches.push(Branch {
            id: seed.id,
            guid: seed.guid,
            client,
            title: seed.title,
            time_zone: seed.time_zone,
            latitude: seed.latitude,
            longitude: seed.longitude,
            address: seed.address,
            country: seed.country,
            city: seed.city,
            zip_code: seed.zip_code,
        });
        Ok(())
    }

    /// Rows of a branch. What the file does not say of one follows from its number.
    fn add_rows<R: Row>(&mut self, home: Home, what: &'static str, seeds: Vec<RowSeed<R>>) -> Result<(), InvalidWorld> {
        let table = R::table_mut(&mut self.tables);
        for RowSeed { row: seed, given } in seeds {
            let number = seed.number();
            let mut row = R::blank();
            row.adopt(seed.clone(), |name| given.contains(&name));
            row.identify(Birth { number, branch: home.number, guid: guid_of(home, what, number), now: MADE });
            // The file has the last word, also on what the server decides by itself.
            row.adopt(seed, |name| given.contains(&name));
            row.settle(home.number);
            if number < 1 || !table.is_free(number) {
                return Err(InvalidWorld::Double { what, name: number.to_string() });
            }
            if let Some(holder) = row.holder() {
                // It is the account's, and a later change of the row must not bring it back.
                holder.password.0 = None;
            }
            table.put(home.branch, number, row).map_err(|full| InvalidWorld::Full { what, full })?;
        }
        Ok(())
    }

    fn add_account(
        &mut self,
        home: Home,
        kind: AccountKind,
        number: i32,
        login: &str,
        password: Option<&str>,
    ) -> Result<(), InvalidWorld> {
        let Home { client, branch, .. } = home;
        if self.accounts.find(client, login).is_some() {
            return Err(InvalidWorld::Double { what: "login", name: login.to_owned() });
        }
        let (login, password) = (login.into(), password.unwrap_or_default().to_owned());
        self.accounts.add(Account { login, password, client, branch, kind, number, disabled: false, quirk: None });
        Ok(())
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
        let timbr = &mut self.timbr;
        timbr.auth_salt = seed.auth_salt;
        for user in seed.users {
            if timbr.user(&user.name).is_some() {
                return Err(InvalidWorld::Double { what: "Timbr user", name: user.name });
            }
            let name: Arc<str> = user.name.as_str().into();
            let opens = Opens::TimbrUser(Arc::clone(&name));
            let added = self.keys.add(StaticKey { text: user.token, opens, disabled: false, retires: None });
            if added.is_none() {
                return Err(InvalidWorld::Double { what: "the token of Timbr user", name: user.name });
            }
            timbr.users.push(Arc::new(TimbrUser { name, password: user.password, disabled: false }));
        }
        for ontology in seed.ontologies {
            if timbr.ontology(&ontology.name).is_some() {
                return Err(InvalidWorld::Double { what: "ontology", name: ontology.name });
            }
            timbr.ontologies.push(Ontology { name: ontology.name, concepts: ontology.concepts });
        }
        Ok(())
    }
}

/// Where rows are at home.
#[derive(Clone, Copy)]
struct Home {
    client: ClientId,
    branch: BranchId,
    /// The vendor's number of the branch.
    number: i32,
}

/// The same on every run, and another for every row.
fn guid_of(home: Home, what: &str, number: i32) -> Uuid {
    let place = format!("{}/{}/{what}/{number}", home.client.0, home.number);
    let digest: [u8; 32] = Sha256::digest(place).into();
    let [bytes, _] = digest.as_chunks::<16>().0 else { return Uuid::nil() };
    Builder::from_random_bytes(*bytes).into_uuid()
}

impl From<FileSeed> for File {
    fn from(FileSeed { name, version, text }: FileSeed) -> Self {
        Self { name, version, text }
    }
}

impl From<UserSeed> for RowSeed<UserDetail> {
    fn from(seed: UserSeed) -> Self {
        let row = UserDetail {
            id: seed.id,
            branch_id: 0,
            name: seed.name,
            surname: seed.surname,
            email: seed.email,
            phone: seed.phone,
            allow_demo: seed.allow_demo,
        };
        Self { row, given: vec!["Name", "Surname", "Email", "Phone", "AllowDemo"] }
    }
}

/// The branches of one client by the numbers that its file uses.
struct Branches(HashMap<i32, BranchId>);

// === impl Branches ===

impl Branches {
    fn find(&self, number: i32, what: impl FnOnce() -> String) -> Result<BranchId, InvalidWorld> {
        self.0.get(&number).copied().ok_or_else(|| InvalidWorld::BranchUnknown { what: what(), branch: number })
    }
}

fn claim<K, V>(map: &mut HashMap<K, V>, what: &'static str, key: K, value: V) -> Result<(), InvalidWorld>
where
    K: Clone + Eq + Hash + ToString,
{
    let name = key.to_string();
    match map.insert(key, value) {
        None => Ok(()),
        Some(_) => Err(InvalidWorld::Double { what, name }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_that_ships_is_whole() {
        let directory = Directory::default_world().unwrap();
        assert_eq!(directory.table::<wire::collection::Device>().len(), 14);
        assert_eq!(directory.branches().count(), 3);
        let client = directory.client_by_name("acme-logistics").unwrap();
        let account = directory.account_by_login(client, "forklift-01").unwrap();
        let (pune, _) = directory.branches().find(|(_, branch)| branch.title == "Pune").unwrap();
        let account = directory.account(account).unwrap();
        assert_eq!(account.kind, AccountKind::Device);
        let device = |branch| directory.holder_in_branch(branch, AccountKind::Device, "forklift-01");
        assert!(device(account.branch).is_some() && device(pune).is_none());
    }

    #[test]
    fn doubles_and_dangling_references_are_named() {
        let client = r#"[[client]]
            id = 1
            guid = "004706bc-968b-41a9-9fa4-16465ca1e40d"
            name = "acme"
            db_name = "acme""#;
        let build = |text: &str| Directory::from_world(toml::from_str(text).unwrap()).unwrap_err().to_string();
        assert_eq!(
            build(&format!("{client}\n{client}")),
            r#"client guid "004706bc-968b-41a9-9fa4-16465ca1e40d" stands twice in the world"#
        );
        assert_eq!(
            build(&format!("{client}\n[[client.api_key]]\nkey = 'k'\nbranch_id = 9")),
            "an API key names branch 9, which the client does not have"
        );
    }
}
