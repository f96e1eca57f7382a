//! Paths of both vendors. twinzo paths are relative to a version prefix and compared without regard to case (§1);
//! Timbr paths are whole and case-sensitive.

/// The prefixes under which twinzo answers, longest first.
pub const TWINZO_PREFIXES: [&str; 3] = ["/api/v3", "/v3.0", "/v3"];

/// Log in (POST), §3.1.
pub const AUTHENTICATE: &str = "Authorization/Authenticate";
/// Refresh (GET, §3.2) and log out (DELETE, §3.3).
pub const TOKEN: &str = "Authorization/Token";
/// One device's own locations (POST), §4.2.
pub const LOCALIZATION: &str = "localization";
/// Locations of many devices (POST), §4.5.
pub const LOCALIZATION_BATCH: &str = "localization/batch";
/// One device by its login; the login follows, §4.6.
pub const DEVICES_BY_LOGIN: &str = "devices/login";

/// Timbr: a bearer buys a token (POST), §4.
pub const GET_TOKEN: &str = "/timbr/api/get_token";
/// Timbr: query in an envelope (POST), §5.
pub const QUERY: &str = "/timbr/api/query";
/// Timbr: names of the ontologies (GET), §2.
pub const GET_ONTOLOGIES: &str = "/timbr/api/get_ontologies";
/// Timbr: what stands before the ontology's name in the other query route, §6.
pub const OPENAPI_ONTOLOGY: &str = "/timbr/openapi/ontology";
