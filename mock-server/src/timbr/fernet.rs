//! Fernet, version 0x80 (§4.2). Written here because a bearer must be reproducible: time and IV are given, not drawn.

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::bearer::BearerBase64;

const VERSION: u8 = 0x80;
/// How far ahead of our clock a token may be, in seconds; looked at only if there is a life to check.
const FUTURE_SKEW_S: u64 = 60;
/// Version, time and IV before the ciphertext.
const HEAD: usize = 1 + 8 + 16;
/// HMAC-SHA256 after it.
const TAG: usize = 32;

/// A key: half to sign, half to encrypt.
#[derive(Clone)]
pub(super) struct Key([u8; 32]);

/// Why a token cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unreadable {
    /// Not base64, too short, or of another version.
    Malformed,
    /// Older than its life, or from the future.
    Expired,
    /// Signed with another key, or damaged.
    Undecryptable,
}

// === impl Key ===

impl Key {
    pub(super) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Makes a token of a time (unix seconds) and an IV.
    pub(super) fn encrypt(&self, plain: &[u8], time_s: u64, iv: [u8; 16]) -> String {
        let (signing, encryption) = self.halves();
        let cipher = cbc::Encryptor::<Aes128>::new(&encryption.into(), &iv.into()).encrypt_padded_vec::<Pkcs7>(plain);
        let mut token = Vec::with_capacity(HEAD + cipher.len() + TAG);
        token.push(VERSION);
        token.extend_from_slice(&time_s.to_be_bytes());
        token.extend_from_slice(&iv);
        token.extend_from_slice(&cipher);
        if let Some(mac) = mac(&signing, &token) {
            token.extend_from_slice(&mac.finalize().into_bytes());
        }
        URL_SAFE.encode(token)
    }

    /// Reads a token. Without a life its time is not looked at, as in Python's `decrypt` without `ttl`.
    pub(super) fn decrypt(
        &self,
        token: &str,
        base64: BearerBase64,
        now_s: u64,
        ttl_s: Option<u64>,
    ) -> Result<Vec<u8>, Unreadable> {
        let bytes = base64.decode(token.as_bytes(), &URL_SAFE).ok_or(Unreadable::Malformed)?;
        if bytes.len() < HEAD + TAG || bytes[0] != VERSION {
            return Err(Unreadable::Malformed);
        }
        let (signed, tag) = bytes.split_at(bytes.len() - TAG);
        let (head, cipher) = signed.split_at(HEAD);
        if let Some(ttl_s) = ttl_s {
            let time_s = head[1..9].iter().fold(0_u64, |time, byte| time << 8 | u64::from(*byte));
            if time_s.saturating_add(ttl_s) < now_s || now_s.saturating_add(FUTURE_SKEW_S) < time_s {
                return Err(Unreadable::Expired);
            }
        }
        let (signing, encryption) = self.halves();
        let mac = mac(&signing, signed).ok_or(Unreadable::Undecryptable)?;
        mac.verify_slice(tag).map_err(|_| Unreadable::Undecryptable)?;
        let mut iv = [0; 16];
        iv.copy_from_slice(&head[9..]);
        cbc::Decryptor::<Aes128>::new(&encryption.into(), &iv.into())
            .decrypt_padded_vec::<Pkcs7>(cipher)
            .map_err(|_| Unreadable::Undecryptable)
    }

    fn halves(&self) -> ([u8; 16], [u8; 16]) {
        let (mut signing, mut encryption) = ([0; 16], [0; 16]);
        signing.copy_from_slice(&self.0[..16]);
        encryption.copy_from_slice(&self.0[16..]);
        (signing, encryption)
    }
}

fn mac(key: &[u8], signed: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(signed);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::python_base64;
    use super::*;

    fn vectors(name: &str) -> Vec<Value> {
        let path = format!("{}/../fixtures/fernet/{name}.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    fn key(vector: &Value) -> Key {
        let bytes = python_base64::decode(vector["secret"].as_str().unwrap().as_bytes()).unwrap();
        Key::from_bytes(bytes.try_into().unwrap())
    }

    fn now_s(vector: &Value) -> u64 {
        let now: jiff::Timestamp = vector["now"].as_str().unwrap().parse().unwrap();
        now.as_second().try_into().unwrap()
    }

    #[test]
    fn the_published_token_is_made_to_the_bit() {
        for vector in vectors("generate") {
            let iv: [u8; 16] = serde_json::from_value(vector["iv"].clone()).unwrap();
            let token = key(&vector).encrypt(vector["src"].as_str().unwrap().as_bytes(), now_s(&vector), iv);
            assert_eq!(token, vector["token"].as_str().unwrap());
        }
    }

    #[test]
    fn the_published_token_is_read() {
        for vector in vectors("verify") {
            for base64 in [BearerBase64::Python, BearerBase64::Strict] {
                let (token, ttl_s) = (vector["token"].as_str().unwrap(), vector["ttl_sec"].as_u64());
                let plain = key(&vector).decrypt(token, base64, now_s(&vector), ttl_s);
                assert_eq!(plain.unwrap(), vector["src"].as_str().unwrap().as_bytes());
            }
        }
    }

    #[test]
    fn the_published_bad_tokens_are_refused_and_without_a_life_two_are_not() {
        let mut accepted = Vec::new();
        for vector in vectors("invalid") {
            let (key, token) = (key(&vector), vector["token"].as_str().unwrap());
            let decrypt = |ttl_s| key.decrypt(token, BearerBase64::Python, now_s(&vector), ttl_s);
            assert_eq!(vector["ttl_sec"], 60);
            assert!(decrypt(Some(60)).is_err(), "{}", vector["desc"]);
            if decrypt(None) == Ok(Vec::new()) {
                accepted.push(vector["desc"].as_str().unwrap().to_owned());
            }
        }
        assert_eq!(accepted, ["far-future TS (unacceptable clock skew)", "expired TTL"]);
    }

    #[test]
    fn the_edges_of_life_are_those_of_python() {
        let key = Key::from_bytes([7; 32]);
        let token = key.encrypt(b"x", 1000, [0; 16]);
        for (now_s, readable) in [(1060, true), (1061, false), (940, true), (939, false)] {
            assert_eq!(key.decrypt(&token, BearerBase64::Python, now_s, Some(60)).is_ok(), readable, "{now_s}");
        }
    }
}
