//! What all sandboxes of a process have in common.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::ExposeSecret;

use super::CredentialIndex;
use crate::config::Config;
use crate::connection::Taps;
use crate::directory::Directory;
use crate::journal::Known;

/// What rules may do in this process.
#[derive(Clone, Debug, Default)]
pub(crate) struct FaultTerms {
    /// Where the files lie that they may answer with.
    pub(crate) files: Option<PathBuf>,
    /// Whether a request may bring its own fault along.
    pub(crate) fault_header: bool,
    /// Whether rules are not even looked at.
    pub(crate) bypass: bool,
}

/// What all sandboxes of a process have in common.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    pub(crate) run: String,
    pub(crate) show_secrets: bool,
    /// Secrets of the process itself.
    pub(crate) secrets: Vec<String>,
    pub(crate) index: Arc<CredentialIndex>,
    pub(crate) taps: Taps,
    pub(crate) terms: FaultTerms,
    /// What they begin with, unless they bring their own.
    pub(crate) world: Arc<Directory>,
    /// Its secrets.
    pub(crate) known: Arc<Known>,
}

// === impl Common ===

impl Common {
    pub(crate) fn new(config: &Config, run: String, world: &Arc<Directory>) -> Self {
        let token = config.server.admin_token.as_ref().map(|token| token.expose_secret().to_owned());
        Self {
            run,
            show_secrets: config.server.show_secrets,
            secrets: token.into_iter().collect(),
            world: Arc::clone(world),
            known: Arc::new(Known::of(world.secrets())),
            index: Arc::default(),
            // As much of an exchange as its parsed form may hold.
            terms: FaultTerms {
                files: config.server.files.clone(),
                fault_header: config.server.fault_header,
                bypass: config.server.bypass_rules,
            },
            taps: Taps::new(config.limits.head.bytes().saturating_add(config.journal.body_bytes.bytes())),
        }
    }
}
