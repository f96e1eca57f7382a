//! The server that clients are driven against: started here. The only place that names it.
//!
//! A case gets a universe: a sandbox of its own with a listener of its own. The server is steered over its admin API, as
//! anybody could; only the step of the clock is taken in its process, in one act with the message to the client.

use std::net::Ipv4Addr;
use std::sync::Arc;

use jiff::Timestamp;
use mock_server::sandbox::Sandbox;
use mock_server::{Config, RunningServer};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::hex::hex;
use crate::manifest::ClockClass;
use crate::transcript::{Entry, Exchange};

pub use mock_server::sandbox::Traffic;

/// A server that runs.
#[derive(Debug)]
pub struct Target {
    server: RunningServer,
    http: reqwest::Client,
    seed: u64,
}

/// One case's part of the server.
#[derive(Debug)]
pub struct Universe {
    sandbox: Arc<Sandbox>,
    http: reqwest::Client,
    /// Of its admin API.
    admin: String,
    /// Where clients find it.
    pub base_url: String,
    /// The name under which the client is opened.
    pub handle: String,
    /// The time at which it began, in unix milliseconds.
    pub t0_ms: i64,
    /// What clients log in with.
    pub credentials: Credentials,
}

/// What clients log in with. Passwords and the salt are of this case only.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Name of the twinzo client.
    pub client: String,
    /// Its GUID.
    pub client_guid: String,
    /// GUID of the branch whose devices are used.
    pub branch_guid: String,
    /// A static key of it.
    pub api_key: String,
    /// A device of the branch.
    pub login: String,
    /// Its password.
    pub password: String,
    /// All devices of the branch that behave.
    pub devices: Vec<String>,
    /// A Timbr user.
    pub user: String,
    /// The user's password.
    pub user_password: String,
    /// The user's token.
    pub user_token: String,
    /// Encrypts bearers; a valid Fernet key.
    pub auth_salt: String,
    /// An ontology.
    pub ontology: String,
}

/// The server could not be started or steered: never the client's fault.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TargetError(String);

/// Cases that are not on the machine's clock begin within 300 days after this: 2026-01-01T00:00:00.123Z. All begin at the
/// same millisecond of a second, so that what counts in seconds is as far from it in all of them.
const EPOCH_MS: i64 = 1_767_225_600_123;
const EPOCH_SECONDS: u64 = 300 * 24 * 60 * 60;
/// Exchanges of one case at most; a client that makes more is stopped long before.
const ENTRIES: usize = 20_000;

#[derive(Debug, Deserialize)]
struct Created {
    id: String,
    credentials: Value,
}

// === impl Target ===

impl Target {
    /// Starts a server on a free port of this machine.
    ///
    /// # Errors
    ///
    /// It does not start.
    pub async fn start(seed: u64) -> Result<Self, TargetError> {
        let mut config = Config::default();
        config.server.hosts = vec![Ipv4Addr::LOCALHOST.into()];
        config.server.port = 0;
        // Checks compare credentials; reports show labels in their place.
        config.server.show_secrets = true;
        // A driver must not read what is expected, nor take back what it did.
        let token = Draw { seed: fresh_seed()?, case: "admin" }.hex("token", 32);
        config.server.admin_port = Some(0);
        config.server.admin_token = Some(token.clone().into());
        config.journal.body_bytes = mock_server::config::Size::from_bytes(1 << 20);
        config.entropy.seed = seed;
        config.entropy.run = Some("conformance".to_owned());
        let server = RunningServer::start(config).await.map_err(wrong)?;
        let mut bearer = HeaderValue::from_str(&format!("Bearer {token}")).map_err(wrong)?;
        bearer.set_sensitive(true);
        let headers = HeaderMap::from_iter([(AUTHORIZATION, bearer)]);
        let http = reqwest::Client::builder().no_proxy().default_headers(headers).build().map_err(wrong)?;
        Ok(Self { server, http, seed })
    }

    /// A part of the server for one case. What a client sees of it says nothing about the case.
    pub async fn universe(&self, case: &str, clock: ClockClass) -> Result<Universe, TargetError> {
        let draw = Draw { seed: self.seed, case };
        let name = format!("u{}", draw.hex("name", 8));
        let salt = draw.fernet_key();
        let start = (clock == ClockClass::Virtual).then(|| {
            let ms = EPOCH_MS.saturating_add_unsigned(draw.number("epoch") % EPOCH_SECONDS * 1000);
            Timestamp::from_millisecond(ms).map(|time| json!({"frozen": time.to_string()})).unwrap_or_default()
        });
        let mut new = json!({
            "name": name,
            "seed": draw.number("seed") >> 12,
            "settings": {
                // Tapped exchanges count with all that a tap may hold; the entries are the limit that counts here.
                "journal": {"wire": true, "entries": ENTRIES, "bytes": "64GiB"},
                "timbr": {"auth_salt": salt},
            },
        });
        if let Some(start) = start {
            new["clock"] = start;
        }
        let admin = self.server.admin_url().to_owned();
        let created: Created =
            parsed(admin_call(&self.http, "POST", &format!("{admin}/sandboxes"), Some(&new)).await?)?;
        let sandbox = self.server.sandbox_named(&created.id).ok_or_else(|| wrong("the sandbox is gone"))?;
        let mut universe = Universe {
            admin: format!("{admin}/sandboxes/{name}"),
            http: self.http.clone(),
            base_url: String::new(),
            handle: draw.hex("handle", 8),
            t0_ms: sandbox.clock.now().as_millisecond(),
            credentials: credentials(&created.credentials, &draw, salt)?,
            sandbox,
        };
        let listener = universe.admin("POST", "listeners", Some(&json!({}))).await?;
        universe.base_url = text(&listener, "/url")?;
        for (login, password) in [
            (&universe.credentials.login, &universe.credentials.password),
            (&universe.credentials.user, &universe.credentials.user_password),
        ] {
            universe.admin("PATCH", &format!("accounts/{login}"), Some(&json!({"password": password}))).await?;
        }
        Ok(universe)
    }

    /// Stops the server.
    pub async fn stop(self) {
        self.server.shutdown().await;
    }
}

// === impl Universe ===

impl Universe {
    /// One call of its admin API.
    pub async fn admin(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value, TargetError> {
        admin_call(&self.http, method, &format!("{}/{path}", self.admin), body).await
    }

    /// Virtual unix milliseconds.
    pub fn now_ms(&self) -> i64 {
        self.sandbox.clock.now().as_millisecond()
    }

    /// Its exchanges so far.
    pub fn traffic(&self) -> Traffic {
        self.sandbox.traffic()
    }

    /// Moves its clock in one act with `then`, unless somebody came or is still there.
    pub fn step(&self, to_ms: i64, arrived: u64, then: impl FnOnce()) -> Result<(), Traffic> {
        let to = Timestamp::from_millisecond(to_ms).unwrap_or(Timestamp::MAX);
        self.sandbox.step(to, arrived, then)
    }

    /// What came to it, in the order of arrival; at least so many exchanges, since they have ended.
    pub async fn exchanges(&self, ended: u64) -> Result<Vec<Exchange>, TargetError> {
        #[derive(Deserialize)]
        struct Journal {
            evicted: u64,
            requests: Vec<Entry>,
        }
        let journal: Journal = parsed(self.admin("GET", &format!("requests?limit={ENTRIES}"), None).await?)?;
        let mut entries = journal.requests;
        // What the connection answered itself never was an exchange, and is not counted as one.
        entries.retain(Entry::was_served);
        entries.sort_by_key(|entry| entry.id);
        if journal.evicted > 0 || (entries.len() as u64) < ended {
            return Err(wrong(format!("{ended} exchanges ended, and the journal has {}", entries.len())));
        }
        Ok(entries.into_iter().zip(1..).map(|(entry, number)| Exchange::new(number, entry)).collect())
    }

    /// On how many exchanges a rule fired.
    pub async fn fired(&self, rule: &str) -> Result<usize, TargetError> {
        let rule = self.admin("GET", &format!("faults/{rule}"), None).await?;
        let fired = rule.get("fired").and_then(Value::as_u64);
        fired.and_then(|fired| usize::try_from(fired).ok()).ok_or_else(|| wrong("the rule has no count"))
    }

    /// Takes it away.
    pub async fn end(self) -> Result<(), TargetError> {
        admin_call(&self.http, "DELETE", &self.admin, None).await.map(drop)
    }
}

async fn admin_call(
    http: &reqwest::Client,
    method: &str,
    url: &str,
    body: Option<&Value>,
) -> Result<Value, TargetError> {
    let method = reqwest::Method::from_bytes(method.as_bytes()).map_err(wrong)?;
    let mut request = http.request(method.clone(), url);
    if let Some(body) = body {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let answer = request.send().await.map_err(wrong)?;
    let status = answer.status();
    let text = answer.text().await.map_err(wrong)?;
    if !status.is_success() {
        return Err(wrong(format!("the admin API answered {status} to {method} {url}: {text}")));
    }
    if text.is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text).map_err(wrong)
}

fn credentials(shown: &Value, draw: &Draw<'_>, auth_salt: String) -> Result<Credentials, TargetError> {
    let branch_guid = text(shown, "/twinzo/branches/0/guid")?;
    let devices = shown.pointer("/twinzo/devices").and_then(Value::as_array).into_iter().flatten();
    let of_branch = devices.filter(|device| device.get("branch_guid").and_then(Value::as_str) == Some(&branch_guid));
    let logins: Vec<String> = of_branch.filter_map(|device| Some(device.get("login")?.as_str()?.to_owned())).collect();
    Ok(Credentials {
        client: text(shown, "/twinzo/client")?,
        client_guid: text(shown, "/twinzo/client_guid")?,
        branch_guid,
        api_key: text(shown, "/twinzo/api_keys/0/key")?,
        login: logins.first().cloned().ok_or_else(|| wrong("there is no device"))?,
        password: format!("pw-{}", draw.hex("password", 24)),
        // The first three are those that behave.
        devices: logins.into_iter().take(3).collect(),
        user: text(shown, "/timbr/users/0/user")?,
        user_password: format!("pw-{}", draw.hex("user password", 24)),
        user_token: text(shown, "/timbr/users/0/token")?,
        auth_salt,
        ontology: text(shown, "/timbr/ontologies/0")?,
    })
}

fn text(value: &Value, pointer: &str) -> Result<String, TargetError> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).ok_or_else(|| wrong(format!("the admin API's answer lacks {pointer}")))
}

fn parsed<T: for<'de> Deserialize<'de>>(value: Value) -> Result<T, TargetError> {
    serde_json::from_value(value).map_err(wrong)
}

fn wrong(error: impl std::fmt::Display) -> TargetError {
    TargetError(error.to_string())
}

/// For what must not be guessed.
fn fresh_seed() -> Result<u64, TargetError> {
    mock_server::entropy::fresh_run().map(|run| Draw { seed: 0, case: &run }.number("fresh")).map_err(wrong)
}

/// Draws of one case: each a function of seed, case and purpose.
struct Draw<'a> {
    seed: u64,
    case: &'a str,
}

// === impl Draw ===

impl Draw<'_> {
    fn bytes(&self, purpose: &str) -> [u8; 32] {
        Sha256::digest(format!("{}\n{}\n{purpose}", self.seed, self.case)).into()
    }

    fn number(&self, purpose: &str) -> u64 {
        self.bytes(purpose).iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }

    fn hex(&self, purpose: &str, digits: usize) -> String {
        hex(&self.bytes(purpose)).chars().take(digits).collect()
    }

    fn fernet_key(&self) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE.encode(self.bytes("salt"))
    }
}
