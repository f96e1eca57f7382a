//! What is wrong with a world, and with which of its entries.

use std::borrow::Cow;
use std::fmt;

use super::Full;
use crate::suggest::Unknown;

/// An entry of a world that cannot be.
#[derive(Debug, thiserror::Error)]
#[error("{}{problem}", lead(.place))]
pub struct InvalidWorld {
    /// Where it stands.
    pub place: Place,
    /// What is wrong with it.
    pub problem: Problem,
}

/// Where something stands in a world, from the top. Written like `client[0].branch[1].device[3].login`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Place(Vec<Step>);

/// One step on the way to a place.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Step {
    /// To a member.
    Key(Cow<'static, str>),
    /// To an element, counted from 0.
    Index(usize),
}

/// What is wrong with an entry.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// There is nothing to log in to.
    #[error("a world has at least one client")]
    NoClient,
    /// There is nowhere to be at home.
    #[error("client {0:?} has no branch; every client has at least one")]
    NoBranch(String),
    /// Two entries claim the same name, number, GUID or key.
    #[error("{what} stands twice in {within}")]
    Double {
        /// What stands twice.
        what: String,
        /// Where it must be there once.
        within: String,
    },
    /// A number that none is counted by.
    #[error("{0} is not a number of a row; allowed: 1 to 2147483647")]
    Number(i32),
    /// A text must be there.
    #[error("{member} is missing or empty; {whose}")]
    Missing {
        /// The member.
        member: String,
        /// What has it.
        whose: String,
    },
    /// A text does not fit.
    #[error("{member} has {length} {unit}; allowed: at most {most}")]
    TooLong {
        /// The member.
        member: String,
        /// How long it is.
        length: usize,
        /// How long it may be.
        most: usize,
        /// What is counted.
        unit: &'static str,
    },
    /// A text that cannot be shown, or handed to a program.
    #[error("{0} has a control character in it; allowed: any other")]
    Control(String),
    /// A number that is none, or not one of these.
    #[error("{member} is no number from {least} to {most}")]
    Range {
        /// The member.
        member: &'static str,
        /// The least that it can be.
        least: f64,
        /// The most.
        most: f64,
    },
    /// The server decides it.
    #[error("{0} follows from other rows; leave it out")]
    Computed(String),
    /// JSON has no such value.
    #[error("the value has a date in it, and JSON has none; write a text")]
    Date,
    /// A text that no header can carry.
    #[error("a header cannot carry this key; allowed: visible ASCII without blanks")]
    Key,
    /// It names something that does not exist.
    #[error(transparent)]
    Unknown(Box<Unknown>),
    /// It names a row, or a branch, by a number that none has.
    #[error("{member} {number} is no {target}; there {known}")]
    Dangling {
        /// The member that names it.
        member: String,
        /// Its number.
        number: i32,
        /// What it would be.
        target: &'static str,
        /// Which there are.
        known: String,
    },
    /// There are more rows than a collection holds.
    #[error(transparent)]
    Full(#[from] Full),
    /// There are more than the directory holds.
    #[error("there are more than {most} {what}, which is the limit")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many may be there.
        most: usize,
    },
}

/// Numbers that are named at most where one is missing.
const NAMED: usize = 5;

fn lead(place: &Place) -> String {
    if place.0.is_empty() { String::new() } else { format!("{place}: ") }
}

// === impl InvalidWorld ===

impl InvalidWorld {
    pub(super) fn at(place: Place, problem: Problem) -> Self {
        Self { place, problem }
    }
}

// === impl Problem ===

impl Problem {
    pub(super) fn twice(what: impl Into<String>, within: impl Into<String>) -> Self {
        Self::Double { what: what.into(), within: within.into() }
    }

    /// `numbers` are those that there are.
    pub(super) fn dangling(
        member: &str,
        number: i32,
        target: &'static str,
        numbers: impl Iterator<Item = i32>,
    ) -> Self {
        let mut numbers: Vec<String> = numbers.take(NAMED + 1).map(|number| number.to_string()).collect();
        if let Some(last) = numbers.get_mut(NAMED) {
            "…".clone_into(last);
        }
        let known = match numbers.len() {
            0 => "is none".to_owned(),
            1 => format!("is {}", numbers.join("")),
            _ => format!("are {}", numbers.join(", ")),
        };
        Self::Dangling { member: member.to_owned(), number, target, known }
    }
}

// === impl Place ===

impl Place {
    /// A member of it.
    #[must_use]
    pub(super) fn key(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.0.push(Step::Key(name.into()));
        self
    }

    /// An element of it, counted from 0.
    #[must_use]
    pub(super) fn index(mut self, index: usize) -> Self {
        self.0.push(Step::Index(index));
        self
    }

    /// The steps, from the top.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(name) if position == 0 => f.write_str(name)?,
                Step::Key(name) => write!(f, ".{name}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
