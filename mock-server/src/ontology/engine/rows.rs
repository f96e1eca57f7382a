//! Rows as JSON: each has the columns of the statement, in its order.

use std::collections::{HashMap, HashSet};

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
        shape.write(reader, row, &mut out)?;
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
        let (mut taken, mut next) = (HashSet::new(), HashMap::<&str, u32>::new());
        for name in statement.column_names() {
            // Clients take the last of two equal keys: none may be lost.
            let mut own = name.to_owned();
            while !taken.insert(own.clone()) {
                let number = next.entry(name).or_insert(1);
                *number += 1;
                own = format!("{name}_{number}");
            }
            names.push(own);
        }
        let keys = names.iter().map(|name| format!("{}:", serde_json::Value::from(name.as_str()))).collect();
        Self { names, keys, booleans }
    }

    /// The members of a row, without braces.
    pub(super) fn write(&self, reader: &Reader, row: &Row<'_>, out: &mut String) -> Result<(), Trouble> {
        for (index, (key, is_boolean)) in self.keys.iter().zip(&self.booleans).enumerate() {
            if index > 0 {
                out.push(',');
            }
            out.push_str(key);
            push(row.get_ref(index).map_err(|error| reader.explain(error))?, *is_boolean, out);
            // A row can be far longer than what it is made of.
            fits(out)?;
        }
        Ok(())
    }
}

fn push(value: ValueRef<'_>, is_boolean: bool, out: &mut String) {
    match value {
        ValueRef::Null => out.push_str("null"),
        // Any other number comes from another part of a `UNION`, whose columns are called after the first.
        ValueRef::Integer(0) if is_boolean => out.push_str("false"),
        ValueRef::Integer(1) if is_boolean => out.push_str("true"),
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
