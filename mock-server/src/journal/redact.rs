//! Hides secrets in what the journal shows. A secret becomes a keyed fingerprint: equal secrets look equal, and none
//! can be read back.
//!
//! Three nets, one below the other: headers and members by their name, credentials that the directory knows, and the
//! shapes of the vendors' tokens wherever they stand.

mod known;

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};

use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::percent_decode_str;
use regex::{Captures, Regex};
use serde_json::Value;
use sha2::Sha256;

pub(crate) use known::Known;

/// Hides secrets, or shows them if the user asked for that.
pub struct Redactor {
    key: [u8; 8],
    show_secrets: bool,
    /// Those that it shares with others of its world.
    world: Arc<Known>,
    /// Those that came in since.
    own: RwLock<Known>,
}

const FINGERPRINT: &str = "fingerprint:";

/// What a name holds that stands before a secret: `Token`, `X-Api-Key`, `newPassword`, `API_AUTH_SALT`, `Set-Cookie` …
const TELLING: [&str; 10] = ["pass", "pwd", "token", "key", "secret", "auth", "salt", "jwt", "bearer", "cookie"];

/// A member or parameter with a telling name, and its value: JSON, form-encoded or a query; whole or cut off; quotes
/// may be escaped, as in JSON within JSON.
static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"(?xi)
        (?P<head> \\*["']? [a-z_-]* (?: passw | pwd | passphrase | token | api[_-]?key | secret | jwt | bearer | salt )
            [a-z0-9_-]* \\*["']? \s* [:=] \s* [\[{]? \s* )
        (?: (?P<quote> \\*" ) (?P<quoted> (?: [^"\\] | \\[^"] )* ) (?P<end> (?: \\*" )? )
          | '(?P<single> [^']* ) '?
          | (?P<bare> [^\s"'&,;\[\]{}\\]+ ) )"#,
    )
    .ok()
});

/// A parameter of a query or a form whose name is too short to look for elsewhere.
static PARAMETER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)(?P<head>(?:^|[?&])(?:pass|key|auth|cookie)=)(?P<value>[^&\s]+)").ok());

/// `PASSWORD 'x'`, `IDENTIFIED BY 'x'`: as SQL has it.
static SPOKEN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)(?P<head>\b(?:password|identified\s+by)\s+)'(?P<value>[^']*)'?").ok());

/// A Timbr token, a Fernet token, a JWT, base64 of 32 bytes, one of our tokens without its padding or in the URL-safe
/// alphabet, or 40 letters and digits, as twinzo's keys have.
static SHAPED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x) tk_[0-9a-f]{64} | gAAAA[A-Za-z0-9_-]{60,}={0,2} | eyJ[\w-]+\.[\w-]+\.[\w-]* | [A-Za-z0-9+/]{43}=
            | [A-Za-z0-9+/]{33}\+/[A-Za-z0-9+/]{8} | [\w-]{33}-_[\w-]{8} | \b[A-Za-z0-9]{40}\b",
    )
    .ok()
});

// === impl Redactor ===

impl Redactor {
    /// Knows the secrets of a world. The key makes fingerprints of one seed comparable from run to run.
    pub(crate) fn new(key: [u8; 8], show_secrets: bool, world: Arc<Known>) -> Self {
        Self { key, show_secrets, world, own: RwLock::default() }
    }

    /// Learns more secrets.
    pub fn learn<'s>(&self, secrets: impl IntoIterator<Item = &'s str>) {
        let mut own = self.own.write().unwrap_or_else(PoisonError::into_inner);
        if secrets.into_iter().any(|secret| own.learn(secret).is_err()) {
            known::warn_of_full();
        }
    }

    /// Whether it hides nothing.
    pub fn shows_secrets(&self) -> bool {
        self.show_secrets
    }

    /// The stand-in for a secret.
    pub fn fingerprint(&self, secret: &[u8]) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.key) else {
            return format!("{FINGERPRINT}unavailable");
        };
        mac.update(secret);
        let digest = mac.finalize().into_bytes();
        let short = digest[..6].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        format!("{FINGERPRINT}{short:012x}")
    }

    /// A header value as it may be shown. An empty one hides nothing, and that it is empty matters.
    pub fn header(&self, name: &str, value: &[u8]) -> String {
        if self.show_secrets || value.is_empty() {
            return String::from_utf8_lossy(value).into_owned();
        }
        if is_telling(name) {
            return self.fingerprint(value);
        }
        self.text(&String::from_utf8_lossy(value)).into_owned()
    }

    /// A head as it may be shown, however its lines end and its names are spelled.
    pub fn head(&self, head: &str) -> String {
        let line = |line: &str| {
            let (text, end) = line.strip_suffix('\r').map_or((line, ""), |text| (text, "\r"));
            match text.split_once(':') {
                Some((name, value)) if !name.contains(' ') => {
                    let blanks = value.len() - value.trim_start().len();
                    format!("{name}:{}{}{end}", &value[..blanks], self.header(name, &value.as_bytes()[blanks..]))
                }
                _ => format!("{}{end}", self.text(text)),
            }
        };
        head.split('\n').map(line).collect::<Vec<_>>().join("\n")
    }

    /// A text as it may be shown: a body, a request target, a detail.
    pub fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.show_secrets {
            return Cow::Borrowed(text);
        }
        let mut clean = text.to_owned();
        if let Ok(value) = serde_json::from_str::<Value>(text) {
            let mut secrets = Vec::new();
            collect(&value, false, &mut secrets);
            for secret in secrets {
                let literal = Value::from(secret.as_str()).to_string();
                if !clean.contains(&literal) {
                    // Written with escapes of its own: nothing of such a text can be trusted.
                    return Cow::Owned(self.fingerprint(text.as_bytes()));
                }
                clean = clean.replace(&literal, &format!("\"{}\"", self.fingerprint(secret.as_bytes())));
            }
        }
        let clean = self.scan(&clean);
        // A percent-encoded secret shows only when it is decoded.
        if clean.contains('%') {
            let decoded = percent_decode_str(&clean).decode_utf8_lossy();
            let scanned = self.scan(&decoded);
            if scanned != decoded {
                return Cow::Owned(scanned);
            }
        }
        if clean == text { Cow::Borrowed(text) } else { Cow::Owned(clean) }
    }

    fn scan(&self, text: &str) -> String {
        // Without its nets nothing may be shown at all.
        let nets = (NAMED.as_ref(), PARAMETER.as_ref(), SPOKEN.as_ref(), SHAPED.as_ref());
        let (Some(named), Some(parameter), Some(spoken), Some(shaped)) = nets else {
            return self.fingerprint(text.as_bytes());
        };
        let mut clean = named.replace_all(text, |found: &Captures<'_>| self.named(found)).into_owned();
        let value = |found: &Captures<'_>| self.fingerprint(found["value"].as_bytes());
        let plain = |found: &Captures<'_>| format!("{}{}", &found["head"], value(found));
        clean = parameter.replace_all(&clean, plain).into_owned();
        let quoted = |found: &Captures<'_>| format!("{}'{}'", &found["head"], value(found));
        clean = spoken.replace_all(&clean, quoted).into_owned();
        clean = self.without_known(clean);
        shaped.replace_all(&clean, |found: &Captures<'_>| self.fingerprint(found[0].as_bytes())).into_owned()
    }

    fn without_known(&self, text: String) -> String {
        let own = self.own.read().unwrap_or_else(PoisonError::into_inner);
        match known::replace([&self.world, &own], &text, |secret| self.fingerprint(secret)) {
            Cow::Borrowed(_) => text,
            Cow::Owned(clean) => clean,
        }
    }

    fn named(&self, found: &Captures<'_>) -> String {
        let hide = |value: &str| self.fingerprint(value.as_bytes());
        let head = &found["head"];
        let part = |name| found.name(name).map(|part| part.as_str());
        match (part("quoted"), part("single"), part("bare")) {
            (Some(value), _, _) if !value.is_empty() && !value.starts_with(FINGERPRINT) => {
                format!("{head}{}{}{}", &found["quote"], hide(value), &found["end"])
            }
            (_, Some(value), _) if !value.is_empty() => format!("{head}'{}'", hide(value)),
            (_, _, Some(value)) if value != "null" && !value.starts_with("fingerprint") => {
                format!("{head}{}", hide(value))
            }
            // Nothing there to hide, or hidden already.
            _ => found[0].to_owned(),
        }
    }
}

fn is_telling(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    TELLING.iter().any(|telling| name.contains(telling))
}

/// Every text below a member with a telling name, also within texts that are JSON themselves.
fn collect(value: &Value, secret: bool, found: &mut Vec<String>) {
    match value {
        Value::String(text) if secret => found.extend(Some(text.clone()).filter(|text| !text.is_empty())),
        Value::String(text) if text.starts_with(['{', '[']) => {
            let mut inner = Vec::new();
            if let Ok(value) = serde_json::from_str(text) {
                collect(&value, false, &mut inner);
            }
            if !inner.is_empty() {
                found.push(text.clone());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, secret, found)),
        Value::Object(members) => {
            members.iter().for_each(|(name, value)| collect(value, secret || is_telling(name), found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
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
    use crate::directory::Directory;

    fn keyed(key: [u8; 8], show_secrets: bool) -> Redactor {
        let world = Known::of(Directory::default_world().unwrap().secrets());
        let redactor = Redactor::new(key, show_secrets, Arc::new(world));
        redactor.learn(["another-secret"]);
        redactor
    }

    fn redactor() -> Redactor {
        keyed([7; 8], false)
    }

    #[test]
    fn of_very_many_secrets_none_survives() {
        let redactor = Redactor::new([1; 8], false, Arc::default());
        let secrets: Vec<String> = (0..1000).map(|number| format!("sesame-{number:04}")).collect();
        redactor.learn(secrets.iter().map(String::as_str));
        // A recent one that holds an old one, and one that is held by an old one.
        redactor.learn(["sesame-0007-and-more", "ame-0008"]);
        for secret in secrets.iter().map(String::as_str).chain(["sesame-0007-and-more", "ame-0008"]) {
            let shown = redactor.text(&format!("x {secret} y")).into_owned();
            assert_eq!(shown, format!("x {} y", redactor.fingerprint(secret.as_bytes())));
        }
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
            (r#"{"Password":["hunter"],"PasswordHash":{"v":"hunter"}}"#, "hunter"),
            (r#"{"\u0050assword":"hunter"}"#, "hunter"),
            (r#"{"msg":"{\"password\":\"hunter\"}"}"#, "hunter"),
            (r#"{"query":"x password=\"hunter y\""}"#, "hunter"),
            (r#"{"pass":"hunter"}"#, "hunter"),
            ("/v3/x?pass%77ord=hunter", "hunter"),
            ("/v3/x?a=b&key=hunter", "hunter"),
            ("/v3/x?t=abcdefghijklmnopqrstuvwxyz%2Babcdefghijklmnop%3D", "abcdefghijk"),
            ("abcdefghijklmnopqrstuvwxyzabcdefg+/abcdefgh", "abcdefghijk"),
            ("alter user x identified by 'hunter'", "hunter"),
            ("0123456789abcdefghij0123456789abcdefghij", "0123456789"),
            ("x another-secret y", "another-secret"),
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
            "/timbr/openapi/ontology/supply_chain/query",
            r#"{"Client":"004706bc-968b-41a9-9fa4-16465ca1e40d"}"#,
        ] {
            assert_eq!(redactor.text(text), text);
        }
        assert_eq!(redactor.header("token", b""), "");
        assert_eq!(redactor.header("user-agent", b"curl/8"), "curl/8");
        for name in ["X-Token", "access-token", "apikey", "X-Auth", "Cookie"] {
            assert!(redactor.header(name, b"abc").starts_with("fingerprint:"), "{name}");
        }
    }

    #[test]
    fn equal_secrets_have_equal_fingerprints_under_one_key() {
        let redactor = redactor();
        let other = keyed([8; 8], false);
        assert_eq!(redactor.header("Token", b"abc"), redactor.header("api-key", b"abc"));
        assert_ne!(redactor.header("token", b"abc"), redactor.header("token", b"abd"));
        assert_ne!(redactor.header("token", b"abc"), other.header("token", b"abc"));
    }

    #[test]
    fn secrets_are_shown_when_asked_for() {
        let redactor = keyed([7; 8], true);
        assert_eq!(redactor.header("token", b"abc"), "abc");
        assert_eq!(redactor.text(r#"{"Password":"p"}"#), r#"{"Password":"p"}"#);
    }
}
