//! Turns: one call at a time, and an honest count of those that wait.
//!
//! Whoever is let in counts as awake from then on, not from when it notices: a clock that is moved in between would be
//! moved while somebody works.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Lets one call in at a time.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    gate: tokio::sync::Mutex<()>,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: usize,
    /// Whether one of them was let in, and has not noticed yet.
    is_let_in: bool,
}

/// A call whose turn it is. The next one is let in when this is dropped.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    turns: &'a Turns,
    _inside: tokio::sync::MutexGuard<'a, ()>,
}

// === impl Turns ===

impl Turns {
    /// Waits for its turn.
    pub(crate) async fn wait(&self) -> Turn<'_> {
        self.queue().waiting += 1;
        let inside = self.gate.lock().await;
        let mut queue = self.queue();
        queue.waiting -= 1;
        queue.is_let_in = false;
        drop(queue);
        Turn { turns: self, _inside: inside }
    }

    /// How many wait for somebody else's turn to end.
    pub(crate) fn blocked(&self) -> usize {
        let queue = self.queue();
        queue.waiting - usize::from(queue.is_let_in)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Before the gate opens, which is when the fields are dropped.
        let mut queue = self.turns.queue();
        queue.is_let_in = queue.waiting > 0;
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    #[test]
    fn whoever_is_let_in_is_awake_before_it_notices() {
        let turns = Turns::default();
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(first) = pin!(turns.wait()).poll(&mut context) else { panic!("nobody is there") };
        let (mut second, mut third) = (pin!(turns.wait()), pin!(turns.wait()));
        assert!(second.as_mut().poll(&mut context).is_pending());
        assert!(third.as_mut().poll(&mut context).is_pending());
        assert_eq!(turns.blocked(), 2);
        drop(first);
        assert_eq!(turns.blocked(), 1);
        let Poll::Ready(turn) = second.as_mut().poll(&mut context) else { panic!("it is its turn") };
        assert_eq!(turns.blocked(), 1);
        drop(turn);
        assert_eq!(turns.blocked(), 0);
        assert!(third.as_mut().poll(&mut context).is_ready());
        assert_eq!(turns.blocked(), 0);
    }
}
