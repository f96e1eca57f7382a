//! Findings rest on evidence. A check can only say that something holds by pointing at what it saw.

use std::fmt;

use crate::transcript::{Call, Exchange, Quiet};

/// What a check saw: never empty, and only made of what is in a transcript.
///
/// There is no other way to a pass, so this does not compile:
///
/// ```compile_fail
/// use conformance::evidence::{Evidence, Finding};
/// let finding: Finding = Ok(Evidence { points: Vec::new(), note: None });
/// ```
///
/// This does:
///
/// ```
/// use conformance::evidence::{Evidence, Finding};
/// # fn of(exchange: &conformance::transcript::Exchange) {
/// let finding: Finding = Ok(Evidence::from(exchange));
/// # }
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Evidence {
    points: Vec<Point>,
    note: Option<String>,
}

/// One thing in a transcript, by its number.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Point {
    /// An exchange, as the server saw it.
    Exchange(usize),
    /// A call, as the client saw it.
    Call(usize),
    /// A time in which nothing was asked for.
    Quiet(usize),
}

/// What a check found.
pub type Finding = Result<Evidence, Objection>;

/// Why something cannot be said to hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Objection {
    /// It does not hold: here it is seen.
    Broken {
        /// What is wrong.
        message: String,
        /// Where.
        evidence: Evidence,
    },
    /// What was seen does not decide it.
    Undecided(String),
    /// It is not about what this client does.
    NotApplicable(String),
}

// === impl Evidence ===

impl Evidence {
    /// All of them, or nothing if there are none.
    pub fn all<P>(points: impl IntoIterator<Item = P>) -> Option<Self>
    where
        Self: From<P>,
    {
        points.into_iter().map(Self::from).reduce(Self::and)
    }

    /// Both.
    #[must_use]
    pub fn and(mut self, other: impl Into<Self>) -> Self {
        let other = other.into();
        self.points.extend(other.points);
        self.points.sort_unstable();
        self.points.dedup();
        self.note = self.note.or(other.note);
        self
    }

    /// It holds, by a reading that is not the strictest.
    #[must_use]
    pub fn leniently(mut self, note: impl Into<String>) -> Self {
        self.note = Some(note.into());
        self
    }

    /// What it points at, in order.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Why it is not the strictest reading, if it is not.
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The opposite of a pass.
    pub fn breaks<T>(self, message: impl Into<String>) -> Result<T, Objection> {
        Err(Objection::Broken { message: message.into(), evidence: self })
    }

    fn point(point: Point) -> Self {
        Self { points: vec![point], note: None }
    }
}

impl From<&Exchange> for Evidence {
    fn from(exchange: &Exchange) -> Self {
        Self::point(Point::Exchange(exchange.number))
    }
}

impl From<&Call> for Evidence {
    fn from(call: &Call) -> Self {
        Self::point(Point::Call(call.number))
    }
}

impl From<&Quiet> for Evidence {
    fn from(quiet: &Quiet) -> Self {
        Self::point(Point::Quiet(quiet.number))
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exchange(number) => write!(f, "exchange#{number}"),
            Self::Call(number) => write!(f, "call#{number}"),
            Self::Quiet(number) => write!(f, "quiet#{number}"),
        }
    }
}

/// Nothing follows from what was seen.
pub fn undecided<T>(why: impl Into<String>) -> Result<T, Objection> {
    Err(Objection::Undecided(why.into()))
}
