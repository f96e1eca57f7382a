//! Drives any client of twinzo or Timbr, in any language, through a catalogue of cases, on a clock that it moves, and
//! judges what it did with evidence that anybody can look at again.
//!
//! The binary is the usual way in. A run is: cases × a client → events → results.

pub mod catalogue;
mod check;
pub mod clause;
pub mod driver;
pub mod evidence;
pub mod exit;
pub mod file;
mod hex;
pub mod ledger;
pub mod manifest;
pub mod mutant;
pub mod policy;
pub mod report;
pub mod results;
pub mod runner;
pub mod step;
pub mod target;
pub mod transcript;
pub mod verdict;
