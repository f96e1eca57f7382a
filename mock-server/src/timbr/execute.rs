//! Questions in plain words, §2, number 16. No model answers here: a question is looked up as if it were a statement,
//! so that `[[timbr.answers]]` has its answers too.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::error::Refusal;
use super::query;
use super::work::{Work, success};
use crate::answer::Answer;
use crate::directory::TimbrUser;

#[derive(Deserialize)]
struct Question {
    prompt: String,
}

#[derive(Serialize)]
struct Rows {
    rows: Box<RawValue>,
}

#[derive(Serialize)]
struct Answered {
    answer: String,
    rows: Box<RawValue>,
}

/// `POST /timbr/openapi/execute/prompt`.
pub(super) fn prompt(work: &mut Work<'_>, user: &Arc<TimbrUser>) -> Result<Answer, Refusal> {
    Ok(success(Rows { rows: rows(work, user)? }))
}

/// `POST /timbr/openapi/execute/answer`: the rows are their own wording.
pub(super) fn answer(work: &mut Work<'_>, user: &Arc<TimbrUser>) -> Result<Answer, Refusal> {
    let rows = rows(work, user)?;
    Ok(success(Answered { answer: rows.get().to_owned(), rows }))
}

/// `GET /timbr/openapi/execute/show_ontologies`.
pub(super) fn show_ontologies(work: &Work<'_>) -> Answer {
    let ontologies = work.call.directory.timbr().ontologies.iter();
    success(ontologies.map(|ontology| json!({ "ontology": ontology.name })).collect::<Vec<_>>())
}

/// Of the ontology that a header names, else of the first.
fn rows(work: &Work<'_>, user: &Arc<TimbrUser>) -> Result<Box<RawValue>, Refusal> {
    let question: Question = work.json("an object with the text prompt")?;
    let first = work.call.directory.timbr().ontologies.first().map_or("", |ontology| ontology.name.as_str());
    query::rows(work.call, work.call.header("ontology").unwrap_or(first), &question.prompt, user)
}
