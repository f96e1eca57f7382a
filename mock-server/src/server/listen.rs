//! Which sockets to open, and under which URL they are announced.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::TcpListener;

use super::StartError;
use crate::admin::name_of;

/// A socket with the address it really got.
pub(super) type Bound = (TcpListener, SocketAddr);

/// How often a port that the system chose for one address may turn out to be taken on the next.
const ATTEMPTS: usize = 16;

/// Opens every address on one port. A machine without IPv6 does without `::1`.
pub(super) async fn bind(hosts: &[IpAddr], port: u16) -> Result<Vec<Bound>, StartError> {
    let mut attempt = 1;
    loop {
        match bind_all(hosts, port).await {
            Err(StartError::Listen { cause, .. })
                if port == 0 && attempt < ATTEMPTS && cause.kind() == io::ErrorKind::AddrInUse =>
            {
                attempt += 1;
            }
            result => return result,
        }
    }
}

/// Opens the admin API's own port.
pub(super) async fn bind_admin(port: u16) -> Result<Bound, StartError> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    open(address).await.map_err(|cause| StartError::Listen { address, cause })
}

/// The URL that clients are told: the public one, with the real port in place of 0, or the first address.
pub(super) fn base_url(public: Option<&str>, first: SocketAddr) -> Result<String, StartError> {
    let Some(public) = public else {
        return Ok(format!("http://{}", reachable(first)));
    };
    let invalid = || StartError::PublicUrl(public.to_owned());
    let uri: http::Uri = public.parse().map_err(|_| invalid())?;
    let authority = uri.authority().ok_or_else(invalid)?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) || uri.query().is_some() {
        return Err(invalid());
    }
    let authority = match authority.port_u16() {
        Some(0) => format!("{}:{}", authority.host(), first.port()),
        _ => authority.to_string(),
    };
    let path = uri.path().trim_end_matches('/');
    Ok(format!("{}://{authority}{path}", uri.scheme_str().unwrap_or("http")))
}

/// The host name in a base URL.
pub(super) fn host_of(base_url: &str) -> &str {
    let authority = base_url.split("://").nth(1).unwrap_or(base_url);
    name_of(authority.split('/').next().unwrap_or(authority))
}

/// `0.0.0.0` is where to listen, not where to connect to.
fn reachable(address: SocketAddr) -> SocketAddr {
    if !address.ip().is_unspecified() {
        return address;
    }
    let loopback: IpAddr = if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
    SocketAddr::from((loopback, address.port()))
}

async fn bind_all(hosts: &[IpAddr], port: u16) -> Result<Vec<Bound>, StartError> {
    let mut bound: Vec<Bound> = Vec::new();
    for host in hosts {
        let port = bound.first().map_or(port, |(_, address)| address.port());
        let address = SocketAddr::from((*host, port));
        match open(address).await {
            Ok(listener) => bound.push(listener),
            Err(cause) if *host == Ipv6Addr::LOCALHOST && !bound.is_empty() && no_such_address(&cause) => {
                tracing::debug!("not listening on ::1: {cause}");
            }
            Err(cause) => return Err(StartError::Listen { address, cause }),
        }
    }
    Ok(bound)
}

async fn open(address: SocketAddr) -> io::Result<Bound> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

fn no_such_address(error: &io::Error) -> bool {
    // "Address family not supported" has no stable kind of its own.
    error.kind() == io::ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(97)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_url_takes_the_real_port_for_zero() {
        let first = "127.0.0.1:4711".parse().unwrap();
        let url = |public| base_url(public, first).map_err(|error| error.to_string());
        assert_eq!(url(None).unwrap(), "http://127.0.0.1:4711");
        assert_eq!(url(Some("http://mock.test:0/")).unwrap(), "http://mock.test:4711");
        assert_eq!(url(Some("https://mock.test/base/")).unwrap(), "https://mock.test/base");
        for bad in ["mock.test", "ftp://mock.test", "http://", "/path"] {
            assert!(url(Some(bad)).is_err(), "{bad}");
        }
        assert_eq!(base_url(None, "0.0.0.0:80".parse().unwrap()).unwrap(), "http://127.0.0.1:80");
        assert_eq!(host_of("http://mock.test:4711/base"), "mock.test");
    }
}
