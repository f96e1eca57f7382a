//! What a running server consists of, and how requests find their way to it.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;

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

/// The routes of a listener. The vendors' paths are not axum's to route: they ignore case, prefix and last slash.
pub(crate) fn router(app: Arc<App>, role: Role) -> Router {
    let probes = Router::new().route("/health", get(admin::health)).route("/ready", get(admin::health));
    let router = match role {
        Role::Both => probes.merge(admin::mounted(Arc::clone(&app))).fallback(exchange::serve),
        Role::Vendors => probes.fallback(exchange::serve),
        Role::Admin => probes.merge(admin::mounted(Arc::clone(&app))).fallback(admin::unknown),
    };
    router.with_state(app)
}
