//! One read of a table: a SELECT, behind a cursor, so that several reads share a session and each waits for whoever
//! takes its rows.

use std::sync::Arc;

use datafusion::arrow::array::{RecordBatch, RecordBatchOptions};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::execution::TaskContext;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use metrics_core::kpi::{ErrorKind, Failure};
use tokio_postgres::Statement;

use super::column::read;
use super::session::{Database, Lease, Leases};
use crate::failure::{failure, through};
use crate::leaf::Leaf;
use crate::remote::Column;

/// Rows that are asked for at a time.
const BATCH_ROWS: usize = 8192;

/// The reading of a SELECT.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) database: Arc<Database>,
    pub(super) text: String,
    pub(super) columns: Vec<Column>,
}

impl Leaf for Scan {
    fn name(&self) -> &'static str {
        "PostgresScan"
    }

    fn sent(&self) -> (&str, String) {
        (&self.database.name, self.text.clone())
    }

    fn read(
        &self,
        schema: &SchemaRef,
        _: usize,
        context: &Arc<TaskContext>,
    ) -> Result<BoxStream<'static, Result<RecordBatch>>> {
        let leases = context.session_config().get_extension::<Leases>().unwrap_or_default();
        let cursor = Cursor {
            declare: format!("DECLARE {{}} NO SCROLL CURSOR FOR {}", self.text),
            lease: Arc::clone(leases.of(&self.database.name).map_err(through)?),
            columns: self.columns.clone(),
            schema: Arc::clone(schema),
            fetch: None,
            is_at_end: false,
        };
        let batches = stream::try_unfold(cursor, async |mut cursor| {
            Ok(cursor.next().await.map_err(through)?.map(|batch| (batch, cursor)))
        });
        Ok(batches.boxed())
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
        batch.map(Some).map_err(|error| failure(ErrorKind::Execution, error.to_string()))
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
