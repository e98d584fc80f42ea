//! Reports as JSON: the names of the full CSV, numbers as integers, and what the report was asked for.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::policy::MaxCarry;
use super::print::columns;
use super::report::{Head, Options};
use super::walk::StoreFigures;
use crate::instant::format_us;

impl Serialize for Head {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("as_of", &self.as_of_us.map(format_us))?;
        object.serialize_entry("policy", &self.options.policy.to_string())?;
        object.serialize_entry("options", &self.options)?;
        object.serialize_entry("tzdata", chrono_tz::IANA_TZDB_VERSION)?;
        object.serialize_entry("diagnostics", &self.diagnostics)?;
        object.end()
    }
}

impl Serialize for Options {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let step = self.policy.options();
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("as_of", &self.bounds.as_of_us.map(format_us))?;
        object.serialize_entry("not_after", &self.bounds.not_after_us.map(format_us))?;
        object.serialize_entry("max_carry", &step.and_then(|step| step.max_carry).map(MaxCarry::minutes))?;
        object.serialize_entry("assume", &step.map(|step| step.assume.as_str()))?;
        object.serialize_entry("stores", self.stores.as_str())?;
        object.end()
    }
}

/// A row as an object: the id, and its figures by the names of their columns.
#[derive(Debug)]
pub struct RowObject<'a> {
    /// Id of the store.
    pub id: &'a str,
    /// Its figures.
    pub figures: &'a StoreFigures,
    /// Names of the columns, [`column_names`](super::column_names).
    pub names: &'a [String],
}

impl Serialize for RowObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.names.len() + 1))?;
        object.serialize_entry("store_id", self.id)?;
        for (name, (_, number)) in self.names.iter().zip(self.figures.iter().flat_map(columns)) {
            object.serialize_entry(name, &number)?;
        }
        object.end()
    }
}
