//! Other engines, played by a stub or served here: paging, patience, tables beside those of other sources, and cancelling
//! what nobody waits for any more.

mod dremio;
#[cfg(feature = "external-engine")]
mod flight;
mod lake;
mod tables;
mod trino;

use std::collections::BTreeMap;
use std::time::Duration;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::util::display::array_value_to_string;
use futures_util::TryStreamExt as _;
use kpi_engine::check_offline;
use kpi_engine::external::{ExternalError, SqlEngine, connect};
use metrics_core::kpi::{ErrorKind, ExternalKind, ExternalSource, Form, Kpi, ParameterValue, Source, SourceKind};

use crate::engine::support::{definitions, kpi, run};

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

/// The whole result of a query, or its first rows.
async fn read(
    engine: &dyn SqlEngine,
    sql: &str,
    most_rows: usize,
) -> Result<(SchemaRef, Vec<RecordBatch>), ExternalError> {
    let rows = engine.query(sql, most_rows).await?;
    Ok((rows.schema, rows.batches.try_collect().await?))
}

/// A query whose deadline passes, and what the engine was told after that.
async fn is_given_up(engine: &dyn SqlEngine) {
    let result = tokio::time::timeout(Duration::from_millis(400), read(engine, "SELECT 1", 10)).await;
    assert!(result.is_err(), "it was to last longer");
    engine.settle().await;
}

async fn message_of(kind: ExternalKind, url: &str) -> String {
    let engine = connect(&source(kind, url)).await.expect("it answers");
    let error = read(&*engine, "SELECT 1", 10).await.expect_err("an error");
    error.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kpi_may_be_left_to_another_engine() {
    let lake = trino::counts_to(41);
    let kind = SourceKind::External(source(ExternalKind::Trino, &lake.url));
    let definitions = definitions(vec![("lake", Source { kind, is_large: false })]);
    let kpi = Kpi { engine: Some("lake".to_owned()), ..kpi("SELECT approx_distinct(x) FROM t", Form::Count) };
    let answer = run(&definitions, kpi.clone()).await.unwrap();
    assert_eq!((answer.value.as_str(), answer.value_num), ("41", Some(41.0)));
    assert_eq!(lake.requests()[0].body, "SELECT approx_distinct(x) FROM t");

    let parameters = BTreeMap::from([("since".to_owned(), ParameterValue::Text("it's".to_owned()))]);
    let sql = "SELECT count(*) FROM t WHERE x = $since".to_owned();
    run(&definitions, Kpi { sql, parameters, ..kpi.clone() }).await.unwrap();
    let sent = lake.requests().into_iter().rfind(|request| request.method == "POST").unwrap().body;
    assert_eq!(sent, "SELECT count(*) FROM t WHERE x = 'it''s'");

    let before = lake.requests().len();
    for sql in
        ["DELETE FROM t", "SELECT 1 FROM t; DELETE FROM t", "SELECT 1 INTO t", "VACUUM TABLE t ((", "SELECT ((; x"]
    {
        let writes = Kpi { sql: sql.to_owned(), ..kpi.clone() };
        assert_eq!(check_offline(&definitions, &writes).expect_err("no query").kind, ErrorKind::Plan, "{sql}");
        let failure = run(&definitions, writes).await.expect_err("no query");
        assert!(failure.kind == ErrorKind::Plan && failure.message.contains("a KPI is a single SELECT"), "{failure}");
    }
    assert_eq!(lake.requests().len(), before, "nothing was sent");
    let own_words = Kpi { sql: "SELECT x FROM t MATCH_RECOGNIZE (ITS OWN (".to_owned(), ..kpi.clone() };
    assert_eq!(run(&definitions, own_words).await.unwrap().value, "41");

    let nowhere = Kpi { engine: Some("nowhere".to_owned()), ..kpi };
    assert_eq!(run(&definitions, nowhere).await.expect_err("no such source").kind, ErrorKind::Plan);
}
