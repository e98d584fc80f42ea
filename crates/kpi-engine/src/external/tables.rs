//! The tables of an engine that queries name, as a catalog.

use std::sync::Arc;

use datafusion::catalog::{CatalogProvider, MemoryCatalogProvider, MemorySchemaProvider, SchemaProvider};
use datafusion::error::DataFusionError;
use metrics_core::kpi::{ErrorKind, Failure};

use super::scan::Store;
use super::{REQUEST_TIMEOUT, SqlEngine};
use crate::failure::{failure, of_engine};
use crate::remote::SqlTable;

/// Asks the engine of the source `source` for the columns of tables, each given by its schema and name. Those that there
/// are not are not in the catalog either.
pub(crate) async fn tables(
    source: &str,
    engine: &Arc<dyn SqlEngine>,
    named: &[[String; 2]],
    zone: &str,
) -> Result<Arc<dyn CatalogProvider>, Failure> {
    let catalog = MemoryCatalogProvider::new();
    if named.is_empty() {
        return Ok(Arc::new(catalog));
    }
    let Ok(found) = tokio::time::timeout(REQUEST_TIMEOUT, engine.tables(named)).await else {
        let seconds = REQUEST_TIMEOUT.as_secs();
        let reason = format!("{source}: it did not tell its tables within {seconds} s");
        return Err(failure(ErrorKind::SourceUnavailable, reason));
    };
    let store = Arc::new(Store { source: source.to_owned(), engine: Arc::clone(engine) });
    let add = || -> Result<(), DataFusionError> {
        let schema_of = |name: &str| -> Result<Arc<dyn SchemaProvider>, DataFusionError> {
            if let Some(schema) = catalog.schema(name) {
                return Ok(schema);
            }
            let schema: Arc<dyn SchemaProvider> = Arc::new(MemorySchemaProvider::new());
            catalog.register_schema(name, Arc::clone(&schema))?;
            Ok(schema)
        };
        for table in found.map_err(|error| crate::failure::through(error.failure(source)))? {
            let schema = schema_of(&table.schema)?;
            let columns = SqlTable::new(Arc::clone(&store) as _, table.path, table.columns, None, zone);
            schema.register_table(table.name, Arc::new(columns))?;
        }
        for [schema, _] in named {
            // So that it is the table that is said to be missing.
            if !catalog.schema_names().iter().any(|known| known.eq_ignore_ascii_case(schema)) {
                schema_of(schema)?;
            }
        }
        Ok(())
    };
    add().map_err(|error| of_engine(&error, ErrorKind::Plan))?;
    Ok(Arc::new(catalog))
}
