//! `mock-server timbr`: credentials for the shell, as the vendor's script and an identity provider would make them.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;
use mock_server::clock::Clock;
use mock_server::config::{Config, Span};
use mock_server::entropy;
use mock_server::timbr::bearer::{self, BearerKey, BearerPlaintext, UserPassword};
use mock_server::timbr::jwt::{CannotSign, JwtAlgorithm, JwtClaims, JwtSigner};

use super::serve;
use super::world::{Settled, WorldArgs};
use crate::exit::{Exit, Failure};

#[derive(Debug, Subcommand)]
pub(super) enum TimbrCommand {
    /// Print a bearer for `get_token`.
    Bearer(BearerArgs),
    /// Print a JWT for `x-jwt-token`.
    Jwt(JwtArgs),
}

#[derive(Debug, Args)]
pub(super) struct BearerArgs {
    /// User name.
    #[arg(long, env = "TIMBR_USER", value_name = "NAME")]
    user: String,
    /// Its password. [default: that of the world's user]
    #[arg(long, value_name = "TEXT")]
    password: Option<String>,
    /// The service's `API_AUTH_SALT`. [default: the configuration's, or the world's]
    #[arg(long, env = "TIMBR_AUTH_SALT", value_name = "TEXT", hide_env_values = true)]
    salt: Option<String>,
    /// How the salt becomes a key. [default: the configuration's]
    #[arg(long, value_name = "HOW")]
    key_derivation: Option<Derivation>,
    /// What is encrypted. [default: the configuration's]
    #[arg(long, value_name = "FORM")]
    plaintext: Option<Plaintext>,
    /// The 16 bytes of the IV as hexadecimal digits. [default: random]
    #[arg(long, value_name = "HEX", value_parser = iv)]
    iv: Option<[u8; 16]>,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Args)]
pub(super) struct JwtArgs {
    /// Name for the claim `username`.
    #[arg(long, value_name = "NAME", required_unless_present = "email")]
    user: Option<String>,
    /// Address for the claim `email`.
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Secret to sign with. [default: the secret of the configuration, the tenant's own first]
    #[arg(long, env = "TIMBR_JWT_KEY", value_name = "TEXT", hide_env_values = true, conflicts_with = "key_file")]
    key: Option<String>,
    /// File of the secret, or of a private key as PEM.
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Algorithm: HS256, RS256, ES256 and others. [default: HS256 for a secret, RS256 for a PEM text]
    #[arg(long, value_name = "NAME")]
    algorithm: Option<JwtAlgorithm>,
    /// Tenant that it is for.
    #[arg(long, value_name = "ID")]
    tenant: Option<String>,
    /// The claim `iss`. [default: what the configuration asks for]
    #[arg(long, value_name = "TEXT")]
    issuer: Option<String>,
    /// The claim `aud`. [default: what the configuration asks for]
    #[arg(long, value_name = "TEXT")]
    audience: Option<String>,
    /// How long it lives.
    #[arg(long, value_name = "DURATION", default_value = "1h")]
    ttl: Span,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Args)]
struct CommonArgs {
    /// When it is made: a time like 2026-01-01T00:00:00Z, or unix seconds. [default: now, on the configuration's clock]
    #[arg(long, value_name = "TIME", value_parser = time)]
    time: Option<Timestamp>,
    /// Print whole headers, as curl takes them.
    #[arg(long)]
    header: bool,
    /// Configuration file (TOML).
    #[arg(long, env = "MOCK_SERVER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    world: WorldArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Derivation {
    /// `fernet-key` if the salt is one, else `md5-hex`.
    Auto,
    /// The salt is the key.
    FernetKey,
    /// The 32 hexadecimal digits of its MD5.
    Md5Hex,
    /// Its SHA-256.
    Sha256,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Plaintext {
    /// Base64 of `user:password`.
    Base64,
    /// `user:password` itself.
    Raw,
}

pub(super) fn run(command: &TimbrCommand) -> Result<Exit, Failure> {
    let text = match command {
        TimbrCommand::Bearer(args) => args.make()?,
        TimbrCommand::Jwt(args) => args.make()?,
    };
    serve::print(&text)?;
    Ok(Exit::Success)
}

// === impl BearerArgs ===

impl BearerArgs {
    fn make(&self) -> Result<String, Failure> {
        let Settled { config, directory } = self.common.settle()?;
        let (section, world) = (&config.timbr, directory.timbr());
        let salt = self.salt.as_ref().or(section.auth_salt.as_ref()).or(world.auth_salt.as_ref());
        let salt = salt.ok_or_else(|| Failure::Config("there is no salt; give --salt".to_owned()))?;
        if self.user.contains(':') {
            return Err(Failure::Config(
                "--user: a bearer splits at the first colon, so a user's name has none".to_owned(),
            ));
        }
        let password = self.password.as_ref().or_else(|| world.user(&self.user).map(|user| &user.password));
        let unknown = || Failure::Config(format!("the world has no Timbr user {:?}; give --password", self.user));
        let who = UserPassword { user: self.user.clone(), password: password.ok_or_else(unknown)?.clone() };
        let key = self.key_derivation.map_or(section.bearer_key, BearerKey::from);
        let plaintext = self.plaintext.map_or(section.bearer_plaintext, BearerPlaintext::from);
        let iv = self.iv.map_or_else(entropy::fresh_bytes, Ok).map_err(anyhow::Error::from)?;
        let time_s = u64::try_from(self.common.time(&config).as_second())
            .map_err(|_| Failure::Config("--time: a bearer has no time before 1970".to_owned()))?;
        let bearer = bearer::make(salt, key, plaintext, &who, time_s, iv);
        let bearer =
            bearer.ok_or_else(|| Failure::Config("the salt is no Fernet key (base64 of 32 bytes)".to_owned()))?;
        Ok(if self.common.header { format!("Authorization: Bearer {bearer}\n") } else { format!("{bearer}\n") })
    }
}

// === impl JwtArgs ===

impl JwtArgs {
    fn make(&self) -> Result<String, Failure> {
        let Settled { config, .. } = self.common.settle()?;
        let spec = &config.timbr.jwt;
        let tenant = self.tenant.as_deref();
        let cannot = |error: CannotSign| Failure::Config(error.to_string());
        let signer = match self.key()? {
            Some(key) => JwtSigner::new(&key, self.algorithm),
            None => JwtSigner::of(spec, tenant, self.algorithm),
        };
        let own_audience = tenant.and_then(|id| spec.tenants.get(id)?.audience.clone());
        let claims = JwtClaims {
            username: self.user.clone(),
            email: self.email.clone(),
            iss: self.issuer.clone().or(spec.issuer.clone()),
            aud: self.audience.clone().or(own_audience).or(spec.audience.clone()),
            ..JwtClaims::at(self.common.time(&config), self.ttl.signed().as_secs())
        };
        let jwt = signer.and_then(|signer| signer.sign(&claims)).map_err(cannot)?;
        Ok(match tenant {
            Some(id) if self.common.header => format!("x-jwt-token: {jwt}\nx-jwt-tenant-id: {id}\n"),
            None if self.common.header => format!("x-jwt-token: {jwt}\n"),
            Some(_) | None => format!("{jwt}\n"),
        })
    }

    fn key(&self) -> Result<Option<String>, Failure> {
        let Some(path) = &self.key_file else { return Ok(self.key.clone()) };
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::Config(format!("cannot read {}: {error}", path.display())))?;
        Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

// === impl CommonArgs ===

impl CommonArgs {
    fn settle(&self) -> Result<Settled, Failure> {
        self.world.settle(self.config.as_deref(), |_| Ok(()))
    }

    fn time(&self, config: &Config) -> Timestamp {
        self.time.unwrap_or_else(|| Clock::new(config.clock).now())
    }
}

impl From<Derivation> for BearerKey {
    fn from(derivation: Derivation) -> Self {
        match derivation {
            Derivation::Auto => Self::Auto,
            Derivation::FernetKey => Self::FernetKey,
            Derivation::Md5Hex => Self::Md5Hex,
            Derivation::Sha256 => Self::Sha256,
        }
    }
}

impl From<Plaintext> for BearerPlaintext {
    fn from(plaintext: Plaintext) -> Self {
        match plaintext {
            Plaintext::Base64 => Self::Base64,
            Plaintext::Raw => Self::Raw,
        }
    }
}

fn time(text: &str) -> Result<Timestamp, String> {
    let seconds = text.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    seconds
        .or_else(|| text.parse().ok())
        .ok_or_else(|| "write it like 2026-01-01T00:00:00Z, or as unix seconds".to_owned())
}

fn iv(text: &str) -> Result<[u8; 16], String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(text).filter(|text| text.len() == 32);
    let number = digits.and_then(|text| u128::from_str_radix(text, 16).ok());
    number.map(u128::to_be_bytes).ok_or_else(|| "write 32 hexadecimal digits".to_owned())
}
