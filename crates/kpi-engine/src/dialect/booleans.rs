//! `is_public = 'true'`: a boolean against a text.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result, ScalarValue};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable as _};
use datafusion::sql::sqlparser::ast::BinaryOperator;

/// Reads a text as boolean where it is compared with one, as PostgreSQL does.
#[derive(Debug)]
pub(crate) struct BooleanTexts;

impl ExprPlanner for BooleanTexts {
    fn plan_binary_op(&self, mut expr: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        if matches!(expr.op, BinaryOperator::Eq | BinaryOperator::NotEq) {
            if is_boolean(&expr.left, schema) {
                read(&mut expr.right);
            } else if is_boolean(&expr.right, schema) {
                read(&mut expr.left);
            }
        }
        Ok(PlannerResult::Original(expr))
    }
}

fn is_boolean(expr: &Expr, schema: &DFSchema) -> bool {
    !matches!(expr, Expr::Literal(..)) && expr.get_type(schema).is_ok_and(|data_type| data_type == DataType::Boolean)
}

fn read(expr: &mut Expr) {
    if let Expr::Literal(
        ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)),
        metadata,
    ) = expr
    {
        let flag = match text.trim().to_ascii_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "on" | "1" => true,
            "false" | "f" | "no" | "n" | "off" | "0" => false,
            _ => return,
        };
        *expr = Expr::Literal(ScalarValue::Boolean(Some(flag)), metadata.take());
    }
}
