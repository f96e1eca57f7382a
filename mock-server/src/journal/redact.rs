//! Hides secrets in what the journal shows. A secret becomes a keyed fingerprint: equal secrets look equal, and none
//! can be read back.
//!
//! Three nets, one below the other: headers and members by their name, credentials that the directory knows, and the
//! shapes of the vendors' tokens wherever they stand.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use hmac::{Hmac, KeyInit, Mac};
use regex::{Captures, Regex};
use sha2::Sha256;

use crate::directory::Directory;

/// Hides secrets, or shows them if the user asked for that.
pub struct Redactor {
    key: [u8; 8],
    show_secrets: bool,
    known: Vec<String>,
}

const SECRET_HEADERS: [&str; 9] = [
    wire::header::TOKEN,
    wire::header::API_KEY,
    wire::header::MAIN_API_KEY,
    wire::header::X_API_KEY,
    wire::header::X_JWT_TOKEN,
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
];

/// Shorter secrets occur by chance in ordinary text.
const SHORTEST_KNOWN: usize = 6;

/// A member or parameter with a telling name, and its value: JSON, form-encoded or a query; whole or cut off.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?xi)
        (?P<head> ["']? [a-z_-]* (?: password | passwd | passphrase | pwd | token | api[_-]?key | secret | jwt | bearer | salt ) ["']? \s* [:=] \s* )
        (?: "(?P<quoted> (?: [^"\\] | \\. )* ) (?P<end> "? )
          | '(?P<single> [^']* ) '?
          | (?P<bare> [^\s"'&,;\[\]{}]+ ) )"#,
    )
    .ok()
});

/// A Timbr token, a Fernet token, a JWT, or base64 of 32 bytes.
static SHAPED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?x) tk_[0-9a-f]{64} | gAAAA[A-Za-z0-9_-]{60,}={0,2} | eyJ[\w-]+\.[\w-]+\.[\w-]* | [A-Za-z0-9+/]{43}=")
        .ok()
});

// === impl Redactor ===

impl Redactor {
    /// Knows the credentials of a directory. The key makes fingerprints of one seed comparable from run to run.
    pub fn new(key: [u8; 8], show_secrets: bool, directory: &Directory) -> Self {
        let timbr = directory.timbr();
        let keys = directory.api_keys().iter().map(|key| key.key.clone());
        let passwords = directory.accounts().iter().map(|account| account.password.clone());
        let users = timbr.users.iter().flat_map(|user| [user.password.clone(), user.token.clone()]);
        let mut known: Vec<String> = keys.chain(passwords).chain(users).chain(timbr.auth_salt.clone()).collect();
        known.retain(|secret| secret.len() >= SHORTEST_KNOWN);
        // Longest first: a password may be part of another.
        known.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self { key, show_secrets, known }
    }

    /// The stand-in for a secret.
    pub fn fingerprint(&self, secret: &[u8]) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            return "fingerprint:unavailable".to_owned();
        };
        mac.update(secret);
        let digest = mac.finalize().into_bytes();
        let short = digest[..6].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        format!("fingerprint:{short:012x}")
    }

    /// A header value as it may be shown. An empty one hides nothing, and that it is empty matters.
    pub fn header(&self, name: &str, value: &[u8]) -> String {
        if self.show_secrets || value.is_empty() {
            return String::from_utf8_lossy(value).into_owned();
        }
        if SECRET_HEADERS.iter().any(|secret| secret.eq_ignore_ascii_case(name)) {
            return self.fingerprint(value);
        }
        self.text(&String::from_utf8_lossy(value)).into_owned()
    }

    /// A text as it may be shown: a body, or a request target.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.show_secrets {
            return Cow::Borrowed(text);
        }
        // Without its nets nothing may be shown at all.
        let (Some(named), Some(shaped)) = (NAMED.as_ref(), SHAPED.as_ref()) else {
            return Cow::Owned(self.fingerprint(text.as_bytes()));
        };
        let named = named.replace_all(text, |found: &Captures<'_>| self.named(found));
        let mut clean = named.into_owned();
        for secret in &self.known {
            if clean.contains(secret.as_str()) {
                clean = clean.replace(secret.as_str(), &self.fingerprint(secret.as_bytes()));
            }
        }
        let shaped = shaped.replace_all(&clean, |found: &Captures<'_>| self.fingerprint(found[0].as_bytes()));
        Cow::Owned(shaped.into_owned())
    }

    fn named(&self, found: &Captures<'_>) -> String {
        let hide = |value: &str| self.fingerprint(value.as_bytes());
        let head = &found["head"];
        let part = |name| found.name(name).map(|part| part.as_str());
        match (part("quoted"), part("single"), part("bare")) {
            (Some(value), _, _) if !value.is_empty() => {
                format!("{head}\"{}{}", hide(value), &found["end"])
            }
            (_, Some(value), _) if !value.is_empty() => format!("{head}'{}'", hide(value)),
            (_, _, Some(value)) if value != "null" => format!("{head}{}", hide(value)),
            // Nothing there to hide.
            _ => found[0].to_owned(),
        }
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redactor").field("show_secrets", &self.show_secrets).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor::new([7; 8], false, &Directory::default_world().unwrap())
    }

    #[test]
    fn no_secret_survives_in_any_form() {
        let redactor = redactor();
        for (text, secret) in [
            (r#"{"Login":"x","Password":"hunter 2 \" more"}"#, "hunter"),
            (r#"{"password" : "hunter"}"#, "hunter"),
            (r#"{"Password":"cut of"#, "cut of"),
            ("login=x&password=hunter&a=b", "hunter"),
            ("{'password': 'hunter'}", "hunter'"),
            ("/v3/devices?api_key=hunter&x=1", "hunter"),
            (r#"{"Token":"c2FtcGxl"}"#, "c2FtcGxl"),
            ("select 'forklift-01-pass'", "forklift-01-pass"),
            ("b9re4v23GoNtwjY2Pkuj7WtzrjwVxyL425BqOm29", "b9re4v23"),
            (r#"{"data":["tk_0000000000000000000000000000000000000000000000000000000000000000"]}"#, "tk_"),
            ("abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq=", "abcdefghijk"),
        ] {
            let shown = redactor.text(text);
            assert!(!shown.contains(secret), "{text:?} is shown as {shown:?}");
            assert!(shown.contains("fingerprint:"), "{text:?} is shown as {shown:?}");
        }
    }

    #[test]
    fn what_is_no_secret_stays_as_it_is() {
        let redactor = redactor();
        for text in [
            r#"{"Login":"forklift-01","Password":null}"#,
            r#"[{"Timestamp":1767225601000,"X":12500.5}]"#,
            "SELECT * FROM dtimbr.customer",
            r#"{"Password":""}"#,
        ] {
            assert_eq!(redactor.text(text), text);
        }
        assert_eq!(redactor.header("token", b""), "");
        assert_eq!(redactor.header("user-agent", b"curl/8"), "curl/8");
    }

    #[test]
    fn equal_secrets_have_equal_fingerprints_under_one_key() {
        let redactor = redactor();
        let other = Redactor::new([8; 8], false, &Directory::default_world().unwrap());
        assert_eq!(redactor.header("Token", b"abc"), redactor.header("api-key", b"abc"));
        assert_ne!(redactor.header("token", b"abc"), redactor.header("token", b"abd"));
        assert_ne!(redactor.header("token", b"abc"), other.header("token", b"abc"));
    }

    #[test]
    fn secrets_are_shown_when_asked_for() {
        let redactor = Redactor::new([7; 8], true, &Directory::default_world().unwrap());
        assert_eq!(redactor.header("token", b"abc"), "abc");
        assert_eq!(redactor.text(r#"{"Password":"p"}"#), r#"{"Password":"p"}"#);
    }
}
