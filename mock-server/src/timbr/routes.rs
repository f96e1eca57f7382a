//! Which path leads to which operation, §2: case-sensitive, with or without a trailing slash, never a redirect.

use http::Method;
use percent_encoding::percent_decode_str;
use wire::path as p;

use crate::operation::{Operation, Route, TimbrOperation, Vendor};

/// Finds the operation of a Timbr path; `None` if it is not one of Timbr's.
pub(crate) fn route(method: &Method, path: &str) -> Option<Route> {
    if path != "/timbr" && !path.starts_with("/timbr/") {
        return None;
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    let choose =
        |operation, segment| Some(Route::choose(method, &[Operation::Timbr(operation)], Vec::from_iter(segment)));
    match path {
        p::GET_TOKEN => choose(TimbrOperation::GetToken, None),
        p::QUERY => choose(TimbrOperation::Query, None),
        p::GET_ONTOLOGIES => choose(TimbrOperation::GetOntologies, None),
        _ => match openapi_ontology(path) {
            Some(ontology) => choose(TimbrOperation::OpenapiQuery, Some(ontology)),
            None => Some(Route::Unknown(Vendor::Timbr)),
        },
    }
}

/// The name between the two fixed parts, decoded once: `A%2520b` is the name `A%20b`.
fn openapi_ontology(path: &str) -> Option<String> {
    let name = path.strip_prefix(p::OPENAPI_ONTOLOGY)?.strip_prefix('/')?.strip_suffix("/query")?;
    let one_segment = !name.is_empty() && !name.contains('/');
    one_segment.then(|| percent_decode_str(name).decode_utf8_lossy().into_owned())
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
        check(&Method::POST, "/timbr/api/Query/", "404");
        check(&Method::GET, "/timbr/api/get_token", "405 [POST]");
        check(&Method::POST, "/timbr/openapi/ontology/A_basic/query", "timbr.openapi_query A_basic");
        check(&Method::POST, "/timbr/openapi/ontology/A%2520b/query/", "timbr.openapi_query A%20b");
        check(&Method::POST, "/timbr/openapi/ontology/A/b/query", "404");
        check(&Method::POST, "/timbr/openapi/ontology//query", "404");
        check(&Method::POST, "//timbr/api/query", "outside");
        check(&Method::POST, "/timbrel/api/query", "outside");
    }
}
