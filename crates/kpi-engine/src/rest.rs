//! What a source was to filter by, and cannot.
//!
//! A filter that a table took over may be rewritten before the table is scanned, into one that its source does not take.
//! It is for the scan to apply it then, because nothing above it does.

use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{Column, DFSchema, Result};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExecBuilder;

/// Rows of a table with this schema that all of `rest` select, with the columns of `projection`. `read` scans columns, up
/// to a limit: where something is left to filter by, without one.
pub(crate) fn scan_filtered(
    state: &dyn Session,
    schema: &SchemaRef,
    projection: Option<&Vec<usize>>,
    limit: Option<usize>,
    rest: impl IntoIterator<Item = Expr>,
    read: impl FnOnce(Option<&Vec<usize>>, Option<usize>) -> Result<Arc<dyn ExecutionPlan>>,
) -> Result<Arc<dyn ExecutionPlan>> {
    let Some(rest) = conjunction(rest) else { return read(projection, limit) };
    let wanted: Vec<usize> = projection.map_or_else(|| (0..schema.fields().len()).collect(), Clone::clone);
    let mut columns = wanted.clone();
    for column in rest.column_refs() {
        let number = schema.index_of(&column.name)?;
        if !columns.contains(&number) {
            columns.push(number);
        }
    }
    let scan = read(Some(&columns), None)?;
    let rest = state.create_physical_expr(unqualified(rest)?, &DFSchema::try_from(scan.schema())?)?;
    let filtered = FilterExecBuilder::new(rest, scan).apply_projection(Some((0..wanted.len()).collect()))?.build()?;
    Ok(Arc::new(filtered))
}

/// The condition with columns by their names alone.
fn unqualified(condition: Expr) -> Result<Expr> {
    let bare = |expression: Expr| {
        Ok(match expression {
            Expr::Column(column) => Transformed::yes(Expr::Column(Column::new_unqualified(column.name))),
            other => Transformed::no(other),
        })
    };
    Ok(condition.transform(bare)?.data)
}
