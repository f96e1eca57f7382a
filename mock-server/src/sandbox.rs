//! One isolated test universe: clock, entropy, directory, tokens, positions, faults, journal and settings. A process
//! holds many; nothing leaks from one to the next.

mod credential;
mod find;
mod gate;
mod gather;
mod process;
mod registry;
mod setup;
mod spec;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::connection::Taps;
use crate::directory::Directory;
use crate::entropy::Entropy;
use crate::fault::{Faults, InvalidRule, Premises, RuleSpec, RuleView};
use crate::http_date::HttpDates;
use crate::journal::{Journal, Redactor};
use crate::limit::{LimitSpec, Limits};
use crate::listener::Listeners;
use crate::timbr::Kept;
use crate::token::Tokens;
use crate::twinzo::Positions;

pub(crate) use credential::CredentialIndex;
pub(crate) use find::{Found, Via, X_MOCK_SANDBOX, find_by_address, find_by_credential, split_prefix};
use gate::Gate;
pub use gate::Traffic;
use gather::Gather;
pub(crate) use process::{Common, FaultTerms};
pub(crate) use registry::{CannotCreate, Registry};
pub(crate) use setup::Setup;
pub use setup::{InvalidSettings, Settings};
pub(crate) use spec::NewSandbox;

/// The sandbox that is always there.
pub const DEFAULT: &str = "default";

/// Everything that a test can see or change.
#[derive(Debug)]
pub struct Sandbox {
    /// Its name.
    pub id: Arc<str>,
    /// Its time.
    pub clock: Clock,
    /// Its draws.
    pub entropy: Entropy,
    /// Its twinzo tokens.
    pub tokens: Tokens,
    pub(crate) positions: Positions,
    pub(crate) timbr: Kept,
    /// Its rules.
    pub faults: Faults,
    /// Those of the accounts that misbehave by themselves, made when the first of these calls.
    quirks: OnceLock<Faults>,
    /// Its rate limits.
    pub limits: Limits,
    pub(crate) terms: FaultTerms,
    /// Faults that requests brought along.
    pub(crate) header_faults: Counter,
    /// Its exchanges.
    pub journal: Journal,
    /// Hides secrets in what the journal shows.
    pub redactor: Redactor,
    pub(crate) dates: HttpDates,
    pub(crate) gate: Arc<Gate>,
    pub(crate) gather: Gather,
    pub(crate) listeners: Listeners,
    taps: Taps,
    // Held for a copy of a pointer. One exchange works with one directory and one set-up from beginning to end.
    directory: RwLock<Arc<Directory>>,
    setup: RwLock<Arc<Setup>>,
    /// Edits follow one another; readers need not wait for them. Whether it is gone, and edits change nothing that
    /// others see.
    editing: Mutex<Gone>,
    /// Who waits for something in it without an exchange.
    visitors: AtomicUsize,
    /// Ends what waits in it, once it is deleted.
    pub(crate) end: CancellationToken,
    seed: Seed,
    index: Arc<CredentialIndex>,
    run: String,
}

/// Whether a sandbox was deleted.
#[derive(Debug, Default)]
struct Gone(bool);

/// Somebody who waits in a sandbox; leaves when dropped.
#[derive(Debug)]
pub(crate) struct Visit(Arc<Sandbox>);

impl Drop for Visit {
    fn drop(&mut self) {
        self.0.visitors.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What a reset goes back to, beside the clock's own origin.
#[derive(Debug)]
pub(crate) struct Seed {
    pub(crate) directory: Arc<Directory>,
    pub(crate) settings: Settings,
    pub(crate) rules: Vec<RuleSpec>,
    pub(crate) limits: Vec<LimitSpec>,
    /// Seed of its draws.
    pub(crate) entropy: u64,
}

/// Counts events.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    /// Counts one more, and says which it is.
    pub(crate) fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}

/// Why a sandbox cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum InvalidSandbox {
    /// One of its rules is wrong.
    #[error("faults: {0}")]
    Rule(#[from] InvalidRule),
    /// One of its limits is wrong.
    #[error("limits: {0}")]
    Limit(InvalidRule),
    /// One of its settings is wrong.
    #[error(transparent)]
    Settings(#[from] InvalidSettings),
}

// === impl Sandbox ===

impl Sandbox {
    /// A sandbox in its seed state.
    pub(crate) fn new(id: &str, clock: Clock, seed: Seed, common: &Common) -> Result<Self, InvalidSandbox> {
        let setup = Setup::new(seed.settings.clone(), None, &seed.directory, &common.run, id)?;
        let redactor = Redactor::new(seed.entropy.to_be_bytes(), common.show_secrets, Arc::clone(&common.known));
        redactor.learn(seed.directory.secrets_since(&common.world));
        redactor.learn(common.secrets.iter().map(String::as_str).chain(seed.settings.secrets()));
        let sandbox = Self {
            id: id.into(),
            clock,
            entropy: Entropy::new(seed.entropy, &common.run, id),
            tokens: Tokens::default(),
            positions: Positions::default(),
            timbr: Kept::default(),
            faults: Faults::new(seed.entropy, id),
            quirks: OnceLock::new(),
            limits: Limits::default(),
            terms: common.terms.clone(),
            header_faults: Counter::default(),
            journal: Journal::default(),
            redactor,
            dates: HttpDates::default(),
            gate: Arc::default(),
            gather: Gather::default(),
            listeners: Listeners::default(),
            taps: common.taps.clone(),
            directory: RwLock::new(Arc::clone(&seed.directory)),
            setup: RwLock::new(Arc::new(setup)),
            editing: Mutex::default(),
            visitors: AtomicUsize::new(0),
            end: CancellationToken::new(),
            index: Arc::clone(&common.index),
            run: common.run.clone(),
            seed,
        };
        sandbox.seed_rules()?;
        sandbox.index.update(&sandbox.id, None, Some(&sandbox.seed.directory));
        if sandbox.seed.settings.journal.wire {
            sandbox.taps.want(true);
        }
        Ok(sandbox)
    }

    /// Its exchanges so far.
    pub fn traffic(&self) -> Traffic {
        self.gate.traffic()
    }

    /// Moves its clock in one act with `then`, unless an exchange is under way or more than `arrived` ever came; then
    /// nothing moves, and this says what traffic there is. Whoever arrives meanwhile waits, and comes at the new time.
    /// So `then` must not wait for anything.
    pub fn step(&self, to: Timestamp, arrived: u64, then: impl FnOnce()) -> Result<(), Traffic> {
        self.gate.if_idle(Some(arrived), || {
            self.clock.advance_to(to);
            then();
        })
    }

    /// What its back office knows at this moment.
    pub fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.directory.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn setup(&self) -> Arc<Setup> {
        Arc::clone(&self.setup.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the directory. Exchanges that are under way go on with the one that they began with. An edit that fails
    /// changes nothing.
    pub(crate) fn edit<T, E>(&self, edit: impl FnOnce(&mut Directory) -> Result<T, E>) -> Result<T, E> {
        let gone = self.edits();
        let before = self.directory();
        let mut next = Directory::clone(&before);
        let result = edit(&mut next)?;
        self.redactor.learn(next.secrets_since(&before));
        self.replace_directory(&gone, Arc::new(next));
        Ok(result)
    }

    /// Changes rows of the directory, and accounts with them: clients and keys stay what they are.
    pub(crate) fn edit_rows<T, E>(&self, edit: impl FnOnce(&mut Directory) -> Result<T, E>) -> Result<T, E> {
        let _gone = self.edits();
        let mut next = Directory::clone(&self.directory());
        let result = edit(&mut next)?;
        *self.directory.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(next);
        Ok(result)
    }

    /// Changes the settings by a merge patch.
    pub(crate) fn patch(&self, patch: &serde_json::Value) -> Result<(), InvalidSettings> {
        let gone = self.edits();
        let setup = self.setup();
        self.replace_settings(&gone, setup.settings.patched(patch)?, Some(&setup.settings))
    }

    /// Back to the seed: directory, settings, tokens, positions, what is kept of Timbr, faults, journal, the clock as configured, and the
    /// listeners as they were opened.
    pub fn reset(&self) -> Result<(), InvalidSandbox> {
        let gone = self.edits();
        self.replace_directory(&gone, Arc::clone(&self.seed.directory));
        self.replace_settings(&gone, self.seed.settings.clone(), None)?;
        self.clock.reset();
        self.tokens.clear();
        self.positions.clear();
        self.timbr.clear();
        self.faults.clear();
        if let Some(quirks) = self.quirks.get() {
            quirks.forget();
        }
        self.header_faults.reset();
        self.limits.clear();
        self.journal.clear();
        self.gather.disarm();
        self.listeners.reset();
        self.seed_rules()
    }

    /// Nobody finds it by a credential any more, and its listeners close.
    pub(crate) fn retire(&self) {
        let mut gone = self.edits();
        if std::mem::replace(&mut gone.0, true) {
            return;
        }
        self.report_unfired();
        self.index.update(&self.id, Some(&self.directory()), None);
        self.gather.disarm();
        self.end.cancel();
        self.listeners.close_all();
        if self.setup().settings.journal.wire {
            self.taps.want(false);
        }
    }

    /// Keeps it alive for as long as somebody waits for something in it.
    pub(crate) fn visit(self: &Arc<Self>) -> Visit {
        self.visitors.fetch_add(1, Ordering::AcqRel);
        Visit(Arc::clone(self))
    }

    fn has_visitors(&self) -> bool {
        self.visitors.load(Ordering::Acquire) > 0
    }

    fn edits(&self) -> MutexGuard<'_, Gone> {
        self.editing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn replace_directory(&self, gone: &Gone, next: Arc<Directory>) {
        let mut current = self.directory.write().unwrap_or_else(PoisonError::into_inner);
        if !gone.0 {
            self.index.update(&self.id, Some(&current), Some(&next));
        }
        *current = next;
    }

    fn replace_settings(
        &self,
        gone: &Gone,
        settings: Settings,
        before: Option<&Settings>,
    ) -> Result<(), InvalidSettings> {
        self.redactor.learn(settings.secrets());
        let setup = Setup::new(settings, before, &self.directory(), &self.run, &self.id)?;
        let mut current = self.setup.write().unwrap_or_else(PoisonError::into_inner);
        if !gone.0 && current.settings.journal.wire != setup.settings.journal.wire {
            self.taps.want(setup.settings.journal.wire);
        }
        *current = Arc::new(setup);
        Ok(())
    }

    /// The rules of the accounts that misbehave by themselves.
    pub(crate) fn quirks(&self) -> &Faults {
        self.quirks.get_or_init(|| {
            Faults::of_quirks(self.seed.entropy, &self.id).unwrap_or_else(|error| {
                tracing::error!("internal error: the rules of a misbehaving account: {error}");
                Faults::new(self.seed.entropy, &self.id)
            })
        })
    }

    /// Those of them that there was a use for.
    pub(crate) fn fired_quirks(&self, now: Timestamp) -> Vec<RuleView> {
        self.quirks.get().map(|quirks| quirks.list(now)).unwrap_or_default()
    }

    /// A test that relied on rules that never fired tested nothing.
    pub(crate) fn report_unfired(&self) {
        for rule in self.faults.unfired(self.clock.now()) {
            tracing::warn!(sandbox = &*self.id, "the fault rule {:?} never fired ({} matched)", rule.id, rule.matched);
        }
    }

    fn seed_rules(&self) -> Result<(), InvalidSandbox> {
        let premises = self.premises(&self.seed.directory, self.clock.now());
        for rule in &self.seed.rules {
            self.faults.add(rule.clone(), &premises)?;
        }
        for limit in &self.seed.limits {
            self.limits.add(limit.clone(), &self.seed.directory).map_err(InvalidSandbox::Limit)?;
        }
        Ok(())
    }

    /// What its rules are checked against.
    pub(crate) fn premises<'a>(&'a self, directory: &'a Directory, now: Timestamp) -> Premises<'a> {
        Premises { directory, files: self.terms.files.as_deref(), now }
    }
}
