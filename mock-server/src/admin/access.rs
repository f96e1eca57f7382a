//! Who may steer: the guard before every admin call.
//!
//! A browser that visits a hostile page can send requests to loopback. What gives it away is a foreign `Host` (DNS
//! rebinding), a foreign `Origin`, or a body of a type that a form can send.

use std::net::IpAddr;
use std::sync::Arc;

use axum::body::HttpBody;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, ORIGIN, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::AdminProblem;
use crate::app::App;
use crate::url::name_of;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What an admin call must show.
#[derive(Clone, Default)]
pub(crate) struct Access {
    /// Bearer token; none is asked for if absent.
    pub(crate) token: Option<SecretString>,
    /// Host names that are ours beside loopback names and addresses.
    pub(crate) hosts: Vec<String>,
}

/// Lets a call through, or says why not.
pub(super) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    // Over HTTP/2 no header need say that a body comes.
    let has_body = !request.body().is_end_stream();
    match app.access.check(request.method(), request.headers(), has_body) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

// === impl Access ===

impl Access {
    fn check(&self, method: &Method, headers: &HeaderMap, has_body: bool) -> Result<(), AdminProblem> {
        let text = |name: &HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let host = text(&HOST).unwrap_or_default();
        let unreadable = headers.contains_key(HOST) && text(&HOST).is_none();
        if unreadable || !self.is_ours(host) {
            return Err(forbidden(format!(
                "the Host {host:?} is not one of this server's names; if it should be, start it with --allow-host {}",
                name_of(host)
            )));
        }
        let origin = text(&ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, authority)| authority);
        let cross_site = text(&SEC_FETCH_SITE).is_some_and(|site| site == "cross-site" || site == "same-site");
        if cross_site || (headers.contains_key(ORIGIN) && origin != Some(host)) {
            return Err(forbidden("requests from pages of other sites are refused".to_owned()));
        }
        if let Some(expected) = &self.token {
            let given = text(&AUTHORIZATION).and_then(bearer);
            if !given.is_some_and(|given| bool::from(given.as_bytes().ct_eq(expected.expose_secret().as_bytes()))) {
                let detail = "this server wants Authorization: Bearer with the token of --admin-token";
                return Err(AdminProblem::new(StatusCode::UNAUTHORIZED, detail));
            }
        }
        let has_body = has_body
            || text(&CONTENT_LENGTH).is_some_and(|length| length != "0")
            || headers.contains_key(TRANSFER_ENCODING);
        if has_body && method != Method::GET {
            let given = text(&CONTENT_TYPE).unwrap_or_default();
            let essence = given.split(';').next().unwrap_or_default().trim();
            if !essence.eq_ignore_ascii_case("application/json") {
                let detail = format!(
                    "the body must be application/json, not {given:?} (with curl: -H 'Content-Type: application/json')"
                );
                return Err(AdminProblem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
            }
        }
        Ok(())
    }

    /// An address cannot be rebound by DNS; a name can, so it must be known.
    fn is_ours(&self, host: &str) -> bool {
        let name = name_of(host);
        let address = name.trim_start_matches('[').trim_end_matches(']');
        name.is_empty()
            || name.eq_ignore_ascii_case("localhost")
            || address.parse::<IpAddr>().is_ok()
            || self.hosts.iter().any(|ours| ours.eq_ignore_ascii_case(name))
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("hosts", &self.hosts).finish_non_exhaustive()
    }
}

/// The token of an `Authorization: Bearer` header; the scheme's case and the number of blanks do not matter.
fn bearer(header: &str) -> Option<&str> {
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

fn forbidden(detail: String) -> AdminProblem {
    AdminProblem::new(StatusCode::FORBIDDEN, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(access: &Access, method: &Method, headers: &[(&'static str, &str)]) -> u16 {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        match access.check(method, &map, false) {
            Ok(()) => 200,
            Err(problem) => problem.into_response().status().as_u16(),
        }
    }

    #[test]
    fn hosts_are_loopback_addresses_or_allowed_by_name() {
        let access = Access { token: None, hosts: vec!["mock.test".to_owned()] };
        for (host, expected) in [
            ("127.0.0.1:8080", 200),
            ("localhost:8080", 200),
            ("LOCALHOST", 200),
            ("[::1]:8080", 200),
            ("[::1]", 200),
            ("10.0.0.7:80", 200),
            ("mock.test:8080", 200),
            ("evil.test:8080", 403),
            ("localhost.evil.test", 403),
        ] {
            assert_eq!(status(&access, &Method::GET, &[("host", host)]), expected, "{host}");
        }
    }

    #[test]
    fn pages_of_other_sites_are_refused() {
        let access = Access::default();
        let host = ("host", "localhost:8080");
        for (header, expected) in [
            (("origin", "http://localhost:8080"), 200),
            (("origin", "http://evil.test"), 403),
            (("origin", "null"), 403),
            (("sec-fetch-site", "cross-site"), 403),
            (("sec-fetch-site", "same-origin"), 200),
            (("sec-fetch-site", "none"), 200),
        ] {
            assert_eq!(status(&access, &Method::POST, &[host, header]), expected, "{header:?}");
        }
    }

    #[test]
    fn bodies_are_json_and_tokens_exact() {
        let open = Access::default();
        let length = ("content-length", "2");
        assert_eq!(status(&open, &Method::POST, &[length]), 415);
        assert_eq!(status(&open, &Method::POST, &[length, ("content-type", "text/plain")]), 415);
        assert_eq!(status(&open, &Method::POST, &[length, ("content-type", "application/json; charset=utf-8")]), 200);
        assert_eq!(status(&open, &Method::POST, &[("content-length", "0")]), 200);
        let closed = Access { token: Some("abc".into()), hosts: Vec::new() };
        assert_eq!(status(&closed, &Method::GET, &[]), 401);
        assert_eq!(status(&closed, &Method::GET, &[("authorization", "Bearer abd")]), 401);
        assert_eq!(status(&closed, &Method::GET, &[("authorization", "Bearer abc")]), 200);
        assert_eq!(status(&closed, &Method::GET, &[("authorization", "bearer  abc")]), 200);
        assert_eq!(status(&closed, &Method::GET, &[("authorization", "Bearer")]), 401);
    }
}
