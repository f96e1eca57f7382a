//! The draws of one collection: a stream of its own, so that more rows of one collection do not change another.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use sha2::{Digest, Sha256};

/// Colours that are told apart on a map.
const COLOURS: [&str; 8] = ["#f59e0b", "#0ea5e9", "#22c55e", "#a855f7", "#ef4444", "#14b8a6", "#ec4899", "#94a3b8"];

/// A stream of draws.
pub(super) struct Draw(ChaCha8Rng);

// === impl Draw ===

impl Draw {
    /// The stream of a collection under a seed.
    pub(super) fn new(seed: u64, what: &str) -> Self {
        let key = Sha256::new().chain_update(seed.to_be_bytes()).chain_update([0]).chain_update("generate/");
        Self(ChaCha8Rng::from_seed(key.chain_update(what).finalize().into()))
    }

    /// A number between two, both included.
    pub(super) fn between(&mut self, least: u16, most: u16) -> u16 {
        self.0.random_range(least..=most)
    }

    /// One of them; none of none.
    pub(super) fn one<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        // As 64 bits the draw is the same on every machine.
        let count = u64::try_from(of.len()).ok().filter(|count| *count > 0)?;
        let place = self.0.random_range(0..count);
        of.get(usize::try_from(place).ok()?).copied()
    }

    /// A share of a length, in thousandths between two, rounded to a whole number.
    pub(super) fn share(&mut self, whole: f32, least: u16, most: u16) -> f32 {
        (whole * f32::from(self.between(least, most)) / 1000.0).round()
    }

    pub(super) fn colour(&mut self) -> Option<String> {
        self.one(&COLOURS).map(str::to_owned)
    }

    /// A hardware address that no manufacturer gives out, and no other row of the collection has.
    pub(super) fn mac(&mut self, ordinal: u32) -> String {
        let [_, a, b, c] = ordinal.to_be_bytes();
        format!("02:{:02x}:{:02x}:{a:02x}:{b:02x}:{c:02x}", self.between(0, 255), self.between(0, 255))
    }
}
