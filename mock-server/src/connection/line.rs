//! The half below TLS: the TCP connection itself, which can be reset and can fall silent.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;

/// A TCP connection that follows orders.
#[derive(Debug)]
pub(super) struct Line {
    stream: TcpStream,
    orders: Arc<Orders>,
}

/// Orders for a connection, from whoever is above it.
#[derive(Debug, Default)]
pub(super) struct Orders {
    reset: AtomicBool,
    stall: AtomicBool,
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

    #[inline]
    fn is_stalled(&self) -> bool {
        self.stall.load(Ordering::Acquire)
    }
}

// === impl Line ===

impl Line {
    pub(super) fn new(stream: TcpStream, orders: Arc<Orders>) -> Self {
        Self { stream, orders }
    }

    /// Ends when the peer reset the connection. One that only said all that it has to say, or left in peace, does not
    /// show without reading.
    pub(super) async fn broken(&self) {
        if let Err(error) = self.stream.ready(Interest::ERROR).await {
            tracing::debug!("cannot watch a connection: {error}");
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
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.orders.reset.load(Ordering::Acquire) {
            // A FIN before the RST would be the end of a good connection.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
