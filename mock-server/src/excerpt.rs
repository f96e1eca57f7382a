//! What is wrong with a file that somebody wrote: the place, the line with a caret below it, and what was probably meant.

use std::path::{Path, PathBuf};

use toml::de::Error as TomlError;

use crate::suggest::nearest;

/// A mistake in a file, and where it stands.
#[derive(Debug, thiserror::Error)]
#[error("{}:{line}:{column}: {message}\n{excerpt}{}", .path.display(), hint(.suggestion.as_deref()))]
pub struct Excerpt {
    /// The file.
    pub path: PathBuf,
    /// Line, counted from 1.
    pub line: usize,
    /// Column, counted from 1.
    pub column: usize,
    /// What is wrong, and what is allowed.
    pub message: String,
    /// The line with a caret below it.
    pub excerpt: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
}

/// Characters of a line that are shown at most. JSON may have all of its text on one line.
const WIDEST: usize = 200;

/// How many of them stand before the caret where a longer line is cut.
const BEFORE: usize = 80;

// === impl Excerpt ===

impl Excerpt {
    /// At a byte of the text. A message that lists names between backquotes, as serde's do, says what was probably meant.
    pub(crate) fn at(path: &Path, text: &str, offset: usize, message: String) -> Self {
        let before = &text[..text.floor_char_boundary(offset)];
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let column = before[start..].chars().count() + 1;
        let source = text[start..].lines().next().unwrap_or_default();
        let (source, caret) = cut(source, column);
        let gutter = line.to_string().len();
        // A tab is as wide below as above.
        let before = source.chars().take(caret.saturating_sub(1));
        let lead: String = before.map(|letter| if letter == '\t' { '\t' } else { ' ' }).collect();
        let excerpt = format!(
            "{:gutter$} |\n{line} | {source}\n{:gutter$} | {lead:>width$}^",
            "",
            "",
            width = caret.saturating_sub(1)
        );
        let suggestion = meant(&message);
        Self { path: path.to_owned(), line, column, message, excerpt, suggestion }
    }

    /// What the TOML reader found.
    pub(crate) fn of_toml(path: &Path, text: &str, error: &TomlError) -> Self {
        let offset = error.span().map_or(0, |span| span.start);
        Self::at(path, text, offset, error.message().to_owned())
    }
}

/// The part of a line that is shown, and the column of the caret below it.
fn cut(source: &str, column: usize) -> (String, usize) {
    if source.chars().count() <= WIDEST {
        return (source.to_owned(), column);
    }
    let skipped = column.saturating_sub(BEFORE + 1);
    let lead = if skipped > 0 { "…" } else { "" };
    let rest = source.chars().skip(skipped);
    let tail = if rest.clone().nth(WIDEST).is_some() { "…" } else { "" };
    let shown: String = rest.take(WIDEST).collect();
    (format!("{lead}{shown}{tail}"), column - skipped + lead.chars().count())
}

/// "unknown field `prot`, expected one of `hosts`, `port`, …": the names are between backquotes.
fn meant(message: &str) -> Option<String> {
    let mut names = message.split('`').skip(1).step_by(2);
    let given = names.next().filter(|_| message.starts_with("unknown"))?;
    nearest(given, names).map(str::to_owned)
}

fn hint(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |name| format!("\nhelp: did you mean `{name}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, offset: usize) -> String {
        Excerpt::at(Path::new("f.toml"), text, offset, "no".to_owned()).to_string()
    }

    #[test]
    fn the_caret_stands_below_the_character_whatever_its_bytes() {
        assert_eq!(shown("a = 1\nü = 'é' # x\n", 10), "f.toml:2:4: no\n  |\n2 | ü = 'é' # x\n  |    ^");
        assert_eq!(shown("\ta\t= 1\n", 3), "f.toml:1:4: no\n  |\n1 | \ta\t= 1\n  | \t \t^", "a tab is as wide below");
        assert_eq!(shown("", 0), "f.toml:1:1: no\n  |\n1 | \n  | ^");
        assert_eq!(shown("a\nb\n", 99), "f.toml:3:1: no\n  |\n3 | \n  | ^", "beyond the end is the end");
    }

    #[test]
    fn a_line_that_fills_the_screen_is_cut_around_the_caret() {
        let line = "-".repeat(150) + "x" + &"-".repeat(1000);
        let expected =
            format!("f.toml:1:151: no\n  |\n1 | …{}x{}…\n  | {}^", "-".repeat(80), "-".repeat(119), " ".repeat(81));
        assert_eq!(shown(&line, 150), expected);
    }
}
