//! Takes connections off a socket and has them served, as long as its gatekeeping lets anybody in.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::socket::Socket;
use super::{Bound, Plumbing};
use crate::app::Service;
use crate::connection::{self, Gatekeeping, State, Terms};

/// One socket at work.
pub(crate) struct Acceptor {
    pub(crate) service: Service,
    pub(crate) terms: Terms,
    pub(crate) plumbing: Plumbing,
    /// This listener ends, and its connections with it.
    pub(crate) stop: CancellationToken,
    /// What became of changes of the gatekeeping, for whoever waits for one.
    pub(crate) settled: watch::Sender<Settled>,
}

/// How many changes were followed, and whether the last one could be.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settled {
    pub(crate) times: u64,
    pub(crate) error: Option<String>,
}

/// After an error such as "too many open files": not at once, or the loop burns a core.
const PAUSE: Duration = Duration::from_millis(50);

// === impl Acceptor ===

impl Acceptor {
    pub(crate) async fn run(mut self, (listener, _): Bound) {
        let mut socket = match Socket::new(listener) {
            Ok(socket) => socket,
            Err(error) => {
                tracing::error!("cannot watch a socket: {error}");
                return;
            }
        };
        self.terms.gatekeeping.mark_changed();
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                changed = self.terms.gatekeeping.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let Gatekeeping { state, .. } = *self.terms.gatekeeping.borrow_and_update();
                    let error = socket.set(state).err().map(|error| error.to_string());
                    if let Some(error) = &error {
                        tracing::error!("a listener cannot be set to {state:?}: {error}");
                    }
                    self.settled.send_modify(|settled| {
                        settled.times += 1;
                        settled.error = error;
                    });
                }
                accepted = socket.accept() => match accepted {
                    Ok(stream) => self.take(stream),
                    Err(error) => {
                        tracing::warn!("cannot accept a connection: {error}");
                        tokio::time::sleep_until(tokio::time::Instant::now() + PAUSE).await;
                    }
                },
            }
        }
    }

    fn take(&self, stream: TcpStream) {
        let Ok(place) = Arc::clone(&self.plumbing.places).try_acquire_owned() else {
            tracing::warn!("a connection beyond limits.connections = {} was refused", self.terms.limits.connections);
            self.service.over_limit();
            self.plumbing.tasks.spawn(connection::refuse(stream));
            return;
        };
        let (service, terms, stop) = (self.service.clone(), self.terms.clone(), self.stop.clone());
        self.plumbing.tasks.spawn(async move {
            let shared = service.clone();
            let answer = move |request, arrival| {
                let service = shared.clone();
                async move { service.answer(request, arrival).await }
            };
            if let Some(own) = connection::serve(stream, terms, stop, answer).await {
                service.unserved(&own);
            }
            drop(place);
        });
    }
}

// === impl State ===

impl State {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Refuse => "refuse",
            Self::Blackhole => "blackhole",
        }
    }
}
