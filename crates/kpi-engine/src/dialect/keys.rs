//! Keys of the objects of a rows result, from the text of the query.

use datafusion::sql::sqlparser::ast::{Expr, Query, SelectItem, SetExpr};

/// How the columns of a result are called, as far as the query says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Keys(Vec<Key>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    /// An alias, or a column, as written.
    Named(String),
    /// An expression.
    Unnamed,
    /// As many columns as there are.
    Wildcard,
}

impl Keys {
    /// Of the query as written; of the first SELECT if it puts several together.
    pub fn of(query: &Query) -> Self {
        let mut body = &query.body;
        let items = loop {
            match body.as_ref() {
                SetExpr::Select(select) => break select.projection.as_slice(),
                SetExpr::Query(query) => body = &query.body,
                SetExpr::SetOperation { left, .. } => body = left,
                _ => break &[],
            }
        };
        Self(items.iter().map(key).collect())
    }

    /// As the engine calls the columns.
    pub fn as_named() -> Self {
        Self(vec![Key::Wildcard])
    }

    /// The keys, given what the engine calls the columns: needed for `*` only.
    pub fn resolve(&self, names: &[String]) -> Vec<String> {
        let wildcards = self.0.iter().filter(|key| **key == Key::Wildcard).count();
        // Several stars cannot be told apart: all keys are then the engine's.
        let keys: &[Key] = if wildcards > 1 { &[Key::Wildcard] } else { &self.0 };
        let others = keys.len().saturating_sub(usize::from(wildcards > 0));
        let width = names.len().saturating_sub(others);
        let mut result: Vec<String> = Vec::with_capacity(names.len());
        for key in keys {
            let at = result.len();
            match key {
                Key::Named(name) => result.push(name.clone()),
                Key::Unnamed => result.push(format!("EXPR${at}")),
                Key::Wildcard => result.extend(names.iter().skip(at).take(width).cloned()),
            }
        }
        result.extend((result.len()..names.len()).map(|at| format!("EXPR${at}")));
        result.truncate(names.len());
        unique(result)
    }
}

fn key(item: &SelectItem) -> Key {
    match item {
        SelectItem::ExprWithAlias { alias, .. } => Key::Named(alias.value.clone()),
        SelectItem::UnnamedExpr(Expr::Identifier(column)) => Key::Named(column.value.clone()),
        SelectItem::UnnamedExpr(Expr::CompoundIdentifier(parts)) => {
            parts.last().map_or(Key::Unnamed, |column| Key::Named(column.value.clone()))
        }
        SelectItem::UnnamedExpr(_) | SelectItem::ExprWithAliases { .. } => Key::Unnamed,
        SelectItem::QualifiedWildcard(..) | SelectItem::Wildcard(_) => Key::Wildcard,
    }
}

/// Gives what is there already `_1`, `_2`, ….
fn unique(keys: Vec<String>) -> Vec<String> {
    let mut result: Vec<String> = Vec::with_capacity(keys.len());
    for key in keys {
        let mut candidate = key.clone();
        let mut number = 0;
        while result.contains(&candidate) {
            number += 1;
            candidate = format!("{key}_{number}");
        }
        result.push(candidate);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(sql: &str, names: &[&str]) -> Vec<String> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        Keys::of(&super::super::parse(sql).unwrap()).resolve(&names)
    }

    #[test]
    fn keys_are_as_written() {
        let sql = r#"SELECT a AS "Total", b.NAME, COUNT(*), (c), x.NAME FROM p.q.r"#;
        assert_eq!(keys(sql, &["1", "2", "3", "4", "5"]), ["Total", "NAME", "EXPR$2", "EXPR$3", "NAME_1"]);
        assert_eq!(keys("SELECT a AS X FROM p.q.r UNION SELECT b FROM p.q.r", &["x"]), ["X"]);
        assert_eq!(keys("SELECT 1 AS First, * FROM p.q.r", &["first", "u", "v"]), ["First", "u", "v"]);
        assert_eq!(keys("SELECT r.*, s.*, 1 FROM p.q.r, p.q.s", &["u", "u", "v"]), ["u", "u_1", "v"]);
    }
}
