//! The server against a bare axum handler that parses and answers the same JSON: ratios within one run.
//!
//! `cargo bench -p mock-server` prints a table. Both servers are processes of their own, pinned to one core where
//! `taskset` is there; the load comes from the other core. Rounds alternate, so that a noisy moment hits both.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, and stops at the first surprise"
)]

mod bare;
#[expect(dead_code, reason = "shared with the other benchmarks, which need more of it")]
mod load;
mod process;

use std::time::Duration;

use load::{Load, Workload};
use process::Server;

const ROUNDS: usize = 7;
const ROUND: Duration = Duration::from_millis(1500);
const STARTS: usize = 15;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.iter().any(|argument| argument == "--bare") {
        return bare::serve();
    }
    println!("starting each server {STARTS} times, then {ROUNDS} rounds of {ROUND:?} for each workload, alternating\n");
    cold_start();

    println!("| workload | bare axum req/s | mock-server req/s | ratio | CPU per request, bare / mock | ratio |");
    println!("| --- | --: | --: | --: | --: | --: |");
    for workload in Workload::ALL {
        compare(workload);
    }
    memory();
}

fn compare(workload: Workload) {
    let (bare, mock) = (Server::this("--bare"), Server::mock());
    let loads = [&bare, &mock].map(|server| Load::prepare(server.address(), workload));
    let mut rates = [Vec::new(), Vec::new()];
    let mut costs = [Vec::new(), Vec::new()];
    for round in 0..=ROUNDS {
        for (which, server) in [&bare, &mock].into_iter().enumerate() {
            let before = server.cpu();
            let answered = loads[which].run(ROUND);
            // The first round warms up.
            if round > 0 {
                rates[which].push(answered as f64 / ROUND.as_secs_f64());
                costs[which].push(server.cpu().saturating_sub(before).as_secs_f64() * 1e6 / answered as f64);
            }
        }
    }
    let [bare_rate, mock_rate] = rates.map(median);
    let [bare_cost, mock_cost] = costs.map(median);
    println!(
        "| {} | {bare_rate:.0} | {mock_rate:.0} | {:.2} | {bare_cost:.1} µs / {mock_cost:.1} µs | {:.2} |",
        workload.name(),
        mock_rate / bare_rate,
        bare_cost / mock_cost
    );
}

fn cold_start() {
    let times = |start: &dyn Fn() -> Server| {
        let runs = (0..STARTS).map(|_| start().started_in().as_secs_f64() * 1e3);
        median(runs.collect())
    };
    let (bare, mock) = (times(&|| Server::this("--bare")), times(&Server::mock));
    println!("cold start to the first answer, median: bare axum {bare:.1} ms, mock-server {mock:.1} ms\n");
}

fn memory() {
    let server = Server::mock();
    let fresh = server.resident_mib();
    for workload in Workload::ALL {
        Load::prepare(server.address(), workload).run(ROUND);
    }
    println!(
        "\nmock-server's resident memory: {fresh:.1} MiB fresh, {:.1} MiB after {ROUND:?} of each workload",
        server.resident_mib()
    );
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
