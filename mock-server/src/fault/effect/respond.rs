//! An answer that the user wrote: verbatim, from a file, or from a template that is filled with the request.

use std::path::{Component, Path};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

use super::replace::header_value;
use super::template::Template;
use crate::answer::{Answer, Outcome};
use crate::call::Call;
use crate::fault::InvalidRule;
use crate::fault::spec::RespondSpec;
use crate::sandbox::Sandbox;

/// An answer of the user's.
#[derive(Debug)]
pub(crate) struct Respond {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
}

#[derive(Debug)]
enum Body {
    Verbatim(Bytes),
    Template(Template),
}

/// Bytes of a body at most.
const LARGEST: usize = 16 << 20;

// === impl Respond ===

impl Respond {
    pub(super) fn compile(spec: &RespondSpec, files: Option<&Path>) -> Result<Self, InvalidRule> {
        let RespondSpec { status, headers, body, template, file } = spec;
        let number = status.unwrap_or(200);
        let status = StatusCode::from_u16(number).ok().filter(|_| (200..=599).contains(&number));
        let status = status.ok_or_else(|| {
            InvalidRule::value("effect.respond.status", format!("{number} is not between 200 and 599"))
        })?;
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            let wrong = || InvalidRule::value("effect.respond.headers", format!("{name:?} is no name of a header"));
            let name = HeaderName::try_from(name.as_str()).map_err(|_| wrong())?;
            if matches!(name.as_str(), "content-length" | "transfer-encoding") {
                let problem = "the body decides this header; effect.wire breaks it";
                return Err(InvalidRule::value("effect.respond.headers", problem));
            }
            map.append(name, header_value("effect.respond.headers", value)?);
        }
        let (body, media_type) = match (body, template, file) {
            (None, None, None) => (Body::Verbatim(Bytes::new()), None),
            (Some(Value::String(text)), None, None) => (Body::Verbatim(text.clone().into()), Some("text/plain")),
            (Some(value), None, None) => (Body::Verbatim(value.to_string().into()), Some("application/json")),
            (None, Some(template), None) => (Body::Template(Template::parse(template)?), Some("text/plain")),
            (None, None, Some(file)) => {
                let is_json = Path::new(file).extension().is_some_and(|extension| extension == "json");
                let media_type = if is_json { "application/json" } else { "application/octet-stream" };
                (Body::Verbatim(read_file(file, files)?), Some(media_type))
            }
            _ => return Err(InvalidRule::value("effect.respond", "give one of body, template and file")),
        };
        if let (Some(media_type), false) = (media_type, map.contains_key(CONTENT_TYPE)) {
            map.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
        }
        Ok(Self { status, headers: map, body })
    }

    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    pub(super) fn answer(&self, sandbox: &Sandbox, call: &Call<'_>, outcome: &mut Outcome) -> Answer {
        let body = match &self.body {
            Body::Verbatim(body) => body.clone(),
            Body::Template(template) => match template.fill(sandbox, call, outcome, LARGEST) {
                Ok(text) => text.into(),
                Err(error) => {
                    outcome.hints.push(error);
                    Bytes::new()
                }
            },
        };
        Answer { status: self.status, headers: self.headers.clone(), body }
    }
}

/// Below the folder, and nowhere else: whoever may steer the server need not be one who may read its files.
fn read_file(name: &str, files: Option<&Path>) -> Result<Bytes, InvalidRule> {
    let wrong = |problem: String| Err(InvalidRule::value("effect.respond.file", problem));
    let Some(files) = files else {
        return wrong("the server has no folder for files; start it with --files DIR".to_owned());
    };
    let path = Path::new(name);
    if path.components().any(|part| !matches!(part, Component::Normal(_))) {
        return wrong(format!("{name:?} is no plain path below the folder of --files"));
    }
    let read = || -> std::io::Result<Option<Vec<u8>>> {
        let path = files.join(path).canonicalize()?;
        let is_inside = path.starts_with(files.canonicalize()?);
        let metadata = path.metadata()?;
        if !is_inside || !metadata.is_file() || metadata.len() > LARGEST as u64 {
            return Ok(None);
        }
        std::fs::read(path).map(Some)
    };
    match read() {
        Ok(Some(bytes)) => Ok(bytes.into()),
        Ok(None) => wrong(format!("{name:?} is no file of 16MiB at most below the folder of --files")),
        Err(error) => wrong(format!("{name:?} cannot be read below the folder of --files: {error}")),
    }
}
