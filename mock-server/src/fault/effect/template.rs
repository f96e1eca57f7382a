//! Templates: texts with places that are filled with fields of the request. There are no loops and no assignments, so a
//! template cannot run away.

use serde_json::{Map, Value, json};

use crate::answer::Outcome;
use crate::call::Call;
use crate::fault::InvalidRule;
use crate::sandbox::Sandbox;
use crate::suggest::Unknown;

/// A template that was checked.
#[derive(Debug)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Text(String),
    /// The way to a field.
    Field(Vec<String>),
}

/// What a field may begin with.
const ROOTS: [&str; 5] = ["request", "sandbox", "account", "now", "now_ms"];
/// What a request has.
const OF_REQUEST: [&str; 7] = ["method", "path", "segments", "query", "headers", "body", "json"];
const FIELD: &str = "effect.respond.template";
/// Fields that are missed aloud.
const MOST_HINTS: usize = 10;

// === impl Template ===

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, InvalidRule> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((field, after)) = after.split_once("}}") else {
                return Err(InvalidRule::value(FIELD, "a {{ has no }} after it"));
            };
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Field(way(field.trim())?));
            rest = after;
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self { parts })
    }

    /// The filled text, of so many bytes at most. Fields that the request does not have are said.
    pub(super) fn fill(
        &self,
        sandbox: &Sandbox,
        call: &Call<'_>,
        outcome: &mut Outcome,
        most: usize,
    ) -> Result<String, String> {
        let fields = fields(sandbox, call, outcome);
        let mut filled = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => filled.push_str(text),
                Part::Field(way) => match find(&fields, way) {
                    Some(Value::String(text)) => filled.push_str(text),
                    Some(value) => filled.push_str(&value.to_string()),
                    None if outcome.hints.len() < MOST_HINTS => {
                        let field = way.join(".");
                        outcome.hints.push(format!("the request has no {field}, which the rule asks for"));
                    }
                    None => {}
                },
            }
            if filled.len() > most {
                return Err(format!("the filled template is larger than {most} bytes"));
            }
        }
        Ok(filled)
    }
}

/// `request.json.user.name`, and `request.segments.1`.
fn way(text: &str) -> Result<Vec<String>, InvalidRule> {
    let way: Vec<String> = text.split('.').map(|part| part.trim().to_owned()).collect();
    let root = way.first().map(String::as_str).unwrap_or_default();
    if !ROOTS.contains(&root) {
        return Err(Unknown::new(FIELD, root, ROOTS).into());
    }
    if root != "request" {
        return if way.len() == 1 {
            Ok(way)
        } else {
            Err(InvalidRule::value(FIELD, format!("{root} has no parts: {text:?}")))
        };
    }
    match way.get(1).map(String::as_str) {
        Some(part) if OF_REQUEST.contains(&part) => Ok(way),
        part => Err(Unknown::new(FIELD, part.unwrap_or_default(), OF_REQUEST).into()),
    }
}

fn find<'v>(fields: &'v Value, way: &[String]) -> Option<&'v Value> {
    let step = |value: &'v Value, part: &String| match value {
        Value::Object(members) => members.get(part),
        Value::Array(elements) => elements.get(part.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    };
    way.iter().try_fold(fields, step)
}

fn fields(sandbox: &Sandbox, call: &Call<'_>, outcome: &Outcome) -> Value {
    let text = |value: &http::HeaderValue| Value::String(String::from_utf8_lossy(value.as_bytes()).into_owned());
    let headers: Map<String, Value> =
        call.headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect();
    let pairs = call.query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !pair.is_empty());
    let query: Map<String, Value> = pairs
        .map(|pair| {
            let (name, _) = pair.split_once('=').unwrap_or((pair, ""));
            (name.to_owned(), Value::String(call.parameter(name).unwrap_or_default()))
        })
        .collect();
    json!({
        "request": {
            "method": call.method.as_str(),
            "path": call.path,
            "segments": call.path.split('/').filter(|part| !part.is_empty()).collect::<Vec<_>>(),
            "query": query,
            "headers": headers,
            "body": String::from_utf8_lossy(call.body),
            "json": serde_json::from_slice::<Value>(call.body).unwrap_or_default(),
        },
        "sandbox": &*sandbox.id,
        "account": outcome.account.as_deref().unwrap_or_default(),
        "now": call.now.to_string(),
        "now_ms": call.now.as_millisecond(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_request_has_is_refused_with_what_was_meant() {
        let refused = |text| Template::parse(text).unwrap_err().to_string();
        assert_eq!(refused("{{ requst.path }}"), format!("{FIELD} \"requst\" is unknown; did you mean \"request\"?"));
        assert_eq!(
            refused("{{ request.heders.x }}"),
            format!("{FIELD} \"heders\" is unknown; did you mean \"headers\"?")
        );
        assert!(refused("{{ request }}").starts_with(FIELD));
        assert!(refused("{{ now.year }}").contains("now has no parts"));
        assert!(refused("{{ now").contains("has no }}"));
        assert!(Template::parse("{\"a\":{\"b\":1}} {% for %}").is_ok());
    }
}
