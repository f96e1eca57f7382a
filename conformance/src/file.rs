//! Reads the TOML files that users write. What is wrong is said with file, line, caret, and what is allowed.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read {}: {cause}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// It says something that it may not.
    #[error("{}: {message}", .path.display())]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what is allowed.
        message: String,
    },
}

/// Larger files are not ours.
const LARGEST: u64 = 1 << 20;

// === impl FileError ===

impl FileError {
    pub(crate) fn wrong(path: &Path, message: impl Into<String>) -> Self {
        Self::Wrong { path: path.to_owned(), message: message.into() }
    }

    pub(crate) fn unreadable(path: &Path, cause: std::io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), cause }
    }
}

/// Reads and checks a file.
pub(crate) fn read_toml<T: DeserializeOwned>(path: &Path) -> Result<T, FileError> {
    let size = std::fs::metadata(path).map_err(|cause| FileError::unreadable(path, cause))?.len();
    if size > LARGEST {
        return Err(FileError::wrong(path, format!("{size} bytes are too many; allowed: {LARGEST}")));
    }
    let text = std::fs::read_to_string(path).map_err(|cause| FileError::unreadable(path, cause))?;
    parse_toml(path, &text)
}

/// Checks a text that stands for a file.
pub(crate) fn parse_toml<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, FileError> {
    toml::from_str(text).map_err(|error| {
        let hint = suggestion(error.message()).map(|hint| format!("\ndid you mean `{hint}`?")).unwrap_or_default();
        // The parser's own display has line, column and caret.
        FileError::wrong(path, format!("{}{hint}", error.to_string().trim_end()))
    })
}

/// The allowed name that is nearest to an unknown one: `unknown field `argvv`, expected one of `argv`, …`.
fn suggestion(message: &str) -> Option<String> {
    let mut names = message.split('`').skip(1).step_by(2);
    let unknown = names.next().filter(|_| message.starts_with("unknown"))?;
    names
        .map(|name| (strsim::damerau_levenshtein(unknown, name), name))
        .min()
        .filter(|(distance, _)| *distance <= 2)
        .map(|(_, name)| name.to_owned())
}
