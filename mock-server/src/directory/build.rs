//! From a world file to a directory: every reference is followed, every name checked for a double.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use super::seed::{BranchSeed, ClientSeed, DeviceSeed, LayerSeed, SectorSeed, TimbrSeed, World};
use super::{
    Account, AccountId, AccountKind, Accounts, Branch, BranchId, Client, ClientId, Device, Directory, Keys, Layer,
    Ontology, Opens, Places, Quirk, Sector, StaticKey, Tenants, TimbrDirectory, TimbrUser,
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
    /// An entry points to a branch that the client does not have.
    #[error("{what} names branch {branch}, which the client does not have")]
    BranchUnknown {
        /// The entry that points.
        what: String,
        /// Where to.
        branch: i32,
    },
}

const DEFAULT_WORLD: &str = include_str!("default-world.toml");

/// A directory on its way: its tables are not shared yet.
#[derive(Default)]
struct Draft {
    tenants: Tenants,
    places: Places,
    accounts: Accounts,
    keys: Keys,
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
        draft.add_timbr(world.timbr)?;
        Ok(Self {
            tenants: Arc::new(draft.tenants),
            places: Arc::new(draft.places),
            accounts: Arc::new(draft.accounts),
            keys: Arc::new(draft.keys),
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
        let branches = self.add_branches(client, seed.branches)?;
        self.add_places(&branches, seed.sectors, seed.layers)?;
        for device in seed.devices {
            let branch = branches.find(device.branch_id, || format!("device {:?}", device.login))?;
            self.add_device(client, branch, device)?;
        }
        for sensor in seed.sensors {
            let branch = branches.find(sensor.branch_id, || format!("sensor {:?}", sensor.login))?;
            self.add_account(client, branch, AccountKind::Sensor, &sensor.login, sensor.password, None)?;
        }
        for user in seed.users {
            let branch = branches.find(user.branch_id, || format!("user {:?}", user.login))?;
            self.add_account(client, branch, AccountKind::User, &user.login, user.password, None)?;
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

    fn add_branches(&mut self, client: ClientId, seeds: Vec<BranchSeed>) -> Result<Branches, InvalidWorld> {
        let mut branches = Branches(HashMap::new());
        for seed in seeds {
            let id = BranchId(self.tenants.branches.len());
            claim(&mut branches.0, "branch", seed.id, id)?;
            claim(&mut self.tenants.branch_by_guid, "branch guid", seed.guid, id)?;
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
        }
        Ok(branches)
    }

    fn add_places(
        &mut self,
        branches: &Branches,
        sectors: Vec<SectorSeed>,
        layers: Vec<LayerSeed>,
    ) -> Result<(), InvalidWorld> {
        for seed in sectors {
            self.places.sectors.push(Sector {
                id: seed.id,
                guid: seed.guid,
                branch: branches.find(seed.branch_id, || format!("sector {}", seed.id))?,
                title: seed.title,
                barrier_height: seed.barrier_height,
                barrier_width: seed.barrier_width,
                width: seed.width,
                height: seed.height,
                modified: seed.modified,
                floor: seed.floor,
                floor_name: seed.floor_name,
            });
        }
        for seed in layers {
            self.places.layers.push(Layer {
                id: seed.id,
                branch: branches.find(seed.branch_id, || format!("layer {}", seed.id))?,
                title: seed.title,
                localization: seed.localization,
                no_go: seed.no_go,
            });
        }
        Ok(())
    }

    fn add_device(&mut self, client: ClientId, branch: BranchId, seed: DeviceSeed) -> Result<(), InvalidWorld> {
        let account = self.add_account(client, branch, AccountKind::Device, &seed.login, seed.password, seed.quirk)?;
        if self.accounts.device_by_number.contains_key(&seed.id) {
            return Err(InvalidWorld::Double { what: "device", name: seed.id.to_string() });
        }
        self.accounts.add_device(Device {
            id: seed.id,
            account,
            login: seed.login.into(),
            branch,
            sector_number: seed.sector_id,
            title: seed.title,
            mac: seed.mac,
            color: seed.color,
        });
        Ok(())
    }

    fn add_account(
        &mut self,
        client: ClientId,
        branch: BranchId,
        kind: AccountKind,
        login: &str,
        password: String,
        quirk: Option<Quirk>,
    ) -> Result<AccountId, InvalidWorld> {
        if self.accounts.find(client, login).is_some() {
            return Err(InvalidWorld::Double { what: "login", name: login.to_owned() });
        }
        let login = login.into();
        Ok(self.accounts.add(Account { login, password, client, branch, kind, disabled: false, quirk }))
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
        assert_eq!(directory.devices().count(), 14);
        assert_eq!(directory.branches().count(), 3);
        let client = directory.client_by_name("acme-logistics").unwrap();
        let account = directory.account_by_login(client, "forklift-01").unwrap();
        let (pune, _) = directory.branches().find(|(_, branch)| branch.title == "Pune").unwrap();
        let account = directory.account(account).unwrap();
        assert_eq!(account.kind, AccountKind::Device);
        assert!(directory.device_in_branch(account.branch, "forklift-01").is_some());
        assert!(directory.device_in_branch(pune, "forklift-01").is_none());
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
