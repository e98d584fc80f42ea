//! What happens in the cooling units, day by day. Amounts are counted in tenths of a kilogram and hundredths of a
//! currency, so that no sum depends on the order in which floating-point numbers were added.

mod relocation;

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike as _, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone as _, Utc, Weekday};

use super::people::{Owner, Room, World, hundredths, tenths};
use super::table::cells;
use super::tables::Tables;

/// Days that produce stays; the usual ones more often.
const STAYS: &[u64] = &[1, 2, 2, 3, 3, 4, 5, 7, 10, 14];
/// Every so many days somebody moves crates to another cooling unit of the company.
const TRANSFER_EVERY_DAYS: i64 = 17;
/// Every so many days crates are sold in the marketplace and stay where they are.
const MARKETPLACE_EVERY_DAYS: i64 = 11;
/// Companies that sell in the marketplace.
const MARKETPLACE_COMPANIES: usize = 2;

/// A crate that has come in.
#[derive(Debug)]
struct StoredCrate {
    produce: i64,
    room: usize,
    crop: i64,
    owner: Owner,
    checked_in_at: DateTime<Utc>,
    initial: i64,
    remaining: i64,
    currency: Option<&'static str>,
    paid_cents: i64,
    planned_days: Option<i64>,
    /// Day from which on its owner may take it; `None`: forgotten.
    leaves_on: Option<NaiveDate>,
}

/// Crop, check-in and whether all its crates have left.
#[derive(Debug)]
struct Produce {
    crop: i64,
    check_in: i64,
    emptied: bool,
}

/// What one check-out takes: index of the crate, and tenths of a kilogram.
type Taken = (usize, i64);

struct Simulation {
    world: World,
    crates: Vec<StoredCrate>,
    produce: Vec<Produce>,
    /// Crates with something in them, per cooling unit.
    open: Vec<Vec<usize>>,
    orders: i64,
}

/// Every table, after all days have passed.
pub fn simulate(world: World) -> Tables {
    let open = vec![Vec::new(); world.rooms.len()];
    let mut simulation = Simulation { world, crates: Vec::new(), produce: Vec::new(), open, orders: 0 };
    // East of Greenwich the next day has begun already.
    let last = simulation.world.until.date_naive() + Days::new(1);
    let length = (last - simulation.world.first_day).num_days();
    for (number, day) in (0..=length).zip(simulation.world.first_day.iter_days()) {
        for room in 0..simulation.world.rooms.len() {
            let (opened, closed) = simulation.world.rooms[room].days;
            if opened <= day && day < closed {
                simulation.take_out(room, day);
                simulation.bring_in(room, day, 80 + 40 * number / length.max(1));
            }
        }
        if number % TRANSFER_EVERY_DAYS == TRANSFER_EVERY_DAYS - 1 {
            simulation.transfer(day);
        }
        if number % MARKETPLACE_EVERY_DAYS == MARKETPLACE_EVERY_DAYS - 1 {
            simulation.sell(day);
        }
    }
    simulation.finish()
}

impl Simulation {
    fn room(&self, room: usize) -> &Room {
        &self.world.rooms[room]
    }

    /// An instant between two local hours of the day, unless the sample has ended by then.
    fn at(&mut self, room: usize, day: NaiveDate, from_hour: i64, to_hour: i64) -> Option<DateTime<Utc>> {
        let zone = self.world.companies[self.room(room).company].market.time_zone;
        let millisecond = self.world.random.between(from_hour * 3_600_000, to_hour * 3_600_000 - 1);
        let local = day.and_time(NaiveTime::MIN) + TimeDelta::milliseconds(millisecond);
        let instant = zone.from_local_datetime(&local).earliest()?.with_timezone(&Utc);
        (instant < self.world.until).then_some(instant)
    }

    fn operator(&mut self, room: usize) -> Option<(i64, i64)> {
        let company = self.room(room).company;
        self.world.random.pick(&self.world.companies[company].operators).copied()
    }

    fn movement(
        &mut self,
        kind: &str,
        operator: Option<i64>,
        order: Option<i64>,
        at: DateTime<Utc>,
        reused: bool,
    ) -> i64 {
        let code: String = (0..6)
            .filter_map(|_| self.world.random.pick(b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789"))
            .map(|letter| char::from(*letter))
            .collect();
        self.world.tables.movement.push(cells![kind, operator, order, at, &code, reused])
    }

    // Check-ins

    fn bring_in(&mut self, room: usize, day: NaiveDate, trend_percent: i64) {
        let mut visits_percent = self.room(room).plan.visits_per_100_days * trend_percent / 100;
        if day.weekday() == Weekday::Sun {
            visits_percent /= 3;
        }
        let visits = visits_percent / 100 + i64::from(self.world.random.chance(visits_percent % 100));
        for _ in 0..visits {
            let full = self.room(room).plan.capacity_crates.unwrap_or(100);
            let stored = i64::try_from(self.open[room].len()).unwrap_or(i64::MAX);
            let (Some(at), true) = (self.at(room, day, 8, 18), stored < full * 9 / 10) else { continue };
            self.visit(room, day, at);
        }
    }

    fn visit(&mut self, room: usize, day: NaiveDate, at: DateTime<Utc>) {
        let Some((operator, operator_user)) = self.operator(room) else { return };
        let company = self.room(room).company;
        let people = &self.world.companies[company];
        let owner = match self.world.random.between(1, 100) {
            1..=8 => Some(people.placeholder.clone()),
            // Produce of the operator: its owner is no farmer.
            9..=12 => Some(Owner { user: operator_user, surveyed_crops: Vec::new() }),
            _ => self.world.random.pick(&people.farmers).cloned(),
        };
        let Some(owner) = owner else { return };
        let recorded = (!self.world.random.chance(3)).then_some(operator);
        let movement = self.movement("ci", recorded, None, at, false);
        let mut lines = Vec::new();
        for _ in 0..self.world.random.between(1, 4).max(3) - 2 {
            // The smaller of two draws: the first crops of a market are stored most.
            let offers = i64::try_from(self.room(room).offers.len()).unwrap_or(1);
            let number = self.world.random.between(0, offers - 1).min(self.world.random.between(0, offers - 1));
            let Some(offer) = usize::try_from(number).ok().and_then(|number| self.room(room).offers.get(number)) else {
                continue;
            };
            let crop = offer.crop;
            let crates = self.world.random.between(2, 7);
            lines.push((crop, (0..crates).map(|_| self.world.random.between(120, 280)).collect::<Vec<i64>>()));
        }
        let stay = self.world.random.pick(STAYS).copied().unwrap_or(1);
        let first = self.crates.len();
        self.check_in(room, movement, &owner, at, &lines, Some(day + Days::new(stay)));
        if self.world.random.chance(3) {
            let later = at + TimeDelta::minutes(self.world.random.between(120, 300));
            if later < self.world.until {
                let taken: Vec<Taken> =
                    (first..self.crates.len()).map(|index| (index, self.crates[index].remaining)).collect();
                self.physical_check_out(room, later, &taken, false);
            }
        }
    }

    fn check_in(
        &mut self,
        room: usize,
        movement: i64,
        owner: &Owner,
        at: DateTime<Utc>,
        lines: &[(i64, Vec<i64>)],
        leaves_on: Option<NaiveDate>,
    ) {
        let people = &self.world.companies[self.room(room).company];
        let (company, currency) = (people.id, people.market.currency);
        let on_behalf = people.operators.iter().any(|(_, user)| *user == owner.user).then_some(company);
        let check_in = self.world.tables.check_in.push(cells![movement, owner.user, on_behalf]);
        for (crop, weights) in lines {
            self.produce.push(Produce { crop: *crop, check_in, emptied: true });
            let produce = i64::try_from(self.produce.len()).unwrap_or(i64::MAX);
            for weight in weights {
                let random = &mut self.world.random;
                self.open[room].push(self.crates.len());
                self.crates.push(StoredCrate {
                    produce,
                    room,
                    crop: *crop,
                    owner: owner.clone(),
                    checked_in_at: at,
                    initial: *weight,
                    remaining: *weight,
                    currency: if random.chance(2) { None } else { currency },
                    paid_cents: 0,
                    planned_days: random.pick(&[Some(3), Some(5), Some(7), None]).copied().flatten(),
                    leaves_on: if random.chance(2) { None } else { leaves_on },
                });
            }
        }
    }

    // Check-outs

    fn take_out(&mut self, room: usize, day: NaiveDate) {
        let mut ready: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
        for index in &self.open[room] {
            let stored = &self.crates[*index];
            if stored.leaves_on.is_some_and(|leaves| leaves <= day) {
                ready.entry(stored.owner.user).or_default().push(*index);
            }
        }
        for (_, crates) in ready {
            if !self.world.random.chance(85) {
                continue;
            }
            let Some(at) = self.at(room, day, 6, 13) else { continue };
            let mut taken: Vec<Taken> = Vec::new();
            for index in crates {
                let remaining = self.crates[index].remaining;
                let kept = if self.world.random.chance(22) { self.world.random.between(30, 70) } else { 0 };
                taken.push((index, remaining - remaining * kept / 100));
                if kept > 0 {
                    self.crates[index].leaves_on =
                        Some(day + Days::new(self.world.random.between(1, 4).unsigned_abs()));
                }
            }
            self.physical_check_out(room, at, &taken, false);
        }
    }

    fn physical_check_out(&mut self, room: usize, at: DateTime<Utc>, taken: &[Taken], reused: bool) {
        let operator = self.operator(room).map(|(operator, _)| operator);
        let recorded = if self.world.random.chance(2) { None } else { operator };
        let movement = self.movement("co", recorded, None, at, reused);
        let check_out = self.check_out(room, movement, at, taken);
        if !reused {
            self.survey(check_out, at, taken);
        }
    }

    fn check_out(&mut self, room: usize, movement: i64, at: DateTime<Utc>, taken: &[Taken]) -> i64 {
        let fees: Vec<i64> = taken.iter().map(|(index, amount)| self.fee_cents(*index, *amount, at)).collect();
        let total: i64 = fees.iter().sum();
        let discount_percent = if self.world.random.chance(15) { self.world.random.between(5, 15) } else { 0 };
        // Whole units of the currency.
        let discount = total * discount_percent / 10_000 * 100;
        let currency = self.world.companies[self.room(room).company].market.currency;
        let paid = self.world.random.chance(90);
        let method = self.world.random.pick(&["CASH", "CASH", "BANK_TRANSFER"]).copied();
        let check_out = self.world.tables.check_out.push(cells![
            movement,
            currency,
            hundredths(discount),
            paid,
            hundredths(total),
            hundredths(total - discount),
            "DIRECT",
            method
        ]);
        for ((index, amount), fee) in taken.iter().zip(fees) {
            let stored = &mut self.crates[*index];
            stored.remaining -= amount;
            stored.paid_cents += fee;
            // As the application does it: of the initial weight, or of 1 kg when that is more.
            let share = *amount as f64 / stored.initial.max(10) as f64;
            let crate_id = id_of(*index);
            self.world.tables.release.push(cells![crate_id, check_out, share, amount / 10, hundredths(fee)]);
            if stored.remaining == 0 {
                self.open[room].retain(|open| open != index);
            }
        }
        check_out
    }

    /// The fee for taking `amount` of a crate out at an instant.
    fn fee_cents(&self, index: usize, amount: i64, at: DateTime<Utc>) -> i64 {
        let stored = &self.crates[index];
        let room = self.room(stored.room);
        let Some(offer) = room.offers.iter().find(|offer| offer.crop == stored.crop) else { return 0 };
        let days = (at.date_naive() - stored.checked_in_at.date_naive()).num_days().max(1);
        let fee = if offer.daily { offer.fee_cents * days } else { offer.fee_cents };
        if room.plan.by_weight {
            return fee * amount / 10;
        }
        (fee - stored.paid_cents).max(0) * amount / stored.remaining.max(1)
    }

    fn survey(&mut self, check_out: i64, at: DateTime<Utc>, taken: &[Taken]) {
        let mut surveyed: BTreeMap<i64, (i64, usize)> = BTreeMap::new();
        for (index, amount) in taken {
            let stored = &self.crates[*index];
            if stored.owner.surveyed_crops.contains(&stored.crop) {
                surveyed.entry(stored.crop).or_insert((0, stored.room)).0 += amount;
            }
        }
        for (crop, (amount, room)) in surveyed {
            let market = self.world.companies[self.room(room).company].market;
            let random = &mut self.world.random;
            let filled_in = at + TimeDelta::days(random.between(1, 7)) + TimeDelta::minutes(random.between(0, 300));
            if !random.chance(35) || filled_in >= self.world.until {
                continue;
            }
            let (unit, kg_in_unit) = random
                .pick(&[("KILOGRAMS", 1), ("KILOGRAMS", 1), ("CRATES", 20), ("BAGS", 50)])
                .copied()
                .unwrap_or_default();
            let price = random.between(market.price_per_kg.0, market.price_per_kg.1) * kg_in_unit;
            let loss_kg = amount * random.between(0, 8) / 1_000;
            self.world.tables.market_survey.push(cells![
                check_out,
                crop,
                price as f64,
                kg_in_unit,
                unit,
                market.currency,
                loss_kg,
                "local market",
                filled_in - TimeDelta::days(1),
                filled_in
            ]);
        }
    }

    // The state at the end

    fn finish(mut self) -> Tables {
        let until = self.world.until;
        for stored in &self.crates {
            if let Some(produce) = self.produce.get_mut(index_of(stored.produce)) {
                produce.emptied &= stored.remaining == 0;
            }
        }
        for produce in &self.produce {
            self.world.tables.produce.push(cells![produce.crop, produce.check_in, produce.emptied]);
        }
        for index in 0..self.crates.len() {
            let due = if self.crates[index].remaining == 0 {
                0
            } else {
                self.fee_cents(index, self.crates[index].remaining, until)
            };
            let stored = &self.crates[index];
            self.world.tables.produce_crate.push(cells![
                stored.produce,
                self.world.rooms[stored.room].id,
                tenths(stored.initial),
                tenths(stored.remaining),
                stored.currency,
                stored.remaining == 0,
                hundredths(stored.paid_cents + due),
                hundredths(stored.paid_cents),
                hundredths(due),
                hundredths(due),
                stored.planned_days
            ]);
        }
        self.world.tables
    }
}

/// The id of the row that is written from the element at `index`.
fn id_of(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX - 1) + 1
}

/// The index of the element from which the row `id` is written.
fn index_of(id: i64) -> usize {
    usize::try_from(id - 1).unwrap_or(usize::MAX)
}
