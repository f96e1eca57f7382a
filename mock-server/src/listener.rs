//! Listeners: those of the process, and those that a sandbox has for itself. Whatever happens before a request head is
//! read belongs to a listener: slow accept, refusal, silence, TLS.

mod acceptor;
mod own;
mod socket;
mod spec;
mod tls;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use acceptor::{Acceptor, Settled};
pub(crate) use own::{CannotListen, Listener, Listeners};
pub(crate) use spec::{ListenerChange, ListenerSpec, ListenerView, TlsSpec};
pub(crate) use tls::{Authority, InvalidTls, Tls};

/// What every listener needs of the process.
#[derive(Clone, Debug)]
pub(crate) struct Plumbing {
    pub(crate) tasks: TaskTracker,
    /// Everything ends.
    pub(crate) drain: CancellationToken,
    /// Room for connections.
    pub(crate) places: Arc<Semaphore>,
    /// Addresses to listen on.
    pub(crate) hosts: Vec<IpAddr>,
}

/// A socket with the address that it really got.
pub(crate) type Bound = (TcpListener, SocketAddr);

/// An address that cannot be listened on.
#[derive(Debug)]
pub(crate) struct Unbound {
    pub(crate) address: SocketAddr,
    pub(crate) cause: io::Error,
}

/// How often a port that the system chose for one address may turn out to be taken on the next.
const ATTEMPTS: usize = 16;

/// Opens every address on one port. A machine without IPv6 does without `::1`.
pub(crate) fn bind(hosts: &[IpAddr], port: u16) -> Result<Vec<Bound>, Unbound> {
    let mut attempt = 1;
    loop {
        match bind_all(hosts, port) {
            Err(Unbound { cause, .. })
                if port == 0 && attempt < ATTEMPTS && cause.kind() == io::ErrorKind::AddrInUse =>
            {
                attempt += 1;
            }
            result => return result,
        }
    }
}

fn bind_all(hosts: &[IpAddr], port: u16) -> Result<Vec<Bound>, Unbound> {
    let mut bound: Vec<Bound> = Vec::new();
    for host in hosts {
        let port = bound.first().map_or(port, |(_, address)| address.port());
        let address = SocketAddr::from((*host, port));
        match socket::open(address) {
            Ok(listener) => bound.push(listener),
            Err(cause) if host.is_ipv6() && host.is_loopback() && !bound.is_empty() && no_such_address(&cause) => {
                tracing::debug!("not listening on ::1: {cause}");
            }
            Err(cause) => return Err(Unbound { address, cause }),
        }
    }
    Ok(bound)
}

fn no_such_address(error: &io::Error) -> bool {
    // "Address family not supported" has no stable kind of its own.
    error.kind() == io::ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(97)
}
