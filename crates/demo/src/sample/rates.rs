//! Exchange rates for the sample: a slow random walk per currency, on weekdays only, with one long gap.

use std::fmt::Write as _;

use chrono::{Datelike as _, Days, NaiveDate, Weekday};

use crate::random::Random;

/// Currency and its first rate in 10⁻⁹ US dollars.
const FIRST_RATES: &[(&str, i64)] = &[("INR", 11_310_000), ("KES", 7_720_000), ("NGN", 652_000), ("PHP", 17_240_000)];

/// The currency without rates for a while, and the first and last day of the gap in percent of the days.
const GAP: (&str, i64, i64) = ("KES", 40, 58);

/// A file for `reporter fx import`: `currency,date,usd`, ordered, for each weekday from `first` to `last`.
pub fn csv(first: NaiveDate, last: NaiveDate, random: &mut Random) -> String {
    let days = (last - first).num_days();
    let mut lines = String::from("currency,date,usd\n");
    for (currency, start) in FIRST_RATES {
        let mut rate = *start;
        for (number, day) in (0..=days).zip(first.iter_days()) {
            if matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
                continue;
            }
            // At most 0.6 % a day: far from the 20 % at which an import is held back.
            rate += rate * random.between(-60, 60) / 10_000;
            let percent = number * 100 / days.max(1);
            if *currency == GAP.0 && (GAP.1..=GAP.2).contains(&percent) {
                continue;
            }
            // Writing to a String cannot fail.
            let _ = writeln!(lines, "{currency},{day},0.{rate:09}");
        }
    }
    lines
}

/// The first day with a rate for a sample that begins on `first_day`: early enough that its first days have one.
pub fn first_day_of_rates(first_day: NaiveDate) -> NaiveDate {
    first_day.checked_sub_days(Days::new(10)).unwrap_or(first_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn weekends_have_no_rate_and_every_other_day_has_one_per_currency() {
        // 2026-03-02 is a Monday: 5 weekdays in the week, four currencies; KES loses days 40 to 58 % of 6, that is
        // number 3 (50 %).
        let csv = csv(day("2026-03-02"), day("2026-03-08"), &mut Random::new(1));
        assert_eq!(csv.lines().count(), 1 + 4 * 5 - 1);
        assert!(!csv.contains("2026-03-07") && !csv.contains("KES,2026-03-05"));
        assert!(csv.lines().any(|line| line.starts_with("NGN,2026-03-02,0.0006")));
    }

    #[test]
    fn the_gap_is_longer_than_a_rate_may_be_carried_forward() {
        let csv = csv(day("2026-03-02"), day("2026-07-02"), &mut Random::new(1));
        let days: Vec<NaiveDate> =
            csv.lines().filter_map(|line| line.strip_prefix("KES,")).map(|rest| day(&rest[..10])).collect();
        let longest = days.windows(2).map(|pair| (pair[1] - pair[0]).num_days()).max();
        assert!(longest > Some(14), "{longest:?}");
    }
}
