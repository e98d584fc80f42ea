//! Reports as CSV, and the numbers in them as text.
//!
//! Lines end with LF, the last one too; an id is quoted only where it must be.

use super::walk::{Figures, StoreFigures};
use super::window::Window;
use crate::instant::{HOUR_US, MINUTE_US};

/// Header of the report as the predecessors had it.
pub const CLASSIC_HEADER: &str = "store_id,uptime_last_hour,uptime_last_day,uptime_last_week,\
    downtime_last_hour,downtime_last_day,downtime_last_week\n";

/// A line of the report as the predecessors had it: uptime and downtime of the hour in minutes, of day and week in hours,
/// with two decimals. Each number is rounded on its own.
pub fn push_classic(line: &mut Vec<u8>, id: &str, figures: &StoreFigures) {
    push_id(line, id);
    for amount in [|figures: &Figures| figures.up_us, |figures: &Figures| figures.down_us] {
        for (window, figures) in Window::ALL.into_iter().zip(figures) {
            let unit_us = if window == Window::Hour { MINUTE_US } else { HOUR_US };
            push_hundredths(line, hundredths(amount(figures), unit_us));
        }
    }
    line.push(b'\n');
}

/// Header of the report with every figure.
pub fn full_header() -> String {
    format!("store_id,{}\n", column_names().join(","))
}

/// A line of the report with every figure, in microseconds.
pub fn push_full(line: &mut Vec<u8>, id: &str, figures: &StoreFigures) {
    let mut digits = itoa::Buffer::new();
    push_id(line, id);
    for (_, number) in figures.iter().flat_map(columns) {
        line.push(b',');
        line.extend_from_slice(digits.format(number).as_bytes());
    }
    line.push(b'\n');
}

/// Figures with their names, in order of the columns.
pub fn columns(figures: &Figures) -> [(&'static str, i64); 7] {
    let Figures { business_us, up_us, down_us, observed_us, lo_us, hi_us, polls } = *figures;
    [
        ("business", business_us),
        ("up", up_us),
        ("down", down_us),
        ("observed", observed_us),
        ("lo", lo_us),
        ("hi", hi_us),
        ("polls", i64::from(polls)),
    ]
}

/// The name of a figure's column: `business_last_hour_us`; polls have no unit.
fn column(name: &str, window: Window) -> String {
    let unit = if name == "polls" { "" } else { "_us" };
    format!("{name}_last_{}{unit}", window.as_str())
}

/// Names of all columns of the full form but the id, in order.
pub fn column_names() -> Vec<String> {
    let names = columns(&Figures::default()).map(|(name, _)| name);
    Window::ALL.into_iter().flat_map(|window| names.map(|name| column(name, window))).collect()
}

/// Hundredths of a unit, rounded half to even. Sums of many stores may be longer than 64 bits.
pub fn hundredths(amount_us: impl Into<i128>, unit_us: impl Into<i128>) -> i64 {
    let (amount, unit) = (amount_us.into() * 100, unit_us.into());
    let (quotient, remainder) = (amount.div_euclid(unit), amount.rem_euclid(unit));
    let is_up = 2 * remainder > unit || (2 * remainder == unit && quotient % 2 != 0);
    i64::try_from(quotient + i128::from(is_up)).unwrap_or(i64::MAX)
}

/// Share of business time that is observed, with four decimals, rounded half to even; empty without business time.
pub fn coverage(figures: &Figures) -> String {
    if figures.business_us == 0 {
        return String::new();
    }
    // Ten-thousandths are hundredths of a hundredth.
    let share = hundredths(figures.observed_us * 100, figures.business_us);
    format!("{}.{:04}", share / 10_000, share % 10_000)
}

/// `,12.34`
fn push_hundredths(line: &mut Vec<u8>, hundredths: i64) {
    let mut digits = itoa::Buffer::new();
    let [tens, ones] = [hundredths.unsigned_abs() % 100 / 10, hundredths.unsigned_abs() % 10];
    line.push(b',');
    line.extend_from_slice(digits.format(hundredths / 100).as_bytes());
    #[expect(clippy::cast_possible_truncation, reason = "digits")]
    line.extend_from_slice(&[b'.', b'0' + tens as u8, b'0' + ones as u8]);
}

fn push_id(line: &mut Vec<u8>, id: &str) {
    if id.contains([',', '"', '\n', '\r']) {
        line.push(b'"');
        line.extend_from_slice(id.replace('"', "\"\"").as_bytes());
        line.push(b'"');
    } else {
        line.extend_from_slice(id.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classic(amount_us: i64, unit_us: i64) -> String {
        let mut line = Vec::new();
        push_hundredths(&mut line, hundredths(amount_us, unit_us));
        String::from_utf8(line).unwrap()
    }

    /// 12.345 minutes are 740,700,000 µs; 12.355 are 741,300,000.
    #[test]
    fn halves_are_rounded_to_the_even_neighbour() {
        assert_eq!(classic(740_700_000, MINUTE_US), ",12.34");
        assert_eq!(classic(740_700_001, MINUTE_US), ",12.35");
        assert_eq!(classic(740_699_999, MINUTE_US), ",12.34");
        assert_eq!(classic(741_300_000, MINUTE_US), ",12.36");
        assert_eq!(classic(0, HOUR_US), ",0.00");
        assert_eq!(classic(3 * MINUTE_US, HOUR_US), ",0.05");
        assert_eq!(classic(7 * 24 * HOUR_US, HOUR_US), ",168.00");
    }

    #[test]
    fn coverage_has_four_decimals_or_is_empty() {
        let of = |observed_us, business_us| coverage(&Figures { business_us, observed_us, ..Figures::default() });
        assert_eq!(of(0, 0), "");
        assert_eq!(of(9_960_000_000, 10_800_000_000), "0.9222");
        assert_eq!(of(5, 5), "1.0000");
        assert_eq!(of(1, 20_000), "0.0000");
        assert_eq!(of(3, 20_000), "0.0002");
    }

    #[test]
    fn ids_are_quoted_only_where_they_must_be() {
        for (id, expected) in [("a b", "a b"), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\nb", "\"a\nb\"")] {
            let mut line = Vec::new();
            push_id(&mut line, id);
            assert_eq!(String::from_utf8(line).unwrap(), expected);
        }
    }
}
