//! Another answer instead of the real one.

use std::path::Path;

use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderValue, StatusCode};
use jiff::{SignedDuration, Timestamp};

use super::respond::Respond;
use crate::answer::{Answer, Outcome};
use crate::call::Call;
use crate::fault::InvalidRule;
use crate::fault::spec::{BodyForm, EffectSpec, MatchSpec, RedirectSpec, RetryAfter};
use crate::http_date::http_date;
use crate::sandbox::Sandbox;

/// How a vendor words what it does not say by itself.
pub(crate) trait Shape {
    /// A status with nothing but its own name.
    fn status(&self, status: StatusCode) -> Answer;

    /// The same in the words that the vendor used before.
    fn legacy(&self, status: StatusCode) -> Answer {
        self.status(status)
    }

    /// A 200 that says what went wrong.
    fn in_band(&self, message: &str) -> Answer;
}

/// Another answer.
#[derive(Debug)]
pub(crate) enum Replacement {
    Status { status: StatusCode, retry_after: Option<RetryAfter>, form: BodyForm },
    InBand(String),
    Redirect { status: StatusCode, to: To },
    Respond(Box<Respond>),
}

/// Where a redirect leads.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum To {
    /// Where the request came.
    Same,
    /// The sandbox's trap.
    Trap,
    /// A path of this origin.
    Path(String),
    Url(String),
}

const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];

// === impl Replacement ===

impl Replacement {
    pub(super) fn compile(
        spec: &EffectSpec,
        matches: &MatchSpec,
        files: Option<&Path>,
    ) -> Result<Option<Self>, InvalidRule> {
        let EffectSpec { status, retry_after, body, in_band, redirect, respond, .. } = spec;
        let given = [status.is_some(), in_band.is_some(), redirect.is_some(), respond.is_some()];
        if given.into_iter().filter(|given| *given).count() > 1 {
            return Err(InvalidRule::value("effect", "give one of status, in_band, redirect and respond"));
        }
        if let Some(status) = status {
            let in_range = StatusCode::from_u16(*status).ok().filter(|_| (200..=599).contains(status));
            let wrong = || InvalidRule::value("effect.status", format!("{status} is not between 200 and 599"));
            if let Some(RetryAfter::Raw(raw)) = retry_after {
                header_value("effect.retry_after", raw)?;
            }
            if *body == Some(BodyForm::Legacy) && is_about_timbr(matches) {
                return Err(InvalidRule::value("effect.body", "Timbr has no older form"));
            }
            return Ok(Some(Self::Status {
                status: in_range.ok_or_else(wrong)?,
                retry_after: retry_after.clone(),
                form: body.unwrap_or_default(),
            }));
        }
        for (field, given) in [("effect.retry_after", retry_after.is_some()), ("effect.body", body.is_some())] {
            if given {
                return Err(InvalidRule::value(field, "it belongs to effect.status"));
            }
        }
        if let Some(message) = in_band {
            return Ok(Some(Self::InBand(message.clone())));
        }
        if let Some(RedirectSpec { status, to }) = redirect {
            let code = StatusCode::from_u16(*status).ok().filter(|_| REDIRECTS.contains(status));
            let wrong = || InvalidRule::value("effect.redirect", format!("{status} is none; allowed: {REDIRECTS:?}"));
            return Ok(Some(Self::Redirect { status: code.ok_or_else(wrong)?, to: To::parse(to)? }));
        }
        respond
            .as_deref()
            .map(|respond| Respond::compile(respond, files))
            .transpose()
            .map(|respond| respond.map(|respond| Self::Respond(Box::new(respond))))
    }

    /// Whether it is an answer that the user wrote.
    pub(crate) fn is_stub(&self) -> bool {
        matches!(self, Self::Respond(_))
    }

    /// The answer.
    pub(crate) fn answer(
        &self,
        sandbox: &Sandbox,
        call: &Call<'_>,
        shape: &dyn Shape,
        outcome: &mut Outcome,
    ) -> Answer {
        match self {
            Self::Status { status, retry_after, form } => {
                let mut answer = match form {
                    BodyForm::Problem => shape.status(*status),
                    BodyForm::Legacy => shape.legacy(*status),
                    BodyForm::Empty => Answer::empty(*status),
                    BodyForm::Html => page(*status),
                };
                if let Some(value) = retry_after.as_ref().and_then(|wait| wait_header(wait, call.now)) {
                    answer.headers.insert(RETRY_AFTER, value);
                }
                answer
            }
            Self::InBand(message) => shape.in_band(message),
            Self::Redirect { status, to } => {
                let mut answer = Answer::empty(*status);
                let location = location(to, sandbox, call, outcome);
                match HeaderValue::try_from(location) {
                    Ok(location) => drop(answer.headers.insert(LOCATION, location)),
                    Err(error) => outcome.hints.push(format!("there is no Location: {error}")),
                }
                answer
            }
            Self::Respond(respond) => respond.answer(sandbox, call, outcome),
        }
    }

    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Status { status, retry_after, form } => {
                let wait = match retry_after {
                    None => String::new(),
                    Some(RetryAfter::Seconds(seconds)) => format!(", Retry-After {seconds}"),
                    Some(RetryAfter::Date(seconds)) => format!(", Retry-After as a date {seconds} s ahead"),
                    Some(RetryAfter::Raw(raw)) => format!(", Retry-After {raw:?}"),
                };
                let form = match form {
                    BodyForm::Problem => "",
                    BodyForm::Legacy => " in the older form",
                    BodyForm::Empty => " without a body",
                    BodyForm::Html => " as a page",
                };
                format!("status {}{form}{wait}", status.as_u16())
            }
            Self::InBand(message) => format!("status 200 with the error {message:?}"),
            Self::Redirect { status, to } => {
                let to = match to {
                    To::Same => "where it came",
                    To::Trap => "the trap",
                    To::Path(to) | To::Url(to) => to,
                };
                format!("redirect {} to {to}", status.as_u16())
            }
            Self::Respond(respond) => format!("stub {}", respond.status().as_u16()),
        }
    }
}

fn is_about_timbr(matches: &MatchSpec) -> bool {
    matches.vendor.as_deref() == Some("timbr")
        || matches.operation.as_deref().is_some_and(|name| name.starts_with("timbr."))
}

pub(super) fn header_value(field: &'static str, text: &str) -> Result<HeaderValue, InvalidRule> {
    let value = HeaderValue::try_from(text).ok().filter(|_| text.is_ascii());
    value.ok_or_else(|| InvalidRule::value(field, format!("{text:?} cannot stand in a header: visible ASCII only")))
}

fn wait_header(wait: &RetryAfter, now: Timestamp) -> Option<HeaderValue> {
    match wait {
        RetryAfter::Seconds(seconds) => Some((*seconds).into()),
        RetryAfter::Date(seconds) => {
            let at = now.checked_add(SignedDuration::from_secs(*seconds)).unwrap_or(Timestamp::MAX);
            Some(http_date(at))
        }
        RetryAfter::Raw(raw) => HeaderValue::try_from(raw.as_str()).ok(),
    }
}

/// What a proxy between client and vendor sends when it has nothing better.
fn page(status: StatusCode) -> Answer {
    let title = format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or("Error"));
    let mut answer = Answer::empty(status);
    answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    answer.body = format!(
        "<!doctype html>\n<html>\n<head><title>{title}</title></head>\n<body>\n<h1>{title}</h1>\n\
         <p>The proxy has no answer from the service behind it.</p>\n</body>\n</html>\n"
    )
    .into();
    answer
}

fn location(to: &To, sandbox: &Sandbox, call: &Call<'_>, outcome: &mut Outcome) -> String {
    let query = call.query.map(|query| format!("?{query}")).unwrap_or_default();
    let same = || format!("{}{}{query}", call.prefix, call.path);
    match to {
        To::Same => same(),
        To::Path(path) => format!("{}{path}", call.prefix),
        To::Url(url) => url.clone(),
        To::Trap => {
            if let Some(trap) = sandbox.listeners.trap(call.headers) {
                return format!("{trap}{}{query}", call.path);
            }
            outcome.hints.push(
                "the rule redirects to the sandbox's trap, and it has none; open one: POST …/listeners \
                 {\"role\":\"trap\"}"
                    .to_owned(),
            );
            same()
        }
    }
}

// === impl To ===

impl To {
    fn parse(text: &str) -> Result<Self, InvalidRule> {
        header_value("effect.redirect", text)?;
        let is_url = || text.parse::<http::Uri>().is_ok_and(|uri| uri.authority().is_some() && uri.scheme().is_some());
        match text {
            "same" => Ok(Self::Same),
            "trap" => Ok(Self::Trap),
            path if path.starts_with('/') => Ok(Self::Path(path.to_owned())),
            url if is_url() => Ok(Self::Url(url.to_owned())),
            other => {
                let problem =
                    format!("{other:?} is no place to go; allowed: same, trap, a path like \"/v3/x\", or a URL");
                Err(InvalidRule::value("effect.redirect", problem))
            }
        }
    }
}
