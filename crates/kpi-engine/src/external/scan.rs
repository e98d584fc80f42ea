//! The reading of a table of an engine.

use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::TaskContext;
use futures_util::stream::{self, BoxStream};
use futures_util::{StreamExt as _, TryStreamExt as _};

use super::{ExternalError, SqlEngine};
use crate::failure::through;
use crate::leaf::Leaf;
use crate::remote::{Column, Dialect, SqlStore};

/// An engine under the name of its source.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) source: String,
    pub(super) engine: Arc<dyn SqlEngine>,
}

impl SqlStore for Store {
    fn dialect(&self) -> Dialect {
        self.engine.dialect()
    }

    fn leaf(self: Arc<Self>, text: String, _: Vec<Column>) -> Box<dyn Leaf> {
        Box::new(Scan { store: self, text })
    }
}

/// The reading of a SELECT.
#[derive(Debug)]
struct Scan {
    store: Arc<Store>,
    text: String,
}

impl Leaf for Scan {
    fn name(&self) -> &'static str {
        "ExternalScan"
    }

    fn sent(&self) -> (&str, String) {
        (&self.store.source, self.text.clone())
    }

    fn read(
        &self,
        schema: &SchemaRef,
        _: usize,
        _: &Arc<TaskContext>,
    ) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let (store, text, schema) = (Arc::clone(&self.store), self.text.clone(), Arc::clone(schema));
        let started = async move {
            let rows = store.engine.query(&text, usize::MAX).await;
            let rows = rows.map_err(|error| through(error.failure(&store.source)))?;
            let fitted = rows.batches.map(move |batch| {
                batch.and_then(|batch| fitted(&batch, &schema)).map_err(|error| through(error.failure(&store.source)))
            });
            Ok::<_, DataFusionError>(fitted)
        };
        Ok(stream::once(started).try_flatten().boxed())
    }
}

/// Rows in the types that the table was planned with.
fn fitted(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, ExternalError> {
    // Without columns only the number of rows matters.
    if !schema.fields().is_empty() && schema.fields().len() != batch.num_columns() {
        let reason = format!("{} columns came instead of {}", batch.num_columns(), schema.fields().len());
        return Err(ExternalError::Malformed { request: "SELECT".to_owned(), reason });
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let columns = batch.columns().iter().zip(schema.fields());
    let arrays = columns.map(|(array, field)| {
        cast_with_options(array, field.data_type(), &options)
            .map_err(|error| ExternalError::Value { column: field.name().clone(), reason: error.to_string() })
    });
    let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(Arc::clone(schema), arrays, &options)?)
}
