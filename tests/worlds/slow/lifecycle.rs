//! Crates: what is known of them, when they came and went, and what is left in them.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::Slow;
use crate::worlds::world::{CheckOut, Crate, Farmer, Movement, Release, Unit};

/// One release that has happened, of a crate that exists.
pub(super) struct Out<'w> {
    pub(super) row: &'w Release,
    pub(super) operation: &'w CheckOut,
    pub(super) time: DateTime<Utc>,
    pub(super) physical: bool,
    pub(super) kg: f64,
}

impl<'w> Slow<'w> {
    /// The crates of a unit that are not rejected.
    pub(super) fn crates_of(&self, unit: &Unit) -> Vec<&'w Crate> {
        self.world.crates.iter().filter(|c| c.cooling_unit_id == Some(unit.id) && self.exists(c)).collect()
    }

    pub(super) fn exists(&self, produce_crate: &Crate) -> bool {
        let mut releases = self.world.releases.iter().filter(|release| release.crate_id == produce_crate.id);
        produce_crate.initial_weight.is_finite()
            && releases.all(|release| {
                let discount = self.world.check_out(release.checkout_id).discount_amount;
                release.percentage.is_finite()
                    && release.cooling_fees.is_finite()
                    && discount.is_none_or(f64::is_finite)
            })
    }

    /// The time of a movement that is not rejected; it may lie after the run.
    pub(super) fn dated(&self, movement: &Movement) -> Option<DateTime<Utc>> {
        movement.date.instant().filter(|time| *time >= self.world.first_instant())
    }

    /// Time of the check-in, and whether it is physical, when it has happened.
    pub(super) fn check_in(&self, produce_crate: &Crate) -> Option<(DateTime<Utc>, bool)> {
        let movement = self.world.movement(self.world.check_in_of(produce_crate)?.movement_id)?;
        let time = self.dated(movement).filter(|time| *time < self.world.as_of)?;
        Some((time, movement.initiated_for != "mo"))
    }

    /// Releases of a crate with a time, by (time, check-out).
    pub(super) fn dated_outs(&self, produce_crate: &Crate) -> Vec<Out<'w>> {
        let mut outs = Vec::new();
        for row in self.world.releases.iter().filter(|release| release.crate_id == produce_crate.id) {
            let operation = self.world.check_out(row.checkout_id);
            let Some(movement) = self.world.movement(operation.movement_id) else { continue };
            let Some(time) = self.dated(movement) else { continue };
            let kg = row.percentage * produce_crate.initial_weight.max(1.0);
            outs.push(Out { row, operation, time, physical: movement.initiated_for != "mo", kg });
        }
        outs.sort_by_key(|out| (out.time, out.operation.id));
        outs
    }

    /// Those that have happened.
    pub(super) fn outs(&self, produce_crate: &Crate) -> Vec<Out<'w>> {
        self.dated_outs(produce_crate).into_iter().filter(|out| out.time < self.world.as_of).collect()
    }

    /// When a crate was emptied, and whether physically.
    pub(super) fn emptied(&self, produce_crate: &Crate) -> Option<(DateTime<Utc>, bool)> {
        let last = self.dated_outs(produce_crate).pop()?;
        (produce_crate.cmp_fully_checked_out && last.time < self.world.as_of).then_some((last.time, last.physical))
    }

    /// Is a crate in the room when the day, or what has passed of it, is over?
    pub(super) fn is_in_room_at_end(&self, produce_crate: &Crate, date: NaiveDate, zone: Tz) -> bool {
        // An instant before the run lies before the end of a day when its local date is that day or earlier.
        let before_end = |time: DateTime<Utc>| time.with_timezone(&zone).date_naive() <= date;
        let came = self.check_in(produce_crate).is_some_and(|(time, _)| before_end(time));
        let vanished = produce_crate.cmp_fully_checked_out && self.dated_outs(produce_crate).is_empty();
        let left = self.emptied(produce_crate).is_some_and(|(time, _)| before_end(time));
        came && !vanished && !left
    }

    /// What is left in a crate at the end of the day, kg.
    pub(super) fn remaining(&self, produce_crate: &Crate, date: NaiveDate, zone: Tz) -> f64 {
        if !self.is_in_room_at_end(produce_crate, date, zone) {
            return 0.0;
        }
        let out: f64 = self
            .outs(produce_crate)
            .iter()
            .filter(|out| out.time.with_timezone(&zone).date_naive() <= date)
            .map(|out| out.kg)
            .sum();
        let left = produce_crate.initial_weight - out;
        if left < 0.0005 { 0.0 } else { left }
    }

    pub(super) fn owner(&self, produce_crate: &Crate) -> Option<i64> {
        self.world.check_in_of(produce_crate)?.owned_by_user_id
    }

    pub(super) fn crop_name(&self, produce_crate: &Crate) -> String {
        let crop = self.world.produce_of(produce_crate).and_then(|produce| produce.crop_id);
        let crop = self.world.crops.iter().find(|row| Some(row.id) == crop);
        crop.map_or_else(|| "Unknown".to_owned(), |crop| crop.name.clone())
    }

    pub(super) fn is_placeholder(&self, farmer: &Farmer) -> bool {
        farmer.is_unknown || self.world.user(farmer.user_id).first_name.as_deref() == Some("User without a phone")
    }
}
