//! How a request finds its sandbox: by its listener, else by path prefix, else by header, else by credential, else it
//! is for `default`.

use std::sync::Arc;

use http::HeaderMap;
use http::request::Parts;
use uuid::Uuid;
use wire::header;

use super::credential::{Credential, Holder};
use super::registry::Registry;
use super::{DEFAULT, Sandbox};
use crate::suggest::Unknown;
use crate::timbr;
use crate::token::Tag;

/// Where a request belongs.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) via: Via,
}

/// What said so.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Via {
    Listener,
    Path,
    Header,
    Credential,
    /// Nothing did.
    Default,
    /// Its credential belongs to several sandboxes, so it said nothing.
    Ambiguous,
}

/// The header that names a sandbox.
pub(crate) const X_MOCK_SANDBOX: &str = "x-mock-sandbox";
const PREFIX: &str = "/sandbox/";

// === impl Via ===

impl Via {
    /// In the words of the journal.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Listener => "listener",
            Self::Path => "path",
            Self::Header => "header",
            Self::Credential => "credential",
            Self::Default => "default",
            Self::Ambiguous => "default: several sandboxes hold the credential",
        }
    }
}

/// The id in a path, and the path behind it.
pub(crate) fn split_prefix(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix(PREFIX)?;
    let (id, _) = rest.split_once('/').unwrap_or((rest, ""));
    let tail = &rest[id.len()..];
    Some((id, if tail.is_empty() { "/" } else { tail }))
}

/// By what stands in the head and needs no look into credentials. `Ok(None)` if nothing there names a sandbox.
pub(crate) fn find_by_address(
    registry: &Registry,
    listener: Option<&Arc<Sandbox>>,
    parts: &Parts,
) -> Result<Option<Found>, Unknown> {
    let prefix = split_prefix(parts.uri.path());
    let unknown = |field, id: &str| Unknown::new(field, id, registry.ids().iter().map(String::as_str));
    if let Some(own) = listener {
        // A listener of its own decides; a prefix may repeat it.
        return match prefix {
            Some((id, _)) if id != &*own.id => Err(Unknown::new("sandbox of this listener", id, [&*own.id])),
            _ => {
                // Asking for it keeps it alive.
                registry.get(&own.id);
                Ok(Some(Found { sandbox: Arc::clone(own), via: Via::Listener }))
            }
        };
    }
    if let Some((id, _)) = prefix {
        let sandbox = registry.get(id).ok_or_else(|| unknown("sandbox in the path", id))?;
        return Ok(Some(Found { sandbox, via: Via::Path }));
    }
    if let Some(id) = parts.headers.get(X_MOCK_SANDBOX) {
        let id = String::from_utf8_lossy(id.as_bytes());
        let sandbox = registry.get(&id).ok_or_else(|| unknown("X-Mock-Sandbox", &id))?;
        return Ok(Some(Found { sandbox, via: Via::Header }));
    }
    Ok(None)
}

/// By the first credential that belongs to exactly one sandbox; `default` if none does. `client_name` is the one of a
/// login's body.
pub(crate) fn find_by_credential(
    registry: &Registry,
    headers: &HeaderMap,
    client_name: impl FnOnce() -> Option<String>,
) -> Found {
    let default = |via| Found { sandbox: Arc::clone(registry.default()), via };
    if !registry.has_others() {
        return default(Via::Default);
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).filter(|value| !value.is_empty());
    let key = |name| text(name).map(|text| Credential::Key(text.to_owned()));
    let guid = text(header::CLIENT).and_then(|text| Uuid::try_parse(text).ok()).map(Credential::ClientGuid);
    let name = client_name().map(Credential::ClientName);
    let timbr = timbr::token_of(headers).map(Credential::Key);
    let tag = text(header::TOKEN).and_then(Tag::of);
    let mut ambiguous = false;
    for credential in [guid, name, key(header::API_KEY), timbr].into_iter().flatten() {
        match registry.index().holder(&credential) {
            Holder::One(id) => {
                if let Some(sandbox) = registry.get(&id) {
                    return Found { sandbox, via: if &*id == DEFAULT { Via::Default } else { Via::Credential } };
                }
            }
            Holder::Several => ambiguous = true,
            Holder::Nobody => {}
        }
    }
    match tag.and_then(|tag| registry.by_tag(&tag)) {
        Some(sandbox) => Found { sandbox, via: Via::Credential },
        None => default(if ambiguous { Via::Ambiguous } else { Via::Default }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_ends_where_its_segment_ends() {
        assert_eq!(split_prefix("/sandbox/t1/v3/devices"), Some(("t1", "/v3/devices")));
        assert_eq!(split_prefix("/sandbox/t1"), Some(("t1", "/")));
        assert_eq!(split_prefix("/sandbox/"), Some(("", "/")));
        assert_eq!(split_prefix("/sandboxes/t1"), None);
        assert_eq!(split_prefix("/v3/sandbox/t1"), None);
    }
}
