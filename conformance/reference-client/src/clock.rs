//! The client's clock: it moves when the harness says so, and tells it who sleeps until when.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use tokio::sync::{mpsc, watch};

/// A clock that somebody else moves.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    now: watch::Sender<i64>,
    sleepers: Arc<Mutex<Sleepers>>,
    output: mpsc::UnboundedSender<serde_json::Value>,
}

#[derive(Debug, Default)]
struct Sleepers {
    next: u64,
    until: BTreeMap<u64, (i64, Whose)>,
}

/// Who sleeps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Whose {
    /// A call that somebody waits for.
    Call,
    /// Nobody's: work in the background.
    Background,
}

// === impl Clock ===

impl Clock {
    pub(crate) fn new(output: mpsc::UnboundedSender<serde_json::Value>) -> Self {
        Self { now: watch::Sender::new(0), sleepers: Arc::default(), output }
    }

    /// Unix milliseconds.
    pub(crate) fn now(&self) -> i64 {
        *self.now.borrow()
    }

    pub(crate) fn set(&self, now: i64) {
        self.now.send_replace(now);
    }

    /// How many sleep until a time that has not come, counted by that time: who is about to wake is awake.
    pub(crate) fn sleeping(&self, who: Whose) -> usize {
        let now = self.now();
        self.lock().until.values().filter(|(until, own)| *until > now && *own == who).count()
    }

    pub(crate) async fn sleep(&self, ms: u64) {
        self.sleep_as(Whose::Call, ms).await;
    }

    /// A sleep that has begun, whether somebody waits for its end yet or not.
    pub(crate) fn sleep_as(&self, who: Whose, ms: u64) -> impl Future<Output = ()> + Send + use<> {
        let until = self.now().saturating_add_unsigned(ms);
        let id = {
            let mut sleepers = self.lock();
            sleepers.next += 1;
            let id = sleepers.next;
            sleepers.until.insert(id, (until, who));
            // Under the lock, so that nobody counts a sleeper that was not announced. If nobody listens, nobody needs it.
            self.output.send(json!({"ev": "sleep", "until": until})).unwrap_or_default();
            id
        };
        let clock = self.clone();
        async move {
            let mut now = clock.now.subscribe();
            // The sender is in `clock`, so it cannot be gone.
            now.wait_for(|now| *now >= until).await.map(drop).unwrap_or_default();
            clock.lock().until.remove(&id);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Sleepers> {
        self.sleepers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
