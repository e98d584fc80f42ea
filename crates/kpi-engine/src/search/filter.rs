//! Filters of SQL → the server's language, where it selects the same rows.
//!
//! A row is selected where the condition is true: not where it is false, and not where it is unknown because of a null.
//! A document where the column is null has no value in the index, so a plain comparison leaves it out, as SQL does. Its
//! opposite needs the field to exist. `NOT` is therefore carried down to the comparisons, and each is put into one of
//! two forms: where it is true, and where it is false.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{Between, InList, Like};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use metrics_core::kpi::MultiValue;
use serde_json::{Value, json};

use super::column::{Column, Exact, ExactKind, Kind};
use super::literal::{self, Bound};

/// Conditions of one request, which servers limit to 1,024.
const MOST_CLAUSES: usize = 500;
/// Values of one list; servers take 65,536.
const MOST_TERMS: usize = 10_000;
/// Characters of a pattern.
const LONGEST_PATTERN: usize = 256;
/// Conditions in conditions, which servers limit to 20.
const DEEPEST: usize = 12;

/// A condition in the server's language.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filter {
    pub(super) query: Value,
    /// Whether it selects what SQL would; otherwise it selects more.
    pub(super) is_exact: bool,
    /// Columns that are compared: with several values in a document, a comparison is one with any of them.
    pub(super) compared: BTreeSet<String>,
    clauses: usize,
    depth: usize,
}

impl Filter {
    fn new(query: Value, is_exact: bool) -> Self {
        Self { query, is_exact, compared: BTreeSet::new(), clauses: 1, depth: 0 }
    }

    fn none() -> Self {
        Self::new(json!({ "match_none": {} }), true)
    }

    fn compares(mut self, column: &Column) -> Self {
        // What is not exact anyway is compared again, with the first value.
        if column.is_in_source() && column.multi_value == MultiValue::Error {
            self.compared.insert(column.name.clone());
        }
        self.is_exact &= column.multi_value == MultiValue::Error || !column.is_in_source();
        self
    }

    /// All of them, or any of them.
    fn joined(parts: Vec<Self>, operator: Operator) -> Self {
        let mut queries = Vec::new();
        let mut joined = Self::new(Value::Null, true);
        joined.clauses = 0;
        for part in parts {
            joined.is_exact &= part.is_exact;
            joined.compared.extend(part.compared);
            joined.clauses += part.clauses;
            joined.depth = joined.depth.max(part.depth + 1);
            queries.push(part.query);
        }
        joined.query = match operator {
            Operator::And => json!({ "bool": { "filter": queries } }),
            _ => json!({ "bool": { "should": queries, "minimum_should_match": 1 } }),
        };
        joined
    }

    fn is_acceptable(&self) -> bool {
        self.clauses <= MOST_CLAUSES && self.depth <= DEEPEST
    }
}

/// All of the conditions in one query; `None` if there are none.
pub(super) fn all(filters: Vec<Filter>) -> Option<Filter> {
    match filters.len() {
        0 | 1 => filters.into_iter().next(),
        _ => Some(Filter::joined(filters, Operator::And)),
    }
}

/// The condition in the server's language; `None` where it cannot be put so that no row is lost.
pub(super) fn translate(condition: &Expr, columns: &[Arc<Column>]) -> Option<Filter> {
    Translator { columns }.put(condition, true).filter(Filter::is_acceptable)
}

struct Translator<'a> {
    columns: &'a [Arc<Column>],
}

impl<'a> Translator<'a> {
    fn column(&self, expression: &Expr) -> Option<&'a Column> {
        let Expr::Column(column) = expression else { return None };
        self.columns.iter().find(|known| known.name == column.name).map(AsRef::as_ref)
    }

    /// Where the condition is true, or where it is false.
    fn put(&self, condition: &Expr, is_true: bool) -> Option<Filter> {
        match condition {
            Expr::Not(inner) => self.put(inner, !is_true),
            Expr::IsNull(inner) => self.nullness(inner, is_true),
            Expr::IsNotNull(inner) => self.nullness(inner, !is_true),
            Expr::Literal(value, _) if value.is_null() => Some(Filter::none()),
            Expr::Literal(ScalarValue::Boolean(Some(value)), _) if *value == is_true => {
                Some(Filter::new(json!({ "match_all": {} }), true))
            }
            Expr::Literal(ScalarValue::Boolean(Some(_)), _) => Some(Filter::none()),
            Expr::Column(_) => {
                let column = self.column(condition)?;
                Self::comparison(column, Operator::Eq, &ScalarValue::Boolean(Some(is_true)), true)
            }
            Expr::BinaryExpr(BinaryExpr { op: Operator::And | Operator::Or, .. }) => self.junction(condition, is_true),
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                if let (Some(column), Expr::Literal(value, _)) = (self.column(left), right.as_ref()) {
                    Self::comparison(column, *op, value, is_true)
                } else if let (Expr::Literal(value, _), Some(column)) = (left.as_ref(), self.column(right)) {
                    Self::comparison(column, op.swap()?, value, is_true)
                } else {
                    None
                }
            }
            Expr::Between(Between { expr, negated, low, high }) => {
                let (Expr::Literal(low, _), Expr::Literal(high, _)) = (low.as_ref(), high.as_ref()) else {
                    return None;
                };
                let column = self.column(expr)?;
                let is_true = is_true != *negated;
                let parts = vec![
                    Self::comparison(column, Operator::GtEq, low, is_true)?,
                    Self::comparison(column, Operator::LtEq, high, is_true)?,
                ];
                Some(Filter::joined(parts, if is_true { Operator::And } else { Operator::Or }))
            }
            Expr::InList(InList { expr, list, negated }) => {
                let values: Option<Vec<&ScalarValue>> = list
                    .iter()
                    .map(|item| if let Expr::Literal(value, _) = item { Some(value) } else { None })
                    .collect();
                Self::membership(self.column(expr)?, &values?, is_true != *negated)
            }
            Expr::Like(like) => self.pattern(like, is_true != like.negated),
            _ => None,
        }
    }

    /// A conjunction or a disjunction, however many parts it has.
    fn junction(&self, condition: &Expr, is_true: bool) -> Option<Filter> {
        let Expr::BinaryExpr(BinaryExpr { op, .. }) = condition else { return None };
        let mut parts = Vec::new();
        let mut rest = vec![condition];
        while let Some(part) = rest.pop() {
            match part {
                Expr::BinaryExpr(inner) if inner.op == *op => rest.extend([&*inner.right, &*inner.left]),
                other => parts.push(self.put(other, is_true)?),
            }
        }
        // Not all are true where any is false.
        let joins_all = (*op == Operator::And) == is_true;
        Some(Filter::joined(parts, if joins_all { Operator::And } else { Operator::Or }))
    }

    fn nullness(&self, inner: &Expr, is_null: bool) -> Option<Filter> {
        let column = self.column(inner)?;
        let exists = json!({ "exists": { "field": column.indexed.exists.as_ref()? } });
        let query = if is_null { json!({ "bool": { "must_not": [exists] } }) } else { exists };
        Some(Filter::new(query, true))
    }

    fn comparison(column: &Column, operator: Operator, value: &ScalarValue, is_true: bool) -> Option<Filter> {
        let operator = if is_true { operator } else { operator.negate()? };
        let exact = comparable(column)?;
        if value.is_null() {
            return matches!(
                operator,
                Operator::Eq | Operator::NotEq | Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq
            )
            .then(Filter::none);
        }
        match operator {
            Operator::Eq => equal(column, exact, value),
            Operator::NotEq if exact.kind == ExactKind::Boolean => {
                let ScalarValue::Boolean(Some(value)) = value else { return None };
                equal(column, exact, &ScalarValue::Boolean(Some(!value)))
            }
            Operator::NotEq => other_than(column, equal(column, exact, value)?),
            Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq => range(column, exact, operator, value),
            _ => None,
        }
    }

    fn membership(column: &Column, values: &[&ScalarValue], is_true: bool) -> Option<Filter> {
        let exact = comparable(column)?;
        let has_null = values.iter().any(|value| value.is_null());
        if !is_true && has_null {
            // Whatever the value is, it may be the unknown one.
            return Some(Filter::none());
        }
        let values: Vec<&ScalarValue> = values.iter().copied().filter(|value| !value.is_null()).collect();
        if values.is_empty() || values.len() > MOST_TERMS {
            return None;
        }
        let (terms, is_exact) = match exact.kind {
            ExactKind::Boolean | ExactKind::Milliseconds | ExactKind::Nanoseconds => {
                let parts = values.iter().map(|value| equal(column, exact, value)).collect::<Option<Vec<_>>>()?;
                let any = Filter::joined(parts, Operator::Or);
                return if is_true { Some(any) } else { other_than(column, any) };
            }
            kind => {
                let terms = values.iter().map(|value| literal::term(value, exact)).collect::<Option<Vec<_>>>()?;
                (terms, kind != ExactKind::Rounded)
            }
        };
        let any = Filter::new(json!({ "terms": { exact.field.as_str(): terms } }), is_exact).compares(column);
        if is_true { Some(any) } else { other_than(column, any) }
    }

    fn pattern(&self, like: &Like, is_true: bool) -> Option<Filter> {
        let Like { expr, pattern, escape_char: None, case_insensitive: false, .. } = like else { return None };
        let Expr::Literal(pattern, _) = pattern.as_ref() else { return None };
        let column = self.column(expr)?;
        let exact = comparable(column).filter(|exact| exact.kind == ExactKind::Keyword)?;
        if pattern.is_null() {
            return Some(Filter::none());
        }
        let text = literal::text(pattern)?;
        // A backslash makes the next character a plain one.
        if text.contains('\\') || text.chars().count() > LONGEST_PATTERN {
            return None;
        }
        let matching = if text.contains(['%', '_']) {
            if exact.ignore_above.is_some() {
                return None;
            }
            let query = json!({ "wildcard": { exact.field.as_str(): { "value": literal::wildcard(text) } } });
            Filter::new(query, true).compares(column)
        } else {
            equal(column, exact, pattern)?
        };
        if is_true { Some(matching) } else { other_than(column, matching) }
    }
}

/// The field by which a column is compared, if it can be.
fn comparable(column: &Column) -> Option<&Exact> {
    // The text of several values is equal to none of them.
    let is_text_of_several = column.multi_value == MultiValue::Json && column.is_in_source();
    column.indexed.exact.as_ref().filter(|_| !is_text_of_several)
}

fn equal(column: &Column, exact: &Exact, value: &ScalarValue) -> Option<Filter> {
    let field = exact.field.as_str();
    let filter = match exact.kind {
        ExactKind::Keyword | ExactKind::Number | ExactKind::Own => {
            Filter::new(json!({ "term": { field: literal::term(value, exact)? } }), true)
        }
        ExactKind::Rounded => Filter::new(json!({ "term": { field: literal::term(value, exact)? } }), false),
        ExactKind::Boolean => {
            let ScalarValue::Boolean(Some(value)) = value else { return None };
            Filter::new(json!({ "term": { field: value } }), *value)
        }
        ExactKind::Milliseconds | ExactKind::Nanoseconds => {
            let (low, high) = (bound(exact, Operator::GtEq, value)?, bound(exact, Operator::LtEq, value)?);
            Filter::new(within(field, &[&low, &high]), low.is_exact && high.is_exact)
        }
    };
    Some(filter.compares(column))
}

/// Where the column has a value, and not the one that `equal` selects.
fn other_than(column: &Column, equal: Filter) -> Option<Filter> {
    if !equal.is_exact {
        return None;
    }
    let exact = column.indexed.exact.as_ref()?;
    // A value that is too long for the index is another one, but nothing in the index tells that it is there.
    if exact.ignore_above.is_some() {
        return None;
    }
    let mut condition = json!({ "must_not": [equal.query] });
    if matches!(column.kind, Kind::Id | Kind::Index) {
        return Some(Filter { query: json!({ "bool": condition }), ..equal });
    }
    condition["filter"] = json!([{ "exists": { "field": column.indexed.exists.as_ref()? } }]);
    Some(Filter { query: json!({ "bool": condition }), clauses: equal.clauses + 1, depth: equal.depth + 1, ..equal })
}

fn range(column: &Column, exact: &Exact, operator: Operator, value: &ScalarValue) -> Option<Filter> {
    let is_comparable = match exact.kind {
        ExactKind::Keyword => exact.ignore_above.is_none(),
        ExactKind::Number | ExactKind::Milliseconds | ExactKind::Nanoseconds => true,
        ExactKind::Rounded | ExactKind::Boolean | ExactKind::Own => false,
    };
    if !is_comparable {
        return None;
    }
    // For some servers an empty bound is none.
    if literal::text(value).is_some_and(str::is_empty) {
        return None;
    }
    let bound = bound(exact, operator, value)?;
    Some(Filter::new(within(&exact.field, &[&bound]), bound.is_exact).compares(column))
}

fn bound(exact: &Exact, operator: Operator, value: &ScalarValue) -> Option<Bound> {
    match exact.kind {
        ExactKind::Milliseconds => literal::milliseconds(operator, value),
        ExactKind::Nanoseconds => literal::nanoseconds(operator, value),
        _ => Some(Bound::new(operator, literal::term(value, exact)?)),
    }
}

fn within(field: &str, bounds: &[&Bound]) -> Value {
    let mut range = serde_json::Map::new();
    for bound in bounds {
        range.insert(bound.operator.to_owned(), bound.value.clone());
        if let Some(format) = bound.format {
            range.insert("format".to_owned(), format.into());
        }
    }
    json!({ "range": { field: range } })
}

#[cfg(test)]
mod tests;
