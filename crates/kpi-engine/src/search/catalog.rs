//! A search server as a catalog.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, SchemaProvider, TableProvider};
use datafusion::error::DataFusionError;
use metrics_core::kpi::SearchTable;

use super::server::SearchServer;
use super::table::Index;

/// The schemas of a server; each holds one table.
#[derive(Debug)]
pub(super) struct SearchCatalog {
    server: Arc<SearchServer>,
    shows_hidden: bool,
}

impl SearchCatalog {
    pub(super) fn new(server: Arc<SearchServer>, shows_hidden: bool) -> Self {
        Self { server, shows_hidden }
    }
}

impl CatalogProvider for SearchCatalog {
    fn schema_names(&self) -> Vec<String> {
        self.server.source.schemas.keys().cloned().collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        let schemas = &self.server.source.schemas;
        let name = folded(schemas.keys(), name)?;
        Some(Arc::new(SearchSchema {
            server: Arc::clone(&self.server),
            name: name.clone(),
            table: schemas.get(name)?.clone(),
            shows_hidden: self.shows_hidden,
        }))
    }
}

#[derive(Debug)]
struct SearchSchema {
    server: Arc<SearchServer>,
    name: String,
    table: SearchTable,
    shows_hidden: bool,
}

#[async_trait]
impl SchemaProvider for SearchSchema {
    fn table_names(&self) -> Vec<String> {
        vec![self.table.table.clone()]
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>, DataFusionError> {
        if !self.table_exist(name) {
            return Ok(None);
        }
        // An index that is not there is found when a query is planned, like any other table that is not there.
        let layout = self.server.layouts.get(&self.name, &self.server, &self.table).await;
        let layout = layout.map_err(|error| self.server.failed(error.into()))?;
        Ok(Some(Arc::new(Index::new(Arc::clone(&self.server), &self.table.index, &layout, self.shows_hidden))))
    }

    fn table_exist(&self, name: &str) -> bool {
        folded(std::iter::once(&self.table.table), name).is_some()
    }
}

/// The name itself, else the one that differs in nothing but the case of ASCII letters.
fn folded<'a>(names: impl Iterator<Item = &'a String> + Clone, wanted: &str) -> Option<&'a String> {
    if let Some(name) = names.clone().find(|name| *name == wanted) {
        return Some(name);
    }
    let mut similar = names.filter(|name| name.eq_ignore_ascii_case(wanted));
    similar.next().filter(|_| similar.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_other_letter_case_is_found_if_it_is_the_only_one() {
        let names = ["Logs", "logs", "Other"].map(str::to_owned);
        let find = |wanted| folded(names.iter(), wanted).map(String::as_str);
        assert_eq!(find("logs"), Some("logs"));
        assert_eq!(find("LOGS"), None);
        assert_eq!(find("other"), Some("Other"));
    }
}
