//! Log in and refresh, §3.

use serde::{Deserialize, Serialize};

/// Body of `POST Authorization/Authenticate`, §3.1.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Credential {
    /// NAME of the client, not its GUID; null for a super user.
    pub client: Option<String>,
    /// Login of a device, sensor or user.
    pub login: Option<String>,
    /// Its password.
    pub password: Option<String>,
}

/// Answer of login and refresh, in the order observed, §3.1.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct TokenContract {
    /// GUID of the client, to be sent as the `Client` header.
    pub client: String,
    /// The token, to be sent raw as the `Token` header.
    pub token: String,
    /// Unix milliseconds from which on the token is refused.
    pub expiration: i64,
    /// Unix milliseconds at which the token was made.
    pub created: i64,
    /// GUID of the account's own branch, to be sent as the `Branch` header.
    pub branch: String,
}
