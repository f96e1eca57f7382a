//! Tables in CSV: a line of names, then rows, separated by commas.

use std::path::Path;

use csv::{ErrorKind, Position, ReaderBuilder};

use super::table::Table;
use crate::excerpt::Excerpt;

pub(super) fn table(name: &str, path: &Path, text: &str) -> Result<Table, Excerpt> {
    // Excel begins a file with a byte order mark.
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut reader = ReaderBuilder::new().from_reader(&text.as_bytes()[start..]);
    let wrong = |position: Option<&Position>, message: String| {
        let byte = position.map_or(0, |position| usize::try_from(position.byte()).unwrap_or(usize::MAX));
        Excerpt::at(path, text, byte.saturating_add(start).min(text.len()), message)
    };
    let names = reader.headers().map_err(|error| wrong(error.position(), error.to_string()))?;
    let names: Vec<String> = names.iter().map(str::to_owned).collect();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| {
            let message = if let ErrorKind::UnequalLengths { expected_len, len, .. } = error.kind() {
                format!("{len} fields, and the first line has {expected_len}")
            } else {
                error.to_string()
            };
            wrong(error.position(), message)
        })?;
        rows.push(record.iter().map(str::to_owned).collect());
    }
    Ok(Table::of(name.to_owned(), names, rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ontology::table::Cell;

    fn read(text: &str) -> Result<Table, String> {
        table("t", Path::new("t.csv"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn quotes_blank_lines_line_ends_and_a_byte_order_mark_are_read() {
        let table = read("\u{feff}id,\"na\"\"me\"\r\n1,\"a, b\nc\"\r\n\r\n2,\r\n").unwrap();
        let names: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
        assert_eq!(names, ["id", "na\"me"]);
        let text = |text: &str| Cell::Text(text.to_owned());
        assert_eq!(table.rows, [[Cell::Integer(1), text("a, b\nc")], [Cell::Integer(2), Cell::Null]]);
    }

    #[test]
    fn a_row_of_another_length_is_shown() {
        let shown = read("a,b\n1,2\n3\n").unwrap_err();
        assert_eq!(shown, "t.csv:3:1: 1 fields, and the first line has 2\n  |\n3 | 3\n  | ^");
        let shown = read("\u{feff}a,b\n1,2,3\n").unwrap_err();
        assert!(shown.starts_with("t.csv:2:1: 3 fields"), "{shown}");
    }
}
