//! Where a rule applies, checked. Whatever it names must exist: a rule that could never fire is refused with what was
//! probably meant.

mod matcher;
mod route;

use http::{HeaderName, Method};

use super::InvalidRule;
use super::spec::{MatchSpec, SizeRange};
use super::subject::Subject;
use crate::directory::{BranchId, ClientId, Directory, Quirk};
use crate::operation::{Operation, TwinzoOperation, Vendor};
use crate::suggest::Unknown;

use matcher::Matcher;
use route::RoutePattern;

/// Where a rule applies: all that is given must fit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Condition {
    vendor: Option<Vendor>,
    operation: Option<Operation>,
    route: Option<RoutePattern>,
    method: Option<Method>,
    client: Option<ClientId>,
    branch: Option<BranchId>,
    account: Option<Box<str>>,
    token_generation: Option<u32>,
    headers: Vec<(HeaderName, Matcher)>,
    json: Vec<(String, Matcher)>,
    body_size: Option<SizeRange>,
    /// Type and subtype; `None` for any.
    media_type: Option<(Option<String>, Option<String>)>,
    quirk: Option<Quirk>,
    /// Whether there is more to look at than vendor, operation and account.
    has_rest: bool,
}

// === impl Condition ===

impl Condition {
    /// The same, for accounts that misbehave by themselves in one way.
    pub(super) fn of_quirk(self, quirk: Quirk) -> Self {
        Self { quirk: Some(quirk), has_rest: true, ..self }
    }

    /// Checks a match. `anywhere` is for effects that make sense on paths that no vendor has.
    pub(crate) fn compile(spec: &MatchSpec, directory: &Directory, anywhere: bool) -> Result<Self, InvalidRule> {
        let vendor = spec.vendor.as_deref().map(vendor).transpose()?;
        let operation = spec.operation.as_deref().map(operation).transpose()?;
        let method = spec.method.as_deref().map(|name| method(name, anywhere)).transpose()?;
        let route = spec.route.as_deref().map(|text| RoutePattern::parse(text, anywhere)).transpose()?;
        let whose = whose(spec, vendor, operation)?;
        let never = |field, problem: String| Err(InvalidRule::value(field, format!("it could never fire: {problem}")));
        let fits = |known: &Operation| {
            operation.is_none_or(|operation| operation == *known)
                && whose.is_none_or(|vendor| vendor == known.vendor())
                && route.as_ref().is_none_or(|route| route.could_be(*known))
        };
        let is_bound = operation.is_some() || !anywhere;
        if is_bound && !Operation::all().any(|known| fits(&known)) {
            return never("match.route", "no operation that the rest of the rule matches has that route".to_owned());
        }
        if let Some(method) = &method
            && is_bound
            && Operation::all().filter(fits).all(|known| known.method() != method)
        {
            return never("match.method", format!("nothing that it matches is a {method}"));
        }
        let client = spec.client.as_deref().map(|name| directory.client_named("match.client", name)).transpose()?;
        let branch = spec.branch.as_deref().map(|name| directory.branch_named("match.branch", name, client));
        let branch = branch.transpose()?;
        if let Some(name) = spec.account.as_deref() {
            account(name, whose, directory)?;
        }
        if spec.token_generation == Some(0) {
            return never("match.token_generation", "generations start at 1".to_owned());
        }
        if spec.token_generation.is_some() && operation == Some(Operation::Twinzo(TwinzoOperation::Authenticate)) {
            return never("match.token_generation", "a log in carries no token".to_owned());
        }
        if spec.token_generation.is_some() && whose == Some(Vendor::Timbr) {
            return never("match.token_generation", "Timbr's tokens have no generations".to_owned());
        }
        let body_size = spec.body_size;
        if let Some(SizeRange { min: Some(min), max: Some(max) }) = body_size
            && min.bytes() > max.bytes()
        {
            return never("match.body_size", format!("{min} is more than {max}"));
        }
        let of_index = MatchSpec {
            vendor: spec.vendor.clone(),
            operation: spec.operation.clone(),
            account: spec.account.clone(),
            ..MatchSpec::default()
        };
        Ok(Self {
            has_rest: *spec != of_index,
            vendor,
            operation,
            route,
            method,
            client,
            branch,
            account: spec.account.as_deref().map(Into::into),
            token_generation: spec.token_generation,
            headers: headers(spec)?,
            json: json(spec)?,
            body_size,
            media_type: spec.media_type.as_deref().map(media_type).transpose()?,
            quirk: None,
        })
    }

    /// The operations that it can match.
    pub(super) fn is_about(&self, operation: Option<Operation>) -> bool {
        match operation {
            Some(operation) => {
                self.vendor.is_none_or(|vendor| vendor == operation.vendor())
                    && self.operation.is_none_or(|wanted| wanted == operation)
            }
            // What no vendor has is only seen by who names the path.
            None => self.operation.is_none() && self.route.is_some(),
        }
    }

    /// Whether it says more than operation, vendor and account.
    pub(super) fn has_rest(&self) -> bool {
        self.has_rest
    }

    /// The account that it is about.
    pub(super) fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    pub(crate) fn matches(&self, subject: &Subject<'_>) -> bool {
        self.account.as_deref().is_none_or(|account| subject.who.account.as_deref() == Some(account))
            && self.is_about(subject.operation)
            && self.matches_rest(subject)
    }

    /// For an exchange of an operation and an account that it is about. What is cheap to look at comes first.
    #[inline]
    pub(super) fn matches_rest(&self, subject: &Subject<'_>) -> bool {
        !self.has_rest || self.matches_all_of_rest(subject)
    }

    fn matches_all_of_rest(&self, subject: &Subject<'_>) -> bool {
        let who = &subject.who;
        self.vendor.is_none_or(|vendor| Some(vendor) == subject.vendor)
            && self.client.is_none_or(|client| Some(client) == who.client)
            && self.branch.is_none_or(|branch| Some(branch) == who.branch)
            && self.token_generation.is_none_or(|generation| Some(generation) == who.token_generation)
            && self.quirk.is_none_or(|quirk| Some(quirk) == who.quirk)
            && self.method.as_ref().is_none_or(|method| method == subject.method)
            && self.body_size.is_none_or(|range| is_in(range, subject.body.len()))
            && self.route.as_ref().is_none_or(|route| route.matches(subject.path))
            && self.media_type.as_ref().is_none_or(|wanted| has_media_type(subject, wanted))
            && self.headers.iter().all(|(name, matcher)| matcher.of_header(subject.headers, name))
            && self
                .json
                .iter()
                .all(|(pointer, matcher)| matcher.of_value(subject.json().and_then(|body| body.pointer(pointer))))
    }
}

/// Whose exchanges it can be about. Only twinzo knows clients and branches.
fn whose(
    spec: &MatchSpec,
    vendor: Option<Vendor>,
    operation: Option<Operation>,
) -> Result<Option<Vendor>, InvalidRule> {
    let never = |field, problem: String| Err(InvalidRule::value(field, format!("it could never fire: {problem}")));
    if let (Some(vendor), Some(operation)) = (vendor, operation)
        && operation.vendor() != vendor
    {
        return never("match.vendor", format!("{operation} is an operation of {}", operation.vendor().name()));
    }
    let places = [("match.client", &spec.client), ("match.branch", &spec.branch)];
    let place = places.into_iter().find(|(_, place)| place.is_some()).map(|(field, _)| field);
    let whose = operation.map(Operation::vendor).or(vendor).or(place.map(|_| Vendor::Twinzo));
    match (whose, place) {
        (Some(Vendor::Timbr), Some(field)) => never(field, "Timbr knows no clients and no branches".to_owned()),
        _ => Ok(whose),
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

fn method(name: &str, anywhere: bool) -> Result<Method, InvalidRule> {
    let known = [Method::GET, Method::POST, Method::PATCH, Method::DELETE];
    let others = [Method::PUT, Method::HEAD, Method::OPTIONS];
    let all: Vec<Method> = known.into_iter().chain(others.into_iter().filter(|_| anywhere)).collect();
    let found = all.iter().find(|method| method.as_str() == name).cloned();
    found.ok_or_else(|| Unknown::new("match.method", name, all.iter().map(Method::as_str)).into())
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

fn headers(spec: &MatchSpec) -> Result<Vec<(HeaderName, Matcher)>, InvalidRule> {
    let read = |(name, value): (&String, _)| {
        let wrong = || InvalidRule::value("match.header", format!("{name:?} is no name of a header"));
        let header = HeaderName::try_from(name.as_str()).map_err(|_| wrong())?;
        Ok((header, Matcher::compile("match.header", value)?))
    };
    spec.header.iter().map(read).collect()
}

fn json(spec: &MatchSpec) -> Result<Vec<(String, Matcher)>, InvalidRule> {
    let read = |(pointer, value): (&String, _)| {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            let problem = format!("{pointer:?} is no JSON pointer; write it like \"/0/Login\"");
            return Err(InvalidRule::value("match.json", problem));
        }
        Ok((pointer.clone(), Matcher::compile("match.json", value)?))
    };
    spec.json.iter().map(read).collect()
}

fn is_in(range: SizeRange, bytes: usize) -> bool {
    range.min.is_none_or(|min| bytes >= min.bytes()) && range.max.is_none_or(|max| bytes <= max.bytes())
}

fn media_type(text: &str) -> Result<(Option<String>, Option<String>), InvalidRule> {
    let part = |part: &str| Some(part.to_owned()).filter(|part| part != "*");
    match text.to_ascii_lowercase().split_once('/') {
        Some((kind, subtype)) if !kind.is_empty() && !subtype.is_empty() && !subtype.contains(';') => {
            Ok((part(kind), part(subtype)))
        }
        _ => {
            let problem = format!("{text:?} is no media type; write it like \"application/json\" or \"text/*\"");
            Err(InvalidRule::value("match.media_type", problem))
        }
    }
}

fn has_media_type(subject: &Subject<'_>, (kind, subtype): &(Option<String>, Option<String>)) -> bool {
    let given = subject.headers.get(http::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = given.and_then(|given| given.split(';').next()?.trim().split_once('/'));
    essence.is_some_and(|(given, given_subtype)| {
        kind.as_ref().is_none_or(|kind| given.eq_ignore_ascii_case(kind))
            && subtype.as_ref().is_none_or(|subtype| given_subtype.eq_ignore_ascii_case(subtype))
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
    use jiff::Timestamp;

    use super::*;
    use crate::fault::Who;

    /// Whether a match fits one and the same request: a batch for branch Pune, signed with a second token.
    fn fits(spec: &str) -> bool {
        let directory = Directory::default_world().unwrap();
        let named = |name| directory.branch_named("branch", name, None).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/json; charset=utf-8".parse().unwrap());
        headers.append("x-lane", "slow".parse().unwrap());
        headers.append("x-lane", "left".parse().unwrap());
        let body = Bytes::from(r#"[{"Login":"agv-27","Locations":[{"Battery":7}]}]"#);
        let who = Who {
            client: directory.client_by_name("acme-logistics"),
            branch: Some(named("Pune")),
            account: Some("agv-27".into()),
            token_generation: Some(2),
            quirk: None,
        };
        let operation = Operation::from_name("localization_batch").unwrap();
        let (path, now) = ("/v3/localization/batch", Timestamp::UNIX_EPOCH);
        let subject = Subject::hypothetical(operation, path, &headers, &body, now, 1, who);
        Condition::compile(&serde_json::from_str(spec).unwrap(), &directory, false).unwrap().matches(&subject)
    }

    #[test]
    fn each_part_of_a_match_can_fit_and_not_fit() {
        for (spec, others) in [
            (r#"{"vendor":"twinzo"}"#, r#"{"vendor":"timbr"}"#),
            (r#"{"operation":"localization_batch"}"#, r#"{"operation":"localization"}"#),
            (r#"{"route":"localization/*"}"#, r#"{"route":"localization"}"#),
            (r#"{"method":"POST"}"#, r#"{"method":"GET"}"#),
            (r#"{"client":"acme-logistics"}"#, r#"{"client":"harbour-storage"}"#),
            (r#"{"branch":"Pune"}"#, r#"{"branch":"Bratislava"}"#),
            (r#"{"account":"agv-27"}"#, r#"{"account":"agv-07"}"#),
            (r#"{"token_generation":2}"#, r#"{"token_generation":1}"#),
            (r#"{"header":{"X-Lane":"left"}}"#, r#"{"header":{"X-Lane":"right"}}"#),
            (r#"{"header":{"X-Other":{"present":false}}}"#, r#"{"header":{"X-Lane":{"present":false}}}"#),
            (r#"{"json":{"/0/Locations/0/Battery":7}}"#, r#"{"json":{"/0/Locations/1/Battery":7}}"#),
            (r#"{"body_size":{"min":48,"max":48}}"#, r#"{"body_size":{"min":49}}"#),
            (r#"{"body_size":{"max":"1KiB"}}"#, r#"{"body_size":{"max":47}}"#),
            (r#"{"media_type":"application/json"}"#, r#"{"media_type":"application/x-protobuf"}"#),
            (r#"{"media_type":"application/*"}"#, r#"{"media_type":"text/*"}"#),
            (r#"{"branch":"Pune","account":"agv-27"}"#, r#"{"branch":"Pune","account":"agv-07"}"#),
        ] {
            assert_eq!((fits(spec), fits(others)), (true, false), "{spec} {others}");
        }
    }
}
