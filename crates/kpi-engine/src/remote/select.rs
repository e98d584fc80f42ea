//! The SELECT of a scan.

use datafusion::common::{DataFusionError, Result};
use datafusion::sql::sqlparser::ast::{Expr, Ident, ObjectName, SelectItem, SetExpr, Value};
use datafusion::sql::unparser::ast::{
    BuilderError, QueryBuilder, RelationBuilder, SelectBuilder, TableRelationBuilder, TableWithJoinsBuilder,
};

use super::column::quoted;
use super::filter::all_of;

/// `items` of the rows of a table that all of the filters select, up to a limit; without items, only as many rows.
pub(crate) fn select(table: &[String], items: Vec<Expr>, filters: Vec<Expr>, limit: Option<usize>) -> Result<String> {
    built(table, items, filters, limit).map_err(|error| DataFusionError::Internal(error.to_string()))
}

fn built(path: &[String], items: Vec<Expr>, filters: Vec<Expr>, limit: Option<usize>) -> Result<String, BuilderError> {
    let number = |number: String| Expr::Value(Value::Number(number, false).into());
    let mut items: Vec<_> = items.into_iter().map(SelectItem::UnnamedExpr).collect();
    if items.is_empty() {
        items.push(SelectItem::UnnamedExpr(number("1".to_owned())));
    }
    let (mut select, mut from) = (SelectBuilder::default(), TableWithJoinsBuilder::default());
    let (mut relation, mut table) = (RelationBuilder::default(), TableRelationBuilder::default());
    table.name(ObjectName::from(path.iter().map(|part| quoted(part)).collect::<Vec<Ident>>()));
    relation.table(table);
    from.relation(relation);
    select.projection(items).push_from(from);
    select.selection(all_of(filters));
    let mut query = QueryBuilder::default();
    query.body(Box::new(SetExpr::Select(Box::new(select.build()?))));
    query.limit(limit.map(|limit| number(limit.to_string())));
    Ok(query.build()?.to_string())
}
