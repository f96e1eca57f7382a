//! From an accepted connection to a stream that HTTP can be spoken on: delay, reset, close, silence, TLS.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::line::{Line, Orders};
use super::streams::PREFACE;
use super::transport::Transport;
use super::{Accept, Gatekeeping, Handshake, Terms, TlsTerms};

/// How long a connection that was closed may take to notice.
const FAREWELL: Duration = Duration::from_secs(1);

/// The stream, and whether HTTP/2 is spoken on it; `None` if there will be none.
pub(super) async fn enter(line: Line, orders: &Orders, terms: &Terms) -> Option<(Transport, bool)> {
    let Gatekeeping { accept, delay, .. } = *terms.gatekeeping.borrow();
    if !delay.is_zero() {
        // A client that left does not show while its bytes wait to be read: no delay outlasts the idle time-out.
        let delay = delay.min(terms.limits.idle_timeout.unsigned());
        tokio::select! {
            () = super::pause(delay) => {}
            () = line.broken() => return None,
        }
    }
    match accept {
        Accept::Serve => shake_hands(line, orders, terms).await,
        Accept::Reset => {
            orders.reset();
            None
        }
        Accept::Close => {
            close(line).await;
            None
        }
        Accept::Stall => {
            stall(line, orders, terms).await;
            None
        }
    }
}

async fn close(mut line: Line) {
    // Closing with unread bytes would send RST.
    let farewell = async {
        line.shutdown().await?;
        drain(&mut line).await
    };
    if !matches!(tokio::time::timeout(FAREWELL, farewell).await, Ok(Ok(()))) {
        tracing::debug!("a connection that was closed on purpose did not notice");
    }
}

async fn stall(mut line: Line, orders: &Orders, terms: &Terms) {
    orders.stall();
    // Ends when the client gives up, or when it has been silent for long enough.
    if tokio::time::timeout(terms.limits.idle_timeout.unsigned(), drain(&mut line)).await.is_err() {
        tracing::debug!("a connection was stalled for limits.idle_timeout");
    }
}

/// A fatal alert of RFC 8446: `handshake_failure`.
const HANDSHAKE_FAILURE: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

/// What becomes of a connection on whose greeting there will be no TLS.
async fn snub(mut line: Line, orders: &Orders, terms: &Terms, handshake: Handshake) {
    let mut greeting = [0; 4096];
    match tokio::time::timeout(terms.limits.head_timeout.unsigned(), line.read(&mut greeting)).await {
        Ok(Ok(1..)) => {}
        _ => return,
    }
    match handshake {
        Handshake::Stall => stall(line, orders, terms).await,
        Handshake::Reset => orders.reset(),
        Handshake::Abort | Handshake::Serve => {
            if let Err(error) = line.write_all(&HANDSHAKE_FAILURE).await {
                tracing::debug!("an alert could not be sent: {error}");
            }
            close(line).await;
        }
    }
}

async fn shake_hands(line: Line, orders: &Orders, terms: &Terms) -> Option<(Transport, bool)> {
    let Some(TlsTerms { acceptor, handshake }) = &terms.tls else {
        let is_http2 = terms.http2 && greets_in_http2(&line, terms).await?;
        return Some((Transport::Plain(line), is_http2));
    };
    if *handshake != Handshake::Serve {
        snub(line, orders, terms, *handshake).await;
        return None;
    }
    match tokio::time::timeout(terms.limits.head_timeout.unsigned(), acceptor.accept(line)).await {
        Ok(Ok(stream)) => {
            let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
            Some((Transport::Tls(Box::new(stream)), is_http2))
        }
        Ok(Err(error)) => {
            tracing::info!("a TLS handshake failed: {error}");
            None
        }
        Err(_) => {
            tracing::info!("a TLS handshake took longer than limits.head_timeout");
            None
        }
    }
}

/// Whether a client speaks HTTP/2 without asking (prior knowledge, RFC 9113). Its first bytes stay where they are.
/// `None` for one that says nothing at all.
async fn greets_in_http2(line: &Line, terms: &Terms) -> Option<bool> {
    /// Between two looks at a greeting that comes in pieces.
    const LOOK_EVERY: Duration = Duration::from_millis(5);
    let mut greeting = [0; PREFACE.len()];
    let mut patience = terms.limits.head_timeout.unsigned();
    loop {
        let idle = terms.limits.idle_timeout.unsigned();
        let Ok(Ok(length)) = tokio::time::timeout(idle, line.peek(&mut greeting)).await else { return None };
        let came = &greeting[..length];
        if length == 0 || length == PREFACE.len() || !PREFACE.starts_with(came) {
            return Some(came == PREFACE);
        }
        // Peeking at the same bytes again takes no time at all.
        super::pause(LOOK_EVERY).await;
        let Some(left) = patience.checked_sub(LOOK_EVERY) else {
            // Whatever it is, it is a head that does not end, and there is an answer to that.
            return Some(false);
        };
        patience = left;
    }
}

async fn drain(line: &mut Line) -> std::io::Result<()> {
    let mut scrap = [0; 4096];
    while line.read(&mut scrap).await? > 0 {}
    Ok(())
}
