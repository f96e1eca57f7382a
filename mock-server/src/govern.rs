//! What stands between who calls and what changes: the rules, then the limits. Both vendors' operations go through
//! here, and so do paths that no vendor has.

use http::header::CONNECTION;
use http::{HeaderValue, StatusCode};

use crate::answer::{Answer, Outcome};
use crate::call::Call;
use crate::connection::{Framing, Tamper};
use crate::fault::{Decision, EffectSpec, Faults, InvalidRule, Shape, Subject};
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
    } else {
        outcome.items = decision.items();
        pass_limits(sandbox, subject, shape, &mut outcome, commit);
        if !decision.is_empty() {
            give(&decision, sandbox, call, shape, &mut outcome);
        }
    }
    outcome
}

/// The header's rule, the sandbox's rules, then what the account does by itself.
fn decide(sandbox: &Sandbox, call: &Call<'_>, subject: &Subject<'_>) -> Result<Decision, InvalidRule> {
    let by_rules = sandbox.faults.decide(subject);
    let decision = match call.header(X_MOCK_FAULT).filter(|_| sandbox.terms.fault_header) {
        None => by_rules,
        Some(text) => {
            let premises = sandbox.premises(call.directory, call.now);
            let brought = Faults::once(&read_effect(text)?, subject, &premises)?;
            sandbox.header_faults.add();
            brought.followed_by(by_rules)
        }
    };
    Ok(if subject.who.quirk.is_some() { decision.followed_by(sandbox.quirks.decide(subject)) } else { decision })
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

fn pass_limits(
    sandbox: &Sandbox,
    subject: &Subject<'_>,
    shape: &dyn Shape,
    outcome: &mut Outcome,
    commit: impl FnOnce(&mut Outcome),
) {
    let Some(allowance) = sandbox.limits.ask(subject) else {
        commit(outcome);
        return;
    };
    match &allowance.refused_by {
        None => commit(outcome),
        Some(limit) => {
            outcome.answer = shape.status(StatusCode::TOO_MANY_REQUESTS);
            let detail = format!("limit {limit:?}: {}", allowance.describe(subject.now));
            outcome.refused = Some(Reason::RateLimited.because(detail));
        }
    }
    allowance.put_headers(&mut outcome.answer.headers);
}

/// What the rules make of the answer, and of the connection that carries it.
fn give(decision: &Decision, sandbox: &Sandbox, call: &Call<'_>, shape: &dyn Shape, outcome: &mut Outcome) {
    outcome.faults = decision.rules();
    outcome.injected = decision.describe();
    if let Some(lead) = decision.lead() {
        let rule = lead.rule();
        if let Some(replacement) = &lead.effect().replacement {
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
    for reshape in decision.effects().filter_map(|effect| effect.reshape.as_ref()) {
        reshape.apply(&mut outcome.answer, &mut outcome.hints);
    }
    let (mut tamper, wait) = decision.wire();
    if matches!(outcome.answer.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        // There is nothing to put into chunks.
        tamper.framing = Framing::AsIs;
    }
    outcome.wait = wait;
    outcome.tamper = Some(tamper).filter(|tamper| *tamper != Tamper::default()).or(outcome.tamper.take());
}
