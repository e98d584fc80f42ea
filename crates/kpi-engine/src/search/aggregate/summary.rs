//! What is asked of the server for an aggregate, and how its answer is read.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Aggregate, Expr, TableScan};
use metrics_core::kpi::MultiValue;
use serde_json::{Map, Value, json};

use super::super::column::{Column, ExactKind, Kind};
use super::super::filter::{self, Filter};
use super::super::flavour::Paging;
use super::super::table::Index;

/// Groups of a page.
const PAGE: usize = 1_000;
/// Whole numbers below this are exact in the floating-point numbers in which the server adds, and no other whole number
/// becomes one of them.
const EXACT_BELOW: f64 = 9_007_199_254_740_992.0;

/// An aggregate in terms of the server.
#[derive(Debug, Clone)]
pub(super) struct Summary {
    query: Option<Value>,
    groups: Vec<Group>,
    measures: Vec<(Measure, DataType)>,
    /// Columns that must hold one value a document, or else the server counts other things than SQL.
    pub(super) single: Vec<Arc<Column>>,
}

#[derive(Debug, Clone)]
struct Group {
    /// The keywords.
    field: String,
    /// Where values over the limit of keywords are; only if there is a limit.
    whole: Option<String>,
}

/// What is computed of a group.
#[derive(Debug, Clone, PartialEq)]
enum Measure {
    /// Its documents.
    Documents,
    /// Those that have the field.
    Present(String),
    /// Of a field of numbers; whole ones have to stay exact.
    Sum(String, bool),
    Least(String, bool),
    Greatest(String, bool),
    Mean(String),
}

impl Summary {
    /// `None` if the server cannot give it, or not exactly.
    pub(super) fn of(index: &Index, aggregate: &Aggregate, scan: &TableScan) -> Option<Self> {
        if scan.fetch.is_some() {
            return None;
        }
        let filters: Vec<Filter> = scan.filters.iter().map(|filter| index.translate(filter)).collect::<Option<_>>()?;
        if !filters.iter().all(|filter| filter.is_exact) {
            return None;
        }
        let filter = filter::all(filters);
        let mut single: BTreeMap<String, Arc<Column>> = BTreeMap::new();
        for name in filter.iter().flat_map(|filter| &filter.compared) {
            single.insert(name.clone(), Arc::clone(index.column(name)?));
        }
        let mut groups = Vec::new();
        for expression in &aggregate.group_expr {
            let column = comparable(index, expression)?;
            groups.push(Group::of(column)?);
            single.insert(column.name.clone(), Arc::clone(column));
        }
        let mut measures = Vec::new();
        for (number, expression) in aggregate.aggr_expr.iter().enumerate() {
            let value_type = aggregate.schema.field(groups.len() + number).data_type().clone();
            let (measure, column) = Measure::of(index, expression, &value_type)?;
            if let Some(column) = column {
                single.insert(column.name.clone(), Arc::clone(column));
            }
            measures.push((measure, value_type));
        }
        let summary =
            Self { query: filter.map(|filter| filter.query), groups, measures, single: single.into_values().collect() };
        // Without a point in time, an answer of several requests is not one of a single state.
        let is_one_request = summary.groups.is_empty() && summary.checks().is_none() && summary.single.is_empty();
        let has_pit = index.server.flavour.paging() != Paging::Scroll;
        (has_pit || is_one_request).then_some(summary)
    }

    pub(super) fn is_filtered(&self) -> bool {
        self.query.is_some()
    }

    pub(super) fn has_groups(&self) -> bool {
        !self.groups.is_empty()
    }

    /// The body of the request for all documents, or for the groups after `after`.
    pub(super) fn body(&self, after: Option<&Value>) -> Map<String, Value> {
        let mut body = self.base();
        let measures: Map<String, Value> = self
            .measures
            .iter()
            .enumerate()
            .filter_map(|(number, (measure, _))| Some((format!("m{number}"), measure.request()?)))
            .collect();
        if self.groups.is_empty() {
            if !measures.is_empty() {
                body.insert("aggs".to_owned(), Value::Object(measures));
            }
            return body;
        }
        let sources: Vec<Value> = self
            .groups
            .iter()
            .enumerate()
            .map(|(number, group)| {
                json!({ format!("g{number}"): { "terms": { "field": group.field, "missing_bucket": true } } })
            })
            .collect();
        let mut composite = json!({ "size": PAGE, "sources": sources });
        if let Some(after) = after {
            composite["after"] = after.clone();
        }
        let mut groups = json!({ "composite": composite });
        if !measures.is_empty() {
            groups["aggs"] = Value::Object(measures);
        }
        body.insert("aggs".to_owned(), json!({ "groups": groups }));
        body
    }

    fn base(&self) -> Map<String, Value> {
        let mut body = Map::from_iter([("size".to_owned(), 0.into())]);
        if let Some(query) = &self.query {
            body.insert("query".to_owned(), query.clone());
        }
        body
    }

    /// The body of the request that tells whether the answer will be exact; `None` if it is in any case.
    pub(super) fn checks(&self) -> Option<Map<String, Value>> {
        let mut checks = Map::new();
        for (number, group) in self.groups.iter().enumerate() {
            if let Some(whole) = &group.whole {
                let exists = |field: &str| json!({ "exists": { "field": field } });
                let lost = json!({ "bool": { "filter": [exists(whole)], "must_not": [exists(&group.field)] } });
                checks.insert(format!("g{number}"), json!({ "filter": lost }));
            }
        }
        for (number, (measure, _)) in self.measures.iter().enumerate() {
            if let Measure::Sum(field, true) | Measure::Least(field, true) | Measure::Greatest(field, true) = measure {
                checks.insert(format!("m{number}"), json!({ "stats": { "field": field } }));
            }
        }
        if checks.is_empty() {
            return None;
        }
        let mut body = self.base();
        body.insert("aggs".to_owned(), Value::Object(checks));
        Some(body)
    }

    /// Whether the answer to [`Self::checks`] says that it will be exact.
    pub(super) fn passes(answer: &BTreeMap<String, Value>) -> bool {
        answer.iter().all(|(name, check)| {
            if name.starts_with('g') {
                return check["doc_count"].as_u64() == Some(0);
            }
            let count = check["count"].as_f64();
            let greatest = |key: &str| check[key].as_f64().map_or(0.0, f64::abs);
            count.is_some_and(|count| count * greatest("min").max(greatest("max")) < EXACT_BELOW)
        })
    }

    /// The columns of one row for all documents.
    pub(super) fn total(&self, documents: u64, answer: &BTreeMap<String, Value>) -> Option<Vec<Vec<ScalarValue>>> {
        let value = |(number, (measure, value_type)): (usize, &(Measure, DataType))| {
            let found = answer.get(&format!("m{number}")).unwrap_or(&Value::Null);
            measure.value(documents, found, value_type).map(|value| vec![value])
        };
        self.measures.iter().enumerate().map(value).collect()
    }

    /// The columns of a page of groups, and the last of them if there may be more.
    pub(super) fn page(&self, answer: &BTreeMap<String, Value>) -> Option<(Vec<Vec<ScalarValue>>, Option<Value>)> {
        let groups = answer.get("groups")?;
        let buckets = groups["buckets"].as_array()?;
        let mut columns = vec![Vec::with_capacity(buckets.len()); self.groups.len() + self.measures.len()];
        for bucket in buckets {
            let documents = bucket["doc_count"].as_u64()?;
            for (number, column) in columns.iter_mut().enumerate() {
                column.push(
                    if let Some((measure, value_type)) =
                        number.checked_sub(self.groups.len()).map(|number| &self.measures[number])
                    {
                        let name = format!("m{}", number - self.groups.len());
                        measure.value(documents, &bucket[name], value_type)?
                    } else {
                        match &bucket["key"][format!("g{number}")] {
                            Value::Null => ScalarValue::Utf8(None),
                            Value::String(key) => ScalarValue::Utf8(Some(key.clone())),
                            _ => return None,
                        }
                    },
                );
            }
        }
        let after = (buckets.len() == PAGE).then(|| groups.get("after_key").cloned()).flatten();
        Some((columns, after))
    }
}

impl Group {
    fn of(column: &Column) -> Option<Self> {
        let exact = column.indexed.exact.as_ref().filter(|exact| exact.kind == ExactKind::Keyword)?;
        let whole = match exact.ignore_above {
            None => None,
            Some(_) => Some(column.indexed.exists.clone()?),
        };
        Some(Self { field: exact.field.clone(), whole })
    }
}

impl Measure {
    /// The measure, and the column that must hold one value a document.
    fn of<'a>(index: &'a Index, expression: &Expr, value_type: &DataType) -> Option<(Self, Option<&'a Arc<Column>>)> {
        let expression = if let Expr::Alias(alias) = expression { &alias.expr } else { expression };
        let Expr::AggregateFunction(AggregateFunction { func, params }) = expression else { return None };
        let is_plain = !params.distinct
            && params.filter.is_none()
            && params.order_by.is_empty()
            && params.null_treatment.is_none();
        let [argument] = params.args.as_slice() else { return None };
        if !is_plain {
            return None;
        }
        if func.name() == "count" {
            return match argument {
                Expr::Literal(value, _) if !value.is_null() => Some((Self::Documents, None)),
                Expr::Column(column) => {
                    let column = index.column(&column.name)?;
                    Some((Self::Present(column.indexed.exists.clone()?), None))
                }
                _ => None,
            };
        }
        let (argument, is_cast) = match argument {
            Expr::Cast(cast) => (cast.expr.as_ref(), true),
            other => (other, false),
        };
        let column = comparable(index, argument)?;
        let field = column.indexed.number.clone()?;
        let is_whole = matches!(column.kind, Kind::Long | Kind::Integer);
        let is_own_type = !is_cast && column.value_type() == *value_type;
        let measure = match func.name() {
            "sum" if is_whole && *value_type == DataType::Int64 => Self::Sum(field, true),
            "sum" if !is_whole && *value_type == DataType::Float64 => Self::Sum(field, false),
            "min" if is_own_type => Self::Least(field, is_whole),
            "max" if is_own_type => Self::Greatest(field, is_whole),
            "avg" if *value_type == DataType::Float64 => Self::Mean(field),
            _ => return None,
        };
        Some((measure, Some(column)))
    }

    fn request(&self) -> Option<Value> {
        match self {
            Self::Documents => None,
            Self::Present(field) => Some(json!({ "filter": { "exists": { "field": field } } })),
            Self::Sum(field, _) | Self::Least(field, _) | Self::Greatest(field, _) | Self::Mean(field) => {
                Some(json!({ "stats": { "field": field } }))
            }
        }
    }

    /// `None` if the answer is not what it should be.
    fn value(&self, documents: u64, found: &Value, value_type: &DataType) -> Option<ScalarValue> {
        let count = |count: u64| i64::try_from(count).ok().map(|count| ScalarValue::Int64(Some(count)));
        let key = match self {
            Self::Documents => return count(documents),
            Self::Present(_) => return count(found["doc_count"].as_u64()?),
            Self::Sum(..) => "sum",
            Self::Least(..) => "min",
            Self::Greatest(..) => "max",
            Self::Mean(_) => "avg",
        };
        if found["count"].as_u64()? == 0 {
            return ScalarValue::try_new_null(value_type).ok();
        }
        ScalarValue::Float64(Some(found[key].as_f64()?)).cast_to(value_type).ok()
    }
}

/// A column that the server compares, groups and adds as SQL does, if it holds one value a document.
fn comparable<'a>(index: &'a Index, expression: &Expr) -> Option<&'a Arc<Column>> {
    let expression = if let Expr::Alias(alias) = expression { &alias.expr } else { expression };
    let Expr::Column(column) = expression else { return None };
    index.column(&column.name).filter(|column| column.multi_value == MultiValue::Error && column.is_in_source())
}
