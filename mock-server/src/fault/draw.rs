//! Chance as a function: the same seed, sandbox, rule, key and ordinal always draw the same, on any number of threads.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use sha2::{Digest, Sha256};

/// The draws of one rule.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Draws([u8; 32]);

/// The draws of one exchange under one rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw([u8; 32]);

// === impl Draws ===

impl Draws {
    /// Those of a sandbox, from which each rule has its own.
    pub(crate) fn of_sandbox(seed: u64, sandbox: &str) -> Self {
        Self(Sha256::new().chain_update(seed.to_be_bytes()).chain_update(sandbox).finalize().into())
    }

    pub(super) fn of_rule(self, rule: &str) -> Self {
        Self(Sha256::new().chain_update(self.0).chain_update(rule).finalize().into())
    }

    pub(super) fn at(self, key: &str, ordinal: u64) -> Draw {
        let hash = Sha256::new().chain_update(self.0).chain_update(ordinal.to_be_bytes()).chain_update(key);
        Draw(hash.finalize().into())
    }
}

// === impl Draw ===

impl Draw {
    /// A stream of its own for each purpose, so that none shifts another.
    pub(crate) fn stream(self, purpose: &str) -> ChaCha8Rng {
        ChaCha8Rng::from_seed(Sha256::new().chain_update(self.0).chain_update(purpose).finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use rand::Rng;

    use super::*;

    #[test]
    fn each_part_chooses_the_draw() {
        let draw = |seed, sandbox, rule, key, ordinal, purpose| {
            Draws::of_sandbox(seed, sandbox).of_rule(rule).at(key, ordinal).stream(purpose).next_u64()
        };
        let first = draw(1, "a", "r", "k", 1, "p");
        assert_eq!(first, draw(1, "a", "r", "k", 1, "p"));
        let others = [
            draw(2, "a", "r", "k", 1, "p"),
            draw(1, "b", "r", "k", 1, "p"),
            draw(1, "a", "s", "k", 1, "p"),
            draw(1, "a", "r", "l", 1, "p"),
            draw(1, "a", "r", "k", 2, "p"),
            draw(1, "a", "r", "k", 1, "q"),
        ];
        assert!(others.iter().all(|other| *other != first));
    }
}
