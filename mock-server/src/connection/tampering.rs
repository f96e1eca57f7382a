//! Carries out the orders for one answer, byte by byte: from what hyper writes to what goes out.

use bytes::{BufMut, BytesMut};

use super::pace::{Pacer, Pass};
use super::tamper::{Cut, End, Framing, Pace, Place, Spelling, Tamper};

/// The orders for one answer, and how far they are carried out.
#[derive(Debug)]
pub(super) struct Tampering {
    tamper: Tamper,
    /// The head until it is complete; `None` from then on.
    head: Option<BytesMut>,
    chunks: Option<Chunks>,
    /// Bytes of hyper's body that are to come; `None` until the head is there.
    rest: Option<usize>,
    /// Bytes that came out so far.
    made: usize,
    /// Those of them that are on their way.
    pub(super) sent: usize,
    pacer: Pacer,
}

/// A body on its way into chunks.
#[derive(Debug)]
struct Chunks {
    /// Bytes of the body that are to come.
    rest: usize,
    size: usize,
    /// Bytes that do not fill a chunk yet.
    open: BytesMut,
    /// Chunks that are out.
    count: usize,
}

/// What is left to do after some bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Next {
    GoOn,
    /// The end, and how long after the last byte.
    End(End, std::time::Duration),
}

const OLD_VERSION: &[u8] = b"HTTP/1.0";
const HEAD_END: &[u8] = b"\r\n\r\n";
const BAD_CHUNK: &[u8] = b"zz\r\nnot a chunk\r\n";
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Chunks of one answer at most; beyond that they are larger than ordered.
const MOST_CHUNKS: usize = 1000;

// === impl Tampering ===

impl Tampering {
    pub(super) fn new(tamper: Tamper) -> Self {
        let mut pacer = Pacer::default();
        if let Some(Pace::Bytes(bytes, pause)) = tamper.pace {
            pacer.pause_every(0, bytes, pause);
        }
        Self { tamper, head: Some(BytesMut::new()), chunks: None, rest: None, made: 0, sent: 0, pacer }
    }

    /// What may happen to what came out and is not on its way yet.
    pub(super) fn pass(&mut self) -> Pass {
        self.pacer.pass(self.sent)
    }

    /// Whether the answer was whole, and what hyper writes next is something else.
    pub(super) fn is_over(&self) -> bool {
        self.rest == Some(0)
    }

    /// Takes bytes of hyper's and puts what is to be sent instead behind `out`.
    pub(super) fn feed(&mut self, bytes: &[u8], out: &mut BytesMut) -> Next {
        let before = out.len();
        if let Some(garbage) = self.tamper.garbage.take() {
            out.put_slice(&garbage);
            return Next::End(End::Close, std::time::Duration::ZERO);
        }
        if let Some(Cut { after: Place::Byte(0), end, late }) = self.tamper.cut {
            return Next::End(end, late);
        }
        let mut ended = false;
        match &mut self.head {
            None => ended = self.body(bytes, out, before),
            Some(head) => {
                head.extend_from_slice(bytes);
                if let Some(end) = head.windows(HEAD_END.len()).position(|window| window == HEAD_END) {
                    let mut head = self.head.take().unwrap_or_default();
                    let rest = head.split_off(end + HEAD_END.len());
                    self.rewrite(&head, out, before);
                    ended = self.body(&rest, out, before);
                }
            }
        }
        if let Some(Cut { after: Place::Byte(after), end, late }) = self.tamper.cut {
            let room = after.saturating_sub(self.made);
            if out.len() - before >= room {
                out.truncate(before + room);
                return Next::End(end, late);
            }
        }
        self.made += out.len() - before;
        if ended { Next::End(End::Close, std::time::Duration::ZERO) } else { Next::GoOn }
    }

    fn rewrite(&mut self, head: &[u8], out: &mut BytesMut, before: usize) {
        // A client of HTTP/1.0 knows neither interim answers nor chunks.
        if head.starts_with(OLD_VERSION) {
            self.tamper.interim.clear();
            self.tamper.framing = Framing::AsIs;
        }
        for status in &self.tamper.interim {
            let name = http::StatusCode::from_u16(*status).ok().and_then(|status| status.canonical_reason());
            out.put_slice(format!("HTTP/1.1 {status} {}\r\n\r\n", name.unwrap_or("Interim")).as_bytes());
        }
        if self.tamper.is_head_only || self.tamper.is_http_10 {
            self.tamper.framing = Framing::AsIs;
        }
        let is_chunked = self.tamper.framing != Framing::AsIs;
        let mut length = 0;
        let lines = head[..head.len() - HEAD_END.len()].split(|byte| *byte == b'\n');
        for (number, line) in lines.enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if number == 0 {
                let (version, status) = line.split_at(line.len().min(OLD_VERSION.len()));
                out.put_slice(if self.tamper.is_http_10 { OLD_VERSION } else { version });
                out.put_slice(status);
                out.put_slice(b"\r\n");
                continue;
            }
            let name_end = line.iter().position(|byte| *byte == b':').unwrap_or(0);
            let (name, value) = line.split_at(name_end);
            if name.eq_ignore_ascii_case(b"content-length") {
                length = String::from_utf8_lossy(&value[1..]).trim().parse().unwrap_or(0);
                if is_chunked {
                    continue;
                }
            }
            out.extend(spelled(name, self.tamper.spelling));
            out.put_slice(value);
            out.put_slice(b"\r\n");
        }
        if is_chunked {
            out.extend(spelled(b"Transfer-Encoding", self.tamper.spelling));
            out.put_slice(b": chunked\r\n");
        }
        out.put_slice(b"\r\n");
        let length = if self.tamper.is_head_only { 0 } else { length };
        self.rest = Some(length);
        self.plan_body(self.made + out.len() - before, length);
    }

    /// Where things happen that are counted from the first byte of the body.
    fn plan_body(&mut self, begins: usize, length: usize) {
        self.pacer.pause_at(begins, self.tamper.body_pause);
        if let Some(Pace::BodyPieces(count, pause)) = self.tamper.pace {
            self.pacer.pause_every(begins, length.div_ceil(count.max(1)), pause);
        }
        let size = match &self.tamper.framing {
            Framing::AsIs => None,
            Framing::BadChunk | Framing::NoTerminator => Some(usize::MAX),
            Framing::Chunks { bytes, .. } => Some((*bytes).max(length.div_ceil(MOST_CHUNKS)).max(1)),
        };
        self.chunks = size.map(|size| Chunks { rest: length, size, open: BytesMut::new(), count: 0 });
        if let Some(cut) = &mut self.tamper.cut {
            // An answer that is shorter than that ends where it ends, in the way that was ordered.
            let whole = if self.chunks.is_some() { usize::MAX } else { begins.saturating_add(length) };
            cut.after = Place::Byte(match cut.after {
                Place::Byte(after) => after.min(whole),
                Place::BodyByte(after) => begins.saturating_add(after).min(whole),
                Place::Whole => whole,
            });
        }
    }

    /// True if the answer ends here, and the connection with it.
    fn body(&mut self, bytes: &[u8], out: &mut BytesMut, before: usize) -> bool {
        self.rest = self.rest.map(|rest| rest.saturating_sub(bytes.len()));
        let Some(chunks) = &mut self.chunks else {
            out.put_slice(bytes);
            return false;
        };
        chunks.rest = chunks.rest.saturating_sub(bytes.len());
        chunks.open.extend_from_slice(bytes);
        let is_last = chunks.rest == 0;
        while !chunks.open.is_empty() && (is_last || chunks.open.len() >= chunks.size) {
            let chunk = chunks.open.split_to(chunks.size.min(chunks.open.len()));
            if let Framing::Chunks { pauses, .. } = &self.tamper.framing
                && let Some(pause) = pauses.get(chunks.count).or(pauses.last())
            {
                self.pacer.pause_at(self.made + out.len() - before, *pause);
            }
            chunks.count += 1;
            out.put_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            out.put_slice(&chunk);
            out.put_slice(b"\r\n");
        }
        if !is_last {
            return false;
        }
        match self.tamper.framing {
            Framing::AsIs => false,
            Framing::BadChunk => {
                out.put_slice(BAD_CHUNK);
                true
            }
            Framing::NoTerminator => true,
            Framing::Chunks { .. } => {
                out.put_slice(LAST_CHUNK);
                if let Some(cut) = &mut self.tamper.cut {
                    let whole = self.made + out.len() - before;
                    cut.after = match cut.after {
                        Place::Byte(after) => Place::Byte(after.min(whole)),
                        after @ (Place::BodyByte(_) | Place::Whole) => after,
                    };
                }
                false
            }
        }
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
    use std::time::Duration;

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
            assert_eq!((String::from_utf8_lossy(&out).as_ref(), last), (expected, next), "in pieces of {piece}");
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
                let tamper = Tamper { cut: Some(Cut::at(Place::Byte(after), end)), ..Tamper::default() };
                check(&tamper, &whole[..after.min(whole.len())], Next::End(end, Duration::ZERO));
            }
        }
    }

    #[test]
    fn a_cut_in_the_body_is_counted_from_there() {
        let whole = String::from_utf8_lossy(ANSWER);
        for after in [0, 3, 5, 1000] {
            let tamper = Tamper { cut: Some(Cut::at(Place::BodyByte(after), End::Close)), ..Tamper::default() };
            let expected = &whole[..(whole.len() - 5 + after).min(whole.len())];
            check(&tamper, expected, Next::End(End::Close, Duration::ZERO));
        }
        let late = Duration::from_secs(1);
        let cut = Cut { after: Place::Whole, end: End::Reset, late };
        check(&Tamper { cut: Some(cut), ..Tamper::default() }, &whole, Next::End(End::Reset, late));
    }

    #[test]
    fn chunks_take_the_place_of_the_length() {
        let framing = |framing| Tamper { framing, ..Tamper::default() };
        let answer =
            |body: &str| format!("HTTP/1.1 200 OK\r\nContent-Type: a/b\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        let closed = Next::End(End::Close, Duration::ZERO);
        check(&framing(Framing::BadChunk), &answer("5\r\nhello\r\nzz\r\nnot a chunk\r\n"), closed);
        check(&framing(Framing::NoTerminator), &answer("5\r\nhello\r\n"), closed);
        let chunks = Framing::Chunks { bytes: 2, pauses: vec![Duration::from_secs(1)] };
        check(&framing(chunks), &answer("2\r\nhe\r\n2\r\nll\r\n1\r\no\r\n0\r\n\r\n"), Next::GoOn);
    }

    #[test]
    fn an_answer_to_a_client_of_http_1_0_keeps_its_version_and_its_length() {
        let old = String::from_utf8_lossy(ANSWER).replace("HTTP/1.1", "HTTP/1.0");
        for tamper in [
            Tamper { interim: vec![103], framing: Framing::NoTerminator, ..Tamper::default() },
            Tamper { is_http_10: true, ..Tamper::default() },
        ] {
            let (mut tampering, mut out) = (Tampering::new(tamper), BytesMut::new());
            assert_eq!(tampering.feed(old.as_bytes(), &mut out), Next::GoOn);
            assert_eq!(String::from_utf8_lossy(&out), old);
        }
    }

    #[test]
    fn orders_are_over_with_the_last_byte_of_the_answer() {
        let framing = Framing::Chunks { bytes: 2, pauses: Vec::new() };
        let mut tampering = Tampering::new(Tamper { framing, ..Tamper::default() });
        let mut out = BytesMut::new();
        for (position, byte) in ANSWER.iter().enumerate() {
            assert!(!tampering.is_over(), "at {position}");
            tampering.feed(&[*byte], &mut out);
        }
        assert!(tampering.is_over());
        let mut only_head = Tampering::new(Tamper { is_head_only: true, ..Tamper::default() });
        only_head.feed(&ANSWER[..ANSWER.len() - 5], &mut out);
        assert!(only_head.is_over());
    }

    #[test]
    fn garbage_stands_instead_of_everything() {
        let tamper = Tamper { garbage: Some(bytes::Bytes::from_static(b"%&")), ..Tamper::default() };
        check(&tamper, "%&", Next::End(End::Close, Duration::ZERO));
    }

    #[test]
    fn an_answer_of_http_1_0_says_so() {
        let tamper = Tamper { is_http_10: true, ..Tamper::default() };
        check(&tamper, &String::from_utf8_lossy(ANSWER).replace("HTTP/1.1", "HTTP/1.0"), Next::GoOn);
    }

    #[test]
    fn pauses_stand_where_the_body_begins_and_before_each_chunk() {
        let (one, two) = (Duration::from_secs(1), Duration::from_secs(2));
        let framing = Framing::Chunks { bytes: 3, pauses: vec![one, two] };
        let tamper = Tamper { framing, body_pause: two, ..Tamper::default() };
        let (mut tampering, mut out) = (Tampering::new(tamper), BytesMut::new());
        assert_eq!(tampering.feed(ANSWER, &mut out), Next::GoOn);
        let head = out.windows(4).position(|window| window == HEAD_END).unwrap() + 4;
        let mut passes = Vec::new();
        let mut place = 0;
        while place < out.len() {
            let pass = tampering.pacer.pass(place);
            if let Pass::Bytes(bytes) = pass {
                place += bytes.min(out.len() - place);
            }
            passes.push(pass);
        }
        let chunk = "3\r\nhel\r\n".len();
        let expected = [Pass::Bytes(head), Pass::Wait(two), Pass::Wait(one), Pass::Bytes(chunk), Pass::Wait(two)];
        assert_eq!(passes[..5], expected);
    }
}
