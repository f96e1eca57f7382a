//! The only door to chance: a stream that a seed and a run decide.
//!
//! The seed makes the draws repeatable; the run keeps what one start issued apart from what the next one issues, so
//! that a token of yesterday is recognised and not accepted by accident.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use rand::rngs::{ChaCha8Rng, SysRng};
use rand::{Rng, SeedableRng, TryRng};
use sha2::{Digest, Sha256};

/// A repeatable stream of random bytes.
pub struct Entropy {
    stream: Mutex<ChaCha8Rng>,
}

// === impl Entropy ===

impl Entropy {
    /// The stream of one seed, run and sandbox.
    pub fn new(seed: u64, run: &str, sandbox: &str) -> Self {
        let key: [u8; 32] = Sha256::new()
            .chain_update(seed.to_be_bytes())
            .chain_update([0])
            .chain_update(run)
            .chain_update([0])
            .chain_update(sandbox)
            .finalize()
            .into();
        Self { stream: Mutex::new(ChaCha8Rng::from_seed(key)) }
    }

    /// The next bytes of the stream.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.stream.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entropy").finish_non_exhaustive()
    }
}

/// A name for this start of the process, from the operating system.
pub fn fresh_run() -> Result<String, rand::rngs::SysError> {
    Ok(format!("{:016x}", u64::from_be_bytes(fresh_bytes()?)))
}

/// Bytes that nothing repeats, from the operating system: for what is made once, outside every sandbox.
pub fn fresh_bytes<const N: usize>() -> Result<[u8; N], rand::rngs::SysError> {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seed_run_and_sandbox_each_choose_the_stream() {
        let draw = |seed, run, sandbox| Entropy::new(seed, run, sandbox).bytes::<16>();
        let first = draw(1, "a", "default");
        assert_eq!(first, draw(1, "a", "default"));
        assert_ne!(first, draw(2, "a", "default"));
        assert_ne!(first, draw(1, "b", "default"));
        assert_ne!(first, draw(1, "a", "other"));
    }

    #[test]
    fn runs_differ() {
        assert_ne!(fresh_run().unwrap(), fresh_run().unwrap());
    }
}
