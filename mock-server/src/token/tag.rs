//! Which sandbox a token says it comes from, before anybody checks whether that is true.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde::Deserialize;

use super::opaque;

/// What a token says of its sandbox.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Tag {
    /// The folded id inside an opaque token.
    Folded([u8; 4]),
    /// The id inside a JWT.
    Id(String),
}

/// Longer than any token that we make.
const LONGEST: usize = 4096;

#[derive(Deserialize)]
struct Claims {
    sandbox: String,
}

// === impl Tag ===

impl Tag {
    /// Reads it off a token, if the token has the form of one of ours.
    pub(crate) fn of(token: &str) -> Option<Self> {
        if token.len() == 44 {
            let bytes = STANDARD.decode(token).ok()?;
            return Some(Self::Folded(bytes.get(20..24)?.try_into().ok()?));
        }
        let mut parts = Some(token).filter(|token| token.len() <= LONGEST)?.split('.');
        let (_, claims) = (parts.next()?, parts.next()?);
        let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
        Some(Self::Id(claims.sandbox))
    }

    /// Whether a sandbox of this id makes such tokens.
    pub(crate) fn is_of(&self, id: &str) -> bool {
        match self {
            Self::Folded(folded) => *folded == opaque::fold(id),
            Self::Id(own) => own == id,
        }
    }
}
