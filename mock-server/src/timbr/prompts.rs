//! `POST /timbr/api/llm_prompts/{name}`, §2, number 13: templates for language models. Their texts are our own.

use std::sync::Arc;

use serde::Serialize;

use super::error::Refusal;
use super::work::{Work, success};
use crate::answer::Answer;
use crate::config::Role;
use crate::directory::TimbrUser;
use crate::reason::Reason;

/// Under the names that langchain-timbr asks for: what the model is told, and what it is asked.
const BUILT_IN: [(&str, &str, &str); 7] = [
    ("identify_concept", "Choose the concept that a question is about.", "Question: {question}\nConcepts: {concepts}"),
    ("generate_sql", "Write one SQL statement that answers a question.", "Question: {question}\nConcept: {concept}"),
    ("generate_sql_reasoning", "Judge whether SQL answers a question.", "Question: {question}\nSQL: {generated_sql}"),
    ("generate_answer", "Answer a question from rows.", "Question: {question}\nRows: {formatted_rows}"),
    ("benchmark_judge", "Judge an answer.", "Question: {question}\nAnswer: {answer}"),
    ("memory_classifier", "Say whether a question goes on from others.", "Question: {question}\nBefore: {history}"),
    ("memory_kb_classifier", "Say which examples help with a question.", "Question: {question}\nExamples: {examples}"),
];

/// As langchain-timbr reads it: `type` or `role` says whose words they are.
#[derive(Serialize)]
struct Part<'a> {
    r#type: &'static str,
    role: Role,
    template: &'a str,
}

pub(super) fn get(work: &mut Work<'_>, _: &Arc<TimbrUser>) -> Result<Answer, Refusal> {
    let name = work.segment(0);
    if let Some(parts) = work.settings().prompts.get(name) {
        return Ok(success(parts.iter().map(|part| shown(part.role, &part.template)).collect::<Vec<_>>()));
    }
    let (_, system, human) = BUILT_IN.iter().find(|(known, ..)| *known == name).ok_or_else(|| {
        let text = format!("Not found: no prompt is called {name:?}; [timbr.prompts] can add it");
        Refusal::NotFound(Reason::PromptUnknown.because(text))
    })?;
    Ok(success([shown(Role::System, system), shown(Role::Human, human)]))
}

fn shown(role: Role, template: &str) -> Part<'_> {
    let kind = match role {
        Role::System => "SystemMessage",
        Role::Human => "HumanMessage",
    };
    Part { r#type: kind, role, template }
}
