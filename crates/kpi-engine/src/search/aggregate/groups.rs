//! The table of the groups that the server makes.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::ScalarValue;
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt, TryStreamExt};
use serde_json::Value;

use super::super::error::SearchError;
use super::super::pages::summarize;
use super::super::server::SearchServer;
use super::super::single;
use super::super::snapshot::{Snapshot, Snapshots};
use super::super::table::Index;
use super::summary::Summary;
use crate::leaf::{Leaf, LeafExec};

/// The result of an aggregate, as a table: its columns are called by their numbers.
#[derive(Debug)]
pub(super) struct Groups {
    asked: Arc<Asked>,
    schema: SchemaRef,
    /// The aggregate over the scan, for when the server's answer would not be exact.
    ordinary: LogicalPlan,
}

/// What is asked, of whom.
#[derive(Debug)]
struct Asked {
    server: Arc<SearchServer>,
    index: String,
    summary: Summary,
}

impl Groups {
    pub(super) fn new(index: &Index, summary: Summary, aggregate: &Aggregate, ordinary: LogicalPlan) -> Self {
        let numbered = |(number, field): (usize, &Arc<Field>)| {
            Field::new(number.to_string(), field.data_type().clone(), field.is_nullable())
        };
        let schema = Schema::new(aggregate.schema.fields().iter().enumerate().map(numbered).collect::<Vec<_>>());
        let asked = Asked { server: Arc::clone(&index.server), index: index.pattern.clone(), summary };
        Self { asked: Arc::new(asked), schema: Arc::new(schema), ordinary }
    }
}

impl Groups {
    pub(super) fn is_filtered(&self) -> bool {
        self.asked.summary.is_filtered()
    }
}

#[async_trait]
impl TableProvider for Groups {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let ordinary = state.create_physical_plan(&self.ordinary).await?;
        let ordinary: Arc<dyn ExecutionPlan> = Arc::new(CoalescePartitionsExec::new(ordinary));
        let schema = match projection {
            None => Arc::clone(&self.schema),
            Some(chosen) => Arc::new(self.schema.project(chosen)?),
        };
        let scan = GroupsScan {
            asked: Arc::clone(&self.asked),
            all_columns: Arc::clone(&self.schema),
            projection: projection.cloned(),
            ordinary,
        };
        Ok(Arc::new(LeafExec::new(Box::new(scan), schema, 1)))
    }
}

/// The reading of the groups. Its plan in reserve is complete: nothing above is to see or change it.
#[derive(Debug)]
struct GroupsScan {
    asked: Arc<Asked>,
    all_columns: SchemaRef,
    projection: Option<Vec<usize>>,
    ordinary: Arc<dyn ExecutionPlan>,
}

impl Leaf for GroupsScan {
    fn name(&self) -> &'static str {
        "SearchSummary"
    }

    fn sent(&self) -> (&str, String) {
        let text = format!("{}/_search {}", self.asked.index, Value::Object(self.asked.summary.body(None)));
        (&self.asked.server.name, text)
    }

    fn read(
        &self,
        _: &SchemaRef,
        _: usize,
        context: &Arc<TaskContext>,
    ) -> Result<BoxStream<'static, Result<RecordBatch, DataFusionError>>, DataFusionError> {
        let (asked, schema) = (Arc::clone(&self.asked), Arc::clone(&self.all_columns));
        let (ordinary, projection) = (Arc::clone(&self.ordinary), self.projection.clone());
        let (snapshot, context) = (Snapshots::of(context, &asked.server), Arc::clone(context));
        let batches = stream::once(async move {
            Ok::<_, DataFusionError>(if asked.is_exact(&snapshot).await? {
                asked.batches(snapshot, schema).boxed()
            } else {
                let named = move |batch: RecordBatch| of_columns(&schema, batch.columns().to_vec(), batch.num_rows());
                ordinary.execute(0, context)?.map(move |batch| named(batch?)).boxed()
            })
        });
        let batches = batches.try_flatten().map(move |batch| match &projection {
            Some(chosen) => batch.and_then(|batch| Ok(batch.project(chosen)?)),
            None => batch,
        });
        let server = Arc::clone(&self.asked.server);
        Ok(batches.map_err(move |error| server.failed(error)).boxed())
    }
}

impl Asked {
    /// Whether the server's answer will be that of SQL. Where documents have several values in a field, the ordinary
    /// plan tells whether that is an error.
    async fn is_exact(&self, snapshot: &Arc<Snapshot>) -> Result<bool, SearchError> {
        let single = &self.summary.single;
        if !single.is_empty() && single::several(snapshot, &self.index, single).await?.is_some() {
            return Ok(false);
        }
        let Some(checks) = self.summary.checks() else { return Ok(true) };
        let answer = summarize(snapshot, &self.index, checks).await?;
        Ok(Summary::passes(&answer.aggregations))
    }

    /// All rows, as many at a time as the server gives.
    fn batches(
        self: Arc<Self>,
        snapshot: Arc<Snapshot>,
        schema: SchemaRef,
    ) -> impl futures_util::Stream<Item = Result<RecordBatch, DataFusionError>> + Send {
        let start = Some(None::<Value>);
        stream::try_unfold((self, snapshot, schema, start), |(asked, snapshot, schema, place)| async move {
            let Some(after) = place else { return Ok(None) };
            let answer = summarize(&snapshot, &asked.index, asked.summary.body(after.as_ref())).await?;
            let page = if asked.summary.has_groups() {
                asked.summary.page(&answer.aggregations)
            } else {
                answer.total().and_then(|total| asked.summary.total(total, &answer.aggregations)).map(|row| (row, None))
            };
            let Some((columns, after)) = page else {
                let request = format!("POST /{}/_search", asked.index);
                let reason = "its aggregations are not those asked for".to_owned();
                return Err(SearchError::Malformed { request, reason }.into());
            };
            let batch = batch(&schema, columns)?;
            Ok(Some((batch, (asked, snapshot, schema, after.map(Some)))))
        })
    }
}

fn batch(schema: &SchemaRef, columns: Vec<Vec<ScalarValue>>) -> Result<RecordBatch, DataFusionError> {
    let rows = columns.first().map_or(0, Vec::len);
    if rows == 0 {
        return Ok(RecordBatch::new_empty(Arc::clone(schema)));
    }
    let arrays = columns.into_iter().map(ScalarValue::iter_to_array).collect::<Result<Vec<_>, _>>()?;
    of_columns(schema, arrays, rows)
}

fn of_columns(schema: &SchemaRef, arrays: Vec<ArrayRef>, rows: usize) -> Result<RecordBatch, DataFusionError> {
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)?)
}
