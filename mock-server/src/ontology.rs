//! Ontologies with data: tables from CSV and JSON, what their file says of them, and an engine that answers SQL.
//!
//! They are read once, checked and then never changed: every sandbox of the process shares them.

mod builtin;
mod csv;
#[cfg(feature = "engine")]
mod engine;
#[cfg(not(feature = "engine"))]
#[path = "ontology/no_engine.rs"]
mod engine;
mod folder;
mod json;
mod manifest;
mod table;

use std::time::Duration;

pub(crate) use builtin::{BUILT_IN, built_in};
pub use folder::{OntologyError, read};
pub use table::{Column, Kind};

use engine::Engine;

/// The ontology that exists beside the named ones, for the service's own statements.
pub(crate) const SYSTEM_ONTOLOGY: &str = "system_db";

/// An ontology that has data.
#[derive(Debug)]
pub struct Data {
    catalogue: Catalogue,
    engine: Engine,
}

/// What an ontology consists of.
#[derive(Debug)]
pub struct Catalogue {
    /// Tables in the order of their files' names: `timbr.<table>`.
    pub tables: Vec<TableShape>,
    /// Concepts: `dtimbr.<concept>`.
    pub concepts: Vec<Concept>,
    /// How concepts belong together.
    pub relationships: Vec<Relationship>,
}

/// A table without its rows.
#[derive(Debug)]
pub struct TableShape {
    /// Its file's name, without the ending.
    pub name: String,
    /// In the order of the file.
    pub columns: Vec<Column>,
}

/// A table under the name by which it is asked for.
#[derive(Debug)]
pub struct Concept {
    /// Its name.
    pub name: String,
    /// Where its rows are.
    pub table: String,
    /// What it is, for people.
    pub description: String,
    /// Its table's columns, with what the file says of them.
    pub columns: Vec<Column>,
}

/// Rows of one concept that belong to a row of another.
#[derive(Debug)]
pub struct Relationship {
    /// The member that they are in a nested row.
    pub name: String,
    /// Concept whose rows have others.
    pub from: String,
    /// Concept of those.
    pub to: String,
    /// Which columns are equal: one of `from`, one of `to`.
    pub columns: Vec<(String, String)>,
    /// How many there are.
    pub kind: Many,
}

/// How many rows a relationship leads to.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Many {
    /// One or none.
    One,
    /// Any number.
    #[default]
    Many,
}

/// A statement, and under which circumstances it is asked.
#[derive(Clone, Copy, Debug)]
#[doc(hidden)]
pub struct Question<'a> {
    /// Without comments in front and without the last semicolon.
    pub sql: &'a str,
    /// What `timbr_username()` says.
    pub user: &'a str,
    /// What `timbr.sys_ontologies` lists.
    pub ontologies: &'a [&'a str],
    /// On the machine's clock.
    pub time_limit: Duration,
    /// Rows of the answer at most; the others are left out.
    pub row_limit: usize,
    /// Whether rows bring the rows along that belong to them.
    pub nested: bool,
}

/// Why a statement has no rows.
#[derive(Debug, Eq, PartialEq, thiserror::Error)]
#[doc(hidden)]
pub enum Trouble {
    /// It asks for something else than reading this ontology.
    #[error("permission denied: {0}")]
    Denied(String),
    /// The engine's own words.
    #[error("{0}")]
    Invalid(String),
    /// It took longer than it may.
    #[error("the query was stopped: it took longer than {0:?}")]
    TooSlow(Duration),
    /// Its answer does not fit.
    #[error("the query was stopped: its answer is longer than {} MiB", .0 >> 20)]
    TooLarge(usize),
}

// === impl Data ===

impl Data {
    /// What there is to ask for.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The rows of a statement as a JSON array; `None` in a build without an engine.
    // Public for the benchmark that calls it directly.
    #[doc(hidden)]
    pub fn answer(&self, question: &Question<'_>) -> Option<Result<String, Trouble>> {
        self.engine.answer(question, &self.catalogue)
    }
}

// === impl Catalogue ===

impl Catalogue {
    /// The concept of a name, whatever its letter case.
    pub fn concept(&self, name: &str) -> Option<&Concept> {
        self.concepts.iter().find(|concept| concept.name.eq_ignore_ascii_case(name))
    }

    /// The table of a name, whatever its letter case.
    pub fn table(&self, name: &str) -> Option<&TableShape> {
        self.tables.iter().find(|table| table.name.eq_ignore_ascii_case(name))
    }
}
