//! What a running server consists of, and how requests find their way to it.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use http::{Request, Response};
use tower::ServiceExt;

use crate::admin::{self, Access};
use crate::config::LimitsSection;
use crate::exchange;
use crate::sandbox::Sandbox;

/// Everything that requests share.
#[derive(Debug)]
pub(crate) struct App {
    /// The only sandbox so far.
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) limits: LimitsSection,
    /// Whether refusals carry their cause in a header.
    pub(crate) explain: bool,
    /// Who may steer.
    pub(crate) access: Access,
}

/// Which of the two APIs a listener serves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Role {
    /// The vendors' and the admin API.
    Both,
    /// The vendors' alone.
    Vendors,
    /// The admin API alone.
    Admin,
}

/// What a listener serves. Vendors' paths do not go through axum's router: they ignore case, prefix and last slash,
/// and nearly all requests are theirs.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    app: Arc<App>,
    role: Role,
    router: Router,
}

// === impl Service ===

impl Service {
    pub(crate) fn new(app: Arc<App>, role: Role) -> Self {
        let probes = Router::new().route("/health", get(admin::health)).route("/ready", get(admin::health));
        let router = match role {
            Role::Both => probes.merge(admin::mounted(Arc::clone(&app))),
            Role::Vendors => probes,
            Role::Admin => probes.merge(admin::mounted(Arc::clone(&app))).fallback(admin::unknown),
        };
        Self { router: router.with_state(Arc::clone(&app)), app, role }
    }

    /// Answers one request.
    pub(crate) async fn answer(&self, request: Request<Body>) -> Response<Body> {
        if self.is_ours(request.uri().path()) {
            // A router cannot fail.
            let Ok(response) = self.router.clone().oneshot(request).await;
            response
        } else {
            exchange::serve(&self.app, request).await
        }
    }

    fn is_ours(&self, path: &str) -> bool {
        match self.role {
            Role::Admin => true,
            Role::Both => {
                is_probe(path)
                    || path.strip_prefix("/__admin").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Role::Vendors => is_probe(path),
        }
    }
}

fn is_probe(path: &str) -> bool {
    matches!(path, "/health" | "/ready")
}
