//! What becomes of a query: where it runs, and what its sources are sent.

use std::sync::Arc;

use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::display::DisplayableExecutionPlan;
use futures_util::TryStreamExt as _;
use metrics_core::kpi::{ErrorKind, Failure, Kpi};

use crate::engine::{Ending, Engine, Tier, Work, within};
use crate::failure::of_engine;
use crate::leaf::LeafExec;
use crate::postgres::{Leases, whole};

/// How a query runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// Where.
    pub tier: Tier,
    /// What is sent to the sources.
    pub sent: Vec<Sent>,
    /// The plan: of the database, or of the engine.
    pub plan: String,
}

/// A text that a source is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// Its name.
    pub source: String,
    /// SQL, or what the source speaks.
    pub text: String,
}

impl Engine {
    /// Tells how a query runs; with `analyze`, runs it within its deadline and tells how it ran.
    pub async fn explain(&self, kpi: &Kpi, analyze: bool) -> Result<Explanation, Failure> {
        within(kpi, Box::pin(self.explained(kpi, analyze))).await
    }

    async fn explained(&self, kpi: &Kpi, analyze: bool) -> Result<Explanation, Failure> {
        let planned = self.plan(kpi).await?;
        let tier = planned.plan.tier.clone();
        let needs_sessions = analyze || matches!(planned.work, Work::Whole(..));
        let leases = if needs_sessions { Leases::begin(&planned.databases).await? } else { Leases::default() };
        let ending = Ending(Arc::new(leases));
        let explanation = match &planned.work {
            Work::Whole(source, statement) => {
                let plan = whole::explain(ending.0.of(source)?, statement, analyze).await?;
                Explanation { tier, sent: vec![Sent { source: source.clone(), text: statement.text.clone() }], plan }
            }
            Work::Elsewhere(_, sql) => {
                let source = kpi.engine.clone().unwrap_or_default();
                Explanation { tier, sent: vec![Sent { source, text: sql.clone() }], plan: String::new() }
            }
            Work::Here(physical) => {
                if analyze {
                    let task = self.task(&ending.0, kpi);
                    let rows = self.cores.run(physical, task);
                    let mut rows = rows.map_err(|error| of_engine(&error, ErrorKind::Execution))?;
                    while rows.try_next().await.map_err(|error| of_engine(&error, ErrorKind::Execution))?.is_some() {}
                }
                let shown = if analyze {
                    DisplayableExecutionPlan::with_metrics(physical.as_ref())
                } else {
                    DisplayableExecutionPlan::new(physical.as_ref())
                };
                let plan = shown.indent(false).to_string().trim_end().to_owned();
                let mut sent = Vec::new();
                collect(physical.as_ref(), &mut sent);
                Explanation { tier, sent, plan }
            }
        };
        ending.0.end().await;
        Ok(explanation)
    }
}

/// What the nodes of a plan send.
fn collect(plan: &dyn ExecutionPlan, sent: &mut Vec<Sent>) {
    if let Some((source, text)) = plan.downcast_ref::<LeafExec>().map(LeafExec::sent) {
        sent.push(Sent { source: source.to_owned(), text });
    }
    for child in plan.children() {
        collect(child.as_ref(), sent);
    }
}
