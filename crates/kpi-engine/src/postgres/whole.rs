//! A whole statement for PostgreSQL.

use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::Arc;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectName, Query, SelectItem, SetExpr, TableAlias, TableFactor, VisitMut, VisitorMut,
};
use datafusion::sql::unparser::ast::{
    BuilderError, QueryBuilder, RelationBuilder, SelectBuilder, TableRelationBuilder, TableWithJoinsBuilder,
};
use futures_util::TryStreamExt as _;
use metrics_core::kpi::Failure;
use tokio_postgres::types::Type;
use tokio_postgres::{SimpleQueryMessage, SimpleQueryRow};

use super::session::{Database, Lease};
use crate::dialect::printed;
use crate::failure::{of_postgres, plan, text_of_postgres};
use crate::remote::{Column, Dialect, Kind, SqlTable, quoted};
use crate::value;

/// The query as PostgreSQL gets it: names without the source, and columns of types that are read as text as texts.
pub(crate) fn write(mut query: Query, tables: &[Arc<SqlTable>]) -> Result<String, Failure> {
    let mut rewrite = Rewrite { tables };
    match VisitMut::visit(&mut query, &mut rewrite) {
        ControlFlow::Continue(()) => Ok(printed(query)),
        ControlFlow::Break(error) => Err(plan(error.to_string())),
    }
}

struct Rewrite<'a> {
    tables: &'a [Arc<SqlTable>],
}

impl VisitorMut for Rewrite<'_> {
    type Break = BuilderError;

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<BuilderError> {
        let TableFactor::Table { name, alias, .. } = factor else { return ControlFlow::Continue(()) };
        let parts: Vec<&str> =
            name.0.iter().filter_map(|part| part.as_ident().map(|ident| ident.value.as_str())).collect();
        let [_, schema, table] = parts.as_slice() else { return ControlFlow::Continue(()) };
        let Some(known) = self.tables.iter().find(|known| known.name == [*schema, *table]) else {
            return ControlFlow::Continue(());
        };
        let short = ObjectName::from(known.name.iter().map(|part| quoted(part)).collect::<Vec<Ident>>());
        if known.columns.iter().any(|column| column.kind == Kind::Other) {
            let subquery = match readable(short, &known.columns) {
                Ok(subquery) => Box::new(subquery),
                Err(error) => return ControlFlow::Break(error),
            };
            let alias = alias.take().unwrap_or_else(|| TableAlias {
                explicit: true,
                name: quoted(table),
                columns: Vec::new(),
                at: None,
            });
            *factor = TableFactor::Derived { lateral: false, subquery, alias: Some(alias), sample: None };
        } else {
            *name = short;
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<BuilderError> {
        // What stands before a column is a name of FROM, where a table is known by its last part.
        if let Expr::CompoundIdentifier(parts) = expr
            && parts.len() > 2
        {
            parts.drain(..parts.len() - 2);
        }
        ControlFlow::Continue(())
    }
}

/// A table of which everything can be read: `(SELECT "id", CAST("h" AS TEXT) AS "h" FROM …)`.
fn readable(table: ObjectName, columns: &[Column]) -> Result<Query, BuilderError> {
    let item = |column: &Column| match column.kind {
        Kind::Other => {
            SelectItem::ExprWithAlias { expr: Dialect::Postgres.selected(column), alias: quoted(&column.name) }
        }
        _ => SelectItem::UnnamedExpr(column.ident()),
    };
    let (mut select, mut from) = (SelectBuilder::default(), TableWithJoinsBuilder::default());
    let (mut relation, mut source) = (RelationBuilder::default(), TableRelationBuilder::default());
    source.name(table);
    relation.table(source);
    from.relation(relation);
    select.projection(columns.iter().map(item).collect()).push_from(from);
    let mut query = QueryBuilder::default();
    query.body(Box::new(SetExpr::Select(Box::new(select.build()?))));
    query.build()
}

/// A statement that the database takes.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    /// As it is sent.
    pub text: String,
    /// Names of the columns, as the database has them.
    pub names: Vec<String>,
    types: Vec<Type>,
}

/// What a database says to a statement.
pub(crate) enum Prepared {
    /// It takes it.
    Taken(Statement),
    /// It does not know a column.
    UnknownColumn(String),
    /// It cannot run this statement.
    Refused(String),
}

/// Asks the database whether it takes a statement; nothing is run.
pub(crate) async fn prepare(database: &Arc<Database>, text: String) -> Result<Prepared, Failure> {
    let lease = database.lease().await?;
    let prepared = lease.run(async |client| Ok(client.prepare(&text).await)).await?;
    let result = match prepared {
        Ok(statement) => Ok(Prepared::Taken(Statement {
            names: statement.columns().iter().map(|column| column.name().to_owned()).collect(),
            types: statement.columns().iter().map(|column| column.type_().clone()).collect(),
            text,
        })),
        Err(error) => match error.code().map(tokio_postgres::error::SqlState::code) {
            Some("42703") => Ok(Prepared::UnknownColumn(text_of_postgres(&error))),
            // Syntax and names; what this version does not have.
            Some(code) if ["42", "0A"].iter().any(|class| code.starts_with(class)) => {
                Ok(Prepared::Refused(text_of_postgres(&error)))
            }
            // A literal that is not of its column's type: here it would be equal to nothing.
            Some(code) if code.starts_with("22") => {
                Err(plan(format!("{}: {}", database.name, text_of_postgres(&error))))
            }
            _ => Err(of_postgres(&database.name, &error)),
        },
    };
    lease.end().await;
    result
}

/// Runs a statement and gives its rows, each as the JSON texts of its values, until `take` says false.
pub(crate) async fn run(
    lease: &Lease,
    statement: &Statement,
    mut take: impl FnMut(Vec<String>) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let mut problem = Ok(());
    let (mut is_enough, mut is_cut) = (false, false);
    let text = lease.alone(&statement.text);
    let read = lease.run(async |client| {
        let mut messages = pin!(client.simple_query_raw(&text).await?);
        while let Some(message) = messages.try_next().await? {
            let SimpleQueryMessage::Row(row) = message else { continue };
            // Only a row more than was wanted shows that there is a rest.
            is_cut = is_enough;
            if is_cut {
                break;
            }
            match row_of(&row, statement).and_then(&mut take) {
                Ok(wants_more) => is_enough = !wants_more,
                Err(failure) => {
                    problem = Err(failure);
                    break;
                }
            }
        }
        Ok(())
    });
    read.await?;
    if is_cut || problem.is_err() {
        // The rest of the rows is still to come.
        lease.abandon();
    } else {
        lease.is_alone_no_more();
    }
    problem
}

fn row_of(row: &SimpleQueryRow, statement: &Statement) -> Result<Vec<String>, Failure> {
    let cell = |(at, data_type): (usize, &Type)| {
        let mut out = String::new();
        match row.get(at) {
            Some(written) => write_value(&mut out, written, data_type)?,
            None => out.push_str("null"),
        }
        Ok(out)
    };
    statement.types.iter().enumerate().map(cell).collect()
}

/// A value as PostgreSQL writes it, as JSON.
fn write_value(out: &mut String, written: &str, data_type: &Type) -> Result<(), Failure> {
    match *data_type {
        Type::BOOL => out.push_str(if written == "t" { "true" } else { "false" }),
        Type::INT2 | Type::INT4 | Type::INT8 | Type::FLOAT4 | Type::FLOAT8 | Type::NUMERIC => {
            value::number(out, written)?;
        }
        Type::DATE => value::postgres_date(out, written)?,
        Type::TIMESTAMP => value::postgres_timestamp(out, written, false)?,
        Type::TIMESTAMPTZ => value::postgres_timestamp(out, written, true)?,
        _ => value::text(out, written),
    }
    Ok(())
}

/// What the database is going to do; with `analyze`, what it did.
pub(crate) async fn explain(lease: &Lease, statement: &Statement, analyze: bool) -> Result<String, Failure> {
    let how = if analyze { "EXPLAIN (ANALYZE)" } else { "EXPLAIN" };
    let text = format!("{how} {}", statement.text);
    let messages = lease.run(async |client| client.simple_query(&text).await).await?;
    let lines = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    Ok(lines.collect::<Vec<_>>().join("\n"))
}
