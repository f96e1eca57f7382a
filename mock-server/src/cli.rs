//! The command line, and with it the only reader of the environment.

mod exec;
mod faults;
mod openapi;
mod serve;
mod signals;
mod telemetry;
mod timbr;
mod world;

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use mock_server::config::{Config, Cors, ServerSection, Span};
use mock_server::token::TokenFormat;
use secrecy::SecretString;
use tracing_subscriber::filter::Targets;

use crate::exit::{Exit, Failure};

use world::{Settled, WorldArgs};

/// A mock server for twinzo and Timbr: tokens that expire on a clock you move, faults you inject, and a journal that
/// says why each request got the answer it got.
///
/// Without a command it serves on port 8080 of 127.0.0.1 and `::1`. Not affiliated with the vendors.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start the server (the default).
    Serve(ServeArgs),
    /// Start the server on a free port, run a command against it, and exit with the command's status.
    ///
    /// The command finds the server in its environment: `MOCK_SERVER_URL`, `MOCK_SERVER_ADMIN_URL`,
    /// `MOCK_SERVER_ADMIN_TOKEN`, and the credentials as `TWINZO_URL`, `TWINZO_CLIENT`, `TWINZO_LOGIN`,
    /// `TWINZO_PASSWORD` …, `TIMBR_URL`, `TIMBR_TOKEN`, `TIMBR_BEARER` … Signals are passed on.
    Exec(ExecArgs),
    /// Print the credentials of a world.
    Credentials(CredentialsArgs),
    /// Look at fault rules without a server.
    #[command(subcommand)]
    Faults(FaultsCommand),
    /// Print every operation of twinzo as a table: path, contracts, how well it is known, and the settings that change
    /// it.
    Routes,
    /// Print the OpenAPI document of twinzo's API, as a server on port 8080 has it at `/swagger/docs/v3`.
    Openapi(openapi::OpenapiArgs),
    /// Make credentials of Timbr.
    #[command(subcommand)]
    Timbr(timbr::TimbrCommand),
}

#[derive(Debug, Subcommand)]
enum FaultsCommand {
    /// Print what the rules of a configuration file do to the next requests of a kind, and why.
    ///
    /// The draws are those of the sandbox `default` under the same seed, so the rules of a server with this file do the
    /// same to the same requests. Rate limits, and what accounts do by themselves, are left out.
    Try(Box<TryArgs>),
    /// Print the packs of rules that ship.
    Packs,
}

#[derive(Debug, Args)]
struct TryArgs {
    /// Configuration file (TOML) with [[faults]].
    file: PathBuf,
    /// What the requests ask for, such as localization or timbr.query.
    #[arg(long, value_name = "NAME")]
    operation: String,
    /// Login or Timbr user that sends them.
    #[arg(long, value_name = "LOGIN")]
    account: Option<String>,
    /// Client, by name or GUID. [default: the account's]
    #[arg(long, value_name = "NAME")]
    client: Option<String>,
    /// Branch, by title or GUID. [default: the account's]
    #[arg(long, value_name = "TITLE")]
    branch: Option<String>,
    /// Generation of the token that they carry, counted from 1.
    #[arg(long, value_name = "N")]
    token_generation: Option<u32>,
    /// Header that they carry; may be given several times.
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    headers: Vec<(String, String)>,
    /// Body that they carry.
    #[arg(long, value_name = "TEXT")]
    body: Option<String>,
    /// How many requests.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    requests: u32,
    /// Time of the sandbox's clock between two of them. [default: none]
    #[arg(long, value_name = "DURATION")]
    every: Option<Span>,
    /// Let each come by a connection of its own.
    #[arg(long)]
    new_connections: bool,
    /// Folder of the files that rules may answer with.
    #[arg(long, value_name = "DIR")]
    files: Option<PathBuf>,
    #[command(flatten)]
    world: WorldArgs,
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or_else(|| "write it like \"Content-Type: text/plain\"".to_owned())?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

/// Options of the server. Each overrides the configuration file.
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
#[derive(Debug, Args)]
#[command(next_help_heading = "Server")]
struct ServerArgs {
    /// Configuration file (TOML).
    #[arg(long, env = "MOCK_SERVER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address to listen on; may be given several times. [default: 127.0.0.1 and `::1`]
    #[arg(long = "host", env = "MOCK_SERVER_HOST", value_name = "IP", value_delimiter = ',')]
    hosts: Vec<IpAddr>,
    /// Port of the vendors' APIs; 0 lets the system choose. [default: 8080, with exec 0]
    #[arg(long, env = "MOCK_SERVER_PORT")]
    port: Option<u16>,
    /// Port on 127.0.0.1 for the admin API alone.
    #[arg(long, env = "MOCK_SERVER_ADMIN_PORT", value_name = "PORT")]
    admin_port: Option<u16>,
    /// Token that admin calls must carry; needed where the server can be reached from elsewhere.
    #[arg(long, env = "MOCK_SERVER_ADMIN_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    admin_token: Option<String>,
    /// Host name that admin calls may come by; may be given several times.
    #[arg(long = "allow-host", env = "MOCK_SERVER_ALLOW_HOST", value_name = "NAME", value_delimiter = ',')]
    allow_hosts: Vec<String>,
    /// Base URL to announce, if clients know the server by another name; port 0 in it means the real port.
    #[arg(long, env = "MOCK_SERVER_PUBLIC_URL", value_name = "URL")]
    public_url: Option<String>,
    /// How long twinzo tokens live, such as 24h or 5s.
    #[arg(long, env = "MOCK_SERVER_TOKEN_LIFE", value_name = "DURATION")]
    token_life: Option<Span>,
    /// What twinzo tokens look like.
    #[arg(long, env = "MOCK_SERVER_TOKEN_FORMAT", value_name = "FORMAT")]
    token_format: Option<Format>,
    #[command(flatten)]
    world: WorldArgs,
    /// Say the true cause of each refusal in an X-Mock-Reason header.
    #[arg(long, env = "MOCK_SERVER_EXPLAIN", value_parser = switch)]
    explain: bool,
    /// Show secrets in the journal instead of fingerprints.
    #[arg(long, env = "MOCK_SERVER_SHOW_SECRETS", value_parser = switch)]
    show_secrets: bool,
    /// Folder of the files that fault rules may answer with.
    #[arg(long, env = "MOCK_SERVER_FILES", value_name = "DIR")]
    files: Option<PathBuf>,
    /// Let a request bring its own fault along in an X-Mock-Fault header.
    #[arg(long, env = "MOCK_SERVER_FAULT_HEADER", value_parser = switch)]
    fault_header: bool,
    /// Speak TLS on the vendors' port, with a certificate made at start.
    #[arg(long, env = "MOCK_SERVER_TLS", value_parser = switch)]
    tls: bool,
    /// Write the authority that signed it to this file, for clients to trust (implies --tls).
    #[arg(long, env = "MOCK_SERVER_TLS_CA_FILE", value_name = "FILE")]
    tls_ca_file: Option<PathBuf>,
    /// Speak TLS with the certificate chain in this file, PEM (implies --tls; needs --tls-key).
    #[arg(long, env = "MOCK_SERVER_TLS_CERTIFICATE", value_name = "FILE")]
    tls_certificate: Option<PathBuf>,
    /// File of its key, PEM.
    #[arg(long, env = "MOCK_SERVER_TLS_KEY", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// Let pages of these origins call the vendors' APIs: off, any, or origins like `http://localhost:5173`.
    #[arg(long, env = "MOCK_SERVER_CORS", value_name = "ORIGIN", value_delimiter = ',')]
    cors: Vec<String>,
    /// What to log on stderr: off, error, warn, info, debug or trace, or such pairs as `mock_server=debug`.
    #[arg(long, env = "MOCK_SERVER_LOG", value_name = "LEVEL")]
    log: Option<Log>,
}

#[derive(Debug, Args)]
struct ServeArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Write the port to this file once it is open.
    #[arg(long, env = "MOCK_SERVER_PORT_FILE", value_name = "FILE")]
    port_file: Option<PathBuf>,
    /// Write the ready line to this file once the server answers.
    #[arg(long, env = "MOCK_SERVER_READY_FILE", value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct ExecArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Fail, with status 1, if a fault rule that is not optional never fired and the command succeeded.
    #[arg(long, env = "MOCK_SERVER_STRICT", value_parser = switch)]
    strict: bool,
    /// Names that proxies are not asked for; the server's own are added for the command.
    #[arg(long, env = "NO_PROXY", hide = true)]
    no_proxy: Option<String>,
    /// The same, as some programs spell it.
    #[arg(long, env = "no_proxy", hide = true)]
    no_proxy_lower: Option<String>,
    /// The command and its arguments.
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<std::ffi::OsString>,
}

#[derive(Debug, Args)]
struct CredentialsArgs {
    /// How to print them.
    #[arg(long, value_enum, default_value_t = Layout::Human)]
    format: Layout,
    /// Configuration file (TOML), for another world, seed or salt.
    #[arg(long, env = "MOCK_SERVER_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    world: WorldArgs,
}

/// A switch from the environment. Compose files set what they do not know to an empty text, which leaves it off.
fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "" | "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("allowed: 1, true, yes, on, 0, false, no, off".to_owned()),
    }
}

/// What to log. A bare word must be a level: `Targets` would take a mistyped one for the name of a module.
#[derive(Clone, Debug)]
struct Log(Targets);

impl FromStr for Log {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
        let bare = text.split(',').find(|part| !part.contains('=') && !LEVELS.contains(part));
        match bare {
            Some(part) => Err(format!("{part:?} is no level; allowed: {}, or target=level", LEVELS.join(", "))),
            None => text.parse().map(Self).map_err(|error| format!("{error}")),
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Layout {
    /// A list to read.
    Human,
    /// One JSON object.
    Json,
    /// `export` lines for a shell.
    Env,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// 44 characters of base64, as the vendor's.
    Opaque,
    /// A JWT, signed with HS256.
    Jwt,
}

// === impl Cli ===

impl Cli {
    /// Runs what was asked for.
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        match self.command {
            None => serve::run(self.serve),
            Some(Command::Serve(args)) => serve::run(args),
            Some(Command::Exec(args)) => exec::run(&args),
            Some(Command::Credentials(args)) => world::print_credentials(&args),
            Some(Command::Faults(command)) => faults::run(&command),
            Some(Command::Routes) => {
                serve::print(&mock_server::endpoints_table())?;
                Ok(Exit::Success)
            }
            Some(Command::Openapi(args)) => openapi::run(&args),
            Some(Command::Timbr(command)) => timbr::run(&command),
        }
    }
}

// === impl ServerArgs ===

impl ServerArgs {
    /// File, environment and flags in one, and the world.
    fn settle(&self) -> Result<Settled, Failure> {
        self.world.settle(self.config.as_deref(), |config| self.change(config))
    }

    /// What environment and flags say.
    fn change(&self, config: &mut Config) -> Result<(), Failure> {
        let server = &mut config.server;
        server.files = self.files.clone().or(server.files.take());
        if !self.hosts.is_empty() {
            server.hosts.clone_from(&self.hosts);
        }
        if !self.allow_hosts.is_empty() {
            server.allow_hosts.clone_from(&self.allow_hosts);
        }
        server.port = self.port.unwrap_or(server.port);
        server.admin_port = self.admin_port.or(server.admin_port);
        // Compose files set what they do not know to an empty text.
        let admin_token = self.admin_token.clone().filter(|token| !token.is_empty());
        server.admin_token = admin_token.map(SecretString::from).or(server.admin_token.take());
        server.public_url = self.public_url.clone().or(server.public_url.take());
        server.explain |= self.explain;
        server.show_secrets |= self.show_secrets;
        server.fault_header |= self.fault_header;
        self.encrypt(server);
        if !self.cors.is_empty() {
            server.cors = self.cors()?;
        }
        config.twinzo.token_life = self.token_life.unwrap_or(config.twinzo.token_life);
        if let Some(format) = self.token_format {
            config.twinzo.token_format = match format {
                Format::Opaque => TokenFormat::Opaque,
                Format::Jwt => TokenFormat::Jwt,
            };
        }
        Ok(())
    }
}

impl ServerArgs {
    /// Any word about TLS turns it on.
    fn encrypt(&self, server: &mut ServerSection) {
        let files = [&self.tls_ca_file, &self.tls_certificate, &self.tls_key];
        if !self.tls && files.iter().all(|file| file.is_none()) {
            return;
        }
        let tls = server.tls.get_or_insert_default();
        tls.ca_file = self.tls_ca_file.clone().or(tls.ca_file.take());
        tls.certificate = self.tls_certificate.clone().or(tls.certificate.take());
        tls.key = self.tls_key.clone().or(tls.key.take());
    }

    fn cors(&self) -> Result<Cors, Failure> {
        let value = match self.cors.as_slice() {
            [word] if !word.contains("://") => serde_json::Value::from(word.as_str()),
            origins => serde_json::Value::from(origins),
        };
        serde_json::from_value(value).map_err(|error| Failure::Config(format!("--cors: {error}")))
    }
}
