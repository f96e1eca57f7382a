//! The words that both sides of the wire speak: header names, paths, and the contracts of both vendors.
//!
//! Vocabulary only: no I/O, no clock, no decision. What a server or a client *does* with these words lives elsewhere,
//! so that a judge may share them with the judged. Sections (`§4.2`) are those of `docs/twinzo.md` and `docs/timbr.md`.

pub mod authorization;
pub mod collection;
pub mod contract;
pub mod header;
pub mod localization;
pub mod path;
pub mod problem;
pub mod timbr;
