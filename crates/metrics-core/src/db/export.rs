//! Rows of the stored tables, all columns, as a stream for files.
//!
//! Names, types and meanings of the columns are those of the database, so a table is added by its name and a statement
//! that chooses its rows.

use std::pin::Pin;

use chrono::{DateTime, NaiveDate, Utc};
use futures_util::TryStreamExt as _;
use rust_decimal::Decimal;
use tokio_postgres::types::{FromSql, ToSql, Type};
use tokio_postgres::{Client, Row, RowStream};

use super::DbError;
use crate::export::{Column, Kind, Value};

/// A table that can be exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportTable {
    /// A row per cooling unit and local day.
    CoolingUnitMetrics,
    /// A row per company.
    CompanyMetrics,
    /// A row per company and report date.
    CompanyMetricsHistory,
    /// A row per local month, cooling unit, farmer and crop with a market survey.
    ImpactMetrics,
}

impl ExportTable {
    /// Schema and name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CoolingUnitMetrics => "metrics.cooling_unit_metrics",
            Self::CompanyMetrics => "metrics.company_metrics",
            Self::CompanyMetricsHistory => "metrics.company_metrics_history",
            Self::ImpactMetrics => "metrics.impact_metrics",
        }
    }

    /// Chooses the rows by first day, last day, companies and cooling units.
    const fn sql(self) -> &'static str {
        match self {
            Self::CoolingUnitMetrics => include_str!("export/cooling_unit_metrics.sql"),
            Self::CompanyMetrics => include_str!("export/company_metrics.sql"),
            Self::CompanyMetricsHistory => include_str!("export/company_metrics_history.sql"),
            Self::ImpactMetrics => include_str!("export/impact_metrics.sql"),
        }
    }
}

/// Which rows; absent means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportFilter {
    /// First day; of impact the month that it is in counts.
    pub from: Option<NaiveDate>,
    /// Last day, inclusive; of impact the month that it is in counts.
    pub to: Option<NaiveDate>,
    /// Companies.
    pub companies: Option<Vec<i64>>,
    /// Cooling units.
    pub cooling_units: Option<Vec<i64>>,
}

/// Rows of a table on their way out.
pub struct ExportRows {
    columns: Vec<Column>,
    rows: Pin<Box<RowStream>>,
}

impl ExportRows {
    /// Starts reading. All rows are of one state of the table.
    pub async fn open(client: &Client, table: ExportTable, filter: &ExportFilter) -> Result<Self, DbError> {
        let columns = columns(client, table).await?;
        let binds: [&(dyn ToSql + Sync); 4] = [&filter.from, &filter.to, &filter.companies, &filter.cooling_units];
        let rows = Box::pin(client.query_raw(table.sql(), binds).await?);
        Ok(Self { columns, rows })
    }

    /// The columns, in the order of the table.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The next row, in place of what `row` holds; false when there is none.
    pub async fn next(&mut self, row: &mut Vec<Value>) -> Result<bool, DbError> {
        let Some(record) = self.rows.try_next().await? else { return Ok(false) };
        row.clear();
        for (position, column) in self.columns.iter().enumerate() {
            row.push(value(&record, position, column.kind)?);
        }
        Ok(true)
    }
}

async fn columns(client: &Client, table: ExportTable) -> Result<Vec<Column>, DbError> {
    let rows = client.query(include_str!("export/columns.sql"), &[&table.name()]).await?;
    let column = |row: &Row| {
        let (name, sql_type): (String, &str) = (row.try_get("name")?, row.try_get("type")?);
        let modifier: i32 = row.try_get("modifier")?;
        let kind = kind(sql_type, modifier)
            .ok_or_else(|| DbError::Inconsistent(format!("column {name} of {} is {sql_type}", table.name())))?;
        Ok(Column::new(name, kind, row.try_get::<_, String>("description")?))
    };
    rows.iter().map(column).collect()
}

/// The kind of a type of the database; `numeric(18,2)` has its scale in the low half of the modifier, after 4.
fn kind(sql_type: &str, modifier: i32) -> Option<Kind> {
    Some(match sql_type {
        "bigint" | "integer" => Kind::Integer,
        "double precision" => Kind::Float,
        "numeric" => match u32::try_from(modifier - 4) {
            Ok(modifier) => Kind::Money(modifier & 0xffff),
            Err(_) => Kind::Number,
        },
        "text" => Kind::Text,
        "boolean" => Kind::Flag,
        "date" => Kind::Date,
        "timestamp with time zone" => Kind::Instant,
        "bigint[]" => Kind::Integers,
        "text[]" => Kind::Texts,
        "jsonb" => Kind::Json,
        _ => return None,
    })
}

fn value(row: &Row, position: usize, kind: Kind) -> Result<Value, tokio_postgres::Error> {
    Ok(match kind {
        Kind::Integer if *row.columns()[position].type_() == Type::INT4 => {
            Value::of(row.try_get::<_, Option<i32>>(position)?, |number| Value::Integer(number.into()))
        }
        Kind::Integer => Value::of(row.try_get(position)?, Value::Integer),
        Kind::Float => Value::of(row.try_get(position)?, Value::Float),
        Kind::Number | Kind::Money(_) => Value::of(row.try_get::<_, Option<Decimal>>(position)?, Value::Number),
        Kind::Text => Value::of(row.try_get(position)?, Value::Text),
        Kind::Flag => Value::of(row.try_get(position)?, Value::Flag),
        Kind::Date => Value::of(row.try_get(position)?, Value::Date),
        Kind::Instant => Value::of(row.try_get::<_, Option<DateTime<Utc>>>(position)?, Value::Instant),
        Kind::LocalTime => Value::of(row.try_get(position)?, Value::LocalTime),
        Kind::Integers => Value::of(row.try_get(position)?, Value::Integers),
        Kind::Texts => Value::of(row.try_get(position)?, Value::Texts),
        Kind::Json => {
            Value::of(row.try_get::<_, Option<JsonText<'_>>>(position)?, |json| Value::Json(json.0.to_owned()))
        }
    })
}

/// The text of a `jsonb` value.
struct JsonText<'a>(&'a str);

impl<'a> FromSql<'a> for JsonText<'a> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        match raw {
            // In the binary form the text follows a byte with the version.
            [1, json @ ..] => Ok(Self(std::str::from_utf8(json)?)),
            _ => Err("a jsonb value of an unknown version".into()),
        }
    }

    fn accepts(ty: &Type) -> bool {
        *ty == Type::JSONB
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The modifier of numeric(p, s) is p·65536 + s + 4.
    #[test]
    fn numbers_with_a_scale_are_money() {
        assert_eq!(kind("numeric", 18 * 65_536 + 2 + 4), Some(Kind::Money(2)));
        assert_eq!(kind("numeric", 18 * 65_536 + 6 + 4), Some(Kind::Money(6)));
        assert_eq!(kind("numeric", -1), Some(Kind::Number));
        assert_eq!(kind("inet", -1), None);
    }
}
