//! What commands share: settings, the file of definitions, the database.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::{DateTime, SubsecRound as _, Utc};
use glob::Pattern;
use metrics_core::db::connect::{ConnectOptions, Connection, connect, connect_diesel};
use metrics_core::db::{self, Databases, migrate};
use metrics_core::kpi::{Kpi, SourceKind};
use metrics_core::secret::Secret;
use metrics_core::settings::Settings;

use super::cli::FileArgs;
use super::clock::Clock;
use super::error::ProgramError;
use crate::definitions::{DefinitionsFile, Options, did_you_mean, load};
use crate::engine::{Engine, EngineOptions};

/// Files of definitions that are looked for when none is named.
const USUAL_FILES: [&str; 3] = ["kpis.toml", "kpis.yaml", "kpis.yml"];

/// What commands share.
pub struct Session {
    /// Settings.
    pub settings: Settings,
    /// The time.
    pub clock: Clock,
}

impl Session {
    /// Commands with these settings.
    pub const fn new(settings: Settings, clock: Clock) -> Self {
        Self { settings, clock }
    }

    /// The instant of which a command speaks.
    pub fn as_of(&self, arguments: &FileArgs) -> DateTime<Utc> {
        arguments.as_of.map_or_else(|| self.clock.now(), |as_of| as_of.trunc_subsecs(6))
    }

    /// The definitions.
    pub fn definitions(&self, arguments: &FileArgs, as_of: DateTime<Utc>) -> Result<DefinitionsFile, ProgramError> {
        let options =
            Options { environment: arguments.env.as_deref(), as_of, variables: &|name| Settings::variable(name) };
        Ok(load(&self.file(arguments)?, &options)?)
    }

    fn file(&self, arguments: &FileArgs) -> Result<PathBuf, ProgramError> {
        let named = arguments.file.clone().or_else(|| self.settings.kpi.file.clone());
        let usual = || USUAL_FILES.into_iter().map(Path::new).find(|file| file.is_file()).map(Path::to_owned);
        named.or_else(usual).ok_or_else(|| {
            ProgramError::NotUsable(anyhow::anyhow!(
                "there is no file of definitions: name one by --file or the setting kpi.file, or write kpis.toml"
            ))
        })
    }

    /// The databases of the settings; the embedded one is brought up to date.
    pub async fn databases(&self) -> Result<Databases, ProgramError> {
        let databases = db::open(&self.settings).await?;
        if databases.embedded.is_some() {
            for view in migrate::migrate(&databases.metrics).await?.skipped() {
                tracing::warn!("{} was not made: {}", view.name, view.skipped.as_deref().unwrap_or_default());
            }
        }
        Ok(databases)
    }

    /// A connection to the metrics, whose tables are those of this program.
    pub async fn connection(&self, databases: &Databases, purpose: &str) -> Result<Connection, ProgramError> {
        let options = ConnectOptions {
            application_name: format!("reporter kpi {purpose}"),
            read_only: false,
            statement_timeout: self.settings.database.statement_timeout,
            connect_timeout: self.settings.database.connect_timeout,
        };
        migrate::require_current(&connect(&databases.metrics, &options).await?).await?;
        Ok(connect_diesel(&databases.metrics, &options).await?)
    }

    /// The engine over the sources of `kpis`.
    pub async fn engine(
        &self,
        file: &DefinitionsFile,
        kpis: &[&Kpi],
        as_of: DateTime<Utc>,
        databases: Option<&Databases>,
    ) -> Result<Engine, ProgramError> {
        let options = EngineOptions {
            memory_limit_bytes: file.memory_limit_bytes,
            metrics_database: databases.map(|databases| Secret::from(databases.metrics.expose().to_owned())),
            ..EngineOptions::new(as_of)
        };
        let engine = Engine::open(&file.definitions, kpis, options).await;
        engine.context("the engine could not be set up").map_err(ProgramError::NotUsable)
    }

    /// The databases, if a source is the one of the metrics: planning alone needs no other.
    pub async fn databases_of_sources(&self, file: &DefinitionsFile) -> Result<Option<Databases>, ProgramError> {
        let reads_metrics = |kind: &SourceKind| matches!(kind, SourceKind::Metrics);
        if file.definitions.sources.values().any(|source| reads_metrics(&source.kind)) {
            return self.databases().await.map(Some);
        }
        Ok(None)
    }
}

/// The KPIs that any of `patterns` means, all without one.
pub fn chosen<'a>(kpis: &'a [Kpi], patterns: &[Pattern]) -> Result<Vec<(usize, &'a Kpi)>, ProgramError> {
    for pattern in patterns {
        if !kpis.iter().any(|kpi| means(pattern, kpi)) {
            let hint = did_you_mean(pattern.as_str(), kpis.iter().map(|kpi| kpi.name.as_str()));
            return Err(ProgramError::Usage(format!("no KPI is called `{pattern}`{hint}")));
        }
    }
    let is_chosen = |kpi: &Kpi| patterns.is_empty() || patterns.iter().any(|pattern| means(pattern, kpi));
    Ok(kpis.iter().enumerate().filter(|(_, kpi)| is_chosen(kpi)).collect())
}

/// Whether a pattern is the name of a KPI, or like it.
fn means(pattern: &Pattern, kpi: &Kpi) -> bool {
    pattern.as_str() == kpi.name || pattern.matches(&kpi.name)
}

/// The KPI that a person means: by its name, its id, or how its name begins.
pub fn named<'a>(kpis: &'a [Kpi], text: &str) -> Result<&'a Kpi, ProgramError> {
    if let Some(kpi) = kpis.iter().find(|kpi| kpi.name == text) {
        return Ok(kpi);
    }
    let by_id: Vec<_> = kpis.iter().filter(|kpi| metrics_core::kpi::slug(&kpi.name) == text).collect();
    let begins = |kpi: &&Kpi| kpi.name.get(..text.len()).is_some_and(|start| start.eq_ignore_ascii_case(text));
    let found = if by_id.is_empty() { kpis.iter().filter(begins).collect() } else { by_id };
    match found.as_slice() {
        [kpi] => Ok(kpi),
        [] => {
            let hint = did_you_mean(text, kpis.iter().map(|kpi| kpi.name.as_str()));
            Err(ProgramError::Usage(format!("no KPI is called `{text}`{hint}")))
        }
        several => {
            let names: Vec<_> = several.iter().map(|kpi| format!("`{}`", kpi.name)).collect();
            Err(ProgramError::Usage(format!("`{text}` may mean {}", names.join(", "))))
        }
    }
}
