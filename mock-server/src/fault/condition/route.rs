//! Patterns of paths.

use crate::fault::InvalidRule;
use crate::operation::{Operation, Vendor};
use crate::suggest::Unknown;

/// A path in which some segments may be anything. Case does not matter, nor does a slash at the end.
#[derive(Clone, Debug)]
pub(super) struct RoutePattern {
    segments: Vec<Segment>,
    /// Whether it stands below a vendor's prefix instead of at the root.
    is_below: bool,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Segment {
    Text(String),
    /// `*` or `{name}`.
    Any,
    /// `**`: whatever follows, nothing too.
    Rest,
}

/// Where no rule is asked.
const OURS: [&str; 4] = ["__admin", "metrics", "health", "ready"];

// === impl RoutePattern ===

impl RoutePattern {
    /// Reads a pattern. Unless it may be `anywhere`, some operation must have it.
    pub(super) fn parse(text: &str, anywhere: bool) -> Result<Self, InvalidRule> {
        let is_below = !text.starts_with('/');
        let read = |part: &str| match part {
            "**" => Segment::Rest,
            "*" => Segment::Any,
            part if part.starts_with('{') && part.ends_with('}') => Segment::Any,
            part => Segment::Text(part.to_ascii_lowercase()),
        };
        let segments: Vec<Segment> = parts(text).map(read).collect();
        if segments.iter().rev().skip(1).any(|segment| *segment == Segment::Rest) {
            return Err(InvalidRule::value("match.route", "** can only stand at the end"));
        }
        let is_ours = |first: &Segment| matches!(first, Segment::Text(text) if OURS.contains(&text.as_str()));
        if !is_below && segments.first().is_some_and(is_ours) {
            let problem = format!("it could never fire: this server's own paths are not {text:?}'s to answer");
            return Err(InvalidRule::value("match.route", problem));
        }
        if text.contains('?') {
            return Err(InvalidRule::value("match.route", "it could never fire: a path has no ? and no query"));
        }
        let pattern = Self { segments, is_below };
        if anywhere || Operation::all().any(|operation| pattern.could_be(operation)) {
            return Ok(pattern);
        }
        let routes = Operation::all().flat_map(|operation| {
            let route = Some(operation.route().to_owned()).filter(|route| !route.starts_with('/'));
            operation.paths().into_iter().chain(route)
        });
        // A pattern with its own slash is best compared with those that have one.
        let routes: Vec<String> = routes.filter(|route| route.starts_with('/') != is_below).collect();
        Err(Unknown::new("match.route", text, routes.iter().map(String::as_str)).into())
    }

    pub(super) fn matches(&self, path: &str) -> bool {
        self.tails(path).any(|tail| fits(&self.segments, parts(tail)))
    }

    /// Whether some path of an operation fits.
    pub(super) fn could_be(&self, operation: Operation) -> bool {
        let could_fit = |path: &str| could_fit(&self.segments, &parts(path).collect::<Vec<_>>());
        if self.is_below {
            let route = operation.route();
            // One that stands beside the prefixes is below none.
            !route.starts_with('/') && could_fit(route)
        } else {
            operation.paths().iter().any(|path| could_fit(path))
        }
    }

    /// What of a path is compared: all of it, or what follows a vendor's prefix.
    fn tails<'p>(&self, path: &'p str) -> impl Iterator<Item = &'p str> {
        let below = Vendor::ALL.into_iter().flat_map(Vendor::prefixes).filter_map(move |prefix| {
            let (head, tail) = path.split_at_checked(prefix.len())?;
            (head.eq_ignore_ascii_case(prefix) && (tail.is_empty() || tail.starts_with('/'))).then_some(tail)
        });
        let is_below = self.is_below;
        below.filter(move |_| is_below).chain(Some(path).filter(move |_| !is_below))
    }
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty())
}

fn fits<'p>(pattern: &[Segment], mut path: impl Iterator<Item = &'p str>) -> bool {
    for segment in pattern {
        let fits = match segment {
            Segment::Rest => return true,
            Segment::Any => path.next().is_some(),
            Segment::Text(text) => path.next().is_some_and(|part| part.eq_ignore_ascii_case(text)),
        };
        if !fits {
            return false;
        }
    }
    path.next().is_none()
}

/// Whether a pattern and a route, which has variable segments too, have a path in common.
fn could_fit(pattern: &[Segment], route: &[&str]) -> bool {
    let is_variable = |part: &str| part.starts_with('{');
    match (pattern.split_first(), route.split_first()) {
        (None, None) | (Some((Segment::Rest, _)), _) => true,
        (Some((segment, pattern)), Some((part, route))) => {
            let fits = match segment {
                Segment::Text(text) => is_variable(part) || part.eq_ignore_ascii_case(text),
                Segment::Any | Segment::Rest => true,
            };
            fits && could_fit(pattern, route)
        }
        (None, Some(_)) | (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pattern: &str, path: &str, expected: bool) {
        assert_eq!(RoutePattern::parse(pattern, true).unwrap().matches(path), expected, "{pattern} {path}");
    }

    #[test]
    fn patterns_match_segment_by_segment() {
        check("devices/{id}", "/v3/devices/1", true);
        check("devices/*", "/api/v3/Devices/1/", true);
        check("devices/*", "/v3/devices", false);
        check("devices/*", "/v3/devices/login/x", false);
        check("devices/**", "/v3/devices/login/x", true);
        check("devices/**", "/v3/devices", true);
        check("/v3/devices", "/v3/devices", true);
        check("/v3/devices", "/v3.0/devices", false);
        check("devices", "/devices", false);
        check("api/query", "/timbr/api/query/", true);
        check("/anything/at/all", "/anything/at/all", true);
        check("/**", "/", true);
    }

    #[test]
    fn a_route_that_nobody_has_is_refused_with_what_was_meant() {
        let refused = |text| RoutePattern::parse(text, false).unwrap_err().to_string();
        assert_eq!(refused("devises/{id}"), "match.route \"devises/{id}\" is unknown; did you mean \"devices/{id}\"?");
        assert_eq!(
            refused("/v3/localisation"),
            "match.route \"/v3/localisation\" is unknown; did you mean \"/v3/localization\"?"
        );
        for known in ["devices/7", "/v3/devices/login/forklift-01", "/timbr/**", "/v3.0/*", "/login", "**"] {
            assert!(RoutePattern::parse(known, false).is_ok(), "{known}");
        }
        assert!(RoutePattern::parse("login", false).is_err(), "it stands below no prefix");
        for never in ["/a/**/b", "/__admin/x", "/metrics", "/health", "/a?b=1"] {
            assert!(RoutePattern::parse(never, true).is_err(), "{never}");
        }
    }
}
