//! What stands between who calls and what changes: the rules, then the limits. Both vendors' operations go through
//! here, and so do paths that no vendor has.

use http::header::CONNECTION;
use http::{HeaderValue, StatusCode};

use crate::answer::{Answer, Outcome};
use crate::call::Call;
use crate::connection::Tamper;
use crate::fault::{Decision, EffectSpec, InvalidRule, Shape, Subject};
use crate::reason::Reason;
use crate::sandbox::Sandbox;

/// Carries one rule's effect for this request alone, where `server.fault_header` allows it.
const X_MOCK_FAULT: &str = "x-mock-fault";

/// Lets rules and limits decide, and commits unless one of them will not have it.
pub(crate) fn govern(
    sandbox: &Sandbox,
    call: &Call<'_>,
    subject: &Subject<'_>,
    shape: &dyn Shape,
    mut outcome: Outcome,
    commit: impl FnOnce(&mut Outcome),
) -> Outcome {
    if sandbox.terms.bypass {
        commit(&mut outcome);
        return outcome;
    }
    let decision = match decide(sandbox, call, subject) {
        Ok(decision) => decision,
        Err(error) => {
            // Not in the vendor's words: this is between the tester and the mock.
            let detail = format!("X-Mock-Fault: {error}");
            outcome.answer = Answer::problem(StatusCode::BAD_REQUEST, detail.clone());
            outcome.refused = Some(Reason::MockHeaderInvalid.because(detail));
            return outcome;
        }
    };
    if decision.is_before_commit() {
        give(&decision, sandbox, call, shape, &mut outcome);
        return outcome;
    }
    outcome.items = decision.items();
    let allowance = sandbox.limits.ask(subject);
    let refused = allowance.as_ref().and_then(|allowance| allowance.refusal(subject.now));
    let is_limited = refused.is_some();
    if is_limited {
        outcome.answer = shape.status(StatusCode::TOO_MANY_REQUESTS);
        outcome.refused = refused;
    } else {
        commit(&mut outcome);
    }
    // What was to hide an answer after the commit has nothing to hide.
    let decision = if is_limited { decision.without_replacements() } else { decision };
    if !decision.is_empty() {
        give(&decision, sandbox, call, shape, &mut outcome);
    }
    if let Some(allowance) = allowance {
        allowance.put_headers(&mut outcome.answer.headers);
    }
    outcome
}

/// The header's rule, the sandbox's rules, then what the account does by itself.
fn decide(sandbox: &Sandbox, call: &Call<'_>, subject: &Subject<'_>) -> Result<Decision, InvalidRule> {
    // A header that is wrong is found out before anything is counted.
    let brought = match call.header(X_MOCK_FAULT).filter(|_| sandbox.terms.fault_header) {
        None => None,
        Some(text) => {
            let premises = sandbox.premises(call.directory, call.now);
            let effect = read_effect(text)?;
            Some(sandbox.faults.once(&effect, subject, &premises, || sandbox.header_faults.next())?)
        }
    };
    let by_rules = sandbox.faults.decide(subject);
    let decision = match brought {
        None => by_rules,
        Some(brought) => brought.followed_by(by_rules),
    };
    Ok(if subject.who.quirk.is_some() { decision.followed_by(sandbox.quirks().decide(subject)) } else { decision })
}

/// A status in digits, the name of a wire effect, or an effect as JSON.
fn read_effect(text: &str) -> Result<EffectSpec, InvalidRule> {
    let json = if text.starts_with('{') {
        text.to_owned()
    } else if text.bytes().all(|byte| byte.is_ascii_digit()) {
        format!("{{\"status\":{text}}}")
    } else {
        serde_json::json!({ "wire": text }).to_string()
    };
    serde_json::from_str(&json).map_err(|error| InvalidRule::value("effect", error.to_string()))
}

/// What the rules make of the answer, and of the connection that carries it.
fn give(decision: &Decision, sandbox: &Sandbox, call: &Call<'_>, shape: &dyn Shape, outcome: &mut Outcome) {
    outcome.faults = decision.rules();
    outcome.injected = decision.describe();
    if let Some(lead) = decision.lead() {
        let rule = lead.rule();
        if let Some(replacement) = decision.replacement() {
            let answer = replacement.answer(sandbox, call, shape, outcome);
            outcome.answer = answer;
            let reason = if replacement.is_stub() { Reason::Stub } else { Reason::Fault };
            outcome.refused = Some(reason.because(format!("rule {rule:?} answered")));
        } else if decision.is_before_commit() {
            let detail = format!("rule {rule:?} broke the connection before anything was stored");
            outcome.refused = Some(Reason::Fault.because(detail));
        }
        if lead.effect().wire.as_ref().is_some_and(|wire| wire.says_close) {
            outcome.answer.headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
    // Where nothing of an answer is sent there is none that could be changed.
    let is_lost = decision.is_before_commit() && decision.replacement().is_none();
    for reshape in decision.effects().filter_map(|effect| effect.reshape.as_ref()).filter(|_| !is_lost) {
        reshape.apply(&mut outcome.answer, &mut outcome.hints);
    }
    let (tamper, wait) = decision.wire();
    outcome.wait = wait;
    // Beside or instead of what the connection was told already.
    outcome.tamper = Some(tamper).filter(|tamper| *tamper != Tamper::default()).or(outcome.tamper.take());
}
