//! What a name before a column means, where two tables of a query have names alike.
//!
//! By SQL, `a.public.team.id` is a column of that table, wherever another `team` stands. The engine takes the nearest
//! table whose name does not contradict what is written, and PostgreSQL is sent the last part of the name alone. What the
//! two would take for another table than is meant is found here.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, Select, SetExpr, TableFactor, TableWithJoins, Visit, Visitor,
};
use metrics_core::kpi::Failure;

use super::names::fold;
use crate::failure::plan;

/// Refuses names before columns of which it is not certain which table is meant.
pub(crate) fn check(query: &Query) -> Result<(), Failure> {
    match Visit::visit(query, &mut Scopes::default()) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(message) => Err(plan(message)),
    }
}

/// Whether the last part of some name before a column is that of two tables, so that it would not tell them apart.
pub(crate) fn needs_whole_names(query: &Query) -> bool {
    #[derive(Default)]
    struct Names {
        tables: BTreeSet<Vec<String>>,
        written: BTreeSet<Vec<String>>,
    }
    impl Visitor for Names {
        type Break = ();

        fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
            self.tables.extend(Place::of(factor).map(|place| place.name));
            ControlFlow::Continue(())
        }

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            self.written.extend(before_column(expr).filter(|written| written.len() > 1));
            ControlFlow::Continue(())
        }
    }
    let mut names = Names::default();
    let _: ControlFlow<()> = Visit::visit(query, &mut names);
    names.written.iter().any(|written| {
        let mut alike = names.tables.iter().filter(|table| table.last() == written.last());
        alike.next().is_some() && alike.next().is_some()
    })
}

/// A table or sub-select of a FROM.
struct Place {
    /// What it is called: its alias, or all parts of its name.
    name: Vec<String>,
    /// The table, where the name is an alias of one.
    table: Option<Vec<String>>,
}

impl Place {
    fn of(factor: &TableFactor) -> Option<Self> {
        match factor {
            TableFactor::Table { name, alias, .. } => {
                let parts: Option<Vec<String>> = name.0.iter().map(|part| part.as_ident().map(fold)).collect();
                Some(match alias {
                    Some(alias) => Self { name: vec![fold(&alias.name)], table: parts },
                    None => Self { name: parts?, table: None },
                })
            }
            TableFactor::Derived { alias: Some(alias), .. } | TableFactor::NestedJoin { alias: Some(alias), .. } => {
                Some(Self { name: vec![fold(&alias.name)], table: None })
            }
            _ => None,
        }
    }

    /// Whether the engine takes it for `written`: the parts that both have are the same.
    fn is_taken_for(&self, written: &[String]) -> bool {
        self.name.iter().rev().zip(written.iter().rev()).all(|(mine, its)| mine == its)
    }

    /// Whether it is what is written, and not only something of that name.
    fn is(&self, written: &[String]) -> bool {
        self.name.len() >= written.len()
    }
}

/// The SELECTs that are open, each with what is in its FROM.
#[derive(Default)]
struct Scopes(Vec<Vec<Place>>);

impl Scopes {
    fn open(&mut self, from: &[TableWithJoins]) {
        let mut places = Vec::new();
        for from in from {
            add(from, &mut places);
        }
        self.0.push(places);
    }

    /// Why it is not certain what the name means.
    fn doubt(&self, written: &[String]) -> Option<String> {
        let name = written.last()?;
        let taken = |scope: &Vec<Place>| scope.iter().any(|place| place.is_taken_for(written));
        let nearest = self.0.iter().rposition(taken)?;
        let mut places = self.0[nearest].iter().filter(|place| place.is_taken_for(written));
        let place = places.next()?;
        if places.any(|other| other.name != place.name) {
            return Some(format!("`{name}` is two tables here: write source.schema.{name} before its columns"));
        }
        if place.is(written) {
            return None;
        }
        // `FROM a.public.team AS team`: its whole name may be written if no other one of it is near.
        let is_the_table = place.table.as_ref().is_some_and(|table| table.ends_with(written));
        let others = self.0[..nearest].iter().flatten();
        if is_the_table && !others.into_iter().any(|other| other.is_taken_for(written) && other.is(written)) {
            return None;
        }
        let written = written.join(".");
        Some(format!("`{written}` is a table, and `{name}` an alias nearer to it: give another alias"))
    }
}

/// What stands in a FROM, joins in parentheses included.
fn add(from: &TableWithJoins, places: &mut Vec<Place>) {
    for factor in std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation)) {
        match factor {
            TableFactor::NestedJoin { table_with_joins, alias: None } => add(table_with_joins, places),
            factor => places.extend(Place::of(factor)),
        }
    }
}

/// What stands before a column.
fn before_column(expr: &Expr) -> Option<Vec<String>> {
    let Expr::CompoundIdentifier(parts) = expr else { return None };
    let (_, before) = parts.split_last()?;
    Some(before.iter().map(|part: &Ident| fold(part)).collect())
}

impl Visitor for Scopes {
    type Break = String;

    /// ORDER BY is outside of the SELECT, and knows its tables.
    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<String> {
        match query.body.as_ref() {
            SetExpr::Select(select) => self.open(&select.from),
            _ => self.open(&[]),
        }
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<String> {
        self.0.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<String> {
        self.open(&select.from);
        ControlFlow::Continue(())
    }

    fn post_visit_select(&mut self, _: &Select) -> ControlFlow<String> {
        self.0.pop();
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<String> {
        match before_column(expr).and_then(|written| self.doubt(&written)) {
            Some(message) => ControlFlow::Break(message),
            None => ControlFlow::Continue(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dialect::parse;

    fn doubt(sql: &str) -> Option<String> {
        check(&parse(sql).unwrap()).err().map(|failure| failure.message)
    }

    #[test]
    fn names_that_mean_one_table_are_taken() {
        for sql in [
            "SELECT a.s.t.x, b.s.t.x, b.s.t.y FROM a.s.t, b.s.t ORDER BY a.s.t.x",
            "SELECT t.x FROM a.s.t WHERE EXISTS (SELECT 1 FROM b.s.t WHERE t.x = 1 AND b.s.t.x = a.s.t.x)",
            "SELECT a.s.t.x, t.x FROM a.s.t AS t",
            "SELECT t.x, u.x FROM a.s.t, a.s.t AS u",
            "SELECT t.x FROM (SELECT 1 AS x) t WHERE t.x IN (SELECT t.y FROM a.s.t)",
            "SELECT t.x FROM (a.s.t JOIN a.s.u ON t.x = u.x)",
        ] {
            assert_eq!(doubt(sql), None, "{sql}");
        }
    }

    #[test]
    fn names_that_may_mean_two_tables_are_not() {
        for sql in [
            "SELECT t.x FROM a.s.t, b.s.t",
            "SELECT a.s.t.x FROM a.s.t JOIN b.s.t ON t.x = 1",
            "SELECT 1 FROM a.s.t, b.s.t ORDER BY t.x",
            "SELECT s.t.x FROM a.s.t, b.s.t",
            "SELECT 1 FROM a.s.u WHERE EXISTS (SELECT 1 FROM a.s.t, b.s.t WHERE u.x = t.x)",
        ] {
            assert!(doubt(sql).is_some_and(|message| message.contains("`t` is two tables here")), "{sql}");
        }
        for sql in [
            "SELECT 1 FROM a.s.t WHERE EXISTS (SELECT 1 FROM a.s.u AS t WHERE t.x = a.s.t.x)",
            "SELECT 1 FROM a.s.t WHERE EXISTS (SELECT 1 FROM a.s.t AS t WHERE t.x = a.s.t.x)",
            "SELECT a.s.t.x FROM a.s.t AS v, a.s.u AS t",
            "WITH t AS (SELECT 1 AS x) SELECT 1 FROM a.s.t WHERE EXISTS (SELECT 1 FROM t WHERE a.s.t.x = t.x)",
        ] {
            assert!(doubt(sql).is_some_and(|message| message.contains("alias nearer")), "{sql}");
        }
    }

    #[test]
    fn the_last_part_of_a_name_does_for_one_table() {
        for (sql, needs) in [
            ("SELECT a.s.t.x FROM a.s.t, a.s.u", false),
            ("SELECT t.x, v.x FROM a.s.t, a.r.t AS v", false),
            ("SELECT a.s.t.x FROM a.s.t WHERE EXISTS (SELECT 1 FROM a.r.t)", true),
            ("SELECT 1 FROM a.s.t WHERE EXISTS (SELECT 1 FROM a.r.t WHERE a.r.t.x = a.s.t.x)", true),
        ] {
            assert_eq!(needs_whole_names(&parse(sql).unwrap()), needs, "{sql}");
        }
    }
}
