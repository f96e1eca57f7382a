//! A listening socket that can stop listening without giving up its port, and that can swallow connections.
//!
//! Refusing: a socket that is bound and does not listen makes the system answer SYN with RST. Swallowing: with a queue
//! of one place that is taken, the system drops every further SYN, and clients wait for an answer that never comes.
//! Linux lets a socket stop listening and keep its port; elsewhere there is a moment between two states in which the
//! port is nobody's.

use std::io;
use std::net::{Shutdown, SocketAddr};

use socket2::{Domain, Socket as RawSocket, Type};
use tokio::net::{TcpListener, TcpStream};

use crate::connection::State;

/// One socket in one of its states.
#[derive(Debug)]
pub(super) struct Socket {
    address: SocketAddr,
    held: Held,
    /// Connections of our own that take the places in the queue.
    fillers: Vec<RawSocket>,
}

#[derive(Debug)]
enum Held {
    Listening(TcpListener),
    /// Bound, and perhaps with a queue that is full; nobody is taken off it.
    Parked(RawSocket),
    /// Between two states, or after one that could not be reached.
    Nothing,
}

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1024;
/// One more than the system lets into a queue of no length, and some to spare.
const FILLERS: usize = 4;

// === impl Socket ===

impl Socket {
    pub(super) fn new(listener: TcpListener) -> io::Result<Self> {
        let address = listener.local_addr()?;
        Ok(Self { address, held: Held::Listening(listener), fillers: Vec::new() })
    }

    /// The next connection; waits for ever while it lets nobody in.
    pub(super) async fn accept(&self) -> io::Result<TcpStream> {
        match &self.held {
            Held::Listening(listener) => Ok(listener.accept().await?.0),
            Held::Parked(_) | Held::Nothing => std::future::pending().await,
        }
    }

    pub(super) fn set(&mut self, state: State) -> io::Result<()> {
        let is_there = match (&self.held, state) {
            (Held::Listening(_), State::Up) => true,
            (Held::Parked(_), State::Refuse) => self.fillers.is_empty(),
            (Held::Parked(_), State::Blackhole) => !self.fillers.is_empty(),
            _ => false,
        };
        if is_there {
            return Ok(());
        }
        let is_listening = matches!(self.held, Held::Listening(_)) || !self.fillers.is_empty();
        self.fillers.clear();
        let socket = match std::mem::replace(&mut self.held, Held::Nothing) {
            Held::Listening(listener) => Some(RawSocket::from(listener.into_std()?)),
            Held::Parked(socket) => Some(socket),
            Held::Nothing => None,
        };
        let kept = socket.filter(|socket| !is_listening || stop_listening(socket));
        // The old one is gone before the new one comes: two cannot listen on one port.
        let socket = match kept {
            Some(socket) => socket,
            None => bound(self.address)?,
        };
        self.held = match state {
            State::Refuse => Held::Parked(socket),
            State::Blackhole => {
                socket.listen(0)?;
                self.fillers = (0..FILLERS).map(|_| self.fill()).collect::<io::Result<_>>()?;
                Held::Parked(socket)
            }
            State::Up => Held::Listening(listen(socket)?),
        };
        Ok(())
    }

    fn fill(&self) -> io::Result<RawSocket> {
        let filler = RawSocket::new(Domain::for_address(self.address), Type::STREAM, None)?;
        filler.set_nonblocking(true)?;
        match filler.connect(&self.address.into()) {
            // Under way: the first gets the place, the others keep knocking.
            Err(error) if !is_in_progress(&error) => Err(error),
            _ => Ok(filler),
        }
    }
}

/// Listens. A port that the system chose is bound once more by its number: only such a port stays with a socket that
/// stops listening.
pub(super) fn open(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let chosen = bound(address)?;
    let address = chosen.local_addr()?.as_socket().unwrap_or(address);
    let socket = bound(address);
    drop(chosen);
    let listener = listen(socket?)?;
    Ok((listener, address))
}

fn listen(socket: RawSocket) -> io::Result<TcpListener> {
    socket.listen(BACKLOG)?;
    socket.set_nonblocking(true)?;
    TcpListener::from_std(socket.into())
}

/// Whether a socket listens no more and is as good as one that was just bound.
fn stop_listening(socket: &RawSocket) -> bool {
    cfg!(target_os = "linux") && socket.shutdown(Shutdown::Read).is_ok()
}

fn bound(address: SocketAddr) -> io::Result<RawSocket> {
    let socket = RawSocket::new(Domain::for_address(address), Type::STREAM, None)?;
    // Connections that are open, or were until just now, must not be in the way.
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

/// `EINPROGRESS` has no stable kind of its own.
fn is_in_progress(error: &io::Error) -> bool {
    const EINPROGRESS: i32 = 115;
    error.raw_os_error() == Some(EINPROGRESS) || error.kind() == io::ErrorKind::WouldBlock
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream as Client;
    use std::time::Duration;

    use super::*;

    /// A dropped SYN shows only as time that passes; this much is enough on loopback.
    const SILENCE: Duration = Duration::from_millis(200);

    #[tokio::test]
    async fn a_socket_lets_in_refuses_and_swallows() {
        let mut socket = Socket::new(open("127.0.0.1:0".parse().unwrap()).unwrap().0).unwrap();
        let address = socket.address;
        let kind = || Client::connect_timeout(&address, SILENCE).map(drop).map_err(|error| error.kind());
        // Each from each.
        for state in [
            State::Up,
            State::Refuse,
            State::Up,
            State::Blackhole,
            State::Up,
            State::Blackhole,
            State::Refuse,
            State::Blackhole,
        ] {
            socket.set(state).unwrap();
            let expected = match state {
                State::Up => Ok(()),
                State::Refuse => Err(io::ErrorKind::ConnectionRefused),
                State::Blackhole => Err(io::ErrorKind::TimedOut),
            };
            assert_eq!(kind(), expected, "{state:?}");
        }
        socket.set(State::Up).unwrap();
        assert!(Client::connect(address).is_ok());
        assert!(socket.accept().await.is_ok());
    }
}
