//! A saved dashboard over the sample, as the Data Board front end would save it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::requests::agent;

/// Where the API has it.
pub const MOUNT: &str = "/databoard";

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Saves the dashboard through the API at `base`, unless the one whose id is in `kept` is still there. Its id.
pub fn save(base: &str, kept: &Path) -> Result<String> {
    if let Ok(id) = std::fs::read_to_string(kept)
        && agent(PATIENCE).get(format!("{base}{MOUNT}/dashboard/{id}")).call()?.status() == 200
    {
        return Ok(id);
    }
    let body = dashboard(base)?.to_string();
    let url = format!("{base}{MOUNT}/dashboard/");
    let mut answer = agent(PATIENCE).post(&url).content_type("application/json").send(body)?;
    let saved: Value = serde_json::from_str(&answer.body_mut().read_to_string()?).context("saving a dashboard")?;
    let id = saved["id"].as_str().with_context(|| format!("no dashboard was saved: {saved}"))?;
    std::fs::write(kept, id).with_context(|| format!("writing {}", kept.display()))?;
    Ok(id.to_owned())
}

/// A token that nobody can guess, for the operators' routes of one demo.
pub fn token() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).context("no random numbers for a token")?;
    Ok(bytes.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}")))
}

/// Occupancy, revenue, CO2, a store and a KPI.
fn dashboard(base: &str) -> Result<Value> {
    let room = |unit: u8, metric: &str| channel(base, &format!("^COOL-{unit}:{metric}$"));
    let occupancy = [room(1, "OCCUPANCY")?, room(2, "OCCUPANCY")?];
    let revenue = channel(base, "^COMP-1:REVENUE$")?;
    let co2 = [room(1, "CO2_SAVED")?, room(2, "CO2_SAVED")?];
    let status = channel(base, "^STORE-002-.*:STATUS$")?;
    let uptime = channel(base, "^STORE-002-.*:UPTIME_DAY$")?;
    // Of two environments the second.
    let kpi = channel(base, "^KPI-A2:.*-2$")?;
    Ok(json!({"dashboard": {"widgets": [
        widget("Occupancy of two rooms", (0, 0, 8, 10), &occupancy, Some((0.0, 120.0))),
        widget("Revenue of a company", (8, 0, 4, 10), &[revenue], None),
        widget("CO2 saved by two rooms", (0, 10, 4, 9), &co2, None),
        widget("A store", (4, 10, 4, 9), &[status, uptime], None),
        widget("Active users, last 30 days", (8, 10, 4, 9), &[kpi], None),
    ]}}))
}

/// The first channel whose name fits `pattern`.
fn channel(base: &str, pattern: &str) -> Result<Value> {
    let url = format!("{base}{MOUNT}/channels/search");
    let mut answer = agent(PATIENCE).get(&url).query("search_text", pattern).call()?;
    let mut found: Value = serde_json::from_str(&answer.body_mut().read_to_string()?).context("searching channels")?;
    let first = found["channels"].get_mut(0).with_context(|| format!("no channel is called {pattern}"))?;
    Ok(first.take())
}

/// A widget at (column, row, columns, rows). The first axis may have bounds.
fn widget(title: &str, (x, y, w, h): (u8, u8, u8, u8), channels: &[Value], bounds: Option<(f64, f64)>) -> Value {
    let attributes = channels.iter().enumerate().map(|(index, channel)| {
        let text = |member: &str| channel[member].as_str().unwrap_or_default();
        let key = format!("{} | {} | {}", text("name"), text("backend"), text("type"));
        let same_unit = channel["unit"] == channels[0]["unit"];
        let attributes = json!({
            "channel": channel,
            "displayLabel": text("description"),
            "axisAssignment": if same_unit { "y1" } else { "y2" },
            "curveShape": if index == 0 && text("type") == "enum" { "hv" } else { "linear" },
        });
        (key, attributes)
    });
    let axes: Vec<_> = ["y1", "y2", "y3", "y4"]
        .map(|label| {
            let (min, max) = bounds.filter(|_| label == "y1").unzip();
            json!({"label": label, "min": min, "max": max, "displayLabel": "", "manualDisplayLabel": false})
        })
        .into();
    json!({
        "channels": channels,
        "layout": {"i": format!("{x}-{y}"), "x": x, "y": y, "w": w, "h": h},
        "plotSettings": {
            "plotTitle": title,
            "curveAttributes": Value::Object(attributes.collect()),
            "manualAxisAssignment": false,
            "yAxisAttributes": axes,
        },
    })
}
