//! Secrets that are looked for as they are, however many: only their hashes are kept. A look at a place of a text costs
//! as much as there are lengths of secrets that begin with the same six bytes, whether ten secrets have them or a million.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hasher};

/// A set of secrets.
#[derive(Default)]
pub(crate) struct Known {
    hashes: HashSet<u64>,
    /// How long those are that begin like this, the longest first.
    lengths: HashMap<[u8; SHORTEST], Vec<usize>>,
}

/// Shorter secrets occur by chance in ordinary text.
const SHORTEST: usize = 6;

/// Secrets at most.
const MOST: usize = 1_000_000;

/// There is no room for another secret.
#[derive(Debug)]
pub(super) struct Full;

// === impl Known ===

impl Known {
    /// Those of a world, for whoever shares it.
    pub(crate) fn of<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Self {
        let mut known = Self::default();
        if secrets.into_iter().any(|secret| known.learn(secret).is_err()) {
            warn_of_full();
        }
        known
    }

    /// One more. None is ever forgotten: the journal may still show it.
    pub(super) fn learn(&mut self, secret: &str) -> Result<(), Full> {
        let Some(head) = secret.as_bytes().first_chunk() else { return Ok(()) };
        let hash = hash(secret.as_bytes());
        if self.hashes.contains(&hash) {
            return Ok(());
        }
        if self.hashes.len() >= MOST {
            return Err(Full);
        }
        self.hashes.insert(hash);
        let lengths = self.lengths.entry(*head).or_default();
        if let Err(place) = lengths.binary_search_by(|length| secret.len().cmp(length)) {
            lengths.insert(place, secret.len());
        }
        Ok(())
    }

    /// How long the longest secret is that a text begins with.
    fn longest(&self, text: &[u8]) -> Option<usize> {
        let lengths = self.lengths.get(text.first_chunk()?)?;
        let fits = |length: &&usize| text.get(..**length).is_some_and(|part| self.hashes.contains(&hash(part)));
        lengths.iter().find(fits).copied()
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Known").field("secrets", &self.hashes.len()).finish_non_exhaustive()
    }
}

/// A text with a stand-in for each secret that any of these sets knows: the first that comes, and of those the longest.
pub(super) fn replace<'t>(sets: [&Known; 2], text: &'t str, stand_in: impl Fn(&[u8]) -> String) -> Cow<'t, str> {
    let bytes = text.as_bytes();
    let mut clean = String::new();
    let (mut kept, mut place) = (0, 0);
    while place + SHORTEST <= bytes.len() {
        let longest = sets.iter().filter_map(|known| known.longest(&bytes[place..])).max();
        if let Some(length) = longest {
            // A secret is a text, so where it begins and ends a character does.
            clean.push_str(&text[kept..place]);
            clean.push_str(&stand_in(&bytes[place..place + length]));
            place += length;
            kept = place;
        } else {
            place += 1;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    clean.push_str(&text[kept..]);
    Cow::Owned(clean)
}

pub(super) fn warn_of_full() {
    tracing::warn!("more than {MOST} secrets: new ones are hidden by name and shape only");
}

fn hash(secret: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(secret);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hide(world: &[&str], own: &[&str], text: &str) -> String {
        let known = |secrets: &[&str]| Known::of(secrets.iter().copied());
        replace([&known(world), &known(own)], text, |secret| format!("<{}>", secret.len())).into_owned()
    }

    #[test]
    fn the_first_is_taken_and_of_those_the_longest() {
        let world = ["sesame-1", "sesame-12"];
        assert_eq!(hide(&world, &[], "a sesame-1, a sesame-12 and a sesame-3"), "a <8>, a <9> and a sesame-3");
        assert_eq!(hide(&world, &["sesame-12-and-more", "ame-12"], "sesame-12-and-more"), "<18>");
        assert_eq!(hide(&world, &["ame-123"], "sesame-123 ame-123"), "<9>3 <7>");
        assert_eq!(hide(&world, &[], "sesame-1sesame-1"), "<8><8>");
    }

    #[test]
    fn what_is_too_short_or_cut_off_is_no_secret() {
        assert_eq!(hide(&["short", ""], &[], "short and shorter"), "short and shorter");
        assert_eq!(hide(&["sesame-1"], &[], "sesame-"), "sesame-");
        assert_eq!(hide(&["sesame"], &[], "sesame"), "<6>");
    }

    #[test]
    fn characters_of_several_bytes_stay_whole() {
        assert_eq!(hide(&["schlüssel"], &["ßßß"], "ä schlüssel ßßßß ü"), "ä <10> <6>ß ü");
    }
}
