//! Other engines, played by a stub: paging, patience, and cancelling what nobody waits for any more.

mod dremio;
mod trino;

use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::util::display::array_value_to_string;
use kpi_engine::external::{ExternalError, SqlEngine, connect};
use metrics_core::kpi::{ExternalKind, ExternalSource};

fn source(kind: ExternalKind, url: &str) -> ExternalSource {
    ExternalSource {
        kind,
        url: url.to_owned(),
        user: Some("me".to_owned()),
        password: Some("sesame".to_owned().into()),
        catalog: Some("lake".to_owned()),
        schema: None,
    }
}

/// The first column, as texts.
fn first(batches: &[RecordBatch]) -> Vec<String> {
    let texts = |batch: &RecordBatch| {
        let column = batch.column(0).clone();
        (0..batch.num_rows()).map(move |row| array_value_to_string(&column, row).unwrap()).collect::<Vec<_>>()
    };
    batches.iter().flat_map(texts).collect()
}

/// A query whose deadline passes, and what the engine was told after that.
async fn is_given_up(engine: &dyn SqlEngine) {
    let result = tokio::time::timeout(Duration::from_millis(400), engine.query("SELECT 1", 10)).await;
    assert!(result.is_err(), "it was to last longer");
    engine.settle().await;
}

async fn message_of(kind: ExternalKind, url: &str) -> String {
    let engine = connect(&source(kind, url)).await.expect("it answers");
    let error: ExternalError = engine.query("SELECT 1", 10).await.expect_err("an error");
    error.to_string()
}
