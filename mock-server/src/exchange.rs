//! One exchange with a vendor, from its head to its place in the journal.
//!
//! Find the sandbox, read the body within its limits, read the clock once, let the vendor answer, stamp, record. All
//! that waits is in [`serve`]; the vendors' code is plain functions.

mod body;
mod record;
mod unserved;

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http::header::{CONNECTION, DATE, RETRY_AFTER};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};

use crate::answer::{Answer, Outcome};
use crate::app::{App, Door};
use crate::call::Call;
use crate::clock::ClockMode;
use crate::connection::{Arrival, Presence};
use crate::fault::{Shape, Subject, Wait, Who};
use crate::govern::govern;
use crate::operation::{Operation, Route, TwinzoOperation, Vendor};
use crate::reason::{Reason, cut};
use crate::sandbox::{Found, Sandbox, Via, find_by_address, find_by_credential, split_prefix};
use crate::suggest::Unknown;
use crate::{timbr, twinzo};

use body::{Unread, head_too_large};
use record::Exchanged;

pub(crate) use unserved::{over_limit, unserved};

const X_MOCK_REASON: HeaderName = HeaderName::from_static("x-mock-reason");
const X_MOCK_FAULT: HeaderName = HeaderName::from_static("x-mock-fault");

/// Answers whatever is not the admin API's.
pub(crate) async fn serve(app: &App, door: &Door, request: Request<Body>, arrival: Arrival) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let addressed = match find_by_address(&app.sandboxes, door.sandbox(), &parts) {
        Ok(found) => found,
        // A trap takes whatever comes.
        Err(unknown) => match door.sandbox().filter(|_| door.is_trap()) {
            Some(own) => Some(Found { sandbox: Arc::clone(own), via: Via::Listener }),
            None => return unknown_sandbox(app, &parts.headers, &unknown),
        },
    };
    let is_addressed = addressed.is_some();
    let mut found = addressed.unwrap_or_else(|| find_by_credential(&app.sandboxes, &parts.headers, || None));
    // From here on it counts as under way.
    let mut inside = found.sandbox.gate.enter();
    let path = split_prefix(parts.uri.path()).map_or(parts.uri.path(), |(_, path)| path);
    let route = if door.is_trap() { Route::Outside } else { Route::find(&parts.method, path) };
    let matters = door.is_trap() || matches!(route, Route::To(..));
    let read = body::read(&parts, body, &app.limits, matters).await;
    if let (Route::To(Operation::Twinzo(TwinzoOperation::Authenticate), _), Ok(body), false) =
        (&route, &read, is_addressed)
    {
        // The client that a log in names stands in its body.
        let named = find_by_credential(&app.sandboxes, &parts.headers, || twinzo::client_name(&parts.headers, body));
        if !Arc::ptr_eq(&named.sandbox, &found.sandbox) {
            inside = named.sandbox.gate.enter();
        }
        found = named;
    }
    // Whoever asks for leave to call does not say yet which sandbox it is.
    let asks_leave = app.edge.preflight(&parts.method, &parts.headers).is_some();
    if !asks_leave && let Some(stranger) = of_other_company(&arrival, &found.sandbox) {
        return app.edge.finish(None, &parts.headers, stranger);
    }
    let operation = if let Route::To(operation, _) = &route { Some(*operation) } else { None };
    let _turn = found.sandbox.gather.meet(operation).await;
    let prefix = parts.uri.path().strip_suffix(path).unwrap_or_default();
    let request = Received { app, door, parts: &parts, path, prefix, arrival };
    let (response, wait, since, presence) = request.answer(&found, route, read);
    if wait != Wait::default() {
        tokio::select! {
            () = wait_out(&found.sandbox, wait, since, inside) => {}
            () = gone(&presence) => {}
        }
    }
    response
}

/// Connections of HTTP/2 are not shared between sandboxes: what breaks one must not touch another's exchanges.
fn of_other_company(arrival: &Arrival, sandbox: &Sandbox) -> Option<Answer> {
    let own = arrival.company.as_ref()?.get_or_init(|| Arc::clone(&sandbox.id));
    if **own == *sandbox.id {
        return None;
    }
    let detail = format!(
        "this HTTP/2 connection carries exchanges of the sandbox {own:?}, and this one is of {:?}; give each sandbox a \
         client of its own",
        sandbox.id
    );
    tracing::info!("{}: {detail}", Reason::ConnectionOfOtherSandbox);
    Some(Answer::problem(StatusCode::MISDIRECTED_REQUEST, detail))
}

/// Ends some time after the client left. One that only closed its side may still read.
async fn gone(presence: &Presence) {
    presence.left().await;
    tokio::time::sleep_until(tokio::time::Instant::now() + AFTER_LEAVING).await;
}

/// How much longer an answer waits for a client that closed its side.
const AFTER_LEAVING: Duration = Duration::from_secs(2);

/// Holds an answer back. On the real clock its exchange is under way meanwhile; whoever waits for the sandbox's clock
/// must not keep it from being moved.
async fn wait_out(sandbox: &Arc<Sandbox>, wait: Wait, since: Timestamp, inside: impl Sized) {
    let _visit = sandbox.visit();
    let waiting = async {
        if !wait.real.is_zero() {
            tokio::time::sleep_until(tokio::time::Instant::now() + wait.real).await;
        }
        drop(inside);
        if !wait.sandbox.is_zero() {
            let end = SignedDuration::try_from(wait.sandbox).ok().and_then(|wait| since.checked_add(wait).ok());
            sandbox.clock.reached(end.unwrap_or(Timestamp::MAX), LONGEST_WAIT).await;
        }
    };
    tokio::select! {
        () = waiting => {}
        // Nobody is there any more who could move its clock.
        () = sandbox.end.cancelled() => {}
    }
}

/// For the sandbox's clock to be moved: whoever waits has long given up.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// A request that has arrived.
struct Received<'a> {
    app: &'a App,
    door: &'a Door,
    parts: &'a Parts,
    /// Without the prefix that names a sandbox.
    path: &'a str,
    /// That prefix, or nothing.
    prefix: &'a str,
    arrival: Arrival,
}

// === impl Received ===

impl Received<'_> {
    /// Everything after the body, without waiting for anything.
    fn answer(
        self,
        found: &Found,
        route: Route,
        read: Result<Bytes, Unread>,
    ) -> (Response<Body>, Wait, Timestamp, Presence) {
        let sandbox = &*found.sandbox;
        let (directory, setup) = (sandbox.directory(), sandbox.setup());
        let now = sandbox.clock.now();
        let id = sandbox.journal.next_id();
        let (vendor, operation) = match &route {
            Route::To(operation, _) => (Some(operation.vendor()), Some(*operation)),
            Route::WrongMethod(vendor, _) | Route::Unknown(vendor) => (Some(*vendor), None),
            Route::Outside => (None, None),
        };
        let whole = read.is_ok();
        let (body, unread) = match read {
            Ok(body) => (body, head_too_large(self.parts, self.app.limits.head)),
            Err(unread) => (Bytes::new(), Some(unread)),
        };
        let call = Call {
            id,
            now,
            directory: &directory,
            setup: &setup,
            method: &self.parts.method,
            path: self.path,
            prefix: self.prefix,
            query: self.parts.uri.query(),
            headers: &self.parts.headers,
            body: &body,
            connection: self.arrival.connection,
        };
        let mut outcome = match unread {
            _ if self.door.is_trap() => Outcome::anonymous(Answer::empty(StatusCode::OK), None),
            _ if let Some(leave) = self.app.edge.preflight(&self.parts.method, &self.parts.headers) => {
                Outcome::anonymous(leave, None)
            }
            Some(unread) => unreadable(vendor, &call, unread, &route),
            None => dispatch(sandbox, &call, route),
        };
        for text in outcome.injected.iter_mut().chain(&mut outcome.hints) {
            *text = sandbox.redactor.text(text).into_owned();
        }
        if let Some(refused) = &mut outcome.refused {
            // Details quote what the client sent, and clients put secrets into the strangest places.
            refused.detail = sandbox.redactor.text(&refused.detail).into_owned();
        }
        if !whole {
            // hyper closes after this; a client that is not told may send its next request into the void.
            outcome.answer.headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(tamper) = &mut outcome.tamper {
            tamper.is_head_only = self.parts.method == Method::HEAD
                || matches!(outcome.answer.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        }
        remark_on_waiting(sandbox, now, &mut outcome);
        stamp(sandbox, &mut outcome, now, self.app.explain);
        if let Some(tamper) = &outcome.tamper
            && self.arrival.company.is_some()
        {
            outcome.hints.extend(tamper.beyond_http2());
        }
        let Arrival { connection, record, presence, company: _ } = self.arrival;
        let exchanged =
            Exchanged { call: &call, parts: self.parts, connection, record, vendor, operation, via: found.via };
        exchanged.log(sandbox, &outcome);
        let (tamper, wait) = (outcome.tamper.clone(), outcome.wait);
        exchanged.record(sandbox, &mut outcome);
        let mut response = self.app.edge.finish(vendor, &self.parts.headers, outcome.answer);
        if let Some(tamper) = tamper {
            response.extensions_mut().insert(tamper);
        }
        (response, wait, now, presence)
    }
}

fn dispatch(sandbox: &Sandbox, call: &Call<'_>, route: Route) -> Outcome {
    match route {
        Route::To(Operation::Twinzo(operation), segments) => twinzo::answer(sandbox, call, operation, &segments),
        Route::To(Operation::Timbr(operation), segments) => timbr::answer(sandbox, call, operation, &segments),
        Route::WrongMethod(vendor, allowed) => govern_lost(sandbox, call, Some(vendor), wrong_method(vendor, &allowed)),
        Route::Unknown(vendor) => govern_lost(sandbox, call, Some(vendor), unknown(vendor, call)),
        Route::Outside => govern_lost(sandbox, call, None, outside(call)),
    }
}

/// Rules that name a path see also those that lead nowhere.
fn govern_lost(sandbox: &Sandbox, call: &Call<'_>, vendor: Option<Vendor>, lost: Outcome) -> Outcome {
    let subject = Subject::new(call, None, vendor, Who::default());
    let twinzo = twinzo::TwinzoShape { call, operation: None };
    let shape: &dyn Shape = if vendor == Some(Vendor::Timbr) { &timbr::TimbrShape } else { &twinzo };
    govern(sandbox, call, &subject, shape, lost, |_| {})
}

/// Whatever is wrong with the route is said first: 404 and 405 come before 413.
fn unreadable(vendor: Option<Vendor>, call: &Call<'_>, unread: Unread, route: &Route) -> Outcome {
    match route {
        Route::To(..) => {
            let Unread { status, refused } = unread;
            let answer = match vendor {
                Some(Vendor::Timbr) => timbr::envelope_error(status, &refused.detail),
                Some(Vendor::Twinzo) | None => twinzo::plain_problem(status, call),
            };
            Outcome::anonymous(answer, Some(refused))
        }
        Route::WrongMethod(vendor, allowed) => wrong_method(*vendor, allowed),
        Route::Unknown(vendor) => unknown(*vendor, call),
        Route::Outside => outside(call),
    }
}

fn wrong_method(vendor: Vendor, allowed: &[Method]) -> Outcome {
    let refused = Reason::MethodNotAllowed.because(format!("the path knows {} only", names(allowed)));
    let mut answer = Answer::method_not_allowed(allowed);
    if vendor == Vendor::Timbr {
        let worded = timbr::envelope_error(answer.status, &format!("Method not allowed: {} only", names(allowed)));
        answer.headers.extend(worded.headers);
        answer.body = worded.body;
    }
    Outcome::anonymous(answer, Some(refused))
}

fn names(methods: &[Method]) -> String {
    methods.iter().map(Method::as_str).collect::<Vec<_>>().join(" and ")
}

fn unknown(vendor: Vendor, call: &Call<'_>) -> Outcome {
    let refused = Reason::RouteUnknown.because(format!("{} has no path {}", vendor.name(), call.path));
    let answer = match vendor {
        Vendor::Twinzo => twinzo::not_found(),
        Vendor::Timbr => timbr::envelope_error(StatusCode::NOT_FOUND, &format!("Not found: {}", call.path)),
    };
    Outcome::anonymous(answer, Some(refused))
}

/// Outside both vendors' paths a wrong base URL is likely: say where they are.
fn outside(call: &Call<'_>) -> Outcome {
    let detail = format!(
        "no vendor answers {}; twinzo is under /v3, /v3.0 and /api/v3, Timbr under /timbr and /timbr-server",
        call.path
    );
    let answer = Answer::problem(StatusCode::NOT_FOUND, detail.clone());
    Outcome::anonymous(answer, Some(Reason::RouteUnknown.because(detail)))
}

/// No sandbox, so no journal: the answer says it all, and the log says it once more.
fn unknown_sandbox(app: &App, asked: &HeaderMap, unknown: &Unknown) -> Response<Body> {
    tracing::info!("{}: {unknown}", Reason::SandboxUnknown);
    // Its body, if it has one, was not read.
    let answer = Answer::problem(StatusCode::NOT_FOUND, unknown.to_string());
    app.edge.finish(None, asked, answer.with_header(CONNECTION, HeaderValue::from_static("close")))
}

/// A client that is told to wait waits in vain while the clock stands still, unless the clock moves by itself.
fn remark_on_waiting(sandbox: &Sandbox, now: Timestamp, outcome: &mut Outcome) {
    let wait = outcome.answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let in_seconds = |text: &str| text.parse().ok().map(SignedDuration::from_secs);
    let as_date = |text: &str| Some(rfc2822::parse(text).ok()?.timestamp().duration_since(now));
    let wait = wait.and_then(|text| in_seconds(text).or_else(|| as_date(text)));
    let wait = wait.or_else(|| outcome.until.map(|until| until.duration_since(now)));
    let clock = sandbox.clock.read();
    if clock.mode != ClockMode::Frozen {
        return;
    }
    if let Ok(held) = SignedDuration::try_from(outcome.wait.sandbox)
        && held.is_positive()
    {
        let end = now.checked_add(held).unwrap_or(Timestamp::MAX);
        outcome.hints.push(format!("the clock is frozen, and the answer waits for {end}: advance it by {held:#}"));
    }
    // A date that is over keeps nobody waiting.
    let Some(wait) = wait.filter(SignedDuration::is_positive) else { return };
    let end = now.checked_add(wait).unwrap_or(Timestamp::MAX);
    outcome.hints.push(match clock.auto_advance {
        None => format!("the clock is frozen; the wait ends at {end}: advance it by {wait:#}, or set auto_advance"),
        Some(by) => format!("the clock is frozen; the wait ends at {end}, and auto_advance moves it on by {by:#}"),
    });
    sandbox.clock.let_wait();
}

/// What every answer carries: the sandbox's time, and on request the true cause.
fn stamp(sandbox: &Sandbox, outcome: &mut Outcome, now: Timestamp, explain: bool) {
    let headers = &mut outcome.answer.headers;
    // hyper would write the machine's time. A rule may have chosen another.
    headers.entry(DATE).or_insert_with(|| sandbox.dates.of(now));
    if !explain {
        return;
    }
    // Details may quote what the client sent: a header value holds visible ASCII only.
    let mut put = |name, text: String| {
        let text: String = text.chars().map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' }).collect();
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.append(name, value);
        }
    };
    if let Some(refused) = &outcome.refused {
        put(X_MOCK_REASON, format!("{}: {}", refused.reason, refused.detail));
    }
    for injected in &outcome.injected {
        put(X_MOCK_FAULT, cut(injected.clone(), LONGEST_HEADER));
    }
}

/// Bytes of what a rule did at most, in a header.
const LONGEST_HEADER: usize = 200;
