//! Where the devices are and were: a bounded history for each, ordered by the time in the record.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use jiff::Timestamp;
use wire::collection::FallStatus;
use wire::localization::{Action, Distance, Location};

use crate::config::{Duplicate, PositionsSection};
use crate::directory::AccountId;

/// The tracks of all devices of a sandbox.
#[derive(Debug, Default)]
pub(crate) struct Positions {
    // One lock a device: middleware posts for many at once. The outer one is written to for a device's first record.
    tracks: RwLock<HashMap<AccountId, Mutex<Track>>>,
}

/// How much is kept of one device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TrackLimits {
    pub(crate) records: usize,
    /// Lists of areas and beacons make records as long as a client likes.
    pub(crate) bytes: usize,
}

#[derive(Debug, Default)]
struct Track {
    history: BTreeMap<i64, Location>,
    bytes: usize,
    heard: Option<Timestamp>,
    /// What was said last of whether its bearer stands, and of when.
    fall: Option<(i64, FallStatus)>,
}

/// What is known of a device now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Whereabouts {
    /// The record with the latest time, whenever it came.
    pub(crate) last: Option<Location>,
    /// When the server last heard of the device.
    pub(crate) heard: Option<Timestamp>,
    /// Whether its bearer stands, if anything was said of that.
    pub(crate) fall: Option<FallStatus>,
}

// === impl Positions ===

impl Positions {
    /// Stores records in the order sent. What becomes of a record of a known time is a
    /// setting (§8, question 14).
    pub(crate) fn store(
        &self,
        device: AccountId,
        locations: Vec<Location>,
        now: Timestamp,
        limits: TrackLimits,
        duplicate: Duplicate,
    ) -> Vec<Action> {
        self.with(device, |track| {
            track.heard = Some(now);
            locations.into_iter().map(|location| track.put(location, limits, duplicate)).collect()
        })
    }

    /// The records between two times, both included.
    pub(crate) fn between(&self, device: AccountId, from: i64, to: i64) -> Vec<Location> {
        if from > to {
            return Vec::new();
        }
        let tracks = self.tracks.read().unwrap_or_else(PoisonError::into_inner);
        let Some(track) = tracks.get(&device) else { return Vec::new() };
        lock(track).history.range(from..=to).map(|(_, location)| location.clone()).collect()
    }

    pub(crate) fn whereabouts(&self, device: AccountId) -> Whereabouts {
        let tracks = self.tracks.read().unwrap_or_else(PoisonError::into_inner);
        let Some(track) = tracks.get(&device) else { return Whereabouts::default() };
        let track = lock(track);
        Whereabouts {
            last: track.history.last_key_value().map(|(_, last)| last.clone()),
            heard: track.heard,
            fall: track.fall.map(|(_, fall)| fall),
        }
    }

    /// Notes whether the bearer of a device stands. What is older than what is known changes nothing.
    pub(crate) fn fall(&self, device: AccountId, timestamp: i64, fall: FallStatus, now: Timestamp) {
        self.with(device, |track| {
            track.heard = Some(now);
            if track.fall.is_none_or(|(known, _)| known <= timestamp) {
                track.fall = Some((timestamp, fall));
            }
        });
    }

    /// Nobody asks for a device any more that is gone.
    pub(crate) fn forget(&self, device: AccountId) {
        self.tracks.write().unwrap_or_else(PoisonError::into_inner).remove(&device);
    }

    pub(crate) fn clear(&self) {
        self.tracks.write().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn with<T>(&self, device: AccountId, work: impl FnOnce(&mut Track) -> T) -> T {
        {
            let tracks = self.tracks.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(track) = tracks.get(&device) {
                return work(&mut lock(track));
            }
        }
        let mut tracks = self.tracks.write().unwrap_or_else(PoisonError::into_inner);
        work(&mut lock(tracks.entry(device).or_default()))
    }
}

fn lock(track: &Mutex<Track>) -> MutexGuard<'_, Track> {
    track.lock().unwrap_or_else(PoisonError::into_inner)
}

// === impl TrackLimits ===

impl TrackLimits {
    pub(crate) fn of(section: &PositionsSection) -> Self {
        Self { records: section.per_device.get(), bytes: section.bytes_per_device.bytes() }
    }
}

// === impl Track ===

impl Track {
    /// Puts one record in its place; the oldest make room.
    fn put(&mut self, location: Location, limits: TrackLimits, duplicate: Duplicate) -> Action {
        if duplicate == Duplicate::NoAction && self.history.contains_key(&location.timestamp) {
            return Action::NoAction;
        }
        self.bytes += size(&location);
        let action = match self.history.insert(location.timestamp, location) {
            Some(replaced) => {
                self.bytes -= size(&replaced);
                if duplicate == Duplicate::Create { Action::Create } else { Action::Update }
            }
            None => Action::Create,
        };
        while self.history.len() > limits.records || self.bytes > limits.bytes {
            let Some((_, oldest)) = self.history.pop_first() else { break };
            self.bytes -= size(&oldest);
        }
        action
    }
}

/// Bytes that a record holds on to.
fn size(location: &Location) -> usize {
    let areas = [&location.localization_areas, &location.no_go_areas];
    let areas: usize = areas.into_iter().flatten().map(|areas| areas.capacity() * size_of::<i32>()).sum();
    let distances = location.distances.as_ref().map_or(0, |distances| distances.capacity() * size_of::<Distance>());
    size_of::<Location>() + areas + distances
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::directory::Directory;

    const LIMITS: TrackLimits = TrackLimits { records: 20, bytes: usize::MAX };

    fn location(timestamp: i64, interval: i32) -> Location {
        serde_json::from_value(serde_json::json!({ "Timestamp": timestamp, "Interval": interval })).unwrap()
    }

    fn device() -> AccountId {
        Directory::default_world().unwrap().accounts().next().unwrap().0
    }

    proptest! {
        // The model is a sorted map that forgets its smallest key.
        #[test]
        fn a_track_behaves_like_a_bounded_sorted_map(posts in prop::collection::vec(prop::collection::vec(0_i64..40, 0..12), 0..12)) {
            let (positions, mut model) = (Positions::default(), BTreeMap::new());
            let mut serial = 0;
            for post in posts {
                let mut expected = Vec::new();
                let mut batch = Vec::new();
                for time in post {
                    serial += 1;
                    batch.push(location(time, serial));
                    expected.push(match model.insert(time, serial) {
                        Some(_) => Action::Update,
                        None => Action::Create,
                    });
                    if model.len() > 20 {
                        model.pop_first();
                    }
                }
                prop_assert_eq!(positions.store(device(), batch, Timestamp::UNIX_EPOCH, LIMITS, Duplicate::Update), expected);
            }
            let kept: Vec<_> = positions.between(device(), i64::MIN, i64::MAX).iter()
                .map(|location| (location.timestamp, location.interval.unwrap())).collect();
            prop_assert_eq!(kept, model.clone().into_iter().collect::<Vec<_>>());
            let some: Vec<_> = positions.between(device(), 10, 20).iter().map(|location| location.timestamp).collect();
            prop_assert_eq!(some, model.range(10..=20).map(|(time, _)| *time).collect::<Vec<_>>());
        }
    }

    #[test]
    fn the_latest_record_counts_whenever_it_came() {
        let positions = Positions::default();
        let heard = "2026-01-01T00:00:00Z".parse().unwrap();
        positions.store(device(), vec![location(5, 1), location(3, 2)], heard, LIMITS, Duplicate::Update);
        let whereabouts = positions.whereabouts(device());
        assert_eq!((whereabouts.last.unwrap().timestamp, whereabouts.heard), (5, Some(heard)));
    }

    #[test]
    fn long_records_make_room_by_their_bytes() {
        let lists = |timestamp| {
            let mut location = location(timestamp, 0);
            location.no_go_areas = Some(vec![0; 1000]);
            location
        };
        let limits = TrackLimits { records: 20, bytes: 3 * (size_of::<Location>() + 4000) };
        let positions = Positions::default();
        positions.store(device(), (0..10).map(lists).collect(), Timestamp::UNIX_EPOCH, limits, Duplicate::Update);
        let kept: Vec<_> = positions.between(device(), 0, 10).iter().map(|location| location.timestamp).collect();
        assert_eq!(kept, [7, 8, 9]);
    }
}
