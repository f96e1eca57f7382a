//! Answers that no service gave: hyper's own to a head that it cannot read, and ours to one that never ends.

use http::Method;

/// One of them.
#[derive(Debug)]
pub(crate) struct OwnAnswer {
    /// Number of the connection.
    pub(crate) connection: u64,
    /// Absent if nothing was sent.
    pub(crate) status: Option<u16>,
    /// The beginning of the head, as it came.
    pub(crate) head: Vec<u8>,
}

// === impl OwnAnswer ===

impl OwnAnswer {
    /// Method and target, as far as they can be made out.
    pub(crate) fn request_line(&self) -> (Method, String) {
        let line = self.head.split(|byte| *byte == b'\r' || *byte == b'\n').next().unwrap_or_default();
        let mut words = line.split(|byte| *byte == b' ');
        let method = words.next().and_then(|word| Method::from_bytes(word).ok());
        let target = words.next().map(|word| String::from_utf8_lossy(word).into_owned());
        // A dash is a token, and no method that anybody uses.
        let unknown = || Method::from_bytes(b"-").unwrap_or_default();
        (method.unwrap_or_else(unknown), target.unwrap_or_default())
    }
}

/// The status with which hyper answers a head that it refuses; `Some(None)` if it refuses it without a word.
#[expect(clippy::option_option, reason = "no refusal, a silent one, one with a status")]
pub(super) fn refused_by_hyper(error: &hyper::Error) -> Option<Option<u16>> {
    if !error.is_parse() {
        return None;
    }
    // hyper keeps its kinds to itself; its words for these are part of its tests.
    Some(match error.to_string().as_str() {
        "URI too long" => Some(414),
        "invalid HTTP version parsed (found HTTP2 preface)" => None,
        _ if error.is_parse_too_large() => Some(431),
        _ => Some(400),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_line_is_read_as_far_as_it_goes() {
        let read = |head: &str| OwnAnswer { connection: 1, status: Some(400), head: head.into() }.request_line();
        assert_eq!(read("GET /a b\r\nx"), (Method::GET, "/a".to_owned()));
        assert_eq!(read("POST\r\n").1, "");
        assert_eq!(read("\u{16}\u{3}\u{1}").0.as_str(), "-");
        assert_eq!(read("").0.as_str(), "-");
    }
}
