//! The vendor's kind of token: 44 characters that say nothing to a client, and everything needed to us.
//!
//! Layout of the 32 bytes: 16 of id, 4 of run, 4 of sandbox, 3 that encode to `?+/?`, 5 of check. Base64 of 32 bytes
//! ends in `=`, so every token holds all three characters that careless clients mangle.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use sha2::{Digest, Sha256};

/// Who issues: the run and the sandbox, folded to four bytes each.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Issuer {
    run: [u8; 4],
    sandbox: [u8; 4],
}

/// Where a well-formed token comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Origin {
    /// This run and this sandbox issued it under this id.
    Here(u128),
    /// Another start of the server issued it.
    EarlierRun,
    /// Another sandbox of this run issued it.
    OtherSandbox,
}

/// What a token looks like before anybody asks the store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sighting {
    /// One of ours.
    Known(Origin),
    /// One of ours after somebody damaged it; says how.
    Mangled(&'static str),
    /// Nothing that this server issues.
    Foreign,
}

// === impl Issuer ===

impl Issuer {
    pub(super) fn new(run: &str, sandbox: &str) -> Self {
        Self { run: fold(run), sandbox: fold(sandbox) }
    }

    pub(super) fn encode(self, id: u128) -> String {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(&id.to_be_bytes());
        bytes[16..20].copy_from_slice(&self.run);
        bytes[20..24].copy_from_slice(&self.sandbox);
        let tail = tail(&bytes[..24]);
        bytes[24..].copy_from_slice(&tail);
        STANDARD.encode(bytes)
    }

    /// Reads a token that may be whole, damaged, or somebody else's.
    pub(super) fn sight(self, text: &str) -> Sighting {
        if let Some(origin) = self.origin(text) {
            return Sighting::Known(origin);
        }
        for (damage, mend) in DAMAGES {
            if self.origin(&mend(text)).is_some() {
                return Sighting::Mangled(damage);
            }
        }
        Sighting::Foreign
    }

    fn origin(self, text: &str) -> Option<Origin> {
        if text.len() != 44 {
            return None;
        }
        let bytes: [u8; 32] = STANDARD.decode(text).ok()?.try_into().ok()?;
        if bytes[24..] != tail(&bytes[..24]) {
            return None;
        }
        Some(if bytes[16..20] != self.run {
            Origin::EarlierRun
        } else if bytes[20..24] != self.sandbox {
            Origin::OtherSandbox
        } else {
            let mut id = [0; 16];
            id.copy_from_slice(&bytes[..16]);
            Origin::Here(u128::from_be_bytes(id))
        })
    }
}

type Mend = fn(&str) -> String;

/// What clients do to tokens, and how to undo it, one at a time and then all at once.
const DAMAGES: [(&str, Mend); 6] = [
    ("it carries a scheme word", |text| text.rsplit(' ').next().unwrap_or(text).to_owned()),
    ("it is URL-encoded", |text| percent_decode_str(text).decode_utf8_lossy().into_owned()),
    ("its padding is lost", |text| format!("{}=", text.trim_end_matches('='))),
    ("a plus became a space", |text| text.replace(' ', "+")),
    ("it is in the URL-safe alphabet", |text| text.replace('-', "+").replace('_', "/")),
    ("it is quoted, or damaged in several ways", |text| {
        let text = percent_decode_str(text.trim_matches('"')).decode_utf8_lossy().into_owned();
        let text = text.trim_end_matches('=').replace([' ', '-'], "+").replace('_', "/");
        format!("{text}=")
    }),
];

pub(super) fn fold(text: &str) -> [u8; 4] {
    let digest = Sha256::digest(text);
    [digest[0], digest[1], digest[2], digest[3]]
}

/// The last eight bytes: three that encode to `?+/?`, five of check.
fn tail(head: &[u8]) -> [u8; 8] {
    let digest = Sha256::new().chain_update("mock-server opaque token").chain_update(head).finalize();
    let (first, last) = (digest[5] & 0b11_1111, digest[6] & 0b11_1111);
    let mark = u32::from(first) << 18 | 62 << 12 | 63 << 6 | u32::from(last);
    let [_, mark @ ..] = mark.to_be_bytes();
    [mark[0], mark[1], mark[2], digest[0], digest[1], digest[2], digest[3], digest[4]]
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn issuer() -> Issuer {
        Issuer::new("run-1", "default")
    }

    proptest! {
        #[test]
        fn every_token_has_44_characters_and_all_that_clients_mangle(id: u128) {
            let token = issuer().encode(id);
            prop_assert_eq!(token.len(), 44);
            prop_assert!(token.contains('+') && token.contains('/') && token.ends_with('='), "{}", token);
            prop_assert_eq!(issuer().sight(&token), Sighting::Known(Origin::Here(id)));
        }

        #[test]
        fn nothing_else_is_taken_for_a_token(text in "\\PC{0,60}") {
            prop_assert_eq!(issuer().sight(&text), Sighting::Foreign);
        }

        #[test]
        fn one_changed_character_is_no_token(id: u128, at in 0_usize..43) {
            let mut token = issuer().encode(id).into_bytes();
            token[at] = if token[at] == b'A' { b'B' } else { b'A' };
            let token = String::from_utf8(token).unwrap();
            prop_assert_eq!(issuer().sight(&token), Sighting::Foreign);
        }
    }

    #[test]
    fn the_origin_is_told_apart() {
        let earlier = Issuer::new("run-0", "default").encode(7);
        let other = Issuer::new("run-1", "other").encode(7);
        assert_eq!(issuer().sight(&earlier), Sighting::Known(Origin::EarlierRun));
        assert_eq!(issuer().sight(&other), Sighting::Known(Origin::OtherSandbox));
    }

    #[test]
    fn damage_is_recognised_by_its_kind() {
        let token = issuer().encode(7);
        let check = |text: String, expected: &str| {
            let Sighting::Mangled(damage) = issuer().sight(&text) else { panic!("{text:?} is not seen as mangled") };
            assert_eq!(damage, expected, "{text:?}");
        };
        check(format!("Bearer {token}"), "it carries a scheme word");
        check(token.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"), "it is URL-encoded");
        check(token.trim_end_matches('=').to_owned(), "its padding is lost");
        check(token.replace('+', " "), "a plus became a space");
        check(token.replace('+', "-").replace('/', "_"), "it is in the URL-safe alphabet");
        check(format!("\"{token}\""), "it is quoted, or damaged in several ways");
        check(token.replace('+', " ").replace('=', ""), "it is quoted, or damaged in several ways");
    }
}
