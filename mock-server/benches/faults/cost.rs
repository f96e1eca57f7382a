//! Log ins against servers that differ in nothing but their rules.

use std::time::Duration;

use mock_server::{Config, RunningServer};
use serde_json::json;

use crate::load::Load;
use crate::median;
use crate::process::Server;

/// Without the engine, with it and no rule, with 1,000 rules about this and that, and with 1,000 that all count each log
/// in.
pub(crate) const ROLES: [&str; 4] = ["--bypassed", "--unused", "--spread", "--matching"];
const RULES: usize = 1000;
const ROUNDS: usize = 41;
const ROUND: Duration = Duration::from_millis(500);
/// No rule fires: what is measured is looking and counting.
const NEVER: u64 = 1_000_000_000_000;

/// Serves for ever in one of the roles.
pub(crate) fn serve(role: &str) {
    let mut config = Config::default();
    config.server.port = 0;
    config.server.bypass_rules = role == "--bypassed";
    let operations = ["authenticate", "refresh", "localization", "localization_batch", "devices.list", "timbr.query"];
    let accounts = ["forklift-01", "walker-01", "forklift-21", "walker-21", "agv-27"];
    for number in 0..RULES {
        let matches = match role {
            "--spread" if operations[number % 6] == "timbr.query" => json!({ "operation": "timbr.query" }),
            "--spread" => json!({ "operation": operations[number % 6], "account": accounts[number % 5] }),
            "--matching" => json!({ "operation": "authenticate" }),
            _ => break,
        };
        let text = json!({ "match": matches, "trigger": { "nth": NEVER }, "effect": { "status": 503 } });
        config.faults.push(serde_json::from_value(text).unwrap());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let server = RunningServer::start(config).await.unwrap();
        println!(r#"{{"api":"{}"}}"#, server.base_url());
        std::future::pending::<()>().await;
    });
}

pub(crate) fn compare() {
    println!("{ROUNDS} rounds of {ROUND:?}, alternating, of log ins\n");
    let servers = ["--bypassed", "--bypassed", "--unused", "--spread", "--matching"].map(Server::this);
    let loads = servers.each_ref().map(|server| Load::login(server.address()));
    let mut costs = [const { Vec::new() }; 5];
    for round in 0..=ROUNDS {
        for (which, server) in servers.iter().enumerate() {
            let before = server.cpu();
            let answered = loads[which].run(ROUND) as f64;
            // The first round warms up.
            if round > 0 {
                costs[which].push(server.cpu().saturating_sub(before).as_secs_f64() * 1e6 / answered);
            }
        }
    }
    println!("| | CPU per answer, µs | ratio |");
    println!("| --- | --: | --: |");
    let names =
        ["without the engine", "the same once more", "no rules", "1,000 rules", "1,000 rules that all match and count"];
    for (name, cost) in names.into_iter().zip(&costs) {
        let ratio = median(costs[0].iter().zip(cost).map(|(bypassed, cost)| cost / bypassed).collect());
        println!("| {name} | {:.2} | {ratio:.3} |", median(cost.clone()));
    }
}
