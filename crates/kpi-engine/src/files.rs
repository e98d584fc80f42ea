//! Files as tables: CSV, NDJSON and Parquet.

mod infer;
mod listing;
mod ndjson;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, SchemaProvider, TableProvider};
use datafusion::error::{DataFusionError, Result};
use metrics_core::kpi::{ErrorKind, Failure, FileFormat, FileTable, FilesSource};
use tokio::sync::OnceCell;

use self::ndjson::NdjsonTable;
use crate::failure::{failure, through};

/// A source of files.
#[derive(Debug)]
pub(crate) struct FilesCatalog {
    schemas: BTreeMap<String, Arc<FilesSchema>>,
}

#[derive(Debug)]
struct FilesSchema {
    /// `source.schema`, for messages.
    name: String,
    zone: String,
    tables: BTreeMap<String, (FileTable, OnceCell<Arc<dyn TableProvider>>)>,
}

impl FilesCatalog {
    /// No file is opened before a query needs it.
    pub fn new(source: &str, files: &FilesSource, zone: &str) -> Self {
        let schema = |(name, tables): (&String, &BTreeMap<String, FileTable>)| {
            let tables = tables.iter().map(|(name, table)| (name.clone(), (table.clone(), OnceCell::new()))).collect();
            let schema = FilesSchema { name: format!("{source}.{name}"), zone: zone.to_owned(), tables };
            (name.clone(), Arc::new(schema))
        };
        Self { schemas: files.schemas.iter().map(schema).collect() }
    }
}

impl CatalogProvider for FilesCatalog {
    fn schema_names(&self) -> Vec<String> {
        self.schemas.keys().cloned().collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        self.schemas.get(name).map(|schema| Arc::clone(schema) as _)
    }
}

#[async_trait]
impl SchemaProvider for FilesSchema {
    fn table_names(&self) -> Vec<String> {
        self.tables.keys().cloned().collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        let Some((table, opened)) = self.tables.get(name) else { return Ok(None) };
        let provider = opened.get_or_try_init(async || {
            let full_name = format!("{}.{name}", self.name);
            match table.format {
                FileFormat::Ndjson => {
                    let table = NdjsonTable::open(full_name, table.clone(), self.zone.clone()).await;
                    Ok(Arc::new(table.map_err(through)?) as Arc<dyn TableProvider>)
                }
                FileFormat::Csv | FileFormat::Parquet => listing::open(&full_name, table).await,
            }
        });
        provider.await.map(|provider| Some(Arc::clone(provider)))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.tables.contains_key(name)
    }
}

/// The files of a table: itself, or those in the folder with one of the endings, by name. Files whose names begin with a
/// dot or an underscore are not: programs that write files call them so until they are whole.
fn files(table: &str, path: &Path, endings: &[&str]) -> Result<Vec<PathBuf>, Failure> {
    let failed = |error: std::io::Error| unreadable(table, path, &error);
    if !std::fs::metadata(path).map_err(failed)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.is_file() && has_ending(&path, endings) {
            found.push(path);
        }
    }
    found.sort();
    if found.is_empty() {
        let endings = endings.join(", .");
        return Err(failure(
            ErrorKind::SourceUnavailable,
            format!("{table}: no file .{endings} in {}", path.display()),
        ));
    }
    Ok(found)
}

fn has_ending(path: &Path, endings: &[&str]) -> bool {
    let text = |part: Option<&std::ffi::OsStr>| part.and_then(|part| part.to_str()).unwrap_or("").to_owned();
    endings.contains(&text(path.extension()).as_str()) && !text(path.file_name()).starts_with(['.', '_'])
}

fn unreadable(table: &str, path: &Path, error: &std::io::Error) -> Failure {
    failure(ErrorKind::SourceUnavailable, format!("{table}: {}: {error}", path.display()))
}
