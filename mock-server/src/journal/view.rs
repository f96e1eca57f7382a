//! An entry as the admin API shows it.

use serde::Serialize;

use super::{Captured, Entry, PackedHeaders, Redactor};

/// No token or key of either vendor is longer.
const LONGEST_SECRET: usize = 128;

/// One exchange, ready to be shown: JSON members in a fixed order, secrets hidden.
#[derive(Debug, Serialize)]
pub struct EntryView {
    id: u64,
    sandbox: String,
    vendor: Option<&'static str>,
    operation: Option<&'static str>,
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: BodyView,
    status: u16,
    reason: Option<String>,
    detail: Option<String>,
    account: Option<String>,
    token_generation: Option<u32>,
    /// Rules that fired, the one that answered first; null if none did.
    fault: Option<Vec<String>>,
    answer: AnswerView,
    at_ms: i64,
    at: String,
    real_ms: i64,
}

#[derive(Debug, Serialize)]
struct AnswerView {
    headers: Vec<(String, String)>,
    body: BodyView,
}

#[derive(Debug, Serialize)]
struct BodyView {
    /// Length on the wire.
    bytes: usize,
    /// How much of it `text` shows.
    kept: usize,
    /// Absent if the kept part is not text.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

// === impl EntryView ===

impl EntryView {
    /// Shows an entry through a redactor.
    pub fn new(entry: &Entry, sandbox: &str, redactor: &Redactor) -> Self {
        Self {
            id: entry.id,
            sandbox: sandbox.to_owned(),
            vendor: entry.vendor.map(crate::operation::Vendor::name),
            operation: entry.operation.map(crate::operation::Operation::name),
            method: entry.method.to_string(),
            path: redactor.text(&entry.target).into_owned(),
            headers: headers(&entry.headers, redactor),
            body: BodyView::new(&entry.body, redactor),
            status: entry.status,
            reason: entry.refused.as_ref().map(|refused| refused.reason.to_string()),
            detail: entry.refused.as_ref().map(|refused| refused.detail.clone()),
            account: entry.account.as_deref().map(|account| redactor.text(account).into_owned()),
            token_generation: entry.token_generation,
            fault: Some(entry.faults.clone()).filter(|fired| !fired.is_empty()),
            answer: AnswerView {
                headers: headers(&entry.answer_headers, redactor),
                body: BodyView::new(&entry.answer_body, redactor),
            },
            at_ms: entry.at.as_millisecond(),
            at: entry.at.to_string(),
            real_ms: entry.real.as_millisecond(),
        }
    }
}

// === impl BodyView ===

impl BodyView {
    fn new(body: &Captured, redactor: &Redactor) -> Self {
        // Where a body was cut a secret may have lost the end that it is known by.
        let end =
            if body.total > body.kept.len() { body.kept.len().saturating_sub(LONGEST_SECRET) } else { body.kept.len() };
        let kept = &body.kept[..end];
        let text = match std::str::from_utf8(kept) {
            Ok(text) => Some(text),
            // The cut may have gone through a character: show what stands before it.
            Err(error) if error.error_len().is_none() => std::str::from_utf8(&kept[..error.valid_up_to()]).ok(),
            Err(_) => None,
        };
        Self { bytes: body.total, kept: end, text: text.map(|text| redactor.text(text).into_owned()) }
    }
}

fn headers(packed: &PackedHeaders, redactor: &Redactor) -> Vec<(String, String)> {
    packed.iter().map(|(name, value)| (name.to_owned(), redactor.header(name, value))).collect()
}
