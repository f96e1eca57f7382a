//! The bearer that buys a token: `user:password`, base64, encrypted under a key that comes from the salt (§4.1).
//!
//! The vendor's script is not public, so key and plaintext have settings; the defaults are the likeliest reading.

use base64::Engine as _;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::fernet::{Key, Unreadable};
use super::python_base64;

/// How the salt becomes a key.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum BearerKey {
    /// A salt that is a Fernet key is one; any other goes through MD5.
    #[default]
    Auto,
    /// The salt is the key.
    FernetKey,
    /// The 32 hexadecimal digits of the salt's MD5 are the key's bytes.
    Md5Hex,
    /// The salt's SHA-256 is the key.
    Sha256,
}

/// What stands inside the encryption.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BearerPlaintext {
    /// Base64 of `user:password`.
    #[default]
    Base64,
    /// `user:password` itself.
    Raw,
    /// Either.
    Any,
}

/// How its base64 is read, outside and inside.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BearerBase64 {
    /// As Python's decoder reads it: either alphabet, anything else skipped, surplus padding.
    #[default]
    Python,
    /// To the letter of RFC 4648: URL-safe outside, standard inside, padded, and nothing else.
    Strict,
}

/// How a bearer is read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reading {
    pub(super) key: BearerKey,
    pub(super) plaintext: BearerPlaintext,
    pub(super) base64: BearerBase64,
    /// How old it may be; any age if absent.
    pub(super) ttl_s: Option<u64>,
}

/// A user name and a password, as a bearer holds them.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct UserPassword {
    /// Without a colon: the first one splits.
    pub user: String,
    /// Any text.
    pub password: String,
}

/// Why a bearer cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BadBearer {
    /// The salt is no key, and the setting says that it must be one.
    Salt,
    Token(Unreadable),
    /// Decrypted, but not `user:password`.
    Plaintext,
}

/// Makes a bearer of a time (unix seconds) and an IV. `None` if the salt is no key, and the setting says that it must be
/// one.
pub fn make(
    salt: &str,
    key: BearerKey,
    plaintext: BearerPlaintext,
    who: &UserPassword,
    time_s: u64,
    iv: [u8; 16],
) -> Option<String> {
    let pair = format!("{}:{}", who.user, who.password);
    let plain = match plaintext {
        BearerPlaintext::Base64 | BearerPlaintext::Any => STANDARD.encode(pair),
        BearerPlaintext::Raw => pair,
    };
    Some(derive(salt, key)?.encrypt(plain.as_bytes(), time_s, iv))
}

/// Reads a bearer. The first colon splits: a password may hold others.
pub(super) fn read(token: &str, salt: &str, how: Reading, now_s: u64) -> Result<UserPassword, BadBearer> {
    let key = derive(salt, how.key).ok_or(BadBearer::Salt)?;
    let plain = key.decrypt(token, how.base64, now_s, how.ttl_s).map_err(BadBearer::Token)?;
    let encoded = || how.base64.decode(&plain, &STANDARD).as_deref().and_then(split);
    match how.plaintext {
        BearerPlaintext::Base64 => encoded(),
        BearerPlaintext::Raw => split(&plain),
        BearerPlaintext::Any => encoded().or_else(|| split(&plain)),
    }
    .ok_or(BadBearer::Plaintext)
}

// === impl BearerBase64 ===

impl BearerBase64 {
    /// Decodes; the strict form has one alphabet.
    pub(super) fn decode(self, text: &[u8], alphabet: &GeneralPurpose) -> Option<Vec<u8>> {
        match self {
            Self::Python => python_base64::decode(text),
            Self::Strict => alphabet.decode(text).ok(),
        }
    }
}

/// Whether a salt gives a key at all: only one that must be a Fernet key may fail to.
pub(crate) fn is_usable(salt: &str, key: BearerKey) -> bool {
    derive(salt, key).is_some()
}

fn derive(salt: &str, key: BearerKey) -> Option<Key> {
    let as_is = || python_base64::decode(salt.as_bytes())?.try_into().ok().map(Key::from_bytes);
    match key {
        BearerKey::FernetKey => as_is(),
        BearerKey::Auto => as_is().or_else(|| derive(salt, BearerKey::Md5Hex)),
        BearerKey::Md5Hex => {
            let mut bytes = [0; 32];
            for (digits, byte) in bytes.chunks_exact_mut(2).zip(Md5::digest(salt)) {
                digits.copy_from_slice(format!("{byte:02x}").as_bytes());
            }
            Some(Key::from_bytes(bytes))
        }
        BearerKey::Sha256 => Some(Key::from_bytes(Sha256::digest(salt).into())),
    }
}

fn split(plain: &[u8]) -> Option<UserPassword> {
    let (user, password) = std::str::from_utf8(plain).ok()?.split_once(':')?;
    Some(UserPassword { user: user.to_owned(), password: password.to_owned() })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    struct Vector {
        key: BearerKey,
        plaintext: BearerPlaintext,
        salt: String,
        who: UserPassword,
        token: String,
        time_s: u64,
        iv: [u8; 16],
    }

    /// Tokens made with Python's cryptography, over every derivation.
    fn vectors() -> Vec<Vector> {
        let path = format!("{}/../fixtures/timbr-bearer-vectors.json", env!("CARGO_MANIFEST_DIR"));
        let all: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        all.iter()
            .map(|vector| Vector {
                key: match vector["derivation"].as_str().unwrap() {
                    "md5hex" => BearerKey::Md5Hex,
                    "sha256" => BearerKey::Sha256,
                    other => {
                        assert!(other.starts_with("raw-key"), "{other}");
                        BearerKey::FernetKey
                    }
                },
                plaintext: match vector["plaintext_kind"].as_str().unwrap() {
                    "b64_user_colon_pw" => BearerPlaintext::Base64,
                    other => {
                        assert_eq!(other, "raw_user_colon_pw");
                        BearerPlaintext::Raw
                    }
                },
                salt: text(&vector["salt"]),
                who: UserPassword { user: text(&vector["user"]), password: text(&vector["password"]) },
                token: text(&vector["token"]),
                time_s: vector["now"].as_u64().unwrap(),
                iv: serde_json::from_value(vector["iv"].clone()).unwrap(),
            })
            .collect()
    }

    #[test]
    fn every_vector_is_made_and_read() {
        assert_eq!(vectors().len(), 5);
        for v in vectors() {
            assert_eq!(make(&v.salt, v.key, v.plaintext, &v.who, v.time_s, v.iv), Some(v.token.clone()));
            for plaintext in [v.plaintext, BearerPlaintext::Any] {
                for base64 in [BearerBase64::Python, BearerBase64::Strict] {
                    let how = Reading { key: v.key, plaintext, base64, ttl_s: Some(60) };
                    assert_eq!(read(&v.token, &v.salt, how, v.time_s), Ok(v.who.clone()));
                }
            }
        }
    }

    #[test]
    fn auto_takes_a_fernet_key_as_it_is_and_anything_else_through_md5() {
        for v in vectors().iter().filter(|v| v.key != BearerKey::Sha256) {
            let how = Reading { plaintext: v.plaintext, ..Reading::default() };
            assert_eq!(read(&v.token, &v.salt, how, v.time_s), Ok(v.who.clone()));
        }
    }

    #[test]
    fn each_wrong_setting_has_its_own_cause() {
        let v = &vectors()[0];
        let read = |salt: &str, key, plaintext, now_s, ttl_s| {
            let how = Reading { key, plaintext, ttl_s, ..Reading::default() };
            read(&v.token, salt, how, now_s).unwrap_err()
        };
        let (key, plaintext) = (BearerKey::Md5Hex, BearerPlaintext::Base64);
        assert_eq!(read("other", key, plaintext, v.time_s, None), BadBearer::Token(Unreadable::Undecryptable));
        assert_eq!(read(&v.salt, BearerKey::FernetKey, plaintext, v.time_s, None), BadBearer::Salt);
        assert_eq!(read(&v.salt, key, BearerPlaintext::Raw, v.time_s, None), BadBearer::Plaintext);
        assert_eq!(read(&v.salt, key, plaintext, v.time_s + 61, Some(60)), BadBearer::Token(Unreadable::Expired));
    }

    #[test]
    fn what_python_forgives_is_refused_to_the_letter() {
        let v = &vectors()[0];
        let standard = v.token.replace('-', "+").replace('_', "/");
        assert_ne!(standard, v.token);
        for token in [standard, format!("{}\n", v.token), format!("{}=", v.token), format!(" {}", v.token)] {
            let read = |base64| {
                let how = Reading { key: v.key, base64, ..Reading::default() };
                read(&token, &v.salt, how, v.time_s)
            };
            assert_eq!(read(BearerBase64::Python), Ok(v.who.clone()), "{token:?}");
            assert_eq!(read(BearerBase64::Strict), Err(BadBearer::Token(Unreadable::Malformed)), "{token:?}");
        }
    }
}
