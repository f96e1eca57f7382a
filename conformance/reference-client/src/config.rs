//! What `open` tells a client. Keys are there only where the profile needs them.

use serde::Deserialize;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Config {
    pub(crate) profile: String,
    /// Without the version segment and without a slash at the end.
    pub(crate) base_url: String,
    pub(crate) client: Option<String>,
    pub(crate) login: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) api_key: Option<String>,
    pub(crate) client_guid: Option<String>,
    pub(crate) branch_guid: Option<String>,
    pub(crate) auth_salt: Option<String>,
    pub(crate) token: Option<String>,
    /// Of one HTTP exchange, on the real clock.
    pub(crate) timeout_ms: Option<u64>,
    pub(crate) refresh_margin_ms: Option<i64>,
    pub(crate) max_batch: Option<usize>,
    pub(crate) seed: Option<u64>,
    pub(crate) retry_base_ms: Option<u64>,
    pub(crate) retry_cap_ms: Option<u64>,
    pub(crate) retry_attempts: Option<u32>,
}
