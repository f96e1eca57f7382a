//! Which path leads to which operation, §1: three prefixes, no regard to case, a trailing slash tolerated.

use http::{Method, StatusCode};
use percent_encoding::percent_decode_str;

use crate::answer::Answer;
use crate::operation::{Operation, Route, TwinzoOperation as Op, Vendor};

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

fn find(method: &Method, path: &str) -> Route {
    use wire::path as p;

    let choose = |operation, segment| Route::choose(method, &[Operation::Twinzo(operation)], segment);
    if path.eq_ignore_ascii_case(p::TOKEN) {
        return Route::choose(method, &[Op::Refresh, Op::DeleteToken].map(Operation::Twinzo), None);
    }
    for (known, operation) in [
        (p::LOCALIZATION, Op::Localization),
        (p::LOCALIZATION_BATCH, Op::LocalizationBatch),
        (p::AUTHENTICATE, Op::Authenticate),
        (p::DEVICES, Op::DevicesList),
        (p::DEVICE_LOCATIONS, Op::DevicesLocations),
        (p::BRANCHES, Op::BranchesList),
        (p::SECTORS, Op::SectorsList),
        (p::CLIENTS, Op::ClientsList),
    ] {
        if path.eq_ignore_ascii_case(known) {
            return choose(operation, None);
        }
    }
    let Some((collection, last)) = path.rsplit_once('/') else {
        return Route::Unknown(Vendor::Twinzo);
    };
    if collection.eq_ignore_ascii_case(p::DEVICES_BY_LOGIN) {
        return choose(Op::DevicesGetByLogin, Some(percent_decode_str(last).decode_utf8_lossy().into_owned()));
    }
    let known = [(p::DEVICES, Op::DevicesGet), (p::BRANCHES, Op::BranchesGet), (p::SECTORS, Op::SectorsGet)];
    match known.into_iter().find(|(name, _)| collection.eq_ignore_ascii_case(name)) {
        // The id is a routed integer: anything else is no route at all.
        Some((_, operation)) if last.parse::<i32>().is_ok() => choose(operation, Some(last.to_owned())),
        _ => Route::Unknown(Vendor::Twinzo),
    }
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
    }

    #[test]
    fn a_known_path_names_its_methods() {
        check(&Method::GET, "/v3/localization", "405 [POST]");
        check(&Method::POST, "/v3/authorization/token", "405 [GET, DELETE]");
        check(&Method::HEAD, "/v3/devices", "405 [GET]");
        check(&Method::DELETE, "/v3/devices/1", "405 [GET]");
        check(&Method::GET, "/v3/plants", "404");
        check(&Method::GET, "/v3", "404");
    }
}
