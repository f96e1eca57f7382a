//! Both query routes: an envelope on one (§5), a bare array on the other (§6). The same SQL gives the same rows.

use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde::Deserialize;
use serde_json::value::RawValue;
use wire::header;
use wire::timbr::{Envelope, QueryRequest};

use super::error::{JSON, Refusal};
use super::{engine, system};
use crate::answer::Answer;
use crate::call::Call;
use crate::directory::TimbrUser;
use crate::json::{Members, Names};
use crate::ontology::SYSTEM_ONTOLOGY;
use crate::reason::Reason;

/// `GET /timbr/api/get_ontologies/`.
pub(super) fn ontologies(call: &Call<'_>) -> Answer {
    let names: Vec<&str> = call.directory.timbr().ontologies.iter().map(|ontology| ontology.name.as_str()).collect();
    Answer::json(StatusCode::OK, JSON, &Envelope::success(names))
}

/// `POST /timbr/api/query/`. Any content type is taken for JSON; `x-async` is ignored here.
pub(super) fn envelope(call: &Call<'_>, user: &TimbrUser) -> Result<Answer, Refusal> {
    let mut json = serde_json::Deserializer::from_slice(call.body);
    let request =
        QueryRequest::deserialize(Members(Names::Exact, &mut json)).and_then(|request| json.end().map(|()| request));
    let request = request.map_err(|error| {
        let text = format!("Bad request: the body must be an object with the texts ontology_name and query: {error}");
        Refusal::BadRequest(Reason::BodyInvalid.because(text))
    })?;
    let rows = rows(call, &request.ontology_name, &request.query, user)?;
    Ok(Answer::json(StatusCode::OK, JSON, &Envelope::success(rows)))
}

/// `POST /timbr/openapi/ontology/{ontology}/query`.
pub(super) fn bare(call: &Call<'_>, ontology: &str, user: &TimbrUser) -> Result<Answer, Refusal> {
    let rows = rows(call, ontology, sql(call)?, user)?;
    let mut answer = Answer::empty(StatusCode::OK);
    answer.headers.insert(CONTENT_TYPE, JSON);
    answer.body = rows.get().to_owned().into();
    Ok(answer)
}

/// The body of the route as SQL.
pub(super) fn sql<'c>(call: &'c Call<'_>) -> Result<&'c str, Refusal> {
    std::str::from_utf8(call.body)
        .map_err(|_| Refusal::BadRequest(Reason::BodyInvalid.because("Bad request: the query is not UTF-8")))
}

/// An ontology that there is, or the error of the engine that there is none.
pub(super) fn known_ontology(call: &Call<'_>, ontology: &str) -> Result<(), Refusal> {
    let directory = call.directory.timbr();
    if directory.ontology(ontology).is_some() || ontology == SYSTEM_ONTOLOGY {
        return Ok(());
    }
    let known: Vec<&str> = directory.ontologies.iter().map(|ontology| ontology.name.as_str()).collect();
    let text = format!("Unknown database '{ontology}'; the known ones are: {}", known.join(", "));
    Err(Refusal::Engine(Reason::OntologyUnknown.because(text)))
}

/// Canned answers first, then the statements that every service knows, then the engine.
pub(super) fn rows(call: &Call<'_>, ontology: &str, sql: &str, user: &TimbrUser) -> Result<Box<RawValue>, Refusal> {
    if sql.trim().is_empty() {
        return Err(Refusal::BadRequest(Reason::SqlEmpty.because("Bad request: the query is empty")));
    }
    if sql.contains('\0') {
        let text = "Bad request: the query has a NUL character in it";
        return Err(Refusal::BadRequest(Reason::BodyInvalid.because(text)));
    }
    known_ontology(call, ontology)?;
    let directory = call.directory.timbr();
    let refused = |text: String| Refusal::Engine(Reason::SqlRefused.because(text));
    let user = runs_as(call, user).map_err(refused)?;
    if let Some(answer) = call.setup.answers.find(ontology, sql) {
        return answer.map(ToOwned::to_owned).map_err(|text| refused(text.to_owned()));
    }
    let raw = |rows: serde_json::Value| {
        serde_json::value::to_raw_value(&rows).map_err(|error| Refusal::Internal(error.into()))
    };
    if let Some(answer) = system::answer(call, ontology, sql, user) {
        return answer.map_err(refused).and_then(raw);
    }
    let data = directory.ontology(ontology).and_then(|ontology| ontology.data());
    if let Some(answer) = data.and_then(|data| engine::answer(call, data, sql, user)) {
        return answer;
    }
    system::without_engine(sql).map_or_else(
        || {
            Err(Refusal::Engine(Reason::SqlUnanswered.because(
                "Query failed: mock-server has no answer to this statement; add one to [[timbr.answers]] in its \
                 configuration, or give the ontology tables",
            )))
        },
        raw,
    )
}

/// Whom `x-api-impersonate-user` names, if it is there. Nobody needs a grant here.
fn runs_as<'c>(call: &'c Call<'_>, caller: &'c TimbrUser) -> Result<&'c TimbrUser, String> {
    let Some(name) = call.header(header::X_API_IMPERSONATE_USER) else { return Ok(caller) };
    let user = call.directory.timbr().user(name).filter(|user| !user.disabled);
    user.map(|user| &**user).ok_or_else(|| format!("User {name} does not exist"))
}
