//! A table that is read filtered.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Result, Statistics};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::column::Column;
use super::filter::pushed;
use super::scan::{Read, ScanExec};
use super::session::Database;
use crate::rest::scan_filtered;

/// A table of a database.
#[derive(Debug)]
pub(crate) struct PostgresTable {
    database: Arc<Database>,
    /// Its schema and name.
    pub name: [String; 2],
    /// Its columns.
    pub columns: Vec<Column>,
    schema: SchemaRef,
    rows: Option<usize>,
}

impl PostgresTable {
    /// A table with about `rows` rows.
    pub fn new(
        database: &Arc<Database>,
        schema: String,
        name: String,
        columns: Vec<Column>,
        rows: Option<usize>,
    ) -> Self {
        let fields: Vec<_> = columns.iter().map(|column| column.field(database.zone())).collect();
        Self {
            database: Arc::clone(database),
            name: [schema, name],
            columns,
            schema: Arc::new(Schema::new(fields)),
            rows,
        }
    }
}

#[async_trait]
impl TableProvider for PostgresTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        let rows = self.rows?;
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = Precision::Inexact(rows);
        Some(statistics)
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        let support = |filter: &&Expr| match pushed(filter, &self.columns) {
            Some(_) => TableProviderFilterPushDown::Exact,
            None => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(support).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let put: Vec<_> = filters.iter().map(|filter| pushed(filter, &self.columns)).collect();
        let rest: Vec<Expr> =
            filters.iter().zip(&put).filter(|(_, put)| put.is_none()).map(|(filter, _)| filter.clone()).collect();
        scan_filtered(state, &self.schema, projection, limit, rest, |projection, limit| {
            let projection = projection.map_or_else(|| (0..self.columns.len()).collect(), Clone::clone);
            let schema = Arc::new(self.schema.project(&projection)?);
            let columns: Vec<Column> = projection.iter().map(|&at| self.columns[at].clone()).collect();
            let read = Read { table: self.name.clone(), columns, filters: put.into_iter().flatten().collect(), limit };
            Ok(Arc::new(ScanExec::new(Arc::clone(&self.database), read, schema, self.rows)?))
        })
    }
}
