//! An index as a table.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::ExecutionPlan;

use super::column::{Column as Field, Kind};
use super::filter::{self, Filter};
use super::layout::Layout;
use super::pages::Request;
use super::scan::Scan;
use super::server::SearchServer;
use crate::leaf::LeafExec;
use crate::rest::scan_filtered;

/// An index, alias or pattern.
#[derive(Debug, Clone)]
pub(super) struct Index {
    pub(super) server: Arc<SearchServer>,
    pub(super) pattern: String,
    pub(super) columns: Vec<Arc<Field>>,
    schema: SchemaRef,
    slices: usize,
    /// Whether the server may be asked for counts and groups.
    pub(super) is_pushable: bool,
}

impl Index {
    pub(super) fn new(server: Arc<SearchServer>, index: &str, layout: &Layout, shows_hidden: bool) -> Self {
        let mut columns = layout.columns.clone();
        if shows_hidden {
            columns.push(Arc::new(Field::own("_id", Kind::Id)));
            columns.push(Arc::new(Field::own("_index", Kind::Index)));
        }
        let schema = Arc::new(Schema::new(columns.iter().map(|column| column.field()).collect::<Vec<_>>()));
        Self { server, pattern: index.to_owned(), columns, schema, slices: layout.slices, is_pushable: true }
    }

    /// The same, of which documents are read and nothing else.
    pub(super) fn without_summaries(&self) -> Self {
        Self { is_pushable: false, ..self.clone() }
    }

    /// The condition in the server's language; `None` where it cannot be put.
    pub(super) fn translate(&self, condition: &Expr) -> Option<Filter> {
        filter::translate(condition, &self.columns)
    }

    pub(super) fn column(&self, name: &str) -> Option<&Arc<Field>> {
        self.columns.iter().find(|column| column.name == name)
    }

    pub(super) fn page_size(&self) -> usize {
        self.server.source.page_size.clamp(1, 10_000) as usize
    }
}

#[async_trait]
impl TableProvider for Index {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>, DataFusionError> {
        let kind = |filter: &&Expr| match self.translate(filter) {
            Some(filter) if filter.is_exact => TableProviderFilterPushDown::Exact,
            Some(_) => TableProviderFilterPushDown::Inexact,
            None => TableProviderFilterPushDown::Unsupported,
        };
        Ok(filters.iter().map(kind).collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let translated: Vec<Option<Filter>> = filters.iter().map(|filter| self.translate(filter)).collect();
        let is_exact = |filter: &Option<Filter>| filter.as_ref().is_some_and(|filter| filter.is_exact);
        let rest =
            filters.iter().zip(&translated).filter(|(_, filter)| !is_exact(filter)).map(|(filter, _)| filter.clone());
        let rest: Vec<Expr> = rest.collect();
        scan_filtered(state, &self.schema, projection, limit, rest, |projection, limit| {
            Ok(Arc::new(self.scan_of(projection, translated, limit)?))
        })
    }
}

impl Index {
    fn scan_of(
        &self,
        projection: Option<&Vec<usize>>,
        filters: Vec<Option<Filter>>,
        limit: Option<usize>,
    ) -> Result<LeafExec, DataFusionError> {
        let (columns, schema) = match projection {
            None => (self.columns.clone(), Arc::clone(&self.schema)),
            Some(chosen) => (
                chosen.iter().filter_map(|number| self.columns.get(*number).cloned()).collect(),
                Arc::new(self.schema.project(chosen)?),
            ),
        };
        let filter = filter::all(filters.into_iter().flatten().collect());
        let fields: BTreeSet<&str> =
            columns.iter().filter(|column| column.is_in_source()).map(|column| column.path.as_str()).collect();
        let request = Request {
            index: self.pattern.clone(),
            query: filter.as_ref().map(|filter| filter.query.clone()),
            fields: (!fields.is_empty()).then(|| fields.into_iter().map(str::to_owned).collect()),
            page_size: self.page_size(),
            limit,
            // Parts could not tell when they are enough together.
            slices: if limit.is_some() { 1 } else { self.slices },
        };
        let compared = filter.map(|filter| filter.compared).unwrap_or_default();
        let compared = compared.iter().filter_map(|name| self.column(name).cloned()).collect();
        let parts = request.slices;
        let scan = Scan { server: Arc::clone(&self.server), request, columns, compared };
        Ok(LeafExec::new(Box::new(scan), schema, parts))
    }
}
