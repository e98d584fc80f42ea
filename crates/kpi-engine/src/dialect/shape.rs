//! Questions about a query that decide where it may run.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, ObjectNamePart, Query, Select,
    TableFactor, Visit, Visitor,
};

/// Whether it uses `convert_to` or `convert_from`, which PostgreSQL has too, for something else.
pub(crate) fn converts(query: &Query) -> bool {
    struct Find;
    impl Visitor for Find {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            if let Expr::Function(function) = expr
                && let [ObjectNamePart::Identifier(name)] = function.name.0.as_slice()
                && ["convert_to", "convert_from"].contains(&name.value.to_ascii_lowercase().as_str())
            {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        }
    }
    Visit::visit(query, &mut Find).is_break()
}

/// What the engine knows under the same name as PostgreSQL, and takes for something else; how to write it for the engine.
pub(crate) fn means_something_else(query: &Query) -> Option<String> {
    struct Find;
    impl Visitor for Find {
        type Break = String;

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<String> {
            match expr {
                Expr::BinaryOp { op: BinaryOperator::BitwiseXor, .. } => {
                    ControlFlow::Break("`^` is no power where this query runs: write power(a, b)".to_owned())
                }
                Expr::Function(function) => match pattern_of_another(function) {
                    Some(pattern) => ControlFlow::Break(format!(
                        "to_char takes patterns as '%Y-%m-%d' where this query runs, not {pattern}"
                    )),
                    None => ControlFlow::Continue(()),
                },
                _ => ControlFlow::Continue(()),
            }
        }
    }
    match Visit::visit(query, &mut Find) {
        ControlFlow::Continue(()) => None,
        ControlFlow::Break(reason) => Some(reason),
    }
}

/// The pattern of a function that writes times, if it would write the same text for all of them.
fn pattern_of_another(function: &Function) -> Option<&Expr> {
    let [ObjectNamePart::Identifier(name)] = function.name.0.as_slice() else { return None };
    if !["to_char", "date_format"].contains(&name.value.to_ascii_lowercase().as_str()) {
        return None;
    }
    let FunctionArguments::List(list) = &function.args else { return None };
    let [_, FunctionArg::Unnamed(FunctionArgExpr::Expr(pattern))] = list.args.as_slice() else { return None };
    match pattern {
        Expr::Value(value) => {
            value.value.clone().into_string().is_some_and(|text| !text.contains('%')).then_some(pattern)
        }
        _ => None,
    }
}

/// Whether a SELECT reads a table without any WHERE.
pub(crate) fn reads_unfiltered(query: &Query) -> bool {
    struct Find;
    impl Visitor for Find {
        type Break = ();

        fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
            let tables = select
                .from
                .iter()
                .flat_map(|from| std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)));
            let reads = tables.into_iter().any(|factor| {
                matches!(factor, TableFactor::Table { name, .. } if name.0.len() == 3)
                    || matches!(factor, TableFactor::NestedJoin { .. })
            });
            if reads && select.selection.is_none() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    Visit::visit(query, &mut Find).is_break()
}
