//! Numbers and dictionaries of the clean bodies.

use std::collections::BTreeMap;

use metrics_core::coldroom::slice::{NumbersByName, SumsByName};
use rust_decimal::Decimal;
use serde::ser::{Error, Serialize, Serializer};
use serde_json::value::RawValue;

/// A decimal as a JSON number with exactly its digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exact(pub Decimal);

impl Serialize for Exact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        raw(self.0.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

/// A decimal as a JSON number that shows its kind: at least one digit after the point, and no idle zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExactFloat(pub Decimal);

impl Serialize for ExactFloat {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = self.0.normalize().to_string();
        if !text.contains('.') {
            text.push_str(".0");
        }
        raw(text).map_err(S::Error::custom)?.serialize(serializer)
    }
}

fn raw(number: String) -> Result<Box<RawValue>, serde_json::Error> {
    RawValue::from_string(number)
}

/// A number that counts things, stored among floats: without a point when it is whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Count(pub f64);

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Below 2^53 every whole float is that integer.
        if self.0.fract() == 0.0 && self.0.abs() < 9_007_199_254_740_992.0 {
            #[expect(clippy::cast_possible_truncation, reason = "whole and below 2^53")]
            return serializer.serialize_i64(self.0 as i64);
        }
        serializer.serialize_f64(self.0)
    }
}

/// A dictionary of amounts, by name.
#[derive(Debug)]
pub struct Amounts<'a>(pub &'a SumsByName);

impl Serialize for Amounts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.sorted())
    }
}

/// A dictionary of counts, by name.
#[derive(Debug)]
pub struct Counts<'a>(pub &'a SumsByName);

impl Serialize for Counts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.sorted().into_iter().map(|(name, sum)| (name, sum.map(Count))))
    }
}

/// A stored dictionary of counts, by name.
#[derive(Debug)]
pub struct StoredCounts<'a>(pub &'a NumbersByName);

impl Serialize for StoredCounts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let sorted: BTreeMap<_, _> = self.0.iter().map(|(name, number)| (name, number.map(Count))).collect();
        serializer.collect_map(sorted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(value: &impl Serialize) -> String {
        serde_json::to_string(value).expect("serializable")
    }

    fn decimal(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    #[test]
    fn decimals_keep_their_digits() {
        for digits in ["0.30", "344400.00", "-0.5", "12345678901234567890.123456", "0"] {
            assert_eq!(json(&Exact(decimal(digits))), digits);
        }
    }

    #[test]
    fn the_old_form_shows_that_a_decimal_is_a_float() {
        for (stored, shown) in [("344400.00", "344400.0"), ("46.20", "46.2"), ("0", "0.0"), ("-3.00", "-3.0")] {
            assert_eq!(json(&ExactFloat(decimal(stored))), shown);
        }
    }

    #[test]
    fn counts_have_no_point() {
        assert_eq!(json(&[Count(8.0), Count(-1.0), Count(2.5), Count(1e300)]), "[8,-1,2.5,1e+300]");
    }

    #[test]
    fn dictionaries_are_sorted_by_name() {
        let mut sums = SumsByName::default();
        sums.add(&[("Tomato", 2.0), ("Apple", 1.5)].into_iter().collect());
        assert_eq!(json(&Amounts(&sums)), r#"{"Apple":1.5,"Tomato":2.0}"#);
        assert_eq!(json(&Counts(&sums)), r#"{"Apple":1.5,"Tomato":2}"#);
    }
}
