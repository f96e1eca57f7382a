//! `mock-server` and `mock-server serve`.

use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::Context;
use mock_server::{RunningServer, StartError};
use serde::Serialize;
use tracing_subscriber::filter::LevelFilter;

use super::signals::Termination;
use super::{ServeArgs, Settled, telemetry};
use crate::exit::{Exit, Failure};

/// The one line on stdout: whoever started the server reads it.
#[derive(Serialize)]
struct Ready<'a> {
    event: &'static str,
    api: &'a str,
    admin: &'a str,
    pid: u32,
}

pub(super) fn run(args: ServeArgs) -> Result<Exit, Failure> {
    let settled = args.server.settle()?;
    telemetry::init(args.server.log, LevelFilter::INFO);
    let banner = settled.credentials()?;
    let config = &settled.config;
    let guarded = config.server.admin_token.is_some();
    let ca_file = config.server.tls.as_ref().and_then(|tls| tls.ca_file.clone());
    to_the_end(async {
        let termination = Termination::listen().context("cannot listen for signals")?;
        for stale in [&args.port_file, &args.ready_file].into_iter().flatten() {
            remove(stale)?;
        }
        let server = start(settled).await?;
        if let Some(path) = &args.port_file {
            let port = server.addresses().first().map(|address| address.port().to_string()).unwrap_or_default();
            write_whole(path, &port)?;
        }
        let ready =
            Ready { event: "ready", api: server.base_url(), admin: server.admin_url(), pid: std::process::id() };
        let ready = serde_json::to_string(&ready).context("cannot write the ready line")?;
        if let Some(path) = &args.ready_file {
            write_whole(path, &format!("{ready}\n"))?;
        }
        // The banner is a courtesy: a closed stderr is no reason to stop.
        let banner = banner.banner(server.base_url(), server.admin_url(), guarded, ca_file.as_deref());
        if let Err(error) = std::io::stderr().write_all(banner.as_bytes()) {
            tracing::debug!("cannot show the banner: {error}");
        }
        print(&format!("{ready}\n"))?;
        termination.wait().await;
        server.shutdown().await;
        for stale in [&args.port_file, &args.ready_file].into_iter().flatten() {
            remove(stale)?;
        }
        Ok(Exit::Success)
    })
}

/// Starts a server; what is wrong with the settings is told apart from what the machine refuses.
pub(super) async fn start(Settled { config, directory }: Settled) -> Result<RunningServer, Failure> {
    RunningServer::start_in(config, directory).await.map_err(|error| match error {
        StartError::Listen { .. } | StartError::Run(_) => Failure::Run(error.into()),
        StartError::World(_)
        | StartError::Sandbox(_)
        | StartError::Exposed(_)
        | StartError::NoHost
        | StartError::Files(_)
        | StartError::EmptyAdminToken
        | StartError::AllowHost(_)
        | StartError::TlsFile { .. }
        | StartError::Tls(_)
        | StartError::PublicUrl(_) => Failure::Config(error.to_string()),
    })
}

/// Runs a command. A query that is still at work when it ends is left behind: it would hold up the exit for as long as
/// queries may take.
pub(super) fn to_the_end<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime").map_err(Failure::Run)?;
    let outcome = runtime.block_on(command);
    runtime.shutdown_background();
    outcome
}

/// Text for stdout, which belongs to machines.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    // Whoever reads may have seen enough: `mock-server openapi | head`.
    let written = written.or_else(|error| if error.kind() == ErrorKind::BrokenPipe { Ok(()) } else { Err(error) });
    written.context("cannot write to stdout").map_err(Failure::Run)
}

/// A file that a waiter must not take for news.
fn remove(path: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Failure::Run(anyhow::Error::new(error).context(format!("cannot remove {}", path.display()))))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// A file that appears whole or not at all: its reader waits for it to appear.
fn write_whole(path: &Path, text: &str) -> Result<(), Failure> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let draft = path.with_file_name(name);
    std::fs::write(&draft, text)
        .and_then(|()| std::fs::rename(&draft, path))
        .with_context(|| format!("cannot write {}", path.display()))
        .map_err(Failure::Run)
}
