//! What a statement may do: read this ontology, and nothing else. SQLite asks while it prepares a statement, for every
//! table, column and function in it.

use std::collections::HashSet;

use rusqlite::hooks::{AuthAction, AuthContext};

use crate::ontology::Catalogue;

/// Schema of the concepts.
pub(super) const CONCEPTS: &str = "dtimbr";
/// Schema of the tables.
pub(super) const TABLES: &str = "timbr";

/// What the ontology tells of itself, below `timbr`.
const SYSTEM: [&str; 4] = ["sys_ontologies", "sys_concepts", "sys_properties", "sys_relationships"];

/// Functions in the place of tables that read their arguments and nothing else.
const TABLE_FUNCTIONS: [&str; 2] = ["json_each", "json_tree"];

/// Functions that look behind the tables, or out of the process in some builds of SQLite.
const FUNCTIONS: [&str; 7] =
    ["load_extension", "readfile", "writefile", "edit", "fsdir", "fts3_tokenizer", "mock_ontologies"];
const FUNCTION_PREFIXES: [&str; 4] = ["sqlite_", "fts", "rtree", "icu_"];

/// The names of an ontology, in lower case.
#[derive(Debug)]
pub(super) struct Guard {
    tables: HashSet<String>,
    concepts: HashSet<String>,
    /// Modules of the engine, by which tables are made out of nothing.
    modules: HashSet<String>,
}

/// What becomes of one question of SQLite's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    Fine,
    /// Fine, and a concept is read.
    Concept(String),
    /// Fine, and something else is read.
    Other,
    /// There is no such thing for whoever asks.
    Absent(String),
    Denied(String),
}

// === impl Guard ===

impl Guard {
    pub(super) fn new(catalogue: &Catalogue, modules: &[String]) -> Self {
        let lower = |names: &mut dyn Iterator<Item = &str>| names.map(str::to_lowercase).collect();
        Self {
            tables: lower(&mut catalogue.tables.iter().map(|table| table.name.as_str())),
            concepts: lower(&mut catalogue.concepts.iter().map(|concept| concept.name.as_str())),
            modules: lower(&mut modules.iter().map(String::as_str)),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what is not named is denied, whatever it will be")]
    pub(super) fn judge(&self, asked: &AuthContext<'_>) -> Verdict {
        match asked.action {
            AuthAction::Select | AuthAction::Recursive => Verdict::Fine,
            AuthAction::Read { table_name, column_name } => {
                self.read(asked.database_name, table_name, column_name, asked.accessor)
            }
            AuthAction::Function { function_name } => Self::function(function_name, asked.accessor),
            AuthAction::Pragma { pragma_name, .. } => Verdict::Denied(format!("PRAGMA {pragma_name}")),
            AuthAction::Attach { .. } => Verdict::Denied("ATTACH".to_owned()),
            AuthAction::Detach { .. } => Verdict::Denied("DETACH".to_owned()),
            AuthAction::Insert { table_name } => Verdict::Denied(format!("writing to {table_name}")),
            AuthAction::Update { table_name, .. } => Verdict::Denied(format!("changing {table_name}")),
            AuthAction::Delete { table_name } => Verdict::Denied(format!("deleting from {table_name}")),
            // Everything that SQLite can do, and that it will ever learn.
            _ => Verdict::Denied("only reading is possible".to_owned()),
        }
    }

    fn read(&self, schema: Option<&str>, table: &str, column: &str, inside: Option<&str>) -> Verdict {
        let name = table.to_lowercase();
        let is_known = |name: &String| self.tables.contains(name) || self.concepts.contains(name);
        match schema {
            // A view of ours reads for whoever reads the view.
            Some(TABLES | CONCEPTS) if inside.is_some_and(|view| self.is_ours(view)) => Verdict::Fine,
            Some(CONCEPTS) if self.concepts.contains(&name) => Verdict::Concept(name),
            // Where rows of a view are only counted, SQLite asks for its table as if nobody had named the view.
            Some(CONCEPTS) if column.is_empty() && self.tables.contains(&name) => Verdict::Fine,
            Some(CONCEPTS) => Verdict::Absent(format!("no such table: {CONCEPTS}.{table}")),
            Some(TABLES) if is_known(&name) || SYSTEM.contains(&name.as_str()) => Verdict::Other,
            _ if TABLE_FUNCTIONS.contains(&name.as_str()) => {
                if inside.is_some_and(|view| self.is_ours(view)) {
                    Verdict::Fine
                } else {
                    Verdict::Other
                }
            }
            // SQLite asks like this where rows of a subquery, or of `WITH`, are only counted.
            None if column.is_empty() && !self.is_internal(&name) => Verdict::Other,
            _ => Verdict::Denied(format!("reading {table}")),
        }
    }

    fn is_ours(&self, view: &str) -> bool {
        let view = view.to_lowercase();
        self.concepts.contains(&view) || SYSTEM.contains(&view.as_str())
    }

    fn is_internal(&self, name: &str) -> bool {
        name.starts_with("sqlite_") || name.starts_with("pragma_") || self.modules.contains(name)
    }

    fn function(name: &str, inside: Option<&str>) -> Verdict {
        let name = name.to_lowercase();
        let is_own = name == "mock_ontologies" && inside == Some("sys_ontologies");
        let is_denied =
            FUNCTIONS.contains(&name.as_str()) || FUNCTION_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        if is_denied && !is_own { Verdict::Denied(format!("the function {name}")) } else { Verdict::Fine }
    }
}
