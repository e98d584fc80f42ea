//! What is said of all stores together: sums, the distribution of their uptime, and those with the lowest.
//!
//! The **uptime share** of a store in a window is up ÷ (up + down). It is absent where both are 0, and where the store
//! had no business time in the window, because then there is nothing that its uptime would be a share of.

use std::cmp::Ordering;

use metrics_core::uptime::{Figures, StoreFigures};

/// Bars of the distribution below 100 %, each of 5 %.
pub const STEPS: usize = 20;

/// Stores that are named for their low uptime.
pub const LOWEST: usize = 20;

/// Sums over all stores.
#[derive(Debug, Default)]
pub struct Fleet {
    /// Stores.
    pub stores: u64,
    /// Sums per window, in order of `Window::ALL`.
    pub windows: [Totals; 3],
    /// Stores by their share of the last week.
    pub distribution: Distribution,
    /// Stores with the lowest share of the last week.
    pub lowest: Lowest,
}

/// Sums of one window.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// Business time.
    pub business_us: i128,
    /// Time up.
    pub up_us: i128,
    /// Time down.
    pub down_us: i128,
    /// Observed business time.
    pub observed_us: i128,
    /// Least uptime.
    pub lo_us: i128,
    /// Most uptime.
    pub hi_us: i128,
    /// Stores with business time.
    pub open: u64,
    /// Those of them that have no poll in opening hours.
    pub without_evidence: u64,
}

impl Fleet {
    /// Adds a store.
    pub fn add(&mut self, store_id: &str, figures: &StoreFigures) {
        self.stores += 1;
        for (totals, figures) in self.windows.iter_mut().zip(figures) {
            totals.add(figures);
        }
        let [.., week] = figures;
        self.distribution.add(week);
        self.lowest.add(store_id, figures);
    }
}

impl Totals {
    fn add(&mut self, figures: &Figures) {
        self.business_us += i128::from(figures.business_us);
        self.up_us += i128::from(figures.up_us);
        self.down_us += i128::from(figures.down_us);
        self.observed_us += i128::from(figures.observed_us);
        self.lo_us += i128::from(figures.lo_us);
        self.hi_us += i128::from(figures.hi_us);
        if figures.business_us > 0 {
            self.open += 1;
            self.without_evidence += u64::from(figures.polls == 0);
        }
    }
}

/// Time up, and up or down, where the first is a share of the second.
pub fn share(figures: &Figures) -> Option<(i128, i128)> {
    let whole = i128::from(figures.up_us) + i128::from(figures.down_us);
    (figures.business_us > 0 && whole > 0).then(|| (i128::from(figures.up_us), whole))
}

/// Stores by their share of the last week: of so many steps of 5 % each, the lower end included, and exactly 100 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Distribution {
    /// Stores per step.
    pub bars: [Bar; STEPS + 1],
    /// Stores without a share.
    pub absent: u64,
}

/// Stores of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bar {
    /// Stores with a poll in the week.
    pub polled: u64,
    /// Stores without: what is said of them comes from an earlier poll or is assumed.
    pub unpolled: u64,
}

impl Distribution {
    fn add(&mut self, week: &Figures) {
        let Some((up, whole)) = share(week) else {
            self.absent += 1;
            return;
        };
        let step = usize::try_from(up * STEPS as i128 / whole).map_or(STEPS, |step| step.min(STEPS));
        let bar = &mut self.bars[step];
        if week.polls > 0 {
            bar.polled += 1;
        } else {
            bar.unpolled += 1;
        }
    }

    /// Stores with a share.
    pub fn stores(&self) -> u64 {
        self.bars.iter().map(Bar::stores).sum()
    }
}

impl Bar {
    /// All of them.
    pub const fn stores(&self) -> u64 {
        self.polled + self.unpolled
    }
}

/// The stores with the lowest share of the last week, of those that were polled in it, the lowest first. Of equal shares
/// the longer downtime comes first, then the lesser id.
#[derive(Debug, Default)]
pub struct Lowest {
    stores: Vec<Store>,
    /// Stores that have a rank.
    pub ranked: u64,
    /// Stores that are not among them, with the share of the last of them.
    pub tied: u64,
}

/// A store with its figures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    /// Its id.
    pub id: String,
    /// Its figures.
    pub figures: StoreFigures,
}

impl Lowest {
    fn add(&mut self, id: &str, figures: &StoreFigures) {
        let [.., week] = figures;
        if week.polls == 0 || share(week).is_none() {
            return;
        }
        self.ranked += 1;
        let store = Store { id: id.to_owned(), figures: *figures };
        let place = self.stores.partition_point(|listed| order(listed, &store) == Ordering::Less);
        self.stores.insert(place, store);
        if self.stores.len() <= LOWEST {
            return;
        }
        if let (Some(left_out), Some(last)) = (self.stores.pop(), self.stores.last()) {
            if by_share(&left_out, last) == Ordering::Equal {
                self.tied += 1;
            } else if place < LOWEST {
                // All that were left out are now above the last.
                self.tied = 0;
            }
        }
    }

    /// The stores in their order.
    pub fn stores(&self) -> &[Store] {
        &self.stores
    }
}

/// Which of two stores comes first.
fn order(one: &Store, other: &Store) -> Ordering {
    let ([.., one_week], [.., other_week]) = (&one.figures, &other.figures);
    by_share(one, other)
        .then(other_week.down_us.cmp(&one_week.down_us))
        .then_with(|| one.id.as_bytes().cmp(other.id.as_bytes()))
}

/// Which of two stores has the lower share of the last week, without rounding.
fn by_share(one: &Store, other: &Store) -> Ordering {
    let week = |store: &Store| {
        let [.., week] = &store.figures;
        share(week).unwrap_or((0, 1))
    };
    let ((up, whole), (other_up, other_whole)) = (week(one), week(other));
    // a/b < c/d where a·d < c·b, as b and d are above 0.
    (up * other_whole).cmp(&(other_up * whole))
}

#[cfg(test)]
mod tests {
    use metrics_core::instant::HOUR_US;

    use super::*;

    fn week(business_h: i64, up_h: i64, polls: u32) -> StoreFigures {
        let (business_us, up_us) = (business_h * HOUR_US, up_h * HOUR_US);
        let down_us = business_us - up_us;
        let figures = Figures { business_us, up_us, down_us, observed_us: 0, lo_us: 0, hi_us: business_us, polls };
        [Figures::default(), Figures::default(), figures]
    }

    #[test]
    fn sums_and_counts() {
        let mut fleet = Fleet::default();
        fleet.add("a", &week(100, 75, 3));
        fleet.add("b", &week(40, 0, 0));
        fleet.add("closed", &week(0, 0, 0));
        let [hour, _, totals] = fleet.windows;
        assert_eq!(hour, Totals::default());
        assert_eq!(totals.business_us, i128::from(140 * HOUR_US));
        assert_eq!((totals.up_us, totals.down_us), (i128::from(75 * HOUR_US), i128::from(65 * HOUR_US)));
        assert_eq!((fleet.stores, totals.open, totals.without_evidence), (3, 2, 1));
    }

    #[test]
    fn a_step_has_its_lower_end_and_the_whole_is_a_step_of_its_own() {
        let mut distribution = Distribution::default();
        for (up_h, polls) in [(0, 1), (0, 0), (4, 1), (5, 1), (99, 1), (100, 1), (100, 0)] {
            let [.., figures] = week(100, up_h, polls);
            distribution.add(&figures);
        }
        let [.., closed] = week(0, 0, 0);
        distribution.add(&closed);
        let mut expected = Distribution { absent: 1, ..Distribution::default() };
        expected.bars[0] = Bar { polled: 2, unpolled: 1 };
        expected.bars[1] = Bar { polled: 1, unpolled: 0 };
        expected.bars[19] = Bar { polled: 1, unpolled: 0 };
        expected.bars[20] = Bar { polled: 1, unpolled: 1 };
        assert_eq!(distribution, expected);
        assert_eq!(distribution.stores(), 7);
    }

    #[test]
    fn the_lowest_are_ranked_exactly_and_only_with_polls() {
        let mut lowest = Lowest::default();
        lowest.add("half of more", &week(100, 50, 1));
        lowest.add("b", &week(10, 5, 1));
        lowest.add("a", &week(10, 5, 1));
        lowest.add("a third", &week(9, 3, 1));
        lowest.add("unpolled", &week(10, 0, 0));
        lowest.add("closed", &week(0, 0, 1));
        lowest.add("all", &week(10, 10, 1));
        let ids = |lowest: &Lowest| lowest.stores().iter().map(|store| store.id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&lowest), ["a third", "half of more", "a", "b", "all"]);
        for number in 0..100 {
            lowest.add(&format!("store {number:03}"), &week(100, 99 - number, 1));
        }
        assert_eq!(lowest.ranked, 105);
        let ids = ids(&lowest);
        assert_eq!(ids.len(), LOWEST);
        assert_eq!((ids[0].as_str(), ids[19].as_str()), ("store 099", "store 080"));
    }

    #[test]
    fn those_left_out_with_the_share_of_the_last_are_counted() {
        let mut lowest = Lowest::default();
        for number in 0..25 {
            lowest.add(&format!("half {number:02}"), &week(10, 5, 1));
        }
        lowest.add("above", &week(10, 6, 1));
        assert_eq!(lowest.tied, 5);
        lowest.add("more of the same", &week(20, 10, 1));
        assert_eq!(lowest.tied, 6);
        for number in 0..19 {
            lowest.add(&format!("third {number:02}"), &week(9, 3, 1));
        }
        assert_eq!(lowest.tied, 25);
        lowest.add("third 19", &week(9, 3, 1));
        assert_eq!(lowest.tied, 0);
        lowest.add("third 20", &week(9, 3, 1));
        assert_eq!((lowest.tied, lowest.ranked), (1, 48));
    }
}
