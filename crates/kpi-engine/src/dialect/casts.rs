//! Casts as PostgreSQL does them, where the engine's own give another value.
//!
//! An instant has the clock of its zone when it becomes a time without one, or a day; the engine would take that of UTC. A
//! number is rounded when it becomes an integer; the engine would cut it.

use std::sync::Arc;

use datafusion::arrow::array::{Array as _, ArrayRef, AsArray as _};
use datafusion::arrow::compute::{CastOptions, cast_with_options};
use datafusion::arrow::datatypes::{DataType, Float32Type, Float64Type, TimeUnit};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode as _};
use datafusion::common::{DFSchema, DataFusionError, Result, plan_err};
use datafusion::functions::datetime::to_local_time;
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Cast, ColumnarValue, Expr, ExprSchemable as _, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl,
    Signature, TryCast, Volatility, cast,
};
use datafusion::optimizer::AnalyzerRule;
use datafusion::sql::sqlparser::ast::BinaryOperator;
use metrics_core::kpi::ErrorKind;

use crate::failure::{failure, through};

/// The rule for casts; it goes behind the engine's own, which put in those that are not written.
#[derive(Debug)]
pub(crate) struct Casts {
    nearest: Arc<ScalarUDF>,
}

impl Default for Casts {
    fn default() -> Self {
        Self { nearest: Arc::new(ScalarUDF::from(Nearest::default())) }
    }
}

impl AnalyzerRule for Casts {
    fn name(&self) -> &'static str {
        "casts_of_postgres"
    }

    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        plan.transform_up_with_subqueries(|plan| self.of_node(plan)).map(|plan| plan.data)
    }
}

impl Casts {
    fn of_node(&self, plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
        let mut schema = merge_schema(&plan.inputs());
        if let LogicalPlan::TableScan(scan) = &plan {
            schema.merge(&DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema())?);
        }
        let names = NamePreserver::new(&plan);
        plan.map_expressions(|expr| {
            let name = names.save(&expr);
            let changed = expr.transform_up(|expr| self.of_expr(expr, &schema))?;
            Ok(changed.update_data(|expr| name.restore(expr)))
        })?
        .map_data(LogicalPlan::recompute_schema)
    }

    fn of_expr(&self, mut expr: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
        let (Expr::Cast(Cast { expr: inner, field }) | Expr::TryCast(TryCast { expr: inner, field })) = &mut expr
        else {
            return Ok(Transformed::no(expr));
        };
        let function = match (inner.get_type(schema)?, field.data_type()) {
            (
                DataType::Timestamp(_, Some(_)),
                DataType::Timestamp(_, None)
                | DataType::Date32
                | DataType::Date64
                | DataType::Time32(_)
                | DataType::Time64(_),
            ) => to_local_time(),
            (from, to) if has_fraction(&from) && to.is_integer() => Arc::clone(&self.nearest),
            _ => return Ok(Transformed::no(expr)),
        };
        let of = std::mem::take(inner.as_mut());
        **inner = Expr::ScalarFunction(ScalarFunction::new_udf(function, vec![of]));
        Ok(Transformed::yes(expr))
    }
}

fn has_fraction(data_type: &DataType) -> bool {
    data_type.is_floating()
        || matches!(data_type, DataType::Decimal128(_, scale) | DataType::Decimal256(_, scale) if *scale > 0)
}

/// The nearest whole number, of the same type. In the middle between two it is the one further from zero of decimals.
///
/// For PostgreSQL it is the even one of floating point numbers; but what is one here may be a decimal there, as an average
/// of integers is. So it is an error there.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Nearest(Signature);

impl Default for Nearest {
    fn default() -> Self {
        Self(Signature::any(1, Volatility::Immutable))
    }
}

impl ScalarUDFImpl for Nearest {
    fn name(&self) -> &'static str {
        "nearest_whole"
    }

    fn signature(&self) -> &Signature {
        &self.0
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(match types {
            // One digit more: 9.9 becomes 10.
            [DataType::Decimal128(precision, scale)] => {
                DataType::Decimal128(whole_digits(*precision, *scale).min(38), 0)
            }
            [DataType::Decimal256(precision, scale)] => {
                DataType::Decimal256(whole_digits(*precision, *scale).min(76), 0)
            }
            [other] => other.clone(),
            _ => return plan_err!("nearest_whole takes one number"),
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [number] = args.args.as_slice() else { return plan_err!("nearest_whole takes one number") };
        let array = number.to_array(args.number_rows)?;
        let rounded: ArrayRef = match array.data_type() {
            DataType::Float32 => {
                let nearest = |number: f32| match number.fract().abs() {
                    0.5 => Err(in_the_middle(number.into())),
                    _ => Ok(number.round_ties_even()),
                };
                Arc::new(array.as_primitive::<Float32Type>().try_unary::<_, Float32Type, _>(nearest)?)
            }
            DataType::Float64 => {
                let nearest = |number: f64| match number.fract().abs() {
                    0.5 => Err(in_the_middle(number)),
                    _ => Ok(number.round_ties_even()),
                };
                Arc::new(array.as_primitive::<Float64Type>().try_unary::<_, Float64Type, _>(nearest)?)
            }
            // Decimals are rounded to the digits that they have room for, away from zero.
            _ => {
                let options = CastOptions { safe: false, ..CastOptions::default() };
                cast_with_options(&array, args.return_field.data_type(), &options)?
            }
        };
        Ok(ColumnarValue::Array(rounded))
    }
}

fn in_the_middle(number: f64) -> DataFusionError {
    let reason = "is in the middle between two integers, of which it is not certain which one is meant";
    through(failure(
        ErrorKind::Value,
        format!("{number} {reason}: write CAST(ROUND(x) AS …), which goes away from zero"),
    ))
}

fn whole_digits(precision: u8, scale: i8) -> u8 {
    precision.saturating_sub(scale.max(0).unsigned_abs()).saturating_add(1)
}

/// Compares an instant with a day by the instant at which the day begins in its zone, as PostgreSQL does.
#[derive(Debug)]
pub(crate) struct DaysAsInstants;

impl ExprPlanner for DaysAsInstants {
    fn plan_binary_op(&self, mut expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};

        if matches!(expr.op, Eq | NotEq | Lt | LtEq | Gt | GtEq) {
            let zone = |expr: &Expr| match expr.get_type(schema) {
                Ok(DataType::Timestamp(_, zone)) => zone,
                _ => None,
            };
            let is_day = |expr: &Expr| matches!(expr.get_type(schema), Ok(DataType::Date32));
            let (left, right) = (zone(&expr.left), zone(&expr.right));
            match (left, right) {
                (Some(zone), None) if is_day(&expr.right) => expr.right = beginning(expr.right, zone),
                (None, Some(zone)) if is_day(&expr.left) => expr.left = beginning(expr.left, zone),
                _ => {}
            }
        }
        Ok(PlannerResult::Original(expr))
    }
}

/// The instant at which a day begins.
fn beginning(day: Expr, zone: Arc<str>) -> Expr {
    let midnight = cast(day, DataType::Timestamp(TimeUnit::Microsecond, None));
    cast(midnight, DataType::Timestamp(TimeUnit::Microsecond, Some(zone)))
}
