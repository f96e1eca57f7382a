//! The documents say what the code does.

use mock_server::Config;
use mock_server::directory::{Directory, Generate};
use mock_server::operation::{Operation, Vendor};

fn read(path: &str) -> String {
    std::fs::read_to_string(format!("{}/../{path}", env!("CARGO_MANIFEST_DIR")))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Fenced blocks of one language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
}

#[test]
fn every_configuration_in_the_documents_loads() {
    let directory = Directory::default_world().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut count = 0;
    for document in ["README.md", "docs/configuration.md", "docs/faults.md"] {
        for block in blocks(&read(document), "toml") {
            let path = folder.path().join("mock.toml");
            std::fs::write(&path, &block).unwrap();
            if let Err(error) = mock_server::config::read(Some(&path)).and_then(|config| config.check(&directory)) {
                panic!("{document}: {error}\n{block}");
            }
            count += 1;
        }
    }
    assert!(count >= 3, "only {count} blocks found");
}

#[test]
fn every_world_in_the_documents_loads() {
    let folder = tempfile::tempdir().unwrap();
    for (language, expected) in [("toml", 1), ("json", 1)] {
        let worlds = blocks(&read("docs/worlds.md"), language);
        assert_eq!(worlds.len(), expected);
        for world in worlds {
            let path = folder.path().join(format!("world.{language}"));
            std::fs::write(&path, &world).unwrap();
            if let Err(error) = Directory::load(Some(&path), &Generate::default(), 1) {
                panic!("{error}\n{world}");
            }
        }
    }
}

#[test]
fn the_defaults_in_the_documents_are_the_defaults() {
    let text = read("docs/configuration.md");
    let config = Config::default();
    for (key, value) in [
        ("per_device", config.positions.per_device.to_string()),
        ("bytes_per_device", format!("\"{}\"", config.positions.bytes_per_device)),
        ("body", format!("\"{}\"", config.limits.body)),
        ("head", format!("\"{}\"", config.limits.head)),
        ("connections", config.limits.connections.to_string()),
        ("entries", config.journal.entries.to_string()),
        ("bytes", format!("\"{}\"", config.journal.bytes)),
        ("body_bytes", format!("\"{}\"", config.journal.body_bytes)),
        ("max_tokens", config.twinzo.max_tokens.to_string()),
        ("token_life", format!("\"{}\"", config.twinzo.token_life)),
        ("sandboxes", config.limits.sandboxes.to_string()),
        ("sandbox_ttl", format!("\"{}\"", config.limits.sandbox_ttl)),
        ("async_ttl", format!("\"{}\"", config.timbr.async_ttl)),
        ("async_queries", config.timbr.async_queries.to_string()),
        ("async_bytes", format!("\"{}\"", config.timbr.async_bytes)),
        ("query_time_limit", format!("\"{}\"", config.timbr.query_time_limit)),
        ("row_limit", config.timbr.row_limit.to_string()),
        ("stamp_tolerance", format!("\"{}\"", config.twinzo.stamp_tolerance)),
    ] {
        let row =
            text.lines().find(|line| line.starts_with(&format!("| `{key}` |")) && line.contains(&format!("`{value}`")));
        assert!(row.is_some(), "docs/configuration.md has no row that gives {key} the default {value}");
    }
}

#[test]
fn every_operation_is_documented() {
    let (admin, twinzo) = (read("docs/admin.md"), read("docs/twinzo.md"));
    for operation in Operation::all() {
        let text = if operation.vendor() == Vendor::Timbr { &admin } else { &twinzo };
        assert!(text.contains(&format!("`{operation}`")), "nothing names {operation}");
    }
}

#[test]
fn the_table_of_endpoints_is_the_codes() {
    let text = read("docs/twinzo.md");
    let (_, rest) = text.split_once("<!-- mock-server routes -->\n").unwrap();
    let (table, _) = rest.split_once("<!-- end -->").unwrap();
    assert_eq!(table, mock_server::endpoints_table(), "print it anew with mock-server routes");
}

#[test]
fn every_row_about_time_is_a_test_and_every_test_a_row() {
    let text = read("docs/time.md");
    let rows = text.lines().filter(|line| line.starts_with("| ") && line.ends_with("` |"));
    let mut named: Vec<&str> = rows.filter_map(|row| row.trim_end_matches("` |").rsplit('`').next()).collect();
    let source = read("mock-server/tests/api/time.rs");
    let tests = source.split("#[tokio::test]\nasync fn ").skip(1).filter_map(|rest| rest.split('(').next());
    let mut tests: Vec<&str> = tests.collect();
    named.sort_unstable();
    tests.sort_unstable();
    assert!(tests.len() >= 14, "{tests:?}");
    assert_eq!(named, tests);
}

#[test]
fn every_reason_is_documented() {
    let source = read("mock-server/src/reason.rs");
    let (_, list) = source.split_once("pub enum Reason {").unwrap();
    let (list, _) = list.split_once("\n}").unwrap();
    let names: Vec<_> = list.lines().filter_map(|line| line.trim().strip_suffix(',')).collect();
    assert!(names.len() > 40, "{names:?}");
    let text = read("docs/reasons.md");
    for name in names {
        assert!(text.contains(&format!("| `{name}` |")), "docs/reasons.md has no row for {name}");
    }
}
