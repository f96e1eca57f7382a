//! Who is logged in at the web interface, and until when: on the sandbox's clock, and bounded.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::config::PlatformSection;

/// Those of a sandbox.
#[derive(Debug, Default)]
pub(in crate::timbr) struct Sessions(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    sessions: HashMap<Arc<str>, Session>,
    /// In the order of the log ins.
    order: BTreeMap<u64, Arc<str>>,
    next: u64,
}

#[derive(Debug)]
struct Session {
    user: Arc<str>,
    ends: Timestamp,
}

/// Why somebody is not logged in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Lost {
    Unknown,
    /// Since then.
    Expired(Timestamp),
}

// === impl Sessions ===

impl Sessions {
    /// Logs somebody in; the oldest session makes room.
    pub(super) fn open(&self, id: String, user: &Arc<str>, now: Timestamp, limits: &PlatformSection) {
        let ends = now.checked_add(limits.session_life.signed()).unwrap_or(Timestamp::MAX);
        let id: Arc<str> = id.into();
        let mut state = self.lock();
        let number = state.next;
        state.next += 1;
        state.order.insert(number, Arc::clone(&id));
        state.sessions.insert(id, Session { user: Arc::clone(user), ends });
        while state.order.len() > limits.max_sessions.get() {
            let Some((_, oldest)) = state.order.pop_first() else { break };
            state.sessions.remove(&oldest);
        }
    }

    /// Whose session it is.
    pub(super) fn user(&self, id: &str, now: Timestamp) -> Result<Arc<str>, Lost> {
        let state = self.lock();
        let session = state.sessions.get(id).ok_or(Lost::Unknown)?;
        if now >= session.ends { Err(Lost::Expired(session.ends)) } else { Ok(Arc::clone(&session.user)) }
    }

    pub(in crate::timbr) fn clear(&self) {
        *self.lock() = State::default();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Count, Span};

    #[test]
    fn sessions_end_on_the_clock_and_the_oldest_makes_room() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let limits = PlatformSection { enabled: true, session_life: Span::from_secs(60), max_sessions: Count::new(2) };
        let (sessions, alice) = (Sessions::default(), Arc::from("alice"));
        for id in ["a", "b", "c"] {
            sessions.open(id.to_owned(), &alice, at(0), &limits);
        }
        assert_eq!(sessions.user("a", at(1)).unwrap_err(), Lost::Unknown);
        assert_eq!(&*sessions.user("b", at(59)).unwrap(), "alice");
        assert_eq!(sessions.user("c", at(60)).unwrap_err(), Lost::Expired(at(60)));
        sessions.clear();
        assert_eq!(sessions.user("b", at(1)).unwrap_err(), Lost::Unknown);
    }
}
