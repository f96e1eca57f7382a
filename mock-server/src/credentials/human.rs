//! Credentials for people: a list to read, and lines to paste.

use std::fmt::{self, Write};
use std::path::Path;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use super::{Credentials, TimbrCredentials, TwinzoCredentials, quoted};

/// What a segment of a path needs no escape for, nor a shell.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

// === impl Credentials ===

impl Credentials {
    /// A list to read.
    pub fn human(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        if self.write_list(&mut text).is_err() {
            text.clear();
        }
        text
    }

    /// What a new user sees first: lines of curl, ready to paste, against a running server. `guarded` says whether its
    /// admin API wants a token, `ca_file` whom to trust where it speaks TLS.
    pub fn banner(&self, base_url: &str, admin_url: &str, guarded: bool, ca_file: Option<&Path>) -> String {
        let mut text = String::new();
        let curl = match ca_file {
            Some(path) => format!("curl -s --cacert '{}'", path.display()),
            // Nobody knows whom to trust.
            None if base_url.starts_with("https:") => "curl -sk".to_owned(),
            None => "curl -s".to_owned(),
        };
        if self.write_banner(&mut text, &curl, base_url, admin_url, guarded).is_err() {
            text.clear();
        }
        text
    }

    fn write_list(&self, out: &mut String) -> fmt::Result {
        for client in std::iter::once(&self.twinzo).chain(&self.twinzo_others) {
            client.write_list(out)?;
        }
        self.timbr.write_list(out)
    }

    fn write_banner(
        &self,
        out: &mut String,
        curl: &str,
        base_url: &str,
        admin_url: &str,
        guarded: bool,
    ) -> fmt::Result {
        writeln!(out, "mock-server answers for twinzo and Timbr at {base_url} (admin: {admin_url})\n")?;
        let twinzo = &self.twinzo;
        if let Some(device) = twinzo.devices.first() {
            let signed =
                format!("-H 'Client: {}' -H 'Branch: {}' -H \"Token: $TOKEN\"", twinzo.client_guid, device.branch_guid);
            let login = json!({ "Client": twinzo.client, "Login": device.login, "Password": device.password });
            let login = quoted(&login.to_string());
            writeln!(out, "# twinzo: log in, post a position, read it back")?;
            writeln!(
                out,
                "TOKEN=$({curl} {base_url}/v3/Authorization/Authenticate -H 'Content-Type: application/json' \\\n  \
                 -d {login} | sed 's/.*\"Token\":\"\\([^\"]*\\)\".*/\\1/')",
            )?;
            writeln!(
                out,
                "{curl} {base_url}/v3/localization {signed} \\\n  -H 'Content-Type: application/json' \
                 -d '[{{\"Timestamp\":1767225601000,\"SectorId\":1,\"X\":12500.5,\"Y\":8300,\"Battery\":87,\"IsMoving\":true}}]'; echo"
            )?;
            let named = utf8_percent_encode(&device.login, SEGMENT);
            writeln!(out, "{curl} {base_url}/v3/devices/login/{named} {signed}; echo\n")?;
        }
        let timbr = &self.timbr;
        if let (Some(bearer), Some(ontology)) = (&timbr.bearer, timbr.ontologies.first()) {
            writeln!(out, "# Timbr: buy a token, run a query")?;
            writeln!(
                out,
                "TK=$({curl} -X POST {base_url}/timbr/api/get_token -H 'Authorization: Bearer {bearer}' \\\n  \
                 | sed 's/.*\"data\":\\[\"\\([^\"]*\\)\".*/\\1/')"
            )?;
            writeln!(
                out,
                "{curl} {base_url}/timbr/api/query/ -H \"x-api-key: $TK\" -H 'Content-Type: application/json' \\\n  \
                 -d '{{\"ontology_name\":\"{ontology}\",\"query\":\"SHOW TABLES IN dtimbr\"}}'; echo\n"
            )?;
        }
        let token = if guarded { " -H \"Authorization: Bearer $MOCK_SERVER_ADMIN_TOKEN\"" } else { "" };
        writeln!(out, "# what happened, and why; stop with Ctrl-C")?;
        writeln!(out, "{curl} {admin_url}/requests{token}; echo")
    }
}

// === impl TwinzoCredentials ===

impl TwinzoCredentials {
    fn write_list(&self, out: &mut String) -> fmt::Result {
        let twinzo = self;
        writeln!(out, "twinzo client  {}  (GUID {})", twinzo.client, twinzo.client_guid)?;
        for branch in &twinzo.branches {
            writeln!(out, "  branch   {:<24} {:<38} {}", branch.title, branch.guid, branch.time_zone)?;
        }
        for device in &twinzo.devices {
            let branch = twinzo.branches.iter().find(|branch| branch.guid == device.branch_guid);
            let branch = branch.map_or("", |branch| branch.title.as_str());
            writeln!(out, "  device   {:<24} {:<38} id {}, {branch}", device.login, device.password, device.id)?;
        }
        if twinzo.more_devices > 0 {
            writeln!(out, "  … and {} more devices", twinzo.more_devices)?;
        }
        for account in &twinzo.accounts {
            writeln!(out, "  {:<8} {:<24} {}", account.kind, account.login, account.password)?;
        }
        if twinzo.more_accounts > 0 {
            writeln!(out, "  … and {} more sensors and users", twinzo.more_accounts)?;
        }
        for key in &twinzo.api_keys {
            let branch = key.branch_guid.as_deref().map_or("every branch", |_| "one branch only");
            writeln!(out, "  API key  {}  ({branch})", key.key)?;
        }
        Ok(())
    }
}

// === impl TimbrCredentials ===

impl TimbrCredentials {
    fn write_list(&self, out: &mut String) -> fmt::Result {
        let timbr = self;
        writeln!(out, "Timbr salt     {}", timbr.auth_salt.as_deref().unwrap_or("none"))?;
        for user in &timbr.users {
            writeln!(out, "  user     {:<24} {:<38} {}", user.user, user.password, user.token)?;
        }
        writeln!(out, "  bearer   {}", timbr.bearer.as_deref().unwrap_or("none"))?;
        writeln!(out, "  ontology {}", timbr.ontologies.join(", "))
    }
}
