//! Names of tables: which source, which table of it, whatever the case of the letters.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use datafusion::catalog::CatalogProvider;
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectName, ObjectNamePart, Query, TableFactor, Visit as _, Visitor, VisitorMut,
};
use metrics_core::kpi::Failure;

use crate::failure::plan;

/// A table as a query names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    /// First part, folded.
    pub catalog: String,
    /// Second part, folded.
    pub schema: String,
    /// Third part, folded.
    pub table: String,
}

impl Written {
    fn of(name: &ObjectName) -> Option<Self> {
        let mut parts = Vec::with_capacity(3);
        for part in &name.0 {
            parts.push(fold(part.as_ident()?));
        }
        let [catalog, schema, table] = <[String; 3]>::try_from(parts).ok()?;
        Some(Self { catalog, schema, table })
    }

    /// The failure that no source has this catalog's name.
    pub fn unknown_source(&self, known: &[&str]) -> Failure {
        plan(format!("\"{}\" is not a source; there are: {}", self.catalog, known.join(", ")))
    }
}

/// A name as SQL reads it: in lower case unless it is quoted.
pub(crate) fn fold(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    }
}

/// The one of `names` that `name` means: itself, or the only one that differs in the case of letters alone.
pub(crate) fn pick<'a>(names: &[&'a str], name: &str) -> Option<&'a str> {
    if let Some(exact) = names.iter().find(|known| **known == name) {
        return Some(exact);
    }
    let mut alike = names.iter().filter(|known| known.eq_ignore_ascii_case(name));
    match (alike.next(), alike.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// The tables of a query, once each, without names of its own (WITH).
pub(crate) fn relations(query: &Query) -> Result<Vec<Written>, Failure> {
    let own = own_names(query);
    let mut found: Vec<Written> = Vec::new();
    let mut collect = |name: &ObjectName| -> ControlFlow<Failure> {
        if let [ObjectNamePart::Identifier(only)] = name.0.as_slice()
            && own.contains(&fold(only))
        {
            return ControlFlow::Continue(());
        }
        match Written::of(name) {
            Some(written) => {
                if !found.contains(&written) {
                    found.push(written);
                }
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(plan(format!("write {name} as source.schema.table"))),
        }
    };
    match datafusion::sql::sqlparser::ast::visit_relations(query, &mut collect) {
        ControlFlow::Continue(()) => Ok(found),
        ControlFlow::Break(failure) => Err(failure),
    }
}

/// Names that WITH gives.
fn own_names(query: &Query) -> Vec<String> {
    struct Names(Vec<String>);
    impl Visitor for Names {
        type Break = ();

        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
                self.0.push(fold(&cte.alias.name));
            }
            ControlFlow::Continue(())
        }
    }
    let mut names = Names(Vec::new());
    let _: ControlFlow<()> = query.visit(&mut names);
    names.0
}

/// Replaces the names of tables, before columns too, by those that the sources have.
pub(crate) struct Resolver {
    /// What is written → source, schema, table.
    tables: BTreeMap<[String; 3], [String; 3]>,
}

impl Resolver {
    /// Looks the tables up in the catalogs of their sources.
    pub fn new<'a>(
        relations: &[Written],
        catalog_of: impl Fn(&Written) -> Result<(&'a str, &'a dyn CatalogProvider), Failure>,
    ) -> Result<Self, Failure> {
        let mut tables = BTreeMap::new();
        for written in relations {
            let (source, catalog) = catalog_of(written)?;
            let schemas = catalog.schema_names();
            let schemas: Vec<&str> = schemas.iter().map(String::as_str).collect();
            let found = pick(&schemas, &written.schema).and_then(|name| Some((name, catalog.schema(name)?)));
            let Some((schema, provider)) = found else {
                return Err(plan(format!(
                    "source {source} has no schema \"{}\"; it has: {}",
                    written.schema,
                    schemas.join(", ")
                )));
            };
            let names = provider.table_names();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            let Some(table) = pick(&names, &written.table) else {
                return Err(plan(format!("source {source} has no table \"{}\" in schema \"{schema}\"", written.table)));
            };
            let key = [written.catalog.clone(), written.schema.clone(), written.table.clone()];
            tables.insert(key, [source.to_owned(), schema.to_owned(), table.to_owned()]);
        }
        Ok(Self { tables })
    }

    /// Source, schema and table of each table of the query.
    pub fn tables(&self) -> impl Iterator<Item = &[String; 3]> {
        self.tables.values()
    }

    /// Puts the names in.
    pub fn put_in(&self, query: &mut Query) {
        let aliases = aliases(query);
        let mut rename = Rename { tables: &self.tables, aliases };
        let _: ControlFlow<()> = datafusion::sql::sqlparser::ast::VisitMut::visit(query, &mut rename);
    }
}

/// Names given by AS to tables and sub-selects, and by WITH.
fn aliases(query: &Query) -> Vec<String> {
    struct Aliases(Vec<String>);
    impl Visitor for Aliases {
        type Break = ();

        fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
            if let TableFactor::Table { alias: Some(alias), .. } | TableFactor::Derived { alias: Some(alias), .. } =
                factor
            {
                self.0.push(fold(&alias.name));
            }
            ControlFlow::Continue(())
        }
    }
    let mut aliases = Aliases(own_names(query));
    let _: ControlFlow<()> = query.visit(&mut aliases);
    aliases.0
}

struct Rename<'a> {
    tables: &'a BTreeMap<[String; 3], [String; 3]>,
    aliases: Vec<String>,
}

impl Rename<'_> {
    /// The names that stand for what is written before a column, all of source, schema and table that is written.
    fn before_column(&self, written: &[Ident]) -> Option<Vec<Ident>> {
        let folded: Vec<String> = written.iter().map(fold).collect();
        if let [only] = folded.as_slice()
            && self.aliases.contains(only)
        {
            return None;
        }
        let mut matching = self.tables.iter().filter(|(key, _)| key.ends_with(&folded));
        let (_, names) = matching.next()?;
        let names = &names[3 - folded.len()..];
        // Two tables of one name: only where they are written the same way is there no question.
        if matching.any(|(_, other)| other[3 - folded.len()..] != *names) {
            return None;
        }
        Some(names.iter().map(|name| Ident::with_quote('"', name)).collect())
    }
}

impl VisitorMut for Rename<'_> {
    type Break = ();

    fn pre_visit_relation(&mut self, relation: &mut ObjectName) -> ControlFlow<()> {
        if let Some(written) = Written::of(relation)
            && let Some(names) = self.tables.get(&[written.catalog, written.schema, written.table])
        {
            *relation = ObjectName::from(names.iter().map(|name| Ident::with_quote('"', name)).collect::<Vec<_>>());
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::CompoundIdentifier(parts) = expr
            && let Some((column, before)) = parts.split_last()
            && before.len() <= 3
            && let Some(mut names) = self.before_column(before)
        {
            names.push(column.clone());
            *parts = names;
        }
        ControlFlow::Continue(())
    }
}
