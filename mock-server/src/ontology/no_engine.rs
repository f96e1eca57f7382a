//! In place of the engine, in a build without one.

use super::table::Table;
use super::{Catalogue, Question, Trouble};

/// Answers nothing.
#[derive(Debug)]
pub(super) struct Engine;

// === impl Engine ===

impl Engine {
    #[expect(clippy::unnecessary_wraps, reason = "an engine can fail here")]
    pub(super) fn new(_: &Catalogue, _: Vec<Table>) -> Result<Self, String> {
        Ok(Self)
    }

    #[expect(clippy::unused_self, reason = "an engine has its tables")]
    pub(super) fn answer(&self, _: &Question<'_>, _: &Catalogue) -> Option<Result<String, Trouble>> {
        None
    }
}
