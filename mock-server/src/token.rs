//! twinzo tokens: issue, verify, supersede, revoke. Pure: whoever calls brings the time, the id and the run.

mod jwt;
mod mint;
mod opaque;
mod store;

pub use mint::{Mint, TokenFormat};
pub use opaque::{Origin, Sighting};
pub use store::{Denied, Grant, Token, TokenStore, Tokens};
