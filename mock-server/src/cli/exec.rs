//! `mock-server exec -- COMMAND`: a server for the time of one command.

use std::ffi::OsString;
use std::io::{ErrorKind, Write};

use anyhow::Context;
use mock_server::fault::RuleView;
use mock_server::sandbox::DEFAULT;
use secrecy::ExposeSecret;
use tokio::process::Command;
use tracing_subscriber::filter::LevelFilter;

use super::signals::Forwarded;
use super::{ExecArgs, serve, telemetry};
use crate::exit::{Exit, Failure};

pub(super) fn run(args: &ExecArgs) -> Result<Exit, Failure> {
    let mut settled = args.server.settle()?;
    if args.server.port.is_none() {
        // Two runs at a time must not meet, whatever the configuration file says for a server that stays.
        settled.config.server.port = 0;
    }
    // The terminal belongs to the command: only what it must know.
    telemetry::init(args.server.log.clone(), LevelFilter::WARN);
    serve::to_the_end(async {
        let credentials = settled.credentials()?;
        let config = &settled.config;
        let admin_token = config.server.admin_token.clone();
        let ca_file = config.server.tls.as_ref().and_then(|tls| tls.ca_file.clone());
        let server = serve::start(settled).await?;
        let base_url = server.base_url();

        let mut command = command(&args.command)?;
        command.envs(credentials.environment(Some(base_url)));
        command.env("MOCK_SERVER_URL", base_url).env("MOCK_SERVER_ADMIN_URL", server.admin_url());
        if let Some(token) = admin_token {
            command.env("MOCK_SERVER_ADMIN_TOKEN", token.expose_secret());
        }
        if let Some(path) = ca_file {
            command.env("MOCK_SERVER_CA_FILE", path);
        }
        let no_proxy = no_proxy([&args.no_proxy, &args.no_proxy_lower], base_url);
        command.env("NO_PROXY", &no_proxy).env("no_proxy", &no_proxy);

        // Before the command is there to receive one, and it must not outlive us.
        let forwarded = Forwarded::listen().context("cannot listen for signals")?;
        let mut child = command.kill_on_drop(true).spawn().map_err(|error| cannot_start(&args.command, &error))?;
        let status = forwarded.until_exit(&mut child).await.context("cannot wait for the command")?;
        let idle = server.unfired_rules();
        report(&idle);
        server.shutdown().await;
        Ok(match status {
            0 if args.strict && !idle.is_empty() => Exit::Strict,
            0 => Exit::Success,
            status => Exit::Command(status),
        })
    })
}

fn command(words: &[OsString]) -> Result<Command, Failure> {
    let (program, arguments) =
        words.split_first().ok_or_else(|| Failure::CommandNotFound("there is no command to run".to_owned()))?;
    let mut command = Command::new(program);
    command.args(arguments);
    Ok(command)
}

fn cannot_start(words: &[OsString], error: &std::io::Error) -> Failure {
    let program = words.first().map(|word| word.to_string_lossy().into_owned()).unwrap_or_default();
    if error.kind() == ErrorKind::NotFound {
        Failure::CommandNotFound(format!("there is no program {program:?}"))
    } else {
        Failure::CommandNotRunnable(format!("cannot start {program:?}: {error}"))
    }
}

/// Many HTTP clients ask a proxy even for loopback addresses unless they are told not to.
fn no_proxy(inherited: [&Option<String>; 2], base_url: &str) -> String {
    let host = base_url
        .parse::<http::Uri>()
        .ok()
        .and_then(|uri| uri.host().map(|host| host.trim_matches(['[', ']']).to_owned()));
    let ours = ["127.0.0.1".to_owned(), "localhost".to_owned(), "::1".to_owned()].into_iter().chain(host);
    let inherited = inherited.into_iter().flatten().flat_map(|names| names.split(',')).map(str::to_owned);
    let mut names: Vec<String> = Vec::new();
    for name in inherited.chain(ours).filter(|name| !name.is_empty()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.join(",")
}

/// A test that relied on rules that never fired tested nothing.
fn report(idle: &[(String, RuleView)]) {
    for (sandbox, rule) in idle {
        let place = if sandbox == DEFAULT { String::new() } else { format!(" of sandbox {sandbox:?}") };
        let line = format!(
            "mock-server: the fault rule {:?}{place} never fired ({} exchanges matched it)\n",
            rule.id, rule.matched
        );
        if let Err(error) = std::io::stderr().write_all(line.as_bytes()) {
            tracing::debug!("cannot report a rule: {error}");
        }
    }
}
