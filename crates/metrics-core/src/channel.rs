//! Channels: series of points by the names under which saved dashboards hold them.
//!
//! A channel belongs to a back end, and has a name and a series id there. Its points are events (a value at an
//! instant) or bins (count, average, least and greatest value of a span of time). Instants are nanoseconds since
//! 1970 UTC, and stay integers all the way: a float holds them only to the quarter of a microsecond.

#[cfg(feature = "runtime")]
pub mod answer;
pub mod binning;
pub mod catalogue;
#[cfg(feature = "runtime")]
pub mod data_api;
pub mod events;
pub mod names;
pub mod pattern;

pub use events::{Bin, Events, TimeRange, Values};

use serde::{Deserialize, Serialize};

/// A channel, with exactly the members that a saved dashboard may hold of it, in the order in which they are shown.
/// None of them is ever null.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Channel {
    /// Where it is looked up.
    pub backend: String,
    /// Its name there.
    pub name: String,
    /// Its id: decimal digits, as text, since clients hold numbers as floats.
    #[serde(rename = "seriesId")]
    pub series_id: String,
    /// Who measures it.
    pub source: String,
    /// Kind of its values, as `f64`, `i64`, `enum`, `string`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Dimensions of one value.
    pub shape: Shape,
    /// Unit of its values.
    pub unit: String,
    /// What it is, for people.
    pub description: String,
}

/// Dimensions of one value of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Shape {
    /// None for a scalar, one number for a list.
    Dimensions(Vec<i64>),
    /// As some back ends write it.
    Text(String),
}

impl Shape {
    /// Of a channel whose values are single ones.
    pub fn scalar() -> Self {
        Self::Dimensions(Vec::new())
    }
}
