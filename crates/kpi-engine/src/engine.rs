//! The engine: sources, opened once, and KPIs that run over them.

mod answer;
mod planning;
mod sources;

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use datafusion::catalog::MemoryCatalogProviderList;
use datafusion::error::DataFusionError;
use datafusion::execution::FunctionRegistry as _;
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::execution::{SessionState, TaskContext};
use datafusion::logical_expr::ScalarUDF;
use datafusion::prelude::SessionConfig;
use futures_util::TryStreamExt as _;
use metrics_core::kpi::{Answer, ErrorKind, Failure, Outcome};
use metrics_core::kpi::{Definitions, Form, Kpi};
use metrics_core::secret::Secret;

use self::answer::Collector;
pub(crate) use self::planning::Work;
use self::sources::Sources;
use crate::cores::Cores;
use crate::dialect::{BooleanTexts, Casts, ConvertFrom, ConvertTo, DaysAsInstants, WholeNumbers};
use crate::external::ExternalError;
use crate::failure::{failure, of_engine};
use crate::postgres::{Leases, whole};
use crate::search::{PushAggregates, Snapshots};

/// Rows of a batch.
const BATCH_ROWS: usize = 8192;
/// At the end of a run, so long is waited for sources to take back what they gave.
const LONGEST_SETTLING: Duration = Duration::from_secs(5);
/// Search servers keep a state at least as long.
const SHORTEST_KEEP_ALIVE: Duration = Duration::from_mins(1);
/// Consumers of memory that an error about it names.
const NAMED_CONSUMERS: std::num::NonZeroUsize = std::num::NonZeroUsize::new(5).expect("more than none");

/// What a run gives to all its KPIs.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// The instant that is now.
    pub as_of: DateTime<Utc>,
    /// What sorts, joins and groups of all KPIs may hold together before they go to disk, or fail.
    pub memory_limit_bytes: usize,
    /// Address of the metrics database, for sources of that kind.
    pub metrics_database: Option<Secret>,
}

impl EngineOptions {
    /// Options with 512 MiB of memory, and without a metrics database.
    pub fn new(as_of: DateTime<Utc>) -> Self {
        Self { as_of, memory_limit_bytes: 512 << 20, metrics_database: None }
    }
}

/// Why there is no engine. A source that cannot be reached is no such reason.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The engine itself could not be set up.
    #[error("the engine of SQL could not be set up")]
    Setup(#[source] Box<DataFusionError>),
}

/// Where a query runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tier {
    /// In the database of this source, as one statement.
    Database(String),
    /// Here, over what its sources are asked for.
    Engine,
    /// In another engine, as it is written.
    Elsewhere(String),
}

/// How a query is going to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Where.
    pub tier: Tier,
    /// Names of the sources that it reads, sorted.
    pub sources: Vec<String>,
    /// What is likely not meant as it is written, or costs more than it seems.
    pub warnings: Vec<String>,
}

/// An engine of SQL over the sources of a file of definitions.
#[derive(Debug)]
pub struct Engine {
    sources: Sources,
    state: SessionState,
    /// The same, with the columns of tables that `SELECT *` leaves out.
    state_with_hidden: SessionState,
    pub(crate) cores: Cores,
    as_of: DateTime<Utc>,
    zone: Tz,
}

impl Engine {
    /// Opens every source that the KPIs use, each once, at the same time.
    ///
    /// A source that cannot be reached is remembered, and fails only the KPIs that use it.
    pub async fn open(definitions: &Definitions, kpis: &[&Kpi], options: EngineOptions) -> Result<Self, EngineError> {
        let zone = definitions.time_zone;
        let state = session(&options, zone).map_err(|error| EngineError::Setup(Box::new(error)))?;
        let sources = Sources::open(definitions, kpis, options.metrics_database.as_ref()).await;
        let state_with_hidden = SessionStateBuilder::new_from_existing(state.clone())
            .with_catalog_list(Arc::new(MemoryCatalogProviderList::new()))
            .build();
        sources.register(&state, false);
        sources.register(&state_with_hidden, true);
        let cores = Cores::new(definitions.concurrency).map_err(|error| EngineError::Setup(Box::new(error.into())))?;
        Ok(Self { sources, state, state_with_hidden, cores, as_of: options.as_of, zone })
    }

    /// Parses, resolves and plans a query within its deadline. No data is read.
    pub async fn check(&self, kpi: &Kpi) -> Result<Plan, Failure> {
        Ok(within(kpi, Box::pin(self.plan(kpi))).await?.plan)
    }

    /// Runs a query within its deadline. When that passes, or this is dropped, it ends at its sources too.
    pub async fn run(&self, kpi: &Kpi) -> Outcome {
        let started = Instant::now();
        Outcome { result: within(kpi, Box::pin(self.answer(kpi))).await, duration: started.elapsed() }
    }

    async fn answer(&self, kpi: &Kpi) -> Result<Answer, Failure> {
        let planned = self.plan(kpi).await?;
        let leases = match &planned.work {
            Work::Whole(..) => Leases::open(&planned.databases).await?,
            Work::Elsewhere(..) | Work::Here(_) => Leases::begin(&planned.databases).await?,
        };
        let ending = Ending(Arc::new(leases));
        let mut collector = Collector::new(kpi, &planned.keys);
        match &planned.work {
            Work::Whole(source, statement) => {
                collector.start(&statement.names)?;
                whole::run(ending.0.of(source)?, statement, |row| collector.row(row)).await?;
            }
            Work::Elsewhere(engine, sql) => {
                // One more tells that there are more.
                let most_rows = if kpi.form == Form::Count { 1 } else { kpi.max_rows.saturating_add(1) };
                let mut rows = engine.query(sql, most_rows).await.map_err(|error| elsewhere(kpi, &error))?;
                let names: Vec<String> = rows.schema.fields().iter().map(|field| field.name().clone()).collect();
                collector.start(&names)?;
                while let Some(batch) = rows.batches.try_next().await.map_err(|error| elsewhere(kpi, &error))? {
                    if !collector.batch(&batch)? {
                        break;
                    }
                }
            }
            Work::Here(physical) => {
                let schema = physical.schema();
                let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
                collector.start(&names)?;
                let task = self.task(&ending.0, kpi);
                let batches = self.cores.run(physical, task);
                let mut batches = batches.map_err(|error| of_engine(&error, ErrorKind::Execution))?;
                while let Some(batch) =
                    batches.try_next().await.map_err(|error| of_engine(&error, ErrorKind::Execution))?
                {
                    if !collector.batch(&batch)? {
                        break;
                    }
                }
            }
        }
        ending.0.end().await;
        collector.finish()
    }

    /// Waits until everything that was given up is given back to the sources; for the end of a run.
    pub async fn settle(&self) {
        // Whatever a server does not take back now it gives up by itself.
        let _ = tokio::time::timeout(LONGEST_SETTLING, self.sources.settle()).await;
    }

    /// What scans of one KPI share.
    pub(crate) fn task(&self, leases: &Arc<Leases>, kpi: &Kpi) -> Arc<TaskContext> {
        // A scan may begin when another one has ended, or wait for it between two pages.
        let snapshots = Arc::new(Snapshots::new(kpi.timeout.max(SHORTEST_KEEP_ALIVE)));
        let config = self.state.config().clone().with_extension(Arc::clone(leases)).with_extension(snapshots);
        let task = TaskContext::from(&self.state);
        Arc::new(task.with_session_config(config))
    }
}

/// What comes of `work` within the time that a KPI has.
pub(crate) async fn within<T>(kpi: &Kpi, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let late = |_| Err(failure(ErrorKind::Timeout, format!("not done within {:?}", kpi.timeout)));
    tokio::time::timeout(kpi.timeout, work).await.unwrap_or_else(late)
}

fn elsewhere(kpi: &Kpi, error: &ExternalError) -> Failure {
    error.failure(kpi.engine.as_deref().unwrap_or_default())
}

/// Ends what a KPI has at its sources, also when nobody waits for it any more.
pub(crate) struct Ending(pub Arc<Leases>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.stop();
    }
}

/// The session in which queries are planned.
fn session(options: &EngineOptions, zone: Tz) -> Result<SessionState, DataFusionError> {
    let pool = TrackConsumersPool::new(FairSpillPool::new(options.memory_limit_bytes), NAMED_CONSUMERS);
    let runtime = RuntimeEnvBuilder::new().with_memory_pool(Arc::new(pool)).build_arc()?;
    let mut config = SessionConfig::new()
        .with_batch_size(BATCH_ROWS)
        .with_create_default_catalog_and_schema(false)
        .with_information_schema(false);
    config.options_mut().execution.time_zone = Some(zone.name().to_owned());
    config.options_mut().sql_parser.map_string_types_to_utf8view = false;
    let mut state = SessionStateBuilder::new()
        .with_config(config)
        .with_runtime_env(runtime)
        .with_default_features()
        .with_analyzer_rule(Arc::new(Casts::default()))
        .with_optimizer_rule(Arc::new(PushAggregates))
        .with_optimizer_rule(Arc::new(WholeNumbers))
        .build();
    state.register_udf(Arc::new(ScalarUDF::from(ConvertTo::default())))?;
    state.register_udf(Arc::new(ScalarUDF::from(ConvertFrom::default())))?;
    state.register_expr_planner(Arc::new(BooleanTexts))?;
    state.register_expr_planner(Arc::new(DaysAsInstants))?;
    Ok(state)
}
