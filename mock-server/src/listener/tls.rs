//! TLS for listeners: with a certificate that is given, or with one that is made and signed by an authority that lives
//! as long as the process.

use std::sync::{Arc, OnceLock};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::{self, ServerConfig};

use super::spec::{TlsFault, TlsSpec};
use crate::clock;
use crate::connection::Handshake;

/// Signs certificates; made when the first is asked for.
#[derive(Debug, Default)]
pub(crate) struct Authority(OnceLock<Result<Signer, String>>);

#[derive(Debug)]
struct Signer {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A listener's TLS.
pub(crate) struct Tls {
    pub(crate) acceptor: TlsAcceptor,
    /// What to trust, if the certificate was made here.
    pub(crate) ca_pem: Option<String>,
    pub(crate) handshake: Handshake,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InvalidTls {
    #[error("tls: give certificate and key together, or names, or neither")]
    Mixed,
    #[error("tls.fault: it is about a certificate that is made; leave certificate and key out")]
    Given,
    #[error("tls.names: the names of wrong_host are chosen so that they are wrong; leave them out")]
    WrongNames,
    #[error("tls.certificate: this is no PEM certificate: {0}")]
    Certificate(String),
    #[error("tls.key: this is no PEM private key: {0}")]
    Key(String),
    #[error("tls: {0}")]
    Rejected(#[from] rustls::Error),
    #[error("tls.names: no certificate can be made: {0}")]
    Made(String),
}

const DEFAULT_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// Nobody can have it: RFC 2606.
const WRONG_NAMES: [&str; 1] = ["wrong-host.invalid"];
/// A certificate's time is counted in days; this many lie between it and any clock.
const MARGIN: SignedDuration = SignedDuration::from_hours(2 * 24);
/// How long a certificate is valid whose time is over, or has not come.
const VALIDITY: SignedDuration = SignedDuration::from_hours(90 * 24);

// === impl Authority ===

impl Authority {
    /// The TLS of a listener whose sandbox has this time.
    pub(crate) fn tls(&self, spec: &TlsSpec, now: Timestamp, http2: bool) -> Result<Tls, InvalidTls> {
        let handshake = match spec.fault {
            Some(TlsFault::HandshakeStall) => Handshake::Stall,
            Some(TlsFault::HandshakeAbort) => Handshake::Abort,
            Some(TlsFault::HandshakeReset) => Handshake::Reset,
            Some(TlsFault::Expired | TlsFault::NotYetValid | TlsFault::WrongHost | TlsFault::UnknownCa) | None => {
                Handshake::Serve
            }
        };
        let is_flawed = spec.fault.is_some() && handshake == Handshake::Serve;
        let (chain, key, ca_pem) = match (&spec.names, &spec.certificate, &spec.key) {
            (None, Some(_), Some(_)) if is_flawed => return Err(InvalidTls::Given),
            (None, Some(certificate), Some(key)) => {
                let (chain, key) = read(certificate, key)?;
                (chain, key, None)
            }
            (Some(_), None, None) if spec.fault == Some(TlsFault::WrongHost) => return Err(InvalidTls::WrongNames),
            (names, None, None) => {
                let default: &[&str] =
                    if spec.fault == Some(TlsFault::WrongHost) { &WRONG_NAMES } else { &DEFAULT_NAMES };
                let default = || default.iter().map(|name| (*name).to_owned()).collect();
                let (chain, key, ca_pem) = self.make(names.clone().unwrap_or_else(default), spec.fault, now)?;
                (chain, key, Some(ca_pem))
            }
            _ => return Err(InvalidTls::Mixed),
        };
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        let protocols: &[&[u8]] = if http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), ca_pem, handshake })
    }

    fn make(
        &self,
        names: Vec<String>,
        fault: Option<TlsFault>,
        now: Timestamp,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>, String), InvalidTls> {
        let made = |error: rcgen::Error| InvalidTls::Made(error.to_string());
        let signer =
            self.0.get_or_init(|| Signer::new("mock-server, for tests only").map_err(|error| error.to_string()));
        let signer = signer.as_ref().map_err(|error| InvalidTls::Made(error.clone()))?;
        let is_name = |name: &String| ServerName::try_from(name.as_str()).is_ok();
        if let Some(wrong) = names.iter().find(|name| !is_name(name)) {
            return Err(InvalidTls::Made(format!("{wrong:?} is no host name and no address")));
        }
        if names.is_empty() {
            return Err(InvalidTls::Made("give at least one".to_owned()));
        }
        let mut params = CertificateParams::new(names).map_err(made)?;
        params.distinguished_name.push(DnType::CommonName, "mock-server");
        let real = clock::real_now();
        let day = |time: Timestamp, by: SignedDuration| {
            let date = time.checked_add(by).unwrap_or(time).to_zoned(TimeZone::UTC).date();
            let number = |number: i8| u8::try_from(number).unwrap_or(1);
            // No certificate can name another year.
            date_time_ymd(date.year().clamp(1, 9998).into(), number(date.month()), number(date.day()))
        };
        if fault == Some(TlsFault::Expired) {
            params.not_after = day(now.min(real), -MARGIN);
            params.not_before = day(now.min(real), -(MARGIN + VALIDITY));
        } else if fault == Some(TlsFault::NotYetValid) {
            params.not_before = day(now.max(real), MARGIN);
            params.not_after = day(now.max(real), MARGIN + VALIDITY);
        }
        let key = KeyPair::generate().map_err(made)?;
        let stranger =
            (fault == Some(TlsFault::UnknownCa)).then(|| Signer::new("a stranger")).transpose().map_err(made)?;
        let issuer = &stranger.as_ref().unwrap_or(signer).issuer;
        let certificate = params.signed_by(&key, issuer).map_err(made)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok((vec![certificate.der().clone()], key, signer.pem.clone()))
    }
}

// === impl Signer ===

impl Signer {
    fn new(name: &str) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), pem })
    }
}

fn read(certificate: &str, key: &str) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), InvalidTls> {
    let bad = |error: &dyn std::fmt::Display| InvalidTls::Certificate(error.to_string());
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(certificate.as_bytes()).collect();
    let chain = chain.map_err(|error| bad(&error))?;
    if chain.is_empty() {
        return Err(bad(&"there is none in it"));
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| InvalidTls::Key(error.to_string()))?;
    Ok((chain, key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_certificate_is_said() {
        let refused = |json: &str| {
            let spec: TlsSpec = serde_json::from_str(json).unwrap();
            Authority::default().tls(&spec, Timestamp::UNIX_EPOCH, false).map(|tls| tls.ca_pem).unwrap_err().to_string()
        };
        assert!(refused(r#"{"certificate":"x"}"#).starts_with("tls: give certificate and key together"));
        assert!(refused(r#"{"certificate":"x","key":"y"}"#).starts_with("tls.certificate: this is no PEM certificate"));
        for names in [r#"["ü"]"#, r#"[""]"#, r#"["not a name!"]"#, "[]"] {
            let json = format!(r#"{{"names":{names}}}"#);
            let refused = refused(&json);
            assert!(refused.starts_with("tls.names: no certificate can be made"), "{names}: {refused}");
        }
    }
}
