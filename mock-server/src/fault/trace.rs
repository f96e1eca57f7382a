//! What the rules would do with a request that nobody sent.

use std::sync::Arc;

use bytes::Bytes;
use http::header::HeaderName;
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;

use super::decision::Hit;
use super::effect::Effect;
use super::rule::Taken;
use super::spec::{EffectSpec, MatchSpec};
use super::trigger::Trigger;
use super::{Decision, Faults, InvalidRule, Premises, Subject, Who};
use crate::directory::Directory;
use crate::operation::Operation;
use crate::suggest::Unknown;

/// Name of the rule that a request brings along.
pub(super) const HEADER: &str = "header";

/// A kind of request.
#[derive(Clone, Debug, Default)]
pub struct Probe {
    /// What it asks for, by name.
    pub operation: String,
    /// Login or Timbr user that sends it.
    pub account: Option<String>,
    /// Client, by name or GUID; the account's own if absent.
    pub client: Option<String>,
    /// Branch, by title or GUID; the account's own if absent.
    pub branch: Option<String>,
    /// Generation of its token.
    pub token_generation: Option<u32>,
    /// Its connection.
    pub connection: u64,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

/// What would happen to one request.
#[derive(Clone, Debug)]
pub struct Glance {
    /// What each rule that fires does, in load order.
    pub effects: Vec<String>,
    /// Why each rule that is about it fires or does not.
    pub why: Vec<String>,
}

// === impl Faults ===

impl Faults {
    /// Counts a request as if it had been sent, and tells what happens to it.
    pub fn probe(&self, probe: &Probe, directory: &Directory, now: Timestamp) -> Result<Glance, InvalidRule> {
        let operation = Operation::from_name(&probe.operation)
            .ok_or_else(|| Unknown::new("operation", &probe.operation, Operation::all().map(Operation::name)))?;
        let who = who(probe, directory)?;
        let mut headers = HeaderMap::new();
        for (name, value) in &probe.headers {
            let wrong = || InvalidRule::value("header", format!("{name}: {value} is no header"));
            let name = HeaderName::try_from(name.as_str()).map_err(|_| wrong())?;
            headers.append(name, HeaderValue::try_from(value.as_str()).map_err(|_| wrong())?);
        }
        let path = operation.paths().pop().unwrap_or_default();
        let body = Bytes::from(probe.body.clone());
        let subject = Subject::hypothetical(operation, &path, &headers, &body, now, probe.connection, who);
        let (mut decision, mut why) = (Decision::default(), Vec::new());
        self.read().for_each_about(&subject, |rule| {
            let (id, trigger) = (&rule.id, Trigger::describe(&rule.spec.trigger));
            match rule.take(&subject) {
                Taken::Elsewhere => why.push(format!("{id}: its match is about something else")),
                Taken::Off(reason) => why.push(format!("{id}: {reason}")),
                Taken::Counted { key, ordinal, position, hit, is_spent } => {
                    let of = key.describe(directory, position).map(|of| format!(" of {of}")).unwrap_or_default();
                    let verdict = match (&hit, is_spent) {
                        (Some(_), _) => "fires",
                        (None, true) => "does not fire: its limit is reached",
                        (None, false) => "does not fire",
                    };
                    why.push(format!("{id}: exchange {ordinal}{of}, {trigger}: {verdict}"));
                    if let Some(hit) = hit {
                        decision.push(hit);
                    }
                }
            }
        });
        Ok(Glance { effects: decision.describe(), why })
    }

    /// What one effect does to one exchange, without any rule.
    pub(crate) fn once(
        &self,
        effect: &EffectSpec,
        subject: &Subject<'_>,
        premises: &Premises<'_>,
        ordinal: impl FnOnce() -> u64,
    ) -> Result<Decision, InvalidRule> {
        let operation = subject.operation.map(|operation| operation.name().to_owned());
        let matches = MatchSpec { operation, ..MatchSpec::default() };
        let effect = Effect::compile(effect, &matches, premises.files)?;
        let mut decision = Decision::default();
        decision.push(Hit::of(HEADER, effect, self.draws.of_rule(HEADER).at(HEADER, ordinal())));
        Ok(decision)
    }
}

/// Who sends it: client and branch are the account's own unless they are named.
fn who(probe: &Probe, directory: &Directory) -> Result<Who, InvalidRule> {
    let client = probe.client.as_deref().map(|name| directory.client_named("client", name)).transpose()?;
    let branch = probe.branch.as_deref().map(|name| directory.branch_named("branch", name, client)).transpose()?;
    let mut who = Who { client, branch, token_generation: probe.token_generation, ..Who::default() };
    let Some(name) = probe.account.as_deref() else { return Ok(who) };
    let found = directory
        .accounts()
        .find(|(_, account)| *account.login == *name && client.is_none_or(|client| client == account.client));
    if let Some((_, account)) = found {
        who.client = who.client.or(Some(account.client));
        who.branch = who.branch.or(Some(account.branch));
        who.quirk = account.quirk;
        who.account = Some(Arc::clone(&account.login));
        return Ok(who);
    }
    let Some(user) = directory.timbr().user(name) else {
        let logins = directory.accounts().map(|(_, account)| &*account.login);
        let users = directory.timbr().users.iter().map(|user| &*user.name);
        return Err(Unknown::new("account", name, logins.chain(users)).into());
    };
    who.account = Some(Arc::clone(&user.name));
    Ok(who)
}
