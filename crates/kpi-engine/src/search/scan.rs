//! The reading of an index.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{
    Boundedness, ChildrenPropertiesMode, EmissionType, ReplaceChildrenOptions,
};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures_util::{TryStreamExt as _, stream};
use serde_json::Value;

use super::column::Column;
use super::decode;
use super::pages::{Pages, Request};
use super::server::SearchServer;
use super::single;
use super::snapshot::{Snapshot, Snapshots};

/// A scan; each part of it is one stream.
#[derive(Debug)]
pub(super) struct Scan {
    server: Arc<SearchServer>,
    request: Request,
    columns: Vec<Arc<Column>>,
    /// Columns whose comparison at the server is right only if no document has several values in them.
    compared: Vec<Arc<Column>>,
    properties: Arc<PlanProperties>,
}

impl Scan {
    pub(super) fn new(
        server: Arc<SearchServer>,
        request: Request,
        columns: Vec<Arc<Column>>,
        compared: Vec<Arc<Column>>,
        schema: SchemaRef,
    ) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(request.slices),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Self { server, request, columns, compared, properties }
    }

    /// Name of the source, and what it is sent.
    pub(super) fn sent(&self) -> (&str, String) {
        (&self.server.name, self.text())
    }

    /// Index and body of the request, without what belongs to a single part or page.
    fn text(&self) -> String {
        let mut body = self.request.body(0);
        body.remove("slice");
        let parts = if self.request.slices > 1 { format!(", parts={}", self.request.slices) } else { String::new() };
        format!("{}/_search {}{parts}", self.request.index, Value::Object(body))
    }
}

impl DisplayAs for Scan {
    fn fmt_as(&self, kind: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        match kind {
            DisplayFormatType::Default | DisplayFormatType::Verbose => write!(f, "SearchScan: {}", self.text()),
            DisplayFormatType::TreeRender => writeln!(f, "{}", self.text()),
        }
    }
}

impl ExecutionPlan for Scan {
    fn name(&self) -> &'static str {
        "SearchScan"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion, DataFusionError>,
    ) -> Result<TreeNodeRecursion, DataFusionError> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        Ok(self)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        self.replace_children(children, ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute))
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream, DataFusionError> {
        let snapshot = Snapshots::of(&context, &self.server);
        let state = Reading {
            snapshot: Arc::clone(&snapshot),
            columns: self.columns.clone(),
            compared: self.compared.clone(),
            schema: self.schema(),
            pages: Pages::new(snapshot, self.request.clone(), partition),
        };
        let batches = stream::try_unfold(state, |mut state| async move {
            Ok::<_, DataFusionError>(state.next().await?.map(|batch| (batch, state)))
        });
        let server = Arc::clone(&self.server);
        let batches = batches.map_err(move |error| server.failed(error));
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), batches)))
    }
}

/// One part of a scan under way.
struct Reading {
    snapshot: Arc<Snapshot>,
    columns: Vec<Arc<Column>>,
    compared: Vec<Arc<Column>>,
    schema: SchemaRef,
    pages: Pages,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<RecordBatch>, DataFusionError> {
        if !self.compared.is_empty() {
            single::require(&self.snapshot, self.pages.index(), &self.compared).await?;
            self.compared.clear();
        }
        let Some(hits) = self.pages.next().await? else { return Ok(None) };
        decode::batch(&self.columns, &self.schema, &hits).map(Some)
    }
}
