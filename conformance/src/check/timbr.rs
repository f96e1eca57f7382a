//! What Timbr clients send.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{fernet, seen};
use crate::catalogue::ENGINE_ERROR;
use crate::evidence::{Evidence, Finding, Objection, undecided};
use crate::transcript::{Exchange, Outcome, Transcript};

const QUERIES: [&str; 2] = ["timbr.query", "timbr.openapi_query"];

/// A query came.
pub(crate) fn asked(t: &Transcript) -> Finding {
    Evidence::all(queries(t).take(1)).ok_or_else(|| Objection::Undecided("no query came to the server".to_owned()))
}

/// Exactly one `get_token`, by POST.
pub(crate) fn one_get_token(t: &Transcript) -> Finding {
    let all: Vec<&Exchange> = t.exchanges_of("timbr.get_token").collect();
    match all.as_slice() {
        [only] => Ok((*only).into()),
        [] => undecided("the client did not ask for a token"),
        [first, .., last] => {
            Evidence::from(*first).and(*last).breaks(format!("{} requests where one would do", all.len()))
        }
    }
}

/// The bearer, decrypted under the salt, is base64 of `user:password`.
pub(crate) fn bearer_decrypts(t: &Transcript) -> Finding {
    let Some(exchange) = t.exchanges_of("timbr.get_token").next() else {
        return undecided("the client did not ask for a token");
    };
    let evidence = Evidence::from(exchange);
    let (Some(salt), Some(user), Some(password)) = (t.told("auth_salt"), t.told("login"), t.told("password")) else {
        return undecided("the client was told no credentials");
    };
    let Some(value) = exchange.header("authorization").next() else {
        return evidence.breaks("there is no Authorization header");
    };
    let bearer = match value.split_once(' ') {
        Some((scheme, bearer)) if scheme.eq_ignore_ascii_case("bearer") => bearer.trim(),
        _ => return evidence.breaks("the scheme of Authorization is not Bearer"),
    };
    let plain = match fernet::decrypt(salt, bearer) {
        Ok(plain) => plain,
        Err(error) => return evidence.breaks(format!("the bearer does not decrypt: {error}")),
    };
    if plain == STANDARD.encode(format!("{user}:{password}")).as_bytes() {
        return Ok(evidence);
    }
    evidence.breaks("the bearer decrypts, but not to base64 of user:password")
}

/// The token, and nothing else, in `x-api-key`.
pub(crate) fn token_verbatim(t: &Transcript) -> Finding {
    let bought = t
        .exchanges_of("timbr.get_token")
        .find_map(|exchange| exchange.answer.json()?.pointer("/data/0")?.as_str().map(str::to_owned));
    let Some(token) = bought.or_else(|| t.told("token").map(str::to_owned)) else {
        return undecided("there is no token");
    };
    let mut evidence: Option<Evidence> = None;
    for query in queries(t) {
        let keys: Vec<&str> = query.header("x-api-key").collect();
        match keys.as_slice() {
            [only] if *only == token => {
                evidence = Some(evidence.map_or_else(|| query.into(), |evidence| evidence.and(query)));
            }
            [] => return Evidence::from(query).breaks("there is no x-api-key"),
            [_] => return Evidence::from(query).breaks("x-api-key is not the token as it is"),
            more => return Evidence::from(query).breaks(format!("x-api-key is there {} times", more.len())),
        }
    }
    evidence.ok_or_else(|| Objection::Undecided("no query came to the server".to_owned()))
}

/// `Content-Type: application/json`.
pub(crate) fn json_media_type(t: &Transcript) -> Finding {
    let query = first(t, "timbr.query")?;
    let media_type = query.header("content-type").next().unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(query.into());
    }
    Evidence::from(query).breaks(format!("Content-Type is {media_type:?}"))
}

/// An object of exactly two strings, as given.
pub(crate) fn two_strings(t: &Transcript) -> Finding {
    let query = first(t, "timbr.query")?;
    let evidence = Evidence::from(query);
    let Some(Value::Object(body)) = query.body.json() else {
        return evidence.breaks("the body is no JSON object");
    };
    let call = seen::call(t, 1)?;
    for (member, key) in [("ontology_name", "ontology"), ("query", "sql")] {
        let given = call.args.get(key).and_then(Value::as_str);
        match body.get(member) {
            Some(Value::String(text)) if Some(text.as_str()) == given => {}
            Some(Value::String(_)) => return evidence.breaks(format!("{member} is not what was given")),
            Some(_) => return evidence.breaks(format!("{member} is no string")),
            None => return evidence.breaks(format!("{member} is missing")),
        }
    }
    if let Some(extra) = body.keys().find(|name| !matches!(name.as_str(), "ontology_name" | "query")) {
        return evidence.breaks(format!("there is a member {extra:?} too"));
    }
    Ok(evidence)
}

/// The caller gets the rows that the server answered with.
pub(crate) fn rows_are_given(t: &Transcript) -> Finding {
    let query = first(t, "timbr.query")?;
    let call = seen::call(t, 1)?;
    let answered = query.answer.json().and_then(|answer| answer.get("data").cloned());
    let Some(answered) = answered.filter(|rows| rows.as_array().is_some_and(|rows| !rows.is_empty())) else {
        return undecided("the server answered no rows");
    };
    let evidence = Evidence::from(query).and(call);
    let Outcome::Ok(value) = &call.outcome else {
        return evidence.breaks("the query failed, though the server answered it");
    };
    // A client may give the rows, or the whole of the answer.
    let given = value.get("rows").unwrap_or(&Value::Null);
    if *given == answered || given.get("data") == Some(&answered) {
        return Ok(evidence);
    }
    evidence.breaks("the caller does not get the rows that the server answered with")
}

/// A query succeeded before anything was done to the next one.
pub(crate) fn worked_before(t: &Transcript) -> Finding {
    let call = seen::call(t, 1)?;
    if call.is_ok() {
        return Ok(call.into());
    }
    undecided("not even the first query succeeded")
}

/// The SQL's bytes are the body.
pub(crate) fn bytes_unchanged(t: &Transcript) -> Finding {
    let mut evidence: Option<Evidence> = None;
    for call in t.calls_of("query") {
        let sql = call.args.get("sql").and_then(Value::as_str).unwrap_or_default();
        let Some(query) = t.during(call).iter().find(|exchange| exchange.is("timbr.openapi_query")) else {
            return undecided("a query did not come to the server");
        };
        if query.body.bytes != sql.as_bytes() {
            let (sent, given) = (query.body.bytes.len(), sql.len());
            return Evidence::from(query).breaks(format!("{sent} bytes were sent, not the {given} that were given"));
        }
        if !query.body.whole {
            return undecided("the journal kept only a part of the body");
        }
        evidence = Some(evidence.map_or_else(|| query.into(), |evidence| evidence.and(query)));
    }
    evidence.ok_or_else(|| Objection::Undecided("no query was asked for".to_owned()))
}

/// The error has the engine's text.
pub(crate) fn error_text_kept(t: &Transcript) -> Finding {
    let call = seen::call(t, 2)?;
    let Some(error) = call.error() else {
        return undecided("there is no error");
    };
    if error.message.as_deref().is_some_and(|message| message.contains(ENGINE_ERROR)) {
        return Ok(call.into());
    }
    Evidence::from(call).breaks("the error lacks the engine's text")
}

fn queries(t: &Transcript) -> impl Iterator<Item = &Exchange> {
    t.exchanges.iter().filter(|exchange| QUERIES.iter().any(|operation| exchange.is(operation)))
}

fn first<'a>(t: &'a Transcript, operation: &str) -> Result<&'a Exchange, Objection> {
    t.exchanges
        .iter()
        .find(|exchange| exchange.is(operation))
        .ok_or_else(|| Objection::Undecided(format!("no {operation} came to the server")))
}
