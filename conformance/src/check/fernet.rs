//! Decrypts Fernet tokens, for the judge alone: neither the server's code nor a client's has a part in it.

use aes::Aes128;
use aes::cipher::block_padding::Pkcs7;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Why a token does not decrypt.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum Undecryptable {
    #[error("the salt is not a Fernet key")]
    Key,
    #[error("it is not base64url with padding")]
    Encoding,
    #[error("it is too short, or not of version 0x80")]
    Shape,
    #[error("its signature is wrong under this salt")]
    Signature,
    #[error("its padding is wrong")]
    Padding,
}

/// Version, time, initialization vector.
const HEAD: usize = 1 + 8 + 16;
const SIGNATURE: usize = 32;

/// What a token holds, whatever its age.
pub(crate) fn decrypt(key: &str, token: &str) -> Result<Vec<u8>, Undecryptable> {
    let key = URL_SAFE.decode(key).map_err(|_| Undecryptable::Key)?;
    let (signing, encryption) = key.split_at_checked(16).filter(|_| key.len() == 32).ok_or(Undecryptable::Key)?;
    let token = URL_SAFE.decode(token).map_err(|_| Undecryptable::Encoding)?;
    let signed = token.len().checked_sub(SIGNATURE).filter(|signed| *signed > HEAD).ok_or(Undecryptable::Shape)?;
    let (signed, signature) = token.split_at(signed);
    if signed.first() != Some(&0x80) {
        return Err(Undecryptable::Shape);
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(signing).map_err(|_| Undecryptable::Key)?;
    mac.update(signed);
    mac.verify_slice(signature).map_err(|_| Undecryptable::Signature)?;
    let (head, cipher) = signed.split_at(HEAD);
    let iv = head.get(9..).unwrap_or_default();
    cbc::Decryptor::<Aes128>::new_from_slices(encryption, iv)
        .map_err(|_| Undecryptable::Key)?
        .decrypt_padded_vec::<Pkcs7>(cipher)
        .map_err(|_| Undecryptable::Padding)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn vectors(text: &str) -> Vec<Value> {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn the_published_token_decrypts() {
        let all = vectors(include_str!("../../../fixtures/fernet/verify.json"));
        assert!(!all.is_empty());
        for vector in all {
            let plain = decrypt(vector["secret"].as_str().unwrap(), vector["token"].as_str().unwrap());
            assert_eq!(plain.unwrap(), vector["src"].as_str().unwrap().as_bytes());
        }
    }

    #[test]
    fn the_published_wrong_tokens_do_not_decrypt_but_for_those_that_are_only_too_old_or_too_new() {
        let all = vectors(include_str!("../../../fixtures/fernet/invalid.json"));
        let mut decrypted = Vec::new();
        for vector in &all {
            if decrypt(vector["secret"].as_str().unwrap(), vector["token"].as_str().unwrap()).is_ok() {
                decrypted.push(vector["desc"].as_str().unwrap());
            }
        }
        // Without a look at the time, as docs/timbr.md §4.2 says.
        assert_eq!(all.len(), 8);
        assert_eq!(decrypted, ["far-future TS (unacceptable clock skew)", "expired TTL"]);
    }
}
