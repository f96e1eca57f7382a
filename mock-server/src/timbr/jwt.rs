//! `x-jwt-token`: a JWT in place of a user's token, §3.
//!
//! The tenant's header chooses the key, and the key chooses the algorithms: nothing that the JWT says of itself, its `alg`
//! and `kid`, has a voice in that.

mod algorithm;
mod mint;
mod spec;
#[cfg(test)]
mod tests;
mod token;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jsonwebtoken::{AlgorithmFamily, DecodingKey};
use secrecy::{ExposeSecret, SecretString};

use crate::reason::{Reason, Refused};
use spec::is_pem;
use token::{Claims, Token};

pub use algorithm::{JwtAlgorithm, JwtAlgorithms, UnknownAlgorithm};
pub use mint::{CannotSign, JwtClaims, JwtSigner};
pub use spec::{JwtSpec, JwtTenantSpec, UserClaim};

/// What JWTs are read with.
#[derive(Debug)]
pub(crate) struct JwtReader {
    /// For JWTs without a tenant.
    default: Option<Verifier>,
    tenants: BTreeMap<String, Verifier>,
    issuer: Option<String>,
    user_claim: UserClaim,
    use_tenant_user: bool,
    leeway_s: f64,
}

/// One key, and what goes with it.
#[derive(Clone, Debug)]
struct Verifier {
    key: DecodingKey,
    algorithms: JwtAlgorithms,
    audience: Option<String>,
}

/// Whom a JWT names.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Named {
    pub(crate) claim: UserClaim,
    pub(crate) user: String,
}

/// A key that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{member}: {problem}")]
pub struct InvalidJwt {
    /// Where it stands.
    pub member: String,
    /// What is wrong with it.
    pub problem: String,
}

// === impl JwtReader ===

impl JwtReader {
    /// Makes what reads JWTs; `None` if there is no key at all.
    pub(crate) fn compile(spec: &JwtSpec) -> Result<Option<Self>, InvalidJwt> {
        let audience = spec.audience.as_ref();
        let place = "timbr.jwt";
        if spec.key_file.is_some() {
            return Err(misplaced(place, spec.key.as_ref()));
        }
        let default = spec.key.as_ref().map(|key| Verifier::new(place, key, &spec.algorithms, audience)).transpose()?;
        let mut tenants = BTreeMap::new();
        for (id, tenant) in &spec.tenants {
            let place = format!("{place}.tenants.{id}");
            if tenant.key_file.is_some() {
                return Err(misplaced(&place, tenant.key.as_ref()));
            }
            let no_key =
                || InvalidJwt { member: format!("{place}.key"), problem: "there is none, nor in timbr.jwt".into() };
            let key = tenant.key.as_ref().or(spec.key.as_ref()).ok_or_else(no_key)?;
            let algorithms = tenant.algorithms.as_ref().unwrap_or(&spec.algorithms);
            let audience = tenant.audience.as_ref().or(audience);
            tenants.insert(id.clone(), Verifier::new(&place, key, algorithms, audience)?);
        }
        if default.is_none() && tenants.is_empty() {
            return Ok(None);
        }
        let leeway_s = spec.leeway.map_or(0.0, |leeway| leeway.signed().as_secs_f64());
        let JwtSpec { issuer, user_claim, use_tenant_user, .. } = spec;
        let (issuer, user_claim, use_tenant_user) = (issuer.clone(), *user_claim, *use_tenant_user);
        Ok(Some(Self { default, tenants, issuer, user_claim, use_tenant_user, leeway_s }))
    }

    /// Whom a JWT names, if it is good at this time.
    pub(crate) fn read(&self, text: &str, tenant: Option<&str>, now: Timestamp) -> Result<Named, Refused> {
        let malformed = |why: &str| Reason::JwtMalformed.because(format!("the JWT cannot be read: {why}"));
        let token = Token::parse(text).map_err(malformed)?;
        let verifier = self.verifier(tenant)?;
        verifier.verify(&token)?;
        let claims = token.claims().map_err(|why| malformed(&why))?;
        self.in_force(&claims, now)?;
        if let Some(issuer) = self.issuer.as_ref().filter(|issuer| claims.iss.as_ref() != Some(issuer)) {
            let found = claims.iss.as_ref().map_or_else(|| "it has none".to_owned(), |iss| format!("it is {iss:?}"));
            return Err(Reason::JwtIssuerWrong.because(format!("iss must be {issuer:?}, and {found}")));
        }
        if let Some(wanted) = &verifier.audience
            && !claims.aud.as_ref().is_some_and(|aud| aud.holds(wanted))
        {
            return Err(Reason::JwtAudienceWrong.because(format!("aud must hold {wanted:?}, and does not")));
        }
        self.named(claims, tenant)
    }

    fn verifier(&self, tenant: Option<&str>) -> Result<&Verifier, Refused> {
        match tenant {
            Some(id) => self.tenants.get(id).ok_or_else(|| {
                Reason::JwtTenantUnknown.because(format!("x-jwt-tenant-id is {id:?}, and timbr.jwt has no such tenant"))
            }),
            None => self.default.as_ref().ok_or_else(|| {
                Reason::JwtTenantUnknown
                    .because("there is no x-jwt-tenant-id, and timbr.jwt has no key without a tenant")
            }),
        }
    }

    /// `exp` is the first moment at which the JWT is no longer good (RFC 7519).
    fn in_force(&self, claims: &Claims, now: Timestamp) -> Result<(), Refused> {
        let now_s = now.as_duration().as_secs_f64();
        if let Some(exp) = claims.exp.filter(|exp| now_s >= exp + self.leeway_s) {
            return Err(Reason::JwtExpired.because(format!("the JWT ended at {}, and it is {now}", shown(exp))));
        }
        for (name, time) in [("nbf", claims.nbf), ("iat", claims.iat)] {
            if let Some(time) = time.filter(|time| now_s + self.leeway_s < *time) {
                let detail = format!("{name} of the JWT is {}, and it is {now}", shown(time));
                return Err(Reason::JwtNotYetValid.because(detail));
            }
        }
        Ok(())
    }

    fn named(&self, claims: Claims, tenant: Option<&str>) -> Result<Named, Refused> {
        let claim = self.user_claim;
        let (name, user) = match claim {
            UserClaim::Username => ("username", claims.username),
            UserClaim::Email => ("email", claims.email),
        };
        let none = || {
            Reason::JwtUserMissing.because(format!("the JWT has no claim {name}, which timbr.jwt.user_claim asks for"))
        };
        let user = user.filter(|user| !user.is_empty()).ok_or_else(none)?;
        Ok(match tenant.filter(|_| self.use_tenant_user) {
            Some(tenant) => Named { claim: UserClaim::Username, user: format!("{tenant}/{user}") },
            None => Named { claim, user },
        })
    }
}

// === impl Verifier ===

impl Verifier {
    fn new(
        place: &str,
        key: &SecretString,
        algorithms: &JwtAlgorithms,
        audience: Option<&String>,
    ) -> Result<Self, InvalidJwt> {
        let invalid = |problem: String| InvalidJwt { member: format!("{place}.key"), problem };
        let key = decoding_key(key.expose_secret(), algorithms).map_err(invalid)?;
        for algorithm in algorithms.iter() {
            // Nothing is verified: a key of another curve is found before the first JWT comes.
            let tried = jsonwebtoken::crypto::verify("", b"", &key, algorithm.inner());
            tried.map_err(|error| invalid(format!("it does not fit {algorithm}: {error}")))?;
        }
        Ok(Self { key, algorithms: algorithms.clone(), audience: audience.cloned() })
    }

    fn verify(&self, token: &Token<'_>) -> Result<(), Refused> {
        let allowed = |algorithm: &JwtAlgorithm| algorithm.to_string() == token.algorithm;
        let algorithm = self.algorithms.iter().find(allowed).ok_or_else(|| {
            let detail = format!("the JWT's alg is {:?}; allowed: {}", token.algorithm, self.algorithms);
            Reason::JwtAlgorithmRefused.because(detail)
        })?;
        let verified =
            jsonwebtoken::crypto::verify(token.signature, token.signed.as_bytes(), &self.key, algorithm.inner());
        match verified {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => {
                Err(Reason::JwtSignatureWrong.because("another key signed the JWT, or it was changed"))
            }
        }
    }
}

fn decoding_key(key: &str, algorithms: &JwtAlgorithms) -> Result<DecodingKey, String> {
    let (algorithm, unfit) = (algorithms.first(), |error| format!("it is no public key for {algorithms}: {error}"));
    match (algorithm.family(), is_pem(key)) {
        _ if key.is_empty() => Err("it is empty".to_owned()),
        // Whoever knows the public key could sign with it.
        (AlgorithmFamily::Hmac, true) => Err(format!("it is a PEM text, and {algorithm} wants a secret")),
        (AlgorithmFamily::Hmac, false) => Ok(DecodingKey::from_secret(key.as_bytes())),
        (_, false) => {
            Err(format!("it is no PEM text, and {algorithm} wants a public key; for a secret, set algorithms"))
        }
        (_, true) if !key.contains("PUBLIC KEY-----") => {
            Err("it is no public key (BEGIN PUBLIC KEY); a private key and a certificate hold one".to_owned())
        }
        (AlgorithmFamily::Rsa, true) => DecodingKey::from_rsa_pem(key.as_bytes()).map_err(unfit),
        (_, true) => DecodingKey::from_ec_pem(key.as_bytes()).map_err(unfit),
    }
}

/// A configuration's files are read with it; a path that is still there has no file to go with.
fn misplaced(place: &str, key: Option<&SecretString>) -> InvalidJwt {
    let problem = match key {
        Some(_) => "give key or key_file, not both",
        None => "only a configuration file can name a file; give the text as key",
    };
    InvalidJwt { member: format!("{place}.key_file"), problem: problem.to_owned() }
}

/// Unix seconds as a time, if they are one.
fn shown(seconds: f64) -> String {
    let time = jiff::SignedDuration::try_from_secs_f64(seconds).ok().and_then(|at| Timestamp::from_duration(at).ok());
    time.map_or_else(|| format!("{seconds} s"), |time| time.to_string())
}
