//! What Dremio takes and `DataFusion` or PostgreSQL does not, changed in the parsed query.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectNamePart, Query, Select, SelectItem, TableAlias, TableFactor, VisitMut, VisitorMut,
};

use super::aliases::{has_aggregate, replace_outside_aggregates};
use super::names::fold;

/// Changes the query so that both take it, without changing what it says.
pub(super) fn apply(query: &mut Query) {
    let mut compat = Compat { taken: query.to_string().to_lowercase(), derived: 0 };
    let _: ControlFlow<()> = VisitMut::visit(query, &mut compat);
}

struct Compat {
    /// The whole query, in which a name that is made up must not occur.
    taken: String,
    derived: u32,
}

impl VisitorMut for Compat {
    type Break = ();

    /// Every sub-select in FROM gets a name.
    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        if let TableFactor::Derived { alias: alias @ None, .. } = factor {
            let name = loop {
                self.derived += 1;
                let name = format!("derived_{}", self.derived);
                if !self.taken.contains(&name) {
                    break name;
                }
            };
            *alias = Some(TableAlias { explicit: true, name: Ident::new(name), columns: Vec::new(), at: None });
        }
        ControlFlow::Continue(())
    }

    /// `"SPLIT_PART"(…)` is `SPLIT_PART(…)`.
    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::Function(function) = expr
            && let [ObjectNamePart::Identifier(name)] = function.name.0.as_mut_slice()
        {
            name.quote_style = None;
        }
        ControlFlow::Continue(())
    }

    /// An alias of an aggregate in HAVING is the aggregate.
    fn post_visit_select(&mut self, select: &mut Select) -> ControlFlow<()> {
        if let Some(having) = &mut select.having {
            for item in &select.projection {
                if let SelectItem::ExprWithAlias { expr, alias } = item
                    && has_aggregate(expr)
                {
                    replace_outside_aggregates(having, &fold(alias), expr);
                }
            }
        }
        ControlFlow::Continue(())
    }
}
