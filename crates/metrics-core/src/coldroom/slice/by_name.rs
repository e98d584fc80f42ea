//! Numbers by name: the dictionaries of a day (kilograms per crop, emissions per cause) and their sums.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};

/// The dictionary of one day: a number, or none, by name, in stored order.
///
/// All names share one buffer: a slice reads thousands of such dictionaries, and keeps none of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct NumbersByName {
    names: String,
    /// End of the name in `names`, and the number.
    entries: Vec<(usize, Option<f64>)>,
}

impl NumbersByName {
    /// Names with their numbers, in stored order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<f64>)> {
        let mut start = 0;
        self.entries.iter().map(move |&(end, number)| {
            let name = &self.names[start..end];
            start = end;
            (name, number)
        })
    }

    /// The member `difference` of each named object, as `co2_crops` stores them.
    pub fn differences<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Dictionary::<Difference>(PhantomData))
    }
}

impl<'de> Deserialize<'de> for NumbersByName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Dictionary::<Plain>(PhantomData))
    }
}

impl<N: AsRef<str>> FromIterator<(N, f64)> for NumbersByName {
    fn from_iter<I: IntoIterator<Item = (N, f64)>>(numbers: I) -> Self {
        let mut dictionary = Self::default();
        for (name, number) in numbers {
            dictionary.names.push_str(name.as_ref());
            dictionary.entries.push((dictionary.names.len(), Some(number)));
        }
        dictionary
    }
}

/// What stands for the number in the stored dictionary.
trait Stored<'de>: Deserialize<'de> {
    fn number(self) -> Option<f64>;
}

#[derive(serde::Deserialize)]
#[serde(transparent)]
struct Plain(Option<f64>);

impl Stored<'_> for Plain {
    fn number(self) -> Option<f64> {
        self.0
    }
}

#[derive(serde::Deserialize)]
struct Difference {
    difference: Option<f64>,
}

impl Stored<'_> for Difference {
    fn number(self) -> Option<f64> {
        self.difference
    }
}

struct Dictionary<S>(PhantomData<S>);

impl<'de, S: Stored<'de>> Visitor<'de> for Dictionary<S> {
    type Value = NumbersByName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of numbers")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NumbersByName, A::Error> {
        let mut dictionary = NumbersByName::default();
        while map.next_key_seed(Append(&mut dictionary.names))?.is_some() {
            let number = map.next_value::<S>()?.number();
            dictionary.entries.push((dictionary.names.len(), number));
        }
        Ok(dictionary)
    }
}

/// Appends a name to the shared buffer instead of allocating it.
struct Append<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for Append<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Append<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<(), E> {
        self.0.push_str(name);
        Ok(())
    }
}

/// Sums by name over several days, in the order in which the names first occurred.
///
/// A name sums over the days on which it has a number; without any, its sum is absent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SumsByName {
    sums: Vec<(String, Option<f64>)>,
    /// Where the search for the next name starts. The days store their names in one order, so it is usually there.
    expected: usize,
}

impl SumsByName {
    /// Adds the dictionary of one day.
    pub fn add(&mut self, day: &NumbersByName) {
        self.add_all(day.iter());
    }

    /// Adds the sums of other days.
    pub fn merge(&mut self, other: &Self) {
        self.add_all(other.iter());
    }

    fn add_all<'a>(&mut self, numbers: impl Iterator<Item = (&'a str, Option<f64>)>) {
        self.expected = 0;
        for (name, number) in numbers {
            let sum = self.entry(name);
            if let Some(number) = number {
                *sum = Some(sum.unwrap_or(0.0) + number);
            }
        }
    }

    fn entry(&mut self, name: &str) -> &mut Option<f64> {
        let (before, after) = self.sums.split_at(self.expected.min(self.sums.len()));
        let found = match after.iter().position(|(known, _)| known == name) {
            Some(offset) => Some(before.len() + offset),
            None => before.iter().position(|(known, _)| known == name),
        };
        let index = found.unwrap_or_else(|| {
            self.sums.push((name.to_owned(), None));
            self.sums.len() - 1
        });
        self.expected = index + 1;
        &mut self.sums[index].1
    }

    /// Names with their sums, in order of first occurrence.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Option<f64>)> {
        self.sums.iter().map(|(name, sum)| (name.as_str(), *sum))
    }

    /// Names with their sums, by name.
    pub fn sorted(&self) -> Vec<(&str, Option<f64>)> {
        let mut sums: Vec<_> = self.iter().collect();
        sums.sort_unstable_by_key(|(name, _)| *name);
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(json: &str) -> NumbersByName {
        serde_json::from_str(json).expect("a dictionary")
    }

    #[test]
    fn names_sum_over_their_days_in_order_of_first_occurrence() {
        let mut sums = SumsByName::default();
        sums.add(&numbers(r#"{"Onion": 1, "Tomato": 2.5}"#));
        sums.add(&numbers(r#"{"Apple": 4.0, "Tomato": 0.5}"#));
        sums.add(&numbers("{}"));
        sums.add(&numbers(r#"{"Onion": 2}"#));

        let expected = vec![("Onion", Some(3.0)), ("Tomato", Some(3.0)), ("Apple", Some(4.0))];
        assert_eq!(sums.iter().collect::<Vec<_>>(), expected);
        let expected = vec![("Apple", Some(4.0)), ("Onion", Some(3.0)), ("Tomato", Some(3.0))];
        assert_eq!(sums.sorted(), expected);
    }

    #[test]
    fn a_name_without_any_number_has_no_sum() {
        let mut sums = SumsByName::default();
        sums.add(&numbers(r#"{"electricity": null, "refrigerant": 1.5}"#));
        sums.add(&numbers(r#"{"electricity": null, "refrigerant": null}"#));
        assert_eq!(sums.iter().collect::<Vec<_>>(), vec![("electricity", None), ("refrigerant", Some(1.5))]);
    }

    #[test]
    fn of_the_emissions_per_crop_only_the_difference_is_read() {
        let json = r#"{"Okra": {"coldroom": 1.0, "difference": 0.106342585, "no-coldroom": 1.106342585}, "Yam": {"difference": -2}}"#;
        let day = NumbersByName::differences(&mut serde_json::Deserializer::from_str(json)).expect("a dictionary");
        let expected = vec![("Okra", Some(0.106_342_585)), ("Yam", Some(-2.0))];
        assert_eq!(day.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn names_with_escapes_are_read_as_written() {
        let day = numbers(r#"{"Piment \"rouge\"": 1, "Gombo\u00e9": 2, "": 3}"#);
        let names: Vec<_> = day.iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["Piment \"rouge\"", "Gomboé", ""]);
    }

    #[test]
    fn what_is_not_an_object_of_numbers_is_refused() {
        for json in ["[]", "3", r#"{"a": "b"}"#, r#"{"a": {}}"#] {
            assert!(serde_json::from_str::<NumbersByName>(json).is_err(), "{json}");
        }
    }
}
