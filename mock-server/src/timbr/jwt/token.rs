//! A JWT in its parts. It is taken apart once: what was verified is what is read.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::json::{Members, Names};

/// A JWT, taken apart and not yet verified.
#[derive(Debug)]
pub(super) struct Token<'t> {
    /// As the header names it.
    pub(super) algorithm: String,
    /// What is signed.
    pub(super) signed: &'t str,
    pub(super) signature: &'t str,
    payload: &'t str,
}

/// What it says. Times are unix seconds, which may have fractions (RFC 7519).
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    pub(super) iss: Option<String>,
    pub(super) aud: Option<Audience>,
    pub(super) exp: Option<f64>,
    pub(super) nbf: Option<f64>,
    pub(super) iat: Option<f64>,
    pub(super) username: Option<String>,
    pub(super) email: Option<String>,
}

/// One audience or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Several(Vec<String>),
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    /// Extensions that a reader must understand; we know none.
    crit: Option<IgnoredAny>,
}

/// An array is no object.
fn object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = T::deserialize(Members(Names::Exact, &mut json))?;
    json.end().map(|()| value)
}

// === impl Token ===

impl<'t> Token<'t> {
    /// Takes a text apart, or says why it is no JWT.
    pub(super) fn parse(text: &'t str) -> Result<Self, &'static str> {
        let (signed, signature) = text.rsplit_once('.').ok_or("it has no dot")?;
        let (header, payload) = signed.split_once('.').ok_or("it has two parts and not three")?;
        if payload.contains('.') {
            return Err("it has more than three parts");
        }
        let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| "its header is no base64url")?;
        let header: Header = object(&header).map_err(|_| "its header is no JSON object with an alg")?;
        if header.crit.is_some() {
            return Err("its header has crit, an extension that is unknown here");
        }
        Ok(Self { algorithm: header.alg, signed, signature, payload })
    }

    /// What it says; to be believed once the signature is verified.
    pub(super) fn claims(&self) -> Result<Claims, String> {
        let payload = URL_SAFE_NO_PAD.decode(self.payload).map_err(|_| "its payload is no base64url".to_owned())?;
        object(&payload).map_err(|error| format!("its payload has no such claims: {error}"))
    }
}

// === impl Audience ===

impl Audience {
    pub(super) fn holds(&self, wanted: &str) -> bool {
        match self {
            Self::One(one) => one == wanted,
            Self::Several(several) => several.iter().any(|one| one == wanted),
        }
    }
}
