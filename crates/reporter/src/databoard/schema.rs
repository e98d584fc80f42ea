//! The schema that the settings name.

use std::time::Duration;

use anyhow::{Context as _, anyhow};
use metrics_core::dashboard::Schema;
use metrics_core::settings::DataboardSettings;

use crate::exit::CommandError;

/// Time to fetch it.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);

/// What dashboards are held against; nothing when the settings say so.
pub(super) fn load(settings: &DataboardSettings) -> Result<Option<Schema>, CommandError> {
    if !settings.validate_dashboard_schema {
        return Ok(None);
    }
    let Some(path) = &settings.schema_path else { return Ok(Some(Schema::built_in())) };
    let place = format!("{}/{}", path.trim_end_matches('/'), Schema::FILE);
    let text =
        if path.starts_with("http") { fetched(&place) } else { std::fs::read_to_string(&place).map_err(Into::into) };
    let text = text.with_context(|| format!("SCHEMA_PATH: {place} cannot be read")).map_err(CommandError::NotUsable)?;
    let schema = Schema::parse(text, place.clone());
    let schema = schema.map_err(|reason| anyhow!("SCHEMA_PATH: {place} is no schema of draft 7: {reason}"));
    Ok(Some(schema.map_err(CommandError::NotUsable)?))
}

fn fetched(address: &str) -> anyhow::Result<String> {
    let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(FETCH_TIMEOUT)).build().into();
    Ok(agent.get(address).call()?.body_mut().read_to_string()?)
}
