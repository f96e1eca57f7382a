//! The log in of a device.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use serde_json::Value;

use super::seen;
use crate::evidence::{Evidence, Finding, Objection, undecided};
use crate::hex::hex;
use crate::transcript::{Exchange, Transcript};

/// Exactly one.
pub(crate) fn one(t: &Transcript) -> Finding {
    let all: Vec<&Exchange> = t.exchanges_of("authenticate").collect();
    match all.as_slice() {
        [only] => Ok((*only).into()),
        [] => undecided("the client did not log in"),
        [_, more @ ..] => seen::all(t, |exchange| exchange.is("authenticate"), "")?
            .breaks(format!("{} log ins where one would do", more.len() + 1)),
    }
}

/// None at all, and no refresh.
pub(crate) fn none(t: &Transcript) -> Finding {
    if let Some(evidence) = Evidence::all(t.exchanges.iter().filter(|exchange| exchange.is_renewal())) {
        return evidence.breaks("a client with a static key logged in or refreshed");
    }
    Evidence::all(&t.exchanges).ok_or_else(|| Objection::Undecided("nothing came to the server".to_owned()))
}

/// The body's media type is named.
pub(crate) fn media_type(t: &Transcript) -> Finding {
    let log_in = first(t)?;
    let Some(media_type) = log_in.header("content-type").next() else {
        return Evidence::from(log_in).breaks("the log in has no Content-Type");
    };
    let essence = media_type.split(';').next().unwrap_or_default().trim().to_lowercase();
    match (essence.as_str(), log_in.body.json().is_some(), log_in.body.protobuf) {
        ("application/json", true, false) | ("application/x-protobuf" | "application/protobuf", true, true) => {
            Ok(log_in.into())
        }
        _ => Evidence::from(log_in).breaks(format!("the body is not what Content-Type {media_type:?} says")),
    }
}

/// Client name, login and password as they were configured. Names of members may have any case, docs/twinzo.md §1.
pub(crate) fn complete(t: &Transcript) -> Finding {
    let log_in = first(t)?;
    let Some(Value::Object(body)) = log_in.body.json() else {
        return undecided("the body is no JSON object");
    };
    for (member, key) in [("client", "client"), ("login", "login"), ("password", "password")] {
        let mut found = body.iter().filter(|(name, _)| name.eq_ignore_ascii_case(member)).map(|(_, value)| value);
        let (value, second) = (found.next(), found.next());
        if second.is_some() {
            return Evidence::from(log_in).breaks(format!("{member} is there twice"));
        }
        if value.and_then(Value::as_str) != t.told(key) {
            return Evidence::from(log_in).breaks(format!("{member} is not what was configured"));
        }
    }
    Ok(log_in.into())
}

/// The password stands in the bodies of log ins and nowhere else, neither plain nor in base64 or hexadecimal.
pub(crate) fn password_nowhere_else(t: &Transcript) -> Finding {
    let Some(password) = t.told("password") else {
        return undecided("the client was told no password");
    };
    let pair = format!("{}:{password}", t.told("login").unwrap_or_default());
    let forms = [
        password.to_owned(),
        STANDARD_NO_PAD.encode(password),
        STANDARD_NO_PAD.encode(&pair),
        hex(password.as_bytes()),
    ];
    for exchange in &t.exchanges {
        let has_it = |text: &str| forms.iter().any(|form| text.contains(form.as_str()));
        let in_headers = exchange.headers.iter().any(|(_, value)| has_it(value));
        let in_body = !exchange.is("authenticate") && has_it(&exchange.body.text());
        if has_it(&exchange.path) || in_headers || in_body {
            return Evidence::from(exchange).breaks("the password is outside the body of a log in");
        }
    }
    Evidence::all(&t.exchanges).ok_or_else(|| Objection::Undecided("nothing came to the server".to_owned()))
}

/// The caller learns that the log in was refused.
pub(crate) fn surfaced(t: &Transcript) -> Finding {
    seen::error(t, 1)
}

/// One log in during the call that needed it.
pub(crate) fn one_attempt(t: &Transcript) -> Finding {
    let during = t.during(seen::call(t, 1)?);
    let attempts: Vec<&Exchange> = during.iter().filter(|exchange| exchange.is("authenticate")).collect();
    match attempts.as_slice() {
        [only] => Ok((*only).into()),
        [first, .., last] => {
            Evidence::from(*first).and(*last).breaks(format!("{} log ins with the same password", attempts.len()))
        }
        [] => undecided("the client did not log in"),
    }
}

fn first(t: &Transcript) -> Result<&Exchange, Objection> {
    t.exchanges_of("authenticate").next().ok_or_else(|| Objection::Undecided("the client did not log in".to_owned()))
}
