//! The credentials of a world, for people, scripts and environments.

mod environment;
mod human;

use jiff::Timestamp;
use serde::Serialize;

use crate::config::TimbrSection;
use crate::directory::{AccountKind, Client, Directory, Opens};
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

// === impl Credentials ===

impl Credentials {
    /// The credentials of a directory under a configuration, at a time. `None` if it holds no client.
    pub fn of(directory: &Directory, timbr: &TimbrSection, now: Timestamp) -> Option<Self> {
        let mut clients = directory.clients().iter().map(|client| TwinzoCredentials::of(directory, client, now));
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

    fn of(directory: &Directory, client: &Client, now: Timestamp) -> Self {
        let id = directory.client_by_guid(&client.guid);
        let is_theirs = |owner| Some(owner) == id;
        let branch_guid = |branch| directory.branch(branch).guid.to_string();
        let branches = directory.branches().filter(|(_, branch)| is_theirs(branch.client));
        let accounts = || directory.accounts().filter(|(_, account)| is_theirs(account.client) && !account.disabled);
        let others = || accounts().filter(|(_, account)| account.kind != AccountKind::Device);
        let devices = || accounts().filter(|(_, account)| account.kind == AccountKind::Device);
        // One that retires stands behind its successor, and one for a single branch behind those for all.
        let mut keys: Vec<_> = directory.keys().map(|(_, key)| key).collect();
        keys.sort_by_key(|key| (matches!(key.opens, Opens::Client(_, Some(_))), key.retires.is_some()));
        let keys = keys.into_iter().filter_map(|key| match key.opens {
            Opens::Client(owner, branch) if is_theirs(owner) && key.is_good(now) => {
                Some(ApiKeyCredentials { key: key.text.clone(), branch_guid: branch.map(branch_guid) })
            }
            Opens::Client(..) | Opens::TimbrUser(_) => None,
        });
        Self {
            client: client.name.clone(),
            client_guid: client.guid.to_string(),
            branches: branches
                .map(|(_, branch)| BranchCredentials {
                    title: branch.title.clone(),
                    guid: branch.guid.to_string(),
                    time_zone: branch.time_zone.clone(),
                })
                .collect(),
            more_devices: devices().count().saturating_sub(LISTED),
            devices: devices()
                .take(LISTED)
                .map(|(_, account)| DeviceCredentials {
                    login: account.login.to_string(),
                    password: account.password.clone(),
                    branch_guid: branch_guid(account.branch),
                    id: account.number,
                })
                .collect(),
            api_keys: keys.collect(),
            more_accounts: others().count().saturating_sub(LISTED),
            accounts: others()
                .take(LISTED)
                .map(|(_, account)| AccountCredentials {
                    kind: account.kind.name(),
                    login: account.login.to_string(),
                    password: account.password.clone(),
                    branch_guid: branch_guid(account.branch),
                })
                .collect(),
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
                        token: directory.timbr_token(user, now)?.to_owned(),
                    })
                })
                .collect(),
            bearer,
            ontologies: timbr.ontologies.iter().map(|ontology| ontology.name.clone()).collect(),
        }
    }
}
