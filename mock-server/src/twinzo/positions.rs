//! Where the devices are and were: a bounded history for each, ordered by the time in the record.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use wire::localization::{Action, Location};

use crate::directory::DeviceId;

/// The tracks of all devices of a sandbox.
#[derive(Debug)]
pub(crate) struct Positions {
    per_device: usize,
    // One lock a device: middleware posts for many at once.
    tracks: Vec<Mutex<Track>>,
}

#[derive(Debug, Default)]
struct Track {
    /// Ordered by `timestamp`, no two alike.
    history: VecDeque<Location>,
    heard: Option<Timestamp>,
}

/// What is known of a device now.
#[derive(Clone, Debug, Default)]
pub(crate) struct Whereabouts {
    /// The record with the latest time, whenever it came.
    pub(crate) last: Option<Location>,
    /// When the server last heard of the device.
    pub(crate) heard: Option<Timestamp>,
}

// === impl Positions ===

impl Positions {
    pub(crate) fn new(devices: usize, per_device: usize) -> Self {
        Self { per_device: per_device.max(1), tracks: (0..devices).map(|_| Mutex::default()).collect() }
    }

    /// Stores records in the order sent. A record of a known time replaces the one that is there (§8, question 14).
    pub(crate) fn store(&self, device: DeviceId, locations: Vec<Location>, now: Timestamp) -> Vec<Action> {
        let Some(mut track) = self.track(device) else {
            return Vec::new();
        };
        track.heard = Some(now);
        let mut hint = 0;
        locations
            .into_iter()
            .map(|location| {
                let (action, at) = track.put(location, hint);
                hint = at + 1;
                if track.history.len() > self.per_device {
                    track.history.pop_front();
                    hint = hint.saturating_sub(1);
                }
                action
            })
            .collect()
    }

    /// The records between two times, both included.
    pub(crate) fn between(&self, device: DeviceId, from: i64, to: i64) -> Vec<Location> {
        let Some(track) = self.track(device) else {
            return Vec::new();
        };
        let start = track.history.partition_point(|location| location.timestamp < from);
        track.history.iter().skip(start).take_while(|location| location.timestamp <= to).cloned().collect()
    }

    pub(crate) fn whereabouts(&self, device: DeviceId) -> Whereabouts {
        let Some(track) = self.track(device) else {
            return Whereabouts::default();
        };
        Whereabouts { last: track.history.back().cloned(), heard: track.heard }
    }

    pub(crate) fn clear(&self) {
        for track in &self.tracks {
            *track.lock().unwrap_or_else(PoisonError::into_inner) = Track::default();
        }
    }

    fn track(&self, device: DeviceId) -> Option<std::sync::MutexGuard<'_, Track>> {
        Some(self.tracks.get(device.index())?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

// === impl Track ===

impl Track {
    /// Puts one record in its place; `hint` is where it belongs if it follows the one before it.
    fn put(&mut self, location: Location, hint: usize) -> (Action, usize) {
        let time = location.timestamp;
        let newest = self.history.back().is_none_or(|last| last.timestamp < time);
        if newest {
            self.history.push_back(location);
            return (Action::Create, self.history.len() - 1);
        }
        let hinted = self.history.get(hint).is_some_and(|there| there.timestamp == time);
        let place = if hinted { Ok(hint) } else { self.history.binary_search_by_key(&time, |there| there.timestamp) };
        match place {
            Ok(at) => {
                self.history[at] = location;
                (Action::Update, at)
            }
            Err(at) => {
                self.history.insert(at, location);
                (Action::Create, at)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::directory::Directory;

    fn location(timestamp: i64, interval: i32) -> Location {
        serde_json::from_value(serde_json::json!({ "Timestamp": timestamp, "Interval": interval })).unwrap()
    }

    fn device() -> DeviceId {
        Directory::default_world().unwrap().device_by_number(1).unwrap()
    }

    proptest! {
        // The model is a sorted map that forgets its smallest key.
        #[test]
        fn a_track_behaves_like_a_bounded_sorted_map(posts in prop::collection::vec(prop::collection::vec(0_i64..40, 0..12), 0..12)) {
            let (positions, mut model) = (Positions::new(6, 20), BTreeMap::new());
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
                prop_assert_eq!(positions.store(device(), batch, Timestamp::UNIX_EPOCH), expected);
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
        let positions = Positions::new(6, 20);
        let heard = "2026-01-01T00:00:00Z".parse().unwrap();
        positions.store(device(), vec![location(5, 1), location(3, 2)], heard);
        let whereabouts = positions.whereabouts(device());
        assert_eq!((whereabouts.last.unwrap().timestamp, whereabouts.heard), (5, Some(heard)));
    }
}
