//! `mock-server faults try FILE`: what rules would do, without a server.

use std::fmt::Write;

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use mock_server::config;
use mock_server::fault::{Faults, Glance, Premises, Probe};

use super::{FaultsCommand, Settled, TryArgs, serve};
use crate::exit::{Exit, Failure};

pub(super) fn run(command: &FaultsCommand) -> Result<Exit, Failure> {
    match command {
        FaultsCommand::Try(args) => {
            let text = try_rules(args)?;
            serve::print(&text)?;
            Ok(Exit::Success)
        }
        FaultsCommand::Packs => {
            let mut text = String::new();
            for (name, pack) in mock_server::fault::packs() {
                writeln!(text, "{name}\n    {}", pack.about).context("cannot write")?;
                for rule in &pack.rules {
                    let rule = serde_json::to_string(rule).context("cannot write a rule")?;
                    writeln!(text, "    {rule}").context("cannot write")?;
                }
            }
            serve::print(&text)?;
            Ok(Exit::Success)
        }
    }
}

fn try_rules(args: &TryArgs) -> Result<String, Failure> {
    let Settled { config, directory } = args.world.settle(Some(&args.file), |config| {
        config.server.files = args.files.clone().or(config.server.files.take());
        Ok(())
    })?;
    let wrong = |error: mock_server::fault::InvalidRule| Failure::Config(error.to_string());
    let start: Timestamp = mock_server::clock::Clock::new(config.clock).now();
    let faults = Faults::new(config.entropy.seed, mock_server::sandbox::DEFAULT);
    let premises = Premises { directory: &directory, files: config.server.files.as_deref(), now: start };
    for rule in &config.faults {
        faults.add(rule.clone(), &premises).map_err(wrong)?;
    }
    let mut text = String::new();
    if config.faults.is_empty() {
        writeln!(text, "{} has no rules in [[faults]]", args.file.display()).context("cannot write")?;
    }
    let body = args.body.clone().unwrap_or_default().into_bytes();
    for number in 1..=args.requests {
        let steps = i32::try_from(number - 1).unwrap_or(i32::MAX);
        let every = args.every.map_or(SignedDuration::ZERO, config::Span::signed);
        let now = start.checked_add(every.saturating_mul(steps)).unwrap_or(Timestamp::MAX);
        let probe = Probe {
            operation: args.operation.clone(),
            account: args.account.clone(),
            client: args.client.clone(),
            branch: args.branch.clone(),
            token_generation: args.token_generation,
            connection: if args.new_connections { u64::from(number) } else { 1 },
            headers: args.headers.clone(),
            body: body.clone(),
        };
        let glance = faults.probe(&probe, &directory, now).map_err(wrong)?;
        show(&mut text, number, now, &glance).context("cannot write")?;
    }
    for rule in faults.unfired(start) {
        writeln!(text, "never fired: {} ({} matched)", rule.id, rule.matched).context("cannot write")?;
    }
    Ok(text)
}

fn show(text: &mut String, number: u32, now: Timestamp, glance: &Glance) -> std::fmt::Result {
    let Glance { effects, why } = glance;
    let what = if effects.is_empty() { "the real answer".to_owned() } else { effects.join("; ") };
    writeln!(text, "{number:>3}  {now:.3}  {what}")?;
    for why in why {
        writeln!(text, "     because {why}")?;
    }
    Ok(())
}
