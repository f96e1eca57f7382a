//! The settings that a sandbox has for itself, and what is made of them once, so that no exchange makes it again.

use secrecy::ExposeSecret;
use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::{Config, JournalSection, PositionsSection, TimbrSection, TwinzoSection};
use crate::directory::Directory;
use crate::json::{Members, Names, merge};
use crate::suggest::Unknown;
use crate::timbr::jwt::{InvalidJwt, JwtReader};
use crate::timbr::{CannedAnswers, bearer};
use crate::token::Mint;

/// What a sandbox can set for itself: four sections of the configuration, by the same names.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// The twinzo API.
    pub twinzo: TwinzoSection,
    /// The Timbr service.
    pub timbr: TimbrSection,
    /// What the record of exchanges keeps.
    pub journal: JournalSection,
    /// The history of positions.
    pub positions: PositionsSection,
}

/// Settings that hold for a directory, with what follows from them.
#[derive(Debug)]
pub(crate) struct Setup {
    pub(crate) settings: Settings,
    pub(crate) mint: Mint,
    pub(crate) answers: CannedAnswers,
    /// `None`: JWTs are not enabled.
    pub(crate) jwt: Option<JwtReader>,
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSettings {
    /// A name or value that no setting has.
    #[error("{error}")]
    Syntax {
        /// JSON path of the member.
        path: String,
        /// What is wrong with it.
        error: serde_json::Error,
    },
    /// A life is set for somebody who does not exist.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// The salt is no key.
    #[error(
        "timbr.auth_salt is no Fernet key (base64 of 32 bytes), and timbr.bearer_key = \"fernet-key\" says that it must be one"
    )]
    Salt,
    /// A key for JWTs cannot be used.
    #[error(transparent)]
    Jwt(#[from] InvalidJwt),
    /// One of its answers is wrong.
    #[error("timbr.answers, number {}: {error}", .position + 1)]
    Answer {
        /// Counted from 0.
        position: usize,
        /// What is wrong with it.
        error: crate::timbr::InvalidAnswer,
    },
}

// === impl InvalidSettings ===

impl InvalidSettings {
    /// The same, where the settings are a member of something larger.
    pub(super) fn below_settings(self) -> Self {
        match self {
            Self::Syntax { path, error } => Self::Syntax { path: format!("settings.{path}"), error },
            Self::Unknown(_) | Self::Salt | Self::Jwt(_) | Self::Answer { .. } => self,
        }
    }
}

// === impl Settings ===

impl Settings {
    /// Those of a configuration.
    pub fn of(config: &Config) -> Self {
        Self {
            twinzo: config.twinzo.clone(),
            timbr: config.timbr.clone(),
            journal: config.journal.clone(),
            positions: config.positions.clone(),
        }
    }

    /// These with a merge patch (RFC 7396) applied: what it names changes, null takes a value back to its default.
    pub fn patched(&self, patch: &Value) -> Result<Self, InvalidSettings> {
        let syntax = |path: String| move |error| InvalidSettings::Syntax { path, error };
        let mut value = serde_json::to_value(self).map_err(syntax(String::new()))?;
        if !patch.is_object() {
            let error = serde_json::Error::custom("settings are an object of sections");
            return Err(InvalidSettings::Syntax { path: String::new(), error });
        }
        merge(&mut value, patch);
        let mut track = serde_path_to_error::Track::new();
        let tracked = serde_path_to_error::Deserializer::new(value, &mut track);
        Self::deserialize(Members(Names::Exact, tracked)).map_err(|error| syntax(track.path().to_string())(error))
    }

    /// Everything in them that must not be shown.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        let own = [Some(self.twinzo.jwt_secret.expose_secret()), self.timbr.auth_salt.as_deref()];
        own.into_iter().flatten().chain(self.timbr.jwt.secrets())
    }
}

// === impl Setup ===

impl Setup {
    /// Checks settings against a directory. `run` and `id` name this start and the sandbox. What was in force `before`
    /// may name what is no longer there.
    pub(crate) fn new(
        settings: Settings,
        before: Option<&Settings>,
        directory: &Directory,
        run: &str,
        id: &str,
    ) -> Result<Self, InvalidSettings> {
        let twinzo = &settings.twinzo;
        let before = before.map(|before| &before.twinzo);
        let is_new = |name: &str| before.is_none_or(|before| !before.client_token_life.contains_key(name));
        for name in twinzo.client_token_life.keys().filter(|name| is_new(name)) {
            directory.client_named("twinzo.client_token_life", name)?;
        }
        let is_new = |login: &str| before.is_none_or(|before| !before.account_token_life.contains_key(login));
        for login in twinzo.account_token_life.keys().filter(|login| is_new(login)) {
            directory.accounts_named("twinzo.account_token_life", login, None)?;
        }
        let timbr = &settings.timbr;
        let salt = timbr.auth_salt.as_ref().or(directory.timbr().auth_salt.as_ref());
        if salt.is_some_and(|salt| !bearer::is_usable(salt, timbr.bearer_key)) {
            return Err(InvalidSettings::Salt);
        }
        let answers = CannedAnswers::compile(&timbr.answers)
            .map_err(|(position, error)| InvalidSettings::Answer { position, error })?;
        let jwt = JwtReader::compile(&timbr.jwt)?;
        let mint = Mint::new(twinzo.token_format, twinzo.jwt_secret.expose_secret(), run, id);
        Ok(Self { settings, mint, answers, jwt })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_patch_changes_what_it_names_and_null_takes_back() {
        let patched = Settings::default().patched(&json!({ "twinzo": { "token_life": "5s", "single_session": true } }));
        let patched = patched.unwrap();
        assert_eq!(patched.twinzo.token_life.to_string(), "5s");
        assert!(patched.twinzo.single_session);
        assert_eq!(patched.twinzo.max_tokens.get(), 1 << 20);
        let back = patched.patched(&json!({ "twinzo": { "token_life": null } })).unwrap();
        assert_eq!(back.twinzo.token_life.to_string(), "24h");
        assert!(back.twinzo.single_session);
    }

    #[test]
    fn every_setting_survives_a_patch_that_names_another() {
        let text = r#"
            [twinzo]
            token_format = "jwt"
            token_life = "90m"
            actual_token_life = 5000
            jwt_secret = "made-up"
            client_token_life = { acme-logistics = "1h" }
            account_token_life = { forklift-01 = { announced = "1h", actual = "1m" } }
            refresh = { token = "same", old = "10s", expired = "refreshed" }
            login_answer = { expiration = "seconds", skew = "-5m" }
            [timbr]
            fidelity = "strict"
            bearer_base64 = "strict"
            [timbr.jwt]
            key = "made-up-jwt-key"
            algorithms = "HS256, HS384"
            leeway = "5s"
            tenants = { tenant-5 = { key = "made-up-jwt-key-5", algorithms = ["HS512"] } }
            [[timbr.answers]]
            query = "q"
            rows = [{ a = 1 }]
            [journal]
            bytes = "1MiB"
        "#;
        let settings = Settings::of(&toml::from_str(text).unwrap());
        let patched = settings.patched(&json!({ "positions": { "per_device": 7 } })).unwrap();
        assert_eq!(patched.positions.per_device.get(), 7);
        let unpatched = Settings { positions: settings.positions.clone(), ..patched };
        assert_eq!(serde_json::to_value(&unpatched).unwrap(), serde_json::to_value(&settings).unwrap());
        assert_eq!(unpatched.twinzo.jwt_secret.expose_secret(), "made-up");
    }

    #[test]
    fn what_no_setting_has_is_refused_with_its_path() {
        let refused = |patch| match Settings::default().patched(&patch).unwrap_err() {
            InvalidSettings::Syntax { path, error } => format!("{path}: {error}"),
            other @ (InvalidSettings::Unknown(_)
            | InvalidSettings::Salt
            | InvalidSettings::Jwt(_)
            | InvalidSettings::Answer { .. }) => panic!("{other}"),
        };
        assert!(
            refused(json!({ "twinzo": { "token_life": "soon" } })).starts_with("twinzo.token_life: \"soon\" is not")
        );
        assert!(refused(json!({ "twinzoo": {} })).contains("unknown field `twinzoo`"));
        assert!(refused(json!([])).contains("settings are an object"));
    }
}
