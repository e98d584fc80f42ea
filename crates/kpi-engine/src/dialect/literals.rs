//! Values that are put into a query: parameters, and the instant of the run.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use chrono::{DateTime, NaiveDateTime, Utc};
use chrono_tz::Tz;
use datafusion::sql::sqlparser::ast::{
    CastKind, DataType, Expr, Function, FunctionArguments, Query, TimezoneInfo, TypedString, UnaryOperator, Value,
    Visit, VisitMut, Visitor, VisitorMut,
};
use metrics_core::kpi::Failure;
use metrics_core::kpi::ParameterValue;

use crate::failure::plan;

/// Digits of a second that both engines keep.
const MICROSECONDS: u64 = 6;

/// What stands for `CURRENT_DATE`, `NOW()` and `$name`: typed literals, the same for every engine.
pub(crate) struct Literals<'a> {
    now: NaiveDateTime,
    zone: Tz,
    parameters: &'a BTreeMap<String, ParameterValue>,
}

impl<'a> Literals<'a> {
    /// Instants are local times of `zone`, without a zone, as PostgreSQL compares them in a session of that zone.
    pub fn new(as_of: DateTime<Utc>, zone: Tz, parameters: &'a BTreeMap<String, ParameterValue>) -> Self {
        Self { now: as_of.with_timezone(&zone).naive_local(), zone, parameters }
    }

    /// Whether every `$name` has a value.
    pub fn check(query: &Query, parameters: &BTreeMap<String, ParameterValue>) -> Result<(), Failure> {
        struct Names<'a>(&'a BTreeMap<String, ParameterValue>);
        impl Visitor for Names<'_> {
            type Break = String;

            fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<String> {
                match placeholder(expr) {
                    Some(name) if !self.0.contains_key(name) => ControlFlow::Break(name.to_owned()),
                    _ => ControlFlow::Continue(()),
                }
            }
        }
        match Visit::visit(query, &mut Names(parameters)) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(name) => Err(unknown(&name)),
        }
    }

    /// Puts them in.
    pub fn put_in(&self, query: &mut Query) -> Result<(), Failure> {
        struct Put<'a, 'b>(&'b Literals<'a>);
        impl VisitorMut for Put<'_, '_> {
            type Break = Failure;

            fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Failure> {
                if let Expr::Cast { data_type, .. } | Expr::TypedString(TypedString { data_type, .. }) = expr
                    && let DataType::Timestamp(precision @ None, _) = data_type
                {
                    // What PostgreSQL means; the engine would take nanoseconds, which end in 2262.
                    *precision = Some(MICROSECONDS);
                }
                if let Some(name) = placeholder(expr) {
                    match self.0.parameters.get(name) {
                        Some(value) => *expr = self.0.parameter(value),
                        None => return ControlFlow::Break(unknown(name)),
                    }
                } else if let Expr::Function(function) = expr
                    && let Some(literal) = self.0.clock(function)
                {
                    *expr = literal;
                }
                ControlFlow::Continue(())
            }
        }
        match VisitMut::visit(query, &mut Put(self)) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(failure) => Err(failure),
        }
    }

    /// The literal for a function that reads the clock.
    fn clock(&self, function: &Function) -> Option<Expr> {
        let [name] = function.name.0.as_slice() else { return None };
        let has_arguments = match &function.args {
            FunctionArguments::None => false,
            // `CURRENT_TIMESTAMP(3)` has a precision, which is more than enough here.
            FunctionArguments::List(list) => {
                name.as_ident()?.value.eq_ignore_ascii_case("now") && !list.args.is_empty()
            }
            FunctionArguments::Subquery(_) => true,
        };
        if has_arguments {
            return None;
        }
        match name.as_ident()?.value.to_ascii_lowercase().as_str() {
            "now" | "current_timestamp" | "localtimestamp" | "transaction_timestamp" => Some(timestamp(self.now)),
            "current_date" | "today" => Some(cast(self.now.format("%Y-%m-%d").to_string(), DataType::Date)),
            "current_time" | "localtime" => {
                Some(cast(self.now.format("%H:%M:%S%.6f").to_string(), DataType::Time(None, TimezoneInfo::None)))
            }
            _ => None,
        }
    }

    fn parameter(&self, value: &ParameterValue) -> Expr {
        match value {
            ParameterValue::Text(text) => self::text(text.clone()),
            ParameterValue::Integer(number) => {
                signed(*number < 0, Value::Number(number.unsigned_abs().to_string(), false))
            }
            ParameterValue::Float(number) => cast(number.to_string(), DataType::DoublePrecision),
            ParameterValue::Boolean(flag) => Expr::Value(Value::Boolean(*flag).into()),
            ParameterValue::Instant(microseconds) => match DateTime::from_timestamp_micros(*microseconds) {
                Some(instant) => timestamp(instant.with_timezone(&self.zone).naive_local()),
                None => Expr::Value(Value::Null.into()),
            },
        }
    }
}

/// The name after `$`.
fn placeholder(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::Placeholder(text) => Some(text.strip_prefix('$').unwrap_or(text)),
            _ => None,
        },
        _ => None,
    }
}

fn unknown(name: &str) -> Failure {
    plan(format!("${name} has no value: give it under params"))
}

pub(super) fn text(text: String) -> Expr {
    Expr::Value(Value::SingleQuotedString(text).into())
}

fn signed(is_negative: bool, number: Value) -> Expr {
    let number = Expr::Value(number.into());
    if !is_negative {
        return number;
    }
    Expr::Nested(Box::new(Expr::UnaryOp { op: UnaryOperator::Minus, expr: Box::new(number) }))
}

fn timestamp(at: NaiveDateTime) -> Expr {
    cast(at.format("%Y-%m-%d %H:%M:%S%.6f").to_string(), DataType::Timestamp(Some(MICROSECONDS), TimezoneInfo::None))
}

fn cast(text: String, data_type: DataType) -> Expr {
    Expr::Cast { kind: CastKind::Cast, expr: Box::new(self::text(text)), data_type, array: false, format: None }
}
