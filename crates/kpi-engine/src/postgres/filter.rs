//! Filters that PostgreSQL applies: a closed list, of which it is known that both sides select the same rows.
//!
//! Not in it, because the two would differ or it is not certain that they do not: order of texts (a database's
//! collation is not that of bytes), LIKE with a backslash, ILIKE, anything on a type that is only read as text.

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Like, Operator, expr::InList};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, CastKind, DataType as SqlType, ExactNumberInfo, Expr as Sql, TimezoneInfo, UnaryOperator, Value,
};

use super::column::{Column, Kind};
use chrono::{DateTime, Datelike as _};

/// Longer lists of IN are filtered here.
const MAX_LIST: usize = 1000;

/// The filter in SQL, if it is in the list.
pub(super) fn pushed(filter: &Expr, columns: &[Column]) -> Option<Sql> {
    let negated = |sql: Sql| Sql::UnaryOp { op: UnaryOperator::Not, expr: Box::new(nested(sql)) };
    match filter {
        Expr::Column(_) => match column(filter, columns)? {
            column if column.kind == Kind::Boolean => Some(column.ident()),
            _ => None,
        },
        Expr::Not(inner) => Some(negated(pushed(inner, columns)?)),
        Expr::IsNull(inner) => Some(Sql::IsNull(Box::new(column(inner, columns)?.selected()))),
        Expr::IsNotNull(inner) => Some(Sql::IsNotNull(Box::new(column(inner, columns)?.selected()))),
        Expr::IsTrue(inner) => Some(Sql::IsTrue(Box::new(nested(pushed(inner, columns)?)))),
        Expr::IsFalse(inner) => Some(Sql::IsFalse(Box::new(nested(pushed(inner, columns)?)))),
        Expr::IsNotTrue(inner) => Some(Sql::IsNotTrue(Box::new(nested(pushed(inner, columns)?)))),
        Expr::IsNotFalse(inner) => Some(Sql::IsNotFalse(Box::new(nested(pushed(inner, columns)?)))),
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
            let op = if *op == Operator::And { BinaryOperator::And } else { BinaryOperator::Or };
            Some(binary(nested(pushed(left, columns)?), op, nested(pushed(right, columns)?)))
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            if let Some(column) = column(left, columns) {
                comparison(column, *op, right)
            } else {
                comparison(column(right, columns)?, op.swap()?, left)
            }
        }
        Expr::Between(Between { expr, negated: is_negated, low, high }) => {
            let column = column(expr, columns)?;
            let low = comparison(column, Operator::GtEq, low)?;
            let both = binary(low, BinaryOperator::And, comparison(column, Operator::LtEq, high)?);
            Some(if *is_negated { negated(both) } else { both })
        }
        Expr::InList(InList { expr, list, negated }) if list.len() <= MAX_LIST && !list.is_empty() => {
            let column = column(expr, columns)?;
            let list = list.iter().map(|item| literal(column, item)).collect::<Option<Vec<_>>>()?;
            Some(Sql::InList { expr: Box::new(compared(column)), list, negated: *negated })
        }
        Expr::Like(Like { negated, expr, pattern, escape_char: None, case_insensitive: false }) => {
            let column = column(expr, columns).filter(|column| column.kind == Kind::Text)?;
            let pattern = text(pattern).filter(|pattern| !pattern.contains('\\'))?;
            Some(Sql::Like {
                negated: *negated,
                any: false,
                expr: Box::new(column.ident()),
                pattern: Box::new(quoted_text(pattern)?),
                escape_char: None,
            })
        }
        _ => None,
    }
}

fn column<'a>(expr: &Expr, columns: &'a [Column]) -> Option<&'a Column> {
    match expr {
        Expr::Column(column) => columns.iter().find(|known| known.name == column.name),
        _ => None,
    }
}

fn comparison(column: &Column, op: Operator, other: &Expr) -> Option<Sql> {
    let is_text = matches!(column.kind, Kind::Text | Kind::Uuid);
    let op = match op {
        Operator::Eq => BinaryOperator::Eq,
        Operator::NotEq => BinaryOperator::NotEq,
        Operator::Lt if !is_text => BinaryOperator::Lt,
        Operator::LtEq if !is_text => BinaryOperator::LtEq,
        Operator::Gt if !is_text => BinaryOperator::Gt,
        Operator::GtEq if !is_text => BinaryOperator::GtEq,
        _ => return None,
    };
    Some(binary(compared(column), op, literal(column, other)?))
}

/// The column as it is compared: `real` numbers are compared as the wider ones that they are read as.
fn compared(column: &Column) -> Sql {
    if column.kind == Kind::Float { column.selected() } else { column.ident() }
}

/// A literal of the column's own type; a null is none.
fn literal(column: &Column, expr: &Expr) -> Option<Sql> {
    let Expr::Literal(value, _) = expr else { return None };
    match (column.kind, value) {
        (Kind::Boolean, ScalarValue::Boolean(Some(flag))) => Some(Sql::Value(Value::Boolean(*flag).into())),
        (Kind::Integer, ScalarValue::Int64(Some(number))) => Some(typed(number.to_string(), SqlType::BigInt(None))),
        (Kind::Float, ScalarValue::Float64(Some(number))) if number.is_finite() => {
            Some(typed(format!("{number:?}"), SqlType::DoublePrecision))
        }
        (Kind::Decimal { precision, scale, is_exact: true }, value @ ScalarValue::Decimal128(Some(_), ..)) => {
            let ScalarValue::Decimal128(Some(digits), _, its_scale) = *value else { return None };
            (its_scale == scale && precision > 0)
                .then(|| typed(decimal(digits, scale), SqlType::Numeric(ExactNumberInfo::None)))
        }
        (Kind::Date, ScalarValue::Date32(Some(days))) => {
            let at = DateTime::from_timestamp(i64::from(*days) * 86_400, 0)?;
            in_years_of_four_digits(at.year()).then(|| typed(at.format("%Y-%m-%d").to_string(), SqlType::Date))
        }
        (Kind::Timestamp, ScalarValue::TimestampMicrosecond(Some(at), None)) => {
            Some(typed(instant(*at)?, SqlType::Timestamp(None, TimezoneInfo::None)))
        }
        (Kind::Instant, ScalarValue::TimestampMicrosecond(Some(at), Some(_))) => {
            let utc = format!("{}+00", instant(*at)?);
            Some(typed(utc, SqlType::Timestamp(None, TimezoneInfo::WithTimeZone)))
        }
        (Kind::Text, _) => quoted_text(text(expr)?),
        // Only a text that a uuid could be written as; any other is equal to none, here as there.
        (Kind::Uuid, _) => {
            let text = text(expr).filter(|text| is_uuid(text))?;
            Some(typed(text.to_owned(), SqlType::Uuid))
        }
        _ => None,
    }
}

fn instant(microseconds: i64) -> Option<String> {
    let at = DateTime::from_timestamp_micros(microseconds).filter(|at| in_years_of_four_digits(at.year()))?;
    Some(at.format("%Y-%m-%d %H:%M:%S%.6f").to_string())
}

fn in_years_of_four_digits(year: i32) -> bool {
    (1..=9999).contains(&year)
}

fn decimal(digits: i128, scale: i8) -> String {
    let scale = usize::try_from(scale).unwrap_or(0);
    let sign = if digits < 0 { "-" } else { "" };
    let text = format!("{:0>width$}", digits.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = text.split_at(text.len() - scale);
    if scale == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

fn text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(
            ScalarValue::Utf8(Some(text)) | ScalarValue::LargeUtf8(Some(text)) | ScalarValue::Utf8View(Some(text)),
            _,
        ) => Some(text),
        _ => None,
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        })
}

/// Text in quotes; PostgreSQL has no texts with a zero byte. Quotes inside are doubled here: the printer of SQL leaves
/// alone what looks escaped already.
fn quoted_text(text: &str) -> Option<Sql> {
    (!text.contains('\0')).then(|| Sql::Value(Value::SingleQuotedString(text.replace('\'', "''")).into()))
}

/// A literal whose text has no quotes, with its type.
fn typed(text: String, data_type: SqlType) -> Sql {
    let expr = Box::new(Sql::Value(Value::SingleQuotedString(text).into()));
    Sql::Cast { kind: CastKind::Cast, expr, data_type, array: false, format: None }
}

fn binary(left: Sql, op: BinaryOperator, right: Sql) -> Sql {
    Sql::BinaryOp { left: Box::new(left), op, right: Box::new(right) }
}

fn nested(sql: Sql) -> Sql {
    match sql {
        Sql::Identifier(_) => sql,
        other => Sql::Nested(Box::new(other)),
    }
}
