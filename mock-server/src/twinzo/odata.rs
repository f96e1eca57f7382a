//! The OData query options of lists and rows, §1: read, checked against a contract, and applied to its rows.
//!
//! What is not understood is refused and says where: a client that misspells a filter must not get all rows.

mod expression;
mod filter;
mod index;
mod lexer;
mod list;
mod literal;
mod order;
mod select;

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use wire::contract::{Contract, Shape};

use super::problem::Refusal;
use crate::answer::{Answer, JSON};
use crate::config::CountForm;
use crate::reason::{Reason, cut};
use crate::suggest::{nearest, one_of};

use expression::Expression;
use order::Key;

pub(super) use list::{Found, of_all, of_table};
pub(super) use literal::{is_comparable, is_shown};
pub(super) use select::thin;

/// What a request asks of rows.
#[derive(Debug, Default)]
pub(super) struct Query {
    filter: Option<Expression>,
    order: Vec<Key>,
    skip: usize,
    top: Option<usize>,
    /// Whether it wants to know how many rows the filter leaves.
    counts: bool,
    /// The members to show, if not all.
    select: Option<Vec<&'static str>>,
    /// The rows of others to show.
    expand: Vec<&'static str>,
}

/// What can be asked: of one row, or of a list of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    pub(super) shape: &'static Shape,
    /// Members whose rows are shown on request.
    pub(super) expands: &'static [&'static str],
    /// Those that the vendor has too, and that are never shown here.
    pub(super) hides: &'static [&'static str],
    pub(super) is_list: bool,
}

/// What is wrong with an option, and where in its text.
#[derive(Debug)]
struct Mistake {
    /// In bytes.
    at: usize,
    message: String,
}

/// Options that only a list has.
const OF_LISTS: [&str; 5] = ["$filter", "$orderby", "$top", "$skip", "$count"];
const OF_ALL: [&str; 2] = ["$select", "$expand"];

// === impl Query ===

impl Query {
    /// Reads the options of a query string. Parameters without a dollar are not options.
    pub(super) fn read(query: Option<&str>, scope: Scope) -> Result<Self, Refusal> {
        let mut read = Self::default();
        let mut seen: Vec<String> = Vec::new();
        for pair in query.unwrap_or_default().split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            // No option has a name that is not a text.
            let name = decoded(name).map(|name| name.to_ascii_lowercase());
            let Some(name) = name.filter(|name| name.starts_with('$')) else { continue };
            let wrong = |text: &str, mistake: &Mistake| refusal(&name, text, mistake);
            let value = decoded(value).ok_or_else(|| wrong("", &Mistake::new(0, "it is not UTF-8".to_owned())))?;
            if seen.contains(&name) {
                return Err(wrong(&value, &Mistake::new(0, "it is there twice".to_owned())));
            }
            read.option(&name, &value, scope).map_err(|mistake| wrong(&value, &mistake))?;
            seen.push(name);
        }
        Ok(read)
    }

    fn option(&mut self, name: &str, value: &str, scope: Scope) -> Result<(), Mistake> {
        if !scope.is_list && OF_LISTS.contains(&name) {
            let hint = one_of(OF_ALL);
            return Err(Mistake::new(0, format!("a single row is asked for, and this is for lists; {hint}")));
        }
        if value.trim().is_empty() && OF_LISTS.iter().chain(&OF_ALL).any(|known| *known == name) {
            return Err(Mistake::new(0, "it is empty; leave it out, or give it a value".to_owned()));
        }
        match name {
            "$filter" => self.filter = Some(filter::parse(value, scope.shape)?),
            "$orderby" => self.order = order::parse(value, scope.shape)?,
            "$top" => self.top = Some(number(value)?),
            "$skip" => self.skip = number(value)?,
            "$count" => self.counts = truth(value)?,
            "$select" => self.select = select::members(value, scope.shape)?,
            "$expand" => self.expand = select::expansions(value, scope)?,
            _ => {
                let known = || OF_LISTS.into_iter().chain(OF_ALL);
                let hint =
                    nearest(name, known()).map_or_else(|| one_of(known()), |name| format!("did you mean {name}?"));
                return Err(Mistake::new(0, format!("there is no such option here; {hint}")));
            }
        }
        Ok(())
    }

    /// The members to show, if not all. What is expanded is shown too.
    pub(super) fn selects(&self) -> Option<Vec<&'static str>> {
        self.select.as_ref().map(|members| members.iter().chain(&self.expand).copied().collect())
    }

    /// Whether the rows that a member holds are to be shown.
    pub(super) fn expands(&self, name: &str) -> bool {
        self.expand.contains(&name)
    }

    /// Whether a filter or an order looks at one of these members.
    fn looks_at<T: Contract>(&self, names: &[&str]) -> bool {
        let is_one = |place: usize| T::SHAPE.fields.get(place).is_some_and(|field| names.contains(&field.name));
        let mut found = self.order.iter().any(|key| is_one(key.member));
        if let Some(filter) = &self.filter {
            filter.members(&mut |place| found |= is_one(place));
        }
        found
    }
}

/// An answer with the number of rows that the filter leaves: in a header, and where the settings have it so, in an
/// envelope around the rows as OData's own.
pub(super) fn counted(answer: Answer, count: usize, form: CountForm) -> Answer {
    let is_json = answer.headers.get(CONTENT_TYPE) == Some(&JSON);
    let mut answer = answer.with_header(TOTAL_COUNT, HeaderValue::from(count));
    if form == CountForm::Envelope && is_json {
        let mut body = format!("{{\"@odata.count\":{count},\"value\":").into_bytes();
        body.extend_from_slice(&answer.body);
        body.push(b'}');
        answer.body = body.into();
    }
    answer
}

const TOTAL_COUNT: HeaderName = HeaderName::from_static("x-total-count");

fn number(text: &str) -> Result<usize, Mistake> {
    let number: Option<i32> = text.trim().parse().ok();
    number
        .and_then(|number| usize::try_from(number).ok())
        .ok_or_else(|| Mistake::new(0, format!("{:?} is not a whole number from 0 to {}", short(text), i32::MAX)))
}

fn truth(text: &str) -> Result<bool, Mistake> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(Mistake::new(0, format!("{:?} is neither true nor false", short(text)))),
    }
}

fn decoded(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(Cow::into_owned)
}

/// What a client chose, in a message: it may be as long as a head.
fn short(text: &str) -> String {
    cut(text.to_owned(), 60)
}

/// In the shape in which the vendor's framework complains of parameters.
fn refusal(name: &str, text: &str, mistake: &Mistake) -> Refusal {
    let (name, message) = (short(name), mistake.describe(text));
    let refused = Reason::QueryInvalid.because(format!("{name}: {message}"));
    Refusal::BadRequest(refused, BTreeMap::from([(name, vec![message])]))
}

// === impl Mistake ===

impl Mistake {
    fn new(at: usize, message: String) -> Self {
        Self { at, message }
    }

    /// With the place, counted in characters from 1, where there is more than one.
    fn describe(&self, text: &str) -> String {
        let before = text.get(..self.at).unwrap_or(text).chars().count();
        if before == 0 { self.message.clone() } else { format!("{}, at character {}", self.message, before + 1) }
    }
}

#[cfg(test)]
mod tests;
