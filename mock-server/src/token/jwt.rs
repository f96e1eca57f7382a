//! The other token format: a JWT signed with HS256, for clients that want to look inside.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::mint::Bearer;
use super::opaque::{Origin, Sighting};

/// Makes and reads tokens of one run and sandbox.
pub(super) struct Jwt {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    run: String,
    sandbox: String,
}

#[derive(Debug, Deserialize, Serialize)]
struct Claims {
    sub: String,
    client: Uuid,
    branch: Uuid,
    /// Unix seconds, as RFC 7519 wants them; the contract beside it has milliseconds.
    iat: i64,
    exp: i64,
    jti: Uuid,
    run: String,
    sandbox: String,
}

// === impl Jwt ===

impl Jwt {
    pub(super) fn new(secret: &str, run: &str, sandbox: &str) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // The library would compare with the machine's clock; the store compares with the sandbox's.
        validation.validate_exp = false;
        validation.required_spec_claims.clear();
        Self {
            encoding: EncodingKey::from_secret(secret.as_bytes()),
            decoding: DecodingKey::from_secret(secret.as_bytes()),
            validation,
            run: run.to_owned(),
            sandbox: sandbox.to_owned(),
        }
    }

    pub(super) fn encode(&self, id: u128, bearer: &Bearer<'_>) -> Result<String, jsonwebtoken::errors::Error> {
        let claims = Claims {
            sub: bearer.login.to_owned(),
            client: bearer.client,
            branch: bearer.branch,
            iat: bearer.created_ms.div_euclid(1000),
            exp: bearer.expires_ms.div_euclid(1000),
            jti: Uuid::from_u128(id),
            run: self.run.clone(),
            sandbox: self.sandbox.clone(),
        };
        encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
    }

    pub(super) fn sight(&self, text: &str) -> Sighting {
        let Ok(token) = decode::<Claims>(text, &self.decoding, &self.validation) else {
            let bare = text.rsplit(' ').next().unwrap_or(text);
            return if bare != text && decode::<Claims>(bare, &self.decoding, &self.validation).is_ok() {
                Sighting::Mangled("it carries a scheme word")
            } else {
                Sighting::Foreign
            };
        };
        Sighting::Known(if token.claims.run != self.run {
            Origin::EarlierRun
        } else if token.claims.sandbox != self.sandbox {
            Origin::OtherSandbox
        } else {
            Origin::Here(token.claims.jti.as_u128())
        })
    }
}
