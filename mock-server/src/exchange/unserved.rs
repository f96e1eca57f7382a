//! What was answered without a service goes into the journal too: a client that sends nonsense should find it there.

use std::sync::Arc;

use http::Method;

use crate::app::{App, Door};
use crate::clock;
use crate::connection::OwnAnswer;
use crate::journal::{Entry, JournalLimits};
use crate::reason::{Reason, Refused, cut};
use crate::sandbox::{Sandbox, Via, split_prefix};

/// Bytes of a bad head that are shown.
const SHOWN: usize = 200;

/// A head that nobody could read, or that never ended.
pub(crate) fn unserved(app: &App, door: &Door, own: &OwnAnswer) {
    let (method, target) = own.request_line();
    let path = target.split('?').next().unwrap_or_default();
    let by_path = split_prefix(path).and_then(|(id, _)| app.sandboxes.get(id));
    let (sandbox, via) = match (door.sandbox(), by_path) {
        (Some(own), _) => (Arc::clone(own), Via::Listener),
        (None, Some(sandbox)) => (sandbox, Via::Path),
        (None, None) => (Arc::clone(app.sandboxes.default()), Via::Default),
    };
    let text = String::from_utf8_lossy(&own.head);
    // All of it is looked through before it is cut: a secret may go over the edge.
    let shown = cut(sandbox.redactor.head(&text), SHOWN);
    let shown =
        if shown.is_empty() { "it came in one piece with another".to_owned() } else { format!("it began {shown:?}") };
    let refused = match own.status {
        Some(408) => {
            Reason::HeadTooSlow.because(format!("the head took longer than {}; {shown}", app.limits.head_timeout))
        }
        Some(414 | 431) => Reason::HeadTooLarge.because(format!("the head is longer than the buffer for it; {shown}")),
        _ => Reason::HeadMalformed.because(format!("this is no HTTP/1.1 request head: {shown}")),
    };
    put(&sandbox, via, own.connection, method, &target, own.status, refused);
}

/// A connection beyond the limit.
pub(crate) fn over_limit(app: &App, door: &Door) {
    let (sandbox, via) = match door.sandbox() {
        Some(own) => (own, Via::Listener),
        None => (app.sandboxes.default(), Via::Default),
    };
    let detail = format!("there are {} connections already, which is limits.connections", app.limits.connections);
    // A dash is a token, and no method that anybody uses.
    let method = Method::from_bytes(b"-").unwrap_or_default();
    put(sandbox, via, 0, method, "", Some(503), Reason::TooManyConnections.because(detail));
}

fn put(
    sandbox: &Sandbox,
    via: Via,
    connection: u64,
    method: Method,
    target: &str,
    status: Option<u16>,
    refused: Refused,
) {
    tracing::info!(sandbox = &*sandbox.id, "{method} → {} {}: {}", status.unwrap_or(0), refused.reason, refused.detail);
    let entry = Entry {
        id: sandbox.journal.next_id(),
        at: sandbox.clock.now(),
        real: clock::real_now(),
        via,
        connection,
        method,
        target: target.into(),
        status,
        refused: Some(refused),
        ..Entry::empty()
    };
    sandbox.journal.record(entry, &JournalLimits::of(&sandbox.setup().settings.journal));
}
