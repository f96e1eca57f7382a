//! The sections with their defaults. `docs/configuration.md` explains them to users.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use secrecy::SecretString;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use super::open::Fidelity;
use super::timbr::{ContentTypes, ErrorStyle, Example, HistorySection, MessageSpec, PlatformSection, PromptPart};
use super::unit::{Count, Size, Span};
use crate::timbr::CannedSpec;
use crate::timbr::bearer::{BearerBase64, BearerKey, BearerPlaintext};
use crate::timbr::jwt::JwtSpec;

/// `[server]`: where it listens, and who may steer it.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ServerSection {
    /// Addresses to listen on.
    pub hosts: Vec<IpAddr>,
    /// Port of both vendors' APIs, and of the admin API unless it has its own; 0 lets the system choose.
    pub port: u16,
    /// Port on 127.0.0.1 for the admin API alone; it then leaves the other one.
    pub admin_port: Option<u16>,
    /// What admin calls must carry as `Authorization: Bearer …`.
    pub admin_token: Option<SecretString>,
    /// `Host` names that admin calls may come by, beside loopback names and the addresses above.
    pub allow_hosts: Vec<String>,
    /// Base URL to announce, where clients know the server by another name; port 0 in it means the real port.
    pub public_url: Option<String>,
    /// Whether refusals carry their true cause in an `X-Mock-Reason` header.
    pub explain: bool,
    /// Whether the journal shows secrets instead of fingerprints.
    pub show_secrets: bool,
    /// Folder of the files that fault rules may answer with.
    pub files: Option<PathBuf>,
    /// Whether a request may bring a fault along in an `X-Mock-Fault` header.
    pub fault_header: bool,
    /// Whether HTTP/2 is spoken where a client wants it: by ALPN with TLS, with prior knowledge without.
    pub http2: bool,
    /// TLS on the vendors' port; none if absent.
    pub tls: Option<TlsSection>,
    /// From where pages may call the vendors' APIs.
    pub cors: Cors,
    /// Whether answers of twinzo are compressed where a client asks for it.
    pub compression: bool,
    /// Whether exchanges go past rules and limits: for the benchmark of what these cost.
    #[doc(hidden)]
    #[serde(skip)]
    pub bypass_rules: bool,
}

/// `[server.tls]`: TLS on the vendors' port. Without a certificate one is made at start.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsSection {
    /// Names and addresses on a certificate that is made; `localhost` and the loopback addresses if absent.
    pub names: Option<Vec<String>>,
    /// File of a certificate chain, PEM.
    pub certificate: Option<PathBuf>,
    /// File of its key, PEM.
    pub key: Option<PathBuf>,
    /// Where the authority is written that signs a certificate that is made, PEM: for clients to trust.
    pub ca_file: Option<PathBuf>,
}

/// `server.cors`: from where pages may call the vendors' APIs.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub enum Cors {
    /// From nowhere: no header says a word.
    #[default]
    Off,
    /// From anywhere.
    Any,
    /// From these origins.
    Origins(Vec<String>),
}

impl<'de> Deserialize<'de> for Cors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Word(String),
            List(Vec<String>),
        }
        const ALLOWED: &str = "allowed: \"off\", \"any\", or a list of origins like [\"http://localhost:5173\"]";
        match Form::deserialize(deserializer).map_err(|_| D::Error::custom(ALLOWED))? {
            Form::Word(word) if word == "off" => Ok(Self::Off),
            Form::Word(word) if word == "any" => Ok(Self::Any),
            Form::Word(word) => Err(D::Error::custom(format!("{word:?} is not allowed here; {ALLOWED}"))),
            Form::List(origins) => {
                let is_origin = |origin: &String| {
                    origin
                        .split_once("://")
                        .is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty() && !rest.contains('/'))
                };
                match origins.iter().find(|origin| !is_origin(origin)) {
                    Some(wrong) => Err(D::Error::custom(format!(
                        "{wrong:?} is no origin; write it like \"http://localhost:5173\""
                    ))),
                    None => Ok(Self::Origins(origins)),
                }
            }
        }
    }
}

/// `[limits]`: what a connection and a request may cost.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsSection {
    /// Bytes of a request body; more is answered 413.
    pub body: Size,
    /// Bytes of a request head, 8KiB at least; more is answered 431.
    #[serde(deserialize_with = "head_size")]
    pub head: Size,
    /// From the first byte of a head to its last; longer is answered 408.
    pub head_timeout: Span,
    /// For a body to arrive; longer is answered 408.
    pub body_timeout: Span,
    /// Without a request under way; then the connection is closed.
    pub idle_timeout: Span,
    /// Connections at once; more are answered 503.
    pub connections: Count,
    /// Sandboxes at once, beside `default`.
    pub sandboxes: Count,
    /// How long a sandbox lives without a request, on the real clock.
    pub sandbox_ttl: Span,
}

/// `[journal]`: what the record of exchanges keeps.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct JournalSection {
    /// Exchanges at most.
    pub entries: Count,
    /// Bytes at most, over all exchanges.
    pub bytes: Size,
    /// Bytes of one body at most.
    pub body_bytes: Size,
    /// Whether the bytes on the wire are kept too.
    pub wire: bool,
}

/// `[entropy]`: the draws.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EntropySection {
    /// Same seed and same run: same draws.
    pub seed: u64,
    /// Name of this start; fresh each time if absent. Give one to make tokens repeatable.
    pub run: Option<String>,
}

/// `[positions]`: the history of positions.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct PositionsSection {
    /// Records kept for one device; the oldest make room.
    pub per_device: Count,
    /// Bytes kept for one device; the oldest records make room.
    pub bytes_per_device: Size,
}

/// `[timbr]`: the Timbr service.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct TimbrSection {
    /// How closely requests are looked at.
    pub fidelity: Fidelity,
    /// Encrypts bearers; the world's own if absent.
    pub auth_salt: Option<String>,
    /// How the salt becomes a key.
    pub bearer_key: BearerKey,
    /// What stands inside the encryption.
    pub bearer_plaintext: BearerPlaintext,
    /// How old a bearer may be; any age if absent.
    pub bearer_ttl: Option<Span>,
    /// How long the engine may work on a query, on the machine's clock.
    pub query_time_limit: Span,
    /// Rows of an answer of the engine, unless the request says otherwise.
    pub row_limit: Count,
    /// How the base64 of a bearer is read.
    pub bearer_base64: BearerBase64,
    /// JWTs in place of users' tokens.
    pub jwt: JwtSpec,
    /// Answers to SQL, the first that fits.
    pub answers: Vec<CannedSpec>,
    /// Which status the errors of the query routes have.
    pub error_style: ErrorStyle,
    /// Which `Content-Type` requests may have.
    pub content_types: ContentTypes,
    /// How long an asynchronous query takes; no time at all if absent.
    pub async_duration: Option<Span>,
    /// How long its result is kept once it is there.
    pub async_ttl: Span,
    /// Whether a result can be fetched once only.
    pub async_once: bool,
    /// Asynchronous queries kept; the oldest that is over makes room.
    pub async_queries: Count,
    /// Bytes of their results at most.
    pub async_bytes: Size,
    /// Values that `get_config` tells, by name.
    pub config: BTreeMap<String, String>,
    /// Prompts beside the built-in ones, or in their place, by name.
    pub prompts: BTreeMap<String, Vec<PromptPart>>,
    /// Examples of knowledge bases.
    pub knowledge: Vec<Example>,
    /// Messages of conversations before those that agents report.
    pub conversations: Vec<MessageSpec>,
    /// How much is kept of what agents report.
    pub history: HistorySection,
    /// The web interface.
    pub platform: PlatformSection,
}

/// hyper's buffer cannot be smaller.
const SMALLEST_HEAD: usize = 8 << 10;

fn head_size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Size, D::Error> {
    let size = Size::deserialize(deserializer)?;
    if size.bytes() < SMALLEST_HEAD {
        return Err(D::Error::custom(format!("{size} is too small for a request head; allowed: 8KiB and more")));
    }
    Ok(size)
}

// === defaults ===

impl Default for ServerSection {
    fn default() -> Self {
        Self {
            hosts: vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            port: 8080,
            admin_port: None,
            admin_token: None,
            allow_hosts: Vec::new(),
            public_url: None,
            explain: false,
            show_secrets: false,
            files: None,
            fault_header: false,
            http2: true,
            tls: None,
            cors: Cors::Off,
            compression: true,
            bypass_rules: false,
        }
    }
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self {
            body: Size::from_bytes(8 << 20),
            head: Size::from_bytes(64 << 10),
            head_timeout: Span::from_secs(10),
            body_timeout: Span::from_secs(30),
            idle_timeout: Span::from_secs(120),
            connections: Count::new(4096),
            sandboxes: Count::new(1000),
            sandbox_ttl: Span::from_secs(60 * 60),
        }
    }
}

impl Default for JournalSection {
    fn default() -> Self {
        Self {
            entries: Count::new(10_000),
            bytes: Size::from_bytes(32 << 20),
            body_bytes: Size::from_bytes(16 << 10),
            wire: false,
        }
    }
}

impl Default for EntropySection {
    fn default() -> Self {
        Self { seed: 1, run: None }
    }
}

impl Default for PositionsSection {
    fn default() -> Self {
        Self { per_device: Count::new(100_000), bytes_per_device: Size::from_bytes(64 << 20) }
    }
}

impl Default for TimbrSection {
    fn default() -> Self {
        Self {
            fidelity: Fidelity::default(),
            auth_salt: None,
            bearer_key: BearerKey::default(),
            bearer_plaintext: BearerPlaintext::default(),
            bearer_base64: BearerBase64::default(),
            bearer_ttl: None,
            jwt: JwtSpec::default(),
            query_time_limit: Span::from_secs(5),
            // What a comment of the vendor's says of the service.
            row_limit: Count::new(5000),
            answers: Vec::new(),
            error_style: ErrorStyle::default(),
            content_types: ContentTypes::default(),
            async_duration: None,
            async_ttl: Span::from_secs(60 * 60),
            async_once: true,
            async_queries: Count::new(1000),
            async_bytes: Size::from_bytes(64 << 20),
            config: BTreeMap::new(),
            prompts: BTreeMap::new(),
            knowledge: Vec::new(),
            conversations: Vec::new(),
            history: HistorySection::default(),
            platform: PlatformSection::default(),
        }
    }
}
