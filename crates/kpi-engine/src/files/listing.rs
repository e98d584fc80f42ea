//! CSV and Parquet, which the engine reads itself.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::catalog::TableProvider;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl};
use datafusion::error::{DataFusionError, Result};
use datafusion::prelude::SessionContext;
use metrics_core::kpi::{ErrorKind, Failure, FileFormat, FileTable};
use url::Url;

use crate::failure::{failure, plan, through};

/// Reads which columns there are.
pub(super) async fn open(name: &str, table: &FileTable) -> Result<Arc<dyn TableProvider>> {
    let endings: &[&str] = if table.format == FileFormat::Csv { &["csv"] } else { &["parquet"] };
    // A folder with parts has its files further down.
    let files = if table.partitions.is_empty() {
        super::files(name, &table.path, endings).map_err(through)?
    } else {
        let mut files = Vec::new();
        below(&table.path, endings, &mut files)
            .map_err(|error| through(super::unreadable(name, &table.path, &error)))?;
        files
    };
    if table.format == FileFormat::Csv {
        same_columns(name, &files, table.has_header).map_err(through)?;
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
    let (paths, ending) = if table.partitions.is_empty() {
        (files.iter().map(|file| address(file)).collect::<Result<_>>()?, String::new())
    } else {
        (vec![address(&table.path)?], format!(".{}", endings[0]))
    };
    let options = options.with_file_extension(ending).with_table_partition_cols(columns);
    let context = SessionContext::new();
    let config = ListingTableConfig::new_with_multi_paths(paths).with_listing_options(options);
    let config = config.infer_schema(&context.state()).await?;
    Ok(Arc::new(ListingTable::try_new(config)?))
}

/// The address of a file or folder of just this name: brackets and asterisks in it mean nothing.
fn address(path: &Path) -> Result<ListingTableUrl> {
    let path = std::path::absolute(path)?;
    let url = if path.is_dir() { Url::from_directory_path(&path) } else { Url::from_file_path(&path) };
    let url = url.map_err(|()| DataFusionError::Plan(format!("{} is no path", path.display())))?;
    ListingTableUrl::try_new(url, None)
}

/// The files in a folder and those below it, with one of the endings.
fn below(folder: &Path, endings: &[&str], files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            below(&path, endings, files)?;
        } else if super::has_ending(&path, endings) {
            files.push(path);
        }
    }
    files.sort();
    Ok(())
}

/// Refuses files whose columns are not the same in the same order: they are read by their places.
fn same_columns(table: &str, files: &[PathBuf], has_header: bool) -> Result<(), Failure> {
    let mut first: Option<(&Path, csv::StringRecord)> = None;
    for file in files {
        let unreadable =
            |error: csv::Error| failure(ErrorKind::SourceUnavailable, format!("{table}: {}: {error}", file.display()));
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(file).map_err(unreadable)?;
        let mut columns = csv::StringRecord::new();
        if !reader.read_record(&mut columns).map_err(unreadable)? {
            continue;
        }
        let listed = |columns: &csv::StringRecord| columns.iter().collect::<Vec<_>>().join(", ");
        if has_header {
            let mut names = BTreeSet::new();
            if let Some(twice) = columns.iter().find(|name| !names.insert(*name)) {
                return Err(plan(format!("{table}: {} has the column {twice} twice", file.display())));
            }
        }
        match &first {
            None => first = Some((file, columns)),
            Some((other, expected)) if has_header && columns != *expected => {
                return Err(plan(format!(
                    "{table}: {} has the columns {}, and {} has {}: files of a table have the same in the same order",
                    file.display(),
                    listed(&columns),
                    other.display(),
                    listed(expected)
                )));
            }
            Some((other, expected)) if columns.len() != expected.len() => {
                return Err(plan(format!(
                    "{table}: {} has {} columns, and {} has {}: files of a table have as many",
                    file.display(),
                    columns.len(),
                    other.display(),
                    expected.len()
                )));
            }
            Some(_) => {}
        }
    }
    Ok(())
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
