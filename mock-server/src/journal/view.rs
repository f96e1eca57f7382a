//! An entry as the admin API shows it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::{Captured, Entry, PackedHeaders, Redactor};
use crate::connection::{Side, WireRecord};
use crate::operation::Part;

/// Makes a text of bytes that are none.
type Readable = Box<dyn Fn(&[u8]) -> Option<String>>;

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
    /// What said that it belongs to this sandbox.
    via: &'static str,
    connection: u64,
    headers: Vec<(String, String)>,
    body: BodyView,
    /// Null if nothing was sent.
    status: Option<u16>,
    reason: Option<String>,
    detail: Option<String>,
    account: Option<String>,
    token_generation: Option<u32>,
    /// Rules that fired, the one that answered first; null if none did.
    fault: Option<Vec<String>>,
    /// What each of them did, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    injected: Vec<String>,
    /// How long rules held the answer back, on whichever clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    delay_ms: Option<u64>,
    /// What the connection did to the answer; null if it did nothing.
    tampered: Option<String>,
    /// What looks odd without being wrong.
    hints: Vec<String>,
    answer: AnswerView,
    at_ms: i64,
    at: String,
    real_ms: i64,
    /// The bytes on the wire, if `journal.wire` is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    wire: Option<WireView>,
}

#[derive(Debug, Serialize)]
struct AnswerView {
    headers: Vec<(String, String)>,
    body: BodyView,
}

#[derive(Debug, Serialize)]
struct WireView {
    request: SideView,
    answer: SideView,
}

#[derive(Debug, Serialize)]
struct SideView {
    /// Length on the wire.
    bytes: usize,
    /// How much of it was kept.
    kept: usize,
    /// That part, secrets hidden.
    text: String,
    /// That part as it was, only where secrets are shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    /// Length of each piece, and microseconds since the connection began.
    pieces: Vec<(usize, u64)>,
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
    /// Whether it is protobuf on the wire; `text` is then the JSON that it says.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    protobuf: bool,
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
            via: entry.via.name(),
            connection: entry.connection,
            headers: headers(&entry.headers, redactor),
            body: BodyView::new(&entry.body, message(entry, &entry.headers, Part::Request), redactor),
            status: entry.status,
            reason: entry.refused.as_ref().map(|refused| refused.reason.to_string()),
            detail: entry.refused.as_ref().map(|refused| refused.detail.clone()),
            account: entry.account.as_deref().map(|account| redactor.text(account).into_owned()),
            token_generation: entry.token_generation,
            fault: Some(entry.faults.clone()).filter(|fired| !fired.is_empty()),
            injected: entry.injected.iter().map(|text| redactor.text(text).into_owned()).collect(),
            delay_ms: entry.delay_ms,
            tampered: entry.tampered.as_deref().map(str::to_owned),
            hints: entry.hints.clone(),
            answer: AnswerView {
                headers: headers(&entry.answer_headers, redactor),
                body: BodyView::new(&entry.answer_body, message(entry, &entry.answer_headers, Part::Answer), redactor),
            },
            at_ms: entry.at.as_millisecond(),
            at: entry.at.to_string(),
            real_ms: entry.real.as_millisecond(),
            wire: entry.wire.as_ref().map(|record| WireView::new(record, redactor)),
        }
    }
}

// === impl WireView ===

impl WireView {
    fn new(record: &WireRecord, redactor: &Redactor) -> Self {
        let (request, answer) = record.sides();
        Self { request: SideView::new(&request, redactor), answer: SideView::new(&answer, redactor) }
    }
}

impl SideView {
    fn new(side: &Side, redactor: &Redactor) -> Self {
        let total = side.total();
        let kept = String::from_utf8_lossy(&side.bytes);
        // Head and body apart: a JSON body is only seen as one if it stands alone.
        let (head, body) = match kept.find("\r\n\r\n") {
            Some(end) => kept.split_at(end + 4),
            None => (&*kept, ""),
        };
        let names = head.to_ascii_lowercase();
        let is_chunked = names.contains("\ntransfer-encoding:");
        // Nobody can find a secret in these.
        let is_packed = names.contains("\ncontent-encoding:") || names.contains("protobuf");
        let body = if redactor.shows_secrets() || body.is_empty() {
            body.to_owned()
        } else if is_packed || is_chunked || total > side.bytes.len() {
            // Where it is cut into chunks, or cut off, a secret may have lost the end that it is known by.
            redactor.fingerprint(body.as_bytes())
        } else {
            redactor.text(body).into_owned()
        };
        let base64 = redactor.shows_secrets().then(|| STANDARD.encode(&side.bytes));
        Self {
            bytes: total,
            kept: side.bytes.len(),
            text: format!("{}{body}", redactor.head(head)),
            base64,
            pieces: side.pieces.clone(),
        }
    }
}

// === impl BodyView ===

impl BodyView {
    /// `readable` is what the body says, where it is no text itself.
    fn new(body: &Captured, readable: Option<Readable>, redactor: &Redactor) -> Self {
        if let Some(readable) = readable {
            let text = readable(&body.kept).filter(|_| body.total == body.kept.len());
            let text = text.map(|text| redactor.text(&text).into_owned());
            return Self { bytes: body.total, kept: body.kept.len(), text, protobuf: true };
        }
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
        // Protobuf under another name may be text by chance, and nobody could find a secret in it.
        let is_text = |text: &&str| !text.chars().any(|letter| letter.is_control() && !letter.is_whitespace());
        let text = text.filter(|text| redactor.shows_secrets() || is_text(text));
        let text = text.map(|text| redactor.text(text).into_owned());
        Self { bytes: body.total, kept: end, text, protobuf: false }
    }
}

/// How to read the protobuf that a body is; `None` if it is something else.
fn message(entry: &Entry, headers: &PackedHeaders, of: Part) -> Option<Readable> {
    let mut types = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    let is_protobuf = types.any(|(_, value)| String::from_utf8_lossy(value).to_ascii_lowercase().contains("protobuf"));
    let operation = entry.operation;
    is_protobuf.then(|| -> Readable {
        Box::new(move |bytes| operation.and_then(|operation| operation.message_as_json(of, bytes)))
    })
}

fn headers(packed: &PackedHeaders, redactor: &Redactor) -> Vec<(String, String)> {
    packed.iter().map(|(name, value)| (name.to_owned(), redactor.header(name, value))).collect()
}
