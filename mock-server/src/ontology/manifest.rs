//! `ontology.toml`: which concepts there are, what columns mean, and how rows belong together.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::folder::RESERVED;
use super::table::{Column, Table};
use super::{Catalogue, Concept, Many, Relationship, TableShape};
use crate::excerpt::Excerpt;
use crate::suggest::Unknown;

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    #[serde(default, rename = "concept")]
    concepts: Vec<ConceptSeed>,
    #[serde(default, rename = "relationship")]
    relationships: Vec<RelationshipSeed>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ConceptSeed {
    name: Spanned<String>,
    table: Option<Spanned<String>>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    columns: BTreeMap<Spanned<String>, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RelationshipSeed {
    name: Spanned<String>,
    from: Spanned<String>,
    to: Spanned<String>,
    columns: Spanned<BTreeMap<Spanned<String>, Spanned<String>>>,
    #[serde(default)]
    kind: Many,
}

/// What is wrong, and at which byte.
type Wrong = (usize, String);

/// Without a file: each table is a concept of the same name.
pub(super) fn plain(tables: &[Table]) -> Catalogue {
    let concept = |table: &Table| Concept {
        name: table.name.clone(),
        table: table.name.clone(),
        description: String::new(),
        columns: table.columns.clone(),
    };
    Catalogue { tables: shapes(tables), concepts: tables.iter().map(concept).collect(), relationships: Vec::new() }
}

pub(super) fn catalogue(tables: &[Table], path: &Path, text: &str) -> Result<Catalogue, Excerpt> {
    let manifest: Manifest = toml::from_str(text).map_err(|error| Excerpt::of_toml(path, text, &error))?;
    check(manifest, tables).map_err(|(offset, message)| Excerpt::at(path, text, offset, message))
}

fn check(manifest: Manifest, tables: &[Table]) -> Result<Catalogue, Wrong> {
    let mut catalogue = plain(tables);
    // A file that names no concept leaves them as they are.
    if !manifest.concepts.is_empty() {
        catalogue.concepts.clear();
    }
    for seed in manifest.concepts {
        let concept = concept(&seed, &catalogue)?;
        catalogue.concepts.push(concept);
    }
    let mut names = HashSet::new();
    for seed in manifest.relationships {
        let relationship = relationship(&seed, &catalogue)?;
        if !names.insert((relationship.from.clone(), relationship.name.to_lowercase())) {
            let message = format!("relationship {:?} of {:?} stands there twice", relationship.name, relationship.from);
            return Err((seed.name.span().start, message));
        }
        catalogue.relationships.push(relationship);
    }
    Ok(catalogue)
}

fn concept(seed: &ConceptSeed, catalogue: &Catalogue) -> Result<Concept, Wrong> {
    let (name, place) = (seed.name.get_ref(), seed.name.span().start);
    let is_reserved = RESERVED.iter().any(|prefix| name.to_ascii_lowercase().starts_with(prefix));
    if name.is_empty() || name.contains(['\0', '`']) || is_reserved {
        return Err((place, format!("{name:?} cannot be a concept's name")));
    }
    if catalogue.concept(name).is_some() {
        return Err((place, format!("concept {name:?} stands there twice")));
    }
    let table = seed.table.as_ref().unwrap_or(&seed.name);
    let shape = catalogue.table(table.get_ref()).ok_or_else(|| {
        let tables = catalogue.tables.iter().map(|table| table.name.as_str());
        (table.span().start, Unknown::new("table", table.get_ref(), tables).to_string())
    })?;
    // Both are names of one schema in the engine.
    if catalogue.table(name).is_some_and(|other| other.name != shape.name) {
        return Err((place, format!("concept {name:?} has the name of another table than its own")));
    }
    let mut columns = shape.columns.clone();
    for (column, description) in &seed.columns {
        find(&mut columns, column)?.description.clone_from(description);
    }
    Ok(Concept { name: name.clone(), table: shape.name.clone(), description: seed.description.clone(), columns })
}

fn relationship(seed: &RelationshipSeed, catalogue: &Catalogue) -> Result<Relationship, Wrong> {
    let concept = |name: &Spanned<String>| {
        let concepts = catalogue.concepts.iter().map(|concept| concept.name.as_str());
        let unknown = || (name.span().start, Unknown::new("concept", name.get_ref(), concepts).to_string());
        catalogue.concept(name.get_ref()).ok_or_else(unknown)
    };
    let (from, to) = (concept(&seed.from)?, concept(&seed.to)?);
    let (name, place) = (seed.name.get_ref(), seed.name.span().start);
    if from.columns.iter().any(|column| column.name.eq_ignore_ascii_case(name)) || name.is_empty() {
        return Err((place, format!("relationship {name:?} needs a name that is no column of {:?}", from.name)));
    }
    if seed.columns.get_ref().is_empty() {
        let message = "columns: say which are equal, like { id = \"customer_id\" }";
        return Err((seed.columns.span().start, message.to_owned()));
    }
    let mut columns = Vec::new();
    for (one, other) in seed.columns.get_ref() {
        let one = find(&mut from.columns.clone(), one)?.name.clone();
        columns.push((one, find(&mut to.columns.clone(), other)?.name.clone()));
    }
    Ok(Relationship { name: name.clone(), from: from.name.clone(), to: to.name.clone(), columns, kind: seed.kind })
}

/// A column by its name, whatever the letter case.
fn find<'c>(columns: &'c mut [Column], name: &Spanned<String>) -> Result<&'c mut Column, Wrong> {
    let known = columns.iter().position(|column| column.name.eq_ignore_ascii_case(name.get_ref()));
    if let Some(position) = known {
        return Ok(&mut columns[position]);
    }
    let names = columns.iter().map(|column| column.name.as_str());
    Err((name.span().start, Unknown::new("column", name.get_ref(), names).to_string()))
}

fn shapes(tables: &[Table]) -> Vec<TableShape> {
    tables.iter().map(|table| TableShape { name: table.name.clone(), columns: table.columns.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Catalogue, String> {
        let table = |name: &str, columns: &[&str]| {
            let columns = columns.iter().map(|column| (*column).to_owned()).collect();
            Table::of::<String>(name.to_owned(), columns, Vec::new())
        };
        let tables = [table("customers", &["Id", "city"]), table("order", &["id", "customer_id"])];
        catalogue(&tables, Path::new("ontology.toml"), text).map_err(|error| error.to_string())
    }

    const CONCEPTS: &str = "[[concept]]\nname = \"buyer\"\ntable = \"customers\"\n[[concept]]\nname = \"order\"\n";

    #[test]
    fn concepts_and_relationships_are_as_the_file_says() {
        let text = format!(
            "{CONCEPTS}[concept.columns]\ncustomer_id = \"Who\"\n\
             [[relationship]]\nname = \"orders\"\nfrom = \"buyer\"\nto = \"order\"\ncolumns = {{ id = \"customer_id\" }}\n"
        );
        let catalogue = read(&text).unwrap();
        let concepts: Vec<_> =
            catalogue.concepts.iter().map(|concept| (concept.name.as_str(), concept.table.as_str())).collect();
        assert_eq!(concepts, [("buyer", "customers"), ("order", "order")]);
        assert_eq!(catalogue.concept("order").unwrap().columns[1].description, "Who");
        let orders = &catalogue.relationships[0];
        assert_eq!(orders.columns, [("Id".to_owned(), "customer_id".to_owned())], "as the tables write them");
        assert_eq!((orders.from.as_str(), orders.kind), ("buyer", Many::Many));
    }

    #[test]
    fn a_file_without_concepts_leaves_one_a_table() {
        assert_eq!(read("").unwrap().concepts.len(), 2);
    }

    #[test]
    fn mistakes_are_shown_where_they_stand() {
        let relationship = |rest: &str| format!("{CONCEPTS}[[relationship]]\nname = \"r\"\n{rest}");
        for (text, words) in [
            ("[[concept]]\nname = \"order\"\ntabel = \"x\"\n".to_owned(), "3:1: unknown field `tabel`"),
            ("[[concept]]\nname = \"x\"\n".to_owned(), "2:8: table \"x\" is unknown; allowed: customers, order"),
            ("[[concept]]\nname = \"sys_x\"\n".to_owned(), "2:8: \"sys_x\" cannot be a concept's name"),
            (format!("{CONCEPTS}[[concept]]\nname = \"Order\"\n"), "7:8: concept \"Order\" stands there twice"),
            (
                "[[concept]]\nname = \"order\"\ntable = \"customers\"\n".to_owned(),
                "2:8: concept \"order\" has the name of another table",
            ),
            (format!("{CONCEPTS}[concept.columns]\nnope = \"x\"\n"), "7:1: column \"nope\" is unknown"),
            (
                relationship("from = \"buyers\"\nto = \"order\"\ncolumns = {}\n"),
                "8:8: concept \"buyers\" is unknown; did you mean \"buyer\"?",
            ),
            (relationship("from = \"buyer\"\nto = \"order\"\ncolumns = {}\n"), "10:11: columns: say which are equal"),
            (
                relationship("from = \"buyer\"\nto = \"order\"\ncolumns = { id = \"customer\" }\n"),
                "10:18: column \"customer\" is unknown; did you mean \"customer_id\"?",
            ),
            (
                relationship("from = \"buyer\"\nto = \"order\"\ncolumns = { id = \"id\" }\nkind = \"two\"\n"),
                "11:8: unknown variant `two`, expected `one` or `many`",
            ),
        ] {
            let shown = read(&text).unwrap_err();
            assert!(shown.starts_with(&format!("ontology.toml:{words}")), "{shown}");
        }
    }
}
