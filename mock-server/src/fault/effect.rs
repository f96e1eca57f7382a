//! What a rule that fired does to the answer.

use http::StatusCode;
use http::header::RETRY_AFTER;

use super::EffectSpec;
use crate::answer::Answer;

// === impl EffectSpec ===

impl EffectSpec {
    /// The injected answer; `shape` is how the vendor words a status.
    pub(crate) fn apply(&self, shape: impl FnOnce(StatusCode) -> Answer) -> Answer {
        // Checked when the rule was added; a status that is none would be our own failure.
        let answer = shape(StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR));
        match self.retry_after {
            Some(seconds) => answer.with_header(RETRY_AFTER, seconds.into()),
            None => answer,
        }
    }
}
