//! Questions about a query that decide where it may run.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{Expr, ObjectNamePart, Query, Select, TableFactor, Visit, Visitor};

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
