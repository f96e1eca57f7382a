//! The raw tap: the bytes of an exchange as they were on the wire above TLS, and when each piece came or went.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

/// The bytes of one exchange.
#[derive(Debug)]
pub(crate) struct WireRecord {
    born: Instant,
    limit: usize,
    /// The service has answered: what comes in now belongs to the next exchange.
    answered: AtomicBool,
    sides: Mutex<Sides>,
}

#[derive(Debug, Default)]
struct Sides {
    request: Side,
    answer: Side,
}

/// One direction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Side {
    /// As many bytes as may be kept.
    pub(crate) bytes: Vec<u8>,
    /// Length of each piece, kept or not, and microseconds since the connection began.
    pub(crate) pieces: Vec<(usize, u64)>,
}

/// Pieces of one direction at most.
const MOST_PIECES: usize = 1000;

// === impl WireRecord ===

impl WireRecord {
    /// A record of at most `limit` bytes a side, of a connection that began at `born`.
    pub(super) fn new(born: Instant, limit: usize) -> Self {
        Self { born, limit, answered: AtomicBool::new(false), sides: Mutex::default() }
    }

    pub(super) fn came(&self, bytes: &[u8]) {
        self.lock().request.add(bytes, self.limit, self.born);
    }

    pub(super) fn went(&self, bytes: &[u8]) {
        self.lock().answer.add(bytes, self.limit, self.born);
    }

    pub(super) fn is_answered(&self) -> bool {
        self.answered.load(Ordering::Acquire)
    }

    pub(super) fn note_answer(&self) {
        self.answered.store(true, Ordering::Release);
    }

    /// Request and answer so far.
    pub(crate) fn sides(&self) -> (Side, Side) {
        let sides = self.lock();
        (sides.request.clone(), sides.answer.clone())
    }

    /// Bytes that it may hold when it is full.
    pub(crate) fn most(&self) -> usize {
        2 * (self.limit + MOST_PIECES * size_of::<(usize, u64)>())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Sides> {
        self.sides.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Side ===

impl Side {
    fn add(&mut self, bytes: &[u8], limit: usize, born: Instant) {
        let room = limit.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if self.pieces.len() < MOST_PIECES {
            let at = u64::try_from(born.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.pieces.push((bytes.len(), at));
        }
    }

    /// Length on the wire.
    pub(crate) fn total(&self) -> usize {
        self.pieces.iter().map(|(length, _)| length).sum()
    }
}
