//! What rules and limits can look at in one exchange.

use std::cell::OnceCell;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use serde_json::Value;

use crate::call::Call;
use crate::directory::{BranchId, ClientId, Quirk};
use crate::operation::{Operation, Vendor};

/// A request, and what is certain about who sent it.
#[derive(Debug)]
pub(crate) struct Subject<'a> {
    /// `None` where no vendor has the path.
    pub(crate) operation: Option<Operation>,
    pub(crate) vendor: Option<Vendor>,
    pub(crate) method: &'a Method,
    /// Without the prefix that names a sandbox.
    pub(crate) path: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a Bytes,
    pub(crate) now: Timestamp,
    pub(crate) connection: u64,
    pub(crate) who: Who,
    json: OnceCell<Option<Value>>,
}

/// Who sent it, as far as that is known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Who {
    pub(crate) client: Option<ClientId>,
    pub(crate) branch: Option<BranchId>,
    /// Login or Timbr user, only if the directory knows it.
    pub(crate) account: Option<Arc<str>>,
    pub(crate) token_generation: Option<u32>,
    /// How the account misbehaves by itself.
    pub(crate) quirk: Option<Quirk>,
}

// === impl Subject ===

impl<'a> Subject<'a> {
    pub(crate) fn new(call: &Call<'a>, operation: Option<Operation>, vendor: Option<Vendor>, who: Who) -> Self {
        Self {
            operation,
            vendor,
            method: call.method,
            path: call.path,
            headers: call.headers,
            body: call.body,
            now: call.now,
            connection: call.connection,
            who,
            json: OnceCell::new(),
        }
    }

    /// A request that nobody sent.
    pub(super) fn hypothetical(
        operation: Operation,
        path: &'a str,
        headers: &'a HeaderMap,
        body: &'a Bytes,
        now: Timestamp,
        connection: u64,
        who: Who,
    ) -> Self {
        let (vendor, method) = (Some(operation.vendor()), operation.method());
        let json = OnceCell::new();
        Self { operation: Some(operation), vendor, method, path, headers, body, now, connection, who, json }
    }

    /// The body as JSON, read once, whatever its media type.
    pub(crate) fn json(&self) -> Option<&Value> {
        self.json.get_or_init(|| serde_json::from_slice(self.body).ok()).as_ref()
    }
}
