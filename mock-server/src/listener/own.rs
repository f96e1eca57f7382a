//! The listeners that a sandbox has for itself.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::HeaderMap;
use http::header::HOST;
use tokio::sync::watch;
use tokio_util::sync::DropGuard;

use super::acceptor::Settled;
use super::spec::{ListenerChange, ListenerRole, ListenerSpec, ListenerView, TlsFault};
use super::tls::{InvalidTls, Tls};
use super::{Acceptor, Unbound, bind};
use crate::app::{App, Door, Role, Service};
use crate::connection::{Accept, Gatekeeping, Terms, TlsTerms};
use crate::sandbox::Sandbox;
use crate::url;

/// The listeners of one sandbox. They end with it.
#[derive(Debug, Default)]
pub(crate) struct Listeners {
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    used: u64,
    /// The sandbox is gone.
    closed: bool,
    by_id: BTreeMap<u64, Arc<Listener>>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct Listener {
    id: u64,
    address: SocketAddr,
    role: ListenerRole,
    ca_pem: Option<String>,
    is_tls: bool,
    http2: bool,
    tls_fault: Option<TlsFault>,
    origin: Gatekeeping,
    gatekeeping: watch::Sender<Gatekeeping>,
    /// Of each of its sockets.
    settled: Vec<watch::Receiver<Settled>>,
    _stop: DropGuard,
}

/// Why a listener was not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CannotListen {
    #[error("cannot listen on {}: {}", .0.address, .0.cause)]
    Unbound(Unbound),
    #[error(transparent)]
    Tls(#[from] InvalidTls),
    #[error("the sandbox has {MOST} listeners already, which is the limit; close some")]
    TooMany,
    #[error("the sandbox was deleted meanwhile")]
    Gone,
    #[error("the port could not be taken back; somebody else may have it: {0}")]
    Lost(String),
}

/// Listeners of one sandbox at most.
const MOST: usize = 100;
/// For a socket to follow an order; it takes microseconds.
const PATIENCE: Duration = Duration::from_secs(5);

// === impl Listeners ===

impl Listeners {
    /// Opens a listener for a sandbox.
    pub(crate) async fn open(
        &self,
        app: &Arc<App>,
        sandbox: &Arc<Sandbox>,
        spec: &ListenerSpec,
    ) -> Result<Arc<Listener>, CannotListen> {
        let tls = spec.tls.as_ref().map(|tls| app.authority.tls(tls, sandbox.clock.now(), spec.http2)).transpose()?;
        if self.lock().by_id.len() >= MOST {
            return Err(CannotListen::TooMany);
        }
        let bound = bind(&app.plumbing.hosts, spec.port).map_err(CannotListen::Unbound)?;
        let role = match spec.role {
            ListenerRole::Api if app.urls.is_shared => Role::Both,
            ListenerRole::Api => Role::Vendors,
            ListenerRole::Trap => Role::Trap,
        };
        let scheme = if tls.is_some() { "https" } else { "http" };
        let service = Service::new(app, Door::new(role, Some(Arc::clone(sandbox)), scheme));
        let origin = spec.gatekeeping();
        let (gatekeeping, watched) = watch::channel(origin);
        let stop = app.plumbing.drain.child_token();
        // Whatever goes wrong from here on, the sockets close.
        let guard = stop.clone().drop_guard();
        let (acceptor, ca_pem) = match tls {
            Some(Tls { acceptor, ca_pem, handshake }) => (Some(TlsTerms { acceptor, handshake }), ca_pem),
            None => (None, None),
        };
        let is_tls = acceptor.is_some();
        let terms = Terms {
            limits: app.limits.clone(),
            tls: acceptor,
            http2: spec.http2,
            gatekeeping: watched,
            taps: app.taps.clone(),
        };
        let Some(address) = bound.first().map(|(_, address)| *address) else {
            return Err(CannotListen::TooMany);
        };
        let mut settled = Vec::new();
        for socket in bound {
            let (sender, receiver) = watch::channel(Settled::default());
            settled.push(receiver);
            let acceptor = Acceptor {
                service: service.clone(),
                terms: terms.clone(),
                plumbing: app.plumbing.clone(),
                stop: stop.clone(),
                settled: sender,
            };
            app.plumbing.tasks.spawn(acceptor.run(socket));
        }
        let listener = {
            let mut open = self.lock();
            if open.closed {
                return Err(CannotListen::Gone);
            }
            if open.by_id.len() >= MOST {
                return Err(CannotListen::TooMany);
            }
            open.used += 1;
            let listener = Arc::new(Listener {
                id: open.used,
                address,
                role: spec.role,
                ca_pem,
                is_tls,
                http2: spec.http2,
                tls_fault: spec.tls.as_ref().and_then(|tls| tls.fault),
                origin,
                gatekeeping,
                settled,
                _stop: guard,
            });
            open.by_id.insert(listener.id, Arc::clone(&listener));
            listener
        };
        listener.settle(1).await?;
        Ok(listener)
    }

    /// URL of the first trap, by the name that the server is known by to whoever sent these headers.
    pub(crate) fn trap(&self, headers: &HeaderMap) -> Option<String> {
        let open = self.lock();
        let trap = open.by_id.values().find(|listener| listener.role == ListenerRole::Trap)?;
        let host = headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| !host.is_empty());
        let name = host.map_or_else(|| trap.address.ip().to_string(), |host| url::name_of(host).to_owned());
        Some(format!("{}://{name}:{}", if trap.is_tls { "https" } else { "http" }, trap.address.port()))
    }

    /// Every listener, in the order in which they were opened.
    pub(crate) fn list(&self) -> Vec<Arc<Listener>> {
        self.lock().by_id.values().map(Arc::clone).collect()
    }

    /// One of them.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<Listener>> {
        self.lock().by_id.get(&number(id)?).map(Arc::clone)
    }

    /// Closes one of them, and its connections. False if there is none of that id.
    pub(crate) fn close(&self, id: &str) -> bool {
        number(id).is_some_and(|number| self.lock().by_id.remove(&number).is_some())
    }

    /// Closes all of them.
    pub(crate) fn close_all(&self) {
        let mut open = self.lock();
        open.closed = true;
        open.by_id.clear();
    }

    /// Takes all of them back to how they were opened.
    pub(crate) fn reset(&self) {
        for listener in self.list() {
            listener.gatekeeping.send_if_modified(|now| {
                let origin = Gatekeeping { refusals: now.refusals, ..listener.origin };
                std::mem::replace(now, origin) != origin
            });
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn number(id: &str) -> Option<u64> {
    id.strip_prefix('l')?.parse().ok()
}

// === impl Listener ===

impl Listener {
    /// Changes it, and waits until its sockets followed. If one could not, it stays as it was.
    pub(crate) async fn change(&self, change: &ListenerChange) -> Result<(), CannotListen> {
        let before = *self.gatekeeping.borrow();
        self.order(|gatekeeping| change.apply(gatekeeping)).await.inspect_err(|_| {
            self.gatekeeping.send_replace(before);
        })
    }

    /// As it is shown; `url` makes one of a scheme and an address.
    pub(crate) fn view(&self, url: impl FnOnce(&str, SocketAddr) -> String) -> ListenerView {
        let Gatekeeping { state, accept, delay, .. } = *self.gatekeeping.borrow();
        ListenerView {
            id: format!("l{}", self.id),
            url: url(if self.is_tls { "https" } else { "http" }, self.address),
            port: self.address.port(),
            role: self.role,
            state: state.name(),
            accept: match accept {
                Accept::Serve => "serve",
                Accept::Reset => "reset",
                Accept::Close => "close",
                Accept::Stall => "stall",
            },
            accept_delay_ms: u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
            http2: self.http2,
            tls_fault: self.tls_fault,
            ca_pem: self.ca_pem.clone(),
        }
    }

    async fn order(&self, order: impl FnOnce(&mut Gatekeeping)) -> Result<(), CannotListen> {
        let times = self.settled.iter().map(|settled| settled.borrow().times).min().unwrap_or(0) + 1;
        self.gatekeeping.send_modify(order);
        self.settle(times).await
    }

    async fn settle(&self, times: u64) -> Result<(), CannotListen> {
        for settled in &self.settled {
            let mut settled = settled.clone();
            match tokio::time::timeout(PATIENCE, settled.wait_for(|settled| settled.times >= times)).await {
                Ok(Ok(settled)) => {
                    if let Some(error) = &settled.error {
                        return Err(CannotListen::Lost(error.clone()));
                    }
                }
                Ok(Err(_)) => return Err(CannotListen::Gone),
                Err(_) => return Err(CannotListen::Lost("it did not follow in time".to_owned())),
            }
        }
        Ok(())
    }
}
