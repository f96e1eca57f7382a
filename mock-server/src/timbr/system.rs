//! The statements that real clients send on their own, and that need no data: §6.

use std::collections::HashMap;
use std::sync::LazyLock;

use jiff::Timestamp;
use regex::{Captures, Regex};
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::directory::{Directory, TimbrUser};
use crate::ontology::{Column, Data};

type Rows = Result<Value, String>;
type Answerer = fn(&Context<'_>, &Captures<'_>) -> Rows;

/// A statement and its answer.
struct Statement {
    pattern: Regex,
    answer: Answerer,
}

struct Context<'a> {
    directory: &'a Directory,
    now: Timestamp,
    ontology: &'a str,
    user: &'a TimbrUser,
}

static STATEMENTS: LazyLock<Vec<Statement>> = LazyLock::new(|| {
    let table: [(&str, Answerer); 11] = [
        (r"show\s+version", |_, _| Ok(json!([{ "id": concat!("mock-server-", env!("CARGO_PKG_VERSION")) }]))),
        (r"show\s+token(?:\s+for\s+`?(?P<user>[^`\s]+)`?)?", show_token),
        (r"show\s+datasources", |_, _| Ok(json!([{ "datasource": "default", "is_active": true }]))),
        (r"show\s+tags", |_, _| Ok(json!([]))),
        (r"show\s+tables\s+in\s+`?dtimbr`?", |context, _| {
            Ok(concepts(context).map(|name| json!({ "tab_name": name })).collect())
        }),
        (r"show\s+tables\s+in\s+`?timbr`?", |context, _| {
            let tables = context.data().into_iter().flat_map(|data| &data.catalogue().tables);
            Ok(tables.map(|table| json!({ "tab_name": table.name })).collect())
        }),
        (r"select\s+ontology\s+from\s+timbr\.sys_ontologies", |context, _| {
            Ok(context
                .directory
                .timbr()
                .ontologies
                .iter()
                .map(|ontology| json!({ "ontology": ontology.name }))
                .collect())
        }),
        (r"select\s+timbr_username\(\)", |context, _| {
            Ok(json!([{ context.user.name.to_string(): context.user.name.to_string() }]))
        }),
        (r"(?:describe|desc)\s+(?:concept\s+)?`?dtimbr`?\.(?P<concept>`[^`]+`|[^`\s]+)", describe_concept),
        (r"(?:describe|desc)\s+(?:table\s+)?`?timbr`?\.(?P<table>`[^`]+`|[^`\s]+)", describe_table),
        (
            r"select\s+(?P<list>(?:'(?:[^']|'')*'|\d+)(?:\s+as\s+`?\w+`?)?(?:\s*,\s*(?:'(?:[^']|'')*'|\d+)(?:\s+as\s+`?\w+`?)?)*)",
            literals,
        ),
    ];
    let compile = |(pattern, answer)| {
        // `s`: a statement may run over lines. A bad pattern drops its statement; the tests below would miss it.
        Some(Statement { pattern: Regex::new(&format!("(?is)^{pattern}$")).ok()?, answer })
    };
    table.into_iter().filter_map(compile).collect()
});

/// What is to be explained, or looked at for mistakes, where nobody can tell.
static UNCHECKED: LazyLock<Option<(Regex, Regex)>> = LazyLock::new(|| {
    let explain = Regex::new(r"(?is)^explain\s+(?P<sql>.+)$").ok()?;
    let empty = r"(?is)^select\s+\*\s+from\s+\(.+\)\s+explainable_query\s+where\s+1\s*=\s*0$";
    Some((explain, Regex::new(empty).ok()?))
});

static LITERAL: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?is)(?:'(?P<text>(?:[^']|'')*)'|(?P<number>\d+))(?:\s+as\s+`?(?P<name>\w+)`?)?").ok()
});

/// Answers a statement, or `None` if it is not one of these.
pub(super) fn answer(call: &Call<'_>, ontology: &str, sql: &str, user: &TimbrUser) -> Option<Rows> {
    find(&Context { directory: call.directory, now: call.now, ontology, user }, sql)
}

fn find(context: &Context<'_>, sql: &str) -> Option<Rows> {
    let sql = bare_statement(sql);
    STATEMENTS.iter().find_map(|statement| Some((statement.answer)(context, &statement.pattern.captures(sql)?)))
}

/// What an ontology without an engine says to statements that would be checked by one.
pub(super) fn without_engine(sql: &str) -> Option<Value> {
    let sql = bare_statement(sql);
    let (explain, empty) = UNCHECKED.as_ref()?;
    match explain.captures(sql) {
        Some(found) => Some(json!([{ "PLAN": format!("mock plan of: {}", &found["sql"]) }])),
        None => empty.is_match(sql).then(|| json!([])),
    }
}

/// Without the comment lines before and behind a statement, without the last semicolon.
pub(super) fn bare_statement(sql: &str) -> &str {
    let mut rest = sql.trim();
    while let Some(after) = rest.strip_prefix("--").and_then(|comment| comment.split_once('\n')) {
        rest = after.1.trim_start();
    }
    // The engine would take such a comment into the name of a column.
    let mut open = open_quotes(rest);
    while let Some((before, last)) = rest.rsplit_once('\n')
        && last.trim_start().starts_with("--")
    {
        // A quote that is open before it makes the line part of a text or a name.
        open ^= open_quotes(last);
        if open != 0 {
            break;
        }
        rest = before.trim_end();
    }
    rest.strip_suffix(';').unwrap_or(rest).trim_end()
}

/// Which kinds of quotes stand in a text an odd number of times, a bit for each.
fn open_quotes(sql: &str) -> u8 {
    sql.bytes().fold(0, |open, byte| match byte {
        b'\'' => open ^ 1,
        b'"' => open ^ 2,
        b'`' => open ^ 4,
        _ => open,
    })
}

fn show_token(context: &Context<'_>, found: &Captures<'_>) -> Rows {
    let user = match found.name("user") {
        None => context.user,
        Some(name) => {
            let user = context.directory.timbr().user(name.as_str());
            user.ok_or_else(|| format!("User {} does not exist", name.as_str()))?
        }
    };
    Ok(json!([{ "token": context.directory.timbr_token(user, context.now) }]))
}

fn describe_concept(context: &Context<'_>, found: &Captures<'_>) -> Rows {
    let name = found["concept"].trim_matches('`');
    if let Some(concept) = context.data().and_then(|data| data.catalogue().concept(name)) {
        return Ok(columns(&concept.columns));
    }
    if !concepts(context).any(|known| known == name) {
        return Err(format!("Table or view not found: dtimbr.{name}"));
    }
    Ok(json!([
        { "col_name": "entity_id", "data_type": "string", "comment": "" },
        { "col_name": "entity_type", "data_type": "string", "comment": "" },
        { "col_name": "entity_label", "data_type": "string", "comment": "" },
    ]))
}

fn describe_table(context: &Context<'_>, found: &Captures<'_>) -> Rows {
    let name = found["table"].trim_matches('`');
    let table = context.data().and_then(|data| data.catalogue().table(name));
    table.map(|table| columns(&table.columns)).ok_or_else(|| format!("Table or view not found: timbr.{name}"))
}

fn columns(columns: &[Column]) -> Value {
    let row = |column: &Column| json!({ "col_name": column.name, "data_type": column.kind.data_type(), "comment": column.description });
    columns.iter().map(row).collect()
}

fn literals(_: &Context<'_>, found: &Captures<'_>) -> Rows {
    let Some(literal) = LITERAL.as_ref() else {
        return Ok(json!([]));
    };
    let (mut row, mut next) = (Map::new(), HashMap::<&str, u32>::new());
    for item in literal.captures_iter(&found["list"]) {
        let (value, shown) = match (item.name("text"), item.name("number")) {
            (Some(text), _) => (Value::from(text.as_str().replace("''", "'")), text.as_str()),
            (None, Some(number)) => {
                let number = number.as_str();
                let whole = number.parse::<i64>().map(Value::from);
                let value = whole.or_else(|_| number.parse::<f64>().map(Value::from));
                (value.map_err(|_| format!("Number out of range: {number}"))?, number)
            }
            (None, None) => continue,
        };
        let name = item.name("name").map_or(shown, |name| name.as_str());
        // As the engine does it: none of two equal keys may be lost.
        let mut own = name.to_owned();
        while row.contains_key(&own) {
            let number = next.entry(name).or_insert(1);
            *number += 1;
            own = format!("{name}_{number}");
        }
        row.insert(own, value);
    }
    Ok(json!([row]))
}

impl<'a> Context<'a> {
    fn data(&self) -> Option<&'a Data> {
        self.directory.timbr().ontology(self.ontology)?.data()
    }
}

fn concepts<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let ontology = context.directory.timbr().ontology(context.ontology);
    ontology.into_iter().flat_map(|ontology| ontology.concepts.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(sql: &str) -> Option<Rows> {
        let directory = Directory::default_world().unwrap();
        let user = &directory.timbr().users[0];
        find(&Context { directory: &directory, now: Timestamp::UNIX_EPOCH, ontology: "supply_chain", user }, sql)
    }

    fn check(sql: &str, expected: Value) {
        assert_eq!(asked(sql), Some(Ok(expected)), "{sql}");
    }

    // One line for each statement that docs/timbr.md §6 lists.
    #[test]
    fn the_statements_of_real_clients_are_answered() {
        let token = "tk_2dee5e3c929124f617065ad0f7e4f2418916659ba57f410f7c9afaf8700c5d15";
        let bob = "tk_bee7fc9f63d90f0af5cec9e941ed426627e04339327d0165e3e2fc044ea467e8";
        check("SHOW VERSION", json!([{ "id": concat!("mock-server-", env!("CARGO_PKG_VERSION")) }]));
        check("SHOW TOKEN", json!([{ "token": token }]));
        check("show token for `bob`", json!([{ "token": bob }]));
        check("SHOW DATASOURCES", json!([{ "datasource": "default", "is_active": true }]));
        check(
            "SELECT ontology FROM timbr.sys_ontologies",
            json!([{ "ontology": "supply_chain" }, { "ontology": "maintenance" }]),
        );
        check(
            "SHOW TABLES IN dtimbr",
            json!([{ "tab_name": "customer" }, { "tab_name": "order" }, { "tab_name": "shipment" }]),
        );
        check("SHOW TAGS", json!([]));
        let unchecked = |sql| without_engine(sql).unwrap();
        assert_eq!(unchecked("EXPLAIN SELECT *\nFROM x"), json!([{ "PLAN": "mock plan of: SELECT *\nFROM x" }]));
        assert_eq!(unchecked("SELECT * FROM (select a\nfrom b) explainable_query WHERE 1=0"), json!([]));
        check("select timbr_username()", json!([{ "alice": "alice" }]));
        check("SELECT 1", json!([{ "1": 1 }]));
        check("SELECT 1 AS a, 2 AS a, 'b' AS a", json!([{ "a": 1, "a_2": 2, "a_3": "b" }]));
        check("SELECT '测试' AS chinese, 'it''s' AS b, 2 AS c", json!([{ "chinese": "测试", "b": "it's", "c": 2 }]));
        let Some(Ok(Value::Array(columns))) = described("customer") else { panic!("not described") };
        assert!(
            columns
                .iter()
                .all(|column| { ["col_name", "data_type", "comment"].iter().all(|key| column[key].is_string()) })
        );
    }

    fn described(concept: &str) -> Option<Rows> {
        asked(&format!("describe concept `dtimbr`.`{concept}`"))
    }

    #[test]
    fn what_a_statement_names_must_exist() {
        assert_eq!(described("ghost"), Some(Err("Table or view not found: dtimbr.ghost".to_owned())));
    }

    #[test]
    fn comments_and_semicolons_do_not_matter_but_the_rest_does() {
        check("-- LLM: count things\nSELECT 1;", json!([{ "1": 1 }]));
        assert_eq!(bare_statement("--a\n--b\n select 2 ; "), "select 2");
        assert_eq!(bare_statement("select 2;\r\n-- a\r\n --b\r\n"), "select 2");
        assert_eq!(bare_statement("select 'a\n--b'"), "select 'a\n--b'", "that is no comment");
        for sql in ["SELECT 1 FROM x", "SHOW VERSIONS", "SELECT * FROM dtimbr.customer"] {
            assert!(asked(sql).is_none(), "{sql}");
        }
    }
}
