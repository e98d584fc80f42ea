//! Reading the schema that the settings name.

use std::time::Duration;

use anyhow::{Context as _, anyhow, ensure};
use metrics_core::dashboard::Schema;
use metrics_core::settings::DataboardSettings;

/// Time to fetch it.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest schema, bytes; the known one has a few thousand.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The schema of the settings; read even when nothing is held against it, so that a wrong name is told.
pub async fn load(settings: &DataboardSettings) -> anyhow::Result<Schema> {
    let Some(path) = &settings.schema_path else { return Ok(Schema::built_in()) };
    let place = format!("{}/{}", path.trim_end_matches('/'), Schema::FILE);
    let text = if path.starts_with("http") { fetched(&place).await } else { read(&place).await };
    let text = text.with_context(|| format!("SCHEMA_PATH: {place} cannot be read"))?;
    let schema = Schema::parse(text, place.clone());
    schema.map_err(|reason| anyhow!("SCHEMA_PATH: {place} is no schema of draft 7: {reason}"))
}

async fn read(place: &str) -> anyhow::Result<String> {
    let place = place.to_owned();
    Ok(tokio::task::spawn_blocking(move || std::fs::read_to_string(place)).await??)
}

async fn fetched(address: &str) -> anyhow::Result<String> {
    let client = super::client::new()?;
    let response = client.get(address).timeout(FETCH_TIMEOUT).send().await;
    let mut response = response.map_err(reqwest::Error::without_url)?;
    ensure!(response.status().is_success(), "the server answered {}", response.status());
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        ensure!(bytes.len() + chunk.len() <= MAX_BYTES, "it is larger than {MAX_BYTES} bytes");
        bytes.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8(bytes)?)
}
