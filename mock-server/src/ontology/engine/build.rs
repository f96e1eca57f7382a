//! Tables into a database in memory that several connections read.

use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, Result, params_from_iter};

use crate::ontology::table::{Cell, Column, Kind, Table};
use crate::ontology::{Catalogue, Relationship};

/// A database that lives as long as this does.
#[derive(Debug)]
pub(super) struct Store {
    /// By which connections of this process find it.
    pub(super) uri: String,
    /// Modules that could be named like tables.
    pub(super) modules: Vec<String>,
    /// To be kept open: the last connection takes the database with it.
    pub(super) keeper: Connection,
}

pub(super) fn store(catalogue: &Catalogue, tables: Vec<Table>) -> Result<Store> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    // The slash in front is what makes such a database common to several connections.
    let uri = format!("file:/mock-server-{}?vfs=memdb", NEXT.fetch_add(1, Ordering::Relaxed));
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_URI
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut keeper = Connection::open_with_flags(&uri, flags)?;
    let transaction = keeper.transaction()?;
    for table in tables {
        transaction.execute_batch(&definition(&table.name, &table.columns))?;
        let places = vec!["?"; table.columns.len()].join(",");
        let mut insert = transaction.prepare(&format!("INSERT INTO {} VALUES ({places})", quoted(&table.name)))?;
        for row in table.rows {
            insert.execute(params_from_iter(row.into_iter().map(value)))?;
        }
    }
    transaction.execute_batch(&views(catalogue))?;
    system_tables(&transaction, catalogue)?;
    transaction.commit()?;
    let modules = {
        let mut list = keeper.prepare("SELECT name FROM pragma_module_list")?;
        let names = list.query_map([], |row| row.get::<_, String>(0))?;
        names.collect::<Result<Vec<String>>>()?
    };
    Ok(Store { uri, modules, keeper })
}

/// A name as SQL has it.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn definition(table: &str, columns: &[Column]) -> String {
    let columns: Vec<String> =
        columns.iter().map(|column| format!("{} {}", quoted(&column.name), declared(column.kind))).collect();
    format!("CREATE TABLE {} ({})", quoted(table), columns.join(", "))
}

/// SQLite has no booleans: the name tells `rows` which numbers are some.
fn declared(kind: Kind) -> &'static str {
    match kind {
        Kind::Integer => "INTEGER",
        Kind::Real => "REAL",
        Kind::Boolean => super::rows::BOOLEAN,
        Kind::Text => "TEXT",
    }
}

fn value(cell: Cell) -> Value {
    match cell {
        Cell::Null => Value::Null,
        Cell::Integer(number) => number.into(),
        Cell::Real(number) => number.into(),
        Cell::Boolean(flag) => flag.into(),
        Cell::Text(text) => text.into(),
    }
}

/// Concepts of other names than their tables, and an index for each relationship.
fn views(catalogue: &Catalogue) -> String {
    let renamed = catalogue.concepts.iter().filter(|concept| !concept.table.eq_ignore_ascii_case(&concept.name));
    let views = renamed
        .map(|concept| format!("CREATE VIEW {} AS SELECT * FROM {};", quoted(&concept.name), quoted(&concept.table)));
    let indexes =
        catalogue.relationships.iter().enumerate().filter_map(|(position, Relationship { to, columns, .. })| {
            let columns: Vec<String> = columns.iter().map(|(_, column)| quoted(column)).collect();
            let (table, columns) = (quoted(&catalogue.concept(to)?.table), columns.join(", "));
            Some(format!("CREATE INDEX sys_relationship_{position} ON {table} ({columns});"))
        });
    views.chain(indexes).collect()
}

/// What a client can ask of the ontology itself. All but `sys_ontologies` are fixed.
fn system_tables(connection: &Connection, catalogue: &Catalogue) -> Result<()> {
    connection.execute_batch(
        "CREATE VIEW sys_ontologies AS SELECT value AS ontology FROM json_each(mock_ontologies());
         CREATE TABLE sys_concepts (concept TEXT, description TEXT, table_name TEXT);
         CREATE TABLE sys_properties (concept TEXT, property TEXT, data_type TEXT, description TEXT);
         CREATE TABLE sys_relationships (concept TEXT, relationship TEXT, target_concept TEXT, is_multiple BOOLEAN);",
    )?;
    for concept in &catalogue.concepts {
        let row = [&concept.name, &concept.description, &concept.table];
        connection.execute("INSERT INTO sys_concepts VALUES (?, ?, ?)", row)?;
        for column in &concept.columns {
            let row = [&concept.name, &column.name, column.kind.data_type(), &column.description];
            connection.execute("INSERT INTO sys_properties VALUES (?, ?, ?, ?)", row)?;
        }
    }
    for Relationship { name, from, to, kind, .. } in &catalogue.relationships {
        let is_multiple = *kind == crate::ontology::Many::Many;
        connection.execute("INSERT INTO sys_relationships VALUES (?, ?, ?, ?)", (from, name, to, is_multiple))?;
    }
    Ok(())
}
