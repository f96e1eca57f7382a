//! The credentials of a world, for people, scripts and environments.

mod environment;
mod human;

use serde::Serialize;

use crate::config::TimbrSection;
use crate::directory::{AccountKind, Directory};
use crate::timbr::bearer::{self, UserPassword};

/// The bearer that is shown has a fixed time (2026-01-01T00:00:00Z) and IV, so that it is the same on every run.
const BEARER_TIME_S: u64 = 1_767_225_600;
const BEARER_IV: [u8; 16] = *b"mock-server-iv-0";

/// Everything that a client needs to log in, for both vendors.
#[derive(Debug, Serialize)]
pub struct Credentials {
    /// For the twinzo API.
    pub twinzo: TwinzoCredentials,
    /// For the Timbr service.
    pub timbr: TimbrCredentials,
}

/// For the twinzo API: the world's first client.
#[derive(Debug, Serialize)]
pub struct TwinzoCredentials {
    /// Client NAME, for the login.
    pub client: String,
    /// Client GUID, for the header.
    pub client_guid: String,
    /// Its branches.
    pub branches: Vec<BranchCredentials>,
    /// Its devices.
    pub devices: Vec<DeviceCredentials>,
    /// Its static keys.
    pub api_keys: Vec<ApiKeyCredentials>,
    /// Its other accounts: sensors and users.
    pub accounts: Vec<AccountCredentials>,
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
    /// The credentials of a directory under a configuration. `None` if it holds no client.
    pub fn of(directory: &Directory, timbr: &TimbrSection) -> Option<Self> {
        let client = directory.clients().first()?;
        let id = directory.client_by_guid(&client.guid)?;
        let branch_guid = |branch| directory.branch(branch).guid.to_string();
        let branches = directory.branches().filter(|(_, branch)| branch.client == id);
        let devices = directory.devices().map(|(_, device)| (device, directory.account(device.account)));
        let others = directory.accounts().iter().filter(|account| account.client == id);
        let others = others.filter_map(|account| {
            let kind = match account.kind {
                AccountKind::Device => return None,
                AccountKind::Sensor => "sensor",
                AccountKind::User => "user",
            };
            Some(AccountCredentials {
                kind,
                login: account.login.to_string(),
                password: account.password.clone(),
                branch_guid: branch_guid(account.branch),
            })
        });
        let keys = directory.api_keys().iter().filter(|key| key.client == id);
        Some(Self {
            twinzo: TwinzoCredentials {
                client: client.name.clone(),
                client_guid: client.guid.to_string(),
                branches: branches
                    .map(|(_, branch)| BranchCredentials {
                        title: branch.title.clone(),
                        guid: branch.guid.to_string(),
                        time_zone: branch.time_zone.clone(),
                    })
                    .collect(),
                devices: devices
                    .filter(|(_, account)| account.client == id)
                    .map(|(device, account)| DeviceCredentials {
                        login: account.login.to_string(),
                        password: account.password.clone(),
                        branch_guid: branch_guid(device.branch),
                        id: device.id,
                    })
                    .collect(),
                api_keys: keys
                    .map(|key| ApiKeyCredentials { key: key.key.clone(), branch_guid: key.branch.map(branch_guid) })
                    .collect(),
                accounts: others.collect(),
            },
            timbr: TimbrCredentials::of(directory, timbr),
        })
    }
}

// === impl TimbrCredentials ===

impl TimbrCredentials {
    fn of(directory: &Directory, section: &TimbrSection) -> Self {
        let timbr = directory.timbr();
        let salt = section.auth_salt.clone().or_else(|| timbr.auth_salt.clone());
        let bearer = timbr.users.first().zip(salt.as_deref()).and_then(|(user, salt)| {
            let who = UserPassword { user: user.name.to_string(), password: user.password.clone() };
            bearer::make(salt, section.bearer_key, section.bearer_plaintext, &who, BEARER_TIME_S, BEARER_IV)
        });
        Self {
            auth_salt: salt,
            users: timbr
                .users
                .iter()
                .map(|user| TimbrUserCredentials {
                    user: user.name.to_string(),
                    password: user.password.clone(),
                    token: user.token.clone(),
                })
                .collect(),
            bearer,
            ontologies: timbr.ontologies.iter().map(|ontology| ontology.name.clone()).collect(),
        }
    }
}
