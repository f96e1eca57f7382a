//! Which URLs clients are told, and which of them a request came by.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use http::HeaderMap;
use http::header::HOST;

use crate::sandbox::DEFAULT;

/// The URLs of a server.
#[derive(Clone, Debug)]
pub(crate) struct Urls {
    /// Base URL of both vendors.
    pub(crate) base: String,
    /// `https` where the vendors' port speaks TLS.
    pub(crate) scheme: &'static str,
    /// Whether `base` was configured; else the `Host` of a request says by which name the server is known.
    pub(crate) is_public: bool,
    /// Whether admin calls come in by the vendors' port.
    pub(crate) is_shared: bool,
}

/// A URL that is no base URL.
#[derive(Clone, Debug)]
pub(crate) struct NotABaseUrl;

// === impl Urls ===

impl Urls {
    /// The base URL to tell whoever sent these headers to the admin API.
    pub(crate) fn base_for(&self, headers: &HeaderMap) -> String {
        if self.is_shared { self.vendors_base_for(headers) } else { self.base.clone() }
    }

    /// The base URL of a sandbox.
    pub(crate) fn base_of(&self, headers: &HeaderMap, sandbox: &str) -> String {
        below(self.base_for(headers), sandbox)
    }

    /// The base URL to tell whoever sent these headers to the vendors' port.
    pub(crate) fn vendors_base_for(&self, headers: &HeaderMap) -> String {
        match host(headers) {
            Some(host) if !self.is_public => format!("{}://{host}", self.scheme),
            _ => self.base.clone(),
        }
    }

    /// The same of a sandbox.
    pub(crate) fn vendors_base_of(&self, headers: &HeaderMap, sandbox: &str) -> String {
        below(self.vendors_base_for(headers), sandbox)
    }

    /// The base URL to tell whoever sent these headers to a listener of a sandbox's own.
    pub(crate) fn base_of_own(&self, headers: &HeaderMap, scheme: &str, sandbox: &str) -> String {
        match host(headers) {
            Some(host) => format!("{scheme}://{host}"),
            None => below(self.base.clone(), sandbox),
        }
    }

    /// The URL of another port, by the name that the server is known by.
    pub(crate) fn at_port(&self, headers: &HeaderMap, scheme: &str, address: SocketAddr) -> String {
        let base = self.base_for(headers);
        let name = host_of(&base);
        let is_name = name.trim_matches(['[', ']']).parse::<IpAddr>().is_err();
        if is_name || address.ip().is_unspecified() {
            format!("{scheme}://{name}:{}", address.port())
        } else {
            format!("{scheme}://{address}")
        }
    }
}

/// The name that a request came by.
fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(HOST).and_then(|host| host.to_str().ok()).filter(|host| !host.is_empty())
}

fn below(base: String, sandbox: &str) -> String {
    if sandbox == DEFAULT { base } else { format!("{base}/sandbox/{sandbox}") }
}

/// The URL that clients are told: the public one, with the real port in place of 0, or the first address.
pub(crate) fn base_url(public: Option<&str>, scheme: &str, first: SocketAddr) -> Result<String, NotABaseUrl> {
    let Some(public) = public else {
        return Ok(format!("{scheme}://{}", reachable(first)));
    };
    let uri: http::Uri = public.parse().map_err(|_| NotABaseUrl)?;
    let authority = uri.authority().ok_or(NotABaseUrl)?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.query().is_some() {
        return Err(NotABaseUrl);
    }
    let authority = match authority.port_u16() {
        Some(0) => format!("{}:{}", authority.host(), first.port()),
        _ => authority.to_string(),
    };
    let path = uri.path().trim_end_matches('/');
    Ok(format!("{}://{authority}{path}", uri.scheme_str().unwrap_or("http")))
}

/// The host name in a base URL.
pub(crate) fn host_of(base_url: &str) -> &str {
    let authority = base_url.split("://").nth(1).unwrap_or(base_url);
    name_of(authority.split('/').next().unwrap_or(authority))
}

/// The name or address in `name:port`.
pub(crate) fn name_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') => name,
        _ => authority,
    }
}

/// `0.0.0.0` is where to listen, not where to connect to.
fn reachable(address: SocketAddr) -> SocketAddr {
    if !address.ip().is_unspecified() {
        return address;
    }
    let loopback: IpAddr = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    SocketAddr::from((loopback, address.port()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_url_takes_the_real_port_for_zero() {
        let first = "127.0.0.1:4711".parse().unwrap();
        let url = |public| base_url(public, "http", first).map_err(|_| ());
        assert_eq!(url(None).unwrap(), "http://127.0.0.1:4711");
        assert_eq!(url(Some("http://mock.test:0/")).unwrap(), "http://mock.test:4711");
        assert_eq!(url(Some("https://mock.test/base/")).unwrap(), "https://mock.test/base");
        for bad in ["mock.test", "ftp://mock.test", "http://", "/path"] {
            assert!(url(Some(bad)).is_err(), "{bad}");
        }
        assert_eq!(base_url(None, "http", "0.0.0.0:80".parse().unwrap()).unwrap(), "http://127.0.0.1:80");
        assert_eq!(host_of("http://mock.test:4711/base"), "mock.test");
    }

    #[test]
    fn urls_follow_the_name_that_a_request_came_by() {
        let mut urls =
            Urls { base: "http://127.0.0.1:8080".to_owned(), scheme: "http", is_public: false, is_shared: true };
        let headers = |host: &'static str| HeaderMap::from_iter([(HOST, http::HeaderValue::from_static(host))]);
        let port = "0.0.0.0:9000".parse().unwrap();
        assert_eq!(urls.base_for(&headers("mock:80")), "http://mock:80");
        assert_eq!(urls.at_port(&headers("mock:80"), "https", port), "https://mock:9000");
        assert_eq!(urls.at_port(&headers("[::1]:80"), "http", port), "http://[::1]:9000");
        let loopback = "127.0.0.1:9000".parse().unwrap();
        assert_eq!(urls.at_port(&headers("[::1]:80"), "http", loopback), "http://127.0.0.1:9000");
        urls.is_shared = false;
        assert_eq!(urls.base_for(&headers("127.0.0.1:9999")), "http://127.0.0.1:8080");
        assert_eq!(urls.vendors_base_of(&headers("mock:80"), "default"), "http://mock:80");
        assert_eq!(urls.vendors_base_of(&headers("mock:80"), "t1"), "http://mock:80/sandbox/t1");
        assert_eq!(urls.base_of_own(&headers("mock:81"), "https", "t1"), "https://mock:81");
        assert_eq!(urls.base_of_own(&HeaderMap::new(), "https", "t1"), "http://127.0.0.1:8080/sandbox/t1");
        urls.is_public = true;
        assert_eq!(urls.vendors_base_for(&headers("mock:80")), "http://127.0.0.1:8080");
    }
}
