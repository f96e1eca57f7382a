//! One isolated test universe: clock, entropy, directory, tokens, positions, faults and journal.
//!
//! So far a process holds exactly one, named `default`.

use std::sync::Arc;

use jiff::SignedDuration;
use secrecy::{ExposeSecret, SecretString};

use crate::clock::Clock;
use crate::config::Config;
use crate::directory::Directory;
use crate::entropy::Entropy;
use crate::fault::{Faults, InvalidRule, RuleSpec};
use crate::http_date::HttpDates;
use crate::journal::{Journal, JournalLimits, Redactor};
use crate::timbr::CannedAnswers;
use crate::timbr::bearer::{self, BearerKey, BearerPlaintext};
use crate::token::{Mint, TokenLife, Tokens};
use crate::twinzo::{Positions, TrackLimits};

/// Everything that a test can see or change.
#[derive(Debug)]
pub struct Sandbox {
    /// Its name.
    pub id: String,
    /// Its time.
    pub clock: Clock,
    /// Its draws.
    pub entropy: Entropy,
    /// What the vendors' back offices know.
    pub directory: Arc<Directory>,
    /// Its twinzo tokens.
    pub tokens: Tokens,
    pub(crate) positions: Positions,
    /// Its rules.
    pub faults: Faults,
    /// Its exchanges.
    pub journal: Journal,
    /// Hides secrets in what the journal shows.
    pub redactor: Redactor,
    pub(crate) settings: Settings,
    pub(crate) dates: HttpDates,
    /// The rules of the configuration, for reset.
    rules: Vec<RuleSpec>,
}

/// What the operations ask of the configuration.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) timbr: TimbrSettings,
}

#[derive(Debug)]
pub(crate) struct TimbrSettings {
    pub(crate) auth_salt: Option<String>,
    pub(crate) bearer_key: BearerKey,
    pub(crate) bearer_plaintext: BearerPlaintext,
    pub(crate) bearer_ttl: Option<SignedDuration>,
    pub(crate) answers: CannedAnswers,
}

/// Why a sandbox cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSandbox {
    /// One of its rules is wrong.
    #[error("faults: {0}")]
    Rule(#[from] InvalidRule),
    /// The salt is no key.
    #[error(
        "timbr.auth_salt is no Fernet key (base64 of 32 bytes), and timbr.bearer_key = \"fernet-key\" says that it must be one"
    )]
    Salt,
    /// One of its answers is wrong.
    #[error("timbr.answers, number {}: {error}", .position + 1)]
    Answer {
        /// Counted from 0.
        position: usize,
        /// What is wrong with it.
        error: crate::timbr::InvalidAnswer,
    },
}

// === impl Sandbox ===

impl Sandbox {
    /// A sandbox in its seed state. `run` names this start of the process.
    pub fn new(id: &str, config: &Config, run: &str, directory: Arc<Directory>) -> Result<Self, InvalidSandbox> {
        let twinzo = &config.twinzo;
        let mint = Mint::new(twinzo.token_format, twinzo.jwt_secret.expose_secret(), run, id);
        let life = TokenLife {
            announced: twinzo.token_life.signed(),
            actual: twinzo.actual_token_life.unwrap_or(twinzo.token_life).signed(),
            created_lag: SignedDuration::from_millis(i64::from(twinzo.created_lag_ms)),
        };
        let answers = CannedAnswers::compile(&config.timbr.answers)
            .map_err(|(position, error)| InvalidSandbox::Answer { position, error })?;
        let timbr = &config.timbr;
        let salt = timbr.auth_salt.as_ref().or(directory.timbr().auth_salt.as_ref());
        if salt.is_some_and(|salt| !bearer::is_usable(salt, timbr.bearer_key)) {
            return Err(InvalidSandbox::Salt);
        }
        let exposed = |secret: &SecretString| secret.expose_secret().to_owned();
        let admin_token = config.server.admin_token.as_ref().map(exposed);
        let others = [Some(exposed(&twinzo.jwt_secret)), timbr.auth_salt.clone(), admin_token];
        let others = others.into_iter().flatten().collect();
        let sandbox = Self {
            id: id.to_owned(),
            clock: Clock::new(config.clock),
            entropy: Entropy::new(config.entropy.seed, run, id),
            tokens: Tokens::new(mint, life, twinzo.max_tokens.get()),
            positions: Positions::new(
                directory.devices().count(),
                TrackLimits {
                    records: config.positions.per_device.get(),
                    bytes: config.positions.bytes_per_device.bytes(),
                },
            ),
            faults: Faults::default(),
            journal: Journal::new(JournalLimits {
                entries: config.journal.entries.get(),
                bytes: config.journal.bytes.bytes(),
                body_bytes: config.journal.body_bytes.bytes(),
            }),
            redactor: Redactor::new(config.entropy.seed.to_be_bytes(), config.server.show_secrets, &directory, others),
            settings: Settings {
                timbr: TimbrSettings {
                    auth_salt: config.timbr.auth_salt.clone(),
                    bearer_key: config.timbr.bearer_key,
                    bearer_plaintext: config.timbr.bearer_plaintext,
                    bearer_ttl: config.timbr.bearer_ttl.map(crate::config::Span::signed),
                    answers,
                },
            },
            dates: HttpDates::default(),
            rules: config.faults.clone(),
            directory,
        };
        sandbox.seed_rules()?;
        Ok(sandbox)
    }

    /// Back to the seed: tokens, positions, faults, journal, and the clock as configured.
    pub fn reset(&self) -> Result<(), InvalidSandbox> {
        self.clock.reset();
        self.tokens.clear();
        self.positions.clear();
        self.faults.clear();
        self.journal.clear();
        self.seed_rules()
    }

    fn seed_rules(&self) -> Result<(), InvalidSandbox> {
        for rule in &self.rules {
            self.faults.add(rule.clone(), &self.directory)?;
        }
        Ok(())
    }
}
