//! Makes JWTs for the shell, as somebody else's identity provider would.

use jiff::Timestamp;
use jsonwebtoken::{AlgorithmFamily, EncodingKey, Header};
use secrecy::ExposeSecret;
use serde::Serialize;

use super::algorithm::JwtAlgorithm;
use super::spec::{JwtSpec, is_pem};

/// What a new JWT says.
#[derive(Clone, Debug, Serialize)]
pub struct JwtClaims {
    /// The user's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The user's e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Who issued it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    /// For whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    /// When it was made, in unix seconds.
    pub iat: i64,
    /// When it ends.
    pub exp: i64,
}

/// A key to sign with.
#[derive(Debug)]
pub struct JwtSigner {
    key: EncodingKey,
    algorithm: JwtAlgorithm,
}

/// Why a JWT cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct CannotSign(String);

// === impl JwtSigner ===

impl JwtSigner {
    /// Signs with a secret, or with a private key as PEM. Without an algorithm it is HS256 for a secret and RS256 for a
    /// PEM text.
    pub fn new(key: &str, algorithm: Option<JwtAlgorithm>) -> Result<Self, CannotSign> {
        let usual = if is_pem(key) { JwtAlgorithm::RS256 } else { JwtAlgorithm::HS256 };
        let algorithm = algorithm.unwrap_or(usual);
        let unfit = |error| CannotSign(format!("the key does not fit {algorithm}, a private key in PKCS#8: {error}"));
        let key = match (algorithm.family(), is_pem(key)) {
            (AlgorithmFamily::Hmac, false) if !key.is_empty() => EncodingKey::from_secret(key.as_bytes()),
            (AlgorithmFamily::Rsa, true) => EncodingKey::from_rsa_pem(key.as_bytes()).map_err(unfit)?,
            (AlgorithmFamily::Ec, true) => EncodingKey::from_ec_pem(key.as_bytes()).map_err(unfit)?,
            (AlgorithmFamily::Hmac, _) => return Err(CannotSign(format!("{algorithm} wants a secret"))),
            _ => return Err(CannotSign(format!("{algorithm} wants a private key as PEM"))),
        };
        Ok(Self { key, algorithm })
    }

    /// Signs with the secret that a configuration has for a tenant, or for all. A public key signs nothing.
    pub fn of(spec: &JwtSpec, tenant: Option<&str>, algorithm: Option<JwtAlgorithm>) -> Result<Self, CannotSign> {
        let tenant = tenant.and_then(|id| spec.tenants.get(id));
        let key = tenant.and_then(|tenant| tenant.key.as_ref()).or(spec.key.as_ref());
        let algorithms = tenant.and_then(|tenant| tenant.algorithms.as_ref()).unwrap_or(&spec.algorithms);
        match key.map(ExposeSecret::expose_secret).filter(|key| !is_pem(key)) {
            Some(secret) => Self::new(secret, algorithm.or(Some(algorithms.first()))),
            None => {
                Err(CannotSign("there is no secret in [timbr.jwt] to sign with; give --key or --key-file".to_owned()))
            }
        }
    }

    /// A JWT.
    pub fn sign(&self, claims: &JwtClaims) -> Result<String, CannotSign> {
        let signed = jsonwebtoken::encode(&Header::new(self.algorithm.inner()), claims, &self.key);
        signed.map_err(|error| CannotSign(format!("{} cannot sign with this key: {error}", self.algorithm)))
    }
}

// === impl JwtClaims ===

impl JwtClaims {
    /// For nobody yet, made at a time, with a life in seconds.
    pub fn at(time: Timestamp, life_s: i64) -> Self {
        let iat = time.as_second();
        Self { username: None, email: None, iss: None, aud: None, iat, exp: iat.saturating_add(life_s) }
    }
}
