//! CSV and Parquet, which the engine reads itself.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::Result;
use datafusion::prelude::SessionContext;
use metrics_core::kpi::{FileFormat, FileTable};

use crate::failure::{plan, through};

/// Reads which columns there are.
pub(super) async fn open(name: &str, table: &FileTable) -> Result<Arc<dyn TableProvider>> {
    let endings: &[&str] = if table.format == FileFormat::Csv { &["csv"] } else { &["parquet"] };
    // A folder with parts has its files further down.
    if table.partitions.is_empty() {
        super::files(name, &table.path, endings).map_err(through)?;
    } else {
        std::fs::metadata(&table.path).map_err(|error| through(super::unreadable(name, &table.path, &error)))?;
    }
    let mut columns = Vec::with_capacity(table.partitions.len());
    for (column, type_name) in &table.partitions {
        columns.push((column.clone(), data_type(name, type_name)?));
    }
    let options = match table.format {
        FileFormat::Csv => ListingOptions::new(Arc::new(
            // All of it: a column whose first letters come late would else be read as one of numbers.
            CsvFormat::default().with_has_header(table.has_header).with_schema_infer_max_rec(usize::MAX),
        )),
        _ => ListingOptions::new(Arc::new(ParquetFormat::default())),
    };
    let ending = if table.path.is_dir() { format!(".{}", endings[0]) } else { String::new() };
    let options = options.with_file_extension(ending).with_table_partition_cols(columns);
    let path = std::path::absolute(&table.path)?;
    let mut text = path.to_string_lossy().into_owned();
    if path.is_dir() {
        text.push('/');
    }
    let context = SessionContext::new();
    let config = ListingTableConfig::new(ListingTableUrl::parse(text)?).with_listing_options(options);
    let config = config.infer_schema(&context.state()).await?;
    Ok(Arc::new(ListingTable::try_new(config)?))
}

fn data_type(table: &str, name: &str) -> Result<DataType> {
    Ok(match name.to_ascii_lowercase().as_str() {
        "date" => DataType::Date32,
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, None),
        "int" | "integer" | "bigint" => DataType::Int64,
        "double" | "float" => DataType::Float64,
        "boolean" | "bool" => DataType::Boolean,
        "text" | "varchar" | "string" => DataType::Utf8,
        other => {
            let known = "date, timestamp, integer, double, boolean or text";
            return Err(through(plan(format!("{table}: a partition is {known}, not {other}"))));
        }
    })
}
