//! How long tokens live, and what clients are told of it: settings on five levels, each of which overrides the part
//! that it names.

use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::de::{MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::Span;

/// How long tokens live.
#[derive(Clone, Copy, Debug)]
pub struct TokenLife {
    /// What clients are told.
    pub announced: SignedDuration,
    /// What is true.
    pub actual: SignedDuration,
    /// How long before `Created` both begin to count.
    pub created_lag: SignedDuration,
}

/// One level's say: `"5s"` for both parts, or `{ announced = "24h", actual = "5s" }` for one or both.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct LifeOverride {
    /// What clients are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub announced: Option<Span>,
    /// What is true.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<Span>,
}

// === impl TokenLife ===

impl TokenLife {
    /// This life with a more particular level's say.
    #[must_use]
    pub fn with(self, level: LifeOverride) -> Self {
        Self {
            announced: level.announced.map_or(self.announced, Span::signed),
            actual: level.actual.map_or(self.actual, Span::signed),
            ..self
        }
    }

    /// When a token of this moment expires as announced, and in truth. Near the end of time it lives until then.
    pub(super) fn ends(self, now: Timestamp) -> (Timestamp, Timestamp) {
        let born = now.checked_sub(self.created_lag).unwrap_or(now);
        let after = |life| born.checked_add(life).unwrap_or(Timestamp::MAX);
        (after(self.announced), after(self.actual))
    }
}

// === impl LifeOverride ===

impl From<Span> for LifeOverride {
    fn from(span: Span) -> Self {
        Self { announced: Some(span), actual: Some(span) }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Parts {
    announced: Option<Span>,
    actual: Option<Span>,
}

struct LifeVisitor;

impl<'de> Visitor<'de> for LifeVisitor {
    type Value = LifeOverride;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a duration like \"5s\", or { announced = \"24h\", actual = \"5s\" }")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<LifeOverride, E> {
        text.parse::<Span>().map(LifeOverride::from).map_err(E::custom)
    }

    fn visit_i64<E: serde::de::Error>(self, millis: i64) -> Result<LifeOverride, E> {
        self.visit_str(&format!("{millis}ms"))
    }

    fn visit_u64<E: serde::de::Error>(self, millis: u64) -> Result<LifeOverride, E> {
        self.visit_str(&format!("{millis}ms"))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<LifeOverride, A::Error> {
        let Parts { announced, actual } = Parts::deserialize(MapAccessDeserializer::new(map))?;
        Ok(LifeOverride { announced, actual })
    }
}

impl<'de> Deserialize<'de> for LifeOverride {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LifeVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_overrides_the_part_that_it_names() {
        let hours = SignedDuration::from_hours;
        let server = TokenLife { announced: hours(24), actual: hours(24), created_lag: SignedDuration::ZERO };
        let read = |json| serde_json::from_str::<LifeOverride>(json).unwrap();
        let both = server.with(read(r#""1h""#));
        assert_eq!((both.announced, both.actual), (hours(1), hours(1)));
        assert_eq!(read("3600000"), read(r#""1h""#));
        let actual = server.with(read(r#"{"actual":"2h"}"#)).with(read(r#"{"announced":"3h"}"#));
        assert_eq!((actual.announced, actual.actual), (hours(3), hours(2)));
        assert!(serde_json::from_str::<LifeOverride>(r#"{"real":"2h"}"#).is_err());
    }
}
