//! What the parts of one connection share: its phase, the orders for its answers, the tap.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::line::Orders;
use super::own::{OwnAnswer, refused_by_hyper};
use super::tamper::Tamper;
use super::tampering::Tampering;
use super::tap::WireRecord;
use super::watched::{HEAD_TOO_SLOW, Phase, Phases};

/// One connection's own.
pub(super) struct Shared {
    pub(super) id: u64,
    pub(super) born: Instant,
    pub(super) phases: Phases,
    pub(super) orders: Arc<Orders>,
    /// Orders for the next answer, and whether there is news. Without any ever given nothing is locked.
    tamper: Mutex<Option<Tamper>>,
    is_fresh: AtomicBool,
    is_tampered: AtomicBool,
    taps: Taps,
    record: Mutex<Option<Arc<WireRecord>>>,
    has_record: AtomicBool,
    /// The beginning of the head that came last.
    head: Mutex<Vec<u8>>,
    /// Whether a service got that head.
    is_head_taken: AtomicBool,
    /// Status that the time-outs answered with; 0 for none.
    timed_out: AtomicU16,
}

/// How many sandboxes want the bytes on the wire, and how many bytes of each exchange.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taps {
    wanted: Arc<AtomicUsize>,
    limit: usize,
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

// === impl Taps ===

impl Taps {
    /// Nobody wants any yet; whoever does gets so many bytes a side.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// A sandbox wants the bytes, or no longer.
    pub(crate) fn want(&self, more: bool) {
        if more {
            self.wanted.fetch_add(1, Ordering::Relaxed);
        } else {
            self.wanted.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

// === impl Shared ===

impl Shared {
    pub(super) fn new(orders: Arc<Orders>, taps: Taps) -> Self {
        Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            born: Instant::now(),
            phases: Phases::default(),
            orders,
            tamper: Mutex::default(),
            is_fresh: AtomicBool::new(false),
            is_tampered: AtomicBool::new(false),
            taps,
            record: Mutex::default(),
            has_record: AtomicBool::new(false),
            head: Mutex::default(),
            is_head_taken: AtomicBool::new(false),
            timed_out: AtomicU16::new(0),
        }
    }

    /// The service has answered. Gives orders for the answer that hyper writes next.
    #[inline]
    pub(super) fn answer(&self, tamper: Option<Tamper>) {
        if let Some(record) = self.record() {
            record.note_answer();
        }
        self.phases.enter(Phase::Idle);
        if tamper.is_none() && !self.is_tampered.load(Ordering::Acquire) {
            return;
        }
        self.is_tampered.store(tamper.is_some(), Ordering::Release);
        *self.tamper.lock().unwrap_or_else(PoisonError::into_inner) = tamper;
        self.is_fresh.store(true, Ordering::Release);
    }

    /// Whether orders hold for what is written now; fresh ones take the place of the old.
    #[inline]
    pub(super) fn take_orders(&self, tampering: &mut Option<Tampering>) -> bool {
        if self.is_fresh.load(Ordering::Acquire) && self.is_fresh.swap(false, Ordering::AcqRel) {
            let fresh = self.tamper.lock().unwrap_or_else(PoisonError::into_inner).take();
            *tampering = fresh.map(Tampering::new);
        }
        tampering.is_some()
    }

    #[inline]
    pub(super) fn is_tapped(&self) -> bool {
        self.taps.wanted.load(Ordering::Relaxed) > 0
    }

    /// The bytes of the exchange that is under way, if they are kept.
    #[inline]
    pub(super) fn record(&self) -> Option<Arc<WireRecord>> {
        if !self.has_record.load(Ordering::Acquire) {
            return None;
        }
        self.record.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The record of the exchange that comes in now: a new one if the last was answered. Of requests that came in one
    /// piece the first has all the bytes, and each has its own answer.
    pub(super) fn current_record(&self) -> Arc<WireRecord> {
        self.has_record.store(true, Ordering::Release);
        let mut current = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        match &*current {
            Some(record) if !record.is_answered() => Arc::clone(record),
            _ => {
                let record = Arc::new(WireRecord::new(self.born, self.taps.limit));
                *current = Some(Arc::clone(&record));
                record
            }
        }
    }

    /// The record for an exchange that begins, if anybody wants one.
    #[inline]
    pub(super) fn record_for_exchange(&self) -> Option<Arc<WireRecord>> {
        self.is_tapped().then(|| self.current_record())
    }

    /// The service has taken a head over.
    #[inline]
    pub(super) fn take_head(&self) {
        self.is_head_taken.store(true, Ordering::Release);
        self.phases.enter(Phase::Busy);
    }

    /// Another head begins.
    #[inline]
    pub(super) fn begin_head(&self) {
        self.is_head_taken.store(false, Ordering::Release);
        self.phases.enter(Phase::Head);
    }

    pub(super) fn keep_head(&self, head: Vec<u8>) {
        *self.head.lock().unwrap_or_else(PoisonError::into_inner) = head;
    }

    pub(super) fn note_timeout(&self) {
        self.timed_out.store(HEAD_TOO_SLOW, Ordering::Release);
    }

    /// What was answered without a service, if anything was.
    pub(super) fn own_answer(&self, error: Option<hyper::Error>) -> Option<OwnAnswer> {
        let status = match self.timed_out.load(Ordering::Acquire) {
            0 => refused_by_hyper(&error?)?,
            status => Some(status),
        };
        let mut head = std::mem::take(&mut *self.head.lock().unwrap_or_else(PoisonError::into_inner));
        if self.is_head_taken.load(Ordering::Acquire) {
            // What is kept is the head before it; the bad one came in the same piece.
            head.clear();
        }
        Some(OwnAnswer { connection: self.id, status, head })
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("id", &self.id).finish_non_exhaustive()
    }
}
