//! What the connection does to one answer on its way out, above TLS: interim answers before it, header names in
//! another spelling, chunks, pauses, an end before its end.
//!
//! An order holds for the bytes that hyper writes after the answer it came with, until the next answer.

use std::time::Duration;

use bytes::Bytes;

/// The orders for one answer.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Tamper {
    /// Statuses of interim answers that go before it.
    pub(crate) interim: Vec<u16>,
    /// How header names are spelled.
    pub(crate) spelling: Option<Spelling>,
    /// Whether its first line says HTTP/1.0.
    pub(crate) is_http_10: bool,
    /// Whether its body comes in chunks.
    pub(crate) framing: Framing,
    /// What goes out instead of it.
    pub(crate) garbage: Option<Bytes>,
    /// Where it ends early, or the connection after it.
    pub(crate) cut: Option<Cut>,
    /// In which pieces it goes out.
    pub(crate) pace: Option<Pace>,
    /// Between head and body.
    pub(crate) body_pause: Duration,
    /// Whether only a head comes, whatever length it names: to HEAD, and with such a status.
    pub(crate) is_head_only: bool,
}

/// How header names are spelled; HTTP does not care, and some clients do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Spelling {
    Lower,
    Upper,
    /// `cOnTeNt-TyPe`.
    Mixed,
}

/// How a body is delimited.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) enum Framing {
    /// By its length, as hyper has it.
    #[default]
    AsIs,
    /// In chunks, and where the last should be there is garbage.
    BadChunk,
    /// In chunks, and the last never comes.
    NoTerminator,
    /// In chunks of so many bytes, with a pause before each; the last pause stands for all that follow.
    Chunks { bytes: usize, pauses: Vec<Duration> },
}

/// Where an answer ends early, and how.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Cut {
    pub(crate) after: Place,
    pub(crate) end: End,
    /// How long after the last byte the end comes.
    pub(crate) late: Duration,
}

/// A place in an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Place {
    /// After so many bytes, from the first of the head.
    Byte(usize),
    /// After the head and so many bytes of the body.
    BodyByte(usize),
    /// After all of it.
    Whole,
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

/// In which pieces an answer goes out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Pace {
    /// So many bytes, then a pause, from the first byte on.
    Bytes(usize, Duration),
    /// The body in so many pieces, with pauses between them.
    BodyPieces(usize, Duration),
}

// === impl Tamper ===

impl Tamper {
    /// A reset instead of an answer.
    pub(crate) fn reset() -> Self {
        Self { cut: Some(Cut::at(Place::Byte(0), End::Reset)), ..Self::default() }
    }

    /// Whether not a byte of the answer is sent.
    pub(crate) fn sends_nothing(&self) -> bool {
        self.garbage.is_some() || matches!(self.cut, Some(Cut { after: Place::Byte(0), .. }))
    }

    /// Where an answer of HTTP/2 ends early. Whatever else is ordered is about bytes that HTTP/2 does not have.
    pub(crate) fn cut_or_nothing(&self) -> Option<Cut> {
        if self.garbage.is_some() { Some(Cut::at(Place::Byte(0), End::Close)) } else { self.cut }
    }

    /// What of these orders HTTP/2 cannot follow, in the words of the journal.
    pub(crate) fn beyond_http2(&self) -> Option<String> {
        let cut = self.cut.filter(|cut| cut.after == Place::Whole);
        let rest = Self { cut, is_head_only: false, ..self.clone() };
        let closes = if self.garbage.is_some() { "; the connection closes all the same" } else { "" };
        (rest != Self::default()).then(|| {
            format!("this is HTTP/2, where bytes cannot be tampered with: not done was {}{closes}", rest.describe())
        })
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
        if self.is_http_10 {
            words.push("HTTP/1.0".to_owned());
        }
        match &self.framing {
            Framing::AsIs => {}
            Framing::BadChunk => words.push("bad chunk".to_owned()),
            Framing::NoTerminator => words.push("chunks without the last".to_owned()),
            Framing::Chunks { bytes, .. } => words.push(format!("chunks of {bytes} bytes with pauses")),
        }
        match self.pace {
            None => {}
            Some(Pace::Bytes(bytes, pause)) => words.push(format!("pieces of {bytes} bytes, {pause:?} apart")),
            Some(Pace::BodyPieces(count, pause)) => words.push(format!("body in {count} pieces, {pause:?} apart")),
        }
        if !self.body_pause.is_zero() {
            words.push(format!("{:?} between head and body", self.body_pause));
        }
        if let Some(garbage) = &self.garbage {
            words.push(format!("{} bytes of garbage, close", garbage.len()));
        }
        if let Some(Cut { after, end, late }) = self.cut {
            let place = match after {
                Place::Byte(after) => format!("after {after} bytes"),
                Place::BodyByte(after) => format!("after {after} bytes of the body"),
                Place::Whole => "after the answer".to_owned(),
            };
            let late = if late.is_zero() { String::new() } else { format!(", {late:?} late") };
            words.push(format!("{} {place}{late}", format!("{end:?}").to_lowercase()));
        }
        words.join(", ")
    }
}

// === impl Cut ===

impl Cut {
    /// An end that comes at once.
    pub(crate) fn at(after: Place, end: End) -> Self {
        Self { after, end, late: Duration::ZERO }
    }
}
