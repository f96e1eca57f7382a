//! What drivers say, read strictly: what is not in the protocol is a fault of the glue.

use serde::Deserialize;
use serde_json::Value;

use super::MARK;
use crate::manifest::{ClockClass, Profile};
use crate::transcript::CallError;

/// One thing that a driver said.
#[derive(Clone, Debug)]
pub enum Said {
    /// An answer to a request.
    Reply {
        /// Of which request.
        id: u64,
        /// What it says.
        answer: Answer,
    },
    /// A call begins to sleep.
    Slept {
        /// Virtual unix milliseconds.
        until_ms: i64,
    },
    /// A sleep was called off before its end.
    Woke {
        /// The end that it would have had.
        until_ms: i64,
    },
    /// Text beside the protocol.
    Log(String),
    /// A line that breaks the protocol.
    Broken {
        /// The line, cut.
        line: String,
        /// What is wrong with it.
        why: String,
    },
    /// It is gone.
    Ended,
}

/// An answer to a request.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It succeeded.
    Ok(Value),
    /// It failed.
    Err(CallError),
    /// The driver does not know it.
    Unsupported,
}

/// The answer to `hello`.
#[derive(Clone, Debug, Deserialize)]
pub struct Hello {
    /// The version of the protocol.
    pub conform: u32,
    /// The client's name.
    #[serde(rename = "impl")]
    pub name: String,
    /// The client's version.
    pub version: String,
    /// Whose clock it follows.
    pub clock: ClockClass,
    /// The operations it knows.
    pub ops: Vec<String>,
    /// What it can do beside its profiles.
    #[serde(default)]
    pub caps: Vec<String>,
    /// What it can be opened as.
    #[serde(default)]
    pub profiles: Vec<Profile>,
}

/// A message as it may come.
#[derive(Debug, Deserialize)]
struct Raw {
    id: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    ok: Option<Value>,
    err: Option<CallError>,
    #[serde(default, deserialize_with = "present")]
    unsupported: Option<Value>,
    ev: Option<String>,
    until: Option<f64>,
    text: Option<String>,
}

impl Answer {
    /// As it was said.
    pub fn text(&self) -> String {
        match self {
            Self::Ok(value) => format!("ok {value}"),
            Self::Err(error) => format!("err {}", serde_json::json!(error)),
            Self::Unsupported => "unsupported".to_owned(),
        }
    }
}

/// Kinds of errors, closed.
const KINDS: [&str; 10] =
    ["http", "auth", "timeout", "connect", "tls", "parse", "rejected-records", "cancelled", "closed", "other"];
/// Of a line that is wrong, so much is shown.
const SHOWN: usize = 200;

/// `null` is there too.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Reads a line of a driver.
pub(super) fn read(line: &str) -> Said {
    let Some(text) = line.strip_prefix(MARK) else {
        return Said::Log(line.to_owned());
    };
    match understand(text) {
        Ok(said) => said,
        Err(why) => {
            Said::Broken { line: line.get(..line.floor_char_boundary(SHOWN)).unwrap_or_default().to_owned(), why }
        }
    }
}

fn understand(text: &str) -> Result<Said, String> {
    let raw: Raw = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if let Some(event) = raw.ev {
        return match (event.as_str(), raw.until, raw.text) {
            #[expect(clippy::cast_possible_truncation, reason = "floats that are no time are past or far away")]
            ("sleep", Some(until), _) => Ok(Said::Slept { until_ms: until.ceil() as i64 }),
            #[expect(clippy::cast_possible_truncation, reason = "as above")]
            ("wake", Some(until), _) => Ok(Said::Woke { until_ms: until.ceil() as i64 }),
            ("sleep" | "wake", None, _) => Err(format!("the event {event} has no until")),
            ("log", _, text) => Ok(Said::Log(text.unwrap_or_default())),
            // Later versions of the protocol may have more.
            _ => Ok(Said::Log(format!("event {event}"))),
        };
    }
    let id = raw.id.ok_or("there is neither an id nor an ev")?;
    let answer = match (raw.ok, raw.err, raw.unsupported) {
        (Some(value), None, None) => Answer::Ok(value),
        (None, Some(error), None) => {
            if !KINDS.contains(&error.kind.as_str()) {
                return Err(format!("the error kind {:?} is unknown; allowed: {}", error.kind, KINDS.join(", ")));
            }
            Answer::Err(error)
        }
        (None, None, Some(_)) => Answer::Unsupported,
        _ => return Err("a reply has exactly one of ok, err and unsupported".to_owned()),
    };
    Ok(Said::Reply { id, answer })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        assert_eq!(format!("{:?}", read(line)), expected);
    }

    #[test]
    fn lines_without_the_mark_are_log_text() {
        check("hello", r#"Log("hello")"#);
        check(r#"{"id":1,"ok":null}"#, r#"Log("{\"id\":1,\"ok\":null}")"#);
    }

    #[test]
    fn replies_and_events_are_read_and_unknown_members_ignored() {
        check(r#"@conform {"id":1,"ok":null,"more":1}"#, "Reply { id: 1, answer: Ok(Null) }");
        check(r#"@conform {"id":2,"unsupported":"flush"}"#, "Reply { id: 2, answer: Unsupported }");
        check(r#"@conform {"ev":"sleep","until":5}"#, "Slept { until_ms: 5 }");
        check(r#"@conform {"ev":"sleep","until":5.25,"id":3}"#, "Slept { until_ms: 6 }");
        check(r#"@conform {"ev":"wake","until":5}"#, "Woke { until_ms: 5 }");
        check(r#"@conform {"ev":"new"}"#, r#"Log("event new")"#);
        let Said::Reply { id: 3, answer: Answer::Err(error) } =
            read(r#"@conform {"id":3,"err":{"kind":"http","status":503}}"#)
        else {
            panic!("a reply");
        };
        assert_eq!((error.kind.as_str(), error.status, error.attempts), ("http", Some(503), None));
    }

    #[test]
    fn what_breaks_the_protocol_is_said_with_the_line() {
        for (line, part) in [
            ("@conform nonsense", "expected ident"),
            (r#"@conform {"ok":1}"#, "neither an id nor an ev"),
            (r#"@conform {"id":1}"#, "exactly one of"),
            (r#"@conform {"id":1,"ok":1,"err":{"kind":"http"}}"#, "exactly one of"),
            (r#"@conform {"id":1,"err":{"kind":"oops"}}"#, "\"oops\" is unknown; allowed: http, auth"),
            (r#"@conform {"ev":"sleep"}"#, "sleep has no until"),
            (r#"@conform {"ev":"wake"}"#, "wake has no until"),
        ] {
            let Said::Broken { line: shown, why } = read(line) else { panic!("{line} was taken") };
            assert_eq!(shown, line);
            assert!(why.contains(part), "{why}");
        }
    }
}
