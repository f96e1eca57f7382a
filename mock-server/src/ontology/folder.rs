//! A folder of ontologies: each subfolder is one, each CSV or JSON file in it a table.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::engine::Engine;
use super::table::{Cell, Table};
use super::{Data, SYSTEM_ONTOLOGY, csv, json, manifest};
use crate::excerpt::Excerpt;

/// Bytes of all files together.
const MOST_BYTES: usize = 64 << 20;
/// Rows of all tables together.
const MOST_ROWS: usize = 1_000_000;
/// Columns of a table.
const MOST_COLUMNS: usize = 500;
/// Bytes of text in one row: the engine reads no longer ones.
const LONGEST_ROW: usize = 64 << 10;

/// What says more of an ontology than its tables do.
const MANIFEST: &str = "ontology.toml";

/// Names that are the engine's and the service's own.
pub(super) const RESERVED: [&str; 2] = ["sqlite_", "sys_"];

/// Why a folder of ontologies cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OntologyError {
    /// A folder or a file cannot be read.
    #[error("cannot read {}: {cause}", .path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// A file says something that it may not.
    #[error(transparent)]
    Invalid(Box<Excerpt>),
    /// A file or folder as a whole cannot be what it should.
    #[error("{}: {problem}", .path.display())]
    Unfit {
        /// Which.
        path: PathBuf,
        /// Why.
        problem: String,
    },
}

/// A file that was read.
#[derive(Debug)]
pub(super) struct Source {
    path: PathBuf,
    text: Cow<'static, str>,
}

/// What may still be read.
#[derive(Debug)]
struct Budget {
    bytes: usize,
    rows: usize,
}

/// Reads every ontology of a folder, in the order of their names.
pub fn read(folder: &Path) -> Result<Vec<(String, Arc<Data>)>, OntologyError> {
    let mut budget = Budget { bytes: MOST_BYTES, rows: MOST_ROWS };
    let mut ontologies = Vec::new();
    for path in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
        let name = name_of(&path, path.file_name())?;
        if name == SYSTEM_ONTOLOGY {
            return Err(OntologyError::unfit(&path, "that name is the service's own ontology's"));
        }
        let sources = sources(&path, &mut budget)?;
        let data = assemble_within(&path, sources, &mut budget)?;
        ontologies.push((name, Arc::new(data)));
    }
    if ontologies.is_empty() {
        let problem = "no folder is in it; each folder in it is an ontology, each CSV or JSON file in that a table";
        return Err(OntologyError::unfit(folder, problem));
    }
    Ok(ontologies)
}

/// The tables of a folder.
fn sources(folder: &Path, budget: &mut Budget) -> Result<Vec<Source>, OntologyError> {
    let mut sources = Vec::new();
    let is_one = |path: &PathBuf| path.is_file() && (Format::of(path).is_some() || path.ends_with(MANIFEST));
    for path in entries(folder)?.into_iter().filter(is_one) {
        let unreadable = |cause| OntologyError::Unreadable { path: path.clone(), cause };
        // Looked at first: a file that is too long is not even read.
        let bytes = usize::try_from(fs::metadata(&path).map_err(unreadable)?.len()).unwrap_or(usize::MAX);
        let Some(left) = budget.bytes.checked_sub(bytes) else {
            let problem = format!("with it, the ontologies have more than {} MiB", MOST_BYTES >> 20);
            return Err(OntologyError::unfit(&path, problem));
        };
        budget.bytes = left;
        let text = fs::read_to_string(&path).map_err(unreadable)?;
        sources.push(Source { path, text: Cow::Owned(text) });
    }
    Ok(sources)
}

/// What is in a folder, by name; what is hidden is passed over.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, OntologyError> {
    let unreadable = |cause| OntologyError::Unreadable { path: folder.to_owned(), cause };
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let paths: io::Result<Vec<PathBuf>> = entries.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut paths = paths.map_err(unreadable)?;
    let is_hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    paths.retain(|path| !is_hidden(path));
    paths.sort();
    Ok(paths)
}

/// An ontology of files.
pub(super) fn assemble(name: &str, sources: Vec<Source>) -> Result<Data, OntologyError> {
    assemble_within(Path::new(name), sources, &mut Budget { bytes: MOST_BYTES, rows: MOST_ROWS })
}

fn assemble_within(folder: &Path, sources: Vec<Source>, budget: &mut Budget) -> Result<Data, OntologyError> {
    let mut tables = Vec::new();
    let mut described = None;
    let mut names = HashSet::new();
    for Source { path, text } in sources {
        let Some(format) = Format::of(&path) else {
            described = Some((path, text));
            continue;
        };
        let name = name_of(&path, path.file_stem())?;
        if !names.insert(name.to_lowercase()) {
            let problem = format!("there are two tables {name:?}; letter case makes no difference");
            return Err(OntologyError::unfit(&path, problem));
        }
        let table = match format {
            Format::Csv => csv::table(&name, &path, &text)?,
            Format::Json => json::table(&name, &path, &text)?,
        };
        budget.check(&table).map_err(|problem| OntologyError::unfit(&path, problem))?;
        tables.push(table);
    }
    if tables.is_empty() {
        return Err(OntologyError::unfit(folder, "no table is in it: no .csv file, no .json file"));
    }
    let catalogue = match &described {
        Some((path, text)) => manifest::catalogue(&tables, path, text)?,
        None => manifest::plain(&tables),
    };
    let engine = Engine::new(&catalogue, tables).map_err(|problem| OntologyError::unfit(folder, problem))?;
    Ok(Data { catalogue, engine })
}

/// A name for SQL.
fn name_of(path: &Path, name: Option<&std::ffi::OsStr>) -> Result<String, OntologyError> {
    let name = name.and_then(|name| name.to_str()).filter(|name| !name.contains(['\0', '`']));
    let name = name.ok_or_else(|| OntologyError::unfit(path, "its name must be UTF-8, without a backquote"))?;
    let lower = name.to_ascii_lowercase();
    if let Some(prefix) = RESERVED.iter().find(|prefix| lower.starts_with(**prefix)) {
        return Err(OntologyError::unfit(path, format!("names that begin with {prefix} are taken")));
    }
    Ok(name.to_owned())
}

/// What a table is written in.
#[derive(Clone, Copy, Debug)]
enum Format {
    Csv,
    Json,
}

// === impl Format ===

impl Format {
    fn of(path: &Path) -> Option<Self> {
        let extension = path.extension()?;
        if extension.eq_ignore_ascii_case("csv") {
            Some(Self::Csv)
        } else {
            extension.eq_ignore_ascii_case("json").then_some(Self::Json)
        }
    }
}

// === impl Budget ===

impl Budget {
    /// Whether a table can be asked for, and fits.
    fn check(&mut self, table: &Table) -> Result<(), String> {
        let mut names = HashSet::new();
        for (position, column) in table.columns.iter().enumerate() {
            if column.name.is_empty() {
                return Err(format!("column {} has no name", position + 1));
            }
            if column.name.contains(['\0', '`']) {
                return Err(format!("column {:?}: no name has a backquote", column.name));
            }
            if !names.insert(column.name.to_lowercase()) {
                return Err(format!("column {:?} stands there twice; letter case makes no difference", column.name));
            }
        }
        match table.columns.len() {
            0 => {
                return Err("there is no column; in JSON they come from the objects, in CSV from the first line".into());
            }
            count if count > MOST_COLUMNS => return Err(format!("{count} columns; allowed: {MOST_COLUMNS}")),
            _ => {}
        }
        let length = |row: &Vec<Cell>| -> usize {
            row.iter().map(|cell| if let Cell::Text(text) = cell { text.len() } else { 0 }).sum()
        };
        if let Some(position) = table.rows.iter().position(|row| length(row) > LONGEST_ROW) {
            return Err(format!("row {} is longer than {} KiB", position + 1, LONGEST_ROW >> 10));
        }
        let left = self.rows.checked_sub(table.rows.len());
        self.rows = left.ok_or_else(|| format!("with it, the ontologies have more than {MOST_ROWS} rows"))?;
        Ok(())
    }
}

// === impl Source ===

impl Source {
    /// A file that the program brings along.
    pub(super) fn embedded(path: &str, text: &'static str) -> Self {
        Self { path: path.into(), text: Cow::Borrowed(text) }
    }
}

// === impl OntologyError ===

impl OntologyError {
    fn unfit(path: &Path, problem: impl Into<String>) -> Self {
        Self::Unfit { path: path.to_owned(), problem: problem.into() }
    }
}

impl From<Excerpt> for OntologyError {
    fn from(excerpt: Excerpt) -> Self {
        Self::Invalid(Box::new(excerpt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with one ontology `o` of these files.
    fn read_files(files: &[(&str, &str)]) -> Result<Arc<Data>, String> {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("o")).unwrap();
        for (name, text) in files {
            fs::write(folder.path().join("o").join(name), text).unwrap();
        }
        let read = read(folder.path()).map_err(|error| error.to_string());
        read.map(|mut ontologies| {
            let (name, data) = ontologies.remove(0);
            assert_eq!((name.as_str(), ontologies.len()), ("o", 0));
            data
        })
    }

    #[test]
    fn each_file_is_a_table_and_a_concept() {
        let files = [("b.csv", "x\n1\n"), ("A.JSON", "[{\"y\":1.5}]"), (".hidden.csv", "z\n"), ("README.md", "# no")];
        let data = read_files(&files).unwrap();
        let tables: Vec<&str> = data.catalogue.tables.iter().map(|table| table.name.as_str()).collect();
        let concepts: Vec<&str> = data.catalogue.concepts.iter().map(|concept| concept.name.as_str()).collect();
        assert_eq!((tables.as_slice(), concepts.as_slice()), (["A", "b"].as_slice(), ["A", "b"].as_slice()));
        assert_eq!(data.catalogue.concept("B").unwrap().columns[0].name, "x");
    }

    #[test]
    fn what_cannot_be_a_table_is_named() {
        for (files, words) in [
            (vec![], "no table is in it"),
            (vec![("a.csv", "x,X\n")], "a.csv: column \"X\" stands there twice"),
            (vec![("a.csv", "x,\n")], "a.csv: column 2 has no name"),
            (vec![("a.json", "[]")], "a.json: there is no column"),
            (vec![("a.csv", "")], "a.csv: there is no column"),
            (vec![("a.csv", "x\n"), ("A.json", "[{\"x\":1}]")], "there are two tables"),
            (vec![("sys_a.csv", "x\n")], "names that begin with sys_ are taken"),
            (vec![("a.csv", "x,y\n1\n")], "a.csv:2:1: 1 fields"),
        ] {
            let error = read_files(&files).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
        let long = format!("x\n{}\n", "a".repeat(LONGEST_ROW + 1));
        assert!(read_files(&[("a.csv", &long)]).unwrap_err().contains("row 1 is longer than 64 KiB"));
    }

    #[test]
    fn files_and_rows_are_bounded_over_all_ontologies() {
        let table = |rows| Table::of("t".to_owned(), vec!["x".to_owned()], vec![vec![String::new()]; rows]);
        let mut budget = Budget { bytes: 10, rows: 3 };
        assert!(budget.check(&table(2)).is_ok());
        assert_eq!(budget.check(&table(2)).unwrap_err(), "with it, the ontologies have more than 1000000 rows");
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.csv"), "x\n1\n").unwrap();
        fs::write(folder.path().join("b.csv"), "x\n12345\n").unwrap();
        let error = sources(folder.path(), &mut budget).unwrap_err().to_string();
        assert!(error.ends_with("b.csv: with it, the ontologies have more than 64 MiB"), "{error}");
    }

    #[test]
    fn a_folder_must_be_there_and_hold_folders() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap_err().to_string().contains("no folder is in it"));
        assert!(read(&folder.path().join("no")).unwrap_err().to_string().starts_with("cannot read "));
        fs::create_dir(folder.path().join("system_db")).unwrap();
        let error = read(folder.path()).unwrap_err().to_string();
        assert!(error.ends_with("system_db: that name is the service's own ontology's"), "{error}");
    }
}
