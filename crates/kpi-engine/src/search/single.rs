//! Whether documents hold one value in a field.
//!
//! A mapping does not tell, and for the index a comparison with several values is one with any of them. So before a
//! comparison is left to the server, the server is asked whether fields have as many values as documents.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, PoisonError};

use datafusion::error::DataFusionError;
use serde_json::{Map, Value, json};

use super::column::Column;
use super::decode;
use super::error::SearchError;
use super::pages::{Pages, Request, summarize};
use super::snapshot::Snapshot;

/// Fails, naming field and document, if a document has several values in one of the columns.
pub(super) async fn require(
    snapshot: &Arc<Snapshot>,
    index: &str,
    columns: &[Arc<Column>],
) -> Result<(), DataFusionError> {
    let Some(name) = several(snapshot, index, columns).await? else { return Ok(()) };
    let Some(column) = columns.iter().find(|column| column.name == name) else { return Ok(()) };
    Err(first_with_several(snapshot, index, column).await)
}

/// The first of the columns in which a document has several values. Asked once a snapshot.
pub(super) async fn several(
    snapshot: &Arc<Snapshot>,
    index: &str,
    columns: &[Arc<Column>],
) -> Result<Option<String>, SearchError> {
    let names: BTreeSet<String> = columns.iter().map(|column| column.name.clone()).collect();
    let cell = {
        let mut known = snapshot.single_valued.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(known.entry((index.to_owned(), names)).or_default())
    };
    cell.get_or_try_init(|| ask(snapshot, index, columns)).await.cloned()
}

async fn ask(snapshot: &Arc<Snapshot>, index: &str, columns: &[Arc<Column>]) -> Result<Option<String>, SearchError> {
    let fields: BTreeMap<&str, &str> = columns
        .iter()
        .filter_map(|column| Some((column.name.as_str(), column.indexed.exact.as_ref()?.field.as_str())))
        .collect();
    let questions: Map<String, Value> = fields
        .iter()
        .enumerate()
        .map(|(number, (_, field))| {
            let count = json!({ "values": { "value_count": { "field": field } } });
            (number.to_string(), json!({ "filter": { "exists": { "field": field } }, "aggs": count }))
        })
        .collect();
    let body = Map::from_iter([("aggs".to_owned(), Value::Object(questions))]);
    let answer = summarize(snapshot, index, body).await?;
    for (number, (name, _)) in fields.iter().enumerate() {
        let of = answer.aggregations.get(&number.to_string());
        let documents = of.and_then(|of| of["doc_count"].as_u64());
        let values = of.and_then(|of| of["values"]["value"].as_f64());
        match (documents, values) {
            (Some(documents), Some(values)) if documents as f64 >= values => {}
            (Some(_), Some(_)) => return Ok(Some((*name).to_owned())),
            _ => {
                let request = format!("POST /{index}/_search");
                return Err(SearchError::Malformed { request, reason: format!("no count of `{name}`") });
            }
        }
    }
    Ok(None)
}

/// The error that names the first document with several values.
async fn first_with_several(snapshot: &Arc<Snapshot>, index: &str, column: &Arc<Column>) -> DataFusionError {
    let field = column.indexed.exact.as_ref().map_or(&column.path, |exact| &exact.field);
    let request = Request {
        index: index.to_owned(),
        query: Some(json!({ "exists": { "field": field } })),
        fields: Some(vec![column.path.clone()]),
        page_size: snapshot.server.source.page_size.clamp(1, 10_000) as usize,
        limit: None,
        slices: 1,
    };
    let schema = Arc::new(datafusion::arrow::datatypes::Schema::new(vec![column.field()]));
    let columns = [Arc::clone(column)];
    let mut pages = Pages::new(Arc::clone(snapshot), request, 0);
    loop {
        match pages.next().await {
            Ok(Some(hits)) => {
                if let Err(error) = decode::batch(&columns, &schema, &hits) {
                    return error;
                }
            }
            Ok(None) => break,
            Err(error) => return error.into(),
        }
    }
    let (field, index) = (column.name.clone(), index.to_owned());
    SearchError::SeveralValues { field, id: "?".to_owned(), index }.into()
}
