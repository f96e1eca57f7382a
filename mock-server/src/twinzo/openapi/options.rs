//! Query options that shape answers, §1: the same for every read of contracts.

use serde_json::{Value, json};
use wire::contract::Kind;

use super::super::endpoint::{Answers, Endpoint};
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

    /// References to the options.
    pub(super) fn parameters(self) -> Vec<Value> {
        let names: &[&str] = match self {
            Self::Row => &["Select", "Expand"],
            Self::List => &["Select", "Expand", "Filter", "OrderBy", "Top", "Skip", "Count"],
        };
        names.iter().map(|name| reference("parameters", name)).collect()
    }

    /// Headers of the answer.
    pub(super) fn headers(self) -> Option<Value> {
        match self {
            Self::Row => None,
            Self::List => Some(json!({ "X-Total-Count": reference("headers", "TotalCount") })),
        }
    }
}

pub(super) fn components() -> Value {
    let text = || json!({ "type": "string" });
    let number = || json!({ "type": "integer", "format": "int32", "minimum": 0, "maximum": i32::MAX });
    let option = |name: &str, about: &str, schema: Value, example: Value| json!({ "name": name, "in": "query", "description": about, "schema": schema, "example": example });
    json!({
        "Select": option("$select", "Members to show, with commas between them; all if absent.", text(), json!("Id")),
        "Expand": option("$expand", "Linked rows to show as a whole, with commas between them; a star for all.", text(), json!("*")),
        "Filter": option("$filter", FILTER, text(), json!("Id gt 0")),
        "OrderBy": option("$orderby", "Members to sort by, each with asc or desc behind it.", text(), json!("Id desc")),
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
