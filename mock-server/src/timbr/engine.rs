//! Statements that the engine of the ontology answers: what it is told of the request, and what becomes of its errors.

use std::time::Duration;

use serde_json::value::RawValue;
use wire::header;

use super::error::Refusal;
use super::system::bare_statement;
use crate::beside;
use crate::call::Call;
use crate::directory::TimbrUser;
use crate::ontology::{Data, Question, Trouble};
use crate::reason::Reason;

/// How long a query may keep other requests waiting.
const AT_ONCE: Duration = Duration::from_millis(1);

/// Asks the engine; `None` in a build without one.
pub(super) fn answer(
    call: &Call<'_>,
    data: &Data,
    sql: &str,
    user: &TimbrUser,
) -> Option<Result<Box<RawValue>, Refusal>> {
    let settings = &call.setup.settings.timbr;
    let known = &call.directory.timbr().ontologies;
    let ontologies: Vec<&str> = known.iter().map(|ontology| ontology.name.as_str()).collect();
    let question = Question {
        sql: bare_statement(sql),
        user: &user.name,
        ontologies: &ontologies,
        time_limit: settings.query_time_limit.unsigned(),
        row_limit: row_limit(call).unwrap_or(settings.row_limit.get()),
        nested: call.header(header::NESTED).is_some_and(|value| value.eq_ignore_ascii_case("true")),
    };
    let answer = ask(data, &question)?;
    Some(match answer {
        Ok(rows) => RawValue::from_string(rows).map_err(|error| Refusal::Internal(error.into())),
        Err(trouble) => Err(Refusal::Engine(reason(&trouble).because(trouble.to_string()))),
    })
}

fn reason(trouble: &Trouble) -> Reason {
    match trouble {
        Trouble::Denied(_) => Reason::SqlDenied,
        Trouble::Invalid(_) => Reason::SqlInvalid,
        Trouble::TooSlow(_) | Trouble::TooLarge(_) => Reason::SqlStopped,
    }
}

/// What the request wants in place of the service's own limit. What is no number is as if it were not there.
fn row_limit(call: &Call<'_>) -> Option<usize> {
    call.header(header::RESULTS_LIMIT)?.trim().parse().ok()
}

/// Most queries take microseconds, less than it takes to hand a thread's other requests over. So each is tried at once;
/// one that takes longer is asked again, from the beginning, while other threads serve those requests. A statement that
/// calls functions is not tried: a call can take long before anybody looks at the time.
fn ask(data: &Data, question: &Question<'_>) -> Option<Result<String, Trouble>> {
    if question.time_limit <= AT_ONCE {
        return data.answer(question);
    }
    if question.sql.contains('(') {
        return beside::the_others(|| data.answer(question));
    }
    match data.answer(&Question { time_limit: AT_ONCE, ..*question }) {
        Some(Err(Trouble::TooSlow(_))) => beside::the_others(|| data.answer(question)),
        answer => answer,
    }
}
