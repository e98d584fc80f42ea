//! Whole numbers that do not wrap around: a sum, difference or product that its type cannot hold is an error, as it is in
//! PostgreSQL. The engine would give another number.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{Column, DFSchema, Result};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Aggregate, BinaryExpr, Expr, ExprSchemable as _, LogicalPlan, Operator, Projection, cast,
};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

/// Holds every whole number of 64 bits; sums and products get the digits that they need.
const WIDE: DataType = DataType::Decimal128(20, 0);

/// The rule. It goes behind those that send parts of a query to its sources, which compute by themselves.
#[derive(Debug)]
pub(crate) struct WholeNumbers;

impl OptimizerRule for WholeNumbers {
    fn name(&self) -> &'static str {
        "whole_numbers_that_fit"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::BottomUp)
    }

    fn rewrite(&self, plan: LogicalPlan, _: &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>> {
        if matches!(plan, LogicalPlan::TableScan(_)) {
            return Ok(Transformed::no(plan));
        }
        arithmetic(plan)?.transform_data(|plan| match plan {
            LogicalPlan::Aggregate(aggregate) => sums(aggregate),
            plan => Ok(Transformed::no(plan)),
        })
    }
}

fn arithmetic(plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
    let schema = merge_schema(&plan.inputs());
    let names = NamePreserver::new(&plan);
    let changed = plan.map_expressions(|expr| {
        let name = names.save(&expr);
        let changed = expr.transform_up(|expr| checked(expr, &schema))?;
        Ok(changed.update_data(|expr| name.restore(expr)))
    })?;
    if changed.transformed { changed.map_data(LogicalPlan::recompute_schema) } else { Ok(changed) }
}

/// `CAST(CAST(a AS DECIMAL) + CAST(b AS DECIMAL) AS BIGINT)` for `a + b`.
fn checked(expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
    let Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::Plus | Operator::Minus | Operator::Multiply), right }) =
        &expr
    else {
        return Ok(Transformed::no(expr));
    };
    let (narrow, other) = (left.get_type(schema)?, right.get_type(schema)?);
    if narrow != other || !narrow.is_integer() {
        return Ok(Transformed::no(expr));
    }
    let operand = |expr: &Expr| Box::new(cast(expr.clone(), WIDE));
    let wide = Expr::BinaryExpr(BinaryExpr::new(operand(left), *op, operand(right)));
    Ok(Transformed::yes(cast(wide, narrow)))
}

/// Sums of wide numbers, under a projection that makes them narrow again.
fn sums(aggregate: Aggregate) -> Result<Transformed<LogicalPlan>> {
    let schema = aggregate.input.schema();
    let wide = aggregate.aggr_expr.iter().map(|expr| Ok((wide_sum(expr, schema)?, expr)));
    let wide = wide.collect::<Result<Vec<_>>>()?;
    if wide.iter().all(|(wide, _)| wide.is_none()) {
        return Ok(Transformed::no(LogicalPlan::Aggregate(aggregate)));
    }
    let exprs = wide.into_iter().map(|(wide, expr)| wide.unwrap_or_else(|| expr.clone())).collect();
    let inner = Aggregate::try_new(Arc::clone(&aggregate.input), aggregate.group_expr.clone(), exprs)?;
    let columns = inner.schema.iter().zip(aggregate.schema.iter()).map(|((relation, field), (named, narrow))| {
        let column = Expr::Column(Column::new(relation.cloned(), field.name()));
        if field.data_type() == narrow.data_type() {
            return column;
        }
        cast(column, narrow.data_type().clone()).alias_qualified(named.cloned(), narrow.name())
    });
    let columns = columns.collect();
    let projection =
        Projection::try_new_with_schema(columns, Arc::new(LogicalPlan::Aggregate(inner)), aggregate.schema)?;
    Ok(Transformed::yes(LogicalPlan::Projection(projection)))
}

fn wide_sum(expr: &Expr, schema: &DFSchema) -> Result<Option<Expr>> {
    let (function, name) = match expr {
        Expr::Alias(alias) => (alias.expr.as_ref(), alias.name.clone()),
        expr => (expr, expr.schema_name().to_string()),
    };
    let Expr::AggregateFunction(AggregateFunction { func, params }) = function else { return Ok(None) };
    let [of] = params.args.as_slice() else { return Ok(None) };
    if func.name() != "sum" || !matches!(of.get_type(schema)?, DataType::Int64 | DataType::UInt64) {
        return Ok(None);
    }
    let mut params = params.clone();
    params.args = vec![cast(of.clone(), WIDE)];
    Ok(Some(Expr::AggregateFunction(AggregateFunction { func: Arc::clone(func), params }).alias(name)))
}
