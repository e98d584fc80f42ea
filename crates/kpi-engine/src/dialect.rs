//! The SQL of KPIs: what is accepted, which tables it reads, and what is made of it before it is planned.

mod aliases;
mod booleans;
mod casts;
mod compat;
mod convert;
mod foreign;
mod keys;
mod literals;
mod names;
mod scopes;
mod shape;
mod warnings;
mod whole_numbers;

use datafusion::sql::sqlparser::ast::{Query, SetExpr, Statement};
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::parser::Parser;
use metrics_core::kpi::{Definitions, Dialect, Failure, Kpi};

pub(crate) use self::aliases::{columns_of_other_case, filters_by_alias, put_in_filter, rename_ordered_alias};
pub(crate) use self::booleans::BooleanTexts;
pub(crate) use self::casts::{Casts, DaysAsInstants};
pub(crate) use self::convert::{ConvertFrom, ConvertTo};
pub(crate) use self::foreign::parse as parse_foreign;
pub(crate) use self::keys::Keys;
pub(crate) use self::literals::Literals;
pub(crate) use self::names::{Resolver, pick, relations};
pub(crate) use self::scopes::{check as check_scopes, needs_whole_names};
pub(crate) use self::shape::{converts, means_something_else, reads_unfiltered};
pub(crate) use self::warnings::of as warnings_of;
pub(crate) use self::whole_numbers::WholeNumbers;
use crate::failure::plan;

/// What a query says by itself, without its sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Names of the sources that it reads, sorted.
    pub sources: Vec<String>,
    /// The tables that it names: source, schema and table. A query for another engine names none here.
    pub tables: Vec<[String; 3]>,
    /// What is likely not meant as it is written.
    pub warnings: Vec<String>,
}

/// Checks that a query parses, is a single SELECT, and reads only sources that are defined.
pub fn check_offline(definitions: &Definitions, kpi: &Kpi) -> Result<Checked, Failure> {
    if let Some(engine) = &kpi.engine {
        if !definitions.sources.contains_key(engine) {
            return Err(plan(format!("engine = \"{engine}\" is not a source")));
        }
        // That engine knows which tables it reads.
        parse_foreign(&kpi.sql)?;
        return Ok(Checked { sources: vec![engine.clone()], tables: Vec::new(), warnings: Vec::new() });
    }
    let query = parse(&kpi.sql)?;
    let names: Vec<&str> = definitions.sources.keys().map(String::as_str).collect();
    let mut tables = Vec::new();
    for relation in relations(&query)? {
        let source = pick(&names, &relation.catalog).ok_or_else(|| relation.unknown_source(&names))?.to_owned();
        tables.push([source, relation.schema, relation.table]);
    }
    let mut sources: Vec<String> = tables.iter().map(|[source, ..]| source.clone()).collect();
    sources.sort_unstable();
    sources.dedup();
    Literals::check(&query, &kpi.parameters)?;
    scopes::check(&query)?;
    Ok(Checked { sources, tables, warnings: warnings::of(&query) })
}

/// The query, if the text is a single SELECT that only reads.
pub(crate) fn parse(sql: &str) -> Result<Query, Failure> {
    let query = single(Parser::parse_sql(&GenericDialect {}, sql).map_err(|error| plan(error.to_string()))?)?;
    only_reads(&query, Tables::OfSources)?;
    Ok(query)
}

/// The only statement, if it is a query.
fn single(statements: Vec<Statement>) -> Result<Query, Failure> {
    let count = statements.len();
    match <[Statement; 1]>::try_from(statements) {
        Ok([Statement::Query(query)]) => Ok(*query),
        Ok([_]) => Err(plan("not a SELECT: a KPI is a single SELECT".to_owned())),
        Err(_) if count == 0 => Err(plan("there is no statement".to_owned())),
        Err(_) => Err(plan(format!("{count} statements: a KPI is a single SELECT"))),
    }
}

/// The query as text that means the same to whoever reads it.
///
/// The printer of SQL leaves alone a quote that looks escaped already, as in `\'` or `''`; a value that holds one would
/// end early. So all quotes in texts are doubled here.
pub(crate) fn printed(mut query: Query) -> String {
    use std::ops::ControlFlow;

    use datafusion::sql::sqlparser::ast::{Value, ValueWithSpan, VisitMut, VisitorMut};

    struct Double;
    impl VisitorMut for Double {
        type Break = ();

        fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<()> {
            if let Value::SingleQuotedString(text) = &mut value.value {
                *text = text.replace('\'', "''");
            }
            ControlFlow::Continue(())
        }
    }
    let _: ControlFlow<()> = VisitMut::visit(&mut query, &mut Double);
    query.to_string()
}

/// Makes of a query what the engine and PostgreSQL take.
pub(crate) fn prepare(query: &mut Query, dialect: Dialect, literals: &Literals) -> Result<(), Failure> {
    literals.put_in(query)?;
    if dialect == Dialect::Compat {
        compat::apply(query);
    }
    Ok(())
}

/// What may stand in FROM.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tables {
    /// Tables of sources, and sub-selects.
    OfSources,
    /// Whatever another engine knows.
    Any,
}

/// Refuses whatever a parser takes inside a query and that is not a plain SELECT.
fn only_reads(query: &Query, tables: Tables) -> Result<(), Failure> {
    use std::ops::ControlFlow;

    use datafusion::sql::sqlparser::ast::{Select, TableFactor, Visit as _, Visitor};

    struct Check(Tables);
    impl Visitor for Check {
        type Break = &'static str;

        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<&'static str> {
            if !query.locks.is_empty() || query.for_clause.is_some() {
                return ControlFlow::Break("FOR after a SELECT is not allowed");
            }
            if !query.pipe_operators.is_empty() {
                return ControlFlow::Break("the pipe operator is not allowed");
            }
            body(&query.body)
        }

        fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<&'static str> {
            match select.into {
                Some(_) => ControlFlow::Break("SELECT INTO is not allowed"),
                None => ControlFlow::Continue(()),
            }
        }

        fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<&'static str> {
            match factor {
                TableFactor::Table { args: None, .. }
                | TableFactor::Derived { .. }
                | TableFactor::NestedJoin { .. }
                | TableFactor::UNNEST { .. } => ControlFlow::Continue(()),
                _ if self.0 == Tables::Any => ControlFlow::Continue(()),
                _ => ControlFlow::Break("FROM takes tables of sources and sub-selects, nothing else"),
            }
        }
    }

    fn body(expr: &SetExpr) -> ControlFlow<&'static str> {
        match expr {
            SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => ControlFlow::Continue(()),
            SetExpr::SetOperation { left, right, .. } => {
                body(left)?;
                body(right)
            }
            _ => ControlFlow::Break("a statement that writes, or TABLE, stands in a query"),
        }
    }

    match query.visit(&mut Check(tables)) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(reason) => Err(plan(format!("{reason}: a KPI is a single SELECT"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_single_select_is_taken() {
        for sql in [
            "",
            "SELECT",
            "SELECT 1; SELECT 2",
            "DELETE FROM a.b.c",
            "CREATE TABLE t (a int)",
            "COPY t TO 'x'",
            "SET x = 1",
            "EXPLAIN SELECT 1",
            "SELECT 1 INTO t",
            "SELECT * FROM a.b.c FOR UPDATE",
            "WITH d AS (DELETE FROM a.b.c RETURNING 1) SELECT 1 FROM d",
            "SELECT * FROM generate_series(1, 10)",
            "SELECT * FROM a.b.c, LATERAL f(1)",
            "TABLE a.b.c",
        ] {
            assert!(parse(sql).is_err(), "{sql}");
        }
        for sql in
            ["SELECT 1", "SELECT 1;", "(SELECT 1) UNION ALL SELECT 2 -- end", "WITH t AS (SELECT 1) SELECT * FROM t"]
        {
            parse(sql).unwrap();
        }
    }

    #[test]
    fn texts_are_printed_so_that_they_read_as_they_were() {
        for text in ["it's", "''", r"\'", r"a\'' OR 1=1 --", r"\", "", "a\nb"] {
            let sql = format!("SELECT DATE '2026-11-21', '{}' FROM a.b.c", text.replace('\'', "''"));
            assert_eq!(printed(parse(&sql).unwrap()), sql);
        }
    }
}
