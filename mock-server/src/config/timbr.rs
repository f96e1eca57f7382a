//! What `[timbr]` holds beside its plain settings.

use serde::{Deserialize, Serialize};

use super::unit::{Count, Size, Span};

/// Which status the errors of the two query routes have. The vendor does not document it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorStyle {
    /// One that says what is wrong: 400, 401, 500.
    #[default]
    Http,
    /// 200 each time; only the envelope says that it is an error.
    Http200,
}

/// Which `Content-Type` requests below `/timbr/api` may have.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ContentTypes {
    /// Any, and none.
    #[default]
    Any,
    /// `application/json` only, as the vendor documents it.
    Documented,
}

/// `[timbr.platform]`: the web interface, as far as tokens come from it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlatformSection {
    /// Whether there is one.
    pub enabled: bool,
    /// How long somebody stays logged in.
    pub session_life: Span,
    /// Sessions at once; the oldest makes room.
    pub max_sessions: Count,
}

/// `[timbr.history]`: how much is kept of what agents report of their conversations.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct HistorySection {
    /// Messages at most; the oldest make room.
    pub messages: Count,
    /// Bytes at most.
    pub bytes: Size,
}

/// One part of a prompt.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct PromptPart {
    /// `system` or `human`.
    pub role: Role,
    /// The text, with its variables in braces.
    pub template: String,
}

/// Who says a part of a prompt.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Whoever sets the model up.
    System,
    /// Whoever asks.
    Human,
}

/// One `[[timbr.knowledge]]`: an example of a knowledge base.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// The knowledge base that it is in.
    pub knowledge_base: String,
    /// Its name there.
    #[serde(rename = "name")]
    pub example_name: String,
    /// What was asked.
    pub question: String,
    /// SQL that answers it.
    #[serde(default)]
    pub query: Option<String>,
    /// What to mind.
    #[serde(default)]
    pub instructions: Option<String>,
    /// When it was changed, as ISO 8601.
    #[serde(default)]
    pub changed_on: Option<String>,
}

/// One `[[timbr.conversations]]`: a message of a conversation.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct MessageSpec {
    /// The conversation that it is of.
    pub conversation: String,
    /// Its id.
    pub id: String,
    /// What was asked.
    pub question: String,
    /// SQL that was made of it.
    #[serde(default)]
    pub sql: Option<String>,
    /// What was answered.
    #[serde(default)]
    pub answer: Option<String>,
    /// The message that it goes on from.
    #[serde(default)]
    pub parent: Option<String>,
}

impl Default for PlatformSection {
    fn default() -> Self {
        Self { enabled: false, session_life: Span::from_secs(24 * 60 * 60), max_sessions: Count::new(1000) }
    }
}

impl Default for HistorySection {
    fn default() -> Self {
        Self { messages: Count::new(10_000), bytes: Size::from_bytes(8 << 20) }
    }
}
