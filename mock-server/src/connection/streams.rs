//! HTTP/2: many exchanges on one connection, all of one sandbox. What the half below TLS can do happens here too; the
//! bytes of an answer are frames, so what tampers with them is HTTP/1's alone, but for answers that end early.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep};
use tokio_util::sync::CancellationToken;

use super::line::Orders;
use super::tamper::{Cut, End, Place, Tamper};
use super::transport::Transport;
use super::{Arrival, Event, FAREWELL, Gatekeeping, Presence, State, Terms, leaves, next_news, pause};

/// The sandbox that a connection's exchanges belong to: that of the first.
pub(crate) type Company = Arc<OnceLock<Arc<str>>>;

/// What a client says first that speaks HTTP/2 without asking.
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Exchanges at once on one connection.
const STREAMS: u32 = 100;

/// What the exchanges of one connection have in common.
#[derive(Debug)]
struct Joint {
    id: u64,
    orders: Arc<Orders>,
    company: Company,
    /// The connection ends at once.
    end: CancellationToken,
    open: AtomicUsize,
    /// How many there were.
    seen: AtomicU64,
}

/// Counts an exchange for as long as it is under way.
struct Open(Arc<Joint>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Serves exchanges until either side closes, nothing happens for too long, the listener has it otherwise, or the
/// server drains.
pub(super) async fn serve<A, F>(
    transport: Transport,
    id: u64,
    orders: Arc<Orders>,
    terms: &Terms,
    drain: CancellationToken,
    answer: A,
) where
    A: Fn(Request<Body>, Arrival) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response<Body>> + Send + 'static,
{
    let mut gatekeeping = terms.gatekeeping.clone();
    let refusals = gatekeeping.borrow().refusals;
    gatekeeping.mark_changed();
    let joint = Arc::new(Joint {
        id,
        orders,
        company: Company::default(),
        end: CancellationToken::new(),
        open: AtomicUsize::new(0),
        seen: AtomicU64::new(0),
    });
    let common = Arc::clone(&joint);
    let service = service_fn(move |request: Request<Incoming>| {
        let (joint, answer) = (Arc::clone(&common), answer.clone());
        joint.open.fetch_add(1, Ordering::AcqRel);
        joint.seen.fetch_add(1, Ordering::AcqRel);
        let open = Open(Arc::clone(&joint));
        let arrival = Arrival {
            connection: joint.id,
            record: None,
            presence: Presence(None),
            company: Some(Arc::clone(&joint.company)),
        };
        let is_head = request.method() == Method::HEAD;
        async move {
            let mut response = answer(in_origin_form(request.map(Body::new)), arrival).await;
            let ending = response.extensions_mut().remove::<Tamper>().and_then(|tamper| tamper.cut_or_nothing());
            if is_head {
                response = without_body(response);
            } else if matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
                response.headers_mut().remove(CONTENT_LENGTH);
                response = response.map(|_| Body::empty());
            }
            let response = match ending {
                None => response,
                Some(cut) => end(&joint, response, cut).await?,
            };
            Ok::<_, io::Error>(response.map(|body| Body::new(HeldBody { body, _open: open })))
        }
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(u32::try_from(terms.limits.head.bytes()).unwrap_or(u32::MAX))
        .serve_connection(TokioIo::new(transport), service);
    let mut connection = Box::pin(connection);
    let mut news = Box::pin(next_news(gatekeeping, refusals, Some(drain.clone())));
    let idle = terms.limits.idle_timeout.unsigned();
    let mut silence = Box::pin(tokio::time::sleep_until(Instant::now() + idle));
    // Set once, when the connection begins to end.
    let mut farewell = Box::pin(tokio::time::sleep_until(Instant::now()));
    let (mut is_draining, mut seen) = (false, 0);
    let result = loop {
        let (event, gatekeeping): (Event, watch::Receiver<Gatekeeping>) = tokio::select! {
            biased;
            news = &mut news => news,
            () = joint.end.cancelled() => return,
            result = connection.as_mut() => break result,
            () = &mut farewell, if is_draining => return,
            () = &mut silence, if !is_draining => {
                let now = joint.seen.load(Ordering::Acquire);
                if joint.open.load(Ordering::Acquire) == 0 && now == seen {
                    is_draining = true;
                    farewell.as_mut().reset(Instant::now() + FAREWELL);
                    connection.as_mut().graceful_shutdown();
                }
                seen = now;
                silence.as_mut().reset(Instant::now() + idle);
                continue;
            }
        };
        let mut gatekeeping = gatekeeping;
        match event {
            Event::State(State::Up) => {}
            Event::State(State::Refuse) => {
                joint.orders.reset();
                return;
            }
            Event::State(State::Blackhole) => {
                let is_over = tokio::select! {
                    () = leaves(&mut gatekeeping, State::Blackhole) => true,
                    () = drain.cancelled() => false,
                    () = pause(idle) => false,
                };
                if !is_over {
                    return;
                }
                gatekeeping.mark_changed();
            }
            Event::Drain => {
                is_draining = true;
                farewell.as_mut().reset(Instant::now() + FAREWELL);
                connection.as_mut().graceful_shutdown();
            }
        }
        news = Box::pin(next_news(gatekeeping, refusals, (!is_draining).then(|| drain.clone())));
    };
    if let Err(error) = result {
        tracing::debug!("an HTTP/2 connection ended: {error}");
    }
}

/// As HTTP/1 would have it: the target without scheme and host, and the host as a header.
fn in_origin_form(mut request: Request<Body>) -> Request<Body> {
    let authority = request.uri().authority().and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
    if let Some(authority) = authority {
        // It has the last word (RFC 9113 §8.3.1), whatever a Host header says beside it.
        request.headers_mut().insert(HOST, authority);
    }
    let target = request.uri().path_and_query().cloned();
    *request.uri_mut() = target.map(Uri::from).unwrap_or_default();
    request
}

/// The answer to HEAD: as long as it says, and nothing of it.
fn without_body(response: Response<Body>) -> Response<Body> {
    let (mut parts, body) = response.into_parts();
    if let Some(length) = body.size_hint().exact().filter(|length| *length > 0) {
        parts.headers.entry(CONTENT_LENGTH).or_insert_with(|| length.into());
    }
    Response::from_parts(parts, Body::empty())
}

/// A body whose exchange is under way until it is out.
struct HeldBody {
    body: Body,
    _open: Open,
}

impl HttpBody for HeldBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer that ends early, and the connection with it.
async fn end(joint: &Arc<Joint>, response: Response<Body>, cut: Cut) -> Result<Response<Body>, io::Error> {
    let bytes = match cut.after {
        // The head is a frame of its own, and goes out whole or not at all.
        Place::Byte(0) => {
            pause(cut.late).await;
            joint.stop(cut.end);
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "cut on purpose"));
        }
        Place::Byte(bytes) | Place::BodyByte(bytes) => bytes,
        Place::Whole => return Ok(response),
    };
    let late = cut.late.max(FLUSH);
    let end = Box::pin(tokio::time::sleep_until(Instant::now() + late));
    let joint = Arc::clone(joint);
    Ok(response.map(|body| Body::new(CutBody { body, left: bytes, late, end, how: cut.end, joint })))
}

/// For frames to leave: what is queued when a connection ends is lost.
const FLUSH: Duration = Duration::from_millis(100);

// === impl Joint ===

impl Joint {
    /// The whole connection ends, or falls silent.
    fn stop(&self, how: End) {
        match how {
            End::Reset => self.orders.reset(),
            End::Stall => return self.orders.stall(),
            End::Close => {}
        }
        self.end.cancel();
    }
}

/// A body of which only so many bytes come; a while after them the connection ends.
struct CutBody {
    body: Body,
    left: usize,
    late: Duration,
    end: Pin<Box<Sleep>>,
    how: End,
    joint: Arc<Joint>,
}

impl HttpBody for CutBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        if this.left == 0 {
            if this.end.as_mut().poll(context).is_ready() {
                this.joint.stop(this.how);
            }
            return Poll::Pending;
        }
        let Some(frame) = std::task::ready!(Pin::new(&mut this.body).poll_frame(context)) else {
            // It is shorter than the cut: it goes out whole, and the connection ends after it.
            let (joint, how, late) = (Arc::clone(&this.joint), this.how, this.late);
            tokio::spawn(async move {
                pause(late).await;
                joint.stop(how);
            });
            return Poll::Ready(None);
        };
        Poll::Ready(Some({
            frame.map(|frame| {
                let Ok(mut data) = frame.into_data() else { return Frame::data(Bytes::new()) };
                data.truncate(this.left);
                this.left -= data.len();
                this.end.as_mut().reset(Instant::now() + this.late);
                Frame::data(data)
            })
        }))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
