//! A correct small client of both vendors, for the harness to prove itself on.
//!
//! It shares the words of `wire` with the mock server and nothing else, and it speaks the driver protocol `conform/1` as
//! a stranger would, from its description. [`Habits`] switch on other ways that are as good, and defects that are not.

mod bearer;
mod clock;
mod config;
mod driver;
mod error;
mod habits;
mod http;
mod retry;
mod session;
mod timbr;
mod turn;
mod twinzo;

pub use driver::serve;
pub use habits::{Defect, Habit, Habits};
