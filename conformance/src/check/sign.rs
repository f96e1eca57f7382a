//! How calls are signed.

use serde_json::Value;

use crate::evidence::{Evidence, Finding, Objection, undecided};
use crate::transcript::{Exchange, Transcript};

/// Exactly one `Client` and one `Branch`.
pub(crate) fn one_client_and_branch(t: &Transcript) -> Finding {
    on_each_signed_call(t, |exchange| {
        for name in ["client", "branch"] {
            let count = exchange.header(name).count();
            if count != 1 {
                return Err(format!("{name} is there {count} times"));
            }
        }
        Ok(None)
    })
}

/// `Client` and `Branch` are those that were issued or configured, each in its place.
pub(crate) fn known_guids(t: &Transcript) -> Finding {
    let issued = |member: &str| -> Vec<String> {
        let answers = t.exchanges.iter().filter(|exchange| exchange.is_renewal() && exchange.is_success());
        answers.filter_map(|exchange| Some(exchange.answer.json()?.get(member)?.as_str()?.to_owned())).collect()
    };
    let known = |member: &str, key: &str| -> Vec<String> {
        issued(member).into_iter().chain(t.told(key).map(str::to_owned)).collect()
    };
    let (clients, branches) = (known("Client", "client_guid"), known("Branch", "branch_guid"));
    on_each_signed_call(t, |exchange| {
        let mut note = None;
        for (name, known) in [("client", &clients), ("branch", &branches)] {
            let Some(value) = exchange.header(name).next() else {
                return Err(format!("there is no {name}"));
            };
            if known.iter().any(|own| own == value) {
                continue;
            }
            if known.iter().any(|own| own.eq_ignore_ascii_case(value)) {
                note = Some(format!("{name} has another letter case than what was issued or configured"));
                continue;
            }
            return Err(format!("{name} is neither issued nor configured: {value}"));
        }
        Ok(note)
    })
}

/// Exactly one `Token`, and it is the latest that was issued.
pub(crate) fn latest_token(t: &Transcript) -> Finding {
    let mut latest: Option<String> = None;
    let mut seen: Option<Evidence> = None;
    for exchange in &t.exchanges {
        if exchange.is_signed_call() {
            let tokens: Vec<&str> = exchange.header("token").collect();
            match (tokens.as_slice(), &latest) {
                ([only], Some(latest)) if only == latest => {
                    seen = Some(seen.map_or_else(|| exchange.into(), |seen| seen.and(exchange)));
                }
                ([_], Some(_)) => return Evidence::from(exchange).breaks("the Token is not the latest issued"),
                ([_], None) => return Evidence::from(exchange).breaks("there is a Token, and none was issued"),
                ([], _) => return Evidence::from(exchange).breaks("there is no Token"),
                (more, _) => return Evidence::from(exchange).breaks(format!("Token is there {} times", more.len())),
            }
        }
        if exchange.is_renewal() && exchange.is_success() {
            latest = exchange.answer.json().and_then(|answer| Some(answer.get("Token")?.as_str()?.to_owned()));
        }
    }
    seen.ok_or_else(|| Objection::Undecided("no call was made that must be signed".to_owned()))
}

/// No `Authorization`.
pub(crate) fn no_authorization(t: &Transcript) -> Finding {
    on_each_signed_call(t, |exchange| match exchange.header("authorization").next() {
        None => Ok(None),
        Some(value) => {
            let scheme = value.split(' ').next().unwrap_or_default();
            Err(format!("there is an Authorization header, scheme {scheme}"))
        }
    })
}

/// The static key on every call.
pub(crate) fn key_on_each(t: &Transcript) -> Finding {
    let Some(key) = t.told("api_key") else {
        return undecided("the client was told no key");
    };
    on_each_signed_call(t, |exchange| match exchange.header("api-key").collect::<Vec<_>>().as_slice() {
        [only] if *only == key => Ok(None),
        [] => Err("there is no Api-Key".to_owned()),
        [_] => Err("the Api-Key is not the one that was configured".to_owned()),
        more => Err(format!("Api-Key is there {} times", more.len())),
    })
}

/// Looks at every call that must be signed: fine, fine by a lenient reading, or broken.
fn on_each_signed_call(t: &Transcript, look: impl Fn(&Exchange) -> Result<Option<String>, String>) -> Finding {
    let mut seen: Option<Evidence> = None;
    for exchange in t.exchanges.iter().filter(|exchange| exchange.is_signed_call()) {
        let mut evidence = Evidence::from(exchange);
        match look(exchange) {
            Ok(None) => {}
            Ok(Some(note)) => evidence = evidence.leniently(note),
            Err(message) => return evidence.breaks(message),
        }
        seen = Some(match seen {
            Some(seen) => seen.and(evidence),
            None => evidence,
        });
    }
    seen.ok_or_else(|| Objection::Undecided("no call was made that must be signed".to_owned()))
}

/// The token of an answer to log in or refresh.
pub(crate) fn issued_token(exchange: &Exchange) -> Option<String> {
    let answer = exchange.answer.json().filter(|_| exchange.is_renewal() && exchange.is_success())?;
    answer.get("Token").and_then(Value::as_str).map(str::to_owned)
}
