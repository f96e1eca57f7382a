//! Conversations, §2, number 14: messages from the configuration, then what agents reported, bounded by count and by
//! bytes.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};
use wire::timbr::Status;

use super::error::{JSON, Refusal};
use super::work::Work;
use crate::answer::Answer;
use crate::config::{HistorySection, MessageSpec};
use crate::directory::TimbrUser;
use crate::reason::Reason;

/// What agents reported in a sandbox, oldest first.
#[derive(Debug, Default)]
pub(super) struct Conversations(Mutex<Ring>);

#[derive(Debug, Default)]
struct Ring {
    messages: VecDeque<Noted>,
    bytes: usize,
}

#[derive(Debug)]
struct Noted {
    user: Arc<str>,
    conversation: String,
    message: Message,
}

/// By the names that langchain-timbr reads.
#[derive(Clone, Debug, Serialize)]
struct Message {
    #[serde(rename = "message_id")]
    id: String,
    #[serde(rename = "parent_query_id")]
    parent: Option<String>,
    question: String,
    sql: Option<String>,
    answer: Option<String>,
}

#[derive(Serialize)]
struct History {
    data: Vec<Message>,
    status: Status,
    truncated: bool,
}

/// `GET /timbr/api/fetch_conversation_history/?conversation_id=&top=`: the newest messages, oldest first.
pub(super) fn fetch(work: &mut Work<'_>, user: &Arc<TimbrUser>) -> Result<Answer, Refusal> {
    let id = work.call.parameter("conversation_id").filter(|id| !id.is_empty()).ok_or_else(|| {
        Refusal::BadRequest(Reason::QueryInvalid.because("Bad request: the parameter conversation_id is missing"))
    })?;
    let top = work.number("top")?.unwrap_or(usize::MAX);
    let configured = work.settings().conversations.iter().filter(|message| message.conversation == id);
    let mut data: Vec<Message> = configured.map(Message::of).collect();
    data.extend(work.sandbox.timbr.conversations.of(&user.name, &id));
    let surplus = data.len().saturating_sub(top);
    data.drain(..surplus);
    let history = History { data, status: Status::Success, truncated: surplus > 0 };
    Ok(Answer::json(StatusCode::OK, JSON, &history))
}

// === impl Conversations ===

impl Conversations {
    /// Keeps what an agent reported, if it names its conversation; the oldest messages make room.
    pub(super) fn note(&self, user: &Arc<str>, report: &Map<String, Value>, limits: &HistorySection) {
        let text = |name: &str| report.get(name).and_then(Value::as_str).map(str::to_owned);
        let Some(conversation) = text("conversation_id") else { return };
        let message = Message {
            id: text("query_id").unwrap_or_default(),
            parent: text("parent_query_id"),
            question: text("question").unwrap_or_default(),
            sql: text("generated_sql"),
            answer: text("answer"),
        };
        let noted = Noted { user: Arc::clone(user), conversation, message };
        let mut ring = self.lock();
        ring.bytes += noted.size();
        ring.messages.push_back(noted);
        while ring.messages.len() > limits.messages.get() || ring.bytes > limits.bytes.bytes() {
            let Some(oldest) = ring.messages.pop_front() else { break };
            ring.bytes -= oldest.size();
        }
    }

    /// One user does not see another's.
    fn of(&self, user: &str, conversation: &str) -> Vec<Message> {
        let ring = self.lock();
        let own = ring.messages.iter().filter(|noted| &*noted.user == user && noted.conversation == conversation);
        own.map(|noted| noted.message.clone()).collect()
    }

    pub(super) fn clear(&self) {
        *self.lock() = Ring::default();
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl Noted ===

impl Noted {
    fn size(&self) -> usize {
        let Message { id, parent, question, sql, answer } = &self.message;
        let texts = [Some(&self.conversation), Some(id), parent.as_ref(), Some(question)];
        let texts = texts.into_iter().chain([sql.as_ref(), answer.as_ref()]).flatten();
        size_of::<Self>() + texts.map(String::len).sum::<usize>()
    }
}

// === impl Message ===

impl Message {
    fn of(spec: &MessageSpec) -> Self {
        let MessageSpec { conversation: _, id, question, sql, answer, parent } = spec.clone();
        Self { id, parent, question, sql, answer }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::config::{Count, Size};

    #[test]
    fn the_oldest_messages_make_room_by_count_and_by_bytes() {
        let seen = |limits: &HistorySection| {
            let (all, alice) = (Conversations::default(), Arc::from("alice"));
            for number in 0..9 {
                let report = json!({ "conversation_id": "c", "query_id": number.to_string(), "question": "?" });
                all.note(&alice, report.as_object().unwrap(), limits);
            }
            all.of("alice", "c").into_iter().map(|message| message.id).collect::<Vec<_>>()
        };
        let roomy = HistorySection::default();
        assert_eq!(seen(&HistorySection { messages: Count::new(2), ..roomy.clone() }), ["7", "8"]);
        let three = Size::from_bytes(3 * (size_of::<Noted>() as u64 + 3));
        assert_eq!(seen(&HistorySection { bytes: three, ..roomy }), ["6", "7", "8"]);
    }
}
