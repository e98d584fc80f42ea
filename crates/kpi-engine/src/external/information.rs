//! Columns of tables, as an engine's information schema tells them.

use datafusion::arrow::array::AsArray as _;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList, FunctionArguments, Ident, ObjectName, SetExpr,
};
use futures_util::TryStreamExt as _;

use super::{ExternalError, ExternalTable, Rows, rows};
use crate::dialect::{parse, printed};
use crate::remote::{Column, all_of, any_of, equals};

/// The query with the condition that schema and table, which the columns `keys` have, are among the named ones; with
/// `folds`, whatever the case of the letters.
pub(super) fn text(sql: &str, named: &[[String; 2]], keys: [&str; 2], folds: bool) -> Result<String, ExternalError> {
    let mut query = parse(sql).map_err(|failure| ExternalError::Failed(failure.message))?;
    let one = |names: &[String; 2]| {
        all_of(keys.iter().zip(names).map(|(key, name)| {
            let key = Expr::Identifier(Ident::new(*key));
            if folds { equals(lower(key), text_of(name.to_lowercase())) } else { equals(key, text_of(name.clone())) }
        }))
    };
    if let SetExpr::Select(select) = query.body.as_mut() {
        select.selection = any_of(named.iter().filter_map(one));
    }
    Ok(printed(query))
}

/// A text; its quotes are doubled when it is printed.
fn text_of(text: String) -> Expr {
    Expr::value(datafusion::sql::sqlparser::ast::Value::SingleQuotedString(text))
}

fn lower(expr: Expr) -> Expr {
    let argument = FunctionArg::Unnamed(FunctionArgExpr::Expr(expr));
    let list = FunctionArgumentList { duplicate_treatment: None, args: vec![argument], clauses: Vec::new() };
    Expr::Function(Function {
        name: ObjectName::from(vec![Ident::new("LOWER")]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: FunctionArguments::List(list),
        filter: None,
        null_treatment: None,
        over: None,
        within_group: Vec::new(),
    })
}

/// Tables from rows of schema, table, column, type, and perhaps digits and digits after the point, without their paths.
pub(super) async fn read(rows: Rows) -> Result<Vec<ExternalTable>, ExternalError> {
    let mut tables: Vec<ExternalTable> = Vec::new();
    let mut batches = rows.batches;
    while let Some(batch) = batches.try_next().await? {
        let texts =
            batch.columns().iter().map(|column| cast(column, &DataType::Utf8)).collect::<Result<Vec<_>, _>>()?;
        let text = |row: usize, at: usize| {
            let column = texts.get(at)?.as_string::<i32>();
            (!datafusion::arrow::array::Array::is_null(column, row)).then(|| column.value(row))
        };
        for row in 0..batch.num_rows() {
            let (Some(schema), Some(name), Some(column), Some(kind)) =
                (text(row, 0), text(row, 1), text(row, 2), text(row, 3))
            else {
                let request = "information schema".to_owned();
                return Err(ExternalError::Malformed { request, reason: "a column without a name or type".to_owned() });
            };
            let number = |at| text(row, at).and_then(|digits| digits.parse().ok());
            let scale = number(5).and_then(|scale: u8| i8::try_from(scale).ok());
            let column = Column { name: column.to_owned(), kind: rows::kind(kind, number(4), scale) };
            match tables.last_mut().filter(|table| table.schema == schema && table.name == name) {
                Some(table) => table.columns.push(column),
                None => tables.push(ExternalTable {
                    schema: schema.to_owned(),
                    name: name.to_owned(),
                    path: Vec::new(),
                    columns: vec![column],
                }),
            }
        }
    }
    Ok(tables)
}
