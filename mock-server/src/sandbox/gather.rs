//! A race on purpose: calls of one operation are held until so many are there, and then answered in the order in which
//! they came. So two refreshes overlap every time, not only on a bad day.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::operation::Operation;

/// Where calls meet.
#[derive(Debug, Default)]
pub(crate) struct Gather(Mutex<Option<Arc<Round>>>);

/// One race.
#[derive(Debug)]
struct Round {
    operation: Operation,
    parties: usize,
    patience: Duration,
    state: Mutex<State>,
    /// How many are done, in order; nobody's turn comes before `open`.
    turn: watch::Sender<Turns>,
}

#[derive(Debug, Default)]
struct State {
    arrived: usize,
    done: BTreeSet<usize>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Turns {
    open: bool,
    next: usize,
}

/// A call's turn; the next one's comes when it is dropped.
#[derive(Debug)]
pub(crate) struct Turn {
    round: Arc<Round>,
    ordinal: usize,
}

// === impl Gather ===

impl Gather {
    /// The next `parties` calls of an operation meet. They wait for one another on the real clock, and not for ever.
    pub(crate) fn arm(&self, operation: Operation, parties: usize, patience: Duration) {
        let (turn, _) = watch::channel(Turns::default());
        let round = Round { operation, parties, patience, state: Mutex::default(), turn };
        if let Some(old) = self.replace(Some(Arc::new(round))) {
            old.open();
        }
    }

    /// Nobody waits any more.
    pub(crate) fn disarm(&self) {
        if let Some(old) = self.replace(None) {
            old.open();
        }
    }

    /// Waits for the others, if this operation is one to be held, and for this call's turn.
    pub(crate) async fn meet(&self, operation: Option<Operation>) -> Option<Turn> {
        let turn = self.arrive(operation?)?;
        let mut turns = turn.round.turn.subscribe();
        let all_there = turns.wait_for(|turns| turns.open);
        if tokio::time::timeout(turn.round.patience, all_there).await.is_err() {
            self.leave(&turn.round);
        }
        // The others are plain functions: their turns are short.
        let ordinal = turn.ordinal;
        drop(turns.wait_for(|turns| turns.next >= ordinal).await);
        Some(turn)
    }

    fn arrive(&self, operation: Operation) -> Option<Turn> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let round = Arc::clone(slot.as_ref().filter(|round| round.operation == operation)?);
        let ordinal = {
            let mut state = round.lock();
            state.arrived += 1;
            state.arrived - 1
        };
        if ordinal + 1 == round.parties {
            *slot = None;
            round.open();
        }
        Some(Turn { round, ordinal })
    }

    /// Patience is over: whoever is there goes on.
    fn leave(&self, round: &Arc<Round>) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if slot.as_ref().is_some_and(|armed| Arc::ptr_eq(armed, round)) {
            *slot = None;
        }
        round.open();
    }

    fn replace(&self, round: Option<Arc<Round>>) -> Option<Arc<Round>> {
        std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), round)
    }
}

// === impl Round ===

impl Round {
    fn open(&self) {
        self.turn.send_modify(|turns| turns.open = true);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut state = self.round.lock();
        state.done.insert(self.ordinal);
        self.round.turn.send_modify(|turns| {
            while state.done.remove(&turns.next) {
                turns.next += 1;
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::TwinzoOperation;

    const REFRESH: Option<Operation> = Some(Operation::Twinzo(TwinzoOperation::Refresh));
    const LONG: Duration = Duration::from_mins(1);

    #[tokio::test]
    async fn calls_meet_and_go_on_in_the_order_of_their_arrival() {
        let gather = Arc::new(Gather::default());
        gather.arm(REFRESH.unwrap(), 3, LONG);
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut calls = Vec::new();
        for name in ["first", "second", "third"] {
            assert!(order.lock().unwrap().is_empty(), "nobody goes before all are there");
            let (gather, order) = (Arc::clone(&gather), Arc::clone(&order));
            calls.push(tokio::spawn(async move {
                let _turn = gather.meet(REFRESH).await;
                order.lock().unwrap().push(name);
            }));
            tokio::task::yield_now().await;
        }
        for call in calls {
            call.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), ["first", "second", "third"]);
        assert!(gather.meet(REFRESH).await.is_none(), "the race is over");
    }

    #[tokio::test]
    async fn one_that_gives_up_does_not_hold_the_others() {
        let gather = Arc::new(Gather::default());
        gather.arm(REFRESH.unwrap(), 2, LONG);
        assert!(gather.meet(Some(Operation::Twinzo(TwinzoOperation::Authenticate))).await.is_none());
        let gone = tokio::spawn({
            let gather = Arc::clone(&gather);
            async move { gather.meet(REFRESH).await.is_some() }
        });
        tokio::task::yield_now().await;
        gone.abort();
        assert!(gone.await.is_err());
        assert!(gather.meet(REFRESH).await.is_some());
        gather.arm(REFRESH.unwrap(), 2, Duration::from_millis(1));
        assert!(gather.meet(REFRESH).await.is_some(), "patience ends");
        assert!(gather.meet(REFRESH).await.is_none());
    }
}
