//! One read of a table: a SELECT, behind a cursor, so that several reads share a session and each waits for whoever
//! takes its rows.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, Statistics};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::StatisticsArgs;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, ReplaceChildrenOptions,
};
use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Ident, ObjectName, SelectItem, SetExpr, Value};
use datafusion::sql::unparser::ast::{
    BuilderError, QueryBuilder, RelationBuilder, SelectBuilder, TableRelationBuilder, TableWithJoinsBuilder,
};
use futures_util::TryStreamExt as _;
use futures_util::stream;
use metrics_core::kpi::Failure;
use tokio_postgres::Statement;

use super::column::{Column, quoted, read};
use super::session::{Database, Lease, Leases};
use crate::failure::through;

/// Rows that are asked for at a time.
const BATCH_ROWS: usize = 8192;

/// What is read of a table.
#[derive(Debug, Clone)]
pub(super) struct Read {
    /// Schema and name.
    pub table: [String; 2],
    /// The columns; none, if only the number of rows matters.
    pub columns: Vec<Column>,
    /// All of them apply.
    pub filters: Vec<Expr>,
    /// Rows at most.
    pub limit: Option<usize>,
}

impl Read {
    /// The SELECT.
    fn text(&self) -> Result<String, BuilderError> {
        let one = || SelectItem::UnnamedExpr(Expr::Value(Value::Number("1".to_owned(), false).into()));
        let mut items: Vec<_> = self.columns.iter().map(|column| SelectItem::UnnamedExpr(column.selected())).collect();
        if items.is_empty() {
            items.push(one());
        }
        let (mut select, mut from) = (SelectBuilder::default(), TableWithJoinsBuilder::default());
        let (mut relation, mut table) = (RelationBuilder::default(), TableRelationBuilder::default());
        table.name(ObjectName::from(self.table.iter().map(|part| quoted(part)).collect::<Vec<Ident>>()));
        relation.table(table);
        from.relation(relation);
        select.projection(items).push_from(from);
        let all = self.filters.iter().cloned().reduce(|left, right| Expr::BinaryOp {
            left: Box::new(left),
            op: BinaryOperator::And,
            right: Box::new(Expr::Nested(Box::new(right))),
        });
        select.selection(all);
        let mut query = QueryBuilder::default();
        query.body(Box::new(SetExpr::Select(Box::new(select.build()?))));
        query.limit(self.limit.map(|limit| Expr::Value(Value::Number(limit.to_string(), false).into())));
        Ok(query.build()?.to_string())
    }
}

/// The plan's node that reads.
#[derive(Debug)]
pub(crate) struct ScanExec {
    database: Arc<Database>,
    read: Read,
    text: String,
    schema: SchemaRef,
    rows: Option<usize>,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

impl ScanExec {
    /// A read of a table of about `rows` rows.
    pub(super) fn new(database: Arc<Database>, read: Read, schema: SchemaRef, rows: Option<usize>) -> Result<Self> {
        let text = read.text().map_err(|error| DataFusionError::Internal(error.to_string()))?;
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        let metrics = ExecutionPlanMetricsSet::new();
        Ok(Self { database, read, text, schema, rows, properties: Arc::new(properties), metrics })
    }

    /// Name of the source, and the statement that it gets.
    pub fn sent(&self) -> (&str, &str) {
        (&self.database.name, &self.text)
    }
}

impl DisplayAs for ScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PostgresScan: source={}, sql={}", self.database.name, self.text)
    }
}

impl ExecutionPlan for ScanExec {
    fn name(&self) -> &'static str {
        "PostgresScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _: Vec<Arc<dyn ExecutionPlan>>,
        _: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn statistics_from_inputs(&self, _: &[Arc<Statistics>], _: &StatisticsArgs) -> Result<Arc<Statistics>> {
        let mut statistics = Statistics::new_unknown(&self.schema);
        // A filter makes it fewer; which share of them, nobody knows here.
        statistics.num_rows = match (self.rows, self.read.filters.is_empty()) {
            (Some(rows), true) => Precision::Inexact(rows),
            (Some(rows), false) => Precision::Inexact(rows / 5 + 1),
            (None, _) => Precision::Absent,
        };
        Ok(Arc::new(statistics))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let leases = context.session_config().get_extension::<Leases>().unwrap_or_default();
        let lease = Arc::clone(leases.of(&self.database.name).map_err(through)?);
        let metrics = BaselineMetrics::new(&self.metrics, partition);
        let cursor = Cursor {
            declare: format!("DECLARE {{}} NO SCROLL CURSOR FOR {}", self.text),
            lease,
            columns: self.read.columns.clone(),
            schema: Arc::clone(&self.schema),
            fetch: None,
            is_at_end: false,
        };
        let batches = stream::try_unfold((cursor, metrics), async |(mut cursor, metrics)| {
            match cursor.next().await.map_err(through)? {
                Some(batch) => {
                    metrics.record_output(batch.num_rows());
                    Ok(Some((batch, (cursor, metrics))))
                }
                None => Ok::<_, DataFusionError>(None),
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), batches.into_stream())))
    }
}

/// A SELECT that is under way.
struct Cursor {
    lease: Arc<Lease>,
    declare: String,
    columns: Vec<Column>,
    schema: SchemaRef,
    /// Takes the next rows.
    fetch: Option<Statement>,
    is_at_end: bool,
}

impl Cursor {
    async fn next(&mut self) -> Result<Option<RecordBatch>, Failure> {
        if self.is_at_end {
            return Ok(None);
        }
        let fetch = match &self.fetch {
            Some(fetch) => fetch.clone(),
            None => self.fetch.insert(self.open().await?).clone(),
        };
        let rows = self.lease.run(async |client| client.query(&fetch, &[]).await).await?;
        self.is_at_end = rows.len() < BATCH_ROWS;
        if rows.is_empty() {
            return Ok(None);
        }
        let zone = self.lease.database.zone();
        let arrays = self.columns.iter().enumerate().map(|(at, column)| read(&rows, at, column, zone));
        let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options);
        batch
            .map(Some)
            .map_err(|error| crate::failure::failure(metrics_core::kpi::ErrorKind::Execution, error.to_string()))
    }

    async fn open(&self) -> Result<Statement, Failure> {
        let name = self.lease.cursor();
        let declare = self.declare.replacen("{}", &name, 1);
        self.lease
            .run(async |client| {
                client.batch_execute(&declare).await?;
                client.prepare(&format!("FETCH {BATCH_ROWS} FROM {name}")).await
            })
            .await
    }
}
