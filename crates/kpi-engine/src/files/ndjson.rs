//! Files of one JSON object a line.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::Datelike as _;
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, ListArray, RecordBatch, RecordBatchOptions,
    StringArray, TimestampMicrosecondArray,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchReceiverStreamBuilder;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};
use metrics_core::kpi::{ErrorKind, Failure, FileTable, Timestamps};
use serde_json::{Map, Value};

use super::infer::{Column, Kind, columns, date, for_each_object, instant};
use crate::failure::{failure, plan, through};

/// Objects of a batch.
const BATCH_ROWS: usize = 8192;
/// From the first day of the calendar to 1970.
const DAYS_TO_1970: i32 = 719_163;

/// A table of such files.
#[derive(Debug)]
pub(super) struct NdjsonTable {
    name: String,
    paths: Vec<PathBuf>,
    columns: Vec<Column>,
    schema: SchemaRef,
}

impl NdjsonTable {
    /// Reads which columns there are.
    pub async fn open(name: String, table: FileTable, zone: String) -> Result<Self, Failure> {
        if !table.partitions.is_empty() {
            return Err(plan(format!("{name}: partitions are for CSV and Parquet")));
        }
        let task = tokio::task::spawn_blocking(move || {
            let paths = super::files(&name, &table.path, &["ndjson", "jsonl", "json"])?;
            let columns = columns(&name, &paths, &table.arrays)?;
            let zone = (table.timestamps == Timestamps::Utc).then_some(zone.as_str());
            let fields: Vec<_> = columns.iter().map(|column| column.field(zone)).collect();
            Ok(Self { name, paths, columns, schema: Arc::new(Schema::new(fields)) })
        });
        task.await.map_err(|error| failure(ErrorKind::Execution, error.to_string()))?
    }
}

#[async_trait]
impl TableProvider for NdjsonTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (columns, schema) = match projection {
            Some(projection) => (
                projection.iter().map(|&at| self.columns[at].clone()).collect(),
                Arc::new(self.schema.project(projection)?),
            ),
            None => (self.columns.clone(), Arc::clone(&self.schema)),
        };
        for column in &columns {
            if let Kind::Several(place) = &column.kind {
                let (name, path) = (&self.name, place.path.display());
                return Err(through(failure(
                    ErrorKind::Value,
                    format!(
                        "{name}: field {} holds several values in {path} line {}: list it under arrays",
                        column.name, place.line
                    ),
                )));
            }
        }
        let file = |path: &PathBuf| {
            let (name, columns, schema) = (self.name.clone(), columns.clone(), Arc::clone(&schema));
            Arc::new(NdjsonFile { name, path: path.clone(), columns, schema }) as Arc<dyn PartitionStream>
        };
        let partitions = self.paths.iter().map(file).collect();
        Ok(Arc::new(StreamingTableExec::try_new(Arc::clone(&schema), partitions, None, None, false, limit)?))
    }
}

/// One file of the table, and what is read of it.
#[derive(Debug, Clone)]
struct NdjsonFile {
    name: String,
    path: PathBuf,
    columns: Vec<Column>,
    schema: SchemaRef,
}

impl PartitionStream for NdjsonFile {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn execute(&self, _: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut builder = RecordBatchReceiverStreamBuilder::new(Arc::clone(&self.schema), 2);
        let (sender, file) = (builder.tx(), self.clone());
        builder.spawn_blocking(move || {
            let mut objects = Vec::new();
            // A closed channel: nobody wants more.
            let send = |objects: &mut Vec<_>| {
                let batch = file.batch(objects)?;
                objects.clear();
                Ok::<_, Failure>(sender.blocking_send(Ok(batch)).is_ok())
            };
            for_each_object(&file.name, &file.path, |object, _| {
                objects.push(object);
                if objects.len() == BATCH_ROWS { send(&mut objects) } else { Ok(true) }
            })
            .map_err(through)?;
            if !objects.is_empty() {
                send(&mut objects).map_err(through)?;
            }
            Ok(())
        });
        builder.build()
    }
}

impl NdjsonFile {
    fn batch(&self, objects: &[Map<String, Value>]) -> Result<RecordBatch, Failure> {
        let column = |(at, column): (usize, &Column)| {
            let values: Vec<Option<&Value>> = objects.iter().map(|object| find(object, &column.name)).collect();
            array(&values, &column.kind, self.schema.field(at).data_type()).map_err(|reason| {
                let (name, path) = (&self.name, self.path.display());
                failure(ErrorKind::Value, format!("{name}: field {} in {path}: {reason}", column.name))
            })
        };
        let arrays = self.columns.iter().enumerate().map(column).collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(objects.len()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(|error| failure(ErrorKind::Execution, error.to_string()))
    }
}

/// The value under a name, which may lead into objects; null is none.
fn find<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = object.get(name) {
        return Some(value).filter(|value| !value.is_null());
    }
    name.match_indices('.').find_map(|(at, _)| match object.get(&name[..at]) {
        Some(Value::Object(inner)) => find(inner, &name[at + 1..]),
        _ => None,
    })
}

fn array(values: &[Option<&Value>], kind: &Kind, data_type: &DataType) -> Result<ArrayRef, String> {
    let changed = |value: &Value| format!("{value} is of another type than when the file was first read");
    macro_rules! each {
        ($array:ty, $read:expr) => {
            values
                .iter()
                .map(|value| value.map(|value| $read(value).ok_or_else(|| changed(value))).transpose())
                .collect::<Result<$array, String>>()?
        };
    }
    Ok(match kind {
        Kind::Boolean => Arc::new(each!(BooleanArray, Value::as_bool)),
        Kind::Integer => Arc::new(each!(Int64Array, Value::as_i64)),
        Kind::Float => Arc::new(each!(Float64Array, Value::as_f64)),
        Kind::Date => {
            let days = |value: &Value| Some(date(value.as_str()?)?.num_days_from_ce() - DAYS_TO_1970);
            Arc::new(each!(Date32Array, days))
        }
        Kind::Timestamp => {
            let array = each!(TimestampMicrosecondArray, microseconds);
            match data_type {
                DataType::Timestamp(_, Some(zone)) => Arc::new(array.with_timezone(Arc::clone(zone))),
                _ => Arc::new(array),
            }
        }
        Kind::Text | Kind::Several(_) => {
            let text = |value: &Value| match value {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            Arc::new(values.iter().map(|value| value.map(text)).collect::<StringArray>())
        }
        Kind::List(item) => {
            let DataType::List(field) = data_type else { return Err("not a list".to_owned()) };
            let mut items: Vec<Option<&Value>> = Vec::new();
            let mut lengths = Vec::with_capacity(values.len());
            for value in values {
                let before = items.len();
                match value {
                    Some(Value::Array(several)) => {
                        items.extend(several.iter().map(|item| Some(item).filter(|item| !item.is_null())));
                    }
                    Some(one) => items.push(Some(one)),
                    None => {}
                }
                lengths.push(items.len() - before);
            }
            let items = array(&items, item, field.data_type())?;
            let nulls: NullBuffer = values.iter().map(Option::is_some).collect();
            let list = ListArray::try_new(Arc::clone(field), OffsetBuffer::from_lengths(lengths), items, Some(nulls));
            Arc::new(list.map_err(|error| error.to_string())?)
        }
    })
}

/// Microseconds since 1970 of an instant, or of the start of a day.
fn microseconds(value: &Value) -> Option<i64> {
    let text = value.as_str()?;
    let at = match date(text) {
        Some(day) => day.and_hms_opt(0, 0, 0)?,
        None => instant(text)?,
    };
    Some(at.and_utc().timestamp_micros())
}
