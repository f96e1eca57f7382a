//! Answers to SQL that the configuration brings along: by exact text or by regular expression, the first that fits.

use std::collections::HashMap;

use regex::Regex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::system::bare_statement;

/// One `[[timbr.answers]]` as written.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct CannedSpec {
    /// Only for this ontology; for all if absent.
    pub ontology: Option<String>,
    /// The statement's exact text, but for blanks around it and a last semicolon.
    pub query: Option<String>,
    /// Or a regular expression that must match the whole statement.
    pub pattern: Option<String>,
    /// The rows, as tables.
    pub rows: Option<Vec<toml::Table>>,
    /// Or the rows as a JSON array, where null or the order of columns matters.
    pub rows_json: Option<String>,
    /// Or the text of the engine's error.
    pub error: Option<String>,
}

/// All of them, checked.
#[derive(Clone, Debug, Default)]
pub struct CannedAnswers {
    answers: Vec<Canned>,
    /// Positions of the exact ones, so that many cost no more than few.
    exact: HashMap<String, Vec<usize>>,
    patterns: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Canned {
    ontology: Option<String>,
    pattern: Option<Regex>,
    /// Rows, or the engine's error.
    result: Result<Box<RawValue>, String>,
}

/// What is wrong with a `[[timbr.answers]]`.
#[derive(Debug, thiserror::Error)]
pub enum InvalidAnswer {
    /// Two or none of what excludes each other.
    #[error("give exactly one of {0}")]
    ExactlyOne(&'static str),
    /// The pattern is no regular expression.
    #[error("pattern: {0}")]
    Pattern(#[from] regex::Error),
    /// The text is no JSON array of objects.
    #[error("rows_json: {0}")]
    Rows(#[from] serde_json::Error),
}

// === impl CannedAnswers ===

impl CannedAnswers {
    /// Checks the answers, in order. Says which one is wrong, counted from 0.
    pub fn compile(specs: &[CannedSpec]) -> Result<Self, (usize, InvalidAnswer)> {
        let mut all = Self::default();
        for (position, spec) in specs.iter().enumerate() {
            let canned = Canned::compile(spec).map_err(|error| (position, error))?;
            match &spec.query {
                Some(query) => all.exact.entry(bare_statement(query).to_owned()).or_default().push(position),
                None => all.patterns.push(position),
            }
            all.answers.push(canned);
        }
        Ok(all)
    }

    /// The first answer that fits, in the order of the file: rows, or the engine's error.
    pub(super) fn find(&self, ontology: &str, sql: &str) -> Option<Result<&RawValue, &str>> {
        let sql = bare_statement(sql);
        let fits = |position: &&usize| self.answers[**position].ontology.as_deref().is_none_or(|only| only == ontology);
        let exact = self.exact.get(sql).and_then(|positions| positions.iter().find(fits));
        let matches = |position: &&usize| {
            fits(position) && self.answers[**position].pattern.as_ref().is_some_and(|pattern| pattern.is_match(sql))
        };
        let pattern = self.patterns.iter().find(matches);
        let first = exact.into_iter().chain(pattern).min()?;
        Some(self.answers[*first].result.as_deref().map_err(String::as_str))
    }
}

// === impl Canned ===

impl Canned {
    fn compile(spec: &CannedSpec) -> Result<Self, InvalidAnswer> {
        let pattern = match (&spec.query, &spec.pattern) {
            (Some(_), None) => None,
            (None, Some(pattern)) => Some(Regex::new(&format!("^(?:{pattern})$"))?),
            _ => return Err(InvalidAnswer::ExactlyOne("query and pattern")),
        };
        let result = match (&spec.rows, &spec.rows_json, &spec.error) {
            (Some(rows), None, None) => {
                let rows: Vec<Value> = rows.iter().cloned().map(|row| json_of(toml::Value::Table(row))).collect();
                Ok(serde_json::value::to_raw_value(&rows)?)
            }
            (None, Some(text), None) => {
                serde_json::from_str::<Vec<serde_json::Map<String, Value>>>(text)?;
                Ok(RawValue::from_string(text.trim().to_owned())?)
            }
            (None, None, Some(error)) => Err(error.clone()),
            _ => return Err(InvalidAnswer::ExactlyOne("rows, rows_json and error")),
        };
        Ok(Self { ontology: spec.ontology.clone(), pattern, result })
    }
}

/// A date becomes its text: JSON has none.
fn json_of(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text),
        toml::Value::Integer(number) => Value::from(number),
        toml::Value::Float(number) => Value::from(number),
        toml::Value::Boolean(flag) => Value::from(flag),
        toml::Value::Datetime(time) => Value::from(time.to_string()),
        toml::Value::Array(items) => items.into_iter().map(json_of).collect(),
        toml::Value::Table(table) => table.into_iter().map(|(name, value)| (name, json_of(value))).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canned(text: &str) -> CannedAnswers {
        #[derive(Deserialize)]
        struct File {
            answers: Vec<CannedSpec>,
        }
        let file: File = toml::from_str(text).unwrap();
        CannedAnswers::compile(&file.answers).unwrap()
    }

    fn found(canned: &CannedAnswers, ontology: &str, sql: &str) -> Option<String> {
        Some(match canned.find(ontology, sql)? {
            Ok(rows) => rows.get().to_owned(),
            Err(text) => format!("error: {text}"),
        })
    }

    #[test]
    fn the_first_that_fits_answers() {
        let canned = canned(
            r#"
            [[answers]]
            query = "select a from b;"
            ontology = "one"
            rows = [{ a = 1 }]
            [[answers]]
            pattern = "(?i)select .* from b"
            error = "no"
            [[answers]]
            query = "select a from b"
            rows_json = '[{"z": null, "a": 9007199254740993}]'
            "#,
        );
        assert_eq!(found(&canned, "one", " select a from b ").unwrap(), r#"[{"a":1}]"#);
        assert_eq!(found(&canned, "two", "select a from b").unwrap(), "error: no");
        assert_eq!(found(&canned, "two", "SELECT c FROM b").unwrap(), "error: no");
        assert_eq!(found(&canned, "one", "select a from b limit 1"), None);
    }

    #[test]
    fn dates_become_texts() {
        let canned = canned("[[answers]]\nquery = 'q'\nrows = [{ day = 2026-01-01, at = [2026-01-01T12:00:00Z] }]");
        assert_eq!(found(&canned, "o", "q").unwrap(), r#"[{"at":["2026-01-01T12:00:00Z"],"day":"2026-01-01"}]"#);
    }

    #[test]
    fn json_rows_keep_their_text() {
        let canned = canned("[[answers]]\nquery = 'q'\nrows_json = '[{\"z\": null, \"a\": 9007199254740993}]'");
        assert_eq!(found(&canned, "o", "q").unwrap(), r#"[{"z": null, "a": 9007199254740993}]"#);
    }

    #[test]
    fn a_wrong_answer_is_named_by_its_position() {
        let fails = |spec: CannedSpec| {
            let good = CannedSpec { query: Some("q".into()), rows: Some(Vec::new()), ..CannedSpec::default() };
            let (position, error) = CannedAnswers::compile(&[good, spec]).unwrap_err();
            assert_eq!(position, 1);
            error.to_string()
        };
        let rows = || Some(Vec::new());
        let query = || Some("q".to_owned());
        assert_eq!(
            fails(CannedSpec { rows: rows(), ..CannedSpec::default() }),
            "give exactly one of query and pattern"
        );
        assert_eq!(
            fails(CannedSpec { query: query(), ..CannedSpec::default() }),
            "give exactly one of rows, rows_json and error"
        );
        assert!(
            fails(CannedSpec { pattern: Some("(".into()), rows: rows(), ..CannedSpec::default() })
                .starts_with("pattern: ")
        );
        assert!(
            fails(CannedSpec { query: query(), rows_json: Some("[1]".into()), ..CannedSpec::default() })
                .starts_with("rows_json: ")
        );
    }
}
