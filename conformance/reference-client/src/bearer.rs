//! The bearer that buys a Timbr token, docs/timbr.md §4.1: `user:password` in base64, encrypted as a Fernet token.

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// A salt that is not a Fernet key: 32 bytes in base64url.
#[derive(Debug, thiserror::Error)]
#[error("the salt is not a Fernet key")]
pub(crate) struct NotAKey;

/// What the credentials look like inside the encryption.
pub(crate) fn plaintext(user: &str, password: &str) -> String {
    STANDARD.encode(format!("{user}:{password}"))
}

/// A Fernet token of a time in unix seconds.
pub(crate) fn encrypt(salt: &str, plaintext: &str, seconds: u64, iv: [u8; 16]) -> Result<String, NotAKey> {
    let key = URL_SAFE.decode(salt).map_err(|_| NotAKey)?;
    let (signing, encryption) = key.split_at_checked(16).filter(|_| key.len() == 32).ok_or(NotAKey)?;
    let cipher = cbc::Encryptor::<Aes128>::new_from_slices(encryption, &iv).map_err(|_| NotAKey)?;
    let mut token = vec![0x80];
    token.extend(seconds.to_be_bytes());
    token.extend(iv);
    token.extend(cipher.encrypt_padded_vec::<Pkcs7>(plaintext.as_bytes()));
    let mut mac = Hmac::<Sha256>::new_from_slice(signing).map_err(|_| NotAKey)?;
    mac.update(&token);
    token.extend(mac.finalize().into_bytes());
    Ok(URL_SAFE.encode(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_vector_comes_out_bit_for_bit() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../../fixtures/fernet/generate.json")).unwrap();
        let vector = &vectors[0];
        let iv: Vec<u8> =
            vector["iv"].as_array().unwrap().iter().map(|n| u8::try_from(n.as_u64().unwrap()).unwrap()).collect();
        // 1985-10-26T01:20:00-07:00
        let token = encrypt(
            vector["secret"].as_str().unwrap(),
            vector["src"].as_str().unwrap(),
            499_162_800,
            iv.try_into().unwrap(),
        );
        assert_eq!(token.unwrap(), vector["token"].as_str().unwrap());
        assert!(encrypt("too-short", "hello", 0, [0; 16]).is_err());
    }
}
