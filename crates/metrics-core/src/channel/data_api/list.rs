//! Lists of channels.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::DataError;
use crate::channel::{Channel, Shape};

#[derive(Debug, Deserialize)]
struct List<'a> {
    #[serde(borrow)]
    channels: Vec<Entry<'a>>,
}

/// A channel as it comes, where anything may be null.
#[derive(Debug, Deserialize)]
struct Entry<'a> {
    backend: Option<String>,
    name: Option<String>,
    #[serde(rename = "seriesId", borrow)]
    series_id: Option<&'a RawValue>,
    source: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    shape: Option<Shape>,
    unit: Option<String>,
    description: Option<String>,
}

/// The channels of the answer to a search. What is null is empty; an entry without back end or name is no channel.
pub fn channels(body: &[u8]) -> Result<Vec<Channel>, DataError> {
    let list: List = serde_json::from_slice(body).map_err(|error| DataError::Malformed(error.to_string()))?;
    Ok(list.channels.into_iter().filter_map(channel).collect())
}

fn channel(entry: Entry) -> Option<Channel> {
    // A number or a text; its digits, never by way of a float.
    let series_id = entry.series_id.map(|id| id.get().trim_matches('"')).filter(|id| *id != "null").unwrap_or_default();
    Some(Channel {
        backend: entry.backend?,
        name: entry.name?,
        series_id: series_id.to_owned(),
        source: entry.source.unwrap_or_default(),
        kind: entry.kind.unwrap_or_default(),
        shape: entry.shape.unwrap_or_else(Shape::scalar),
        unit: entry.unit.unwrap_or_default(),
        description: entry.description.unwrap_or_default(),
    })
}

/// The regular expression that matches this name and no other.
pub fn exact_pattern(name: &str) -> String {
    format!("^{}$", regex::escape(name))
}
