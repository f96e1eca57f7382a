//! What a created sandbox has for itself: names, GUIDs, keys and Timbr tokens that follow from a seed and its id. The
//! rest is shared with the directory that it came from.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::{Directory, Opens, StaticKey};

/// Characters of a twinzo key.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

// === impl Directory ===

impl Directory {
    /// The same directory under an identity of its own. Same seed and id, same identity.
    #[must_use]
    pub fn with_identity(&self, seed: u64, id: &str) -> Self {
        let mut directory = self.clone();
        let guid = |guid: &Uuid| {
            let [bytes, _] = draw(seed, id, guid.as_bytes());
            Builder::from_random_bytes(bytes).into_uuid()
        };
        Arc::make_mut(&mut directory.tenants).rename(|name| format!("{name}-{id}"), guid);
        Arc::make_mut(&mut directory.keys).rewrite(|key| key_text(key, draw(seed, id, key.text.as_bytes())));
        directory
    }
}

/// A fresh text for a key that opens this, from random bytes.
pub(super) fn text_for(opens: &Opens, random: [u8; 32]) -> String {
    match opens {
        Opens::Client(..) => {
            // A second round makes 40 characters of 32 bytes.
            let more: [u8; 32] = Sha256::digest(random).into();
            random.iter().chain(&more).take(40).map(|byte| char::from(ALPHABET[usize::from(*byte) % 62])).collect()
        }
        Opens::TimbrUser(_) => random.iter().fold("tk_".to_owned(), |text, byte| format!("{text}{byte:02x}")),
    }
}

fn key_text(key: &StaticKey, [first, second]: [[u8; 16]; 2]) -> String {
    let mut random = [0; 32];
    random[..16].copy_from_slice(&first);
    random[16..].copy_from_slice(&second);
    text_for(&key.opens, random)
}

fn draw(seed: u64, id: &str, what: &[u8]) -> [[u8; 16]; 2] {
    let digest = Sha256::new().chain_update(seed.to_be_bytes()).chain_update(id).chain_update([0]).chain_update(what);
    let mut halves = [[0; 16]; 2];
    for (half, bytes) in halves.iter_mut().zip(digest.finalize().chunks_exact(16)) {
        half.copy_from_slice(bytes);
    }
    halves
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn identities(directory: &Directory) -> HashSet<String> {
        let clients = directory.clients().iter().flat_map(|client| [client.name.clone(), client.guid.to_string()]);
        let branches = directory.branches().map(|(_, branch)| branch.guid.to_string());
        clients.chain(branches).chain(directory.keys().map(|(_, key)| key.text.clone())).collect()
    }

    #[test]
    fn sandboxes_share_rows_and_no_identity() {
        let world = Directory::default_world().unwrap();
        let own = |seed, id| world.with_identity(seed, id);
        let all = [world.clone(), own(1, "a"), own(1, "b"), own(2, "a")];
        // 2 clients with name and GUID, 3 branches, 3 twinzo keys, 2 Timbr tokens.
        let every: Vec<_> = all.iter().map(identities).collect();
        assert!(every.iter().all(|identities| identities.len() == 12));
        // Only the client names do not depend on the seed.
        assert_eq!(every.iter().flatten().collect::<HashSet<_>>().len(), 4 * 12 - 2);
        assert_eq!(every[1], identities(&own(1, "a")));
        for directory in &all {
            assert!(Arc::ptr_eq(&world.accounts, &directory.accounts) && Arc::ptr_eq(&world.tables, &directory.tables));
        }
    }

    #[test]
    fn keys_look_like_the_vendors() {
        let own = Directory::default_world().unwrap().with_identity(1, "a");
        for (_, key) in own.keys() {
            let text = match &key.opens {
                Opens::Client(..) => {
                    assert_eq!(key.text.len(), 40);
                    key.text.as_str()
                }
                Opens::TimbrUser(_) => {
                    assert_eq!(key.text.len(), 67);
                    key.text.strip_prefix("tk_").unwrap()
                }
            };
            assert!(text.chars().all(|c| c.is_ascii_alphanumeric()), "{text}");
            assert!(own.key(&key.text).is_some());
        }
    }
}
