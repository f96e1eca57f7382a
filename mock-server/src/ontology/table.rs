//! Tables, and the types of their columns, which follow from what stands in them.

use serde_json::Value;

/// A table that was read.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name, as the file writes it.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// What it means, for people.
    pub description: String,
}

/// What a column holds. Any value may be missing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Whole numbers of 64 bits.
    Integer,
    /// Floating-point numbers, of which some may be whole.
    Real,
    /// `true` and `false`.
    Boolean,
    /// Anything else.
    Text,
}

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Cell {
    Null,
    Integer(i64),
    Real(f64),
    Boolean(bool),
    Text(String),
}

/// A value as a file has it, before it is known what its column holds.
pub(super) trait Raw {
    /// What it could be, were it alone; `None` if it is missing.
    fn kind(&self) -> Option<Kind>;

    /// As its column has it.
    fn cell(self, kind: Kind) -> Cell;
}

// === impl Table ===

impl Table {
    /// Rows are as long as there are names.
    pub(super) fn of<R: Raw>(name: String, names: Vec<String>, rows: Vec<Vec<R>>) -> Self {
        let mut kinds: Vec<Option<Kind>> = vec![None; names.len()];
        for row in &rows {
            for (kind, value) in kinds.iter_mut().zip(row) {
                *kind = match (*kind, value.kind()) {
                    (Some(left), Some(right)) => Some(left.joined(right)),
                    (one, other) => one.or(other),
                };
            }
        }
        // A column that is empty everywhere could hold anything.
        let kinds: Vec<Kind> = kinds.into_iter().map(|kind| kind.unwrap_or(Kind::Text)).collect();
        let cells = |row: Vec<R>| row.into_iter().zip(&kinds).map(|(value, kind)| value.cell(*kind)).collect();
        let rows = rows.into_iter().map(cells).collect();
        let column = |(name, kind): (String, &Kind)| Column { name, kind: *kind, description: String::new() };
        Self { name, columns: names.into_iter().zip(&kinds).map(column).collect(), rows }
    }
}

// === impl Kind ===

impl Kind {
    /// The narrowest that holds the values of both.
    fn joined(self, other: Self) -> Self {
        match (self, other) {
            (Self::Integer, Self::Real) | (Self::Real, Self::Integer) => Self::Real,
            (one, other) if one == other => one,
            _ => Self::Text,
        }
    }

    /// As `DESCRIBE` names it.
    pub fn data_type(self) -> &'static str {
        match self {
            Self::Integer => "bigint",
            Self::Real => "double",
            Self::Boolean => "boolean",
            Self::Text => "string",
        }
    }
}

/// A field of a CSV file, which has no types of its own.
impl Raw for String {
    fn kind(&self) -> Option<Kind> {
        if self.is_empty() {
            return None;
        }
        // Codes such as 00420 keep their zeros.
        let digits = self.strip_prefix(['-', '+']).unwrap_or(self).as_bytes();
        let is_code = matches!(digits, [b'0', b'0'..=b'9', ..]);
        // No `inf` and no `nan`, which Rust would read.
        let is_number = digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
        if is_number && !is_code {
            if self.parse::<i64>().is_ok() {
                return Some(Kind::Integer);
            }
            // A whole number that is too large would lose digits.
            let is_whole = digits.iter().all(u8::is_ascii_digit);
            if !is_whole && self.parse::<f64>().is_ok_and(f64::is_finite) {
                return Some(Kind::Real);
            }
        }
        let is_boolean = ["true", "false"].iter().any(|word| self.eq_ignore_ascii_case(word));
        Some(if is_boolean { Kind::Boolean } else { Kind::Text })
    }

    fn cell(self, kind: Kind) -> Cell {
        let cell = match kind {
            _ if self.is_empty() => Some(Cell::Null),
            Kind::Integer => self.parse().ok().map(Cell::Integer),
            Kind::Real => self.parse().ok().map(Cell::Real),
            Kind::Boolean => Some(Cell::Boolean(self.eq_ignore_ascii_case("true"))),
            Kind::Text => None,
        };
        cell.unwrap_or(Cell::Text(self))
    }
}

/// A member of a JSON object. What has parts is a text that holds JSON.
impl Raw for Value {
    fn kind(&self) -> Option<Kind> {
        match self {
            Self::Null => None,
            Self::Bool(_) => Some(Kind::Boolean),
            Self::Number(number) if number.is_i64() => Some(Kind::Integer),
            Self::Number(number) if number.is_f64() => Some(Kind::Real),
            Self::Number(_) | Self::String(_) | Self::Array(_) | Self::Object(_) => Some(Kind::Text),
        }
    }

    fn cell(self, kind: Kind) -> Cell {
        match (self, kind) {
            (Self::Null, _) => Cell::Null,
            (Self::String(text), _) => Cell::Text(text),
            (Self::Bool(flag), Kind::Boolean) => Cell::Boolean(flag),
            (Self::Number(number), Kind::Integer) if number.is_i64() => {
                number.as_i64().map_or(Cell::Null, Cell::Integer)
            }
            (Self::Number(number), Kind::Real) => number.as_f64().map_or(Cell::Null, Cell::Real),
            (other, _) => Cell::Text(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn column<R: Raw>(values: Vec<R>) -> (Kind, Vec<Cell>) {
        let rows = values.into_iter().map(|value| vec![value]).collect();
        let table = Table::of("t".to_owned(), vec!["c".to_owned()], rows);
        (table.columns[0].kind, table.rows.into_iter().flatten().collect())
    }

    fn of_csv(fields: &[&str]) -> (Kind, Vec<Cell>) {
        column(fields.iter().map(|field| (*field).to_owned()).collect::<Vec<String>>())
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn a_column_of_csv_is_as_narrow_as_all_its_fields_allow() {
        assert_eq!(of_csv(&["1", "", "-20"]), (Kind::Integer, vec![Cell::Integer(1), Cell::Null, Cell::Integer(-20)]));
        assert_eq!(of_csv(&["1", "2.50", "1e3"]).1, [Cell::Real(1.0), Cell::Real(2.5), Cell::Real(1000.0)]);
        assert_eq!(of_csv(&["true", "False"]), (Kind::Boolean, vec![Cell::Boolean(true), Cell::Boolean(false)]));
        assert_eq!(of_csv(&["1.50", "x"]), (Kind::Text, vec![text("1.50"), text("x")]), "texts keep their letters");
        assert_eq!(of_csv(&["1", "true"]).0, Kind::Text);
        assert_eq!(of_csv(&["", ""]), (Kind::Text, vec![Cell::Null, Cell::Null]));
    }

    #[test]
    fn what_only_looks_like_a_number_is_a_text() {
        for field in
            ["00420", "-01", "inf", "NaN", "1,5", "0x10", "9223372036854775808", "1e999", "2026-01-03", "-", "e"]
        {
            assert_eq!(of_csv(&[field]), (Kind::Text, vec![text(field)]), "{field}");
        }
        for (field, kind) in [("0", Kind::Integer), ("0.5", Kind::Real), ("9223372036854775807", Kind::Integer)] {
            assert_eq!(of_csv(&[field]).0, kind, "{field}");
        }
    }

    #[test]
    fn a_column_of_json_has_the_types_of_its_values() {
        assert_eq!(column(vec![json!(1), json!(null)]), (Kind::Integer, vec![Cell::Integer(1), Cell::Null]));
        assert_eq!(column(vec![json!(1), json!(0.5)]), (Kind::Real, vec![Cell::Real(1.0), Cell::Real(0.5)]));
        assert_eq!(column(vec![json!(true)]), (Kind::Boolean, vec![Cell::Boolean(true)]));
        assert_eq!(column(vec![json!("1"), json!(2), json!(true)]).1, [text("1"), text("2"), text("true")]);
        assert_eq!(column(vec![json!({ "a": [1] })]), (Kind::Text, vec![text(r#"{"a":[1]}"#)]));
        assert_eq!(column(vec![json!(u64::MAX)]), (Kind::Text, vec![text("18446744073709551615")]));
    }
}
