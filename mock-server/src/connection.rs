//! One connection: the TCP line at the bottom, TLS if the listener has it, time-outs, tap and tampering above that, and
//! hyper on top. Only here is it known what was on the wire.
//!
//! The line can be reset and can fall silent; above TLS an answer can be cut, respelled and broken. Both halves take
//! orders from the exchange, through `Tamper`, and from the listener, through `Gatekeeping`.

mod entrance;
mod line;
mod own;
mod pace;
mod rarely;
mod shared;
mod streams;
mod tamper;
mod tampering;
mod tap;
mod transport;
mod watched;
mod wire;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

use crate::config::LimitsSection;

pub(crate) use own::OwnAnswer;
pub(crate) use tamper::{Cut, End, Framing, Pace, Place, Spelling, Tamper};
pub(crate) use tap::{Side, WireRecord};

use line::{Line, Orders};
use rarely::Rarely;
use shared::Shared;
pub(crate) use shared::Taps;
pub(crate) use streams::Company;
use watched::Watched;
use wire::Wire;

/// What a listener lets happen on its connections before a request is read, and to those that are open.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Gatekeeping {
    pub(crate) state: State,
    /// What becomes of a connection that was accepted.
    pub(crate) accept: Accept,
    /// Before anything else happens to it.
    pub(crate) delay: Duration,
    /// How often it began to refuse: a connection that was open then is reset, however soon the state changes again.
    pub(crate) refusals: u64,
}

/// Whether a listener lets anybody in.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum State {
    #[default]
    Up,
    /// New connections are refused, open ones are reset.
    Refuse,
    /// New connections get no answer at all, open ones fall silent.
    Blackhole,
}

/// What becomes of a connection that was accepted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Accept {
    #[default]
    Serve,
    Reset,
    Close,
    Stall,
}

/// What the connections of one listener have in common.
#[derive(Clone)]
pub(crate) struct Terms {
    pub(crate) limits: LimitsSection,
    pub(crate) tls: Option<TlsTerms>,
    /// Whether HTTP/2 is spoken where a client wants it.
    pub(crate) http2: bool,
    pub(crate) gatekeeping: watch::Receiver<Gatekeeping>,
    pub(crate) taps: Taps,
}

/// TLS, and what becomes of its handshakes.
#[derive(Clone)]
pub(crate) struct TlsTerms {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) handshake: Handshake,
}

/// What becomes of a TLS handshake once the client has begun it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Handshake {
    Serve,
    Stall,
    Abort,
    Reset,
}

/// What a request brings along from its connection.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// Number of the connection within the process.
    pub(crate) connection: u64,
    /// The bytes that are on the wire for it, if anybody wants them.
    pub(crate) record: Option<Arc<WireRecord>>,
    pub(crate) presence: Presence,
    /// HTTP/2 alone: whose exchanges the connection carries.
    pub(crate) company: Option<Company>,
}

/// Whether the client of a connection is still there. With HTTP/2 whoever waits for a client that left is dropped.
#[derive(Debug)]
pub(crate) struct Presence(Option<Arc<Orders>>);

impl Presence {
    /// Ends when the client closed its side, or broke the connection.
    pub(crate) async fn left(&self) {
        match &self.0 {
            Some(orders) => orders.left().await,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        if let Some(orders) = &self.0 {
            orders.unwatch();
        }
    }
}

/// Serves requests until either side closes, a time-out strikes, the listener has it otherwise, or the server drains.
/// Says what was answered that no service ever saw.
pub(crate) async fn serve<A, F>(
    stream: TcpStream,
    terms: Terms,
    drain: CancellationToken,
    answer: A,
) -> Option<OwnAnswer>
where
    A: Fn(Request<Body>, Arrival) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    // Answers are small and whole: waiting for more to send only delays them.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("cannot set TCP_NODELAY: {error}");
    }
    let orders = Arc::new(Orders::default());
    let line = Line::new(stream, Arc::clone(&orders));
    let mut gatekeeping = terms.gatekeeping.clone();
    let refusals = gatekeeping.borrow().refusals;
    let (stream, is_http2) = tokio::select! {
        entered = entrance::enter(line, &orders, &terms) => entered?,
        () = drain.cancelled() => return None,
        () = refuses(&mut gatekeeping, refusals) => {
            orders.reset();
            return None;
        }
    };
    let shared = Arc::new(Shared::new(orders, terms.taps.clone()));
    if is_http2 {
        streams::serve(stream, shared.id, Arc::clone(&shared.orders), &terms, drain, answer).await;
        return None;
    }
    // What happened meanwhile is looked at before anything is served.
    gatekeeping.mark_changed();
    let mut news = Rarely::new(next_news(gatekeeping, refusals, Some(drain.clone())));
    let watched = Watched::new(stream, &terms.limits, Arc::clone(&shared));
    let wire = Wire::new(watched, Arc::clone(&shared));
    let shared = &*shared;
    let service = service_fn(|request: Request<Incoming>| {
        shared.take_head();
        let presence = Presence(Some(Arc::clone(&shared.orders)));
        let record = shared.record_for_exchange();
        let arrival = Arrival { connection: shared.id, record, presence, company: None };
        let answered = answer(request.map(Body::new), arrival);
        async move {
            let mut response = answered.await;
            shared.answer(response.extensions_mut().remove::<Tamper>());
            Ok::<_, Infallible>(response)
        }
    });
    let connection = http1::Builder::new()
        .half_close(true)
        .header_read_timeout(None)
        .max_buf_size(terms.limits.head.bytes())
        .title_case_headers(true)
        .serve_connection(TokioIo::new(wire), service);
    // Boxed, so that it can be let go before anybody asks what became of it.
    let mut connection = Box::pin(connection);
    let mut is_draining = false;
    let result = loop {
        let (event, mut gatekeeping) = tokio::select! {
            biased;
            news = &mut news => news,
            result = connection.as_mut() => break result,
            // Whoever does not come to an end is cut.
            () = pause(FAREWELL), if is_draining => return None,
        };
        match event {
            Event::State(State::Up) => {}
            Event::State(State::Refuse) => {
                shared.orders.reset();
                return None;
            }
            // As long as nobody polls it, it is silent; but not for ever, for its client may have left.
            Event::State(State::Blackhole) => {
                let is_over = tokio::select! {
                    () = leaves(&mut gatekeeping, State::Blackhole) => true,
                    () = drain.cancelled() => false,
                    () = pause(terms.limits.idle_timeout.unsigned()) => false,
                };
                if !is_over {
                    return None;
                }
                gatekeeping.mark_changed();
            }
            Event::Drain => {
                is_draining = true;
                connection.as_mut().graceful_shutdown();
            }
        }
        news = Rarely::new(next_news(gatekeeping, refusals, (!is_draining).then(|| drain.clone())));
    };
    drop(connection);
    if let Err(error) = &result {
        tracing::debug!("connection ended: {error}");
    }
    shared.own_answer(result.err())
}

/// The layer around a service that always gives the same answer: for the benchmark of its cost.
#[doc(hidden)]
pub async fn serve_constant(stream: TcpStream, limits: LimitsSection, body: &'static [u8]) {
    let (_keep, gatekeeping) = watch::channel(Gatekeeping::default());
    let terms = Terms { limits, tls: None, http2: false, gatekeeping, taps: Taps::default() };
    let answer = move |_, _| std::future::ready(Response::new(Body::from(body)));
    serve(stream, terms, CancellationToken::new(), answer).await;
}

/// How long an exchange that is under way may take once its listener ends.
const FAREWELL: Duration = Duration::from_millis(700);

/// What a connection hears from outside.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// The listener is in another state.
    State(State),
    /// The server, or the listener, ends.
    Drain,
}

/// The next event. A listener that is gone changes no more; what drains already does not begin to.
async fn next_news(
    mut gatekeeping: watch::Receiver<Gatekeeping>,
    refusals: u64,
    drain: Option<CancellationToken>,
) -> (Event, watch::Receiver<Gatekeeping>) {
    let cancelled = async {
        match &drain {
            Some(drain) => drain.cancelled().await,
            None => std::future::pending().await,
        }
    };
    let changed = async {
        if gatekeeping.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let is_changed = tokio::select! {
        () = changed => true,
        () = cancelled => false,
    };
    if !is_changed {
        return (Event::Drain, gatekeeping);
    }
    let now = *gatekeeping.borrow_and_update();
    (Event::State(if now.refusals == refusals { now.state } else { State::Refuse }), gatekeeping)
}

/// Ends when the listener begins to refuse.
async fn refuses(gatekeeping: &mut watch::Receiver<Gatekeeping>, refusals: u64) {
    if gatekeeping.wait_for(|now| now.refusals != refusals).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Ends when the listener is in a state no longer.
async fn leaves(gatekeeping: &mut watch::Receiver<Gatekeeping>, state: State) {
    if gatekeeping.wait_for(|now| now.state != state).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn pause(duration: Duration) {
    tokio::time::sleep_until(tokio::time::Instant::now() + duration).await;
}

/// Turns away a connection beyond the limit, in a way that a client can read.
pub(crate) async fn refuse(mut stream: TcpStream) {
    const TEXT: &str = "mock-server: too many connections; see limits.connections\n";
    const PATIENCE: Duration = Duration::from_secs(1);
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\r\n{TEXT}",
        TEXT.len()
    );
    let farewell = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        // Closing with unread bytes would send RST, and the client would lose the answer.
        let mut rest = [0; 4096];
        while stream.read(&mut rest).await? > 0 {}
        std::io::Result::Ok(())
    };
    if !matches!(tokio::time::timeout(PATIENCE, farewell).await, Ok(Ok(()))) {
        tracing::debug!("a connection beyond the limit did not wait for its refusal");
    }
}
