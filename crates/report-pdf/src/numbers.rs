//! Numbers as text.

use metrics_core::uptime::hundredths;

/// Stands where there is no number; the legend says why.
pub const DASH: &str = "\u{2013}";

/// `1,234,567`
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An amount in a unit, with two decimals: `1,234.56`. Halves are rounded to the even neighbour.
pub fn amount(amount_us: impl Into<i128>, unit_us: i64) -> String {
    let hundredths = hundredths(amount_us, unit_us);
    let sign = if hundredths < 0 { "-" } else { "" };
    let hundredths = hundredths.unsigned_abs();
    format!("{sign}{}.{:02}", grouped(hundredths / 100), hundredths % 100)
}

/// A share of a whole, from 0 to 1, with four decimals; a dash without a whole.
pub fn share(part: impl Into<i128>, whole: impl Into<i128>) -> String {
    ten_thousandths(part, whole)
        .map_or_else(|| DASH.to_owned(), |share| format!("{}.{:04}", share / 10_000, share % 10_000))
}

/// The same as a percentage: `93.45 %`.
pub fn percent(part: impl Into<i128>, whole: impl Into<i128>) -> String {
    ten_thousandths(part, whole)
        .map_or_else(|| DASH.to_owned(), |share| format!("{}.{:02} %", share / 100, share % 100))
}

fn ten_thousandths(part: impl Into<i128>, whole: impl Into<i128>) -> Option<u64> {
    let whole = whole.into();
    // Ten-thousandths are hundredths of a hundredth.
    (whole > 0).then(|| hundredths(part.into() * 100, whole).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use metrics_core::instant::{HOUR_US, MINUTE_US};
    use metrics_core::uptime::{Figures, coverage};

    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(14_226), "14,226");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }

    /// 12.345 minutes are 740,700,000 µs.
    #[test]
    fn amounts_have_two_decimals_and_halves_go_to_the_even_neighbour() {
        assert_eq!(amount(0, HOUR_US), "0.00");
        assert_eq!(amount(740_700_000, MINUTE_US), "12.34");
        assert_eq!(amount(740_700_001, MINUTE_US), "12.35");
        assert_eq!(amount(168 * HOUR_US, HOUR_US), "168.00");
        assert_eq!(amount(-HOUR_US / 2, HOUR_US), "-0.50");
        // More than 64 bits of microseconds.
        assert_eq!(amount(i128::from(HOUR_US) * 10_000_000_000, HOUR_US), "10,000,000,000.00");
    }

    #[test]
    fn shares_are_those_of_the_other_forms_and_absent_without_a_whole() {
        for observed_us in [0, 1, 1_799_999_999, 1_800_000_000, 3_599_999_999, HOUR_US] {
            let figures = Figures { business_us: HOUR_US, observed_us, ..Figures::default() };
            assert_eq!(share(observed_us, HOUR_US), coverage(&figures));
        }
        assert_eq!(share(1, 3), "0.3333");
        assert_eq!(percent(2, 3), "66.67 %");
        assert_eq!(percent(1, 1), "100.00 %");
        assert_eq!(share(0, 0), DASH);
        assert_eq!(percent(0, 0), DASH);
    }
}
