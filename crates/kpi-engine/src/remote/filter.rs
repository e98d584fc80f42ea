//! Filters that a store applies: a closed list, of which it is known that both sides select the same rows, or that the
//! store selects more.
//!
//! Not in it, because the two would differ or it is not certain that they do not: order of texts (a database's
//! collation is not that of bytes), LIKE with a backslash, ILIKE, anything on a type that is only read as text.

use chrono::{DateTime, Datelike as _};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Between, BinaryExpr, Expr, Like, Operator, expr::InList};
use datafusion::sql::sqlparser::ast::{
    BinaryOperator, DataType as SqlType, Expr as Sql, TimezoneInfo, UnaryOperator, Value,
};

use super::column::{Column, Kind};
use super::dialect::{Dialect, cast};

/// Longer lists of IN are filtered here.
const MAX_LIST: usize = 1000;

/// A filter in SQL.
#[derive(Debug)]
pub(crate) struct Pushed {
    /// The condition.
    pub sql: Sql,
    /// Whether the store selects by it what is selected here, and not more.
    pub is_exact: bool,
}

impl Pushed {
    fn exact(sql: Sql) -> Self {
        Self { sql, is_exact: true }
    }

    fn map(self, change: impl FnOnce(Sql) -> Sql) -> Self {
        Self { sql: change(self.sql), is_exact: self.is_exact }
    }

    /// Itself if it may be turned round: of one that selects more, the opposite selects less.
    fn turned(self) -> Option<Sql> {
        self.is_exact.then_some(self.sql)
    }
}

/// The filter in SQL, if it is in the list.
pub(crate) fn pushed(filter: &Expr, columns: &[Column], dialect: Dialect) -> Option<Pushed> {
    let inner = |inner: &Expr| pushed(inner, columns, dialect);
    let is_null = |inner: &Expr| Some(Box::new(dialect.selected(column(inner, columns)?)));
    match filter {
        Expr::Column(_) => match column(filter, columns)? {
            column if column.kind == Kind::Boolean => Some(Pushed::exact(column.ident())),
            _ => None,
        },
        Expr::Not(negated) => Some(Pushed::exact(not(inner(negated)?.turned()?))),
        Expr::IsNull(inner) => Some(Pushed::exact(Sql::IsNull(is_null(inner)?))),
        Expr::IsNotNull(inner) => Some(Pushed::exact(Sql::IsNotNull(is_null(inner)?))),
        Expr::IsTrue(of) => Some(inner(of)?.map(|sql| Sql::IsTrue(Box::new(nested(sql))))),
        Expr::IsFalse(of) => Some(Pushed::exact(Sql::IsFalse(Box::new(nested(inner(of)?.turned()?))))),
        Expr::IsNotTrue(of) => Some(Pushed::exact(Sql::IsNotTrue(Box::new(nested(inner(of)?.turned()?))))),
        Expr::IsNotFalse(of) => Some(Pushed::exact(Sql::IsNotFalse(Box::new(nested(inner(of)?.turned()?))))),
        Expr::BinaryExpr(BinaryExpr { left, op: op @ (Operator::And | Operator::Or), right }) => {
            let op = if *op == Operator::And { BinaryOperator::And } else { BinaryOperator::Or };
            let (left, right) = (inner(left)?, inner(right)?);
            let is_exact = left.is_exact && right.is_exact;
            Some(Pushed { sql: binary(nested(left.sql), op, nested(right.sql)), is_exact })
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            if let Some(column) = column(left, columns) {
                comparison(column, *op, right, dialect)
            } else {
                comparison(column(right, columns)?, op.swap()?, left, dialect)
            }
        }
        Expr::Between(Between { expr, negated: is_negated, low, high }) => {
            let column = column(expr, columns)?;
            let low = comparison(column, Operator::GtEq, low, dialect)?.turned()?;
            let high = comparison(column, Operator::LtEq, high, dialect)?.turned()?;
            let both = binary(low, BinaryOperator::And, high);
            Some(Pushed::exact(if *is_negated { not(both) } else { both }))
        }
        Expr::InList(InList { expr, list, negated }) if list.len() <= MAX_LIST && !list.is_empty() => {
            let column = column(expr, columns)?;
            let list = list.iter().map(|item| literal(column, item, dialect)).collect::<Option<Vec<_>>>()?;
            let expr = Box::new(compared(column, dialect));
            of_texts(column, *negated, dialect, Sql::InList { expr, list, negated: *negated })
        }
        Expr::Like(Like { negated, expr, pattern, escape_char: None, case_insensitive: false }) => {
            let column = column(expr, columns).filter(|column| column.kind == Kind::Text)?;
            let pattern = text(pattern).filter(|pattern| !pattern.contains('\\'))?;
            let (expr, pattern) = (Box::new(column.ident()), Box::new(quoted_text(pattern)?));
            let like = Sql::Like { negated: *negated, any: false, expr, pattern, escape_char: None };
            of_texts(column, *negated, dialect, like)
        }
        _ => None,
    }
}

/// A condition that may compare texts.
fn of_texts(column: &Column, is_negated: bool, dialect: Dialect, sql: Sql) -> Option<Pushed> {
    let is_exact = column.kind != Kind::Text || dialect.compares_texts();
    (is_exact || !is_negated).then_some(Pushed { sql, is_exact })
}

fn column<'a>(expr: &Expr, columns: &'a [Column]) -> Option<&'a Column> {
    match expr {
        Expr::Column(column) => columns.iter().find(|known| known.name == column.name),
        _ => None,
    }
}

fn comparison(column: &Column, op: Operator, other: &Expr, dialect: Dialect) -> Option<Pushed> {
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
    let is_negated = op == BinaryOperator::NotEq;
    let sql = binary(compared(column, dialect), op, literal(column, other, dialect)?);
    of_texts(column, is_negated, dialect, sql)
}

/// The column as it is compared: `real` numbers are compared as the wider ones that they are read as.
fn compared(column: &Column, dialect: Dialect) -> Sql {
    if column.kind == Kind::Float { dialect.selected(column) } else { column.ident() }
}

/// A literal of the column's own type; a null is none.
fn literal(column: &Column, expr: &Expr, dialect: Dialect) -> Option<Sql> {
    let Expr::Literal(value, _) = expr else { return None };
    match (column.kind, value) {
        (Kind::Boolean, ScalarValue::Boolean(Some(flag))) => Some(Sql::Value(Value::Boolean(*flag).into())),
        (Kind::Integer, ScalarValue::Int64(Some(number))) => Some(typed(number.to_string(), SqlType::BigInt(None))),
        (Kind::Float, ScalarValue::Float64(Some(number))) if number.is_finite() && dialect.compares_floats() => {
            Some(typed(format!("{number:?}"), SqlType::DoublePrecision))
        }
        (Kind::Decimal { precision, scale, is_exact: true }, value @ ScalarValue::Decimal128(Some(_), ..)) => {
            let ScalarValue::Decimal128(Some(digits), its_precision, its_scale) = *value else { return None };
            (its_scale == scale && precision > 0)
                .then(|| typed(decimal(digits, scale), dialect.decimal(its_precision, scale)))
        }
        (Kind::Date, ScalarValue::Date32(Some(days))) => {
            let at = DateTime::from_timestamp(i64::from(*days) * 86_400, 0)?;
            in_years_of_four_digits(at.year()).then(|| typed(at.format("%Y-%m-%d").to_string(), SqlType::Date))
        }
        (Kind::Timestamp { is_exact: true }, ScalarValue::TimestampMicrosecond(Some(at), None)) => {
            Some(typed(instant(*at, dialect.fraction_digits())?, dialect.timestamp()))
        }
        (Kind::Instant, ScalarValue::TimestampMicrosecond(Some(at), Some(_))) if dialect == Dialect::Postgres => {
            let utc = format!("{}+00", instant(*at, dialect.fraction_digits())?);
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

/// An instant with as many digits of the second, if those are all that it has.
fn instant(microseconds: i64, digits: u32) -> Option<String> {
    let at = DateTime::from_timestamp_micros(microseconds).filter(|at| in_years_of_four_digits(at.year()))?;
    if microseconds.rem_euclid(10_i64.pow(6_u32.saturating_sub(digits))) != 0 {
        return None;
    }
    let format = match digits {
        0 => "%Y-%m-%d %H:%M:%S",
        3 => "%Y-%m-%d %H:%M:%S%.3f",
        _ => "%Y-%m-%d %H:%M:%S%.6f",
    };
    Some(at.format(format).to_string())
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

/// Text in quotes; no store has texts with a zero byte for certain. Quotes inside are doubled here: the printer of SQL leaves
/// alone what looks escaped already.
fn quoted_text(text: &str) -> Option<Sql> {
    (!text.contains('\0')).then(|| Sql::Value(Value::SingleQuotedString(text.replace('\'', "''")).into()))
}

/// A literal whose text has no quotes, with its type.
fn typed(text: String, data_type: SqlType) -> Sql {
    cast(Sql::Value(Value::SingleQuotedString(text).into()), data_type)
}

/// The condition that all of these are met; none, if there are none.
pub(crate) fn all_of(conditions: impl IntoIterator<Item = Sql>) -> Option<Sql> {
    conditions.into_iter().map(bound).reduce(|left, right| binary(left, BinaryOperator::And, right))
}

/// The condition that one of these is met; none, if there are none.
pub(crate) fn any_of(conditions: impl IntoIterator<Item = Sql>) -> Option<Sql> {
    conditions.into_iter().map(bound).reduce(|left, right| binary(left, BinaryOperator::Or, right))
}

/// In parentheses, where AND or OR beside it would take its parts.
fn bound(sql: Sql) -> Sql {
    match sql {
        Sql::BinaryOp { op: BinaryOperator::And | BinaryOperator::Or, .. } => nested(sql),
        other => other,
    }
}

/// The condition that both are the same.
pub(crate) fn equals(left: Sql, right: Sql) -> Sql {
    binary(left, BinaryOperator::Eq, right)
}

fn not(sql: Sql) -> Sql {
    Sql::UnaryOp { op: UnaryOperator::Not, expr: Box::new(nested(sql)) }
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
