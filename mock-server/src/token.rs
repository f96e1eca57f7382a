//! twinzo tokens: issue, verify, supersede, revoke. Pure: whoever calls brings the time, the id and the run.

mod jwt;
mod mint;
mod opaque;
mod store;
mod tokens;

pub use mint::{Mint, TokenFormat};
pub use opaque::{Origin, Sighting};
pub use store::{Denied, Token};
pub use tokens::{Grant, TokenLife, Tokens};
