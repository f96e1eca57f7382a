//! The sandboxes of a process: made, found, listed, deleted, and gone when nobody asks for them any more.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;

use super::spec::{InvalidName, Summary, check_name};
use super::{Common, DEFAULT, InvalidSandbox, InvalidSettings, NewSandbox, Sandbox, Seed, Settings};
use crate::clock::{Clock, ClockSetting};
use crate::config::{Config, Span};
use crate::directory::{Directory, InvalidWorld};
use crate::token::Tag;

/// All sandboxes.
#[derive(Debug)]
pub(crate) struct Registry {
    default: Arc<Sandbox>,
    others: RwLock<HashMap<Arc<str>, Arc<Place>>>,
    /// So that a process with one sandbox looks for no other.
    count: AtomicUsize,
    next_name: AtomicU64,
    /// How often each name was used: a name that comes back is not the same sandbox.
    uses: Mutex<HashMap<String, u64>>,
    common: Common,
    model: Model,
}

/// What a sandbox has that asks for nothing.
#[derive(Debug)]
struct Model {
    settings: Settings,
    clock: ClockSetting,
    seed: u64,
    ttl: Duration,
    limit: usize,
}

/// A sandbox that can go.
#[derive(Debug)]
struct Place {
    sandbox: Arc<Sandbox>,
    ttl: Duration,
    /// Milliseconds of real time since the registry's start.
    last_used: AtomicU64,
    born: Instant,
}

/// Names whose uses are counted.
const MOST_NAMES: usize = 100_000;

/// Why a sandbox was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CannotCreate {
    #[error(transparent)]
    Name(#[from] InvalidName),
    #[error("there is a sandbox {0:?} already; delete it first, or choose another name")]
    Taken(String),
    #[error("no more than limits.sandboxes = {0} can be there; delete some, or give them a shorter ttl")]
    TooMany(usize),
    #[error("world: {0}")]
    World(Box<InvalidWorld>),
    #[error(transparent)]
    Invalid(#[from] InvalidSandbox),
}

impl From<InvalidSettings> for CannotCreate {
    fn from(error: InvalidSettings) -> Self {
        Self::Invalid(error.into())
    }
}

// === impl Registry ===

impl Registry {
    /// With the sandbox `default`.
    pub(crate) fn new(config: &Config, run: String, world: Arc<Directory>) -> Result<Self, InvalidSandbox> {
        let common = Common::new(config, run, &world);
        let model = Model {
            settings: Settings::of(config),
            clock: config.clock,
            seed: config.entropy.seed,
            ttl: config.limits.sandbox_ttl.unsigned(),
            limit: config.limits.sandboxes.get(),
        };
        let seed = Seed {
            directory: world,
            settings: model.settings.clone(),
            rules: config.faults.clone(),
            limits: config.rate_limits.clone(),
            entropy: config.entropy.seed,
        };
        Ok(Self {
            default: Arc::new(Sandbox::new(DEFAULT, Clock::new(config.clock), seed, &common)?),
            others: RwLock::default(),
            count: AtomicUsize::new(0),
            next_name: AtomicU64::new(1),
            uses: Mutex::default(),
            common,
            model,
        })
    }

    /// The sandbox that is always there.
    pub(crate) fn default(&self) -> &Arc<Sandbox> {
        &self.default
    }

    /// Whether there is any but `default`.
    pub(crate) fn has_others(&self) -> bool {
        self.count.load(Ordering::Acquire) > 0
    }

    /// The sandbox of an id. Asking for it keeps it alive.
    pub(crate) fn get(&self, id: &str) -> Option<Arc<Sandbox>> {
        if id == DEFAULT {
            return Some(Arc::clone(&self.default));
        }
        let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
        // One whose time is over is not brought back.
        let place = others.get(id).filter(|place| !place.is_stale(Instant::now()))?;
        place.touch();
        Some(Arc::clone(&place.sandbox))
    }

    /// The sandbox whose tokens carry this tag.
    pub(crate) fn by_tag(&self, tag: &Tag) -> Option<Arc<Sandbox>> {
        let id = {
            let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
            others.keys().find(|id| tag.is_of(id)).cloned()
        };
        self.get(&id?)
    }

    pub(crate) fn index(&self) -> &super::CredentialIndex {
        &self.common.index
    }

    /// Makes a sandbox.
    pub(crate) fn create(&self, new: NewSandbox) -> Result<Arc<Sandbox>, CannotCreate> {
        self.sweep(Instant::now());
        let name = match &new.name {
            Some(name) => {
                check_name(name)?;
                name.clone()
            }
            None => self.free_name(),
        };
        let taken = || CannotCreate::Taken(name.clone());
        if self.exists(&name) {
            return Err(taken());
        }
        let entropy = new.seed.unwrap_or(self.model.seed);
        let directory = match new.world()? {
            // A world of its own is taken as it is, beside what the whole process has.
            Some(world) => {
                let own = Directory::from_world(world, entropy);
                let mut own = own.map_err(|error| CannotCreate::World(Box::new(error)))?;
                own.join(&self.common.world.timbr().folder);
                own
            }
            None => self.common.world.with_identity(entropy, &name),
        };
        let settings = match &new.settings {
            Some(patch) => self.model.settings.patched(patch).map_err(InvalidSettings::below_settings)?,
            None => self.model.settings.clone(),
        };
        let clock = Clock::new(new.clock.unwrap_or(self.model.clock));
        let seed = Seed { directory: Arc::new(directory), settings, rules: new.faults, limits: new.limits, entropy };
        // Checked once more under the lock; until then nobody can find it by a credential.
        let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
        if others.contains_key(name.as_str()) {
            return Err(taken());
        }
        if others.len() >= self.model.limit {
            return Err(CannotCreate::TooMany(self.model.limit));
        }
        let common = Common { run: self.run_of(&name), ..self.common.clone() };
        let sandbox = Arc::new(Sandbox::new(&name, clock, seed, &common)?);
        let ttl = new.ttl.map_or(self.model.ttl, Span::unsigned);
        let place = Place { sandbox: Arc::clone(&sandbox), ttl, last_used: AtomicU64::new(0), born: Instant::now() };
        others.insert(Arc::clone(&sandbox.id), Arc::new(place));
        self.count.store(others.len(), Ordering::Release);
        Ok(sandbox)
    }

    /// Takes a sandbox away, with its listeners. False if there is none of that id.
    pub(crate) fn delete(&self, id: &str) -> bool {
        let mut others = self.others.write().unwrap_or_else(PoisonError::into_inner);
        let Some(place) = others.remove(id) else {
            return false;
        };
        self.count.store(others.len(), Ordering::Release);
        place.sandbox.retire();
        true
    }

    /// Every sandbox: `default`, then the others by id.
    pub(crate) fn list(&self) -> Vec<Summary> {
        self.sweep(Instant::now());
        let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
        let mut list: Vec<Summary> = others.values().map(|place| place.summary()).collect();
        list.sort_by(|a, b| a.id.cmp(&b.id));
        let exchanges = self.default.journal.total();
        list.insert(0, Summary { id: DEFAULT.to_owned(), exchanges, idle_ms: 0, ttl_ms: None });
        list
    }

    /// Every sandbox itself.
    pub(crate) fn all(&self) -> Vec<Arc<Sandbox>> {
        let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
        let others = others.values().map(|place| Arc::clone(&place.sandbox));
        std::iter::once(Arc::clone(&self.default)).chain(others).collect()
    }

    /// One sandbox as it is listed.
    pub(crate) fn summary(&self, id: &str) -> Option<Summary> {
        self.list().into_iter().find(|summary| summary.id == id)
    }

    /// For connections, which know no sandbox when bytes come in.
    pub(crate) fn taps(&self) -> crate::connection::Taps {
        self.common.taps.clone()
    }

    /// What may be created at most.
    pub(crate) fn limit(&self) -> usize {
        self.model.limit
    }

    /// Ids of all sandboxes.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.list().into_iter().map(|summary| summary.id).collect()
    }

    /// Takes away what nobody asked for in its time to live. A connection of its own keeps it alive.
    pub(crate) fn sweep(&self, now: Instant) {
        if !self.has_others() {
            return;
        }
        let idle: Vec<Arc<str>> = {
            let others = self.others.read().unwrap_or_else(PoisonError::into_inner);
            others.values().filter(|place| place.is_stale(now)).map(|place| Arc::clone(&place.sandbox.id)).collect()
        };
        for id in idle {
            tracing::info!("sandbox {id} had no request in its time to live and is gone");
            self.delete(&id);
        }
    }

    /// The run that a sandbox takes its draws from: that of the process, and another one if its name was used before.
    fn run_of(&self, name: &str) -> String {
        let run = &self.common.run;
        let mut uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        if uses.len() >= MOST_NAMES && !uses.contains_key(name) {
            // Nobody counts on repeating the draws of such a run.
            return format!("{run}/{}", self.next_name.fetch_add(1, Ordering::Relaxed));
        }
        let count = uses.entry(name.to_owned()).or_insert(0);
        *count += 1;
        if *count == 1 { run.clone() } else { format!("{run}/{name}/{count}") }
    }

    fn exists(&self, id: &str) -> bool {
        id == DEFAULT || self.others.read().unwrap_or_else(PoisonError::into_inner).contains_key(id)
    }

    fn free_name(&self) -> String {
        loop {
            let name = format!("s{}", self.next_name.fetch_add(1, Ordering::Relaxed));
            if !self.exists(&name) {
                return name;
            }
        }
    }
}

// === impl Place ===

impl Place {
    fn touch(&self) {
        self.last_used.store(millis(self.born.elapsed()), Ordering::Relaxed);
    }

    fn idle(&self, now: Instant) -> Duration {
        let used = Duration::from_millis(self.last_used.load(Ordering::Relaxed));
        now.duration_since(self.born).saturating_sub(used)
    }

    fn is_stale(&self, now: Instant) -> bool {
        self.idle(now) >= self.ttl && self.sandbox.gate.traffic().open == 0 && !self.sandbox.has_visitors()
    }

    fn summary(&self) -> Summary {
        Summary {
            id: self.sandbox.id.to_string(),
            exchanges: self.sandbox.journal.total(),
            idle_ms: millis(self.idle(Instant::now())),
            ttl_ms: Some(millis(self.ttl)),
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry(config: &str) -> Registry {
        let world = Arc::new(Directory::default_world().unwrap());
        Registry::new(&toml::from_str(config).unwrap(), "run".to_owned(), world).unwrap()
    }

    fn new(json: &str) -> NewSandbox {
        serde_json::from_str(json).unwrap()
    }

    fn refusal(registry: &Registry, json: &str) -> String {
        registry.create(new(json)).map(|sandbox| sandbox.id.to_string()).unwrap_err().to_string()
    }

    #[test]
    fn names_are_given_or_drawn_and_never_shared() {
        let registry = registry("limits.sandboxes = 3");
        let create = |json| registry.create(new(json)).unwrap().id.to_string();
        assert_eq!([create(r#"{"name":"s1"}"#), create("{}"), create(r#"{"name":"t"}"#)], ["s1", "s2", "t"]);
        assert!(refusal(&registry, r#"{"name":"t"}"#).starts_with("there is a sandbox \"t\" already"));
        assert!(refusal(&registry, r#"{"name":"default"}"#).starts_with("there is a sandbox \"default\" already"));
        assert!(refusal(&registry, "{}").starts_with("no more than limits.sandboxes = 3"));
        assert!(refusal(&registry, r#"{"name":"a/b"}"#).starts_with("\"a/b\" cannot be the name"));
        assert!(registry.delete("t") && !registry.delete("t"));
        assert!(registry.get("t").is_none());
        assert_eq!(registry.ids(), ["default", "s1", "s2"]);
    }

    #[test]
    fn what_is_idle_goes_and_what_is_used_stays() {
        let registry = registry("limits.sandbox_ttl = '10m'");
        for json in [r#"{"name":"short","ttl":"1m"}"#, r#"{"name":"long"}"#, r#"{"name":"busy","ttl":"1m"}"#] {
            registry.create(new(json)).unwrap();
        }
        let busy = registry.get("busy").unwrap();
        let inside = busy.gate.enter();
        let later = |minutes: u64| Instant::now() + Duration::from_secs(60 * minutes);
        registry.sweep(later(0));
        assert_eq!(registry.ids(), ["default", "busy", "long", "short"]);
        registry.sweep(later(2));
        assert_eq!(registry.ids(), ["default", "busy", "long"]);
        drop(inside);
        registry.sweep(later(11));
        assert_eq!(registry.ids(), ["default"]);
    }

    #[test]
    fn a_sandbox_can_bring_its_own_world_settings_and_time() {
        let registry = registry("twinzo.token_life = '1h'\ntwinzo.single_session = true");
        let sandbox = registry
            .create(new(r#"{"clock":{"frozen":"2026-01-01T00:00:00Z"},"settings":{"twinzo":{"token_life":"5s"}},
                "world":{"client":[{"name":"own","branch":[{"title":"only"}]}]}}"#))
            .unwrap();
        assert_eq!(sandbox.directory().clients()[0].name, "own");
        assert_eq!(sandbox.clock.now().to_string(), "2026-01-01T00:00:00Z");
        let settings = &sandbox.setup().settings;
        assert_eq!((settings.twinzo.token_life.to_string(), settings.twinzo.single_session), ("5s".to_owned(), true));
        for (json, expected) in [
            (r#"{"world":"mars"}"#, "\"mars\" is no world"),
            (r#"{"world":{"client":[{"id":"x"}]}}"#, "invalid type: string \"x\", expected i32"),
            (r#"{"settings":{"twinzo":{"token_lief":"5s"}}}"#, "unknown field `token_lief`"),
            (r#"{"faults":[{"match":{"account":"nobody"},"effect":{"status":503}}]}"#, "match.account \"nobody\""),
        ] {
            let refusal = refusal(&registry, json);
            assert!(refusal.contains(expected), "{json}: {refusal}");
        }
        assert!(!registry.ids().contains(&"s2".to_owned()), "what was refused left nothing behind");
    }
}
