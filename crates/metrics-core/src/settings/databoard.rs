//! Section `databoard`: saved dashboards and channels.

use std::time::Duration;

use serde::{Deserialize, Deserializer, de};

use super::values;
use crate::dashboard::{Quota, QuotaError};
use crate::secret::Secret;

/// The setting that is named when the settings of room do not go together.
pub(super) const QUOTA_KEY: &str = "databoard.dashboard_target_utilization";

/// Largest document that the predecessor's store holds, bytes of BSON.
const STORE_MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Section `databoard`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataboardSettings {
    /// Path under which all of it answers: `/` and a name, or several.
    #[serde(deserialize_with = "mount")]
    pub mount: String,
    /// Path before the mount under which it answers as well; empty: none.
    #[serde(deserialize_with = "root_path")]
    pub root_path: String,
    /// Folder or address of the schema of dashboards; `None`: the one that is built in.
    #[serde(deserialize_with = "values::optional")]
    pub schema_path: Option<String>,
    /// Whether dashboards are held against the schema.
    pub validate_dashboard_schema: bool,
    /// Whether dashboards are held against `dashboard_max_single_bytes`.
    pub validate_dashboard_size: bool,
    /// Largest dashboard, bytes of BSON.
    dashboard_max_single_bytes: u64,
    /// What all dashboards may take together, bytes of BSON.
    dashboard_max_total_storage_bytes: u64,
    /// Share of it from which on dashboards are evicted, 0 to 1.
    dashboard_eviction_threshold: f64,
    /// Share of it that is left then, 0 to the threshold.
    dashboard_target_utilization: f64,
    /// Whether a dashboard that would be evicted at once is refused.
    pub dashboard_strict_quota: bool,
    /// What earlier bodies may take together, bytes of BSON; `None`: as much as the dashboards.
    #[serde(deserialize_with = "values::optional")]
    history_max_bytes: Option<Bytes>,
    /// What operators show; `None`: the routes of maintenance are off.
    #[serde(deserialize_with = "values::optional")]
    pub maintenance_token: Option<Secret>,
    /// Origins of browsers that may call; `*` for all.
    pub cors_origins: Vec<String>,
    /// Address of this server as browsers see it, up to the mount; `None`: as each request has it.
    #[serde(deserialize_with = "public_url")]
    pub public_url: Option<String>,
    /// Connections for dashboards, at least 1.
    #[serde(deserialize_with = "values::at_least_one")]
    pub pool_size: usize,
    /// Back ends of our own whose series everybody may see.
    pub public_backends: Vec<String>,
    /// Most points of a curve without bins, at least 1.
    #[serde(deserialize_with = "values::at_least_one")]
    pub max_points: u32,
    /// Most channels of an answer, at least 1.
    #[serde(deserialize_with = "values::at_least_one")]
    pub max_channels: u32,
    /// Address of a data-api with its path up to the version; `None`: no other channels than ours.
    #[serde(deserialize_with = "upstream_url")]
    pub upstream_url: Option<String>,
    /// Has no effect: a request that names no back end means the predecessor's, `sf-databuffer`. It is read because the
    /// predecessor's environments have it.
    pub upstream_backend: String,
    /// Time between two fetches of all channels.
    #[serde(rename = "channel_refresh_s", deserialize_with = "values::seconds")]
    pub channel_refresh: Duration,
    /// Requests to the data-api at a time, at least 1.
    #[serde(deserialize_with = "values::at_least_one")]
    pub upstream_max_parallel: usize,
    /// Time for all that a curve needs of the data-api.
    #[serde(rename = "upstream_timeout_s", deserialize_with = "values::seconds")]
    pub upstream_timeout: Duration,
}

impl DataboardSettings {
    /// How much all dashboards may take.
    pub fn quota(&self) -> Result<Quota, QuotaError> {
        Quota::new(
            self.dashboard_max_total_storage_bytes,
            self.dashboard_eviction_threshold,
            self.dashboard_target_utilization,
        )
    }

    /// Largest dashboard, bytes of BSON. Without a limit of the settings it is that of the predecessor's store.
    pub fn max_single_bytes(&self) -> u64 {
        if self.validate_dashboard_size { self.dashboard_max_single_bytes } else { STORE_MAX_BYTES }
    }

    /// What earlier bodies may take together, bytes of BSON.
    pub fn history_max_bytes(&self) -> u64 {
        self.history_max_bytes.map_or(self.dashboard_max_total_storage_bytes, |Bytes(bytes)| bytes)
    }
}

/// A number that may be left out, hence written as a text.
#[derive(Debug, Clone, Copy)]
struct Bytes(u64);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let bytes = text.trim().parse().map_err(|_| de::Error::custom("must be a whole number, or empty"))?;
        Ok(Self(bytes))
    }
}

/// A path of one name or more, and no slash at its end.
fn mount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let path = root_path(deserializer)?;
    if path.is_empty() { Err(de::Error::custom("must be a path such as /databoard, and not /")) } else { Ok(path) }
}

/// A path without the slash at its end; empty for `/`.
fn root_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let path = text.trim_end_matches('/');
    let is_name = |name: &str| {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.~".contains(letter);
        !name.is_empty() && !name.starts_with('.') && name.chars().all(is_plain)
    };
    match path.strip_prefix('/') {
        _ if path.is_empty() => Ok(String::new()),
        Some(names) if names.split('/').all(is_name) => Ok(path.to_owned()),
        _ => Err(de::Error::custom("must be a path such as /databoard, of letters, digits, - _ . ~")),
    }
}

/// An address without the slash at its end; `None` for the empty text.
fn public_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let text = text.trim_end_matches('/');
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

/// An address without the slash at its end.
fn upstream_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let text = text.trim_end_matches('/');
    if text.is_empty() {
        return Ok(None);
    }
    let is_address = ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme));
    if is_address && !text.contains(['?', '#']) {
        Ok(Some(text.to_owned()))
    } else {
        Err(de::Error::custom("must be an http:// or https:// address without a query"))
    }
}
