//! What a running server consists of, and how requests find their way to it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::uri::PathAndQuery;
use http::{Request, Response, Uri};
use tower::ServiceExt;

use crate::admin::{self, Access};
use crate::config::LimitsSection;
use crate::connection::{Arrival, OwnAnswer, Taps};
use crate::edge::Edge;
use crate::exchange;
use crate::listener::{Authority, Plumbing};
use crate::operation::Vendor;
use crate::sandbox::{Registry, Sandbox, split_prefix};
use crate::swagger;
use crate::url::Urls;

/// Everything that requests share.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) sandboxes: Registry,
    pub(crate) limits: LimitsSection,
    /// Whether refusals carry their cause in a header.
    pub(crate) explain: bool,
    /// Who may steer.
    pub(crate) access: Access,
    /// What is done to every answer on its way out.
    pub(crate) edge: Edge,
    pub(crate) urls: Urls,
    pub(crate) plumbing: Plumbing,
    pub(crate) taps: Taps,
    /// Signs the certificates that listeners ask for.
    pub(crate) authority: Authority,
}

/// Which API a listener serves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    /// The vendors' and the admin API.
    Both,
    /// The vendors' alone.
    Vendors,
    /// The admin API alone.
    Admin,
    /// None: it records whatever comes, and says 200.
    Trap,
}

/// A listener, as its requests see it.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    role: Role,
    /// Whose it is, if it is not everybody's.
    sandbox: Option<Arc<Sandbox>>,
    /// `https` where it speaks TLS.
    scheme: &'static str,
}

/// What a listener serves. Vendors' paths do not go through axum's router: they ignore case, prefix and last slash,
/// and nearly all requests are theirs.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    app: Arc<App>,
    door: Arc<Door>,
    router: Router,
}

// === impl Door ===

impl Door {
    pub(crate) fn new(role: Role, sandbox: Option<Arc<Sandbox>>, scheme: &'static str) -> Self {
        Self { role, sandbox, scheme }
    }

    pub(crate) fn sandbox(&self) -> Option<&Arc<Sandbox>> {
        self.sandbox.as_ref()
    }

    pub(crate) fn is_trap(&self) -> bool {
        self.role == Role::Trap
    }
}

// === impl Service ===

impl Service {
    pub(crate) fn new(app: &Arc<App>, door: Door) -> Self {
        let probes = Router::new().route("/health", get(admin::health)).route("/ready", get(admin::health));
        let probes = probes.method_not_allowed_fallback(admin::wrong_method);
        let router = match door.role {
            Role::Both => probes.merge(admin::mounted(app)),
            Role::Vendors => probes,
            Role::Admin => probes.merge(admin::mounted(app)).fallback(admin::unknown),
            Role::Trap => Router::new(),
        };
        Self { router: router.with_state(Arc::clone(app)), app: Arc::clone(app), door: Arc::new(door) }
    }

    /// Answers one request.
    pub(crate) async fn answer(&self, mut request: Request<Body>, arrival: Arrival) -> Response<Body> {
        if let Some(response) = self.described(&request) {
            return response;
        }
        let path = request.uri().path();
        let id = match (split_prefix(path), &self.door.sandbox) {
            // Of another sandbox than its listener's, or of one that is not there: whoever serves vendors says so.
            (Some((id, rest)), own)
                if self.is_ours(rest)
                    && own.as_ref().is_none_or(|own| *own.id == *id)
                    && self.app.sandboxes.get(id).is_some() =>
            {
                Some((id.to_owned(), rest.to_owned()))
            }
            (None, Some(own)) if self.is_ours(path) => Some((own.id.to_string(), path.to_owned())),
            _ => None,
        };
        let ours =
            id.is_some() || (self.is_ours(path) && (split_prefix(path).is_none() || self.door.role == Role::Admin));
        if let Some((id, rest)) = id {
            // A client's base URL may have a prefix, and its tests append /__admin to it.
            redirect(request.uri_mut(), &id, &rest);
        }
        if ours {
            // A router cannot fail.
            let Ok(response) = self.router.clone().oneshot(request).await;
            response
        } else {
            exchange::serve(&self.app, &self.door, request, arrival).await
        }
    }

    /// The answer to whoever asks for the description of an API, unless it is of a sandbox that is not here: whoever
    /// serves vendors says so.
    fn described(&self, request: &Request<Body>) -> Option<Response<Body>> {
        let Self { app, door, .. } = self;
        let (path, headers) = (request.uri().path(), request.headers());
        let (id, rest) = split_prefix(path).map_or((None, path), |(id, rest)| (Some(id), rest));
        if !matches!(door.role, Role::Both | Role::Vendors) || !swagger::is_ours(rest) {
            return None;
        }
        let base_url = match (&door.sandbox, id) {
            (Some(own), id) => {
                if id.is_some_and(|id| id != &*own.id) {
                    return None;
                }
                app.urls.base_of_own(headers, door.scheme, &own.id)
            }
            (None, Some(id)) => app.urls.vendors_base_of(headers, &app.sandboxes.get(id)?.id),
            (None, None) => app.urls.vendors_base_for(headers),
        };
        let leave = app.edge.preflight(request.method(), headers);
        let answer = leave.unwrap_or_else(|| swagger::answer(request.method(), rest, &base_url));
        Some(app.edge.finish(Some(Vendor::Twinzo), headers, answer))
    }

    /// Records what was answered without anybody asking this service.
    pub(crate) fn unserved(&self, own: &OwnAnswer) {
        exchange::unserved(&self.app, &self.door, own);
    }

    /// Records a connection that there was no room for.
    pub(crate) fn over_limit(&self) {
        exchange::over_limit(&self.app, &self.door);
    }

    fn is_ours(&self, path: &str) -> bool {
        match self.door.role {
            Role::Admin => true,
            Role::Both => is_probe(path) || path == "/metrics" || admin_path(path).is_some(),
            Role::Vendors => is_probe(path),
            Role::Trap => false,
        }
    }
}

fn is_probe(path: &str) -> bool {
    matches!(path, "/health" | "/ready")
}

/// What follows `/__admin`, if that is where the path leads.
fn admin_path(path: &str) -> Option<&str> {
    path.strip_prefix("/__admin").filter(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// From `/sandbox/{id}/__admin/clock` to `/__admin/sandboxes/{id}/clock`; nouns that are the process's stay where they
/// are.
fn redirect(uri: &mut Uri, id: &str, rest: &str) {
    let path = match admin_path(rest) {
        Some(noun) if !noun.starts_with("/sandboxes") && !is_probe(noun) => format!("/__admin/sandboxes/{id}{noun}"),
        _ => rest.to_owned(),
    };
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let mut parts = std::mem::take(uri).into_parts();
    parts.path_and_query = PathAndQuery::try_from(format!("{path}{query}")).ok();
    *uri = Uri::from_parts(parts).unwrap_or_default();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn admin_calls_below_a_prefix_are_about_its_sandbox() {
        let check = |path: &str, rest: &str, expected: &str| {
            let mut uri: Uri = path.parse().unwrap();
            redirect(&mut uri, "t1", rest);
            assert_eq!(uri.to_string(), expected);
        };
        check("/sandbox/t1/__admin/clock?until=5", "/__admin/clock", "/__admin/sandboxes/t1/clock?until=5");
        check("/sandbox/t1/__admin/sandboxes", "/__admin/sandboxes", "/__admin/sandboxes");
        check("/sandbox/t1/health", "/health", "/health");
    }
}
