//! What a dashboard is held against: the schema that is built in, or one of the operator's.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use metrics_core::dashboard::{Document, is_dashboard};
use metrics_core::settings::DataboardSettings;
use sha2::{Digest as _, Sha256};

/// The schema that is built in, as a document; `metrics_core::dashboard::is_dashboard` is what runs.
const BUILT_IN: &str = include_str!("../../assets/databoard/dashboarddto.schema.json");
/// Its name in a folder or at an address.
const FILE: &str = "dashboarddto.schema.json";
/// Time to fetch it.
const FETCH_TIMEOUT: Duration = Duration::from_secs(10);
/// Largest schema, bytes; the known one has a few thousand.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What dashboards are held against.
pub struct Schema {
    rules: Rules,
    /// Where it is from, for people.
    pub source: String,
    /// Its text.
    pub text: String,
}

enum Rules {
    BuiltIn,
    Given(Box<jsonschema::Validator>),
}

impl Schema {
    /// The one that the settings name; read even when nothing is held against it, so that a wrong name is told.
    pub async fn load(settings: &DataboardSettings) -> anyhow::Result<Self> {
        let Some(path) = &settings.schema_path else {
            return Ok(Self { rules: Rules::BuiltIn, source: "built in".to_owned(), text: BUILT_IN.to_owned() });
        };
        let place = format!("{}/{FILE}", path.trim_end_matches('/'));
        let text = if path.starts_with("http") { fetched(&place).await } else { read(&place).await };
        let text = text.with_context(|| format!("SCHEMA_PATH: {place} cannot be read"))?;
        let rules = rules(&text).with_context(|| format!("SCHEMA_PATH: {place} is no schema"))?;
        Ok(Self { rules: Rules::Given(Box::new(rules)), source: place, text })
    }

    /// Whether a document follows it.
    pub fn accepts(&self, document: &Document) -> bool {
        match &self.rules {
            Rules::BuiltIn => is_dashboard(document.root()),
            // Numbers beyond its tree have been refused before.
            Rules::Given(validator) => {
                serde_json::from_str(&document.to_json()).is_ok_and(|value| validator.is_valid(&value))
            }
        }
    }

    /// SHA-256 of its text, in hexadecimal digits.
    pub fn sha256(&self) -> String {
        Sha256::digest(&self.text).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn rules(text: &str) -> anyhow::Result<jsonschema::Validator> {
    let schema = serde_json::from_str(text)?;
    jsonschema::draft7::new(&schema).map_err(|error| anyhow::anyhow!("{error}"))
}

async fn read(place: &str) -> anyhow::Result<String> {
    let text = tokio::task::spawn_blocking({
        let place = Path::new(place).to_owned();
        move || std::fs::read_to_string(place)
    });
    Ok(text.await??)
}

async fn fetched(address: &str) -> anyhow::Result<String> {
    let client = super::client::new()?;
    let response = client.get(address).timeout(FETCH_TIMEOUT).send().await.map_err(reqwest::Error::without_url)?;
    anyhow::ensure!(response.status().is_success(), "the server answered {}", response.status());
    let mut response = response;
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        anyhow::ensure!(bytes.len() + chunk.len() <= MAX_BYTES, "it is larger than {MAX_BYTES} bytes");
        bytes.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8(bytes)?)
}
