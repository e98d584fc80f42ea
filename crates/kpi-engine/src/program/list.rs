//! `reporter kpi list`.

use std::collections::BTreeMap;
use std::io::Write;

use chrono::{DateTime, Utc};
use metrics_core::db::metrics::kpi::{self, HistoryPoint, JsonText, Newest, StoredKpi};
use metrics_core::db::reader::Page;
use metrics_core::exit::Exit;
use metrics_core::kpi::slug;
use serde::Serialize;
use serde_json::value::RawValue;

use super::cli::ListArgs;
use super::error::ProgramError;
use super::session::Session;
use super::summary::shortened;
use crate::dialect::check_offline;

#[derive(Serialize)]
struct Listed<'a> {
    id: String,
    name: &'a str,
    form: &'static str,
    sources: Vec<String>,
    tags: &'a [String],
    unit: Option<&'a str>,
    description: Option<&'a str>,
    last_value: Option<Box<RawValue>>,
    last_status: Option<String>,
    last_started_at: Option<DateTime<Utc>>,
}

#[derive(Serialize)]
struct List<'a> {
    environment: &'a str,
    kpis: Vec<Listed<'a>>,
}

/// `reporter kpi list`.
pub async fn list(arguments: &ListArgs, session: &Session, out: &mut impl Write) -> Result<Exit, ProgramError> {
    let file = session.definitions(&arguments.file, session.as_of(&arguments.file))?;
    let definitions = &file.definitions;
    let databases = session.databases().await?;
    let mut connection = session.connection(&databases, "list").await?;
    let page = Page { limit: u32::MAX, offset: 0 };
    let stored = kpi::kpis(&mut connection, Some(&definitions.environment), page).await?.kpis;
    let points = kpi::newest(&mut connection, &stored, Newest::Last).await?;
    let last: BTreeMap<&str, (&StoredKpi, Option<&HistoryPoint>)> =
        stored.iter().zip(&points).map(|(kpi, points)| (kpi.name.as_str(), (kpi, points.last()))).collect();
    let kpis = definitions.kpis.iter().map(|kpi| {
        let (stored, point) = last.get(kpi.name.as_str()).map_or((None, None), |(kpi, point)| (Some(*kpi), *point));
        Listed {
            // A KPI that never ran has the id that its first run would give it, unless another has that.
            id: stored.map_or_else(|| slug(&kpi.name), |stored| stored.id.clone()),
            name: &kpi.name,
            form: kpi.form.as_str(),
            sources: check_offline(definitions, kpi).map(|checked| checked.sources).unwrap_or_default(),
            tags: &kpi.tags,
            unit: kpi.unit.as_deref(),
            description: kpi.description.as_deref(),
            last_value: point.and_then(|point| raw(point.value.as_ref())),
            last_status: point.map(|point| point.status.clone()),
            last_started_at: point.map(|point| point.started_at),
        }
    });
    let listed = List { environment: &definitions.environment, kpis: kpis.collect() };
    if arguments.json {
        serde_json::to_writer(&mut *out, &listed).map_err(std::io::Error::from)?;
        writeln!(out)?;
        return Ok(Exit::Done);
    }
    let width = |text: &dyn Fn(&Listed<'_>) -> usize| listed.kpis.iter().map(text).max().unwrap_or(0);
    let (id_width, width) = (width(&|kpi| kpi.id.len()), width(&|kpi| kpi.name.chars().count()));
    for kpi in &listed.kpis {
        let value = kpi.last_value.as_ref().map_or_else(|| "-".to_owned(), |value| shortened(value.get()));
        let status = kpi.last_status.as_deref().unwrap_or("never ran");
        let at = kpi.last_started_at.map_or_else(String::new, |at| at.format("  %F %T UTC").to_string());
        let sources = if kpi.sources.is_empty() { "-".to_owned() } else { kpi.sources.join(",") };
        let tags = if kpi.tags.is_empty() { String::new() } else { format!(" #{}", kpi.tags.join(" #")) };
        writeln!(
            out,
            "{:id_width$}  {:width$}  {:<5}  {sources}{tags}  {status}{at}  {value}",
            kpi.id, kpi.name, kpi.form
        )?;
    }
    Ok(Exit::Done)
}

fn raw(value: Option<&JsonText>) -> Option<Box<RawValue>> {
    RawValue::from_string(value?.as_str().to_owned()).ok()
}
