//! What only the web pages read.

use std::collections::HashMap;
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Date, Double, Integer, Nullable, Numeric, Text};
use diesel_async::RunQueryDsl;
use rust_decimal::Decimal;

use super::Page;
use super::company::Company;
use crate::db::connect::Connection;
use crate::db::error::DbError;
use crate::db::schema::{company_metrics, cooling_unit_metrics as t};
use crate::ids::{CompanyId, CoolingUnitId};

/// A page of companies with their figures.
#[derive(Debug, Clone, PartialEq)]
pub struct CompanyRows {
    /// Companies of the page, by id.
    pub companies: Vec<Company>,
    /// Companies on all pages.
    pub total: i64,
}

/// Rows of companies, by id.
pub async fn company_rows(conn: &mut Connection, page: Page) -> Result<CompanyRows, DbError> {
    let total = company_metrics::table.count().get_result(conn).await?;
    let companies = company_metrics::table
        .order(company_metrics::company_id)
        .limit(page.limit.into())
        .offset(page.offset)
        .select(Company::as_select())
        .load(conn)
        .await?;
    Ok(CompanyRows { companies, total })
}

#[derive(QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct UnitsInUse {
    #[diesel(sql_type = BigInt)]
    company_id: i64,
    #[diesel(sql_type = BigInt)]
    cooling_units: i64,
}

/// Cooling units in use on their last day, by company; a company that is not there has none with a stored day.
pub async fn units_in_use(conn: &mut Connection, companies: &[i64]) -> Result<HashMap<i64, i64>, DbError> {
    let found: Vec<UnitsInUse> =
        diesel::sql_query(include_str!("units_in_use.sql")).bind::<Array<BigInt>, _>(companies).load(conn).await?;
    Ok(found.into_iter().map(|found| (found.company_id, found.cooling_units)).collect())
}

/// A cooling unit as its last stored day has it.
#[derive(Debug, Clone, PartialEq, QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "fields are columns of metrics.cooling_unit_metrics, described there")]
pub struct CompanyUnit {
    #[diesel(sql_type = BigInt)]
    pub cooling_unit_id: i64,
    #[diesel(sql_type = Nullable<Text>)]
    pub unit_name: Option<String>,
    #[diesel(sql_type = Bool)]
    pub is_unit_deleted: bool,
    #[diesel(sql_type = Nullable<Text>)]
    pub state: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub cool_unit_type: Option<String>,
    #[diesel(sql_type = Nullable<Numeric>)]
    pub cap_tons: Option<Decimal>,
    #[diesel(sql_type = Nullable<Integer>)]
    pub cap_num_crates: Option<i32>,
    #[diesel(sql_type = Nullable<Double>)]
    pub average_room_occupancy: Option<f64>,
    #[diesel(sql_type = Double)]
    pub room_stock_kg: f64,
    #[diesel(sql_type = Text)]
    pub time_zone: String,
    #[diesel(sql_type = Array<Text>)]
    pub data_quality: Vec<String>,
    /// First day with a row.
    #[diesel(sql_type = Date)]
    pub first_date: NaiveDate,
    /// Last day with a row.
    #[diesel(sql_type = Date)]
    pub last_date: NaiveDate,
    /// Cooling units of the company, whatever the limit.
    #[diesel(sql_type = BigInt)]
    pub total: i64,
}

/// Cooling units that belong to `company` on their last day: those in use first, then by id, at most `limit`.
pub async fn company_units(conn: &mut Connection, company: CompanyId, limit: u32) -> Result<Vec<CompanyUnit>, DbError> {
    let units = diesel::sql_query(include_str!("company_units.sql"))
        .bind::<BigInt, _>(company.0)
        .bind::<BigInt, _>(i64::from(limit))
        .load(conn)
        .await?;
    Ok(units)
}

/// The figures of one day of one cooling unit that charts show.
#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = t, check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "fields are columns of metrics.cooling_unit_metrics, described there")]
pub struct ChartDay {
    pub cooling_unit_id: i64,
    pub date: NaiveDate,
    pub average_room_occupancy: Option<f64>,
    pub room_kg_in: f64,
    pub room_kg_out: f64,
}

/// Days of `units`, both ends included, by date and cooling unit.
pub async fn chart_days(
    conn: &mut Connection,
    units: &[CoolingUnitId],
    days: &RangeInclusive<NaiveDate>,
) -> Result<Vec<ChartDay>, DbError> {
    let ids: Vec<i64> = units.iter().map(|unit| unit.0).collect();
    let rows = t::table
        .filter(t::cooling_unit_id.eq_any(ids))
        .filter(t::date.between(*days.start(), *days.end()))
        .order((t::date, t::cooling_unit_id))
        .select(ChartDay::as_select())
        .load(conn)
        .await?;
    Ok(rows)
}

/// Last stored day of any of `units`; absent when none has a row.
pub async fn last_date(conn: &mut Connection, units: &[CoolingUnitId]) -> Result<Option<NaiveDate>, DbError> {
    let ids: Vec<i64> = units.iter().map(|unit| unit.0).collect();
    let last = t::table.filter(t::cooling_unit_id.eq_any(ids)).select(diesel::dsl::max(t::date)).first(conn).await?;
    Ok(last)
}

/// Company of a cooling unit on its last day; absent when it has none, or no row.
pub async fn unit_company(conn: &mut Connection, unit: CoolingUnitId) -> Result<Option<CompanyId>, DbError> {
    let company: Option<Option<i64>> = t::table
        .filter(t::cooling_unit_id.eq(unit.0))
        .order(t::date.desc())
        .select(t::company_id)
        .first(conn)
        .await
        .optional()?;
    Ok(company.flatten().map(CompanyId))
}
