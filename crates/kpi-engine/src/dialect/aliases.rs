//! Names that a query uses where SQL does not know them yet: aliases of its select list, and columns in other case.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectNamePart, OrderByKind, Query, Select, SelectItem, SetExpr, Visit, VisitMut, Visitor, VisitorMut,
};

use super::names::fold;

/// Aggregates that may stand in HAVING under an alias.
const AGGREGATES: [&str; 16] = [
    "array_agg",
    "avg",
    "bit_and",
    "bit_or",
    "bool_and",
    "bool_or",
    "count",
    "every",
    "max",
    "median",
    "min",
    "stddev",
    "string_agg",
    "sum",
    "var",
    "variance",
];

/// Whether `expr` is computed from many rows.
pub(super) fn has_aggregate(expr: &Expr) -> bool {
    struct Find;
    impl Visitor for Find {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            if is_aggregate(expr) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
    }
    Visit::visit(expr, &mut Find).is_break()
}

fn is_aggregate(expr: &Expr) -> bool {
    let Expr::Function(function) = expr else { return false };
    let [ObjectNamePart::Identifier(name)] = function.name.0.as_slice() else { return false };
    let name = name.value.to_ascii_lowercase();
    function.over.is_none()
        && (AGGREGATES.contains(&name.as_str()) || name.starts_with("stddev_") || name.starts_with("var_"))
}

/// Replaces the column `name` in `target` by `by`: not inside aggregates, where it is a column of the rows, and not in
/// sub-selects, which have columns of their own.
pub(super) fn replace_outside_aggregates(target: &mut Expr, name: &str, by: &Expr) {
    let mut replace = Replace { name, by, inside: 0 };
    let _: ControlFlow<()> = VisitMut::visit(target, &mut replace);
}

struct Replace<'a> {
    name: &'a str,
    by: &'a Expr,
    inside: u32,
}

impl VisitorMut for Replace<'_> {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.inside += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.inside -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        self.inside += u32::from(is_aggregate(expr));
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if is_aggregate(expr) {
            self.inside -= 1;
        } else if self.inside == 0
            && let Expr::Identifier(ident) = expr
            && fold(ident) == self.name
        {
            // What was put in is not visited again, so `count(a) AS a` ends.
            *expr = Expr::Nested(Box::new(self.by.clone()));
        }
        ControlFlow::Continue(())
    }
}

/// The expression under an alias of the select list.
fn aliased<'a>(select: &'a Select, name: &str) -> Option<&'a Expr> {
    select.projection.iter().find_map(|item| match item {
        SelectItem::ExprWithAlias { expr, alias } if fold(alias) == name && !has_aggregate(expr) => Some(expr),
        _ => None,
    })
}

/// Whether `select` filters by `name`, which is an alias of its select list.
fn filters_by(select: &Select, name: &str) -> bool {
    struct Find<'a>(&'a str);
    impl Visitor for Find<'_> {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            match expr {
                Expr::Identifier(ident) if fold(ident) == self.0 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    let is_used = select.selection.as_ref().is_some_and(|filter| Visit::visit(filter, &mut Find(name)).is_break());
    is_used && aliased(select, name).is_some()
}

/// The number of SELECTs that filter by their own alias `name`.
pub(crate) fn filters_by_alias(query: &Query, name: &str) -> usize {
    struct Count<'a>(&'a str, usize);
    impl Visitor for Count<'_> {
        type Break = ();

        fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
            self.1 += usize::from(filters_by(select, self.0));
            ControlFlow::Continue(())
        }
    }
    let mut count = Count(name, 0);
    let _: ControlFlow<()> = Visit::visit(query, &mut count);
    count.1
}

/// Puts the expression under the alias `name` in its place in WHERE; of the `nth` SELECT that has it, or of all.
pub(crate) fn put_in_filter(query: &mut Query, name: &str, nth: Option<usize>) {
    struct Put<'a> {
        name: &'a str,
        nth: Option<usize>,
        seen: usize,
    }
    impl VisitorMut for Put<'_> {
        type Break = ();

        fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
            if filters_by(select, self.name) {
                let is_meant = self.nth.is_none_or(|nth| nth == self.seen);
                self.seen += 1;
                if is_meant
                    && let Some(expr) = aliased(select, self.name).cloned()
                    && let Some(filter) = &mut select.selection
                {
                    replace_outside_aggregates(filter, self.name, &expr);
                }
            }
            ControlFlow::Continue(())
        }
    }
    let _: ControlFlow<()> = VisitMut::visit(query, &mut Put { name, nth, seen: 0 });
}

/// Gives the alias `name` of the select list another one, also where ORDER BY means it, so that a column of that name of
/// some table can be told from it. False if the query, which is no union, orders by nothing or has no such alias. The
/// keys of a result come from the query as it was written.
pub(crate) fn rename_ordered_alias(query: &mut Query, name: &str) -> bool {
    let text = query.to_string();
    let mut other = format!("{name}_");
    while text.contains(&other) {
        other.push('_');
    }
    let (SetExpr::Select(select), Some(order)) = (query.body.as_mut(), &mut query.order_by) else { return false };
    let OrderByKind::Expressions(expressions) = &mut order.kind else { return false };
    let other = Ident::with_quote('"', other);
    let mut is_there = false;
    for item in &mut select.projection {
        if let SelectItem::ExprWithAlias { alias, .. } = item
            && fold(alias) == name
        {
            *alias = other.clone();
            is_there = true;
        }
    }
    for expression in expressions.iter_mut().filter(|_| is_there) {
        replace_outside_aggregates(&mut expression.expr, name, &Expr::Identifier(other.clone()));
    }
    is_there
}

/// Writes the column `name` (of the table `before`, if it says one) as `real`, which differs in case alone.
pub(crate) fn columns_of_other_case(query: &mut Query, before: Option<&str>, name: &str, real: &str) {
    struct Rename<'a> {
        before: Option<&'a str>,
        name: &'a str,
        real: &'a str,
    }
    impl VisitorMut for Rename<'_> {
        type Break = ();

        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            let column = match expr {
                Expr::Identifier(column) if self.before.is_none() => column,
                Expr::CompoundIdentifier(parts) => match parts.as_mut_slice() {
                    [.., table, column] if self.before.is_none_or(|before| fold(table) == before) => column,
                    _ => return ControlFlow::Continue(()),
                },
                _ => return ControlFlow::Continue(()),
            };
            if fold(column) == self.name {
                *column = Ident::with_quote('"', self.real);
            }
            ControlFlow::Continue(())
        }
    }
    let _: ControlFlow<()> = VisitMut::visit(query, &mut Rename { before, name, real });
}
