//! From a rule as written to a rule that can be matched. Whatever it names must exist: a rule that could never fire is
//! refused with what was probably meant.

use std::collections::HashMap;

use super::effect::Effect;
use super::{Rule, RuleSpec, Trigger, TriggerSpec};
use crate::directory::Directory;
use crate::operation::{Operation, Vendor};
use crate::suggest::Unknown;
use http::Method;

/// What is wrong with a rule.
#[derive(Debug, thiserror::Error)]
pub enum InvalidRule {
    /// It names something that does not exist.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// A number is out of range, or two triggers exclude each other.
    #[error("{field}: {problem}")]
    Value {
        /// JSON path of the member.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// Another rule has that name.
    #[error("a rule named {name:?} exists already; delete it first, or choose another name")]
    NameTaken {
        /// The name.
        name: String,
    },
    /// The sandbox holds as many rules as it may.
    #[error("there are {} rules already, which is the limit", super::MAX_RULES)]
    TooMany,
}

// === impl InvalidRule ===

impl InvalidRule {
    /// JSON path of the offending member, where it is one member.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Unknown(unknown) => Some(unknown.field),
            Self::Value { field, .. } => Some(field),
            Self::NameTaken { .. } => Some("name"),
            Self::TooMany => None,
        }
    }

    /// What was probably meant.
    pub fn suggestion(&self) -> Option<&str> {
        match self {
            Self::Unknown(unknown) => unknown.suggestion.as_deref(),
            Self::Value { .. } | Self::NameTaken { .. } | Self::TooMany => None,
        }
    }
}

// === impl Rule ===

impl Rule {
    pub(super) fn compile(id: String, spec: RuleSpec, directory: &Directory) -> Result<Self, InvalidRule> {
        let given = &spec.matches;
        let vendor = given.vendor.as_deref().map(vendor).transpose()?;
        let operation = given.operation.as_deref().map(operation).transpose()?;
        let method = given.method.as_deref().map(method).transpose()?;
        let never = |field, problem: String| {
            Err(InvalidRule::Value { field, problem: format!("it could never fire: {problem}") })
        };
        if let (Some(vendor), Some(operation)) = (vendor, operation)
            && operation.vendor() != vendor
        {
            return never("match.vendor", format!("{operation} is an operation of {}", operation.vendor().name()));
        }
        // Only twinzo knows clients and branches.
        let places = [("match.client", &given.client), ("match.branch", &given.branch)];
        let place = places.into_iter().find(|(_, place)| place.is_some()).map(|(field, _)| field);
        let whose = operation.map(Operation::vendor).or(vendor).or(place.map(|_| Vendor::Twinzo));
        if let (Some(Vendor::Timbr), Some(field)) = (whose, place) {
            return never(field, "Timbr knows no clients and no branches".to_owned());
        }
        if let Some(method) = &method {
            let fits = |known: &Operation| {
                operation.is_none_or(|operation| operation == *known)
                    && whose.is_none_or(|vendor| vendor == known.vendor())
            };
            if Operation::all().filter(fits).all(|known| known.method() != method) {
                return never("match.method", format!("nothing that it matches is a {method}"));
            }
        }
        let client = given.client.as_deref().map(|name| directory.client_named("match.client", name)).transpose()?;
        let branch = given.branch.as_deref().map(|name| directory.branch_named("match.branch", name, client));
        let branch = branch.transpose()?;
        if let Some(name) = given.account.as_deref() {
            account(name, whose, directory)?;
        }
        let effect = Effect::compile(&spec.effect)?;
        let trigger = trigger(spec.trigger)?;
        Ok(Self {
            id,
            vendor,
            operation,
            method,
            client,
            branch,
            trigger,
            effect,
            spec,
            matched: 0,
            fired: 0,
            counts: HashMap::new(),
        })
    }
}

fn vendor(name: &str) -> Result<Vendor, InvalidRule> {
    let all = Vendor::ALL;
    all.into_iter()
        .find(|vendor| vendor.name() == name)
        .ok_or_else(|| Unknown::new("match.vendor", name, all.map(Vendor::name)).into())
}

fn operation(name: &str) -> Result<Operation, InvalidRule> {
    Operation::from_name(name)
        .ok_or_else(|| Unknown::new("match.operation", name, Operation::all().map(Operation::name)).into())
}

fn method(name: &str) -> Result<Method, InvalidRule> {
    [Method::GET, Method::POST, Method::DELETE]
        .into_iter()
        .find(|method| method.as_str() == name)
        .ok_or_else(|| Unknown::new("match.method", name, ["GET", "POST", "DELETE"]).into())
}

fn account(name: &str, whose: Option<Vendor>, directory: &Directory) -> Result<(), InvalidRule> {
    let logins = directory.accounts().map(|(_, account)| &*account.login);
    let users = directory.timbr().users.iter().map(|user| &*user.name);
    let all: Vec<&str> = match whose {
        Some(Vendor::Twinzo) => logins.collect(),
        Some(Vendor::Timbr) => users.collect(),
        None => logins.chain(users).collect(),
    };
    if all.contains(&name) { Ok(()) } else { Err(Unknown::new("match.account", name, all).into()) }
}

fn trigger(spec: TriggerSpec) -> Result<Trigger, InvalidRule> {
    let wrong = |problem: &str| Err(InvalidRule::Value { field: "trigger", problem: problem.to_owned() });
    match (spec.always, spec.nth, spec.first) {
        (None | Some(true), None, None) => Ok(Trigger::Always),
        (Some(false), None, None) => wrong("always can only be true"),
        (None, Some(0), None) | (None, None, Some(0)) => wrong("counts start at 1"),
        (None, Some(nth), None) => Ok(Trigger::Nth(nth)),
        (None, None, Some(first)) => Ok(Trigger::First(first)),
        _ => wrong("give one of always, nth and first"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Faults;

    fn check(rule: &str, expected: &str) {
        let directory = Directory::default_world().unwrap();
        let error = Faults::default().add(serde_json::from_str(rule).unwrap(), &directory).unwrap_err();
        assert_eq!(error.to_string(), expected, "{rule}");
    }

    #[test]
    fn what_does_not_exist_is_refused_with_what_was_meant() {
        check(
            r#"{"match":{"operation":"authentcate"},"effect":{"status":503}}"#,
            r#"match.operation "authentcate" is unknown; did you mean "authenticate"?"#,
        );
        check(
            r#"{"match":{"account":"forklift-1"},"effect":{"status":503}}"#,
            r#"match.account "forklift-1" is unknown; did you mean "forklift-01"?"#,
        );
        check(
            r#"{"match":{"vendor":"acme"},"effect":{"status":503}}"#,
            r#"match.vendor "acme" is unknown; allowed: twinzo, timbr"#,
        );
        check(
            r#"{"match":{"branch":"Puna"},"effect":{"status":503}}"#,
            r#"match.branch "Puna" is unknown; did you mean "Pune"?"#,
        );
    }

    #[test]
    fn values_out_of_range_are_refused() {
        check(r#"{"effect":{"status":99}}"#, "effect.status: 99 is not between 200 and 599");
        check(r#"{"trigger":{"nth":0},"effect":{"status":503}}"#, "trigger: counts start at 1");
        check(
            r#"{"trigger":{"nth":1,"first":2},"effect":{"status":503}}"#,
            "trigger: give one of always, nth and first",
        );
        check(
            r#"{"match":{"vendor":"timbr","operation":"refresh"},"effect":{"status":503}}"#,
            "match.vendor: it could never fire: refresh is an operation of twinzo",
        );
        check(
            r#"{"match":{"operation":"refresh","method":"POST"},"effect":{"status":503}}"#,
            "match.method: it could never fire: nothing that it matches is a POST",
        );
        check(
            r#"{"match":{"operation":"timbr.query","branch":"Pune"},"effect":{"status":503}}"#,
            "match.branch: it could never fire: Timbr knows no clients and no branches",
        );
        check(
            r#"{"match":{"vendor":"twinzo","account":"alice"},"effect":{"status":503}}"#,
            r#"match.account "alice" is unknown; allowed: forklift-01, walker-01, agv-07, forklift-21, walker-21, agv-27, dock-thermometer, dispatcher@acme.example, reach-stacker-01"#,
        );
    }

    #[test]
    fn a_name_can_be_given_once() {
        let directory = Directory::default_world().unwrap();
        let faults = Faults::default();
        let rule: RuleSpec = serde_json::from_str(r#"{"name":"a","effect":{"status":503}}"#).unwrap();
        faults.add(rule.clone(), &directory).unwrap();
        assert!(matches!(faults.add(rule, &directory), Err(InvalidRule::NameTaken { .. })));
    }
}
