//! The sources of a file of definitions, opened.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use datafusion::catalog::CatalogProvider;
use datafusion::execution::SessionState;
use futures_util::future::join_all;
use metrics_core::kpi::{Definitions, Kpi, Source, SourceKind};
use metrics_core::kpi::{ErrorKind, Failure};
use metrics_core::secret::Secret;
use metrics_core::settings::DatabaseUrl;

use crate::dialect::{Checked, check_offline};
use crate::external::{self, SqlEngine};
use crate::failure::{failure, plan};
use crate::files::FilesCatalog;
use crate::postgres::{Database, PostgresCatalog};
use crate::search::SearchServer;

/// Connections to our own database.
const METRICS_POOL: usize = 2;
/// Of a statement on our own database.
const METRICS_TIMEOUT: Duration = Duration::from_secs(30);
/// So long a source may take to say what it has, if the KPIs that use it have that much time.
const LONGEST_OPENING: Duration = Duration::from_secs(30);

/// An opened source.
#[derive(Debug)]
pub(super) struct Opened {
    /// What it has, or why it does not tell that.
    pub catalog: Result<Arc<dyn CatalogProvider>, Failure>,
    /// The same, if it is a database that takes whole statements.
    pub postgres: Option<Arc<PostgresCatalog>>,
    /// The server behind it, if it is one of searches.
    pub search: Option<Arc<SearchServer>>,
    /// What runs queries as they are written, if it is another engine.
    pub engine: Option<Arc<dyn SqlEngine>>,
    /// Whether it is not to be read whole.
    pub is_large: bool,
    /// Whether what is read of it comes over a network.
    pub is_remote: bool,
}

/// The sources that are used, each opened or not, with the reason.
#[derive(Debug)]
pub(super) struct Sources {
    opened: BTreeMap<String, Result<Opened, Failure>>,
    /// Names of all sources, also of those that no KPI uses.
    names: Vec<String>,
}

impl Sources {
    /// Opens those that the KPIs use, at the same time.
    pub async fn open(definitions: &Definitions, kpis: &[&Kpi], metrics: Option<&Secret>) -> Self {
        // A query that cannot be read uses nothing; why, it says when it is planned.
        let checked: Vec<(Duration, Checked)> =
            kpis.iter().filter_map(|kpi| Some((kpi.timeout, check_offline(definitions, kpi).ok()?))).collect();
        let mut used: BTreeMap<&str, (&Source, Duration)> = BTreeMap::new();
        for (timeout, checked) in &checked {
            for name in &checked.sources {
                let Some((name, source)) = definitions.sources.get_key_value(name) else { continue };
                let (_, longest) = used.entry(name).or_insert((source, *timeout));
                *longest = (*longest).max(*timeout);
            }
        }
        let opened = used.into_iter().map(async |(name, (source, longest))| {
            let tables = checked.iter().flat_map(|(_, checked)| &checked.tables);
            let named: BTreeSet<_> = tables
                .filter(|table| table[0] == name)
                .map(|[_, schema, table]| [schema.clone(), table.clone()])
                .collect();
            let named: Vec<_> = named.into_iter().collect();
            // One that accepts connections and then is silent fails its KPIs, and does not keep the others waiting.
            let limit = longest.min(LONGEST_OPENING);
            let opened = open(name, source, &named, definitions.time_zone.name(), metrics);
            let opened = tokio::time::timeout(limit, opened).await.unwrap_or_else(|_| {
                let message = format!("{name}: it did not say within {limit:?} what it has");
                Err(failure(ErrorKind::SourceUnavailable, message))
            });
            (name.to_owned(), opened)
        });
        let opened = join_all(opened).await.into_iter().collect();
        Self { opened, names: definitions.sources.keys().cloned().collect() }
    }

    /// Makes the opened ones catalogs of a session; with `shows_hidden`, with the columns that `SELECT *` leaves out.
    pub fn register(&self, state: &SessionState, shows_hidden: bool) {
        for (name, opened) in &self.opened {
            let Ok(Opened { catalog: Ok(catalog), search, .. }) = opened else { continue };
            let catalog = match search {
                Some(search) if shows_hidden => search.catalog(true),
                _ => Arc::clone(catalog),
            };
            state.catalog_list().register_catalog(name.clone(), catalog);
        }
    }

    /// Waits until what was given up is given back to the sources.
    pub async fn settle(&self) {
        for opened in self.opened.values().flatten() {
            if let Some(postgres) = &opened.postgres {
                postgres.database.settle().await;
            }
            if let Some(search) = &opened.search {
                search.settle().await;
            }
            if let Some(engine) = &opened.engine {
                engine.settle().await;
            }
        }
    }

    /// Names of all sources of the file.
    pub fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }

    /// A source by its name in the file.
    pub fn get(&self, name: &str) -> Result<&Opened, Failure> {
        match self.opened.get(name) {
            Some(Ok(opened)) => Ok(opened),
            Some(Err(failure)) => Err(failure.clone()),
            None => Err(plan(format!("source {name} was not opened"))),
        }
    }
}

/// Opens a source, of which these tables are named, each by its schema and name. Here is where each kind of them comes in.
async fn open(
    name: &str,
    source: &Source,
    named: &[[String; 2]],
    zone: &str,
    metrics: Option<&Secret>,
) -> Result<Opened, Failure> {
    let is_large = source.is_large;
    let unusable = |reason: String| failure(ErrorKind::SourceUnavailable, format!("{name}: {reason}"));
    match &source.kind {
        SourceKind::Postgres(postgres) => {
            let url: DatabaseUrl = postgres.url.expose().parse().map_err(unusable)?;
            let database =
                Database::new(name, url, postgres.pool, postgres.statement_timeout, postgres.is_read_only, zone);
            let catalog = PostgresCatalog::open(Arc::new(database), &postgres.schemas, false).await?;
            Ok(Opened::postgres(catalog, is_large))
        }
        SourceKind::Metrics => {
            let url = metrics.ok_or_else(|| unusable("no metrics database is set".to_owned()))?;
            let url: DatabaseUrl = url.expose().parse().map_err(unusable)?;
            let database = Database::new(name, url, METRICS_POOL, METRICS_TIMEOUT, true, zone);
            let catalog = PostgresCatalog::open(Arc::new(database), &["public".to_owned()], true).await?;
            Ok(Opened::postgres(catalog, is_large))
        }
        SourceKind::Files(files) => {
            let catalog = FilesCatalog::new(name, files, zone);
            Ok(Opened { is_remote: false, ..Opened::of(Arc::new(catalog), is_large) })
        }
        SourceKind::Search(search) => {
            let server =
                SearchServer::connect(name, search, zone).await.map_err(|error| unusable(error.to_string()))?;
            Ok(Opened { search: Some(Arc::clone(&server)), ..Opened::of(server.catalog(false), is_large) })
        }
        SourceKind::External(external) => {
            let engine = external::connect(external).await.map_err(|error| unusable(error.to_string()))?;
            // Queries that it runs itself need nothing of its tables.
            let catalog = external::tables(name, &engine, named, zone).await;
            Ok(Opened { catalog, postgres: None, search: None, engine: Some(engine), is_large, is_remote: true })
        }
    }
}

impl Opened {
    /// What it has.
    pub fn catalog(&self) -> Result<&dyn CatalogProvider, Failure> {
        self.catalog.as_ref().map(AsRef::as_ref).map_err(Clone::clone)
    }

    fn of(catalog: Arc<dyn CatalogProvider>, is_large: bool) -> Self {
        Self { catalog: Ok(catalog), postgres: None, search: None, engine: None, is_large, is_remote: true }
    }

    fn postgres(catalog: PostgresCatalog, is_large: bool) -> Self {
        let catalog = Arc::new(catalog);
        Self { postgres: Some(Arc::clone(&catalog)), ..Self::of(catalog, is_large) }
    }
}
