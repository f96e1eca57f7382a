//! Tables in JSON: an array of objects. A member that an object leaves out is null there.

use std::collections::HashMap;
use std::path::Path;

use serde_json::{Map, Value};

use super::table::Table;
use crate::excerpt::Excerpt;

pub(super) fn table(name: &str, path: &Path, text: &str) -> Result<Table, Excerpt> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let objects: Vec<Map<String, Value>> = serde_json::from_str(text).map_err(|error| {
        // Its own place stands in the excerpt.
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
        let message = format!("{message}; a table is an array of objects");
        Excerpt::at(path, text, offset(text, error.line(), error.column()), message)
    })?;
    let mut names: Vec<String> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut rows = Vec::with_capacity(objects.len());
    for object in objects {
        let mut row = vec![Value::Null; names.len()];
        for (member, value) in object {
            if let Some(place) = places.get(&member) {
                row[*place] = value;
            } else {
                places.insert(member.clone(), names.len());
                names.push(member);
                row.push(value);
            }
        }
        rows.push(row);
    }
    // Columns that came up later are missing in the rows before.
    for row in &mut rows {
        row.resize(names.len(), Value::Null);
    }
    Ok(Table::of(name.to_owned(), names, rows))
}

/// Lines and columns are counted from 1, columns in bytes.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (before + column.saturating_sub(1)).min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ontology::table::{Cell, Kind};

    #[test]
    fn columns_come_in_the_order_in_which_they_come_up() {
        let text = r#"[{"b": 1}, {"a": true, "b": null}]"#;
        let table = table("t", Path::new("t.json"), text).unwrap();
        let columns: Vec<_> = table.columns.iter().map(|column| (column.name.as_str(), column.kind)).collect();
        assert_eq!(columns, [("b", Kind::Integer), ("a", Kind::Boolean)]);
        assert_eq!(table.rows, [[Cell::Integer(1), Cell::Null], [Cell::Null, Cell::Boolean(true)]]);
    }

    #[test]
    fn what_is_no_array_of_objects_is_shown() {
        let shown = |text: &str| table("t", Path::new("t.json"), text).unwrap_err().to_string();
        assert!(shown("[\n{\"a\": 1},\n7]").starts_with("t.json:3:1: invalid type: integer `7`, expected a map"));
        assert!(shown("{\"a\": []}").starts_with("t.json:1:1: invalid type: map, expected a sequence"));
        assert!(shown("[{\"a\": }]").starts_with("t.json:1:8: expected value"));
    }
}
