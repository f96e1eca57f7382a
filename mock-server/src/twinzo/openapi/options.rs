//! Query options that shape answers, §1: the same for every read of contracts.

use serde_json::{Value, json};
use wire::contract::{Field, Kind, Shape};

use super::super::endpoint::{Answers, Endpoint};
use super::super::odata::{is_comparable, is_shown};
use super::schema::reference;
use crate::operation::{Operation, TwinzoOperation as Op};

/// An answer that options can shape.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shaped {
    /// A row: which members of it are shown.
    Row,
    /// A list: also which rows, and in which order.
    List,
}

// === impl Shaped ===

impl Shaped {
    /// What of an operation's answer can be shaped; a token cannot.
    pub(super) fn of(operation: Operation, endpoint: &Endpoint) -> Option<Self> {
        if *operation.method() != http::Method::GET || operation == Operation::Twinzo(Op::Refresh) {
            return None;
        }
        match endpoint.answers {
            Answers::Contract(content) if matches!(content.kind, Kind::List(_)) => Some(Self::List),
            Answers::Contract(_) => Some(Self::Row),
            Answers::Nothing | Answers::Json(_) | Answers::Bytes => None,
        }
    }

    /// The options: those that name members say which ones there are, the others are references.
    pub(super) fn parameters(self, shape: &Shape, expands: &[&str]) -> Vec<Value> {
        let members = |fits: fn(&Field) -> bool| {
            let fields = shape.fields.iter().filter(|field| is_shown(field) && fits(field));
            fields.map(|field| field.name).collect::<Vec<_>>()
        };
        let mut options = vec![named("$select", "Members to show; all if absent.", &members(|_| true), r"|\*", "")];
        if !expands.is_empty() {
            options.push(named("$expand", "Members whose rows to show.", expands, r"|\*", ""));
        }
        if self == Self::List {
            let about = "Members to sort by, each with asc or desc behind it.";
            options.push(named("$orderby", about, &members(is_comparable), "", "( (asc|desc))?"));
            options.extend(["Filter", "Top", "Skip", "Count"].map(|name| reference("parameters", name)));
        }
        options
    }

    /// Headers of the answer.
    pub(super) fn headers(self) -> Option<Value> {
        match self {
            Self::Row => None,
            Self::List => Some(json!({ "X-Total-Count": reference("headers", "TotalCount") })),
        }
    }
}

/// An option that is a list of names.
fn named(name: &str, about: &str, names: &[&str], star: &str, suffix: &str) -> Value {
    let first = names.first().copied().unwrap_or_default();
    let one = format!("({}{star}){suffix}", names.join("|"));
    json!({
        "name": name,
        "in": "query",
        "description": format!("{about} With commas between them."),
        "schema": { "type": "string", "pattern": format!("^{one}(,{one})*$") },
        "example": first,
    })
}

pub(super) fn components() -> Value {
    let text = || json!({ "type": "string" });
    let number = || json!({ "type": "integer", "format": "int32", "minimum": 0, "maximum": i32::MAX });
    let option = |name: &str, about: &str, schema: Value, example: Value| json!({ "name": name, "in": "query", "description": about, "schema": schema, "example": example });
    json!({
        "Filter": option("$filter", FILTER, text(), json!("Id gt 0")),
        "Top": option("$top", "Rows to show at most.", number(), json!(10)),
        "Skip": option("$skip", "Rows to pass over first.", number(), json!(0)),
        "Count": option(
            "$count",
            "Whether the header X-Total-Count is to say how many rows the filter leaves.",
            json!({ "type": "boolean" }),
            json!(true),
        ),
    })
}

const FILTER: &str = "Which rows to show: comparisons (eq, ne, gt, ge, lt, le, in), contains, startswith and endswith, \
    joined with and, or, not and parentheses.";

pub(super) fn headers() -> Value {
    json!({
        "TotalCount": {
            "description": "Rows that the filter leaves, if $count asks for it.",
            "schema": { "type": "integer", "format": "int32", "minimum": 0 },
        },
    })
}
