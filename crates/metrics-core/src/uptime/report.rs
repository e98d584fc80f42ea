//! A report: the figures of all stores at one instant.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::diagnostics::Diagnostics;
use super::fleet::{Fleet, HoursByStore, StoreIds};
use super::intake::{Bounds, Intake};
use super::intervals::FOREVER;
use super::policy::Policy;
use super::poll::unite;
use super::polls::{Groups, SHARDS, Shard};
use super::schedule::ZoneCalendar;
use super::walk::{StoreFigures, figures};
use super::window::Horizon;

/// Which stores a report has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stores {
    /// Every store of any accepted row.
    #[default]
    All,
    /// Those with an accepted poll at or before as of, of whatever age.
    Polled,
}

impl Stores {
    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Polled => "polled",
        }
    }
}

/// What a report is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// As of, and what is dropped before it is found.
    pub bounds: Bounds,
    /// How polls become uptime.
    pub policy: Policy,
    /// Which stores.
    pub stores: Stores,
}

/// Figures of one store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Number of the store.
    store: u32,
    /// Its figures.
    pub figures: StoreFigures,
}

/// What a report says of itself; as JSON, all of it but its stores.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// What it was asked for.
    pub options: Options,
    /// The instant it speaks of; `None` when none was given and there is no poll: then there are no rows.
    pub as_of_us: Option<i64>,
    /// What was read and not used.
    pub diagnostics: Diagnostics,
}

/// The figures of all stores, in order of the bytes of their ids.
#[derive(Debug)]
pub struct Report {
    /// What it says of itself.
    pub head: Head,
    ids: StoreIds,
    rows: Vec<Row>,
    /// Indices of rows, by id.
    order: Vec<usize>,
}

impl Report {
    /// The report of these stores and polls. The figures do not depend on the number of threads.
    pub fn compute(ids: StoreIds, fleet: &Fleet, intake: Intake, options: Options, threads: NonZeroUsize) -> Self {
        let as_of_us = intake.as_of_us();
        let (polls, has_stale, mut diagnostics) = intake.into_parts();
        diagnostics.add(fleet.diagnostics());
        let Some(horizon) = as_of_us.map(Horizon::new) else {
            let head = Head { options, as_of_us, diagnostics };
            return Self { head, ids, rows: Vec::new(), order: Vec::new() };
        };
        let task = Task {
            horizon,
            policy: options.policy,
            stores: options.stores,
            ids: &ids,
            calendars: calendars(fleet, ids.len(), &horizon),
            hours: fleet.hours(ids.len()),
            fleet,
            has_stale,
        };
        let shards: Vec<_> = polls.into_shards().into_iter().map(|shard| Mutex::new(Some(shard))).collect();
        let next = AtomicUsize::new(0);
        let work = || task.work(&shards, &next);
        let done = std::thread::scope(|scope| {
            // A thread without a shard would have nothing to do.
            let threads = threads.get().min(SHARDS as usize);
            let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
            let mut done = work();
            for other in others {
                match other.join() {
                    Ok(other) => done.append(other),
                    Err(panic) => std::panic::resume_unwind(panic),
                }
            }
            done
        });
        diagnostics.add(&done.diagnostics);
        let rows = done.rows;
        let mut order: Vec<usize> = (0..rows.len()).collect();
        order.sort_unstable_by_key(|index| ids.get(rows[*index].store));
        Self { head: Head { options, as_of_us, diagnostics }, ids, rows, order }
    }

    /// How many stores it has.
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it has none.
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Ids and figures, in order of the bytes of the ids.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = (&str, &StoreFigures)> {
        self.order.iter().map(|index| {
            let row = &self.rows[*index];
            (self.ids.get(row.store), &row.figures)
        })
    }
}

/// One calendar per zone that some store is in.
fn calendars(fleet: &Fleet, stores: usize, horizon: &Horizon) -> HashMap<Tz, ZoneCalendar> {
    let mut calendars = HashMap::new();
    for store in (0..).take(stores) {
        let zone = fleet.zone(store);
        calendars.entry(zone).or_insert_with(|| ZoneCalendar::new(zone, horizon));
    }
    calendars
}

/// What the threads share.
struct Task<'a> {
    horizon: Horizon,
    policy: Policy,
    stores: Stores,
    ids: &'a StoreIds,
    fleet: &'a Fleet,
    hours: HoursByStore,
    calendars: HashMap<Tz, ZoneCalendar>,
    has_stale: Vec<bool>,
}

/// What a thread did.
#[derive(Default)]
struct Done {
    rows: Vec<Row>,
    diagnostics: Diagnostics,
}

impl Done {
    fn append(&mut self, other: Self) {
        self.rows.extend(other.rows);
        self.diagnostics.add(&other.diagnostics);
    }
}

impl Task<'_> {
    /// Computes shard after shard until none is left.
    fn work(&self, shards: &[Mutex<Option<Shard>>], next: &AtomicUsize) -> Done {
        let mut done = Done::default();
        let mut groups = Groups::default();
        let mut intervals = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(shard) = shards.get(index) else { return done };
            let Some(shard) = shard.lock().unwrap_or_else(PoisonError::into_inner).take() else { continue };
            // Stores index, index + 64, index + 128, …
            let stores = (0..).take(self.ids.len()).skip(index).step_by(SHARDS as usize);
            shard.into_groups(stores.clone().count(), &mut groups);
            for (place, store) in stores.enumerate() {
                let polls = &mut groups.polls[groups.starts[place]..groups.starts[place + 1]];
                let is_polled = !polls.is_empty() || self.has_stale.get(store as usize).is_some_and(|stale| *stale);
                polls.sort_unstable();
                let stale = polls.partition_point(|poll| poll.at_us() < self.horizon.lookback_start_us());
                let polls = &mut polls[stale..];
                let (kept, duplicates, conflicts) = unite(polls);
                done.diagnostics.polls_stale += stale as u64;
                done.diagnostics.polls_duplicate += duplicates;
                done.diagnostics.polls_conflict += conflicts;
                if self.stores == Stores::Polled && !is_polled {
                    continue;
                }
                let polls = &polls[..kept];
                let hours = self.hours.get(store);
                let intervals = if hours.is_empty() {
                    std::slice::from_ref(&FOREVER)
                } else {
                    if let Some(calendar) = self.calendars.get(&self.fleet.zone(store)) {
                        calendar.intervals(hours, &mut intervals);
                    }
                    &intervals
                };
                let figures = figures(polls, intervals, &self.horizon, &self.policy);
                done.rows.push(Row { store, figures });
            }
        }
    }
}
