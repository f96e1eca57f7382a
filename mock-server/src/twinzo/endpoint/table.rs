//! The description of every operation as a table for people.

use std::fmt::Write;

use wire::contract::Kind;

use super::{Answers, describe};
use crate::operation::{Operation, TwinzoOperation};

/// A Markdown table of every operation of twinzo.
pub fn table() -> String {
    let mut text = "| method and path | operation | body | answer | evidence | settings |\n\
                    | --- | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for operation in TwinzoOperation::ALL {
        let Operation::Twinzo(twinzo) = *operation else { continue };
        let endpoint = describe(twinzo);
        let body = endpoint.takes.map(|content| name(content.kind)).unwrap_or_default();
        let answer = match endpoint.answers {
            Answers::Nothing => String::new(),
            Answers::Contract(content) => format!(" {}", name(content.kind)),
            Answers::Json(what) => format!(" JSON, {what}"),
            Answers::Bytes => " bytes".to_owned(),
        };
        let evidence = endpoint.evidence.split("; ").map(marked).collect::<Vec<_>>().join("; ");
        let settings = endpoint.settings.iter().map(|setting| format!("`{setting}`"));
        let settings = settings.collect::<Vec<_>>().join(", ");
        // Writing to a text cannot fail.
        let _ = writeln!(
            text,
            "| {} `{}` | `{operation}` | {body} | {}{answer} | {evidence} | {settings} |",
            operation.method(),
            operation.route(),
            endpoint.status,
        );
    }
    text
}

/// `SDK, OBS` → `[SDK] [OBS]`; words before a mark stay: `answer GUESS` → `answer [GUESS]`.
fn marked(part: &str) -> String {
    let marks = part.split(", ").map(|mark| match mark.rsplit_once(' ') {
        Some((words, mark)) => format!("{words} [{mark}]"),
        None => format!("[{mark}]"),
    });
    marks.collect::<Vec<_>>().join(" ")
}

fn name(kind: Kind) -> String {
    match kind {
        Kind::Object(shape) | Kind::Link(shape) => shape().name.to_owned(),
        Kind::List(element) => format!("{}[]", name(*element)),
        Kind::Nullable(inner) | Kind::Secret(inner) => name(*inner),
        Kind::Bool
        | Kind::Integer(_)
        | Kind::Single
        | Kind::Double
        | Kind::Text
        | Kind::Guid
        | Kind::Choice(_)
        | Kind::Anything => "value".to_owned(),
    }
}
