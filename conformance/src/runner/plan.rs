//! What a client is told when it is opened.

use serde_json::{Map, Value, json};

use crate::catalogue::Setting;
use crate::manifest::Profile;
use crate::target::Universe;

/// The `cfg` of a profile, with what the case changes of it.
pub(crate) fn cfg(profile: Profile, universe: &Universe, settings: &[Setting]) -> Map<String, Value> {
    let known = &universe.credentials;
    let own = match profile {
        Profile::Device => json!({"client": known.client, "login": known.login, "password": known.password}),
        Profile::Server | Profile::Batch => json!({
            "api_key": known.api_key, "client_guid": known.client_guid, "branch_guid": known.branch_guid,
        }),
        Profile::TimbrBearer => json!({
            "login": known.user, "password": known.user_password, "auth_salt": known.auth_salt,
            "ontology": known.ontology,
        }),
        Profile::TimbrToken | Profile::TimbrQuery => json!({"token": known.user_token, "ontology": known.ontology}),
    };
    let cfg = json!({
        "profile": profile.name(),
        "base_url": universe.base_url,
        "timeout_ms": 10_000,
        // The client's own draws are repeated in every run; the run's seed is the server's.
        "seed": 1,
        "refresh_margin_ms": 30_000,
        "max_batch": 100,
        "retry_base_ms": 200,
        "retry_cap_ms": 10_000,
        "retry_attempts": 5,
    });
    let cfg = cfg.as_object().into_iter().flatten().chain(own.as_object().into_iter().flatten());
    let mut cfg: Map<String, Value> = cfg.map(|(key, value)| (key.clone(), value.clone())).collect();
    cfg.extend(settings.iter().map(|Setting(key, value)| ((*key).to_owned(), json!(value))));
    cfg
}
