//! Layers as devices see them, and how long devices were in areas: §4.6 and §6.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use wire::collection::{Area, AreaOccurrence, Device, Layer, LoginName, Shift};
use wire::contract::Linked;

use super::devices::no_device;
use super::media::Invalid;
use super::problem::Refusal;
use super::rows::no_entity;
use super::work::Work;
use crate::answer::Answer;
use crate::directory::AccountKind;

/// `GET layers/localization/{login}`: the layers that a device is located by, each with its areas.
pub(super) fn of_device(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let layers = layers_of(work, work.segment(0), |layer| layer.localization && !layer.is_no_go)?;
    Ok(work.ok(&layers))
}

/// `POST layers/localization` with a login in its body: the same, as the C++ devkit asks.
pub(super) fn of_device_posted(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let named: LoginName = work.take()?;
    let login = named.login.ok_or_else(|| Refusal::BadBody(Invalid::required([("Login", "Login")])))?;
    let layers = layers_of(work, &login, |layer| layer.localization && !layer.is_no_go)?;
    Ok(work.ok(&layers))
}

/// `GET layers/device/{login}`: those that a device is to keep out of.
pub(super) fn no_go(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let layers = layers_of(work, work.segment(0), |layer| layer.is_no_go)?;
    Ok(work.ok(&layers))
}

/// The layers of the branch that fit: of a device that names layers, only those.
fn layers_of(work: &Work<'_>, login: &str, fits: impl Fn(&Layer) -> bool) -> Result<Vec<Layer>, Refusal> {
    let (directory, branch) = (work.directory(), work.branch());
    let (_, account) = work.holder(AccountKind::Device, login).ok_or_else(|| no_device(login))?;
    let device = directory.table::<Device>().get(branch, account.number).ok_or_else(|| no_device(login))?;
    let own: Vec<i32> = device
        .layers
        .iter()
        .map(|layer| match layer {
            Linked::Id(id) => *id,
            Linked::Whole(layer) => layer.id,
        })
        .collect();
    let areas = directory.table::<Area>();
    let layers = directory.table::<Layer>().of(branch).filter(|layer| fits(layer));
    let layers = layers.filter(|layer| own.is_empty() || own.contains(&layer.id));
    Ok(layers
        .map(|layer| {
            let inside = areas.of(branch).filter(|area| area.layer_id == Some(layer.id));
            let inside = inside.map(|area| Linked::Whole(Box::new(Area::clone(area))));
            Layer { areas: inside.collect(), ..Layer::clone(layer) }
        })
        .collect())
}

/// One device's stays in one area.
#[derive(Clone, Copy, Debug)]
struct Stay {
    first: i64,
    last: i64,
    duration: i64,
    occurrences: i32,
}

/// `GET areas/grid-area-occurrence`: from the records that name areas. A record holds until the next one.
pub(super) fn occurrences(work: &mut Work<'_>) -> Result<Answer, Refusal> {
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
    let hours = shift.map(|shift| (shift.start_time, shift.stop_time));
    let mut found = Vec::new();
    for device in devices {
        let Some((account, _)) = work.holder(AccountKind::Device, &device.login) else { continue };
        let records = work.sandbox.positions.between(account, start, stop);
        let records =
            records.iter().filter(|record| hours.is_none_or(|hours| is_within(record.timestamp, hours, &zone)));
        let records = records.map(|record| {
            let areas = [&record.localization_areas, &record.no_go_areas];
            (record.timestamp, areas.into_iter().flatten().flatten().copied().collect::<Vec<_>>())
        });
        for (id, stay) in stays(records) {
            let Some(area) = directory.table::<Area>().get(branch, id) else { continue };
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
                occurrences: stay.occurrences,
            });
        }
    }
    Ok(work.ok(&found))
}

/// From records with their areas to stays, by area.
fn stays(records: impl Iterator<Item = (i64, Vec<i32>)>) -> BTreeMap<i32, Stay> {
    let mut stays: BTreeMap<i32, Stay> = BTreeMap::new();
    let mut before: (i64, Vec<i32>) = (0, Vec::new());
    for (time, areas) in records {
        for area in &before.1 {
            if let Some(stay) = stays.get_mut(area) {
                (stay.last, stay.duration) = (time, stay.duration.saturating_add(time.saturating_sub(before.0)));
            }
        }
        for area in &areas {
            let stay = stays.entry(*area).or_insert(Stay { first: time, last: time, duration: 0, occurrences: 0 });
            stay.last = time;
            if !before.1.contains(area) {
                stay.occurrences = stay.occurrences.saturating_add(1);
            }
        }
        before = (time, areas);
    }
    stays
}

/// Whether a time of day lies in a shift, both in milliseconds since midnight; a shift may go on past it.
fn is_within(time: i64, (from, to): (i64, i64), zone: &TimeZone) -> bool {
    let of_day = time.saturating_sub(day_of(time, zone));
    if from <= to { (from..to).contains(&of_day) } else { of_day >= from || of_day < to }
}

/// Where the day of a moment began.
fn day_of(time: i64, zone: &TimeZone) -> i64 {
    let day = Timestamp::from_millisecond(time).ok().and_then(|time| time.to_zoned(zone.clone()).start_of_day().ok());
    day.map_or(time, |day| day.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_holds_until_the_next_one() {
        let records = [(0, vec![1]), (10, vec![1, 2]), (30, vec![2]), (40, vec![]), (100, vec![1])];
        let stays = stays(records.into_iter());
        let row = |area: i32| (stays[&area].first, stays[&area].last, stays[&area].duration, stays[&area].occurrences);
        assert_eq!(row(1), (0, 100, 30, 2));
        assert_eq!(row(2), (10, 40, 30, 1));
    }

    #[test]
    fn a_shift_may_go_on_past_midnight() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap().as_millisecond();
        let night = (22 * 3_600_000, 6 * 3_600_000);
        assert!(is_within(time("2026-01-01T23:00:00Z"), night, &TimeZone::UTC));
        assert!(is_within(time("2026-01-01T05:59:59Z"), night, &TimeZone::UTC));
        assert!(!is_within(time("2026-01-01T06:00:00Z"), night, &TimeZone::UTC));
    }
}
