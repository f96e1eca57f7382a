//! Reports: listeners of a run's events, and of its results.

mod human;
mod kill;

pub use human::Human;
pub use kill::{kill_matrix, variants};
