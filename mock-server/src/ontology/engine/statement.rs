//! What a text says before the engine reads it: that it is one statement, and whether it wants to be explained.

use crate::ontology::Trouble;

/// The statement of a text, without what ends it. The engine's own look at what comes after would go as deep as there
/// are semicolons.
pub(super) fn single(sql: &str) -> Result<&str, Trouble> {
    let end = next_semicolon(sql).unwrap_or(sql.len());
    let mut rest = &sql[end..];
    while let Some(after) = rest.strip_prefix(';') {
        let next = next_semicolon(after).unwrap_or(after.len());
        if !is_blank(&after[..next]) {
            return Err(Trouble::Invalid("more than one statement".to_owned()));
        }
        rest = &after[next..];
    }
    Ok(&sql[..end])
}

/// What is to be explained, if that is all that is wanted: `EXPLAIN …` or `EXPLAIN QUERY PLAN …`.
pub(super) fn explained(sql: &str) -> Option<&str> {
    let inner = after_word(sql, "explain")?;
    let deeper = after_word(inner, "query").and_then(|rest| after_word(rest, "plan"));
    Some(deeper.unwrap_or(inner))
}

fn after_word<'s>(sql: &'s str, word: &str) -> Option<&'s str> {
    let (head, rest) = sql.split_at_checked(word.len())?;
    let is_word = head.eq_ignore_ascii_case(word) && rest.starts_with(char::is_whitespace);
    is_word.then(|| rest.trim_start())
}

/// Where a statement ends: a semicolon outside of texts, names and comments.
fn next_semicolon(sql: &str) -> Option<usize> {
    let bytes = sql.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let rest = &bytes[at..];
        at += match byte {
            b';' => return Some(at),
            b'\'' | b'"' | b'`' => through(rest, 1, &[*byte]),
            b'[' => through(rest, 1, b"]"),
            b'-' if rest.starts_with(b"--") => through(rest, 2, b"\n"),
            b'/' if rest.starts_with(b"/*") => through(rest, 2, b"*/"),
            _ => 1,
        };
    }
    None
}

/// Length up to and with what closes something. A doubled quote closes and opens again, which is as good.
fn through(bytes: &[u8], start: usize, close: &[u8]) -> usize {
    let inner = bytes.get(start..).unwrap_or_default();
    let found = inner.windows(close.len()).position(|window| window == close);
    found.map_or(bytes.len(), |position| start + position + close.len())
}

/// Nothing but white space and comments.
fn is_blank(sql: &str) -> bool {
    let mut rest = sql.trim_start();
    loop {
        rest = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, rest)| rest)
        } else {
            return rest.is_empty();
        };
        rest = rest.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_one_statement() {
        for (sql, statement) in [
            ("SELECT 1", "SELECT 1"),
            ("SELECT ';' ; -- done;\n ; /* ; */", "SELECT ';' "),
            ("SELECT 'it''s;', \"a;b\", `c;d`, [e;f] -- ;\n, 1;", "SELECT 'it''s;', \"a;b\", `c;d`, [e;f] -- ;\n, 1"),
            ("SELECT /* ; */ 1 - 2 / 3", "SELECT /* ; */ 1 - 2 / 3"),
            ("SELECT ';", "SELECT ';"),
        ] {
            assert_eq!(single(sql).unwrap(), statement);
        }
        for sql in ["SELECT 1; SELECT 2", ";;x", "SELECT ''; 1", &"SELECT 1;".repeat(100_000)] {
            assert!(single(sql).is_err());
        }
    }

    #[test]
    fn only_the_word_itself_explains() {
        assert_eq!(explained("Explain  SELECT 1"), Some("SELECT 1"));
        assert_eq!(explained("EXPLAIN query\nPLAN SELECT 1"), Some("SELECT 1"));
        assert_eq!(explained("EXPLAIN query"), Some("query"));
        assert_eq!(explained("EXPLAINED SELECT"), None);
        assert_eq!(explained("SELECT 1"), None);
    }
}
