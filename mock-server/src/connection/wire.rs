//! The half above TLS: what hyper reads is tapped, what it writes is tampered with and tapped.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::Shared;
use super::pace::Pass;
use super::tamper::End;
use super::tampering::{Next, Tampering};

/// A stream between hyper and the time-outs.
#[derive(Debug)]
pub(super) struct Wire<S> {
    stream: S,
    shared: Arc<Shared>,
    tampering: Option<Tampering>,
    /// What was made of hyper's bytes and is not out yet.
    out: BytesMut,
    /// What to do once it is all out, and how long after that.
    end: Option<(End, Duration)>,
    /// A pause that is under way.
    pause: Option<Pin<Box<Sleep>>>,
}

// === impl Wire ===

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(stream: S, shared: Arc<Shared>) -> Self {
        Self { stream, shared, tampering: None, out: BytesMut::new(), end: None, pause: None }
    }

    /// Whether orders hold for what is written next. What the last answer left is out before they change.
    #[inline]
    fn poll_orders(&mut self, context: &mut Context<'_>) -> Poll<io::Result<bool>> {
        if let Some(tampering) = &self.tampering {
            let is_over = tampering.is_over();
            ready!(self.poll_out(context))?;
            if is_over {
                // What hyper writes by itself, such as 100 Continue, is none of the orders' business.
                self.tampering = None;
            }
        }
        Poll::Ready(Ok(self.shared.take_orders(&mut self.tampering)))
    }

    /// Writes through orders: hyper's bytes are taken whole, and what is made of them goes out before any more.
    fn poll_tampered(&mut self, context: &mut Context<'_>, slices: &[&[u8]]) -> Poll<io::Result<usize>> {
        let Some(tampering) = &mut self.tampering else {
            return Poll::Ready(Ok(0));
        };
        let mut taken = 0;
        for bytes in slices {
            taken += bytes.len();
            if let Next::End(end, late) = tampering.feed(bytes, &mut self.out) {
                self.end = Some((end, late));
                break;
            }
        }
        // Whether or not it goes out at once: it is ours now.
        match self.poll_out(context) {
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(taken)),
        }
    }

    fn wait(&mut self, pause: Duration) {
        self.shared.phases.hold();
        self.pause = Some(Box::pin(tokio::time::sleep_until(Instant::now() + pause)));
    }

    /// A connection that pauses on purpose is not idle.
    fn poll_pause(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(pause) = &mut self.pause {
            ready!(pause.as_mut().poll(context));
            self.pause = None;
            self.shared.phases.release();
        }
        Poll::Ready(())
    }

    /// Writes what is to go out, with its pauses, and then ends the connection if that was ordered.
    fn poll_out(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_pause(context));
            if self.out.is_empty() {
                break;
            }
            let pass = self.tampering.as_mut().map_or(Pass::Bytes(usize::MAX), Tampering::pass);
            let most = match pass {
                Pass::Wait(pause) => {
                    // What stands before the pause must not wait in a buffer of TLS.
                    ready!(Pin::new(&mut self.stream).poll_flush(context))?;
                    self.wait(pause);
                    continue;
                }
                Pass::Bytes(most) => most.min(self.out.len()),
            };
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, &self.out[..most]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.shared.went(&self.out[..written]);
            self.out.advance(written);
            if let Some(tampering) = &mut self.tampering {
                tampering.sent += written;
            }
        }
        if let Some((_, late)) = &mut self.end
            && !late.is_zero()
        {
            let late = std::mem::take(late);
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            self.wait(late);
            ready!(self.poll_pause(context));
        }
        match self.end.map(|(end, _)| end) {
            None => Poll::Ready(Ok(())),
            Some(End::Reset) => {
                self.shared.orders.reset();
                // A reset throws away what the system has not sent yet: the line waits until it has.
                ready!(Pin::new(&mut self.stream).poll_flush(context))?;
                Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionReset, "reset on purpose")))
            }
            Some(End::Close) => {
                ready!(Pin::new(&mut self.stream).poll_shutdown(context))?;
                Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionAborted, "closed on purpose")))
            }
            Some(End::Stall) => {
                ready!(Pin::new(&mut self.stream).poll_flush(context))?;
                self.shared.orders.stall();
                // The line below wakes us when the client gives up, the time-outs when patience ends.
                let mut scrap = [0; 1];
                ready!(Pin::new(&mut self.stream).poll_read(context, &mut ReadBuf::new(&mut scrap)))?;
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "stalled on purpose for long enough")))
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wire<S> {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before && self.shared.is_tapped() {
            self.shared.came(&buffer.filled()[before..]);
        }
        result
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    #[inline]
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if ready!(this.poll_orders(context))? {
            return this.poll_tampered(context, &[bytes]);
        }
        let written = ready!(Pin::new(&mut this.stream).poll_write(context, bytes))?;
        this.shared.went(&bytes[..written]);
        Poll::Ready(Ok(written))
    }

    #[inline]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if ready!(this.poll_orders(context))? {
            let slices: Vec<&[u8]> = slices.iter().map(|slice| &**slice).collect();
            return this.poll_tampered(context, &slices);
        }
        let written = ready!(Pin::new(&mut this.stream).poll_write_vectored(context, slices))?;
        if let Some(record) = this.shared.record() {
            let mut rest = written;
            for slice in slices {
                let part = slice.len().min(rest);
                record.went(&slice[..part]);
                rest -= part;
                if rest == 0 {
                    break;
                }
            }
        }
        Poll::Ready(Ok(written))
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    #[inline]
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.tampering.is_some() {
            ready!(this.poll_out(context))?;
        }
        Pin::new(&mut this.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

// === impl Shared: what the tap and the orders need ===

impl Shared {
    fn came(&self, bytes: &[u8]) {
        self.current_record().came(bytes);
    }

    fn went(&self, bytes: &[u8]) {
        if let Some(record) = self.record() {
            record.went(bytes);
        }
    }
}
