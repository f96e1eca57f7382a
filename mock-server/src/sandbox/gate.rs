//! The gate that every exchange of a sandbox passes, so that its clock can be moved while nothing is under way.
//!
//! A harness that moves the clock of a client must know that no request is between two times. The step and the check
//! are one act: whoever arrives meanwhile waits at the lock, which is held for no longer than the step takes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts who is inside.
#[derive(Debug, Default)]
pub(crate) struct Gate(Mutex<Traffic>);

/// What passed so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Traffic {
    /// Exchanges under way. One whose answer waits for the sandbox's clock is not.
    pub open: u64,
    /// Exchanges that ever came.
    pub arrived: u64,
}

/// An exchange under way; it leaves when dropped.
#[derive(Debug)]
pub(crate) struct Inside(Arc<Gate>);

// === impl Gate ===

impl Gate {
    pub(crate) fn enter(self: &Arc<Self>) -> Inside {
        let mut traffic = self.lock();
        traffic.open += 1;
        traffic.arrived += 1;
        drop(traffic);
        Inside(Arc::clone(self))
    }

    pub(crate) fn traffic(&self) -> Traffic {
        *self.lock()
    }

    /// Does something while nobody is inside and nobody can come in; or says what is going on. `arrived` is how many
    /// had come when the decision was made, where the caller knows it.
    pub(crate) fn if_idle<T>(&self, arrived: Option<u64>, act: impl FnOnce() -> T) -> Result<T, Traffic> {
        let traffic = self.lock();
        if traffic.open > 0 || arrived.is_some_and(|arrived| arrived != traffic.arrived) {
            return Err(*traffic);
        }
        Ok(act())
    }

    fn lock(&self) -> MutexGuard<'_, Traffic> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Inside ===

impl Drop for Inside {
    fn drop(&mut self) {
        self.0.lock().open -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_step_waits_for_nobody_and_happens_only_when_idle() {
        let gate = Arc::new(Gate::default());
        let inside = gate.enter();
        assert_eq!(gate.if_idle(None, || ()), Err(Traffic { open: 1, arrived: 1 }));
        drop(inside);
        assert_eq!(gate.if_idle(Some(0), || ()), Err(Traffic { open: 0, arrived: 1 }), "one came since the decision");
        assert_eq!(gate.if_idle(Some(1), || 7), Ok(7));
        assert_eq!(gate.if_idle(None, || 7), Ok(7));
    }
}
