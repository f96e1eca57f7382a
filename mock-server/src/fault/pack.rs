//! Packs: rules that belong together and ship under a name.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::condition::Condition;
use super::effect::Effect;
use super::spec::{EffectSpec, MatchSpec, RuleSpec, TriggerSpec};
use super::{InvalidRule, Premises};
use crate::suggest::Unknown;

/// A pack.
#[derive(Clone, Debug, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// What it is like, in a sentence.
    pub about: String,
    /// Its rules, in load order.
    pub rules: Vec<RuleSpec>,
}

static PACKS: LazyLock<Result<BTreeMap<String, Pack>, toml::de::Error>> =
    LazyLock::new(|| toml::from_str(include_str!("packs.toml")));

/// Every pack that ships, by name.
pub fn packs() -> impl Iterator<Item = (&'static str, &'static Pack)> {
    PACKS.iter().flatten().map(|(name, pack)| (name.as_str(), pack))
}

/// The rules that a text with `pack` stands for, each narrowed by its match.
pub(super) fn expand(spec: &RuleSpec, premises: &Premises<'_>) -> Result<Vec<RuleSpec>, InvalidRule> {
    let RuleSpec { name: own_name, pack, matches, trigger, effect, ttl, limit, paused, optional: _ } = spec;
    let name = pack.as_deref().unwrap_or_default();
    let Some((_, pack)) = packs().find(|(known, _)| *known == name) else {
        return Err(Unknown::new("pack", name, packs().map(|(known, _)| known)).into());
    };
    let has_more = *effect != EffectSpec::default() || *trigger != TriggerSpec::default();
    if has_more {
        return Err(InvalidRule::value("pack", "beside it only name, match, ttl, limit and paused can be given"));
    }
    let in_pack = |error| InvalidRule::Pack { pack: name.to_owned(), error: Box::new(error) };
    let (mut rules, mut refused) = (Vec::new(), None);
    for rule in &pack.rules {
        let Some(matches) = narrowed(&rule.matches, matches) else { continue };
        let rule = RuleSpec {
            name: Some(format!("{}.{}", own_name.as_deref().unwrap_or(name), rule.name.as_deref().unwrap_or("rule"))),
            pack: Some(name.to_owned()),
            matches,
            ttl: *ttl,
            limit: *limit,
            paused: *paused,
            optional: true,
            ..rule.clone()
        };
        let anywhere = Effect::is_for_anywhere(&rule.effect);
        match Condition::compile(&rule.matches, premises.directory, anywhere) {
            Ok(_) => rules.push(rule),
            // A part of the pack that has nothing to do with what it was narrowed to.
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    match refused {
        Some(error) if rules.is_empty() => Err(in_pack(error)),
        None if rules.is_empty() => {
            let problem = "none of its rules is about what the match narrows it to";
            Err(in_pack(InvalidRule::value("match", problem)))
        }
        _ => Ok(rules),
    }
}

/// What a rule asks for, and what is asked for beside that. `None` if it is about something else.
fn narrowed(own: &MatchSpec, given: &MatchSpec) -> Option<MatchSpec> {
    let differ = |own: &Option<String>, given: &Option<String>| given.is_some() && own.is_some() && own != given;
    if differ(&own.vendor, &given.vendor) || differ(&own.operation, &given.operation) {
        return None;
    }
    let mut all = own.clone();
    let put = |place: &mut Option<String>, value: &Option<String>| {
        if value.is_some() {
            place.clone_from(value);
        }
    };
    all.vendor = all.vendor.or_else(|| given.vendor.clone());
    all.operation = all.operation.or_else(|| given.operation.clone());
    all.method = all.method.or_else(|| given.method.clone());
    all.route = all.route.or_else(|| given.route.clone());
    put(&mut all.client, &given.client);
    put(&mut all.branch, &given.branch);
    put(&mut all.account, &given.account);
    put(&mut all.media_type, &given.media_type);
    all.token_generation = given.token_generation.or(all.token_generation);
    all.body_size = given.body_size.or(all.body_size);
    all.header.extend(given.header.clone());
    all.json.extend(given.json.clone());
    Some(all)
}
