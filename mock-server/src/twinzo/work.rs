//! One signed call at work: what every operation needs of it.

use http::StatusCode;
use wire::contract::{Contract, Payload};

use super::media::{self, Given, Invalid};
use super::odata::{self, Found, Query, Scope};
use super::problem::Refusal;
use super::rows::Shown;
use super::signing::{Signed, Signer};
use crate::answer::{Answer, Outcome};
use crate::call::Call;
use crate::config::TwinzoSection;
use crate::directory::{Account, AccountId, AccountKind, Birth, BranchId, Directory, InvalidEdit};
use crate::reason::Reason;
use crate::sandbox::Sandbox;

/// A call whose headers are in order.
pub(super) struct Work<'w> {
    pub(super) sandbox: &'w Sandbox,
    pub(super) call: &'w Call<'w>,
    /// The variable segments of its path.
    pub(super) segments: &'w [String],
    pub(super) signed: Signed,
    pub(super) outcome: &'w mut Outcome,
}

// === impl Work ===

impl<'w> Work<'w> {
    pub(super) fn settings(&self) -> &'w TwinzoSection {
        &self.call.setup.settings.twinzo
    }

    pub(super) fn directory(&self) -> &'w Directory {
        self.call.directory
    }

    /// The branch of the header.
    pub(super) fn branch(&self) -> BranchId {
        self.signed.branch
    }

    /// Unix milliseconds by the sandbox's clock.
    pub(super) fn now(&self) -> i64 {
        self.call.now.as_millisecond()
    }

    /// A variable segment of the path, by its place.
    pub(super) fn segment(&self, place: usize) -> &'w str {
        self.segments.get(place).map(String::as_str).unwrap_or_default()
    }

    /// The number that the path ends with.
    pub(super) fn number(&self) -> i32 {
        self.segments.last().and_then(|segment| segment.parse().ok()).unwrap_or_default()
    }

    /// A parameter of the query.
    pub(super) fn parameter<T: std::str::FromStr>(&self, name: &str) -> Result<Option<T>, Refusal> {
        let text = self.call.parameter(name);
        text.map(|text| text.parse().map_err(|_| Refusal::bad_value(Reason::QueryInvalid, name, &text))).transpose()
    }

    /// The same, where it must be there.
    pub(super) fn needed<T: std::str::FromStr>(&self, name: &str) -> Result<T, Refusal> {
        self.parameter(name)?.ok_or_else(|| Refusal::bad_value(Reason::QueryInvalid, name, ""))
    }

    /// The query options of a request for rows of a collection.
    pub(super) fn query_of_list<R: Shown>(&self) -> Result<Query, Refusal> {
        self.query(Scope { shape: R::SHAPE, expands: R::EXPANDS, hides: R::HIDES, is_list: true })
    }

    /// The same for one of them.
    pub(super) fn query_of_row<R: Shown>(&self) -> Result<Query, Refusal> {
        self.query(Scope { shape: R::SHAPE, expands: R::EXPANDS, hides: R::HIDES, is_list: false })
    }

    /// The same for what is no collection.
    pub(super) fn query(&self, scope: Scope) -> Result<Query, Refusal> {
        Query::read(self.call.query, scope)
    }

    /// The body.
    pub(super) fn take<T: Payload>(&self) -> Result<T, Refusal> {
        self.take_given().map(|given| given.value)
    }

    /// The body, and which members it has.
    pub(super) fn take_given<T: Payload>(&self) -> Result<Given<T>, Refusal> {
        media::take(self.call)
    }

    /// The body that is a list of contracts. Where the settings have it so, one contract counts as a list of it.
    pub(super) fn take_list<T: Contract>(&self) -> Result<Vec<T>, Refusal>
    where
        Vec<T>: Payload,
    {
        media::take_list(self.call)
    }

    /// An answer in the media type that was asked for.
    pub(super) fn answer<T: Payload>(&self, status: StatusCode, value: &T) -> Answer {
        media::answer(self.call, status, value)
    }

    /// A good answer.
    pub(super) fn ok<T: Payload>(&self, value: &T) -> Answer {
        self.answer(StatusCode::OK, value)
    }

    /// One row, with the members that a query selects.
    pub(super) fn row<T: Contract>(&self, status: StatusCode, row: T, query: &Query) -> Answer {
        match query.selects() {
            Some(members) => media::answer_part(self.call, status, &odata::thin(row, &members), &members),
            None => self.answer(status, &row),
        }
    }

    /// The rows that a query leaves.
    pub(super) fn found<T: Contract>(&self, found: Found<T>, query: &Query) -> Answer
    where
        Vec<T>: Payload,
    {
        let answer = self.rows(StatusCode::OK, found.rows, query);
        match found.count {
            Some(count) => odata::counted(answer, count, self.settings().answers.count),
            None => answer,
        }
    }

    /// Rows, with the members that a query selects.
    pub(super) fn rows<T: Contract>(&self, status: StatusCode, rows: Vec<T>, query: &Query) -> Answer
    where
        Vec<T>: Payload,
    {
        let Some(members) = query.selects() else { return self.answer(status, &rows) };
        let rows: Vec<T> = rows.into_iter().map(|row| odata::thin(row, &members)).collect();
        media::answer_part(self.call, status, &rows, &members)
    }

    /// Rows that are there as a whole, after what the request asks of them.
    pub(super) fn list<T: Contract>(&self, rows: Vec<T>) -> Result<Answer, Refusal>
    where
        Vec<T>: Payload,
    {
        let query = self.query(Scope { shape: <T as Contract>::SHAPE, expands: &[], hides: &[], is_list: true })?;
        Ok(self.found(odata::of_all(rows, &query), &query))
    }

    /// One contract of no collection.
    pub(super) fn one<T: Contract>(&self, value: T) -> Result<Answer, Refusal> {
        let query = self.query(Scope { shape: <T as Contract>::SHAPE, expands: &[], hides: &[], is_list: false })?;
        Ok(self.row(StatusCode::OK, value, &query))
    }

    /// Changes the directory.
    pub(super) fn edit<T>(&self, edit: impl FnOnce(&mut Directory) -> Result<T, Refusal>) -> Result<T, Refusal> {
        self.sandbox.edit_rows(edit)
    }

    /// What a new row is given.
    pub(super) fn birth(&self) -> impl FnOnce(i32, i32) -> Birth + use<> {
        let guid = uuid::Builder::from_random_bytes(self.sandbox.entropy.bytes()).into_uuid();
        let now = self.now();
        move |number, branch| Birth { number, branch, guid, now }
    }

    /// The account of a login in the branch.
    pub(super) fn holder(&self, kind: AccountKind, login: &str) -> Option<(AccountId, &'w Account)> {
        self.call.directory.holder_in_branch(self.branch(), kind, login)
    }

    /// Whether records of a login may come with this signature: a device brings its own, and others' where the
    /// settings allow it; a key brings anybody's.
    pub(super) fn may_bring(&self, login: &str) -> bool {
        use crate::config::Reception;

        match &self.signed.by {
            Signer::ApiKey(_) => true,
            Signer::Token(held) => {
                &*held.account.login == login || self.settings().records.other_logins == Reception::Accept
            }
        }
    }
}

/// What is wrong with an edit, to the vendor's clients.
impl From<InvalidEdit> for Refusal {
    fn from(error: InvalidEdit) -> Self {
        let text = error.to_string();
        match error {
            InvalidEdit::Taken { field } => Self::Conflict(Reason::LoginTaken.because(format!("{field} is taken"))),
            InvalidEdit::TooMany(_) | InvalidEdit::Full(_) => Self::Conflict(Reason::DirectoryFull.because(text)),
            InvalidEdit::Unknown(_) | InvalidEdit::Value { .. } => Self::BadBody(Invalid::one("", text)),
        }
    }
}
