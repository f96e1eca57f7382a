//! Changes to an answer that was made: other members, other types, no JSON any more, another length.

use std::collections::BTreeMap;

use bytes::{BufMut, Bytes, BytesMut};
use http::header::{CONTENT_TYPE, DATE};
use http::{HeaderName, HeaderValue};
use serde_json::Value;

use super::replace::header_value;
use crate::answer::Answer;
use crate::config::Size;
use crate::fault::InvalidRule;
use crate::fault::spec::ReshapeSpec;

/// Changes that were checked.
#[derive(Debug)]
pub(crate) struct Reshape {
    set: Vec<(Pointer, Value)>,
    remove: Vec<Pointer>,
    retype: Vec<Pointer>,
    malformed: bool,
    truncate: Option<usize>,
    pad: Option<usize>,
    content_type: Option<HeaderValue>,
    headers: Vec<(HeaderName, Option<HeaderValue>)>,
}

/// A JSON pointer in which `*` stands for every element.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Pointer {
    text: String,
    parts: Vec<String>,
}

/// Bytes of a changed body at most.
const LARGEST: usize = 64 << 20;
/// Members that one rule changes at most.
const MOST_CHANGES: usize = 100;

// === impl Reshape ===

impl Reshape {
    pub(super) fn compile(spec: &ReshapeSpec) -> Result<Self, InvalidRule> {
        if *spec == ReshapeSpec::default() {
            let problem =
                "give at least one of set, remove, retype, malformed, truncate, pad, content_type and headers";
            return Err(InvalidRule::value("effect.reshape", problem));
        }
        let changes = spec.set.len() + spec.remove.len() + spec.retype.len();
        if changes > MOST_CHANGES {
            return Err(InvalidRule::value(
                "effect.reshape",
                format!("{changes} changes are more than {MOST_CHANGES}"),
            ));
        }
        let ReshapeSpec { set, remove, retype, malformed, truncate, pad, content_type, headers } = spec;
        if pad.is_some_and(|pad| pad.bytes() > LARGEST) {
            return Err(InvalidRule::value("effect.reshape.pad", "it is 64MiB at most"));
        }
        let set =
            set.iter().map(|(pointer, value)| Ok((Pointer::parse("effect.reshape.set", pointer)?, value.clone())));
        let pointers = |field, all: &[String]| -> Result<Vec<Pointer>, InvalidRule> {
            all.iter().map(|text| Pointer::parse(field, text)).collect()
        };
        Ok(Self {
            set: set.collect::<Result<_, InvalidRule>>()?,
            remove: pointers("effect.reshape.remove", remove)?,
            retype: pointers("effect.reshape.retype", retype)?,
            malformed: *malformed,
            truncate: *truncate,
            pad: pad.map(Size::bytes),
            content_type: content_type
                .as_deref()
                .map(|text| header_value("effect.reshape.content_type", text))
                .transpose()?,
            headers: changed_headers(headers)?,
        })
    }

    /// Changes an answer. What could not be changed is said.
    pub(crate) fn apply(&self, answer: &mut Answer, hints: &mut Vec<String>) {
        if !self.set.is_empty() || !self.remove.is_empty() || !self.retype.is_empty() {
            match serde_json::from_slice::<Value>(&answer.body) {
                Ok(mut value) => {
                    self.change(&mut value, hints);
                    let changed = value.to_string();
                    if changed.len() > LARGEST {
                        hints.push("the changed body would be larger than 64MiB, so it stays as it was".to_owned());
                    } else {
                        answer.body = changed.into();
                    }
                }
                Err(_) => hints.push("the rule changes members of the answer, and its body is no JSON".to_owned()),
            }
        }
        if self.malformed {
            answer.body = malformed(&answer.body);
        }
        if let Some(length) = self.truncate {
            answer.body.truncate(length);
        }
        if let Some(pad) = self.pad
            && answer.body.len() < pad
        {
            let mut padded = BytesMut::with_capacity(pad);
            padded.put_bytes(b' ', pad - answer.body.len());
            padded.put_slice(&answer.body);
            answer.body = padded.freeze();
        }
        if let Some(content_type) = &self.content_type {
            answer.headers.insert(CONTENT_TYPE, content_type.clone());
        }
        for (name, value) in &self.headers {
            match value {
                Some(value) => drop(answer.headers.insert(name, value.clone())),
                None => drop(answer.headers.remove(name)),
            }
        }
    }

    fn change(&self, body: &mut Value, hints: &mut Vec<String>) {
        let mut note = |pointer: &Pointer, found: usize| {
            if found == 0 {
                hints.push(format!("the rule changes {:?}, and the answer has no such place", pointer.text));
            }
        };
        for (pointer, value) in &self.set {
            let parents = pointer.parents(body, &mut |parent, name| match parent {
                Value::Object(members) if name == "*" => {
                    members.values_mut().for_each(|member| *member = value.clone());
                }
                Value::Object(members) => drop(members.insert(name.to_owned(), value.clone())),
                Value::Array(elements) => {
                    for (position, element) in elements.iter_mut().enumerate() {
                        if is_at(name, position) {
                            *element = value.clone();
                        }
                    }
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            });
            note(pointer, parents);
        }
        for pointer in &self.remove {
            let mut found = 0;
            pointer.parents(body, &mut |parent, name| match parent {
                Value::Object(members) if name == "*" => found += std::mem::take(members).len(),
                Value::Object(members) => found += usize::from(members.shift_remove(name).is_some()),
                Value::Array(elements) => {
                    let before = elements.len();
                    let mut position = 0;
                    elements.retain(|_| {
                        position += 1;
                        !is_at(name, position - 1)
                    });
                    found += before - elements.len();
                }
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            });
            note(pointer, found);
        }
        for pointer in &self.retype {
            let mut found = 0;
            pointer.places(body, &mut |place| {
                found += 1;
                *place = retyped(place);
            });
            note(pointer, found);
        }
    }

    pub(crate) fn describe(&self) -> String {
        let mut words = Vec::new();
        let list = |pointers: &[Pointer]| pointers.iter().map(|one| one.text.as_str()).collect::<Vec<_>>().join(" ");
        if !self.set.is_empty() {
            words.push(format!(
                "{} set",
                self.set.iter().map(|(one, _)| one.text.as_str()).collect::<Vec<_>>().join(" ")
            ));
        }
        if !self.remove.is_empty() {
            words.push(format!("{} missing", list(&self.remove)));
        }
        if !self.retype.is_empty() {
            words.push(format!("{} of another type", list(&self.retype)));
        }
        if self.malformed {
            words.push("malformed JSON".to_owned());
        }
        words.extend(self.truncate.map(|length| format!("body cut to {length} bytes")));
        words.extend(self.pad.map(|length| format!("body of {length} bytes")));
        words.extend(self.content_type.as_ref().map(|value| format!("Content-Type {value:?}")));
        words.extend(self.headers.iter().map(|(name, _)| format!("header {name} changed")));
        words.join(", ")
    }
}

fn changed_headers(
    headers: &BTreeMap<String, Option<String>>,
) -> Result<Vec<(HeaderName, Option<HeaderValue>)>, InvalidRule> {
    const FIELD: &str = "effect.reshape.headers";
    let read = |(name, value): (&String, &Option<String>)| {
        let wrong = || InvalidRule::value(FIELD, format!("{name:?} is no name of a header"));
        let name = HeaderName::try_from(name.as_str()).map_err(|_| wrong())?;
        if matches!(name.as_str(), "content-length" | "transfer-encoding") {
            return Err(InvalidRule::value(FIELD, "the body decides this header; effect.wire breaks it"));
        }
        if name == DATE && value.is_none() {
            return Err(InvalidRule::value(FIELD, "every answer has a Date; give it another value"));
        }
        Ok((name, value.as_deref().map(|value| header_value(FIELD, value)).transpose()?))
    };
    headers.iter().map(read).collect()
}

/// JSON that lost its end and got another: no parser takes it, however it recovers.
fn malformed(body: &Bytes) -> Bytes {
    let text = body.trim_ascii_end();
    let kept = text.len().saturating_sub(1);
    let mut broken = BytesMut::from(&text[..kept]);
    broken.put_slice(b",]}<");
    broken.freeze()
}

fn retyped(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::String(number.to_string()),
        Value::String(text) => text.parse::<i64>().map_or_else(|_| Value::from(text.len()), Value::from),
        Value::Bool(flag) => Value::from(u8::from(*flag)),
        Value::Null => Value::from(0),
        Value::Array(_) | Value::Object(_) => Value::String(value.to_string()),
    }
}

fn is_at(part: &str, position: usize) -> bool {
    part == "*" || part == position.to_string()
}

// === impl Pointer ===

impl Pointer {
    fn parse(field: &'static str, text: &str) -> Result<Self, InvalidRule> {
        let Some(rest) = text.strip_prefix('/') else {
            let problem = format!("{text:?} is no JSON pointer; write it like \"/Login\" or \"/*/Login\"");
            return Err(InvalidRule::value(field, problem));
        };
        if rest.split('/').any(|part| part == "-") {
            return Err(InvalidRule::value(field, format!("{text:?}: - is nowhere; elements are numbered from 0")));
        }
        let parts = rest.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
        Ok(Self { text: text.to_owned(), parts })
    }

    /// Calls back with whatever holds the last part, and that part. Returns how often.
    fn parents(&self, body: &mut Value, act: &mut dyn FnMut(&mut Value, &str)) -> usize {
        let Some((last, way)) = self.parts.split_last() else { return 0 };
        let mut found = 0;
        walk(body, way, &mut |parent| {
            let holds = match &*parent {
                Value::Object(_) => true,
                Value::Array(elements) => (0..elements.len()).any(|position| is_at(last, position)),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
            };
            if holds {
                found += 1;
                act(parent, last);
            }
        });
        found
    }

    fn places(&self, body: &mut Value, act: &mut dyn FnMut(&mut Value)) {
        walk(body, &self.parts, act);
    }
}

fn walk(value: &mut Value, way: &[String], act: &mut dyn FnMut(&mut Value)) {
    let Some((part, rest)) = way.split_first() else {
        act(value);
        return;
    };
    match value {
        Value::Object(members) if part == "*" => members.values_mut().for_each(|member| walk(member, rest, act)),
        Value::Object(members) => members.get_mut(part).into_iter().for_each(|member| walk(member, rest, act)),
        Value::Array(elements) => {
            let chosen = elements.iter_mut().enumerate().filter(|(position, _)| is_at(part, *position));
            chosen.for_each(|(_, element)| walk(element, rest, act));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    /// The body after the changes, and what could not be changed.
    fn apply(spec: &str, body: &str) -> (String, Vec<String>) {
        let reshape = Reshape::compile(&serde_json::from_str(spec).unwrap()).unwrap();
        let (mut answer, mut hints) = (Answer::empty(StatusCode::OK), Vec::new());
        answer.body = body.to_owned().into();
        reshape.apply(&mut answer, &mut hints);
        (String::from_utf8(answer.body.to_vec()).unwrap(), hints)
    }

    #[test]
    fn members_come_go_and_change_their_type() {
        let body = r#"[{"Id":1,"Login":"a"},{"Id":2,"Login":"b"}]"#;
        for (spec, expected) in [
            (r#"{"set":{"/0/Extra":true}}"#, r#"[{"Extra":true,"Id":1,"Login":"a"},{"Id":2,"Login":"b"}]"#),
            (r#"{"set":{"/*/Id":null}}"#, r#"[{"Id":null,"Login":"a"},{"Id":null,"Login":"b"}]"#),
            (r#"{"set":{"/1":5}}"#, r#"[{"Id":1,"Login":"a"},5]"#),
            (r#"{"set":{"/0/*":0}}"#, r#"[{"Id":0,"Login":0},{"Id":2,"Login":"b"}]"#),
            (r#"{"remove":["/0/*"]}"#, r#"[{},{"Id":2,"Login":"b"}]"#),
            (r#"{"remove":["/*/Login"]}"#, r#"[{"Id":1},{"Id":2}]"#),
            (r#"{"remove":["/0"]}"#, r#"[{"Id":2,"Login":"b"}]"#),
            (r#"{"retype":["/*/Id"]}"#, r#"[{"Id":"1","Login":"a"},{"Id":"2","Login":"b"}]"#),
        ] {
            let (changed, hints) = apply(spec, body);
            let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            assert_eq!((read(&changed), hints), (read(expected), vec![]), "{spec}");
        }
    }

    #[test]
    fn what_is_not_there_is_said() {
        let (body, hints) = apply(r#"{"remove":["/Nope"],"retype":["/a/b"]}"#, r#"{"a":1}"#);
        assert_eq!((body.as_str(), hints.len()), (r#"{"a":1}"#, 2));
        assert!(hints[0].contains("\"/Nope\""), "{hints:?}");
        assert_eq!(apply(r#"{"remove":["/Nope"]}"#, "no json").1.len(), 1);
    }

    #[test]
    fn bodies_break_and_grow() {
        for body in ["", "1", "[]", r#"{"a":1}"#, r#"[{"a":[1,2]}]"#, "\"text\""] {
            let (broken, _) = apply(r#"{"malformed":true}"#, body);
            assert!(serde_json::from_str::<Value>(&broken).is_err(), "{broken}");
        }
        assert_eq!(apply(r#"{"truncate":3}"#, r#"{"a":1}"#).0, r#"{"a"#);
        let (padded, _) = apply(r#"{"pad":"1KiB"}"#, r#"{"a":1}"#);
        assert_eq!((padded.len(), padded.trim_start()), (1024, r#"{"a":1}"#));
    }
}
