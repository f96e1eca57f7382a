//! `POST /timbr/api/kb/search`, §2, number 15: examples of knowledge bases that resemble a question. The vendor ranks
//! by a model; here the share of words that two questions have in common decides, the same on every run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use super::error::{JSON, Refusal};
use super::work::{Work, bad_body};
use crate::answer::Answer;
use crate::config::Example;
use crate::directory::TimbrUser;

#[derive(Deserialize)]
struct Search {
    question: String,
    knowledge_bases: Vec<String>,
    #[serde(default = "top_k")]
    top_k: usize,
    #[serde(default = "high")]
    high_threshold: f64,
    #[serde(default = "medium")]
    medium_threshold: f64,
}

/// As langchain-timbr reads it: no envelope.
#[derive(Serialize)]
struct Found<'a> {
    matches: Vec<Match<'a>>,
    match_level: &'static str,
    per_kb_max_changed_on: BTreeMap<&'a str, &'a str>,
    /// Always nothing: the same question has the same answer.
    latency_ms: f64,
}

#[derive(Serialize)]
struct Match<'a> {
    knowledge_base: &'a str,
    example_name: &'a str,
    question: &'a str,
    query: Option<&'a str>,
    instructions: Option<&'a str>,
    validate_sql: u8,
    confidence: f64,
    changed_on: Option<&'a str>,
}

/// What the client itself allows.
const MOST: usize = 20;

fn top_k() -> usize {
    5
}

fn high() -> f64 {
    0.8
}

fn medium() -> f64 {
    0.5
}

pub(super) fn search(work: &mut Work<'_>, _: &Arc<TimbrUser>) -> Result<Answer, Refusal> {
    let search: Search = work.json("an object with the text question and the list knowledge_bases")?;
    search.check()?;
    let found = search.among(&work.settings().knowledge);
    Ok(Answer::json(StatusCode::OK, JSON, &found))
}

// === impl Search ===

impl Search {
    fn check(&self) -> Result<(), Refusal> {
        let thresholds = [("high_threshold", self.high_threshold), ("medium_threshold", self.medium_threshold)];
        if self.question.trim().is_empty() {
            return Err(bad_body("question is empty"));
        }
        if !(1..=MOST).contains(&self.top_k) {
            return Err(bad_body(&format!("top_k must be between 1 and {MOST}")));
        }
        match thresholds.iter().find(|(_, value)| !(0.0..=1.0).contains(value)) {
            Some((name, _)) => Err(bad_body(&format!("{name} must be between 0 and 1"))),
            None => Ok(()),
        }
    }

    fn among<'e>(&self, examples: &'e [Example]) -> Found<'e> {
        let asked = examples.iter().filter(|example| self.knowledge_bases.contains(&example.knowledge_base));
        let mut per_kb: BTreeMap<&str, &str> = BTreeMap::new();
        let mut matches = Vec::new();
        let words = words(&self.question);
        for example in asked {
            if let Some(changed) = example.changed_on.as_deref() {
                let latest = per_kb.entry(&example.knowledge_base).or_insert(changed);
                *latest = changed.max(*latest);
            }
            let confidence = resemblance(&words, &self::words(&example.question));
            if confidence >= self.medium_threshold {
                matches.push(Match::of(example, confidence));
            }
        }
        // The sort is stable: of two that fit alike, the first in the configuration comes first.
        matches.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
        matches.truncate(self.top_k);
        let match_level = match matches.first() {
            Some(best) if best.confidence >= self.high_threshold => "high",
            Some(_) => "medium",
            None => "none",
        };
        Found { matches, match_level, per_kb_max_changed_on: per_kb, latency_ms: 0.0 }
    }
}

// === impl Match ===

impl<'e> Match<'e> {
    fn of(example: &'e Example, confidence: f64) -> Self {
        Self {
            knowledge_base: &example.knowledge_base,
            example_name: &example.example_name,
            question: &example.question,
            query: example.query.as_deref(),
            instructions: example.instructions.as_deref(),
            validate_sql: 0,
            confidence,
            changed_on: example.changed_on.as_deref(),
        }
    }
}

fn words(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Words in both, of the words in either.
fn resemblance(a: &BTreeSet<String>, b: &BTreeSet<String>) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "no question has that many words")]
    let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    share(a.intersection(b).count(), a.union(b).count())
}
