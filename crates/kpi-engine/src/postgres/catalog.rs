//! What a database has: its tables, read once; their columns, when a query first needs them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, SchemaProvider, TableProvider};
use datafusion::error::{DataFusionError, Result};
use metrics_core::kpi::Failure;
use tokio_postgres::types::Type;

use super::column::column;
use super::session::Database;
use crate::failure::through;
use crate::remote::SqlTable;

/// Relations that are read: tables, partitioned and foreign ones, views and materialized views.
const READABLE: [&str; 5] = ["r", "p", "f", "v", "m"];
/// Relations of our own database: its views, which are what others may rely on.
const VIEWS: [&str; 1] = ["v"];

/// The schemas of a database.
#[derive(Debug)]
pub(crate) struct PostgresCatalog {
    /// Where they are.
    pub database: Arc<Database>,
    schemas: BTreeMap<String, Arc<PostgresSchema>>,
}

#[derive(Debug)]
struct PostgresSchema {
    database: Arc<Database>,
    name: String,
    relations: BTreeMap<String, Relation>,
    tables: Mutex<BTreeMap<String, Arc<SqlTable>>>,
}

#[derive(Debug)]
struct Relation {
    id: u32,
    rows: Option<usize>,
}

impl PostgresCatalog {
    /// Reads which tables there are; of all schemas but the system's if `schemas` is empty.
    pub async fn open(database: Arc<Database>, schemas: &[String], views_only: bool) -> Result<Self, Failure> {
        let kinds: &[&str] = if views_only { &VIEWS } else { &READABLE };
        let lease = database.lease().await?;
        let sql = include_str!("tables.sql");
        let rows = lease.run(async |client| client.query(sql, &[&schemas, &kinds]).await).await?;
        lease.end().await;
        let mut found: BTreeMap<String, BTreeMap<String, Relation>> = BTreeMap::new();
        for row in rows {
            let (schema, table, id): (String, String, u32) = (row.get(0), row.get(1), row.get(2));
            let rows: f64 = row.get(3);
            // Negative: never counted.
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate, not negative")]
            let rows = (rows >= 0.0).then_some(rows as usize);
            found.entry(schema).or_default().insert(table, Relation { id, rows });
        }
        let schema = |(name, relations): (String, _)| {
            let (database, tables) = (Arc::clone(&database), Mutex::default());
            (name.clone(), Arc::new(PostgresSchema { database, name, relations, tables }))
        };
        let schemas = found.into_iter().map(schema).collect();
        Ok(Self { database, schemas })
    }

    /// A table.
    pub async fn table(&self, schema: &str, table: &str) -> Result<Option<Arc<SqlTable>>, Failure> {
        match self.schemas.get(schema) {
            Some(schema) => schema.table(table).await,
            None => Ok(None),
        }
    }
}

impl PostgresSchema {
    async fn table(&self, name: &str) -> Result<Option<Arc<SqlTable>>, Failure> {
        let Some(relation) = self.relations.get(name) else { return Ok(None) };
        let known = self.tables.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
        if known.is_some() {
            return Ok(known);
        }
        let lease = self.database.lease().await?;
        let sql = include_str!("columns.sql");
        // With its types said, the statement goes to the server and back once.
        let rows = lease.run(async |client| client.query_typed(sql, &[(&relation.id, Type::OID)]).await).await?;
        lease.end().await;
        let columns = rows.iter().map(|row| column(row.get(0), row.get(1), row.get(2))).collect();
        let path = vec![self.name.clone(), name.to_owned()];
        let zone = self.database.zone();
        let table = Arc::new(SqlTable::new(Arc::clone(&self.database) as _, path, columns, relation.rows, zone));
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), Arc::clone(&table));
        Ok(Some(table))
    }
}

impl CatalogProvider for PostgresCatalog {
    fn schema_names(&self) -> Vec<String> {
        self.schemas.keys().cloned().collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        self.schemas.get(name).map(|schema| Arc::clone(schema) as _)
    }
}

#[async_trait]
impl SchemaProvider for PostgresSchema {
    fn table_names(&self) -> Vec<String> {
        self.relations.keys().cloned().collect()
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        Ok(Self::table(self, name).await.map_err(through)?.map(|table| table as _))
    }

    fn table_exist(&self, name: &str) -> bool {
        self.relations.contains_key(name)
    }
}
