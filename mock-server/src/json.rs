//! JSON into types, stricter than serde alone: an object must be an object, and its names are compared as the reader
//! asks for.
//!
//! serde would also read a struct from an array of its members' values, which no peer of ours does on purpose.

mod members;
mod merge;
mod names;
mod nullable;

pub(crate) use members::{Members, Noted};
pub(crate) use merge::merge;
pub(crate) use names::{Names, Notes, snake};
pub(crate) use nullable::Nullable;
