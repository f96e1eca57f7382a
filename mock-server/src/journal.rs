//! The bounded record of the exchanges of a sandbox: what came, what went, and why.
//!
//! Entries hold what was on the wire, packed into few allocations of their own, so that the byte limit is the truth and
//! no network buffer is kept alive by them. Secrets are hidden when an entry is shown, not when it is kept.

mod redact;
mod view;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method};
use jiff::Timestamp;

use crate::config::JournalSection;
use crate::connection::WireRecord;
use crate::operation::{Operation, Vendor};
use crate::reason::Refused;
use crate::sandbox::Via;

pub(crate) use redact::Known;
pub use redact::Redactor;
pub use view::EntryView;

/// How much a journal keeps.
#[derive(Clone, Copy, Debug)]
pub struct JournalLimits {
    /// Entries at most.
    pub entries: usize,
    /// Bytes of heads and bodies at most, over all entries.
    pub bytes: usize,
    /// Bytes of one body at most.
    pub body_bytes: usize,
}

/// The record of one sandbox.
#[derive(Debug)]
pub struct Journal {
    next_id: AtomicU64,
    // A std mutex: it is held for a push or a copy of pointers, never across an await.
    ring: Mutex<Ring>,
}

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Arc<Entry>>,
    bytes: usize,
    total: u64,
}

/// One exchange.
#[derive(Debug)]
pub struct Entry {
    pub(crate) id: u64,
    pub(crate) at: Timestamp,
    pub(crate) real: Timestamp,
    pub(crate) vendor: Option<Vendor>,
    pub(crate) operation: Option<Operation>,
    /// What said that it belongs to this sandbox.
    pub(crate) via: Via,
    /// Number of its connection within the process; 0 if it never became one.
    pub(crate) connection: u64,
    pub(crate) method: Method,
    pub(crate) target: Box<str>,
    pub(crate) headers: PackedHeaders,
    pub(crate) body: Captured,
    /// Absent if nothing was sent.
    pub(crate) status: Option<u16>,
    pub(crate) answer_headers: PackedHeaders,
    pub(crate) answer_body: Captured,
    pub(crate) refused: Option<Refused>,
    pub(crate) account: Option<Arc<str>>,
    pub(crate) token_generation: Option<u32>,
    pub(crate) faults: Vec<String>,
    /// What each of them did.
    pub(crate) injected: Vec<String>,
    /// How long rules held the answer back.
    pub(crate) delay_ms: Option<u64>,
    pub(crate) hints: Vec<String>,
    /// What the connection did to the answer.
    pub(crate) tampered: Option<Box<str>>,
    /// The bytes on the wire; the answer's come in after the entry was made.
    pub(crate) wire: Option<Arc<WireRecord>>,
}

/// Header lines in one allocation: `name: value\n` each. Neither part can hold a line feed.
#[derive(Debug, Default)]
pub(crate) struct PackedHeaders(Box<[u8]>);

/// The beginning of a body, and how long it was.
#[derive(Debug, Default)]
pub(crate) struct Captured {
    pub(crate) kept: Bytes,
    pub(crate) total: usize,
}

/// A page of the journal.
#[derive(Debug)]
pub struct Page {
    /// Exchanges recorded since the start or the last reset.
    pub total: u64,
    /// How many of them are gone.
    pub evicted: u64,
    /// Oldest first.
    pub entries: Vec<Arc<Entry>>,
}

// === impl Journal ===

impl Journal {
    /// Number of the exchange that begins now; its answer may name it.
    pub fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Exchanges recorded since the start or the last reset.
    pub fn total(&self) -> u64 {
        self.lock().total
    }

    /// Records an exchange; the oldest ones make room.
    pub(crate) fn record(&self, entry: Entry, limits: &JournalLimits) {
        let size = entry.size();
        let entry = Arc::new(entry);
        let mut ring = self.lock();
        ring.total += 1;
        ring.bytes += size;
        ring.entries.push_back(entry);
        while ring.entries.len() > limits.entries || ring.bytes > limits.bytes {
            let Some(oldest) = ring.entries.pop_front() else {
                break;
            };
            ring.bytes -= oldest.size();
        }
    }

    /// The newest `limit` entries with an id above `after`, oldest first.
    pub fn page(&self, after: u64, limit: usize) -> Page {
        let ring = self.lock();
        let newer = ring.entries.iter().rev().filter(|entry| entry.id > after).take(limit);
        let mut entries: Vec<_> = newer.cloned().collect();
        entries.reverse();
        Page { total: ring.total, evicted: ring.total - ring.entries.len() as u64, entries }
    }

    /// One entry, unless it is gone.
    pub fn entry(&self, id: u64) -> Option<Arc<Entry>> {
        self.lock().entries.iter().find(|entry| entry.id == id).cloned()
    }

    /// Forgets everything; numbers go on, so that no two exchanges of a process share one.
    pub fn clear(&self) {
        *self.lock() = Ring::default();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Journal {
    fn default() -> Self {
        Self { next_id: AtomicU64::new(1), ring: Mutex::default() }
    }
}

// === impl JournalLimits ===

impl JournalLimits {
    pub(crate) fn of(section: &JournalSection) -> Self {
        Self { entries: section.entries.get(), bytes: section.bytes.bytes(), body_bytes: section.body_bytes.bytes() }
    }

    /// Keeps the beginning of a body that lies in a buffer of somebody else's.
    pub(crate) fn capture(&self, body: &Bytes) -> Captured {
        let kept = Bytes::copy_from_slice(&body[..body.len().min(self.body_bytes)]);
        Captured { kept, total: body.len() }
    }

    /// Keeps a body that owns its buffer: shared, unless it must be cut.
    pub(crate) fn capture_own(&self, body: &Bytes) -> Captured {
        if body.len() <= self.body_bytes {
            Captured { kept: body.clone(), total: body.len() }
        } else {
            self.capture(body)
        }
    }
}

// === impl Entry ===

impl Entry {
    /// An exchange of which nothing is known.
    pub(crate) fn empty() -> Self {
        Self {
            id: 0,
            at: Timestamp::UNIX_EPOCH,
            real: Timestamp::UNIX_EPOCH,
            vendor: None,
            operation: None,
            via: Via::Default,
            connection: 0,
            method: Method::GET,
            target: "".into(),
            headers: PackedHeaders::default(),
            body: Captured::default(),
            status: None,
            answer_headers: PackedHeaders::default(),
            answer_body: Captured::default(),
            refused: None,
            account: None,
            token_generation: None,
            faults: Vec::new(),
            injected: Vec::new(),
            delay_ms: None,
            hints: Vec::new(),
            tampered: None,
            wire: None,
        }
    }

    /// Bytes that the limit counts: all that grows with the exchange, and the entry itself.
    fn size(&self) -> usize {
        size_of::<Self>()
            + self.target.len()
            + self.headers.0.len()
            + self.body.kept.len()
            + self.answer_headers.0.len()
            + self.answer_body.kept.len()
            + self.refused.as_ref().map_or(0, |refused| refused.detail.len())
            + self.account.as_ref().map_or(0, |account| account.len())
            + self
                .faults
                .iter()
                .chain(&self.injected)
                .chain(&self.hints)
                .map(|text| text.len() + size_of::<String>())
                .sum::<usize>()
            + self.wire.as_ref().map_or(0, |wire| wire.most())
    }
}

// === impl PackedHeaders ===

impl PackedHeaders {
    pub(crate) fn pack(headers: &HeaderMap) -> Self {
        let size = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 3).sum();
        let mut packed = Vec::with_capacity(size);
        for (name, value) in headers {
            packed.extend_from_slice(name.as_str().as_bytes());
            packed.extend_from_slice(b": ");
            packed.extend_from_slice(value.as_bytes());
            packed.push(b'\n');
        }
        Self(packed.into_boxed_slice())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.split(|byte| *byte == b'\n').filter_map(|line| {
            let colon = line.windows(2).position(|pair| pair == b": ")?;
            Some((std::str::from_utf8(&line[..colon]).ok()?, &line[colon + 2..]))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: u64, body: &'static str) -> Entry {
        let body = Bytes::from_static(body.as_bytes());
        let body = Captured { total: body.len(), kept: body };
        Entry { id, target: "/".into(), body, status: Some(200), ..Entry::empty() }
    }

    fn ids(page: &Page) -> Vec<u64> {
        page.entries.iter().map(|entry| entry.id).collect()
    }

    #[test]
    fn the_oldest_entries_make_room_by_count_and_are_counted() {
        let (journal, limits) = (Journal::default(), JournalLimits { entries: 2, bytes: usize::MAX, body_bytes: 10 });
        for id in 1..=5 {
            journal.record(entry(id, ""), &limits);
        }
        let page = journal.page(0, 10);
        assert_eq!((page.total, page.evicted, ids(&page)), (5, 3, vec![4, 5]));
        assert!(journal.entry(3).is_none());
    }

    #[test]
    fn the_oldest_entries_make_room_by_bytes() {
        let room = 2 * (size_of::<Entry>() + 1 + 8);
        let (journal, limits) = (Journal::default(), JournalLimits { entries: 100, bytes: room, body_bytes: 100 });
        for id in 1..=3 {
            journal.record(entry(id, "12345678"), &limits);
        }
        assert_eq!(ids(&journal.page(0, 10)), [2, 3]);
        journal.record(entry(4, "123456789"), &limits);
        assert_eq!(ids(&journal.page(0, 10)), [4]);
    }

    #[test]
    fn a_page_holds_the_newest_entries_oldest_first() {
        let (journal, limits) = (Journal::default(), JournalLimits { entries: 10, bytes: usize::MAX, body_bytes: 10 });
        for id in 1..=5 {
            journal.record(entry(id, ""), &limits);
        }
        assert_eq!(ids(&journal.page(0, 2)), [4, 5]);
        assert_eq!(ids(&journal.page(2, 10)), [3, 4, 5]);
    }

    #[test]
    fn a_long_body_is_cut_and_its_length_kept() {
        let limits = JournalLimits { entries: 10, bytes: usize::MAX, body_bytes: 3 };
        for captured in [limits.capture(&Bytes::from("abcdef")), limits.capture_own(&Bytes::from("abcdef"))] {
            assert_eq!((&captured.kept[..], captured.total), (&b"abc"[..], 6));
        }
    }

    #[test]
    fn packed_headers_come_back_in_order_with_odd_values() {
        let mut headers = HeaderMap::new();
        headers.append("b", "1: 2".parse().unwrap());
        headers.append("a", "".parse().unwrap());
        headers.append("b", http::HeaderValue::from_bytes(b"\xff").unwrap());
        let packed = PackedHeaders::pack(&headers);
        let lines: Vec<_> = packed.iter().collect();
        assert_eq!(lines, [("b", &b"1: 2"[..]), ("b", b"\xff"), ("a", b"")]);
    }
}
