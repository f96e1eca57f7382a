//! Credentials as environment variables: what `exec` exports and `credentials --format env` prints.

use super::{Credentials, quoted};

// === impl Credentials ===

impl Credentials {
    /// Names and values. The URLs are there only when a server runs.
    pub fn environment(&self, base_url: Option<&str>) -> Vec<(String, String)> {
        let mut variables = Vec::new();
        let mut set = |name: &str, value: Option<&str>| {
            variables.extend(value.map(|value| (name.to_owned(), value.to_owned())));
        };
        let twinzo = &self.twinzo;
        set("TWINZO_URL", base_url);
        set("TWINZO_CLIENT", Some(&twinzo.client));
        set("TWINZO_CLIENT_GUID", Some(&twinzo.client_guid));
        set("TWINZO_BRANCH_GUID", twinzo.branch_guid());
        for (number, device) in twinzo.devices.iter().enumerate() {
            // The first device has the plain names, the others are numbered from 2.
            let suffix = if number == 0 { String::new() } else { format!("_{}", number + 1) };
            set(&format!("TWINZO_LOGIN{suffix}"), Some(&device.login));
            set(&format!("TWINZO_PASSWORD{suffix}"), Some(&device.password));
        }
        set("TWINZO_API_KEY", twinzo.api_key().map(|key| key.key.as_str()));
        if let Some(other) = self.twinzo_others.first() {
            set("TWINZO_OTHER_CLIENT", Some(&other.client));
            set("TWINZO_OTHER_CLIENT_GUID", Some(&other.client_guid));
            let device = other.devices.first();
            set("TWINZO_OTHER_BRANCH_GUID", other.branch_guid());
            set("TWINZO_OTHER_LOGIN", device.map(|device| device.login.as_str()));
            set("TWINZO_OTHER_PASSWORD", device.map(|device| device.password.as_str()));
            set("TWINZO_OTHER_API_KEY", other.api_key().map(|key| key.key.as_str()));
        }
        let timbr = &self.timbr;
        let user = timbr.users.first();
        set("TIMBR_URL", base_url);
        set("TIMBR_USER", user.map(|user| user.user.as_str()));
        set("TIMBR_PASSWORD", user.map(|user| user.password.as_str()));
        set("TIMBR_TOKEN", user.map(|user| user.token.as_str()));
        set("TIMBR_AUTH_SALT", timbr.auth_salt.as_deref());
        set("TIMBR_BEARER", timbr.bearer.as_deref());
        set("TIMBR_ONTOLOGY", timbr.ontologies.first().map(String::as_str));
        variables
    }

    /// The variables as lines that a POSIX shell can read.
    pub fn shell(&self, base_url: Option<&str>) -> String {
        let line = |(name, value): (String, String)| format!("export {name}={}\n", quoted(&value));
        self.environment(base_url).into_iter().map(line).collect()
    }
}
