//! A sandbox as users ask for one.

use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::InvalidSettings;
use crate::clock::ClockSetting;
use crate::config::Span;
use crate::directory::World;
use crate::fault::RuleSpec;
use crate::json::{Members, Names};
use crate::limit::LimitSpec;

/// A sandbox to be made. What is absent is as in the configuration of the process.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NewSandbox {
    /// Its id; the next free `s1`, `s2` … if absent.
    pub(crate) name: Option<String>,
    /// `"default"`, or a world of its own in the shape of a world file.
    pub(crate) world: Option<Value>,
    /// Seed of its draws and of its identity.
    pub(crate) seed: Option<u64>,
    /// Its time.
    pub(crate) clock: Option<ClockSetting>,
    /// A merge patch on the settings.
    pub(crate) settings: Option<Value>,
    /// Its rules; those of the configuration belong to `default`.
    pub(crate) faults: Vec<RuleSpec>,
    /// Its rate limits; those of the configuration belong to `default`.
    pub(crate) limits: Vec<LimitSpec>,
    /// How long it lives without a request, on the real clock.
    pub(crate) ttl: Option<Span>,
}

/// An id that cannot stand in a path.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "{0:?} cannot be the name of a sandbox; allowed: 1 to 64 of a-z, A-Z, 0-9, dot, dash and underscore, not starting with a dot"
)]
pub(crate) struct InvalidName(String);

/// Letters of an id at most.
const LONGEST: usize = 64;

/// An id stands in paths and in client names.
pub(super) fn check_name(name: &str) -> Result<(), InvalidName> {
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if (1..=LONGEST).contains(&name.len()) && name.chars().all(fits) && !name.starts_with('.') {
        return Ok(());
    }
    Err(InvalidName(name.chars().take(LONGEST + 1).collect()))
}

// === impl NewSandbox ===

impl NewSandbox {
    /// The world that it asks for; `None` for the one of the process.
    pub(super) fn world(&self) -> Result<Option<World>, InvalidSettings> {
        match &self.world {
            None => Ok(None),
            Some(Value::String(name)) if name == super::DEFAULT => Ok(None),
            Some(Value::String(name)) => {
                let text = format!("{name:?} is no world; allowed: \"default\", or an object as in a world file");
                let error = serde_json::Error::custom(text);
                Err(InvalidSettings::Syntax { path: "world".to_owned(), error })
            }
            Some(value) => {
                let mut track = serde_path_to_error::Track::new();
                let tracked = serde_path_to_error::Deserializer::new(value, &mut track);
                let world = World::deserialize(Members(Names::Exact, tracked));
                let path = |error| InvalidSettings::Syntax { path: format!("world.{}", track.path()), error };
                world.map(Some).map_err(path)
            }
        }
    }
}

/// A sandbox in a list.
#[derive(Debug, Serialize)]
pub(crate) struct Summary {
    pub(crate) id: String,
    /// Exchanges since its start or last reset.
    pub(crate) exchanges: u64,
    /// Real milliseconds since its last request.
    pub(crate) idle_ms: u64,
    /// How long it lives without one; null for ever.
    pub(crate) ttl_ms: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_stand_in_a_path() {
        for name in ["t1", "worker-7", "A.b_c", &"x".repeat(64)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", ".", "..", "a/b", "a b", "a%20b", "ü", &"x".repeat(65)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
