//! Which sandbox a credential belongs to. The index is kept by the sandboxes themselves, edit by edit.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use uuid::Uuid;

use crate::directory::Directory;

/// Something in a request that belongs to one sandbox, or to several.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Credential {
    ClientGuid(Uuid),
    ClientName(String),
    /// Of either vendor.
    Key(String),
}

/// Holders of each credential.
#[derive(Debug, Default)]
pub(crate) struct CredentialIndex(RwLock<HashMap<Credential, Vec<Arc<str>>>>);

/// Who holds a credential.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Holder {
    Nobody,
    One(Arc<str>),
    Several,
}

// === impl CredentialIndex ===

impl CredentialIndex {
    pub(crate) fn holder(&self, credential: &Credential) -> Holder {
        let index = self.0.read().unwrap_or_else(PoisonError::into_inner);
        match index.get(credential).map_or(&[][..], Vec::as_slice) {
            [] => Holder::Nobody,
            [one] => Holder::One(Arc::clone(one)),
            _ => Holder::Several,
        }
    }

    /// A sandbox's directory is now another one; `None` for no directory at all.
    pub(super) fn update(&self, sandbox: &Arc<str>, before: Option<&Directory>, after: Option<&Directory>) {
        let mut index = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for credential in before.into_iter().flat_map(credentials) {
            if let Some(holders) = index.get_mut(&credential) {
                holders.retain(|holder| holder != sandbox);
                if holders.is_empty() {
                    index.remove(&credential);
                }
            }
        }
        for credential in after.into_iter().flat_map(credentials) {
            index.entry(credential).or_default().push(Arc::clone(sandbox));
        }
    }
}

fn credentials(directory: &Directory) -> impl Iterator<Item = Credential> {
    let clients = directory
        .clients()
        .iter()
        .flat_map(|client| [Credential::ClientGuid(client.guid), Credential::ClientName(client.name.clone())]);
    clients.chain(directory.keys().map(|(_, key)| Credential::Key(key.text.clone())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_of_several_belongs_to_none_until_the_others_go() {
        let index = CredentialIndex::default();
        let world = Directory::default_world().unwrap();
        let (a, b): (Arc<str>, Arc<str>) = ("a".into(), "b".into());
        let name = Credential::ClientName("acme-logistics".to_owned());
        assert_eq!(index.holder(&name), Holder::Nobody);
        index.update(&a, None, Some(&world));
        assert_eq!(index.holder(&name), Holder::One(Arc::clone(&a)));
        index.update(&b, None, Some(&world));
        assert_eq!(index.holder(&name), Holder::Several);
        index.update(&a, Some(&world), Some(&world.with_identity(1, "a")));
        assert_eq!(index.holder(&name), Holder::One(Arc::clone(&b)));
        index.update(&b, Some(&world), None);
        assert_eq!(index.holder(&name), Holder::Nobody);
    }
}
