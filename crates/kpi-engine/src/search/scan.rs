//! The reading of an index.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::TaskContext;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use super::column::Column;
use super::decode;
use super::pages::{Pages, Request};
use super::server::SearchServer;
use super::single;
use super::snapshot::{Snapshot, Snapshots};
use crate::leaf::Leaf;

/// A scan; each part of it is one stream.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) server: Arc<SearchServer>,
    pub(super) request: Request,
    pub(super) columns: Vec<Arc<Column>>,
    /// Columns whose comparison at the server is right only if no document has several values in them.
    pub(super) compared: Vec<Arc<Column>>,
}

impl Leaf for Scan {
    fn name(&self) -> &'static str {
        "SearchScan"
    }

    fn sent(&self) -> (&str, String) {
        // Without what belongs to a single part or page.
        let mut body = self.request.body(0);
        body.remove("slice");
        let parts = if self.request.slices > 1 { format!(", parts={}", self.request.slices) } else { String::new() };
        (&self.server.name, format!("{}/_search {}{parts}", self.request.index, Value::Object(body)))
    }

    fn read(
        &self,
        schema: &SchemaRef,
        partition: usize,
        context: &Arc<TaskContext>,
    ) -> Result<BoxStream<'static, Result<RecordBatch, DataFusionError>>, DataFusionError> {
        let snapshot = Snapshots::of(context, &self.server);
        let state = Reading {
            snapshot: Arc::clone(&snapshot),
            columns: self.columns.clone(),
            compared: self.compared.clone(),
            schema: Arc::clone(schema),
            pages: Pages::new(snapshot, self.request.clone(), partition),
        };
        let batches = stream::try_unfold(state, |mut state| async move {
            Ok::<_, DataFusionError>(state.next().await?.map(|batch| (batch, state)))
        });
        let server = Arc::clone(&self.server);
        Ok(batches.map_err(move |error| server.failed(error)).boxed())
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
