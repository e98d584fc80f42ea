//! Numbers as people of a language write them.

use rust_decimal::{Decimal, RoundingStrategy};

use super::Lang;

/// Digits after the point at most, however small the number is.
const MOST_PLACES: usize = 12;

/// A number with `places` digits after the point: `1,234.5`, `1 234,5`, `12,34,567.5`.
///
/// A number that is not 0 is never shown as 0: it gets as many digits as it takes to see one.
pub fn float(lang: Lang, number: f64, places: usize) -> String {
    if !number.is_finite() {
        // No column holds such a number.
        return number.to_string();
    }
    let mut text = format!("{number:.places$}");
    let mut wider = places;
    while number != 0.0 && shows_zero(&text) && wider < MOST_PLACES {
        wider += 1;
        text = format!("{number:.wider$}");
    }
    localised(lang, &text)
}

/// The same, of a decimal; halves are rounded away from zero.
pub fn decimal(lang: Lang, number: Decimal, places: usize) -> String {
    let rounded = |places: usize| {
        // 28 is the most that a decimal has.
        let places = u32::try_from(places).unwrap_or(28).min(28);
        let number = number.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
        format!("{number:.*}", places as usize)
    };
    let mut text = rounded(places);
    let mut wider = places;
    while !number.is_zero() && shows_zero(&text) && wider < MOST_PLACES {
        wider += 1;
        text = rounded(wider);
    }
    localised(lang, &text)
}

fn shows_zero(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0' | b'.' | b'-'))
}

/// Groups the digits of a plain number and puts the language's signs in.
fn localised(lang: Lang, plain: &str) -> String {
    let (group, point) = match lang {
        Lang::En | Lang::Hi => (',', '.'),
        Lang::Fr => ('\u{202f}', ','),
    };
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) if !shows_zero(digits) => ("\u{2212}", digits),
        Some(digits) => ("", digits),
        None => ("", plain),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mut text = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && starts_group(lang, whole.len() - index) {
            text.push(group);
        }
        text.push(digit);
    }
    if !fraction.is_empty() {
        text.push(point);
        text.push_str(fraction);
    }
    text
}

/// True when a separator stands before the digit that has `left` digits up to the point, itself included.
fn starts_group(lang: Lang, left: usize) -> bool {
    match lang {
        Lang::En | Lang::Fr => left.is_multiple_of(3),
        // Thousands, then hundreds of them: 12,34,567.
        Lang::Hi => left == 3 || (left > 3 && !left.is_multiple_of(2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_as_the_language_does() {
        for (number, en, fr, hi) in [
            (0.0, "0", "0", "0"),
            (999.0, "999", "999", "999"),
            (1_000.0, "1,000", "1\u{202f}000", "1,000"),
            (99_999.0, "99,999", "99\u{202f}999", "99,999"),
            (123_456.0, "123,456", "123\u{202f}456", "1,23,456"),
            (1_234_567.0, "1,234,567", "1\u{202f}234\u{202f}567", "12,34,567"),
            (12_345_678.0, "12,345,678", "12\u{202f}345\u{202f}678", "1,23,45,678"),
            (-1_234.0, "\u{2212}1,234", "\u{2212}1\u{202f}234", "\u{2212}1,234"),
        ] {
            assert_eq!([Lang::En, Lang::Fr, Lang::Hi].map(|lang| float(lang, number, 0)), [en, fr, hi]);
        }
        assert_eq!(float(Lang::En, 1_234.5, 2), "1,234.50");
        assert_eq!(float(Lang::Fr, 1_234.5, 1), "1\u{202f}234,5");
        assert_eq!(float(Lang::Hi, 123_456.78, 1), "1,23,456.8");
    }

    #[test]
    fn only_zero_is_shown_as_zero() {
        assert_eq!(float(Lang::En, 0.0004, 2), "0.0004");
        assert_eq!(float(Lang::En, -0.04, 1), "\u{2212}0.04");
        assert_eq!(float(Lang::En, -0.0, 1), "0.0");
        assert_eq!(float(Lang::En, 1e-30, 1), "0.000000000000");
        assert_eq!(decimal(Lang::En, Decimal::new(3, 4), 2), "0.0003");
        assert_eq!(decimal(Lang::En, Decimal::ZERO, 2), "0.00");
    }

    #[test]
    fn decimals_keep_their_digits_and_round_halves_away_from_zero() {
        let number = |text: &str| text.parse::<Decimal>().expect("a decimal");
        assert_eq!(decimal(Lang::En, number("1302068.2"), 2), "1,302,068.20");
        assert_eq!(decimal(Lang::Hi, number("1302068.2"), 2), "13,02,068.20");
        assert_eq!(decimal(Lang::Fr, number("0.125"), 2), "0,13");
        assert_eq!(decimal(Lang::En, number("-0.125"), 2), "\u{2212}0.13");
        assert_eq!(decimal(Lang::En, number("12345678901234567890.5"), 1), "12,345,678,901,234,567,890.5");
    }
}
