//! `[timbr.jwt]`: what a configuration says about JWTs. The names follow the vendor's `JWT_…` settings.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

use super::algorithm::JwtAlgorithms;
use crate::config::Span;

/// `[timbr.jwt]`: JWTs in place of users' tokens, once there is a key.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct JwtSpec {
    /// Reads JWTs without a tenant: a secret, or a public key as PEM.
    #[serde(serialize_with = "exposed")]
    pub key: Option<SecretString>,
    /// File of that key. A configuration is read with its files, so that nothing after that sees a path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// Algorithms that JWTs may be signed with.
    pub algorithms: JwtAlgorithms,
    /// What `aud` must hold; not looked at if absent.
    pub audience: Option<String>,
    /// What `iss` must be; not looked at if absent.
    pub issuer: Option<String>,
    /// The claim that names the user.
    pub user_claim: UserClaim,
    /// Whether the user of a JWT with a tenant is `<tenant>/<user>`.
    pub use_tenant_user: bool,
    /// How far `exp`, `nbf` and `iat` may be off; not at all if absent.
    pub leeway: Option<Span>,
    /// What other tenants have for themselves, by the id in `x-jwt-tenant-id`.
    pub tenants: BTreeMap<String, JwtTenantSpec>,
}

/// `[timbr.jwt.tenants.<id>]`: what is absent is that of `[timbr.jwt]`.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct JwtTenantSpec {
    /// Reads the tenant's JWTs.
    #[serde(serialize_with = "exposed")]
    pub key: Option<SecretString>,
    /// File of that key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// Algorithms that they may be signed with.
    pub algorithms: Option<JwtAlgorithms>,
    /// What `aud` must hold.
    pub audience: Option<String>,
}

/// The claim that names the user, and what it is compared with.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum UserClaim {
    /// `username`, a user's name.
    #[default]
    Username,
    /// `email`, a user's e-mail address.
    Email,
}

#[expect(clippy::ref_option, reason = "serde hands a reference over")]
fn exposed<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(ExposeSecret::expose_secret).serialize(serializer)
}

// === impl JwtSpec ===

impl JwtSpec {
    /// Reads the files of keys; their paths are relative to a folder.
    pub(crate) fn read_files(&mut self, folder: &Path) -> Result<(), (PathBuf, io::Error)> {
        let own = (&mut self.key, &mut self.key_file);
        let tenants = self.tenants.values_mut().map(|tenant| (&mut tenant.key, &mut tenant.key_file));
        for (key, file) in std::iter::once(own).chain(tenants) {
            // With both, the check that follows says so.
            if let Some(path) = file.take_if(|_| key.is_none()) {
                let path = folder.join(path);
                let text = std::fs::read_to_string(&path).map_err(|cause| (path, cause))?;
                *key = Some(text.trim_end_matches(['\r', '\n']).into());
            }
        }
        Ok(())
    }

    /// The secrets in it: a public key is none.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let keys = self.tenants.values().map(|tenant| &tenant.key).chain([&self.key]);
        keys.flatten().map(ExposeSecret::expose_secret).filter(|key| !is_pem(key))
    }
}

/// Whether a key is a PEM text; a secret is any other.
pub(super) fn is_pem(key: &str) -> bool {
    key.contains("-----BEGIN ")
}
