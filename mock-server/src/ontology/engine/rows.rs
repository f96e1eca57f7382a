//! Rows as JSON: each has the columns of the statement, in its order.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use rusqlite::Row;
use rusqlite::types::ValueRef;
use serde_json::Number;

use super::nested::Nested;
use super::pool::Reader;
use crate::ontology::{Catalogue, Question, Trouble};

/// What a column of booleans is declared as: the engine keeps them as 0 and 1.
pub(super) const BOOLEAN: &str = "BOOLEAN";

/// Bytes of an answer at most.
const LARGEST: usize = 32 << 20;

/// The columns of a statement.
#[derive(Debug)]
pub(super) struct Shape {
    /// Its names, each of them once.
    pub(super) names: Vec<String>,
    /// The names as JSON, with their colons.
    keys: Vec<String>,
    booleans: Vec<bool>,
}

/// Answers a statement with the rows that it has.
pub(super) fn read(
    reader: &Reader,
    sql: &str,
    question: &Question<'_>,
    catalogue: &Catalogue,
) -> Result<String, Trouble> {
    let mut statement = reader.prepare(sql)?;
    let shape = Shape::of(&statement);
    let mut nested = if question.nested { Nested::of(reader, &shape, catalogue)? } else { Vec::new() };
    let failed = |error| reader.explain(error);
    let mut rows = statement.query([]).map_err(failed)?;
    let mut out = String::from("[");
    for count in 0..question.row_limit {
        let Some(row) = rows.next().map_err(failed)? else { break };
        if count > 0 {
            out.push(',');
        }
        out.push('{');
        shape.write(row, &mut out).map_err(failed)?;
        for relationship in &mut nested {
            relationship.write(reader, row, question.row_limit, &mut out)?;
        }
        out.push('}');
        fits(&out)?;
    }
    out.push(']');
    Ok(out)
}

/// Whether an answer may grow on.
pub(super) fn fits(out: &str) -> Result<(), Trouble> {
    if out.len() > LARGEST { Err(Trouble::TooLarge(LARGEST)) } else { Ok(()) }
}

// === impl Shape ===

impl Shape {
    pub(super) fn of(statement: &rusqlite::Statement<'_>) -> Self {
        let columns = statement.columns();
        let booleans = columns.map(|column| column.decl_type() == Some(BOOLEAN)).collect();
        let mut names: Vec<String> = Vec::new();
        for name in statement.column_names() {
            // Clients take the last of two equal keys: none may be lost.
            let candidates = std::iter::once(name.to_owned()).chain((2_u32..).map(|number| format!("{name}_{number}")));
            names.extend(candidates.into_iter().find(|candidate| !names.contains(candidate)));
        }
        let keys = names.iter().map(|name| format!("{}:", serde_json::Value::from(name.as_str()))).collect();
        Self { names, keys, booleans }
    }

    /// The members of a row, without braces.
    pub(super) fn write(&self, row: &Row<'_>, out: &mut String) -> Result<(), rusqlite::Error> {
        for (index, (key, is_boolean)) in self.keys.iter().zip(&self.booleans).enumerate() {
            if index > 0 {
                out.push(',');
            }
            out.push_str(key);
            push(row.get_ref(index)?, *is_boolean, out);
        }
        Ok(())
    }
}

fn push(value: ValueRef<'_>, is_boolean: bool, out: &mut String) {
    match value {
        ValueRef::Null => out.push_str("null"),
        ValueRef::Integer(number) if is_boolean => out.push_str(if number == 0 { "false" } else { "true" }),
        ValueRef::Integer(number) => out.push_str(&number.to_string()),
        // JSON has no word for infinity.
        ValueRef::Real(number) => match Number::from_f64(number) {
            Some(number) => out.push_str(&number.to_string()),
            None => out.push_str("null"),
        },
        ValueRef::Text(bytes) => push_text(&String::from_utf8_lossy(bytes), out),
        ValueRef::Blob(bytes) => push_text(&BASE64_STANDARD.encode(bytes), out),
    }
}

fn push_text(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}
