//! Makes tokens in the configured format, and recognises them.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::jwt::Jwt;
use super::opaque::{Issuer, Sighting};

/// What a token looks like.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenFormat {
    /// 44 characters of base64, as the vendor's.
    #[default]
    Opaque,
    /// A JWT, signed with HS256.
    Jwt,
}

/// Makes and recognises the tokens of one run and sandbox.
pub struct Mint {
    form: Form,
}

enum Form {
    Opaque(Issuer),
    Jwt(Box<Jwt>),
}

/// Whom a token is made out to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bearer<'a> {
    pub(super) login: &'a str,
    pub(super) client: Uuid,
    pub(super) branch: Uuid,
    pub(super) created_ms: i64,
    pub(super) expires_ms: i64,
}

// === impl Mint ===

impl Mint {
    /// A mint. The secret signs JWTs; opaque tokens need none.
    pub fn new(format: TokenFormat, jwt_secret: &str, run: &str, sandbox: &str) -> Self {
        let form = match format {
            TokenFormat::Opaque => Form::Opaque(Issuer::new(run, sandbox)),
            TokenFormat::Jwt => Form::Jwt(Box::new(Jwt::new(jwt_secret, run, sandbox))),
        };
        Self { form }
    }

    /// Recognises a token.
    pub fn sight(&self, text: &str) -> Sighting {
        match &self.form {
            Form::Opaque(issuer) => issuer.sight(text),
            Form::Jwt(jwt) => jwt.sight(text),
        }
    }

    pub(super) fn make(&self, id: u128, bearer: &Bearer<'_>) -> Result<String, jsonwebtoken::errors::Error> {
        match &self.form {
            Form::Opaque(issuer) => Ok(issuer.encode(id)),
            Form::Jwt(jwt) => jwt.encode(id, bearer),
        }
    }
}

impl fmt::Debug for Mint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The form holds the secret.
        f.debug_struct("Mint").finish_non_exhaustive()
    }
}
