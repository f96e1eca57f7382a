//! What the connection does to one answer on its way out, above TLS: interim answers before it, header names in
//! another spelling, a broken chunk, an end before its end.
//!
//! An order holds for the bytes that hyper writes after the answer it came with, until the next answer.

use bytes::{BufMut, BytesMut};

/// The orders for one answer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tamper {
    /// Statuses of interim answers that go before it.
    pub(crate) interim: Vec<u16>,
    /// How header names are spelled.
    pub(crate) spelling: Option<Spelling>,
    /// Whether it comes in chunks of which the second is garbage.
    pub(crate) bad_chunk: bool,
    /// Where it ends early.
    pub(crate) cut: Option<Cut>,
}

/// How header names are spelled; HTTP does not care, and some clients do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Spelling {
    Lower,
    Upper,
    /// `cOnTeNt-TyPe`.
    Mixed,
}

/// Where an answer ends early, and how.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Cut {
    /// Bytes that are still sent, from the first of the head.
    pub(crate) after: usize,
    pub(crate) end: End,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// RST.
    Reset,
    /// FIN.
    Close,
    /// Not at all: silence, until the client gives up or the idle time-out strikes.
    Stall,
}

/// Carries out orders, byte by byte.
#[derive(Debug)]
pub(super) struct Tampering {
    tamper: Tamper,
    /// The head until it is complete; `None` from then on.
    head: Option<BytesMut>,
    /// Bytes of the body that are to come, while the answer is in chunks.
    chunked: Option<usize>,
    sent: usize,
}

/// What is left to do after some bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    GoOn,
    End(End),
}

const HEAD_END: &[u8] = b"\r\n\r\n";
const GARBAGE: &[u8] = b"zz\r\nnot a chunk\r\n";

// === impl Tamper ===

impl Tamper {
    /// A reset instead of an answer.
    pub(crate) fn reset() -> Self {
        Self { cut: Some(Cut { after: 0, end: End::Reset }), ..Self::default() }
    }

    /// Whether not a byte of the answer is sent.
    pub(crate) fn sends_nothing(&self) -> bool {
        matches!(self.cut, Some(Cut { after: 0, .. }))
    }

    /// In the words of the journal.
    pub(crate) fn describe(&self) -> String {
        let mut words = Vec::new();
        if !self.interim.is_empty() {
            words.push(format!("interim {:?}", self.interim));
        }
        if let Some(spelling) = self.spelling {
            words.push(format!("header names {spelling:?}").to_lowercase());
        }
        if self.bad_chunk {
            words.push("bad chunk".to_owned());
        }
        if let Some(Cut { after, end }) = self.cut {
            words.push(format!("{end:?} after {after} bytes").to_lowercase());
        }
        words.join(", ")
    }
}

// === impl Tampering ===

impl Tampering {
    pub(super) fn new(tamper: Tamper) -> Self {
        Self { tamper, head: Some(BytesMut::new()), chunked: None, sent: 0 }
    }

    /// Takes bytes of hyper's and puts what is to be sent instead behind `out`.
    pub(super) fn feed(&mut self, bytes: &[u8], out: &mut BytesMut) -> Next {
        let before = out.len();
        if let Some(Cut { after: 0, end }) = self.tamper.cut {
            return Next::End(end);
        }
        let mut ended = false;
        match &mut self.head {
            None => ended = self.body(bytes, out),
            Some(head) => {
                head.extend_from_slice(bytes);
                if let Some(end) = head.windows(HEAD_END.len()).position(|window| window == HEAD_END) {
                    let mut head = self.head.take().unwrap_or_default();
                    let rest = head.split_off(end + HEAD_END.len());
                    self.rewrite(&head, out);
                    ended = self.body(&rest, out);
                }
            }
        }
        if let Some(Cut { after, end }) = self.tamper.cut {
            let room = after.saturating_sub(self.sent);
            if out.len() - before >= room {
                out.truncate(before + room);
                return Next::End(end);
            }
        }
        self.sent += out.len() - before;
        if ended { Next::End(End::Close) } else { Next::GoOn }
    }

    fn rewrite(&mut self, head: &[u8], out: &mut BytesMut) {
        for status in &self.tamper.interim {
            let name = http::StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
            out.put_slice(format!("HTTP/1.1 {status} {}\r\n\r\n", name.unwrap_or("Interim")).as_bytes());
        }
        let begun = out.len();
        let mut length = 0;
        let lines = head[..head.len() - HEAD_END.len()].split(|byte| *byte == b'\n');
        for (number, line) in lines.enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let name_end = line.iter().position(|byte| *byte == b':').filter(|_| number > 0).unwrap_or(0);
            let (name, value) = line.split_at(name_end);
            if name.eq_ignore_ascii_case(b"content-length") {
                length = String::from_utf8_lossy(&value[1..]).trim().parse().unwrap_or(0);
                if self.tamper.bad_chunk {
                    self.chunked = Some(length);
                    continue;
                }
            }
            out.extend(spelled(name, self.tamper.spelling));
            out.put_slice(value);
            out.put_slice(b"\r\n");
        }
        if self.chunked.is_some() {
            out.extend(spelled(b"Transfer-Encoding", self.tamper.spelling));
            out.put_slice(b": chunked\r\n");
        }
        out.put_slice(b"\r\n");
        if let Some(cut) = &mut self.tamper.cut {
            // An answer that is shorter than that ends where it ends, in the way that was ordered.
            cut.after = cut.after.min(self.sent + out.len() - begun + length);
        }
    }

    /// True if the answer ends here.
    fn body(&mut self, bytes: &[u8], out: &mut BytesMut) -> bool {
        let Some(rest) = &mut self.chunked else {
            out.put_slice(bytes);
            return false;
        };
        *rest = rest.saturating_sub(bytes.len());
        let last = *rest == 0;
        if !bytes.is_empty() {
            out.put_slice(format!("{:x}\r\n", bytes.len()).as_bytes());
            out.put_slice(bytes);
            out.put_slice(b"\r\n");
        }
        if last {
            // Where the last chunk should be.
            out.put_slice(GARBAGE);
        }
        last
    }
}

fn spelled(name: &[u8], spelling: Option<Spelling>) -> impl Iterator<Item = u8> {
    name.iter().enumerate().map(move |(position, byte)| {
        let is_upper = match spelling {
            None => return *byte,
            Some(Spelling::Lower) => false,
            Some(Spelling::Upper) => true,
            Some(Spelling::Mixed) => position % 2 == 1,
        };
        if is_upper { byte.to_ascii_uppercase() } else { byte.to_ascii_lowercase() }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nContent-Length: 5\r\n\r\nhello";

    /// The same bytes come out whatever pieces hyper writes.
    #[track_caller]
    fn check(tamper: &Tamper, expected: &str, next: Next) {
        for piece in [1, 7, 60, ANSWER.len()] {
            let (mut tampering, mut out, mut last) = (Tampering::new(tamper.clone()), BytesMut::new(), Next::GoOn);
            for bytes in ANSWER.chunks(piece) {
                last = tampering.feed(bytes, &mut out);
                if last != Next::GoOn {
                    break;
                }
            }
            if !tamper.bad_chunk {
                assert_eq!((String::from_utf8_lossy(&out).as_ref(), last), (expected, next), "in pieces of {piece}");
            }
        }
    }

    #[test]
    fn names_are_spelled_as_ordered_and_values_stay() {
        let spelling = |spelling| Tamper { spelling: Some(spelling), ..Tamper::default() };
        let answer = |head: &str| format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\nhello");
        check(&spelling(Spelling::Lower), &answer("content-type: a/b\r\ncontent-length: 5"), Next::GoOn);
        check(&spelling(Spelling::Upper), &answer("CONTENT-TYPE: a/b\r\nCONTENT-LENGTH: 5"), Next::GoOn);
        check(&spelling(Spelling::Mixed), &answer("cOnTeNt-tYpE: a/b\r\ncOnTeNt-lEnGtH: 5"), Next::GoOn);
    }

    #[test]
    fn interim_answers_go_first() {
        let tamper = Tamper { interim: vec![100, 103], ..Tamper::default() };
        let expected =
            format!("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n{}", String::from_utf8_lossy(ANSWER));
        check(&tamper, &expected, Next::GoOn);
    }

    #[test]
    fn a_cut_sends_exactly_so_many_bytes() {
        let whole = String::from_utf8_lossy(ANSWER);
        for end in [End::Reset, End::Close, End::Stall] {
            for after in [0, 3, 30, ANSWER.len() - 2, ANSWER.len(), ANSWER.len() + 1000] {
                let tamper = Tamper { cut: Some(Cut { after, end }), ..Tamper::default() };
                check(&tamper, &whole[..after.min(whole.len())], Next::End(end));
            }
        }
    }

    #[test]
    fn a_bad_chunk_stands_where_the_last_should_be() {
        let tamper = Tamper { bad_chunk: true, ..Tamper::default() };
        let (mut tampering, mut out) = (Tampering::new(tamper), BytesMut::new());
        assert_eq!(tampering.feed(ANSWER, &mut out), Next::End(End::Close));
        let expected = "HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n\
                        5\r\nhello\r\nzz\r\nnot a chunk\r\n";
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }
}
