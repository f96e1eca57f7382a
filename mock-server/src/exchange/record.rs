//! An exchange goes into the log and into the journal.

use std::sync::Arc;

use http::request::Parts;

use crate::answer::Outcome;
use crate::call::Call;
use crate::clock;
use crate::connection::{Tamper, WireRecord};
use crate::journal::{Entry, JournalLimits, PackedHeaders};
use crate::operation::{Operation, Vendor};
use crate::sandbox::{Sandbox, Via};

/// What is known of an exchange beside its outcome.
pub(super) struct Exchanged<'a> {
    pub(super) call: &'a Call<'a>,
    pub(super) parts: &'a Parts,
    /// Number of its connection.
    pub(super) connection: u64,
    /// The bytes on the wire, if anybody wants them.
    pub(super) record: Option<Arc<WireRecord>>,
    pub(super) vendor: Option<Vendor>,
    pub(super) operation: Option<Operation>,
    pub(super) via: Via,
}

// === impl Exchanged ===

impl Exchanged<'_> {
    pub(super) fn log(&self, sandbox: &Sandbox, outcome: &Outcome) {
        let status = match &outcome.tamper {
            Some(tamper) if tamper.sends_nothing() => "nothing".to_owned(),
            _ => outcome.answer.status.as_u16().to_string(),
        };
        let operation = self.operation.map_or("-", Operation::name);
        let (id, method, sandbox_id) = (self.call.id, self.call.method, &*sandbox.id);
        let path = || sandbox.redactor.text(self.call.path).into_owned();
        let cause = outcome.refused.as_ref().map(|refused| format!(" {}: {}", refused.reason, refused.detail));
        let faults = Some(outcome.injected.join("; ")).filter(|faults| !faults.is_empty());
        let faults = faults.map(|faults| format!(" [faults: {faults}]"));
        if cause.is_some() || faults.is_some() {
            let (cause, faults) = (cause.unwrap_or_default(), faults.unwrap_or_default());
            tracing::info!(id, operation, sandbox = sandbox_id, "{method} {} → {status}{cause}{faults}", path());
        } else {
            tracing::debug!(id, operation, sandbox = sandbox_id, "{method} {} → {status}", path());
        }
    }

    /// Takes from the outcome what the answer does not need.
    pub(super) fn record(self, sandbox: &Sandbox, outcome: &mut Outcome) {
        let Self { call, parts, connection, record, vendor, operation, via } = self;
        let limits = JournalLimits::of(&call.setup.settings.journal);
        let target = parts.uri.path_and_query().map_or(call.path, http::uri::PathAndQuery::as_str);
        let unsent = outcome.tamper.as_ref().is_some_and(Tamper::sends_nothing);
        let entry = Entry {
            id: call.id,
            at: call.now,
            real: clock::real_now(),
            vendor,
            operation,
            via,
            connection,
            method: call.method.clone(),
            target: target.into(),
            headers: PackedHeaders::pack(call.headers),
            body: limits.capture(call.body),
            status: (!unsent).then(|| outcome.answer.status.as_u16()),
            answer_headers: PackedHeaders::pack(&outcome.answer.headers),
            answer_body: limits.capture_own(&outcome.answer.body),
            refused: outcome.refused.take(),
            account: outcome.account.take(),
            token_generation: outcome.token_generation,
            faults: std::mem::take(&mut outcome.faults),
            injected: std::mem::take(&mut outcome.injected),
            delay_ms: outcome.wait.millis(),
            hints: std::mem::take(&mut outcome.hints),
            tampered: outcome.tamper.take().map(|tamper| tamper.describe().into()),
            wire: record.filter(|_| call.setup.settings.journal.wire),
        };
        sandbox.journal.record(entry, &limits);
    }
}
