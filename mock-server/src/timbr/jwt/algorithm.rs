//! The algorithms that a JWT may be signed with. What the vendor lists beside them, RSA-OAEP and AES, encrypts.

use std::fmt;
use std::str::FromStr;

use jsonwebtoken::{Algorithm, AlgorithmFamily};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How a JWT is signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct JwtAlgorithm(Algorithm);

/// The algorithms that one key is used with: one at least, all of one family. A key that served two families would let
/// a public key pass for a secret.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct JwtAlgorithms(Vec<JwtAlgorithm>);

/// A name that no algorithm has.
#[derive(Debug, thiserror::Error)]
#[error("{0:?} is no algorithm for signatures here; allowed: HS256, HS384, HS512, RS256, RS384, RS512, ES256, ES384")]
pub struct UnknownAlgorithm(String);

const ALL: [(&str, Algorithm); 8] = [
    ("HS256", Algorithm::HS256),
    ("HS384", Algorithm::HS384),
    ("HS512", Algorithm::HS512),
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
];

// === impl JwtAlgorithm ===

impl JwtAlgorithm {
    /// For a secret.
    pub const HS256: Self = Self(Algorithm::HS256);
    /// For an RSA key; the vendor's default.
    pub const RS256: Self = Self(Algorithm::RS256);

    pub(super) fn inner(self) -> Algorithm {
        self.0
    }

    /// What kind of key it wants.
    pub(super) fn family(self) -> AlgorithmFamily {
        self.0.family()
    }
}

impl FromStr for JwtAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        // The vendor's documents spell their default so.
        let name = if text == "RS246" { "RS256" } else { text };
        let found = ALL.into_iter().find(|(known, _)| *known == name);
        found.map(|(_, algorithm)| Self(algorithm)).ok_or_else(|| UnknownAlgorithm(text.to_owned()))
    }
}

impl fmt::Display for JwtAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

// === impl JwtAlgorithms ===

impl JwtAlgorithms {
    pub(super) fn iter(&self) -> impl Iterator<Item = JwtAlgorithm> + use<'_> {
        self.0.iter().copied()
    }

    pub(super) fn first(&self) -> JwtAlgorithm {
        self.0.first().copied().unwrap_or(JwtAlgorithm::RS256)
    }

    fn of(names: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, String> {
        let parse = |name: &str| name.trim().parse::<JwtAlgorithm>().map_err(|error| error.to_string());
        let all: Vec<JwtAlgorithm> = names.into_iter().map(|name| parse(name.as_ref())).collect::<Result<_, _>>()?;
        let Some(first) = all.first() else { return Err("name one algorithm at least".to_owned()) };
        match all.iter().find(|other| other.family() != first.family()) {
            Some(other) => Err(format!("one key cannot serve {first} and {other}; their keys are of different kinds")),
            None => Ok(Self(all)),
        }
    }
}

impl Default for JwtAlgorithms {
    fn default() -> Self {
        Self(vec![JwtAlgorithm::RS256])
    }
}

impl fmt::Display for JwtAlgorithms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.iter().map(|algorithm| algorithm.to_string()).collect();
        f.write_str(&names.join(", "))
    }
}

impl Serialize for JwtAlgorithms {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|algorithm| algorithm.to_string()))
    }
}

impl<'de> Deserialize<'de> for JwtAlgorithms {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrList)
    }
}

/// The vendor's setting is a text with commas; a list is what TOML has for it.
struct TextOrList;

impl<'de> Visitor<'de> for TextOrList {
    type Value = JwtAlgorithms;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("algorithms like [\"RS256\"] or \"RS256, RS384\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<JwtAlgorithms, E> {
        JwtAlgorithms::of(text.split(',')).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<JwtAlgorithms, A::Error> {
        let mut names: Vec<String> = Vec::new();
        while let Some(name) = list.next_element()? {
            names.push(name);
        }
        JwtAlgorithms::of(names).map_err(A::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(value: Value, expected: Result<Value, &str>) {
        match (serde_json::from_value::<JwtAlgorithms>(value), expected) {
            (Ok(read), Ok(expected)) => assert_eq!(serde_json::to_value(read).unwrap(), expected),
            (Err(error), Err(expected)) => assert!(error.to_string().contains(expected), "{error}"),
            (read, expected) => panic!("{read:?} is not {expected:?}"),
        }
    }

    #[test]
    fn a_text_with_commas_and_a_list_say_the_same() {
        check(json!("RS256, RS384"), Ok(json!(["RS256", "RS384"])));
        check(json!(["RS256", "RS384"]), Ok(json!(["RS256", "RS384"])));
        check(json!("RS246"), Ok(json!(["RS256"])));
    }

    #[test]
    fn what_cannot_sign_or_would_mix_kinds_of_keys_is_refused() {
        check(json!("none"), Err("\"none\" is no algorithm"));
        check(json!("HS256, RSA-OAEP"), Err("\"RSA-OAEP\" is no algorithm"));
        check(json!("HS256, RS256"), Err("one key cannot serve HS256 and RS256"));
        check(json!([]), Err("name one algorithm at least"));
    }
}
