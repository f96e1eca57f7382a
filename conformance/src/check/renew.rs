//! Renewal: by refresh or by log in, at the right time and not more often than needed.

use serde_json::Value;

use super::seen;
use super::sign::issued_token;
use crate::evidence::{Evidence, Finding, Objection, undecided};
use crate::transcript::{Call, Exchange, Outcome, Transcript};

/// The call after the expiry is not signed with the token that expired; a refresh may carry it.
pub(crate) fn before_the_expired_is_sent(t: &Transcript, call: usize) -> Finding {
    let call = seen::call(t, call)?;
    let before = t.exchanges.get(..call.began.exchanges).unwrap_or_default();
    let issued = before.iter().rev().find_map(|exchange| {
        let answer = exchange.answer.json().filter(|_| exchange.is_renewal() && exchange.is_success())?;
        Some((answer.get("Token")?.as_str()?.to_owned(), answer.get("Expiration")?.as_i64()?))
    });
    let Some((token, expiration)) = issued else {
        return undecided("no token was issued before the call");
    };
    if expiration > call.began.at_ms {
        let renewal = before.iter().rev().find(|exchange| issued_token(exchange).is_some());
        return match renewal.filter(|_| before.iter().filter(|exchange| issued_token(exchange).is_some()).count() > 1) {
            // In the background, while nobody asked for anything.
            Some(renewal) => Ok(renewal.into()),
            None => undecided("the token lives"),
        };
    }
    let during = t.during(call);
    let sends_it = |exchange: &&Exchange| !exchange.is("refresh") && exchange.header("token").any(|own| own == token);
    if let Some(wrong) = during.iter().find(sends_it) {
        let late = wrong.at_ms - expiration;
        return Evidence::from(wrong).breaks(format!("the expired token is sent, {late} ms after its end"));
    }
    let renewed = during.iter().find(|exchange| exchange.is_renewal() && exchange.is_success());
    match renewed {
        Some(renewal) => Ok(renewal.into()),
        None => undecided("the call was made without a renewal and without the token"),
    }
}

/// No renewal while a call ran.
pub(crate) fn none_during(t: &Transcript, number: usize) -> Finding {
    let call = seen::call(t, number)?;
    let earlier = seen::call(t, number - 1)?.ended.map_or(0, |ended| ended.exchanges);
    let during = t.exchanges.get(earlier..call.ended.map_or(earlier, |ended| ended.exchanges)).unwrap_or_default();
    match Evidence::all(during.iter().filter(|exchange| exchange.is_renewal()).take(3)) {
        Some(evidence) => evidence.breaks("a renewal, although the token lives"),
        None => Evidence::all(during).ok_or_else(|| Objection::Undecided("nothing came to the server".to_owned())),
    }
}

/// One renewal at most while a call ran.
pub(crate) fn at_most_one(t: &Transcript, number: usize) -> Finding {
    let call = seen::call(t, number)?;
    let renewals: Vec<&Exchange> = t.during(call).iter().filter(|exchange| exchange.is_renewal()).collect();
    // A refresh that is refused, and the log in in its place, are one.
    let successes = renewals.iter().filter(|exchange| exchange.is_success()).count();
    if successes > 1 || renewals.len() > 2 {
        let evidence = Evidence::all(renewals.iter().copied());
        return evidence.unwrap_or_else(|| call.into()).breaks(format!("{} renewals after one 401", renewals.len()));
    }
    Ok(Evidence::all(renewals).unwrap_or_else(|| call.into()))
}

/// After a 401 the same request goes out with the new token and succeeds, or the caller learns of the 401.
pub(crate) fn replayed_or_surfaced(t: &Transcript) -> Finding {
    let call = seen::call(t, 2)?;
    let during = t.during(call);
    let refused = during.iter().find(|exchange| exchange.reason.as_deref() == Some("TokenToFail"));
    let Some(refused) = refused else {
        return undecided("the 401 came outside the call");
    };
    if call.error().is_some() {
        return Ok(Evidence::from(refused).and(call));
    }
    let replay = during.iter().find(|exchange| {
        exchange.number > refused.number
            && exchange.method == refused.method
            && exchange.path == refused.path
            && exchange.body.bytes == refused.body.bytes
            && exchange.is_success()
    });
    let Some(replay) = replay else {
        return Evidence::from(refused)
            .and(call)
            .breaks("the client reports success, and what was refused is not delivered");
    };
    let renewal = during.iter().find_map(issued_token);
    match renewal {
        Some(token) if !replay.header("token").any(|own| own == token) => {
            Evidence::from(refused).and(replay).breaks("it is repeated with another token than the new one")
        }
        Some(_) => Ok(Evidence::from(refused).and(replay)),
        None => Evidence::from(refused).and(replay).breaks("it is repeated without a renewal"),
    }
}

/// Sent twice at most while a call ran: once, and once after the renewal.
pub(crate) fn at_most_two_tries(t: &Transcript, number: usize) -> Finding {
    let call = seen::call(t, number)?;
    let tries: Vec<&Exchange> = t.during(call).iter().filter(|exchange| exchange.is_localization()).collect();
    let evidence = Evidence::all(tries.iter().copied().take(4));
    match evidence {
        Some(evidence) if tries.len() > 2 => {
            evidence.breaks(format!("sent {} times, each refused with 401", tries.len()))
        }
        Some(evidence) => Ok(evidence),
        None => undecided("the call was not sent"),
    }
}

// === calls that overlap ===

/// Two calls at least were refused before the first renewal came.
pub(crate) fn overlapped(t: &Transcript) -> Finding {
    let held: Vec<&Exchange> = t.exchanges.iter().filter(|exchange| exchange.met("held")).collect();
    let Some(first) = held.first() else {
        return undecided("no call met the rule \"held\"");
    };
    let renewal = t.exchanges.iter().find(|exchange| exchange.number > first.number && exchange.is_renewal());
    let end = renewal.map_or(usize::MAX, |renewal| renewal.number);
    let gave_up = |call: &&Call| call.error().is_some_and(|error| matches!(error.kind.as_str(), "timeout" | "connect"));
    if together(t)?.iter().any(|call| gave_up(&call)) {
        return undecided("the answers came too late for the client's own time limit");
    }
    if held.iter().filter(|exchange| exchange.number < end).count() < 2 {
        return undecided("the calls did not overlap: the client sends one at a time");
    }
    Ok((*first).into())
}

/// The calls that were asked for together.
fn together(t: &Transcript) -> Result<&[Call], Objection> {
    let began_together = |pair: &[Call]| pair[0].began == pair[1].began;
    let Some(first) = t.calls.windows(2).position(began_together) else {
        return undecided("the calls were not made together");
    };
    let rest = t.calls.get(first..).unwrap_or_default();
    let count = rest.iter().take_while(|call| call.began == rest[0].began).count();
    Ok(rest.get(..count).unwrap_or_default())
}

/// One renewal for all calls that were refused together.
pub(crate) fn one_for_all(t: &Transcript) -> Finding {
    let calls = together(t)?;
    let from = calls.first().map_or(0, |call| call.began.exchanges);
    let to = calls.iter().filter_map(|call| call.ended).map(|ended| ended.exchanges).max().unwrap_or(from);
    let during = t.exchanges.get(from..to).unwrap_or_default();
    let renewals: Vec<&Exchange> = during.iter().filter(|exchange| exchange.is_renewal()).collect();
    let successes = renewals.iter().filter(|exchange| exchange.is_success()).count();
    if successes > 1 || renewals.len() > 2 {
        let evidence = Evidence::all(renewals.iter().copied().take(4));
        let message = format!("{} renewals where one would do", renewals.len());
        return evidence.unwrap_or_else(|| Evidence::from(&calls[0])).breaks(message);
    }
    // Of calls that overlap the first and the last are the same in every run; numbers of exchanges are not.
    Ok(Evidence::from(&calls[0]).and(&calls[calls.len() - 1]))
}

/// After the renewal nobody sends the old token any more.
pub(crate) fn only_the_new(t: &Transcript) -> Finding {
    let held = t.exchanges.iter().find(|exchange| exchange.met("held")).map_or(0, |exchange| exchange.number);
    let renewal = t.exchanges.iter().find(|exchange| exchange.number > held && issued_token(exchange).is_some());
    let calls = together(t)?;
    let Some((renewal, token)) = renewal.and_then(|renewal| Some((renewal, issued_token(renewal)?))) else {
        return Err(Objection::NotApplicable("the client did not renew".to_owned()));
    };
    // A call that was signed before the renewal may still be on its way, once. None is signed anew with the old token.
    let old = |exchange: &&Exchange| {
        exchange.is_signed_call() && !exchange.is("refresh") && !exchange.header("token").any(|own| own == token)
    };
    let refused: Vec<&Exchange> = t.exchanges.iter().filter(|exchange| exchange.number >= held).filter(old).collect();
    if let Some(last) = refused.last().filter(|_| refused.len() > calls.len()) {
        let more = refused.len() - calls.len();
        let message = format!("{} calls sent the old token {more} times more than once each", calls.len());
        return Evidence::from(renewal).and(*last).breaks(message);
    }
    Ok(Evidence::from(&calls[0]).and(&calls[calls.len() - 1]))
}

/// Every call is delivered, or its caller learns that it is not.
pub(crate) fn each_delivered_or_surfaced(t: &Transcript) -> Finding {
    let calls = together(t)?;
    let stored = super::deliver::stored(t);
    for call in calls {
        let Outcome::Ok(value) = &call.outcome else { continue };
        if call.op == "read" {
            // The position that was sent at first.
            let known = t.calls.first().and_then(|call| call.args.pointer("/records/0/x"));
            if value.get("x").and_then(Value::as_f64) != known.and_then(Value::as_f64) {
                return Evidence::from(call).breaks("the caller is told that it succeeded, and gets no position");
            }
            continue;
        }
        let x = call.args.pointer("/records/0/x").map(ToString::to_string).unwrap_or_default();
        if !stored.iter().any(|record| record.x == x) {
            return Evidence::from(call).breaks("the caller is told that it succeeded, and the record is not stored");
        }
    }
    match calls.iter().find(|call| matches!(call.outcome, Outcome::Unfinished(_))) {
        Some(call) => Evidence::from(call).breaks("the call never ended"),
        None => Evidence::all(calls.iter().take(1)).ok_or_else(|| Objection::Undecided("no call was made".to_owned())),
    }
}

/// A renewal failed while calls waited for it.
pub(crate) fn leader_failed(t: &Transcript) -> Finding {
    let failed = t.exchanges.iter().find(|exchange| exchange.met("no refresh") || exchange.met("no authenticate"));
    match failed {
        Some(failed) => Ok(failed.into()),
        None if together(t)?.iter().all(|call| call.error().is_some()) => {
            Err(Objection::NotApplicable("the client gives the 401 to its callers and renews nothing".to_owned()))
        }
        None => undecided("no renewal was tried"),
    }
}

/// Every call ends with an error: none waits for ever, and none says that it succeeded.
pub(crate) fn none_hangs(t: &Transcript) -> Finding {
    let calls = together(t)?;
    for call in calls {
        match &call.outcome {
            Outcome::Err(_) => {}
            Outcome::Unfinished(_) => {
                return Evidence::from(call).breaks("the call waits for a renewal that has failed");
            }
            Outcome::Ok(value) if seen::is_reported_elsewhere(value) => {}
            Outcome::Ok(_) | Outcome::Unsupported => {
                return Evidence::from(call).breaks("the caller is told that it succeeded");
            }
        }
    }
    Evidence::all(calls.iter().take(1)).ok_or_else(|| Objection::Undecided("no call was made".to_owned()))
}

/// Not every caller starts attempts of its own again and again: the leader has as many tries as configured, each a refresh
/// and a log in, and every caller as many of its own.
pub(crate) fn attempts_are_shared(t: &Transcript) -> Finding {
    let calls = together(t)?;
    let down: Vec<&Exchange> =
        t.exchanges.iter().filter(|exchange| exchange.met("no refresh") || exchange.met("no authenticate")).collect();
    let tries = t.told_number("retry_attempts").and_then(|tries| usize::try_from(tries).ok()).unwrap_or(1);
    let most = tries * (calls.len() + 2);
    match Evidence::all(down.iter().copied().take(1)) {
        Some(evidence) if down.len() > most => {
            evidence.breaks(format!("{} attempts to renew by {} callers; {most} would do", down.len(), calls.len()))
        }
        Some(evidence) => Ok(evidence),
        None => undecided("no renewal was tried"),
    }
}
