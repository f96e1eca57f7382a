//! What the ground of control costs: the connection layer against plain hyper, and a sandbox in time and memory.
//!
//! `cargo bench -p mock-server --bench ground` prints both. Servers are processes of their own, pinned to one core where
//! `taskset` is there; the load comes from the other core.

#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    reason = "a benchmark prints, and stops at the first surprise"
)]

mod layer;
#[path = "../against_axum/load.rs"]
#[expect(dead_code, reason = "shared with the other benchmark, which needs more of it")]
mod load;
#[path = "../against_axum/process.rs"]
#[expect(dead_code, reason = "shared with the other benchmark, which needs more of it")]
mod process;
mod sandboxes;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    for role in layer::ROLES {
        if arguments.iter().any(|argument| argument == role) {
            return layer::serve(role);
        }
    }
    layer::compare();
    sandboxes::measure();
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
