//! How long devices were in areas, and how often, §4.6: reckoned from the records that name areas. A record holds until
//! the next one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use wire::collection::{Area, AreaOccurrence, Device, Layer, Shift};
use wire::localization::Location;

use super::problem::Refusal;
use super::rows::no_entity;
use super::work::Work;
use crate::answer::Answer;
use crate::directory::AccountKind;

/// From one moment to another, in unix milliseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Visit {
    from: i64,
    to: i64,
}

/// A device's visits of one area, as far as they fall into a shift.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Stay {
    first: i64,
    last: i64,
    duration: i64,
    occurrences: i64,
}

/// A shift: milliseconds since midnight, by the clock on the wall. It may go on past midnight.
#[derive(Clone, Copy, Debug)]
struct Hours {
    from: i64,
    to: i64,
}

const DAY: i64 = 24 * 60 * 60 * 1000;

/// `GET areas/grid-area-occurrence/?deviceId=&shiftId=&start=&stop=`; without a device every device of the branch.
pub(super) fn list(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let (start, stop): (i64, i64) = (work.needed("start")?, work.needed("stop")?);
    let (directory, branch) = (work.directory(), work.branch());
    let shift = match work.parameter::<i32>("shiftId")? {
        Some(number) => Some(directory.table::<Shift>().get(branch, number).ok_or_else(|| no_entity(number))?),
        None => None,
    };
    let devices: Vec<_> = match work.parameter::<i32>("deviceId")? {
        Some(number) => vec![directory.table::<Device>().get(branch, number).ok_or_else(|| no_entity(number))?],
        None => directory.table::<Device>().of(branch).collect(),
    };
    let zone = TimeZone::get(&directory.branch(branch).time_zone).unwrap_or(TimeZone::UTC);
    let hours = shift.map(|shift| Hours::new(shift.start_time, shift.stop_time));
    let mut found = Vec::new();
    for device in devices {
        let Some((account, _)) = work.holder(AccountKind::Device, &device.login) else { continue };
        for (id, visits) in visits(&work.sandbox.positions.between(account, start, stop)) {
            let Some(area) = directory.table::<Area>().get(branch, id) else { continue };
            let parts = visits.into_iter().filter_map(|visit| match hours {
                Some(hours) => hours.part_of(visit, offset_at(visit.from, &zone)),
                None => Some(Stay::whole(visit)),
            });
            let Some(stay) = parts.reduce(Stay::and) else { continue };
            let layer = area.layer_id.and_then(|layer| directory.table::<Layer>().get(branch, layer));
            found.push(AreaOccurrence {
                start: stay.first,
                stop: stay.last,
                date: day_of(stay.first, &zone),
                shift: shift.map(|shift| shift.title.clone()),
                device: device.title.clone(),
                layer: layer.map(|layer| layer.title.clone()),
                area: area.title.clone(),
                is_no_go: layer.is_some_and(|layer| layer.is_no_go),
                duration: stay.duration,
                occurrences: i32::try_from(stay.occurrences).unwrap_or(i32::MAX),
            });
        }
    }
    work.list(found)
}

/// The visits of each area that records name, in order.
fn visits(records: &[Location]) -> BTreeMap<i32, Vec<Visit>> {
    let areas_of = |record: &Location| {
        let areas = [&record.localization_areas, &record.no_go_areas];
        areas.into_iter().flatten().flatten().copied().collect::<BTreeSet<i32>>()
    };
    let mut visits: BTreeMap<i32, Vec<Visit>> = BTreeMap::new();
    let mut before = BTreeSet::new();
    for record in records {
        let (time, areas) = (record.timestamp, areas_of(record));
        for area in &before {
            if let Some(last) = visits.get_mut(area).and_then(|visits| visits.last_mut()) {
                last.to = time;
            }
        }
        for area in areas.difference(&before) {
            visits.entry(*area).or_default().push(Visit { from: time, to: time });
        }
        before = areas;
    }
    visits
}

// === impl Hours ===

impl Hours {
    fn new(from: i64, to: i64) -> Self {
        // Clients may write any number. No shift is longer than a day, or they would overlap.
        let (from, to) = (from.rem_euclid(DAY), to.rem_euclid(DAY));
        Self { from, to: if to <= from { to + DAY } else { to } }
    }

    /// What of a visit falls into the shift, on whichever days; clocks are `offset` ahead of UTC.
    fn part_of(self, visit: Visit, offset: i64) -> Option<Stay> {
        let length = self.to - self.from;
        let local = |time: i64| time.saturating_add(offset);
        // A moment is a visit too.
        let (from, to) = (local(visit.from), local(visit.to).max(local(visit.from).saturating_add(1)));
        let first_day = from.saturating_sub(self.to).div_euclid(DAY) + 1;
        let last_day = to.saturating_sub(1).saturating_sub(self.from).div_euclid(DAY);
        if first_day > last_day {
            return None;
        }
        let begins = first_day.saturating_mul(DAY).saturating_add(self.from);
        let ends = last_day.saturating_mul(DAY).saturating_add(self.from).saturating_add(length);
        let days = last_day - first_day + 1;
        let missed = from.saturating_sub(begins).max(0).saturating_add(ends.saturating_sub(to).max(0));
        let duration = days.saturating_mul(length).saturating_sub(missed).min(visit.to.saturating_sub(visit.from));
        Some(Stay {
            first: visit.from.max(begins.saturating_sub(offset)),
            last: visit.to.min(ends.saturating_sub(offset)),
            duration,
            occurrences: days,
        })
    }
}

// === impl Stay ===

impl Stay {
    fn whole(Visit { from, to }: Visit) -> Self {
        Self { first: from, last: to, duration: to.saturating_sub(from), occurrences: 1 }
    }

    fn and(self, later: Self) -> Self {
        Self {
            first: self.first,
            last: later.last,
            duration: self.duration.saturating_add(later.duration),
            occurrences: self.occurrences.saturating_add(later.occurrences),
        }
    }
}

/// How far the clocks of a zone are ahead of UTC, in milliseconds.
fn offset_at(time: i64, zone: &TimeZone) -> i64 {
    let offset = Timestamp::from_millisecond(time).map(|time| zone.to_offset(time).seconds());
    offset.map_or(0, |seconds| i64::from(seconds) * 1000)
}

/// Where the day of a moment began.
fn day_of(time: i64, zone: &TimeZone) -> i64 {
    let day = Timestamp::from_millisecond(time).ok().and_then(|time| time.to_zoned(zone.clone()).start_of_day().ok());
    day.map_or(time, |day| day.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 60 * 60 * 1000;

    #[test]
    fn a_record_holds_until_the_next_one() {
        let record = |timestamp, areas: &[i32]| Location {
            timestamp,
            localization_areas: Some(areas.to_vec()),
            ..Location::default()
        };
        let records = [record(0, &[1, 1]), record(10, &[1, 2]), record(30, &[2]), record(40, &[]), record(100, &[1])];
        let visits = visits(&records);
        assert_eq!(visits[&1], [Visit { from: 0, to: 30 }, Visit { from: 100, to: 100 }]);
        assert_eq!(visits[&2], [Visit { from: 10, to: 40 }]);
    }

    /// What is left of a visit on the second day, in hours; clocks are an hour ahead of UTC.
    fn part(shift: (i64, i64), visit: (i64, i64)) -> Option<(i64, i64, i64, i64)> {
        let hours = Hours::new(shift.0 * HOUR, shift.1 * HOUR);
        let at = |hour: i64| DAY + hour * HOUR;
        let stay = hours.part_of(Visit { from: at(visit.0), to: at(visit.1) }, HOUR)?;
        let hour = |time: i64| (time - DAY) / HOUR;
        Some((hour(stay.first), hour(stay.last), stay.duration / HOUR, stay.occurrences))
    }

    #[test]
    fn a_visit_counts_as_far_as_it_falls_into_the_shift() {
        // From six to two by the clock on the wall is from five to one in UTC.
        assert_eq!(part((6, 14), (7, 9)), Some((7, 9, 2, 1)));
        assert_eq!(part((6, 14), (3, 9)), Some((5, 9, 4, 1)));
        assert_eq!(part((6, 14), (9, 20)), Some((9, 13, 4, 1)));
        assert_eq!(part((6, 14), (14, 28)), None);
        assert_eq!(part((6, 14), (12, 24 + 6)), Some((12, 30, 2, 2)), "over night");
        assert_eq!(part((6, 14), (0, 72)), Some((5, 61, 24, 3)));
        assert_eq!(part((6, 14), (8, 8)), Some((8, 8, 0, 1)), "a moment");
    }

    #[test]
    fn a_shift_may_go_on_past_midnight() {
        assert_eq!(part((22, 6), (20, 30)), Some((21, 29, 8, 1)));
        assert_eq!(part((22, 6), (1, 3)), Some((1, 3, 2, 1)));
        assert_eq!(part((22, 6), (5, 21)), None);
    }

    #[test]
    fn a_shift_of_any_numbers_is_one_within_a_day() {
        let visit = Visit { from: 0, to: i64::MAX };
        for (from, to) in [(i64::MAX, i64::MIN), (i64::MIN, i64::MAX), (0, 0), (-1, 1), (DAY, DAY)] {
            let Hours { from, to } = Hours::new(from, to);
            assert!((0..DAY).contains(&from) && from < to && to - from <= DAY, "{from} {to}");
            Hours { from, to }.part_of(visit, HOUR);
        }
    }
}
