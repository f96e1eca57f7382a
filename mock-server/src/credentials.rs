//! The credentials of a world, for people, scripts and environments.

mod environment;
mod human;

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::config::TimbrSection;
use crate::directory::{Account, AccountKind, Branch, Client, Directory, Opens};
use crate::timbr::bearer::{self, UserPassword};

/// The bearer that is shown has a fixed time (2026-01-01T00:00:00Z) and IV, so that it is the same on every run.
const BEARER_TIME_S: u64 = 1_767_225_600;
const BEARER_IV: [u8; 16] = *b"mock-server-iv-0";

/// Devices that are listed for a client at most, and other accounts.
const LISTED: usize = 100;

/// Everything that a client needs to log in, for both vendors.
#[derive(Debug, Serialize)]
pub struct Credentials {
    /// For the twinzo API: the world's first client.
    pub twinzo: TwinzoCredentials,
    /// The other clients, which the first has nothing to do with.
    pub twinzo_others: Vec<TwinzoCredentials>,
    /// For the Timbr service.
    pub timbr: TimbrCredentials,
}

/// For the twinzo API: one client.
#[derive(Debug, Serialize)]
pub struct TwinzoCredentials {
    /// Client NAME, for the login.
    pub client: String,
    /// Client GUID, for the header.
    pub client_guid: String,
    /// Its branches.
    pub branches: Vec<BranchCredentials>,
    /// Its devices, as many as are listed.
    pub devices: Vec<DeviceCredentials>,
    /// How many more devices there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_devices: usize,
    /// Its static keys.
    pub api_keys: Vec<ApiKeyCredentials>,
    /// Its other accounts, sensors and users, as many as are listed.
    pub accounts: Vec<AccountCredentials>,
    /// How many more of these there are.
    #[serde(skip_serializing_if = "is_zero")]
    pub more_accounts: usize,
}

/// A branch.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct BranchCredentials {
    pub title: String,
    pub guid: String,
    pub time_zone: String,
}

/// A device that can log in.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct DeviceCredentials {
    pub login: String,
    pub password: String,
    pub branch_guid: String,
    pub id: i32,
}

/// A static key; for every branch of the client if none is named.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct ApiKeyCredentials {
    pub key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch_guid: Option<String>,
}

/// A sensor or user that can log in.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct AccountCredentials {
    pub kind: &'static str,
    pub login: String,
    pub password: String,
    pub branch_guid: String,
}

/// For the Timbr service.
#[derive(Debug, Serialize)]
pub struct TimbrCredentials {
    /// The service's `API_AUTH_SALT`.
    pub auth_salt: Option<String>,
    /// Its users.
    pub users: Vec<TimbrUserCredentials>,
    /// A bearer of the first user, for `get_token`.
    pub bearer: Option<String>,
    /// Names of its ontologies.
    pub ontologies: Vec<String>,
}

/// A Timbr user with its permanent token.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct TimbrUserCredentials {
    pub user: String,
    pub password: String,
    pub token: String,
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

// === impl Credentials ===

impl Credentials {
    /// The credentials of a directory under a configuration, at a time. `None` if it holds no client. However many
    /// accounts and clients there are, each is looked at once.
    pub fn of(directory: &Directory, timbr: &TimbrSection, now: Timestamp) -> Option<Self> {
        let mut clients: Vec<_> = directory.clients().iter().map(TwinzoCredentials::of).collect();
        let guids = directory.clients().iter().enumerate();
        let places: HashMap<_, _> =
            guids.filter_map(|(place, client)| Some((directory.client_by_guid(&client.guid)?, place))).collect();
        let place = |id| places.get(&id).copied().unwrap_or(usize::MAX);
        for (_, branch) in directory.branches() {
            if let Some(client) = clients.get_mut(place(branch.client)) {
                client.add_branch(branch);
            }
        }
        for (_, account) in directory.accounts().filter(|(_, account)| !account.disabled) {
            if let Some(client) = clients.get_mut(place(account.client)) {
                client.add_account(account, directory.branch(account.branch));
            }
        }
        // One that retires stands behind its successor, and one for a single branch behind those for all.
        let mut keys: Vec<_> = directory.keys().map(|(_, key)| key).filter(|key| key.is_good(now)).collect();
        keys.sort_by_key(|key| (matches!(key.opens, Opens::Client(_, Some(_))), key.retires.is_some()));
        for key in keys {
            if let Opens::Client(owner, branch) = key.opens
                && let Some(client) = clients.get_mut(place(owner))
            {
                let branch_guid = branch.map(|branch| directory.branch(branch).guid.to_string());
                client.api_keys.push(ApiKeyCredentials { key: key.text.clone(), branch_guid });
            }
        }
        let mut clients = clients.into_iter();
        Some(Self {
            twinzo: clients.next()?,
            twinzo_others: clients.collect(),
            timbr: TimbrCredentials::of(directory, timbr, now),
        })
    }
}

// === impl TwinzoCredentials ===

impl TwinzoCredentials {
    /// A key for every branch, or else for the first device's.
    fn api_key(&self) -> Option<&ApiKeyCredentials> {
        let home = self.devices.first().map(|device| &device.branch_guid);
        let opens = |key: &&ApiKeyCredentials| key.branch_guid.is_none() || key.branch_guid.as_ref() == home;
        self.api_keys.iter().find(opens)
    }

    /// The branch of the first device, or else the first of all.
    fn branch_guid(&self) -> Option<&str> {
        let home = self.devices.first().map(|device| device.branch_guid.as_str());
        home.or_else(|| self.branches.first().map(|branch| branch.guid.as_str()))
    }

    fn of(client: &Client) -> Self {
        Self {
            client: client.name.clone(),
            client_guid: client.guid.to_string(),
            branches: Vec::new(),
            devices: Vec::new(),
            more_devices: 0,
            api_keys: Vec::new(),
            accounts: Vec::new(),
            more_accounts: 0,
        }
    }

    fn add_branch(&mut self, branch: &Branch) {
        self.branches.push(BranchCredentials {
            title: branch.title.clone(),
            guid: branch.guid.to_string(),
            time_zone: branch.time_zone.clone(),
        });
    }

    fn add_account(&mut self, account: &Account, home: &Branch) {
        let is_device = account.kind == AccountKind::Device;
        let listed = if is_device { self.devices.len() } else { self.accounts.len() };
        if listed == LISTED {
            *(if is_device { &mut self.more_devices } else { &mut self.more_accounts }) += 1;
            return;
        }
        let (login, password) = (account.login.to_string(), account.password.clone());
        let branch_guid = home.guid.to_string();
        if is_device {
            self.devices.push(DeviceCredentials { login, password, branch_guid, id: account.number });
        } else {
            self.accounts.push(AccountCredentials { kind: account.kind.name(), login, password, branch_guid });
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference over")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

// === impl TimbrCredentials ===

impl TimbrCredentials {
    fn of(directory: &Directory, section: &TimbrSection, now: Timestamp) -> Self {
        let timbr = directory.timbr();
        let salt = section.auth_salt.clone().or_else(|| timbr.auth_salt.clone());
        let users = || timbr.users.iter().filter(|user| !user.disabled);
        let tokens = directory.timbr_tokens(now);
        let bearer = users().next().zip(salt.as_deref()).and_then(|(user, salt)| {
            let who = UserPassword { user: user.name.to_string(), password: user.password.clone() };
            bearer::make(salt, section.bearer_key, section.bearer_plaintext, &who, BEARER_TIME_S, BEARER_IV)
        });
        Self {
            auth_salt: salt,
            users: users()
                .filter_map(|user| {
                    Some(TimbrUserCredentials {
                        user: user.name.to_string(),
                        password: user.password.clone(),
                        token: (*tokens.get(&*user.name)?).to_owned(),
                    })
                })
                .collect(),
            bearer,
            ontologies: timbr.ontologies.iter().map(|ontology| ontology.name.clone()).collect(),
        }
    }
}
