//! twinzo tokens: issue, verify, use, replace, take back. Pure: whoever calls brings the time, the id and the run.

mod jwt;
mod life;
mod mint;
mod next;
mod opaque;
mod store;
mod tag;
mod tokens;

pub use life::{LifeOverride, TokenLife};
pub use mint::{Mint, TokenFormat};
pub use next::{ExpirationForm, LoginAnswer, NextToken};
pub use opaque::{Origin, Sighting};
pub use store::{Denied, Revoker, Token, TokenState};
pub use tokens::{Grant, Issuance, TokenChange, Tokens};

pub(crate) use next::MOST as MOST_NEXT;
pub(crate) use tag::Tag;
