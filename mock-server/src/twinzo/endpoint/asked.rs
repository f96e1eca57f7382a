//! What a request may and must say beside what its contract can hold: who signs it, what its query has, which members
//! of its body must be there.

use wire::contract::Kind;

use crate::directory::Row;

/// Who may sign, §2.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Signers {
    /// Nobody: no header is looked at.
    Nobody,
    /// A token, and nothing beside it.
    TokenAlone,
    /// A token: a key says too little.
    Token,
    /// A token or a key.
    TokenOrKey,
}

/// A parameter of a query.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// Whether it must be there.
    pub(crate) is_needed: bool,
    /// What it means.
    pub(crate) about: &'static str,
}

/// What is asked of the members of a body.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Demands {
    /// Members that the server decides: requests have no use for them.
    pub(crate) fixed: &'static [&'static str],
    /// Members that must be there; they may be empty.
    pub(crate) present: &'static [&'static str],
    /// Texts that must be there, and must not be empty.
    pub(crate) filled: &'static [&'static str],
    /// Texts that have an end, and how many characters they may have.
    pub(crate) longest: &'static [(&'static str, usize)],
    /// Whether members that are not there stay as they are.
    pub(crate) is_part: bool,
}

const INT32: Kind = Kind::Integer("Int32");
const INT64: Kind = Kind::Integer("Int64");

const fn needed(name: &'static str, kind: Kind, about: &'static str) -> Parameter {
    Parameter { name, kind, is_needed: true, about }
}

const fn optional(name: &'static str, kind: Kind, about: &'static str) -> Parameter {
    Parameter { name, kind, is_needed: false, about }
}

/// Of the history of a device, §4.6.
pub(super) const HISTORY: &[Parameter] = &[
    needed("deviceId", INT32, "Number of the device."),
    optional("from", INT64, "Unix milliseconds of the first record; from the beginning if absent."),
    optional("to", INT64, "Unix milliseconds of the last record; to the end if absent."),
];

/// Of stays in areas, §4.6.
pub(super) const OCCURRENCES: &[Parameter] = &[
    needed("start", INT64, "Unix milliseconds of the first record that counts."),
    needed("stop", INT64, "Unix milliseconds of the last record that counts."),
    optional("deviceId", INT32, "Number of the device; every device of the branch if absent."),
    optional("shiftId", INT32, "Number of the shift whose hours count; every hour if absent."),
];

/// Of orders, §6.
pub(super) const ORDERS: &[Parameter] = &[
    optional("start", INT64, "Unix milliseconds from which on an order was made; from the beginning if absent."),
    optional("stop", INT64, "Unix milliseconds until which an order was made; to the end if absent."),
];

/// A login in the body.
pub(super) const LOGIN: Demands = Demands { present: &["Login"], ..Demands::NONE };
/// A login and a password in the body.
pub(super) const LOGIN_AND_PASSWORD: Demands = Demands { filled: &["Login", "Password"], ..Demands::NONE };

// === impl Demands ===

impl Demands {
    /// Nothing is asked.
    pub(super) const NONE: Self = Self { fixed: &[], present: &[], filled: &[], longest: &[], is_part: false };

    /// What is asked of a new row.
    pub(super) const fn of<R: Row>() -> Self {
        Self { fixed: R::FIXED, present: &[], filled: R::REQUIRED, longest: R::LONGEST, is_part: false }
    }

    /// What is asked of a change of a row.
    pub(super) const fn of_part<R: Row>() -> Self {
        Self { is_part: true, ..Self::of::<R>() }
    }
}
