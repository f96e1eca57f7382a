//! Header names. HTTP compares them without regard to case; these are the spellings that the vendors' own clients send,
//! in lower case where a library wants that.

/// twinzo: GUID of the client (tenant), §2.
pub const CLIENT: &str = "client";
/// twinzo: GUID of the branch whose data is read and written, §2.
pub const BRANCH: &str = "branch";
/// twinzo: the raw token, without a scheme word, §2.
pub const TOKEN: &str = "token";
/// twinzo: the static key of a server-side integration, §2.
pub const API_KEY: &str = "api-key";
/// twinzo: the "main" key, declared by the SDK and never seen in use, §2.
pub const MAIN_API_KEY: &str = "mapi-key";
/// Timbr: a user's token on every query, §3.
pub const X_API_KEY: &str = "x-api-key";
/// Timbr: a JWT in place of the token, §3.
pub const X_JWT_TOKEN: &str = "x-jwt-token";
/// Timbr: whether rows bring along what belongs to them, §3.
pub const NESTED: &str = "nested";
/// Timbr: rows of an answer at most, §3.
pub const RESULTS_LIMIT: &str = "results-limit";
/// Timbr: the user to run as, §3.
pub const X_API_IMPERSONATE_USER: &str = "x-api-impersonate-user";
/// Timbr: whose JWT it is, where tenants have keys of their own, §3.
pub const X_JWT_TENANT_ID: &str = "x-jwt-tenant-id";
/// Timbr: asks for an asynchronous query, §6.1.
pub const X_ASYNC: &str = "x-async";
