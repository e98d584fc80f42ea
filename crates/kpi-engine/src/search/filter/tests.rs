//! Each row of the table of conditions, where it is put and where it is not.

use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{cast, col, lit};

use super::super::mapping::{IndexFields, IndexSettings};
use super::*;

/// Columns `kw` (keyword), `dyn` (as by dynamic mapping), `short` (keyword with a limit), `low` (normalized), `n`, `d`,
/// `f`, `b`, `at`, `ns`, `u`, and `list`, of which the definitions say that it holds several.
fn columns(multi_value: MultiValue) -> Vec<Arc<Column>> {
    let mapping = json!({ "properties": {
        "kw": { "type": "keyword" },
        "dyn": { "type": "text", "fields": { "keyword": { "type": "keyword", "ignore_above": 256 } } },
        "short": { "type": "keyword", "ignore_above": 3 },
        "low": { "type": "keyword", "normalizer": "lowercase" },
        "n": { "type": "long" }, "d": { "type": "double" }, "f": { "type": "float" }, "b": { "type": "boolean" },
        "at": { "type": "date" }, "ns": { "type": "date_nanos" }, "u": { "type": "unsigned_long" },
        "list": { "type": "keyword" },
    }});
    let fields = IndexFields::of("i", &mapping, false, &IndexSettings::of(None)).expect("a mapping").fields;
    let column = |(name, field): (String, super::super::mapping::Field)| {
        let is_list = name == "list";
        let indexed = if is_list { super::super::column::Indexed::default() } else { field.indexed };
        let (path, kind) = (field.path, field.kind);
        Arc::new(Column { name, path, kind, is_list, multi_value, zone: None, indexed })
    };
    let own = Arc::new(Column::own("_id", Kind::Id));
    fields.into_iter().map(column).chain([own]).collect()
}

fn put(condition: &Expr) -> Option<(String, bool)> {
    let columns = columns(MultiValue::Error);
    translate(condition, &columns).map(|filter| (filter.query.to_string(), filter.is_exact))
}

fn is_exactly(condition: &Expr, query: &Value) {
    assert_eq!(put(condition), Some((query.to_string(), true)), "{condition}");
}

fn is_widened_to(condition: &Expr, query: &Value) {
    assert_eq!(put(condition), Some((query.to_string(), false)), "{condition}");
}

fn stays_here(condition: &Expr) {
    assert_eq!(put(condition), None, "{condition}");
}

/// Microseconds after noon of 2026-11-21.
fn noon(microseconds: i64) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(Some(1_795_262_400_000_000 + microseconds), None))
}

fn text(length: usize) -> Expr {
    lit("x".repeat(length))
}

#[test]
fn equality_is_a_term_on_the_exact_field() {
    is_exactly(&col("kw").eq(lit("a")), &json!({ "term": { "kw": "a" } }));
    is_exactly(&lit("a").eq(col("kw")), &json!({ "term": { "kw": "a" } }));
    is_exactly(&col("dyn").eq(lit("a")), &json!({ "term": { "dyn.keyword": "a" } }));
    is_exactly(&col("n").eq(lit(5_i64)), &json!({ "term": { "n": 5 } }));
    is_exactly(&col("_id").eq(lit("a")), &json!({ "term": { "_id": "a" } }));
    is_exactly(
        &col("u").eq(lit(ScalarValue::Decimal128(Some(18_446_744_073_709_551_615), 20, 0))),
        &json!({ "term": { "u": 18_446_744_073_709_551_615_u64 } }),
    );
    is_exactly(&col("kw").in_list(vec![lit("a"), lit("b")], false), &json!({ "terms": { "kw": ["a", "b"] } }));
    is_exactly(&col("kw").like(lit("a")), &json!({ "term": { "kw": "a" } }));
    stays_here(&col("low").eq(lit("a")));
    stays_here(&col("list").eq(lit("a")));
    stays_here(&col("kw").eq(col("dyn")));
    stays_here(&cast(col("n"), DataType::Utf8).eq(lit("5")));
}

#[test]
fn a_limit_of_keywords_leaves_equality_with_what_is_within_it() {
    is_exactly(&col("short").eq(text(3)), &json!({ "term": { "short": "xxx" } }));
    stays_here(&col("short").eq(text(4)));
    // One character, two units of UTF-16.
    stays_here(&col("short").eq(lit("😀😀")));
    stays_here(&col("dyn").eq(text(257)));
    stays_here(&col("dyn").in_list(vec![lit("a"), text(257)], false));
}

#[test]
fn patterns_are_wildcards_only_without_a_limit() {
    is_exactly(&col("kw").like(lit("a%b_*?")), &json!({ "wildcard": { "kw": { "value": "a*b?\\*\\?" } } }));
    stays_here(&col("kw").like(lit("a\\%")));
    stays_here(&col("dyn").like(lit("%organization%")));
    stays_here(&col("kw").ilike(lit("a%")));
    let escaped = Like::new(false, Box::new(col("kw")), Box::new(lit("a!%")), Some('!'), false);
    stays_here(&Expr::Like(escaped));
}

#[test]
fn ranges_are_for_what_is_ordered_there_as_here() {
    is_exactly(&col("n").gt(lit(5_i64)), &json!({ "range": { "n": { "gt": 5 } } }));
    is_exactly(&lit(5_i64).gt(col("n")), &json!({ "range": { "n": { "lt": 5 } } }));
    is_exactly(&col("kw").lt_eq(lit("b")), &json!({ "range": { "kw": { "lte": "b" } } }));
    is_exactly(
        &col("d").between(lit(0.5), lit(1.5)),
        &json!({ "bool": { "filter": [{ "range": { "d": { "gte": 0.5 } } }, { "range": { "d": { "lte": 1.5 } } }] } }),
    );
    stays_here(&col("short").gt(lit("a")));
    stays_here(&col("kw").lt_eq(lit("")));
    stays_here(&col("dyn").gt(lit("a")));
    stays_here(&col("f").gt(lit(0.5)));
    is_widened_to(&col("f").eq(lit(0.5)), &json!({ "term": { "f": 0.5 } }));
}

#[test]
fn instants_are_widened_to_the_milliseconds_of_the_index() {
    let range = |bound: Value| {
        let mut range = bound;
        range["format"] = "strict_date_optional_time".into();
        json!({ "range": { "at": range } })
    };
    is_exactly(&col("at").gt_eq(noon(5_000)), &range(json!({ "gte": "2026-11-21T12:00:00.005Z" })));
    is_exactly(&col("at").lt(noon(5_000)), &range(json!({ "lt": "2026-11-21T12:00:00.005Z" })));
    is_widened_to(&col("at").gt_eq(noon(5_001)), &range(json!({ "gte": "2026-11-21T12:00:00.005Z" })));
    is_widened_to(&col("at").gt(noon(5_000)), &range(json!({ "gte": "2026-11-21T12:00:00.005Z" })));
    is_widened_to(&col("at").lt(noon(5_001)), &range(json!({ "lt": "2026-11-21T12:00:00.006Z" })));
    is_widened_to(&col("at").lt_eq(noon(5_000)), &range(json!({ "lt": "2026-11-21T12:00:00.006Z" })));
    is_widened_to(
        &col("at").eq(noon(5_000)),
        &range(json!({ "gte": "2026-11-21T12:00:00.005Z", "lt": "2026-11-21T12:00:00.006Z" })),
    );
    stays_here(&col("at").not_eq(noon(0)));
    let nanoseconds = json!({ "gt": "2026-11-21T12:00:00.000001000Z", "format": "strict_date_optional_time_nanos" });
    is_exactly(&col("ns").gt(noon(1)), &json!({ "range": { "ns": nanoseconds } }));
}

#[test]
fn what_is_not_equal_has_a_value() {
    let exists = json!({ "exists": { "field": "kw" } });
    let term = json!({ "term": { "kw": "a" } });
    let other = json!({ "bool": { "filter": [exists], "must_not": [term] } });
    is_exactly(&col("kw").not_eq(lit("a")), &other);
    is_exactly(&Expr::Not(Box::new(col("kw").eq(lit("a")))), &other);
    is_exactly(
        &col("kw").not_like(lit("a%")),
        &json!({ "bool": { "filter": [exists], "must_not": [{ "wildcard": { "kw": { "value": "a*" } } }] } }),
    );
    is_exactly(
        &col("kw").in_list(vec![lit("a")], true),
        &json!({ "bool": { "filter": [exists], "must_not": [{ "terms": { "kw": ["a"] } }] } }),
    );
    is_exactly(&Expr::Not(Box::new(col("n").lt(lit(5_i64)))), &json!({ "range": { "n": { "gte": 5 } } }));
    stays_here(&col("dyn").not_eq(lit("a")));
    stays_here(&col("f").not_eq(lit(0.5)));
}

#[test]
fn null_is_neither_equal_nor_different() {
    let nothing = json!({ "match_none": {} });
    let null = || lit(ScalarValue::Utf8(None));
    is_exactly(&col("kw").eq(null()), &nothing);
    is_exactly(&col("kw").not_eq(null()), &nothing);
    is_exactly(&col("kw").in_list(vec![lit("a"), null()], true), &nothing);
    is_exactly(&col("kw").in_list(vec![lit("a"), null()], false), &json!({ "terms": { "kw": ["a"] } }));
    let either = col("kw").eq(lit("a")).or(lit(ScalarValue::Boolean(None)));
    let parts = json!([{ "term": { "kw": "a" } }, nothing]);
    is_exactly(&either, &json!({ "bool": { "should": parts, "minimum_should_match": 1 } }));
    let distinct = BinaryExpr::new(Box::new(col("kw")), Operator::IsDistinctFrom, Box::new(lit("a")));
    stays_here(&Expr::BinaryExpr(distinct));
}

#[test]
fn nullness_is_existence_of_a_field_that_holds_every_value() {
    is_exactly(&col("kw").is_not_null(), &json!({ "exists": { "field": "kw" } }));
    is_exactly(&col("dyn").is_not_null(), &json!({ "exists": { "field": "dyn" } }));
    is_exactly(&col("dyn").is_null(), &json!({ "bool": { "must_not": [{ "exists": { "field": "dyn" } }] } }));
    stays_here(&col("short").is_null());
    stays_here(&col("b").is_null());
    stays_here(&col("list").is_not_null());
}

#[test]
fn conditions_are_joined_if_every_part_can_be_put() {
    let a = || col("kw").eq(lit("a"));
    let five = || col("n").eq(lit(5_i64));
    let parts = json!([{ "term": { "kw": "a" } }, { "term": { "n": 5 } }]);
    is_exactly(&a().and(five()), &json!({ "bool": { "filter": parts } }));
    is_exactly(&a().or(five()), &json!({ "bool": { "should": parts, "minimum_should_match": 1 } }));
    let unknown = || col("low").eq(lit("a"));
    stays_here(&a().and(unknown()));
    stays_here(&a().or(unknown()));
    // Not both is not the one, or not the other.
    let neither = put(&Expr::Not(Box::new(a().and(five())))).expect("put").0;
    assert!(neither.starts_with(r#"{"bool":{"minimum_should_match":1,"should":[{"bool":"#), "{neither}");
    is_widened_to(
        &a().and(col("at").gt(noon(0))),
        &json!({ "bool": { "filter": [{ "term": { "kw": "a" } },
            { "range": { "at": { "gte": "2026-11-21T12:00:00.000Z", "format": "strict_date_optional_time" } } }] } }),
    );
}

#[test]
fn truth_values_know_that_the_empty_text_is_false_there_and_null_here() {
    is_exactly(&col("b"), &json!({ "term": { "b": true } }));
    is_widened_to(&Expr::Not(Box::new(col("b"))), &json!({ "term": { "b": false } }));
    is_widened_to(&col("b").not_eq(lit(true)), &json!({ "term": { "b": false } }));
}

#[test]
fn several_values_of_which_one_counts_are_filtered_again() {
    let put = |multi_value, condition: &Expr| translate(condition, &columns(multi_value));
    let compared = put(MultiValue::Error, &col("kw").eq(lit("a"))).expect("put").compared;
    assert_eq!(compared.into_iter().collect::<Vec<_>>(), ["kw"]);
    let first = put(MultiValue::First, &col("kw").eq(lit("a"))).expect("put");
    assert!(!first.is_exact && first.compared.is_empty());
    assert_eq!(put(MultiValue::First, &col("kw").not_eq(lit("a"))), None);
    assert_eq!(put(MultiValue::Json, &col("kw").eq(lit("a"))), None);
    assert!(put(MultiValue::Json, &col("kw").is_null()).is_some_and(|filter| filter.is_exact));
}

#[test]
fn too_much_stays_here() {
    let any = (0..600_i64).map(|n| col("n").eq(lit(n))).reduce(Expr::or).expect("some");
    stays_here(&any);
    let list = (0..600_i64).map(lit).collect();
    assert!(put(&col("n").in_list(list, false)).is_some());
}
