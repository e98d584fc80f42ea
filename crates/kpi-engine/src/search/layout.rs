//! The columns of an index, from its mapping.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use metrics_core::kpi::{SearchTable, Timestamps};
use reqwest::Method;
use serde_json::{Map, Value};
use tokio::sync::OnceCell;

use super::column::{Column, Indexed, Kind};
use super::error::SearchError;
use super::mapping::{Field, IndexFields, IndexSettings};
use super::server::SearchServer;

/// A scan has at most as many parts.
const MOST_SLICES: usize = 4;

/// An index as a table.
#[derive(Debug)]
pub(super) struct Layout {
    /// By name, ascending.
    pub(super) columns: Vec<Arc<Column>>,
    /// Parts of a scan of all of it.
    pub(super) slices: usize,
}

/// Tables of a server by the names of their schemas, read when they are first needed.
#[derive(Debug, Default)]
pub(super) struct Layouts(Mutex<BTreeMap<String, Arc<OnceCell<Arc<Layout>>>>>);

impl Layouts {
    pub(super) async fn get(
        &self,
        schema: &str,
        server: &SearchServer,
        table: &SearchTable,
    ) -> Result<Arc<Layout>, SearchError> {
        let cell = {
            let mut layouts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(layouts.entry(schema.to_owned()).or_default())
        };
        let load = || async { load(server, table).await.map(Arc::new) };
        cell.get_or_try_init(load).await.map(Arc::clone)
    }
}

async fn load(server: &SearchServer, table: &SearchTable) -> Result<Layout, SearchError> {
    let index = &table.index;
    let get = async |last: &str, query: &[(&str, &str)]| -> Result<Map<String, Value>, SearchError> {
        server.request(Method::GET, &[index, last], query, None).await.map_err(|error| match error {
            SearchError::Refused { status: 404, .. } => SearchError::NoIndex { index: index.clone() },
            other => other,
        })
    };
    let mappings = get("_mapping", &[]).await?;
    let settings = match get("_settings", &[("flat_settings", "true")]).await {
        Ok(settings) => settings,
        // Whoever may read documents may not always read settings: then a scan has one part.
        Err(SearchError::Refused { status: 401 | 403, .. }) => Map::new(),
        Err(error) => return Err(error),
    };
    if mappings.is_empty() {
        return Err(SearchError::NoIndex { index: index.clone() });
    }
    let mut shards = 0;
    let mut indices = Vec::new();
    for (name, mapping) in &mappings {
        let settings = IndexSettings::of(settings.get(name));
        shards += settings.shards;
        let fields = IndexFields::of(name, &mapping["mappings"], server.flavour.has_types(), &settings)
            .map_err(|reason| SearchError::Index { index: name.clone(), reason })?;
        indices.push(fields);
    }
    let columns =
        merged(&indices).into_iter().map(|(name, field)| Arc::new(column(name, field, table, &server.zone))).collect();
    Ok(Layout { columns, slices: shards.clamp(1, MOST_SLICES) })
}

/// The fields of all indices together.
fn merged(indices: &[IndexFields]) -> BTreeMap<String, Field> {
    let mut merged: BTreeMap<String, Field> = BTreeMap::new();
    for index in indices {
        for (path, field) in &index.fields {
            match merged.get_mut(path) {
                Some(known) => known.merge(field),
                None => {
                    merged.insert(path.clone(), field.clone());
                }
            }
        }
    }
    for (path, field) in &mut merged {
        // Such an index may hold the field in its documents without having it in the index.
        if indices.iter().any(|index| index.is_closed && !index.fields.contains_key(path)) {
            field.indexed = Indexed::default();
        }
    }
    merged
}

fn column(name: String, field: Field, table: &SearchTable, zone: &Arc<str>) -> Column {
    let is_list = table.arrays.contains(&name) && field.kind != Kind::Json;
    // A comparison with a list is one with any of its elements.
    let indexed = if is_list { Indexed::default() } else { field.indexed };
    Column {
        name,
        path: field.path,
        kind: field.kind,
        is_list,
        multi_value: table.multi_value,
        zone: (table.timestamps == Timestamps::Utc).then(|| Arc::clone(zone)),
        indexed,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(mapping: &Value) -> IndexFields {
        IndexFields::of("i", mapping, false, &IndexSettings::of(None)).expect("a mapping")
    }

    #[test]
    fn an_index_that_takes_unmapped_fields_in_takes_them_from_what_can_be_asked() {
        let one = fields(&json!({ "properties": { "a": { "type": "keyword" }, "b": { "type": "keyword" } } }));
        let closed = fields(&json!({ "dynamic": "false", "properties": { "b": { "type": "keyword" } } }));
        let open = fields(&json!({ "properties": { "b": { "type": "keyword", "ignore_above": 5 } } }));

        let together = merged(&[one.clone(), closed]);
        assert_eq!(together["a"].indexed, Indexed::default());
        assert!(together["b"].indexed.exact.is_some());

        let together = merged(&[one, open]);
        assert!(together["a"].indexed.exact.is_some(), "what open indices do not map is in none of their documents");
        let exact = together["b"].indexed.exact.as_ref().expect("still exact");
        assert_eq!(exact.ignore_above, Some(5), "the least holds for all");
        assert_eq!(together["b"].indexed.exists, None);
    }

    #[test]
    fn one_field_of_two_types_is_text_if_one_of_them_is_and_cannot_be_read_otherwise() {
        let types = |first: &str, second: &str| {
            let of = |kind: &str| fields(&json!({ "properties": { "a": { "type": kind } } }));
            merged(&[of(first), of(second)])["a"].clone()
        };
        assert_eq!(types("long", "text").kind, Kind::Text);
        assert_eq!(types("long", "text").indexed, Indexed::default());
        assert!(matches!(types("long", "date").kind, Kind::Unreadable(_)));
        assert_eq!(types("short", "integer").kind, Kind::Integer);
    }
}
