//! What a query says that is likely not meant.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Query, Select, SelectItem, Visit, Visitor};

use super::aliases::filters_by_alias;
use super::names::fold;

/// Warnings about a query as written.
pub(crate) fn of(query: &Query) -> Vec<String> {
    let mut found = Find { aliases: BTreeSet::new(), mixed: BTreeSet::new() };
    let _: ControlFlow<()> = Visit::visit(query, &mut found);
    let aliases = found.aliases.into_iter().filter(|name| filters_by_alias(query, name) > 0);
    aliases
        .map(|name| format!("WHERE uses \"{name}\", an alias of the select list: write the expression"))
        .chain(
            found
                .mixed
                .into_iter()
                .map(|text| format!("AND before OR: write ({text}) OR …, or the parentheses that are meant")),
        )
        .collect()
}

struct Find {
    aliases: BTreeSet<String>,
    mixed: BTreeSet<String>,
}

impl Visitor for Find {
    type Break = ();

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        for item in &select.projection {
            if let SelectItem::ExprWithAlias { alias, .. } = item {
                self.aliases.insert(fold(alias));
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if let Expr::BinaryOp { left, op: BinaryOperator::Or, right } = expr {
            for side in [left, right] {
                if matches!(side.as_ref(), Expr::BinaryOp { op: BinaryOperator::And, .. }) {
                    self.mixed.insert(side.to_string());
                }
            }
        }
        ControlFlow::Continue(())
    }
}
