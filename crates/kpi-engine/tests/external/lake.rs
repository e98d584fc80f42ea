//! The data of an engine that is played here: one table, and whatever a SELECT over it gives.

use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMillisecondArray,
};
use datafusion::arrow::datatypes::DataType;
use datafusion::arrow::util::display::array_value_to_string;
use datafusion::catalog::{CatalogProvider, MemTable, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider};
use datafusion::prelude::SessionContext;
use tokio::runtime::Runtime;

/// `hive.sales.orders` has so many rows.
pub const ROWS: i64 = 203;

/// 2026-01-01 in days and in milliseconds of 1970.
const DAY: i32 = 20_454;
const MIDNIGHT: i64 = 1_767_225_600_000;

/// The catalog `hive` with the table `orders` in the schema `sales`; nothing is known of every 13th order.
pub fn context() -> SessionContext {
    let ids = 1..=ROWS;
    let known = |id: i64| id % 13 != 0;
    let texts = ["a", "A", "a%", "ab_c", "it's", "", "a "];
    let columns: [(&str, ArrayRef); 8] = [
        ("id", Arc::new(Int64Array::from_iter_values(ids.clone()))),
        ("customer", Arc::new(ids.clone().map(|id| known(id).then_some(id % 7 - 3)).collect::<Int64Array>())),
        ("amount", {
            let cents = ids.clone().map(|id| known(id).then_some(i128::from(id % 11) * 25));
            Arc::new(cents.collect::<Decimal128Array>().with_precision_and_scale(10, 2).unwrap())
        }),
        (
            "weight",
            Arc::new(ids.clone().map(|id| known(id).then_some((id % 5) as f64 / 10.0)).collect::<Float64Array>()),
        ),
        ("is_paid", Arc::new(ids.clone().map(|id| known(id).then_some(id % 3 == 0)).collect::<BooleanArray>())),
        (
            "day",
            Arc::new(
                ids.clone()
                    .map(|id| known(id).then_some(DAY + i32::try_from(id % 9).unwrap()))
                    .collect::<Date32Array>(),
            ),
        ),
        ("placed_at", {
            let at = ids.clone().map(|id| known(id).then_some(MIDNIGHT + id % 9 * 25_200_000 + id % 2 * 250));
            Arc::new(at.collect::<TimestampMillisecondArray>())
        }),
        (
            "Note",
            Arc::new(
                ids.map(|id| known(id).then_some(texts[usize::try_from(id % 7).unwrap()])).collect::<StringArray>(),
            ),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let table = MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap();
    let (catalog, schema) = (MemoryCatalogProvider::new(), Arc::new(MemorySchemaProvider::new()));
    schema.register_table("orders".to_owned(), Arc::new(table)).unwrap();
    catalog.register_schema("sales", schema).unwrap();
    let context = SessionContext::new();
    context.register_catalog("hive", Arc::new(catalog));
    context
}

/// The same for threads that answer requests.
pub struct Lake {
    context: SessionContext,
    runtime: Runtime,
}

impl Lake {
    pub fn new() -> Self {
        Self { context: context(), runtime: Runtime::new().unwrap() }
    }

    /// The rows of a SELECT, each as the JSON texts of its values, or why there are none.
    pub fn rows(&self, sql: &str) -> Result<(Vec<String>, Vec<Vec<String>>), String> {
        let run = async { self.context.sql(sql).await?.collect().await };
        let batches = self.runtime.block_on(run).map_err(|error| error.strip_backtrace())?;
        let names = batches.first().map(RecordBatch::schema);
        let names = names.iter().flat_map(|schema| schema.fields()).map(|field| field.name().clone()).collect();
        let row = |batch: &RecordBatch, row| batch.columns().iter().map(|column| json(column, row)).collect();
        let rows = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(move |number| row(batch, number)));
        Ok((names, rows.collect()))
    }
}

fn json(column: &ArrayRef, row: usize) -> String {
    if column.is_null(row) {
        return "null".to_owned();
    }
    let text = array_value_to_string(column, row).unwrap();
    match column.data_type() {
        DataType::Utf8 => serde_json::to_string(&text).unwrap(),
        DataType::Date32 => format!("\"{text}\""),
        DataType::Timestamp(..) => format!("\"{}\"", text.replace('T', " ")),
        _ => text,
    }
}
