//! Exchange rates, and which of them applies on a day.

use std::collections::HashMap;

use chrono::NaiveDate;
use rust_decimal::Decimal;

/// The currency that rates are expressed in; it needs no rows.
const USD: &str = "USD";

/// Smallest rate that is believed, in USD: a thousandth of the weakest currency that was ever quoted daily.
pub const LOWEST_USD: Decimal = Decimal::from_parts(1, 0, 0, false, 12);

/// Largest rate that is believed, in USD: far above the strongest currency (3.3) and any asset quoted like one.
pub const HIGHEST_USD: Decimal = Decimal::from_parts(10_000_000, 0, 0, false, 0);

/// Why a number is no rate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RateError {
    /// Not finite, or too large to be written out.
    #[error("{0} is not a number that a rate can be")]
    NotADecimal(String),
    /// Zero or below.
    #[error("{0} is not above 0")]
    NotPositive(Decimal),
    /// Positive, but no currency was ever worth that.
    #[error("{0} is outside {LOWEST_USD} to {HIGHEST_USD} USD")]
    Absurd(Decimal),
}

/// US dollars per one unit of a currency, between [`LOWEST_USD`] and [`HIGHEST_USD`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UsdRate(Decimal);

impl UsdRate {
    /// The rate of `usd` dollars per unit.
    pub fn new(usd: Decimal) -> Result<Self, RateError> {
        if usd <= Decimal::ZERO {
            Err(RateError::NotPositive(usd))
        } else if (LOWEST_USD..=HIGHEST_USD).contains(&usd) {
            Ok(Self(usd.normalize()))
        } else {
            Err(RateError::Absurd(usd))
        }
    }

    /// The rate of a currency of which one dollar buys `units`.
    pub fn from_units_per_usd(units: Decimal) -> Result<Self, RateError> {
        if units <= Decimal::ZERO {
            return Err(RateError::NotPositive(units));
        }
        // Above 0, so only a quotient beyond every bound can overflow.
        Decimal::ONE.checked_div(units).map_or(Err(RateError::Absurd(units)), Self::new)
    }

    /// US dollars per one unit.
    pub fn usd(self) -> Decimal {
        self.0
    }
}

/// Is `text` written like an ISO 4217 code: three capital letters A to Z?
pub fn is_currency_code(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Usable rates of all currencies, looked up by day.
///
/// The rate of currency C on day D is the newest one dated D or at most `max_age_days` before. USD is 1 on every
/// day. There is no rate from a later day and no default.
#[derive(Debug, Clone, Default)]
pub struct RateBook {
    /// Per currency, ascending by date, one entry a date.
    by_currency: HashMap<String, Vec<(NaiveDate, Decimal)>>,
    max_age_days: u32,
}

impl RateBook {
    /// A book of `rows` (currency, day, USD per unit), in any order. Of two rows for one currency and day the
    /// later given counts.
    pub fn new(rows: impl IntoIterator<Item = (String, NaiveDate, Decimal)>, max_age_days: u32) -> Self {
        let mut by_currency: HashMap<String, Vec<(NaiveDate, Decimal)>> = HashMap::new();
        for (currency, date, usd) in rows {
            by_currency.entry(currency).or_default().push((date, usd));
        }
        for rates in by_currency.values_mut() {
            // Stable, so the later given of one date is the last of them; dedup keeps the first of a reversed list.
            rates.sort_by_key(|(date, _)| *date);
            rates.reverse();
            rates.dedup_by_key(|(date, _)| *date);
            rates.reverse();
        }
        Self { by_currency, max_age_days }
    }

    /// USD per unit of `currency` on `day`; `None` when no rate is recent enough.
    pub fn rate(&self, currency: &str, day: NaiveDate) -> Option<Decimal> {
        self.rate_with_date(currency, day).map(|(_, usd)| usd)
    }

    /// As [`RateBook::rate`], with the day that the rate was published for. USD is of `day` itself.
    pub fn rate_with_date(&self, currency: &str, day: NaiveDate) -> Option<(NaiveDate, Decimal)> {
        if currency == USD {
            return Some((day, Decimal::ONE));
        }
        let rates = self.by_currency.get(currency)?;
        let later = rates.partition_point(|(date, _)| *date <= day);
        let newest = *rates.get(later.checked_sub(1)?)?;
        ((day - newest.0).num_days() <= i64::from(self.max_age_days)).then_some(newest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    fn usd(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn book(rows: &[(&str, u32, &str)]) -> RateBook {
        RateBook::new(rows.iter().map(|(currency, date, rate)| ((*currency).into(), day(*date), usd(rate))), 7)
    }

    #[test]
    fn the_newest_rate_up_to_the_day_applies() {
        let book = book(&[("NGN", 16, "0.0007"), ("NGN", 14, "0.0006"), ("INR", 15, "0.012")]);
        assert_eq!(book.rate("NGN", day(13)), None, "never a later rate");
        assert_eq!(book.rate("NGN", day(14)), Some(usd("0.0006")));
        assert_eq!(book.rate("NGN", day(15)), Some(usd("0.0006")));
        assert_eq!(book.rate_with_date("NGN", day(20)), Some((day(16), usd("0.0007"))));
        assert_eq!(book.rate("KES", day(16)), None, "never a default");
    }

    #[test]
    fn a_rate_is_good_for_seven_days_after_its_own() {
        let book = book(&[("NGN", 10, "0.0007")]);
        assert_eq!(book.rate("NGN", day(17)), Some(usd("0.0007")));
        assert_eq!(book.rate("NGN", day(18)), None);
    }

    #[test]
    fn the_dollar_is_one_whatever_is_stored() {
        assert_eq!(book(&[("USD", 16, "2")]).rate_with_date("USD", day(1)), Some((day(1), Decimal::ONE)));
        assert_eq!(RateBook::default().rate("USD", day(1)), Some(Decimal::ONE));
    }

    #[test]
    fn of_two_rows_for_a_day_the_later_given_counts() {
        assert_eq!(book(&[("NGN", 16, "1"), ("NGN", 16, "2")]).rate("NGN", day(16)), Some(usd("2")));
    }

    #[test]
    fn units_per_dollar_are_inverted() {
        assert_eq!(UsdRate::from_units_per_usd(usd("1600")).unwrap().usd(), usd("0.000625"));
        assert_eq!(UsdRate::from_units_per_usd(usd("0.5")).unwrap().usd(), usd("2"));
        assert_eq!(UsdRate::from_units_per_usd(Decimal::ZERO), Err(RateError::NotPositive(Decimal::ZERO)));
        assert!(matches!(
            UsdRate::from_units_per_usd(usd("0.0000000000000000000000000001")),
            Err(RateError::Absurd(_))
        ));
    }

    #[test]
    fn rates_that_no_currency_has_are_refused() {
        assert_eq!(UsdRate::new(usd("-1")), Err(RateError::NotPositive(usd("-1"))));
        assert!(matches!(UsdRate::new(usd("0.0000000000001")), Err(RateError::Absurd(_))));
        assert!(matches!(UsdRate::new(usd("10000001")), Err(RateError::Absurd(_))));
        assert!(UsdRate::new(LOWEST_USD).is_ok() && UsdRate::new(HIGHEST_USD).is_ok());
        assert_eq!(UsdRate::new(Decimal::ZERO).unwrap_err().to_string(), "0 is not above 0");
    }

    #[test]
    fn a_currency_code_is_three_capital_letters() {
        assert!(is_currency_code("NGN"));
        for text in ["", "NG", "ngn", "NGNX", "N1N", "N€"] {
            assert!(!is_currency_code(text), "{text}");
        }
    }
}
