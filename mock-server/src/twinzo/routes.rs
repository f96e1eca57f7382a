//! Which path leads to which operation, §1: three prefixes, no regard to case, a trailing slash tolerated.

use std::sync::LazyLock;

use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;

use crate::answer::Answer;
use crate::operation::{Operation, Route, TwinzoOperation, Vendor};

/// Finds the operation of a twinzo path; `None` if no prefix fits.
pub(crate) fn route(method: &Method, path: &str) -> Option<Route> {
    let rest = wire::path::TWINZO_PREFIXES.iter().find_map(|prefix| strip(path, prefix))?;
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    let rest = rest.strip_prefix('/').unwrap_or(rest);
    Some(find(method, rest))
}

/// The empty answer to a path that nobody knows, §1.
pub(crate) fn not_found() -> Answer {
    Answer::empty(StatusCode::NOT_FOUND)
}

/// A route, and the operations that it has.
struct Known {
    route: &'static str,
    operations: Vec<Operation>,
}

/// The routes of each area, which is the first segment of a path.
static AREAS: LazyLock<Vec<(&str, Vec<Known>)>> = LazyLock::new(|| {
    let mut areas: Vec<(&str, Vec<Known>)> = Vec::new();
    for operation in TwinzoOperation::ALL {
        let route = operation.route();
        let area = route.split('/').next().unwrap_or(route);
        let place = areas.iter().position(|(known, _)| *known == area).unwrap_or_else(|| {
            areas.push((area, Vec::new()));
            areas.len() - 1
        });
        let routes = &mut areas[place].1;
        match routes.iter_mut().find(|known| known.route == route) {
            Some(known) => known.operations.push(*operation),
            None => routes.push(Known { route, operations: vec![*operation] }),
        }
    }
    areas
});

/// Of several routes that a path fits, the first in the table is meant.
fn find(method: &Method, path: &str) -> Route {
    let area = path.split('/').next().unwrap_or(path);
    let known = AREAS.iter().find(|(known, _)| known.eq_ignore_ascii_case(area));
    let known = known.and_then(|(_, routes)| routes.iter().find(|known| fits(known.route, path)));
    match known {
        Some(known) => Route::choose(method, &known.operations, segments(known.route, path)),
        None => Route::Unknown(Vendor::Twinzo),
    }
}

/// Whether a path is one of a route. An `{id}` is a routed integer: anything else is no route at all.
fn fits(route: &str, path: &str) -> bool {
    let (mut route, mut path) = (route.split('/'), path.split('/'));
    loop {
        let is_same = match (route.next(), path.next()) {
            (None, None) => return true,
            (Some("{id}"), Some(id)) => id.parse::<i32>().is_ok(),
            (Some(variable), Some(segment)) if variable.starts_with('{') => !segment.is_empty(),
            (Some(text), Some(segment)) => text.eq_ignore_ascii_case(segment),
            (None, Some(_)) | (Some(_), None) => false,
        };
        if !is_same {
            return false;
        }
    }
}

/// The variable segments of a path, decoded.
fn segments(route: &str, path: &str) -> Vec<String> {
    let variable = route.split('/').zip(path.split('/')).filter(|(name, _)| name.starts_with('{'));
    variable.map(|(_, segment)| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect()
}

/// What follows a prefix, if it ends where a segment ends.
fn strip<'p>(path: &'p str, prefix: &str) -> Option<&'p str> {
    let (head, rest) = path.split_at_checked(prefix.len())?;
    (head.eq_ignore_ascii_case(prefix) && (rest.is_empty() || rest.starts_with('/'))).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &Method, path: &str, expected: &str) {
        assert_eq!(Route::describe(route(method, path)), expected, "{method} {path}");
    }

    #[test]
    fn prefixes_case_and_trailing_slashes_do_not_matter() {
        for prefix in ["/v3", "/v3.0", "/api/v3", "/V3", "/API/v3"] {
            check(&Method::POST, &format!("{prefix}/Authorization/Authenticate"), "authenticate");
            check(&Method::POST, &format!("{prefix}/authorization/AUTHENTICATE/"), "authenticate");
            check(&Method::GET, &format!("{prefix}/devices/locations/"), "devices.locations");
        }
        check(&Method::GET, "/v33/devices", "outside");
        check(&Method::GET, "/devices", "outside");
    }

    #[test]
    fn ids_are_integers_and_logins_keep_their_case() {
        check(&Method::GET, "/v3/sectors/2", "sectors.get 2");
        check(&Method::GET, "/v3/sectors/a72f352b-a079-4533-9cb0-4203fa685794", "404");
        check(&Method::GET, "/v3/branches/99999999999", "404");
        check(&Method::GET, "/v3/Devices/Login/AGV%2007/", "devices.get_by_login AGV 07");
        check(&Method::GET, "/v3/devices/login", "404");
        check(&Method::GET, "/v3/configuration/account/a%2Fb/Key", "configuration.login a/b Key");
        check(&Method::GET, "/v3/configuration/branch/last-change", "configuration.branch last-change");
        check(&Method::GET, "/v3/configuration/theme/last-change", "configuration.last_change theme");
    }

    #[test]
    fn a_known_path_names_its_methods() {
        check(&Method::GET, "/v3/localization", "405 [POST]");
        check(&Method::POST, "/v3/authorization/token", "405 [GET, DELETE]");
        check(&Method::HEAD, "/v3/devices", "405 [GET, POST]");
        check(&Method::PUT, "/v3/devices/1", "405 [GET, PATCH, DELETE]");
        check(&Method::GET, "/v3/users", "405 [POST]");
        check(&Method::DELETE, "/v3/paths/1", "405 [GET]");
        check(&Method::GET, "/v3/plants", "404");
        check(&Method::GET, "/v3", "404");
    }
}
