//! Counts and groups that the server makes.
//!
//! `Aggregate(TableScan)` becomes a scan of the summary, if every filter selects the same documents at the server, and
//! if the answer is exact: counts of documents, counts of those that have a field, and sums and extremes of numbers,
//! for all documents or by keywords. Distinct values are counted here, over groups that the server lists completely:
//! its own count of distinct values is an estimate.

mod groups;
mod summary;

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, DFSchema};
use datafusion::datasource::{provider_as_source, source_as_provider};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{
    Aggregate, Expr, LogicalPlan, LogicalPlanBuilder, Projection, SubqueryAlias, TableScan,
};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

use self::groups::Groups;
use self::summary::Summary;
use super::table::Index;

/// The rule; it goes behind the engine's own, which bring filters and columns down to the scan.
#[derive(Debug, Default)]
pub struct PushAggregates;

impl OptimizerRule for PushAggregates {
    fn name(&self) -> &'static str {
        "push_aggregates_to_search"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>, DataFusionError> {
        let LogicalPlan::Aggregate(aggregate) = &plan else { return Ok(Transformed::no(plan)) };
        match pushed(aggregate)? {
            Some(summary) => Ok(Transformed::yes(summary)),
            None => Ok(Transformed::no(plan)),
        }
    }
}

fn pushed(aggregate: &Aggregate) -> Result<Option<LogicalPlan>, DataFusionError> {
    let Some(scan) = scanned(&aggregate.input) else { return Ok(None) };
    let Ok(provider) = source_as_provider(&scan.source) else { return Ok(None) };
    let Some(index) = provider.downcast_ref::<Index>().filter(|index| index.is_pushable) else { return Ok(None) };
    let Some(summary) = Summary::of(index, aggregate, scan) else { return Ok(None) };

    let input = with_index(&aggregate.input, Arc::new(index.without_summaries()))?;
    let mut ordinary = Aggregate::clone(aggregate);
    ordinary.input = Arc::new(input);
    let groups = Groups::new(index, summary, aggregate, LogicalPlan::Aggregate(ordinary));
    let names: Vec<String> = groups.schema().fields().iter().map(|field| field.name().clone()).collect();
    let source = provider_as_source(Arc::new(groups));
    let table = scan.table_name.clone();
    let input = LogicalPlanBuilder::scan(table.clone(), source, None)?.build()?;
    let columns = names
        .into_iter()
        .zip(aggregate.schema.iter())
        .map(|(name, (relation, field))| {
            Expr::Column(Column::new(Some(table.clone()), name)).alias_qualified(relation.cloned(), field.name())
        })
        .collect();
    let schema: &Arc<DFSchema> = &aggregate.schema;
    let projection = Projection::try_new_with_schema(columns, Arc::new(input), Arc::clone(schema))?;
    Ok(Some(LogicalPlan::Projection(projection)))
}

/// Whether the scan is of a summary of all documents; `None` if it is not of a summary.
pub(crate) fn reads_whole(scan: &TableScan) -> Option<bool> {
    let provider = source_as_provider(&scan.source).ok()?;
    provider.downcast_ref::<Groups>().map(|groups| !groups.is_filtered())
}

/// The scan that the plan is, under whatever names.
fn scanned(plan: &LogicalPlan) -> Option<&TableScan> {
    match plan {
        LogicalPlan::TableScan(scan) => Some(scan),
        LogicalPlan::SubqueryAlias(alias) => scanned(&alias.input),
        _ => None,
    }
}

/// The same plan over another provider of the same columns.
fn with_index(plan: &LogicalPlan, index: Arc<Index>) -> Result<LogicalPlan, DataFusionError> {
    Ok(match plan {
        LogicalPlan::TableScan(scan) => {
            let mut scan = scan.clone();
            scan.source = provider_as_source(index);
            LogicalPlan::TableScan(scan)
        }
        LogicalPlan::SubqueryAlias(alias) => {
            let input = Arc::new(with_index(&alias.input, index)?);
            LogicalPlan::SubqueryAlias(SubqueryAlias::try_new(input, alias.alias.clone())?)
        }
        other => other.clone(),
    })
}
