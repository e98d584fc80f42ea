//! Produce that goes from one cooling unit to another, or from one owner to another.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate, TimeDelta};

use super::{MARKETPLACE_COMPANIES, Simulation, Taken, index_of};
use crate::sample::people::{Owner, Room};

impl Simulation {
    /// What one owner has in a cooling unit since before yesterday, at most `limit` crates.
    fn belongings(&self, room: usize, day: NaiveDate, limit: usize) -> Vec<Taken> {
        let is_old = |index: &&usize| self.crates[**index].checked_in_at.date_naive() + Days::new(1) < day;
        let old: Vec<usize> = self.open[room].iter().filter(is_old).copied().collect();
        let Some(owner) = old.first().map(|index| self.crates[*index].owner.user) else { return Vec::new() };
        let theirs = old.into_iter().filter(|index| self.crates[*index].owner.user == owner);
        theirs.take(limit).map(|index| (index, self.crates[index].remaining)).collect()
    }

    /// Moves some crates of one owner from the first open cooling unit of each company to its second.
    pub(super) fn transfer(&mut self, day: NaiveDate) {
        for company in 0..self.world.companies.len() {
            let open = |room: &&Room| room.company == company && room.days.0 <= day && day < room.days.1;
            let rooms: Vec<i64> = self.world.rooms.iter().filter(open).map(|room| room.id).collect();
            let (Some(from), Some(to)) = (rooms.first(), rooms.get(1)) else { continue };
            let (from, to) = (index_of(*from), index_of(*to));
            let Some(at) = self.at(from, day, 13, 17) else { continue };
            let arrived = at + TimeDelta::minutes(45);
            let taken = self.belongings(from, day, 4);
            if taken.is_empty() || arrived >= self.world.until {
                continue;
            }
            let (owner, lines) = self.as_lines(&taken);
            self.physical_check_out(from, at, &taken, true);
            let operator = self.operator(to).map(|(operator, _)| operator);
            let movement = self.movement("ci", operator, None, arrived, false);
            self.check_in(to, movement, &owner, arrived, &lines, Some(day + Days::new(3)));
        }
    }

    /// Sells some crates of one owner in the marketplace: they stay where they are and belong to the buyer.
    pub(super) fn sell(&mut self, day: NaiveDate) {
        for company in 0..MARKETPLACE_COMPANIES {
            let first = self.world.rooms.iter().position(|room| room.company == company);
            let Some(room) = first else { continue };
            let Some(at) = self.at(room, day, 10, 16) else { continue };
            let taken = self.belongings(room, day, 3);
            if taken.is_empty() {
                continue;
            }
            let (_, lines) = self.as_lines(&taken);
            self.orders += 1;
            let people = &self.world.companies[company];
            let buyer = match people.farmers.last() {
                Some(farmer) if self.orders % 2 == 0 => farmer.clone(),
                _ => Owner { user: people.buyer, surveyed_crops: Vec::new() },
            };
            let movement = self.movement("mo", None, Some(self.orders), at, false);
            self.check_out(room, movement, at, &taken);
            self.check_in(room, movement, &buyer, at, &lines, Some(day + Days::new(2)));
        }
    }

    /// The owner of what is taken, and the same amounts as lines of a check-in.
    fn as_lines(&self, taken: &[Taken]) -> (Owner, Vec<(i64, Vec<i64>)>) {
        let mut lines: BTreeMap<i64, Vec<i64>> = BTreeMap::new();
        for (index, amount) in taken {
            lines.entry(self.crates[*index].crop).or_default().push(*amount);
        }
        let owner = taken
            .first()
            .map_or(Owner { user: 0, surveyed_crops: Vec::new() }, |(index, _)| self.crates[*index].owner.clone());
        (owner, lines.into_iter().collect())
    }
}
