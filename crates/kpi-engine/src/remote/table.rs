//! A table that is read filtered.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Result, Statistics};
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::column::Column;
use super::dialect::Dialect;
use super::filter::{Pushed, pushed};
use super::select::select;
use crate::leaf::{Leaf, LeafExec};
use crate::rest::scan_filtered;

/// Whoever has tables and is asked in SQL.
pub(crate) trait SqlStore: Debug + Send + Sync {
    /// What it speaks.
    fn dialect(&self) -> Dialect;

    /// The reading of a SELECT that gives these columns.
    fn leaf(self: Arc<Self>, text: String, columns: Vec<Column>) -> Box<dyn Leaf>;
}

/// A table of a store.
#[derive(Debug)]
pub(crate) struct SqlTable {
    store: Arc<dyn SqlStore>,
    /// Its name there, in parts.
    pub name: Vec<String>,
    /// Its columns.
    pub columns: Vec<Column>,
    schema: SchemaRef,
    rows: Option<usize>,
}

impl SqlTable {
    /// A table with about `rows` rows; instants are in `zone`.
    pub fn new(
        store: Arc<dyn SqlStore>,
        name: Vec<String>,
        columns: Vec<Column>,
        rows: Option<usize>,
        zone: &str,
    ) -> Self {
        let fields: Vec<_> = columns.iter().map(|column| column.field(zone)).collect();
        Self { store, name, columns, schema: Arc::new(Schema::new(fields)), rows }
    }

    fn pushed(&self, filter: &Expr) -> Option<Pushed> {
        pushed(filter, &self.columns, self.store.dialect())
    }
}

#[async_trait]
impl TableProvider for SqlTable {
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
        let support = |filter: &&Expr| match self.pushed(filter) {
            Some(Pushed { is_exact: true, .. }) => TableProviderFilterPushDown::Exact,
            Some(_) => TableProviderFilterPushDown::Inexact,
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
        let put: Vec<_> = filters.iter().map(|filter| self.pushed(filter)).collect();
        let is_exact = |put: &Option<Pushed>| put.as_ref().is_some_and(|put| put.is_exact);
        let rest: Vec<Expr> =
            filters.iter().zip(&put).filter(|(_, put)| !is_exact(put)).map(|(filter, _)| filter.clone()).collect();
        scan_filtered(state, &self.schema, projection, limit, rest, |projection, limit| {
            let projection = projection.map_or_else(|| (0..self.columns.len()).collect(), Clone::clone);
            let schema = Arc::new(self.schema.project(&projection)?);
            let columns: Vec<Column> = projection.iter().map(|&at| self.columns[at].clone()).collect();
            let dialect = self.store.dialect();
            let items = columns.iter().map(|column| dialect.selected(column)).collect();
            let filters: Vec<_> = put.into_iter().flatten().map(|put| put.sql).collect();
            // A filter makes it fewer; which share of them, nobody knows here.
            let rows = if filters.is_empty() { self.rows } else { self.rows.map(|rows| rows / 5 + 1) };
            let text = select(&self.name, items, filters, limit)?;
            let leaf = Arc::clone(&self.store).leaf(text, columns);
            Ok(Arc::new(LeafExec::new(leaf, schema, 1).with_rows(rows)))
        })
    }
}
