//! A stream that watches the clock for hyper: a silent connection, a head that never ends, a peer that never reads.
//!
//! These limits run on the real clock: they protect the process, they are not part of the story that a test tells.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use super::Shared;
use super::rarely::Rarely;
use crate::config::LimitsSection;

/// Where a connection is in its life; shared by the stream and the service above it.
#[derive(Debug, Default)]
pub(super) struct Phases(AtomicU8);

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Phase {
    /// Between requests.
    Idle = 0,
    /// Some of a head has come.
    Head = 1,
    /// A request is being answered; its own limits apply.
    Busy = 2,
    /// Its answer goes out with pauses.
    Paused = 3,
}

/// The stream. It asks no clock while there is something to do: a timer ticks where there is something to wait for, and
/// any progress takes the count of ticks back to nought.
#[derive(Debug)]
pub(super) struct Watched<S> {
    stream: S,
    shared: Arc<Shared>,
    idle: Duration,
    head: Duration,
    timer: Rarely<Sleep>,
    /// Whether the timer ticks for a head.
    is_head: bool,
    /// Ticks without progress.
    quiet: u32,
    /// How the head begins that is coming in, for the journal in case nothing else learns of it.
    head_start: Vec<u8>,
}

/// Ticks in a time-out: it strikes at most one tick late, and never early.
const TICKS: u32 = 8;

/// Bytes of a head that the journal may want.
const HEAD_KEPT: usize = 512;

/// Status of a head that never ends.
pub(super) const HEAD_TOO_SLOW: u16 = 408;
const HEAD_TOO_SLOW_ANSWER: &[u8] = b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";

// === impl Phases ===

impl Phases {
    #[inline]
    pub(super) fn enter(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Release);
    }

    #[inline]
    fn now(&self) -> Phase {
        match self.0.load(Ordering::Acquire) {
            0 => Phase::Idle,
            1 => Phase::Head,
            2 => Phase::Busy,
            _ => Phase::Paused,
        }
    }

    /// From idle to paused.
    pub(super) fn hold(&self) {
        self.exchange(Phase::Idle, Phase::Paused);
    }

    /// From paused to idle.
    pub(super) fn release(&self) {
        self.exchange(Phase::Paused, Phase::Idle);
    }

    fn exchange(&self, from: Phase, to: Phase) {
        // Whoever is elsewhere by now stays there.
        let (Ok(_) | Err(_)) = self.0.compare_exchange(from as u8, to as u8, Ordering::AcqRel, Ordering::Acquire);
    }
}

// === impl Watched ===

impl<S: AsyncRead + AsyncWrite + Unpin> Watched<S> {
    pub(super) fn new(stream: S, limits: &LimitsSection, shared: Arc<Shared>) -> Self {
        let (idle, head) = (limits.idle_timeout.unsigned(), limits.head_timeout.unsigned());
        let timer = Rarely::new(tokio::time::sleep_until(Instant::now() + idle / TICKS));
        Self { stream, shared, idle, head, timer, is_head: false, quiet: 0, head_start: Vec::new() }
    }

    /// Some of a head, or of what should be one, came in.
    #[inline]
    fn note_head(&mut self, bytes: &[u8]) {
        if matches!(self.shared.phases.now(), Phase::Idle | Phase::Paused) {
            self.shared.begin_head();
            self.head_start.clear();
        }
        let room = HEAD_KEPT.saturating_sub(self.head_start.len());
        self.head_start.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Whether there was silence for too long: that of a head while one comes in, else that of an idle connection.
    #[inline]
    fn poll_patience(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let is_head = self.shared.phases.now() == Phase::Head;
        let tick = if is_head { self.head } else { self.idle } / TICKS;
        // A head does not get more time by coming in pieces, so its count is taken back only when it begins.
        if self.is_head != is_head {
            (self.is_head, self.quiet) = (is_head, 0);
            self.timer.rouse().reset(Instant::now() + tick);
        }
        loop {
            ready!(Pin::new(&mut self.timer).poll(context));
            self.quiet += 1;
            // The first tick may have begun before the silence did.
            if self.quiet > TICKS {
                return Poll::Ready(());
            }
            self.timer.rouse().reset(Instant::now() + tick);
        }
    }

    fn timed_out(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.shared.phases.now() {
            Phase::Head => {
                self.shared.note_timeout();
                // Best effort: whoever cannot even take these bytes learns it from the close.
                if let Poll::Ready(Err(error)) = Pin::new(&mut self.stream).poll_write(context, HEAD_TOO_SLOW_ANSWER) {
                    tracing::debug!("cannot answer 408: {error}");
                }
                Err(io::Error::new(io::ErrorKind::TimedOut, "the request head took too long"))
            }
            // To hyper an end of stream between requests is a normal end.
            Phase::Idle | Phase::Busy | Phase::Paused => Ok(()),
        }
    }

    /// What a peer that does not read keeps from ending.
    #[inline]
    fn poll_ended<T>(&mut self, context: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_pending() && self.poll_patience(context).is_ready() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the peer does not read")));
        }
        result
    }

    #[inline]
    fn poll_written(&mut self, context: &mut Context<'_>, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if matches!(result, Poll::Ready(Ok(1..))) {
            self.quiet = 0;
        }
        self.poll_ended(context, result)
    }
}

impl<S> Drop for Watched<S> {
    fn drop(&mut self) {
        self.shared.keep_head(std::mem::take(&mut self.head_start));
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Watched<S> {
    #[inline]
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        if let Poll::Ready(result) = Pin::new(&mut this.stream).poll_read(context, buffer) {
            let came = &buffer.filled()[before..];
            if !came.is_empty() && this.shared.phases.now() != Phase::Busy {
                this.note_head(came);
            }
            return Poll::Ready(result);
        }
        if matches!(this.shared.phases.now(), Phase::Busy | Phase::Paused) {
            return Poll::Pending;
        }
        ready!(this.poll_patience(context));
        Poll::Ready(this.timed_out(context))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    #[inline]
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let result = Pin::new(&mut this.stream).poll_write(context, bytes);
        this.poll_written(context, result)
    }

    #[inline]
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let result = Pin::new(&mut this.stream).poll_write_vectored(context, slices);
        this.poll_written(context, result)
    }

    #[inline]
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    #[inline]
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let result = Pin::new(&mut this.stream).poll_flush(context);
        this.poll_ended(context, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let result = Pin::new(&mut this.stream).poll_shutdown(context);
        this.poll_ended(context, result)
    }
}
