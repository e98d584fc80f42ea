//! Which fetched rates are set aside until somebody looks at them.

use chrono::NaiveDate;
use rust_decimal::Decimal;

/// A stored rate of one currency, as the judgement sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatedRate {
    /// Day that the rate was published for.
    pub date: NaiveDate,
    /// US dollars per one unit of the currency, above 0.
    pub usd: Decimal,
    /// Vouched for by somebody: imported, or released from quarantine. Never set aside.
    pub is_trusted: bool,
}

/// A fetched rate that is too far from the one before it is stored, but not used.
///
/// The yardstick of a rate is the newest *accepted* rate of the `days` days before it. It is set aside when
///
/// ```text
/// |new ÷ old − 1| > ratio
/// ```
///
/// Without a yardstick it is accepted, so a currency that really jumped is believed after `days` days at the
/// latest. The verdicts follow from the set of stored rates alone, in whatever order they arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuarantineRule {
    /// Largest accepted change; 0.2 is 20 %.
    pub ratio: Decimal,
    /// How many days before a rate its yardstick may be.
    pub days: u32,
}

impl QuarantineRule {
    /// For each of `rates`: is it set aside? `rates` are of one currency, ascending, one a date.
    pub fn judge(&self, rates: &[DatedRate]) -> Vec<bool> {
        debug_assert!(rates.is_sorted_by(|earlier, later| earlier.date < later.date));
        let mut yardstick: Option<&DatedRate> = None;
        rates
            .iter()
            .map(|rate| {
                let is_quarantined = !rate.is_trusted && yardstick.is_some_and(|old| self.is_too_far(old, rate));
                if !is_quarantined {
                    yardstick = Some(rate);
                }
                is_quarantined
            })
            .collect()
    }

    fn is_too_far(&self, old: &DatedRate, new: &DatedRate) -> bool {
        // Multiplied instead of divided, so that exactly 20 % is exact. An allowance that overflows is above any rate.
        (new.date - old.date).num_days() <= i64::from(self.days)
            && old.usd.checked_mul(self.ratio).is_some_and(|allowance| (new.usd - old.usd).abs() > allowance)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::Days;
    use proptest::prelude::*;

    use super::*;

    const RULE: QuarantineRule = QuarantineRule { ratio: Decimal::from_parts(2, 0, 0, false, 1), days: 7 };

    /// A rate on day `date`, in hundredths of a dollar.
    fn rate(date: u64, cents: i64, is_trusted: bool) -> DatedRate {
        let date = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap() + Days::new(date);
        DatedRate { date, usd: Decimal::new(cents, 2), is_trusted }
    }

    fn fetched(date: u64, cents: i64) -> DatedRate {
        rate(date, cents, false)
    }

    #[test]
    fn a_rate_more_than_a_fifth_away_is_set_aside() {
        // From 1.00: 1.20 and 0.80 are 20 % away, 1.21 and 0.79 are more.
        for (cents, expected) in [(120, false), (80, false), (121, true), (79, true)] {
            assert_eq!(RULE.judge(&[fetched(0, 100), fetched(1, cents)]), [false, expected], "{cents}");
        }
    }

    #[test]
    fn the_first_rate_is_accepted() {
        assert_eq!(RULE.judge(&[]), Vec::<bool>::new());
        assert_eq!(RULE.judge(&[fetched(0, 100)]), [false]);
    }

    #[test]
    fn what_is_set_aside_is_no_yardstick() {
        // A spike on day 1; day 2 is compared with day 0.
        assert_eq!(RULE.judge(&[fetched(0, 100), fetched(1, 500), fetched(2, 101)]), [false, true, false]);
    }

    #[test]
    fn a_lasting_jump_is_believed_when_no_accepted_rate_is_recent_enough() {
        // Day 7 is 7 days after the last accepted rate, day 8 is 8.
        let rates: Vec<_> = std::iter::once(fetched(0, 100)).chain((1..=9).map(|date| fetched(date, 60))).collect();
        let expected = [false, true, true, true, true, true, true, true, false, false];
        assert_eq!(RULE.judge(&rates), expected);
    }

    #[test]
    fn a_trusted_rate_is_never_set_aside_and_later_rates_follow_it() {
        let rates = [fetched(0, 100), rate(1, 60, true), fetched(2, 61), fetched(3, 100)];
        assert_eq!(RULE.judge(&rates), [false, false, false, true]);
    }

    #[test]
    fn an_allowance_beyond_every_number_sets_nothing_aside() {
        let rule = QuarantineRule { ratio: Decimal::MAX, days: 7 };
        assert_eq!(rule.judge(&[fetched(0, 200), fetched(1, 900)]), [false, false]);
    }

    proptest! {
        /// Verdicts are stored after every arrival; only the last set counts.
        #[test]
        fn the_order_of_arrival_is_irrelevant(
            rates in prop::collection::btree_map(0_u64..40, (1_i64..400, any::<bool>()), 0..30),
            seed in any::<i32>(),
        ) {
            let all: Vec<_> = rates.iter().map(|(date, (cents, trusted))| rate(*date, *cents, *trusted)).collect();
            let mut arriving = all.clone();
            arriving.sort_by_key(|rate| rate.date.to_epoch_days().wrapping_mul(seed | 1));

            let mut stored: BTreeMap<NaiveDate, (DatedRate, bool)> = BTreeMap::new();
            for new in arriving {
                stored.insert(new.date, (new, false));
                let present: Vec<_> = stored.values().map(|(rate, _)| *rate).collect();
                for (verdict, (_, is_quarantined)) in RULE.judge(&present).into_iter().zip(stored.values_mut()) {
                    *is_quarantined = verdict;
                }
            }
            let arrived: Vec<_> = stored.values().map(|(_, is_quarantined)| *is_quarantined).collect();
            prop_assert_eq!(arrived, RULE.judge(&all));
        }

        /// Whatever is accepted has no accepted rate too far from it in the days before.
        #[test]
        fn accepted_neighbours_are_within_the_ratio(
            rates in prop::collection::btree_map(0_u64..40, 1_i64..400, 0..30),
        ) {
            let all: Vec<_> = rates.iter().map(|(date, cents)| fetched(*date, *cents)).collect();
            let verdicts = RULE.judge(&all);
            let accepted: Vec<_> = all.iter().zip(&verdicts).filter(|(_, aside)| !**aside).map(|(rate, _)| *rate).collect();
            for pair in accepted.windows(2) {
                prop_assert!(!RULE.is_too_far(&pair[0], &pair[1]));
            }
            // Judging what was accepted once more accepts all of it.
            prop_assert!(RULE.judge(&accepted).iter().all(|aside| !aside));
        }

        /// Releasing a rate leaves the days before it alone.
        #[test]
        fn releasing_a_rate_changes_later_days_only(
            rates in prop::collection::btree_map(0_u64..40, 1_i64..400, 1..30),
            pick in any::<prop::sample::Index>(),
        ) {
            let mut all: Vec<_> = rates.iter().map(|(date, cents)| fetched(*date, *cents)).collect();
            let before = RULE.judge(&all);
            let released = pick.index(all.len());
            all[released].is_trusted = true;
            let after = RULE.judge(&all);
            prop_assert_eq!(&before[..released], &after[..released]);
            prop_assert!(!after[released]);
        }
    }
}
