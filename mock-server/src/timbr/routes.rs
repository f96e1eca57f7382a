//! Which path leads to which operation, §2: case-sensitive, with or without a trailing slash, never a redirect. The
//! paths themselves stand in `operation`.

use std::sync::LazyLock;

use http::Method;
use percent_encoding::percent_decode_str;

use crate::operation::{Operation, Route, TimbrOperation, Vendor};

/// Below these a path is Timbr's, whether it leads anywhere or not.
const PREFIXES: [&str; 2] = ["/timbr", "/timbr-server"];

/// A path, and the operations that it has.
struct Known {
    path: String,
    operations: Vec<Operation>,
}

static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let mut all: Vec<Known> = Vec::new();
    for operation in TimbrOperation::ALL {
        for path in operation.paths() {
            match all.iter_mut().find(|known| known.path == path) {
                Some(known) => known.operations.push(*operation),
                None => all.push(Known { path, operations: vec![*operation] }),
            }
        }
    }
    all
});

/// Finds the operation of a Timbr path; `None` if it is not one of Timbr's.
pub(crate) fn route(method: &Method, path: &str) -> Option<Route> {
    let path = path.strip_suffix('/').unwrap_or(path);
    if let Some(known) = KNOWN.iter().find(|known| fits(&known.path, path)) {
        return Some(Route::choose(method, &known.operations, segments(&known.path, path)));
    }
    let is_below =
        |prefix: &str| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    PREFIXES.into_iter().any(is_below).then_some(Route::Unknown(Vendor::Timbr))
}

fn fits(known: &str, path: &str) -> bool {
    let (mut known, mut path) = (known.split('/'), path.split('/'));
    loop {
        let is_same = match (known.next(), path.next()) {
            (None, None) => return true,
            (Some(variable), Some(segment)) if variable.starts_with('{') => !segment.is_empty(),
            (Some(text), Some(segment)) => text == segment,
            (None, Some(_)) | (Some(_), None) => false,
        };
        if !is_same {
            return false;
        }
    }
}

/// The variable segments of a path, decoded once: `A%2520b` is the name `A%20b`.
fn segments(known: &str, path: &str) -> Vec<String> {
    let variable = known.split('/').zip(path.split('/')).filter(|(name, _)| name.starts_with('{'));
    variable.map(|(_, segment)| percent_decode_str(segment).decode_utf8_lossy().into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &Method, path: &str, expected: &str) {
        assert_eq!(Route::describe(route(method, path)), expected, "{method} {path}");
    }

    #[test]
    fn paths_are_exact_but_for_the_last_slash() {
        check(&Method::POST, "/timbr/api/query/", "timbr.query");
        check(&Method::POST, "/timbr/api/query", "timbr.query");
        check(&Method::POST, "/timbr/api/query//", "404");
        check(&Method::POST, "/timbr/api/Query/", "404");
        check(&Method::GET, "/timbr/api/get_token", "405 [POST]");
        check(&Method::POST, "/timbr/openapi/ontology/A_basic/query", "timbr.openapi_query A_basic");
        check(&Method::POST, "/timbr/openapi/ontology/A%2520b/query/", "timbr.openapi_query A%20b");
        check(&Method::POST, "/timbr/openapi/ontology/A/b/query", "404");
        check(&Method::POST, "/timbr/openapi/ontology//query", "404");
        check(&Method::POST, "//timbr/api/query", "outside");
        check(&Method::POST, "/timbrel/api/query", "outside");
    }

    #[test]
    fn a_path_may_have_several_names_and_several_methods() {
        check(&Method::GET, "/timbr/api/q/o/concept/a%20b/", "timbr.concept o a b");
        check(&Method::GET, "/timbr/api/q/o/view/v", "timbr.view o v");
        check(&Method::GET, "/timbr/api/q/o/other/v", "404");
        check(&Method::GET, "/login/", "timbr.login_page");
        check(&Method::POST, "/login", "timbr.login");
        check(&Method::PUT, "/login", "405 [GET, POST]");
        check(&Method::GET, "/login/x", "outside");
        check(&Method::POST, "/timbr-server/log_agent/history", "timbr.log_agent history");
        check(&Method::POST, "/timbr-server", "404");
        check(&Method::POST, "/timbr-servers", "outside");
        check(&Method::POST, "/hive2", "outside");
    }
}
