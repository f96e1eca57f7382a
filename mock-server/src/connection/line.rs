//! The half below TLS: the TCP connection itself, which can be reset and can fall silent.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::{Instant, Sleep};

/// A TCP connection that follows orders.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    orders: Arc<Orders>,
    /// Between two looks at what is still to be sent, and how many there were.
    look: Option<(Pin<Box<Sleep>>, u32)>,
}

/// Orders for a connection, from whoever is above it.
#[derive(Debug, Default)]
pub(super) struct Orders {
    reset: AtomicBool,
    stall: AtomicBool,
    /// Somebody waits, and wants to know when the peer leaves.
    watch: AtomicBool,
    left: Notify,
}

// === impl Orders ===

impl Orders {
    /// When it is closed next, it ends with RST instead of FIN.
    pub(super) fn reset(&self) {
        self.reset.store(true, Ordering::Release);
    }

    /// From now on nothing goes in or out.
    pub(super) fn stall(&self) {
        self.stall.store(true, Ordering::Release);
    }

    /// Ends when the peer has said all that it has to say, or reset the connection.
    pub(super) async fn left(&self) {
        self.watch.store(true, Ordering::Release);
        self.left.notified().await;
    }

    /// Nobody wants to know any more.
    pub(super) fn unwatch(&self) {
        self.watch.store(false, Ordering::Release);
    }

    #[inline]
    fn is_stalled(&self) -> bool {
        self.stall.load(Ordering::Acquire)
    }
}

// === impl Line ===

impl Line {
    pub(super) fn new(stream: TcpStream, orders: Arc<Orders>) -> Self {
        Self { stream, orders, look: None }
    }

    /// Ends when the peer reset the connection. One that only said all that it has to say, or left in peace, does not
    /// show without reading.
    pub(super) async fn broken(&self) {
        if let Err(error) = self.stream.ready(Interest::ERROR).await {
            tracing::debug!("cannot watch a connection: {error}");
        }
    }

    /// The first bytes that came, without taking them.
    pub(super) async fn peek(&self, bytes: &mut [u8]) -> io::Result<usize> {
        self.stream.peek(bytes).await
    }

    /// Whoever flushes asks for the peer too, if somebody wants to know. The task comes back here when there is news.
    fn poll_left(&self, context: &mut Context<'_>) {
        let mut scrap = [0; 1];
        // Bytes of a next request say nothing of whether its sender is still there.
        if let Poll::Ready(Ok(0) | Err(_)) = self.stream.poll_peek(context, &mut ReadBuf::new(&mut scrap)) {
            self.orders.unwatch();
            self.orders.left.notify_one();
        }
    }

    /// Waits until the system has sent everything, for a peer that reads.
    fn poll_sent(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            let looks = match &mut self.look {
                None => 0,
                Some((pause, looks)) => {
                    ready!(pause.as_mut().poll(context));
                    *looks
                }
            };
            if looks >= LOOKS || is_all_sent(&self.stream) {
                return Poll::Ready(());
            }
            self.look = Some((Box::pin(tokio::time::sleep_until(Instant::now() + LOOK_EVERY)), looks + 1));
        }
    }

    /// Silent, but not deaf: a client that gives up frees the connection. What it sends meanwhile is thrown away.
    fn poll_stalled(&mut self, context: &mut Context<'_>) -> Poll<io::Error> {
        let mut scrap = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut scrap);
            match ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer)) {
                Ok(()) if buffer.filled().is_empty() => {
                    return Poll::Ready(io::Error::new(io::ErrorKind::ConnectionAborted, "the client gave up"));
                }
                Ok(()) => {}
                Err(error) => return Poll::Ready(error),
            }
        }
    }
}

/// How often, and for how long, a line looks whether all was sent.
const LOOK_EVERY: Duration = Duration::from_millis(2);
const LOOKS: u32 = 1000;

/// Whether nothing waits in the system's queue. There is no portable way to ask.
#[cfg(target_os = "linux")]
fn is_all_sent(stream: &TcpStream) -> bool {
    use std::os::fd::AsFd;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    // With this mark a socket counts as writable only if less than one byte is unsent.
    if socket2::SockRef::from(stream).set_tcp_notsent_lowat(1).is_err() {
        return true;
    }
    let mut asked = [PollFd::new(stream.as_fd(), PollFlags::POLLOUT)];
    !matches!(poll(&mut asked, PollTimeout::ZERO), Ok(0))
}

#[cfg(not(target_os = "linux"))]
fn is_all_sent(_: &TcpStream) -> bool {
    true
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.orders.reset.load(Ordering::Acquire)
            && let Err(error) = self.stream.set_zero_linger()
        {
            tracing::debug!("cannot reset a connection: {error}");
        }
    }
}

impl AsyncRead for Line {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.orders.is_stalled() {
            return self.poll_stalled(context).map(Err);
        }
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    #[inline]
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.orders.is_stalled() {
            return self.poll_stalled(context).map(Err);
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    #[inline]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.orders.is_stalled() {
            return self.poll_stalled(context).map(Err);
        }
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    #[inline]
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        ready!(Pin::new(&mut this.stream).poll_flush(context))?;
        if this.orders.reset.load(Ordering::Acquire) {
            ready!(this.poll_sent(context));
        }
        if this.orders.watch.load(Ordering::Acquire) {
            this.poll_left(context);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.orders.reset.load(Ordering::Acquire) {
            // A FIN before the RST would be the end of a good connection.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
