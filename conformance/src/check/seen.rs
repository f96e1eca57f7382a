//! What was seen at all: the stimuli of cases, and how calls ended.

use crate::evidence::{Evidence, Finding, Objection, undecided};
use crate::transcript::{Call, Exchange, Transcript};

/// Whatever came to the server.
pub(crate) fn any(t: &Transcript, or_else: &str) -> Finding {
    Evidence::all(t.exchanges.iter().take(1)).ok_or_else(|| Objection::Undecided(or_else.to_owned()))
}

/// The exchanges that are so.
pub(crate) fn all(t: &Transcript, is_so: impl Fn(&Exchange) -> bool, or_else: &str) -> Finding {
    Evidence::all(t.exchanges.iter().filter(|exchange| is_so(exchange)))
        .ok_or_else(|| Objection::Undecided(or_else.to_owned()))
}

/// The first exchange on which a rule of the case fired.
pub(crate) fn met(t: &Transcript, rule: &str) -> Finding {
    Evidence::all(t.exchanges.iter().filter(|exchange| exchange.met(rule)).take(1))
        .ok_or_else(|| Objection::Undecided(format!("no request met the rule {rule:?}")))
}

/// A log in that succeeded.
pub(crate) fn log_in_answered(t: &Transcript) -> Finding {
    Evidence::all(t.exchanges_of("authenticate").filter(|exchange| exchange.is_success()).take(1))
        .ok_or_else(|| Objection::Undecided("no log in succeeded".to_owned()))
}

/// A call that twinzo wants signed.
pub(crate) fn signed_call(t: &Transcript) -> Finding {
    Evidence::all(t.exchanges.iter().filter(|exchange| exchange.is_signed_call()).take(1))
        .ok_or_else(|| Objection::Undecided("no call was made that must be signed".to_owned()))
}

/// Positions that were sent.
pub(crate) fn sent_records(t: &Transcript) -> Finding {
    Evidence::all(t.exchanges.iter().filter(|exchange| exchange.is_localization()).take(1))
        .ok_or_else(|| Objection::Undecided("no position was sent".to_owned()))
}

/// No log in and no refresh came while nobody asked for anything.
pub(crate) fn no_renewal_unasked(t: &Transcript) -> Finding {
    quiet(t, Exchange::is_renewal, "log ins and refreshes")
}

/// No positions came while nobody asked for anything. A renewal of the token in the background is the client's affair.
pub(crate) fn no_sending_unasked(t: &Transcript) -> Finding {
    quiet(t, Exchange::is_localization, "requests")
}

fn quiet(t: &Transcript, matters: impl Fn(&Exchange) -> bool, what: &str) -> Finding {
    let Some(quiet) = t.quiets.first() else {
        return undecided("the client never came to rest");
    };
    let came = t.exchanges.get(quiet.from.exchanges..quiet.to.exchanges).unwrap_or_default();
    let came: Vec<&Exchange> = came.iter().filter(|exchange| matters(exchange)).collect();
    match Evidence::all(came.iter().copied().take(3)) {
        None if quiet.to.at_ms - quiet.from.at_ms < quiet.asked_ms => {
            undecided("the client did not come to rest, so the time could not pass")
        }
        None => Ok(quiet.into()),
        Some(evidence) => evidence.and(quiet).breaks(format!("{} {what} that nobody asked for", came.len())),
    }
}

/// A call, by its number.
pub(crate) fn call(t: &Transcript, number: usize) -> Result<&Call, Objection> {
    t.calls.get(number - 1).ok_or_else(|| Objection::Undecided(format!("call {number} was not made")))
}

/// The client says that the call succeeded.
pub(crate) fn ok(t: &Transcript, number: usize) -> Finding {
    let call = call(t, number)?;
    match call.error() {
        None if call.is_ok() => Ok(call.into()),
        None => undecided(format!("call {number} did not end")),
        // The client's own words differ from run to run; the report shows them with the call.
        Some(error) => Evidence::from(call).breaks(format!("the call failed: {}", error.kind)),
    }
}

/// The client gives its caller an error, and does not report success.
pub(crate) fn error(t: &Transcript, number: usize) -> Finding {
    let call = call(t, number)?;
    if call.error().is_some() {
        return Ok(call.into());
    }
    if let crate::transcript::Outcome::Ok(value) = &call.outcome {
        if is_reported_elsewhere(value) {
            return Ok(Evidence::from(call));
        }
        return Evidence::from(call).breaks("the caller is told that it succeeded");
    }
    undecided(format!("call {number} did not end"))
}

/// The client gives its caller the refusal: status 401, or an error of the kind auth.
pub(crate) fn refused(t: &Transcript, number: usize) -> Finding {
    let evidence = error(t, number)?;
    let call = call(t, number)?;
    match call.error() {
        Some(error) if error.kind == "auth" || error.status == Some(401) => Ok(evidence),
        Some(error) => evidence.breaks(format!("the error does not say 401: {}", error.kind)),
        None => Ok(evidence),
    }
}

/// A sender may keep what was not delivered, if it says so.
pub(crate) fn is_reported_elsewhere(value: &serde_json::Value) -> bool {
    let is_queued = value.get("queued").and_then(serde_json::Value::as_bool) == Some(true);
    let rejects = value.get("rejected").and_then(serde_json::Value::as_array).is_some_and(|all| !all.is_empty());
    let accepts_none = value.get("accepted").and_then(serde_json::Value::as_u64) == Some(0);
    is_queued || rejects && accepts_none
}
