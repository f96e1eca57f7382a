//! What the fault engine costs: unused, with 1,000 rules, and with thousands of answers that wait.
//!
//! `cargo bench -p mock-server --bench faults` prints all three. Servers are processes of their own, pinned to one core
//! where `taskset` is there; the load comes from the other core.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, and stops at the first surprise"
)]

mod cost;
mod delays;
#[path = "../against_axum/load.rs"]
#[expect(dead_code, reason = "shared with the other benchmark, which needs more of it")]
mod load;
#[path = "../against_axum/process.rs"]
#[expect(dead_code, reason = "shared with the other benchmark, which needs more of it")]
mod process;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    for role in cost::ROLES {
        if arguments.iter().any(|argument| argument == role) {
            return cost::serve(role);
        }
    }
    delays::measure();
    cost::compare();
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
