//! Reads a configuration file. What is wrong with it is said with file, line, caret, and what is allowed.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use super::Config;
use crate::clock::Clock;
use crate::directory::Directory;
use crate::excerpt::Excerpt;
use crate::fault::{Faults, Premises};
use crate::limit::Limits;
use crate::ontology::SYSTEM_ONTOLOGY;
use crate::suggest::one_of;
use crate::timbr::CannedAnswers;
use crate::timbr::jwt::JwtReader;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {cause}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// The file says something that it may not.
    #[error(transparent)]
    Invalid(Box<Excerpt>),
}

/// A configuration that was read and is not yet checked: what stands above the file in authority can still change it, and
/// the names in it are those of a world that it names itself.
#[derive(Debug, Default)]
pub struct Unchecked {
    /// As the file has it.
    pub config: Config,
    /// The file and its text.
    source: Option<(PathBuf, String)>,
}

/// Reads a file; without one this is the default.
pub fn read(path: Option<&Path>) -> Result<Unchecked, ConfigError> {
    let Some(path) = path else { return Ok(Unchecked::default()) };
    let text =
        std::fs::read_to_string(path).map_err(|cause| ConfigError::Unreadable { path: path.to_owned(), cause })?;
    parse(path, text)
}

fn parse(path: &Path, text: String) -> Result<Unchecked, ConfigError> {
    let read = toml::from_str(&text);
    let mut config: Config = read.map_err(|error| ConfigError::from(Excerpt::of_toml(path, &text, &error)))?;
    // Paths in a file are relative to it.
    let folder = path.parent().unwrap_or(Path::new(""));
    let tls = config.server.tls.iter_mut().flat_map(|tls| [&mut tls.certificate, &mut tls.key, &mut tls.ca_file]);
    let world = &mut config.world;
    for file in tls.chain([&mut config.server.files, &mut world.file, &mut world.ontologies]).flatten() {
        *file = folder.join(&*file);
    }
    config.timbr.jwt.read_files(folder).map_err(|(path, cause)| ConfigError::Unreadable { path, cause })?;
    Ok(Unchecked { config, source: Some((path.to_owned(), text)) })
}

// === impl Unchecked ===

impl Unchecked {
    /// Checks what the file says against a world.
    pub fn check(self, directory: &Directory) -> Result<Config, ConfigError> {
        let Some((path, text)) = self.source else { return Ok(self.config) };
        check(&self.config, directory).map_err(|(place, message)| {
            // Only a bad file pays for a second reading, which says where its parts stand.
            let places: Places = toml::from_str(&text).unwrap_or_default();
            let offset = places.find(place).unwrap_or(0);
            Excerpt::at(&path, &text, offset, message)
        })?;
        Ok(self.config)
    }
}

/// Where something stands that can be judged only once the whole file is read.
#[derive(Clone, Copy, Debug)]
enum Place {
    Twinzo,
    Jwt,
    /// Counted from 0.
    Answer(usize),
    Fault(usize),
    RateLimit(usize),
}

fn check(config: &Config, directory: &Directory) -> Result<(), (Place, String)> {
    CannedAnswers::compile(&config.timbr.answers)
        .map_err(|(position, error)| (Place::Answer(position), error.to_string()))?;
    JwtReader::compile(&config.timbr.jwt).map_err(|error| (Place::Jwt, error.to_string()))?;
    let lives = &config.twinzo;
    for name in lives.client_token_life.keys() {
        let found = directory.client_named("client_token_life", name);
        found.map_err(|unknown| (Place::Twinzo, unknown.to_string()))?;
    }
    for login in lives.account_token_life.keys() {
        let found = directory.accounts_named("account_token_life", login, None);
        found.map_err(|unknown| (Place::Twinzo, unknown.to_string()))?;
    }
    let named = || directory.timbr().ontologies.iter().map(|ontology| ontology.name.as_str());
    let ontologies = || named().chain([SYSTEM_ONTOLOGY]);
    for (position, answer) in config.timbr.answers.iter().enumerate() {
        if let Some(name) = answer.ontology.as_deref().filter(|name| ontologies().all(|known| known != *name)) {
            return Err((Place::Answer(position), format!("ontology {name:?} is unknown; {}", one_of(ontologies()))));
        }
    }
    let faults = Faults::new(0, "");
    let premises = Premises { directory, files: config.server.files.as_deref(), now: Clock::new(config.clock).now() };
    for (position, rule) in config.faults.iter().enumerate() {
        faults.add(rule.clone(), &premises).map_err(|error| (Place::Fault(position), error.to_string()))?;
    }
    let limits = Limits::default();
    for (position, limit) in config.rate_limits.iter().enumerate() {
        limits.add(limit.clone(), directory).map_err(|error| (Place::RateLimit(position), error.to_string()))?;
    }
    Ok(())
}

/// The same file, read for nothing but positions.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Places {
    twinzo: Option<Spanned<IgnoredAny>>,
    faults: Vec<Spanned<IgnoredAny>>,
    rate_limits: Vec<Spanned<IgnoredAny>>,
    timbr: TimbrPlaces,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct TimbrPlaces {
    jwt: Option<Spanned<IgnoredAny>>,
    answers: Vec<Spanned<IgnoredAny>>,
}

impl From<Excerpt> for ConfigError {
    fn from(excerpt: Excerpt) -> Self {
        Self::Invalid(Box::new(excerpt))
    }
}

// === impl Places ===

impl Places {
    fn find(&self, place: Place) -> Option<usize> {
        let part = match place {
            Place::Twinzo => self.twinzo.as_ref(),
            Place::Jwt => self.timbr.jwt.as_ref(),
            Place::Answer(position) => self.timbr.answers.get(position),
            Place::Fault(position) => self.faults.get(position),
            Place::RateLimit(position) => self.rate_limits.get(position),
        };
        part.map(|part| part.span().start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Config, ConfigError> {
        let directory = Directory::default_world().unwrap();
        parse(Path::new("mock.toml"), text.to_owned())?.check(&directory)
    }

    fn error(text: &str) -> String {
        load(text).expect_err("the file is refused").to_string()
    }

    #[test]
    fn an_unknown_key_is_shown_with_line_caret_and_suggestion() {
        assert_eq!(
            error("[journal]\nentries = 5\n\n[server]\nprot = 8081\n"),
            "mock.toml:5:1: unknown field `prot`, expected one of `hosts`, `port`, `admin_port`, `admin_token`, \
             `allow_hosts`, `public_url`, `explain`, `show_secrets`, `files`, `fault_header`, `http2`, `tls`, `cors`, \
             `compression`\n  |\n5 | prot = 8081\n  | ^\n\
             help: did you mean `port`?"
        );
    }

    #[test]
    fn a_bad_value_says_what_is_allowed() {
        let text = error("[twinzo]\ntoken_life = \"soon\"\n");
        assert!(text.starts_with("mock.toml:2:14: \"soon\" is not a duration; write it like \"24h\""), "{text}");
        assert!(text.ends_with("2 | token_life = \"soon\"\n  |              ^"), "{text}");
        let text = error("faults = [\n  { effect = { status = 99 } },\n]\n");
        assert!(text.starts_with("mock.toml:2:3: effect.status: 99"), "{text}");
        let text = error("[[timbr.answers]]\nontology = \"nope\"\nquery = \"q\"\nrows = []\n");
        assert!(
            text.starts_with(
                "mock.toml:1:1: ontology \"nope\" is unknown; allowed: supply_chain, maintenance, system_db"
            ),
            "{text}"
        );
        let text = error("[clock]\nnow = 2026-01-01T00:00:00Z\n");
        assert!(text.contains("expected a time in quotes, like \"2026-01-01T00:00:00Z\""), "{text}");
        let text = error("[twinzo]\ntoken_life = \"24\"\n");
        assert!(text.contains("\"24\" is not a duration"), "{text}");
        let text = error("[clock]\nmode = \"frosen\"\n");
        assert!(
            text.contains("unknown variant `frosen`, expected one of `running`, `frozen`, `scaled`, `system`"),
            "{text}"
        );
        assert!(text.ends_with("help: did you mean `frozen`?"), "{text}");
    }

    #[test]
    fn rules_and_answers_are_checked_where_they_stand() {
        let text = error(
            "[[faults]]\neffect = { status = 503 }\n[[faults]]\nmatch = { operation = \"refesh\" }\neffect = { status = 503 }\n",
        );
        assert!(
            text.starts_with("mock.toml:3:1: match.operation \"refesh\" is unknown; did you mean \"refresh\"?"),
            "{text}"
        );
        let text = error("# [[faults]]\n[[faults]]\neffect = { status = 99 }\n");
        assert!(text.starts_with("mock.toml:2:1: effect.status: 99 is not between 200 and 599"), "{text}");
        let text = error("faults = [\n  { effect = { status = 99 } },\n]\n");
        assert!(text.starts_with("mock.toml:2:3: effect.status: 99"), "{text}");
        let text = error("[[timbr.answers]]\nontology = \"nope\"\nquery = \"q\"\nrows = []\n");
        assert!(
            text.starts_with("mock.toml:1:1: ontology \"nope\" is unknown; allowed: supply_chain, maintenance"),
            "{text}"
        );
        let text = error("[clock]\nmode = \"system\"\nnow = \"2026-01-01T00:00:00Z\"\n");
        assert!(text.starts_with("mock.toml:1:1: the mode system is real time"), "{text}");
        let text = error("[[rate_limits]]\nper = \"account\"\n");
        assert!(text.starts_with("mock.toml:1:1: bucket: give one of bucket, fixed and sliding"), "{text}");
        // A window is judged by the time that the file itself sets.
        let windowed = |now| {
            let trigger = "{ window = { from = \"2026-01-01T00:00:00Z\", until = \"1h\" } }";
            format!(
                "clock = {{ frozen = \"{now}\" }}\n[[faults]]\ntrigger = {trigger}\neffect = {{ delay = \"1s\" }}\n"
            )
        };
        assert!(load(&windowed("2026-06-01T00:00:00Z")).is_ok());
        let text = error(&windowed("2025-06-01T00:00:00Z"));
        assert!(text.starts_with("mock.toml:2:1: trigger.window: it ends before it begins"), "{text}");
        let text = error("# the JWTs\n[timbr.jwt]\nkey = \"made-up\"\n");
        assert!(
            text.starts_with("mock.toml:2:1: timbr.jwt.key: it is no PEM text, and RS256 wants a public"),
            "{text}"
        );
        let text = error("[[timbr.answers]]\nquery = \"q\"\n");
        assert!(text.starts_with("mock.toml:1:1: give exactly one of rows, rows_json and error"), "{text}");
    }

    #[test]
    fn an_empty_file_is_the_default() {
        let config = load("").unwrap();
        assert_eq!(config.server.port, 8080);
        assert_eq!(config.twinzo.token_life.to_string(), "24h");
    }
}
