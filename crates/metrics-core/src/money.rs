//! Amounts of money, and the exchange rates that make them comparable.
//!
//! The source keeps fees as floats. A fee becomes money when it is read: its *net fee* as the shortest decimal
//! that names the same float, summed as a decimal and rounded once, when it is stored. Rates are decimals all the
//! way: US dollars per one unit of a currency.

mod quarantine;
mod rates;

pub use quarantine::{DatedRate, QuarantineRule};
pub use rates::{HIGHEST_USD, LOWEST_USD, RateBook, RateError, UsdRate, is_currency_code};
use rust_decimal::{Decimal, RoundingStrategy};

/// Largest float up to which every integer is a float of its own: 2^53.
const EXACT_INTEGERS: f64 = 9_007_199_254_740_992.0;

/// Net fees smaller than this, in any currency, are what is left of float arithmetic and count as 0.
const NET_FEE_RESIDUE: f64 = 0.000_05;

/// Shortest decimal that names `value`: 0.1 gives 0.1, not 0.1000000000000000055.
///
/// `None` when `value` is not finite, or too large for a [`Decimal`] (about 7.9e28). Digits beyond the 28th
/// decimal place are rounded off.
pub fn decimal(value: f64) -> Option<Decimal> {
    if value.abs() < EXACT_INTEGERS && value.fract() == 0.0 {
        #[expect(clippy::cast_possible_truncation, reason = "an integer below 2^53 fits an i64 exactly")]
        return Some(Decimal::from(value as i64));
    }
    // Display of a float is the shortest text that reads back as it, without an exponent; "NaN" and "inf" are no
    // decimals and fail to parse.
    value.to_string().parse().ok()
}

/// The float nearest to `value`; of a decimal that [`decimal`] made, the float that it was made of.
pub fn float(value: Decimal) -> f64 {
    // Every decimal reads as a float.
    value.to_string().parse().unwrap_or(f64::NAN)
}

/// `value` with exactly `places` decimal places, rounded half away from zero.
///
/// A value too large to have that many among its 28 digits keeps as many as it can.
pub fn rounded(value: Decimal, places: u32) -> Decimal {
    let mut result = value.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    result.rescale(places);
    result
}

/// What a release brings in after its share of the checkout's discount.
///
/// ```text
/// n = g − d·g ÷ G,   d at most G
/// n = g              when G ≤ 0, or there is no discount above 0
/// ```
///
/// | symbol | meaning                                            |
/// |--------|----------------------------------------------------|
/// | `g`    | `gross`: fee of the release                        |
/// | `G`    | `checkout_gross`: Σ g of the checkout's releases   |
/// | `d`    | `discount` of the checkout                         |
/// | `n`    | net fee                                            |
///
/// All in the currency of the fee. A result below 0.00005 in size is 0.
///
/// ```
/// # use metrics_core::money::net_fee;
/// // A checkout of 300 and 100, with 40 off: 30 and 10 less.
/// assert_eq!(net_fee(300.0, 400.0, Some(40.0)), 270.0);
/// assert_eq!(net_fee(100.0, 400.0, Some(40.0)), 90.0);
/// ```
pub fn net_fee(gross: f64, checkout_gross: f64, discount: Option<f64>) -> f64 {
    let net = match discount {
        Some(discount) if discount > 0.0 && checkout_gross > 0.0 => {
            gross - discount.min(checkout_gross) * gross / checkout_gross
        }
        _ => gross,
    };
    if net.abs() < NET_FEE_RESIDUE { 0.0 } else { net }
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "these results are exact")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(value: f64) -> Option<String> {
        decimal(value).map(|decimal| decimal.to_string())
    }

    #[test]
    fn a_decimal_is_the_shortest_that_names_the_float() {
        assert_eq!(text(0.1).as_deref(), Some("0.1"));
        assert_eq!(text(1.0 / 3.0).as_deref(), Some("0.3333333333333333"));
        assert_eq!(text(1500.0).as_deref(), Some("1500"));
        assert_eq!(text(-2.5).as_deref(), Some("-2.5"));
        assert_eq!(text(-0.0).as_deref(), Some("0"));
        assert_eq!(text(1e-7).as_deref(), Some("0.0000001"));
        // 2^53 and above are integers that are not all floats; the text still names them.
        assert_eq!(text(9_007_199_254_740_994.0).as_deref(), Some("9007199254740994"));
        assert_eq!(text(1e28).as_deref(), Some("10000000000000000000000000000"));
    }

    #[test]
    fn what_is_no_decimal_is_none() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e29, f64::MAX, -1e29] {
            assert_eq!(decimal(value), None, "{value}");
        }
    }

    #[test]
    fn digits_beyond_the_28th_place_are_rounded_off() {
        assert_eq!(decimal(1e-30), Some(Decimal::ZERO));
        assert_eq!(decimal(f64::MIN_POSITIVE), Some(Decimal::ZERO));
    }

    #[test]
    fn halves_are_rounded_away_from_zero() {
        let parse = |text: &str| text.parse::<Decimal>().unwrap();
        for (value, places, expected) in [
            ("0.005", 2, "0.01"),
            ("-0.005", 2, "-0.01"),
            ("2.5", 0, "3"),
            ("1.004999", 2, "1.00"),
            ("7", 2, "7.00"),
            ("0", 6, "0.000000"),
            ("-0.001", 2, "0.00"),
        ] {
            assert_eq!(rounded(parse(value), places), parse(expected), "{value} at {places}");
            assert_eq!(rounded(parse(value), places).scale(), places, "{value} at {places}");
        }
    }

    #[test]
    fn a_net_fee_carries_its_share_of_the_discount() {
        // 40 off 400: a tenth of each fee.
        assert_eq!(net_fee(300.0, 400.0, Some(40.0)), 270.0);
        // More off than there is to pay: nothing is paid.
        assert_eq!(net_fee(300.0, 400.0, Some(1e9)), 0.0);
    }

    #[test]
    fn a_discount_without_anything_to_take_it_from_is_ignored() {
        assert_eq!(net_fee(300.0, 400.0, None), 300.0);
        assert_eq!(net_fee(300.0, 400.0, Some(0.0)), 300.0);
        assert_eq!(net_fee(300.0, 400.0, Some(-5.0)), 300.0);
        assert_eq!(net_fee(0.0, 0.0, Some(5.0)), 0.0);
        assert_eq!(net_fee(-10.0, -10.0, Some(5.0)), -10.0);
    }

    #[test]
    fn residues_of_float_arithmetic_are_zero() {
        assert_eq!(net_fee(0.000_049, 1.0, None), 0.0);
        assert_eq!(net_fee(-0.000_049, 1.0, None), 0.0);
        assert_eq!(net_fee(0.000_05, 1.0, None), 0.000_05);
    }

    proptest! {
        #[test]
        fn a_decimal_reads_back_as_its_float(value in -1e12_f64..1e12) {
            let text = decimal(value).unwrap().to_string();
            // Below 1e-12 in size the 28 places cannot hold 17 significant digits.
            prop_assume!(value.abs() > 1e-11);
            prop_assert_eq!(text.parse::<f64>().unwrap(), value);
        }

        #[test]
        fn net_fees_of_a_checkout_add_up_to_its_gross_less_its_discount(
            fees in prop::collection::vec(0.01_f64..1e6, 1..20),
            discount in 0.01_f64..1e6,
        ) {
            let gross: f64 = fees.iter().sum();
            let net: f64 = fees.iter().map(|fee| net_fee(*fee, gross, Some(discount))).sum();
            prop_assert!((net - (gross - discount.min(gross))).abs() < 0.01);
        }
    }
}
