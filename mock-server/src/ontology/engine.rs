//! SQL over the tables of one ontology, by SQLite in memory. Nothing that is asked here can write, reach a file, or run
//! longer than it may.

mod build;
mod guard;
mod nested;
mod pool;
mod rows;
mod statement;

use super::table::Table;
use super::{Catalogue, Question, Trouble};

use pool::{Pool, Reader};

/// The tables, and connections that read them.
#[derive(Debug)]
pub(super) struct Engine {
    pool: Pool,
}

// === impl Engine ===

impl Engine {
    /// Takes the tables in. The text says what is wrong.
    pub(super) fn new(catalogue: &Catalogue, tables: Vec<Table>) -> Result<Self, String> {
        let store = build::store(catalogue, tables).map_err(|error| error.to_string())?;
        Ok(Self { pool: Pool::new(store, catalogue) })
    }

    /// The rows of a statement as a JSON array.
    #[expect(clippy::unnecessary_wraps, reason = "a build without an engine has no answer")]
    pub(super) fn answer(&self, question: &Question<'_>, catalogue: &Catalogue) -> Option<Result<String, Trouble>> {
        Some(statement::single(question.sql).and_then(|sql| {
            self.pool.with(question, |reader| match statement::explained(sql) {
                Some(sql) => plan(reader, sql),
                None => rows::read(reader, sql, question, catalogue),
            })
        }))
    }
}

/// One row, whose `PLAN` has a line for each step.
fn plan(reader: &Reader, sql: &str) -> Result<String, Trouble> {
    // By itself first: what may not be run is not explained either.
    drop(reader.prepare(sql)?);
    let mut statement = reader.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let steps = statement.query_map([], |row| row.get("detail")).and_then(Iterator::collect);
    let steps: Vec<String> = steps.map_err(|error| reader.explain(error))?;
    Ok(serde_json::json!([{ "PLAN": steps.join("\n") }]).to_string())
}

#[cfg(test)]
mod tests;
