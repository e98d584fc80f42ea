//! From a KPI to what runs: in one database, or here.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Column, DataFusionError, SchemaError, TableReference};
use datafusion::execution::SessionState;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::sql::parser::Statement as EngineStatement;
use datafusion::sql::sqlparser::ast::{Query, Statement as SqlStatement};
use metrics_core::kpi::{Dialect, Form, Kpi, Pushdown};
use metrics_core::kpi::{ErrorKind, Failure};

use super::sources::Opened;
use super::{Engine, Plan, Tier};
use crate::dialect::{
    Keys, Literals, Resolver, check_scopes, columns_of_other_case, filters_by_alias, means_something_else,
    needs_whole_names, parse, parse_foreign, prepare, printed, put_in_filter, relations, rename_ordered_alias,
};
use crate::external::SqlEngine;
use crate::failure::{of_engine, plan};
use crate::postgres::{Database, Prepared, Statement, whole};
use crate::remote::SqlTable;
use crate::search::reads_whole;

/// A query is planned again at most so often with a name put right.
const MAX_CURES: usize = 32;

/// Columns of search servers that are there only for queries that name them.
const HIDDEN: [&str; 2] = ["_id", "_index"];

/// A query that can run.
#[derive(Debug)]
pub(crate) struct Planned {
    pub plan: Plan,
    pub keys: Keys,
    pub databases: BTreeMap<String, Arc<Database>>,
    pub work: Work,
}

/// What runs.
#[derive(Debug)]
pub(crate) enum Work {
    /// A statement in the database of the source.
    Whole(String, Statement),
    /// A query that another engine runs.
    Elsewhere(Arc<dyn SqlEngine>, String),
    /// A plan of our own.
    Here(Arc<dyn ExecutionPlan>),
}

/// Tables of the one database that a query needs.
struct OneDatabase<'a> {
    name: &'a str,
    opened: &'a Opened,
    database: Arc<Database>,
    tables: Vec<Arc<SqlTable>>,
}

impl Engine {
    /// Plans a query.
    pub(crate) async fn plan(&self, kpi: &Kpi) -> Result<Planned, Failure> {
        if let Some(engine) = &kpi.engine {
            return self.elsewhere(kpi, engine);
        }
        let mut query = parse(&kpi.sql)?;
        Literals::check(&query, &kpi.parameters)?;
        check_scopes(&query)?;
        let keys = Keys::of(&query);
        let written = relations(&query)?;
        let names = self.sources.names();
        let resolver = Resolver::new(&written, |table| {
            let name = crate::dialect::pick(&names, &table.catalog).ok_or_else(|| table.unknown_source(&names))?;
            Ok((name, self.sources.get(name)?.catalog()?))
        })?;
        let mut sources: Vec<String> = resolver.tables().map(|[source, ..]| source.clone()).collect();
        sources.sort_unstable();
        sources.dedup();
        let mut warnings = crate::dialect::warnings_of(&query);
        prepare(&mut query, kpi.dialect, &Literals::new(self.as_of, self.zone, &kpi.parameters))?;
        resolver.put_in(&mut query);
        // Again, by the names that tables have: what was written may have differed in the case of letters.
        check_scopes(&query)?;

        let mut databases = BTreeMap::new();
        for source in &sources {
            if let Some(postgres) = &self.sources.get(source)?.postgres {
                databases.insert(source.clone(), Arc::clone(&postgres.database));
            }
        }
        let mut refusal = None;
        if let Some(one) = self.one_database(kpi, &query, &sources, &resolver).await? {
            let mut attempt = self.whole(kpi, &one, query.clone()).await?;
            if let Prepared::UnknownColumn(reason) = attempt {
                // Perhaps a name that can be put right, which planning here finds out.
                let mut cured = query.clone();
                let logical = self.logical(kpi, &resolver, &mut cured).await;
                attempt = match logical {
                    Ok(_) if cured != query => self.whole(kpi, &one, cured).await?,
                    _ => Prepared::Refused(reason),
                };
            }
            match attempt {
                Prepared::Taken(statement) => {
                    let tier = Tier::Database(one.name.to_owned());
                    let work = Work::Whole(one.name.to_owned(), statement);
                    return Ok(Planned { plan: Plan { tier, sources, warnings }, keys, databases, work });
                }
                Prepared::Refused(reason) | Prepared::UnknownColumn(reason) => {
                    refusal = Some(format!("{}: {reason}", one.name));
                }
            }
        }
        let here = async {
            if let Some(reason) = means_something_else(&query) {
                return Err(plan(reason));
            }
            let logical = self.logical(kpi, &resolver, &mut query).await?;
            let optimized = self.state.optimize(&limited(kpi, logical)?).map_err(|error| planning(&error))?;
            warnings.extend(self.whole_scans(kpi, &optimized)?);
            let planner = self.state.query_planner();
            planner.create_physical_plan(&optimized, &self.state).await.map_err(|error| planning(&error))
        };
        let physical = here.await.map_err(|failure| match refusal {
            // Both have looked at it; who wrote the query may know either.
            Some(refusal) if failure.kind == ErrorKind::Plan => plan(format!("{}; {refusal}", failure.message)),
            _ => failure,
        })?;
        Ok(Planned {
            plan: Plan { tier: Tier::Engine, sources, warnings },
            keys,
            databases,
            work: Work::Here(physical),
        })
    }

    /// A query for another engine, as it is written but for its parameters.
    fn elsewhere(&self, kpi: &Kpi, name: &str) -> Result<Planned, Failure> {
        let parsed = parse_foreign(&kpi.sql)?;
        let Some(engine) = &self.sources.get(name)?.engine else {
            return Err(plan(format!("engine = \"{name}\" is not another engine, but a source of tables")));
        };
        let (keys, sql) = match parsed {
            Some(mut query) => {
                let keys = Keys::of(&query);
                if kpi.parameters.is_empty() {
                    (keys, kpi.sql.clone())
                } else {
                    Literals::new(self.as_of, self.zone, &kpi.parameters).put_in(&mut query)?;
                    (keys, printed(query))
                }
            }
            None if kpi.parameters.is_empty() => (Keys::as_named(), kpi.sql.clone()),
            None => return Err(plan("params can only be put into SQL that is understood here".to_owned())),
        };
        let plan =
            Plan { tier: Tier::Elsewhere(name.to_owned()), sources: vec![name.to_owned()], warnings: Vec::new() };
        let work = Work::Elsewhere(Arc::clone(engine), sql);
        Ok(Planned { plan, keys, databases: BTreeMap::new(), work })
    }

    /// The one database that has all tables of the query, if it may run there.
    async fn one_database<'a>(
        &'a self,
        kpi: &Kpi,
        query: &Query,
        sources: &'a [String],
        resolver: &Resolver,
    ) -> Result<Option<OneDatabase<'a>>, Failure> {
        let [name] = sources else { return Ok(None) };
        let opened = self.sources.get(name)?;
        let Some(postgres) = opened.postgres.as_ref().filter(|_| kpi.pushdown == Pushdown::Auto) else {
            return Ok(None);
        };
        // A name with a quote in it, tables that are not told apart there, or functions that mean something else there.
        if kpi.sql.contains("\"\"") || needs_whole_names(query) || crate::dialect::converts(query) {
            return Ok(None);
        }
        let mut tables = Vec::new();
        for [_, schema, table] in resolver.tables() {
            match postgres.table(schema, table).await? {
                Some(table) => tables.push(table),
                None => return Ok(None),
            }
        }
        Ok(Some(OneDatabase { name, opened, database: Arc::clone(&postgres.database), tables }))
    }

    /// What the database says to the whole query.
    async fn whole(&self, kpi: &Kpi, one: &OneDatabase<'_>, query: Query) -> Result<Prepared, Failure> {
        if one.opened.is_large && !kpi.allows_full_scan && crate::dialect::reads_unfiltered(&query) {
            return Err(full_scan(one.name));
        }
        whole::prepare(&one.database, whole::write(query, &one.tables)?).await
    }

    /// The plan of the engine; names in the query that it does not know are put right, if they can be.
    async fn logical(&self, kpi: &Kpi, tables: &Resolver, query: &mut Query) -> Result<LogicalPlan, Failure> {
        let mut state = &self.state;
        for _ in 0..MAX_CURES {
            let error = match translate(state, query).await {
                Ok(plan) => return Ok(plan),
                Err(error) => error,
            };
            let is_hidden = unknown_field(&error).is_some_and(|(field, _)| HIDDEN.contains(&field.name.as_str()));
            if is_hidden && !std::ptr::eq(state, &raw const self.state_with_hidden) {
                state = &self.state_with_hidden;
                continue;
            }
            if kpi.dialect == Dialect::Compat
                && let Some(SchemaError::AmbiguousReference { field }) = schema_error(&error)
                && rename_ordered_alias(query, &field.name)
            {
                continue;
            }
            let Some((field, valid)) = unknown_field(&error).filter(|_| kpi.dialect == Dialect::Compat) else {
                return Err(planning(&error));
            };
            let (field, valid) = (field.clone(), valid.to_vec());
            if !self.cure(state, tables, query, &field, &valid).await {
                return Err(planning(&error));
            }
        }
        Err(plan("too many names that are not known"))
    }

    /// Puts one unknown name right; false if there is no way.
    async fn cure(
        &self,
        state: &SessionState,
        tables: &Resolver,
        query: &mut Query,
        field: &Column,
        valid: &[Column],
    ) -> bool {
        if field.relation.is_none() {
            let places = filters_by_alias(query, &field.name);
            for nth in 0..places {
                let mut attempt = query.clone();
                put_in_filter(&mut attempt, &field.name, Some(nth));
                let result = translate(state, &attempt).await;
                let is_same =
                    result.as_ref().is_err_and(|error| unknown_field(error).is_some_and(|(other, _)| other == field));
                if !is_same {
                    *query = attempt;
                    return true;
                }
            }
            if places > 0 {
                put_in_filter(query, &field.name, None);
                return true;
            }
        }
        let table = field.relation.as_ref().map(TableReference::table);
        let mut alike = valid.iter().filter(|known| {
            known.name != field.name
                && known.name.eq_ignore_ascii_case(&field.name)
                && table.is_none_or(|table| known.relation.as_ref().is_some_and(|relation| relation.table() == table))
        });
        match (alike.next(), alike.next()) {
            // Where a table has the column as written, another SELECT may mean that one.
            (Some(only), None) if table.is_some() || !self.have_column(tables, &field.name).await => {
                columns_of_other_case(query, table, &field.name, &only.name);
                true
            }
            _ => false,
        }
    }

    /// Whether one of the tables has a column of exactly this name.
    async fn have_column(&self, tables: &Resolver, name: &str) -> bool {
        for [source, schema, table] in tables.tables() {
            let Ok(catalog) = self.sources.get(source).and_then(Opened::catalog) else { continue };
            let Some(schema) = catalog.schema(schema) else { continue };
            if let Ok(Some(table)) = schema.table(table).await
                && table.schema().field_with_name(name).is_ok()
            {
                return true;
            }
        }
        false
    }

    /// Refuses, or warns of, scans that read all of a source.
    fn whole_scans(&self, kpi: &Kpi, optimized: &LogicalPlan) -> Result<Vec<String>, Failure> {
        let mut unfiltered: Vec<(String, String)> = Vec::new();
        let walked = optimized.apply_with_subqueries(|node| {
            if let LogicalPlan::TableScan(scan) = node
                && reads_whole(scan).unwrap_or(scan.filters.is_empty() && scan.fetch.is_none())
                && let Some(source) = scan.table_name.catalog()
            {
                unfiltered.push((source.to_owned(), scan.table_name.to_string()));
            }
            Ok(TreeNodeRecursion::Continue)
        });
        walked.map_err(|error| planning(&error))?;
        let mut warnings = Vec::new();
        for (source, table) in unfiltered {
            let opened = self.sources.get(&source)?;
            if opened.is_large && !kpi.allows_full_scan {
                return Err(full_scan(&table));
            }
            if opened.is_remote {
                warnings.push(format!("reads all of {table}"));
            }
        }
        Ok(warnings)
    }
}

async fn translate(state: &SessionState, query: &Query) -> Result<LogicalPlan, DataFusionError> {
    let statement = EngineStatement::Statement(Box::new(SqlStatement::Query(Box::new(query.clone()))));
    state.statement_to_plan(statement).await
}

/// As many rows as matter.
fn limited(kpi: &Kpi, plan: LogicalPlan) -> Result<LogicalPlan, Failure> {
    let rows = match kpi.form {
        Form::Count => 1,
        Form::Rows => kpi.max_rows.saturating_add(1),
    };
    LogicalPlanBuilder::from(plan)
        .limit(0, Some(rows))
        .and_then(LogicalPlanBuilder::build)
        .map_err(|error| planning(&error))
}

fn full_scan(what: &str) -> Failure {
    plan(format!("{what} is large, and no filter reaches it: filter it, or say full_scan = true"))
}

fn planning(error: &DataFusionError) -> Failure {
    of_engine(error, ErrorKind::Plan)
}

/// The column that an error does not know, and those that there are.
fn unknown_field(error: &DataFusionError) -> Option<(&Column, &[Column])> {
    match schema_error(error)? {
        SchemaError::FieldNotFound { field, valid_fields } => Some((field, valid_fields)),
        _ => None,
    }
}

/// What is wrong with a name, if that is what is wrong.
fn schema_error(error: &DataFusionError) -> Option<&SchemaError> {
    match error {
        DataFusionError::SchemaError(inner, _) => Some(inner),
        DataFusionError::Diagnostic(_, inner) | DataFusionError::Context(_, inner) => schema_error(inner),
        DataFusionError::Collection(errors) => errors.first().and_then(schema_error),
        DataFusionError::Shared(inner) => schema_error(inner),
        _ => None,
    }
}
