//! Rows that bring along the rows that belong to them, by the relationships of the ontology's file.

use rusqlite::types::Value;
use rusqlite::{Row, Statement, params_from_iter};

use super::build::quoted;
use super::guard::CONCEPTS;
use super::pool::Reader;
use super::rows::{Shape, fits};
use crate::ontology::{Catalogue, Many, Relationship, Trouble};

/// One relationship of the rows of a statement.
#[derive(Debug)]
pub(super) struct Nested<'r> {
    /// The member's name as JSON, with comma and colon.
    key: String,
    kind: Many,
    /// Which columns of the statement say what belongs to a row.
    columns: Vec<usize>,
    statement: Statement<'r>,
    shape: Shape,
}

// === impl Nested ===

impl<'r> Nested<'r> {
    /// Those that the rows of the statement just prepared have: if it reads one concept and nothing else, and its
    /// columns say by their own names what belongs together.
    pub(super) fn of(reader: &'r Reader, shape: &Shape, catalogue: &Catalogue) -> Result<Vec<Self>, Trouble> {
        let seen = reader.seen();
        let ([concept], false) = (seen.concepts.as_slice(), seen.others) else { return Ok(Vec::new()) };
        let is_of = |relationship: &&Relationship| relationship.from.to_lowercase() == *concept;
        let place = |name: &str| shape.names.iter().position(|column| column.eq_ignore_ascii_case(name));
        let mut all = Vec::new();
        for relationship in catalogue.relationships.iter().filter(is_of) {
            let columns: Option<Vec<usize>> = relationship.columns.iter().map(|(from, _)| place(from)).collect();
            if let Some(columns) = columns.filter(|_| place(&relationship.name).is_none()) {
                all.push(Self::prepare(reader, relationship, columns)?);
            }
        }
        Ok(all)
    }

    fn prepare(reader: &'r Reader, relationship: &Relationship, columns: Vec<usize>) -> Result<Self, Trouble> {
        let equal: Vec<String> = relationship.columns.iter().map(|(_, to)| format!("{} = ?", quoted(to))).collect();
        let sql = format!("SELECT * FROM {CONCEPTS}.{} WHERE {}", quoted(&relationship.to), equal.join(" AND "));
        let statement = reader.prepare(&sql)?;
        let key = format!(",{}:", serde_json::Value::from(relationship.name.as_str()));
        Ok(Self { key, kind: relationship.kind, columns, shape: Shape::of(&statement), statement })
    }

    /// The member that holds the rows that belong to this one.
    pub(super) fn write(
        &mut self,
        reader: &Reader,
        row: &Row<'_>,
        row_limit: usize,
        out: &mut String,
    ) -> Result<(), Trouble> {
        let failed = |error| reader.explain(error);
        let values: Result<Vec<Value>, _> = self.columns.iter().map(|column| row.get(*column)).collect();
        let mut rows = self.statement.query(params_from_iter(values.map_err(failed)?)).map_err(failed)?;
        let limit = if self.kind == Many::One { 1 } else { row_limit };
        out.push_str(&self.key);
        if self.kind == Many::Many {
            out.push('[');
        }
        let mut count = 0;
        while count < limit
            && let Some(row) = rows.next().map_err(failed)?
        {
            out.push_str(if count > 0 { ",{" } else { "{" });
            self.shape.write(reader, row, out)?;
            out.push('}');
            fits(out)?;
            count += 1;
        }
        match self.kind {
            Many::Many => out.push(']'),
            Many::One if count == 0 => out.push_str("null"),
            Many::One => {}
        }
        Ok(())
    }
}
