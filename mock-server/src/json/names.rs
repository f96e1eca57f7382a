//! Names of members: how they are compared, and how the declared spelling is found.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, Visitor};

/// How member names are compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Names {
    /// To the letter.
    Exact,
    /// Without regard to case; unknown ones are passed over.
    AnyCase,
    /// Without regard to case; unknown ones are refused, in the words of the vendor's framework.
    Known,
    /// In snake case, `sector_id` for `SectorId`; unknown ones are refused.
    Snake,
}

/// Names that an object had.
pub(crate) type Notes = RefCell<Vec<&'static str>>;

/// Reads one name and hands the declared spelling on.
pub(super) struct NameSeed<'a, S> {
    pub(super) compare: Names,
    pub(super) seed: S,
    pub(super) names: &'static [&'static str],
    pub(super) next: &'a mut usize,
    pub(super) note: Option<&'a Notes>,
}

// === impl NameSeed ===

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for NameSeed<'_, S> {
    type Value = S::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<S::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for NameSeed<'_, S> {
    type Value = S::Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_str<E: Error>(mut self, name: &str) -> Result<S::Value, E> {
        let declared = self.find(name);
        if let (Some(note), Some(declared)) = (self.note, declared) {
            note.borrow_mut().push(declared);
        }
        match (declared, self.compare) {
            (Some(declared), _) => self.seed.deserialize(serde::de::value::StrDeserializer::new(declared)),
            (None, Names::Exact | Names::AnyCase) => {
                self.seed.deserialize(serde::de::value::StrDeserializer::new(name))
            }
            (None, Names::Known) => Err(E::custom(format_args!(
                "The JSON property '{name}' could not be mapped to any .NET member contained in the contract"
            ))),
            (None, Names::Snake) => {
                let names = self.names.iter().map(|name| format!("`{}`", snake(name)));
                let names = names.collect::<Vec<_>>().join(", ");
                Err(E::custom(format_args!("unknown field `{name}`, expected one of {names}")))
            }
        }
    }
}

impl<S> NameSeed<'_, S> {
    /// The declared spelling of a name.
    fn find(&mut self, name: &str) -> Option<&'static str> {
        let is_same = |declared: &str| match self.compare {
            Names::Snake => snake(declared) == name,
            Names::Exact | Names::AnyCase | Names::Known => declared.eq_ignore_ascii_case(name),
        };
        let guess = self.names.get(*self.next).filter(|declared| **declared == name);
        let position = match guess {
            Some(_) => *self.next,
            None => self.names.iter().position(|declared| is_same(declared))?,
        };
        *self.next = position + 1;
        Some(self.names[position])
    }
}

/// `SectorId` → `sector_id`, `DBName` → `db_name`, `CFUUID` → `cfuuid`.
pub(crate) fn snake(name: &str) -> Cow<'_, str> {
    if name.bytes().all(|byte| !byte.is_ascii_uppercase()) {
        return Cow::Borrowed(name);
    }
    let bytes = name.as_bytes();
    let is_upper = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_uppercase);
    let is_lower = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_lowercase);
    let mut snake = String::with_capacity(name.len() + 4);
    for (index, letter) in name.char_indices() {
        // A word begins after a small letter, and with the last capital before one.
        if index > 0 && is_upper(index) && (!is_upper(index - 1) || is_lower(index + 1)) {
            snake.push('_');
        }
        snake.push(letter.to_ascii_lowercase());
    }
    Cow::Owned(snake)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snake_is_made_of_words() {
        for (name, expected) in [
            ("SectorId", "sector_id"),
            ("DBName", "db_name"),
            ("CFUUID", "cfuuid"),
            ("IsNoGo", "is_no_go"),
            ("UseGps", "use_gps"),
            ("ranges", "ranges"),
            ("X", "x"),
        ] {
            assert_eq!(snake(name), expected);
        }
    }
}
