//! Monthly impact, and the emissions beside it.

use std::ops::RangeInclusive;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt;
use rust_decimal::Decimal;

use super::stored::{StoredEmissions, StoredNumbers};
use crate::coldroom::impact_slice::ImpactRecord;
use crate::coldroom::slice::{Basis, EmissionDay};
use crate::db::connect::Connection;
use crate::db::error::DbError;
use crate::db::schema::{cooling_unit_metrics as day, impact_metrics as t};
use crate::ids::{CompanyId, CoolingUnitId};
use crate::money::float;
use crate::window::local_date;

/// Whose rows are read.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'a> {
    /// Of a company.
    Company(CompanyId),
    /// Of cooling units.
    CoolingUnits(&'a [CoolingUnitId]),
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = t, check_for_backend(diesel::pg::Pg))]
struct Record {
    month: NaiveDate,
    cooling_unit_id: i64,
    company_id: Option<i64>,
    unit_name: Option<String>,
    currency: String,
    baseline_quantity_total_month: Option<f64>,
    baseline_kg_selling_price_month: Option<Decimal>,
    baseline_kg_loss_month: Option<f64>,
    baseline_kg_sold_month: Option<f64>,
    baseline_farmer_revenue_month: Option<f64>,
    monthly_kg_selling_price: Option<f64>,
    monthly_kg_checkin: f64,
    monthly_kg_loss: f64,
    monthly_farmer_revenue: Option<f64>,
    latest_survey_date: DateTime<Utc>,
    baseline_completed_surveys_room: i32,
    possible_post_checkout_survey_room: i32,
    total_post_checkout_survey_unit: i32,
    surveys: i32,
    time_zone: String,
    parameter_set: String,
}

impl From<Record> for ImpactRecord {
    fn from(row: Record) -> Self {
        Self {
            month: row.month,
            cooling_unit_id: CoolingUnitId(row.cooling_unit_id),
            company_id: row.company_id.map(CompanyId),
            unit_name: row.unit_name,
            currency: row.currency,
            baseline_quantity_total_month: row.baseline_quantity_total_month,
            baseline_kg_selling_price_month: row.baseline_kg_selling_price_month.map(float),
            baseline_kg_loss_month: row.baseline_kg_loss_month,
            baseline_kg_sold_month: row.baseline_kg_sold_month,
            baseline_farmer_revenue_month: row.baseline_farmer_revenue_month,
            monthly_kg_selling_price: row.monthly_kg_selling_price,
            monthly_kg_checkin: row.monthly_kg_checkin,
            monthly_kg_loss: row.monthly_kg_loss,
            monthly_farmer_revenue: row.monthly_farmer_revenue,
            latest_survey_date: row.latest_survey_date,
            baseline_completed_surveys_room: row.baseline_completed_surveys_room,
            possible_post_checkout_survey_room: row.possible_post_checkout_survey_room,
            total_post_checkout_survey_unit: row.total_post_checkout_survey_unit,
            surveys: row.surveys,
            time_zone: row.time_zone,
            parameter_set: row.parameter_set,
        }
    }
}

/// Gives `each` the rows whose latest survey was filled in on one of `days`, local time, both ends included; by cooling
/// unit, month, farmer and crop.
pub async fn impact_rows(
    conn: &mut Connection,
    subject: Subject<'_>,
    days: &RangeInclusive<NaiveDate>,
    mut each: impl FnMut(&ImpactRecord),
) -> Result<(), DbError> {
    // Two days to either side cover the zones; the local date decides.
    let midnight = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc();
    let first = midnight(days.start().checked_sub_days(Days::new(2)).unwrap_or(*days.start()));
    let end = midnight(days.end().checked_add_days(Days::new(2)).unwrap_or(*days.end()));
    let mut query = t::table
        .filter(t::latest_survey_date.ge(first))
        .filter(t::latest_survey_date.lt(end))
        .order((t::cooling_unit_id, t::month, t::farmer_id, t::crop_id))
        .select(Record::as_select())
        .into_boxed();
    query = match subject {
        Subject::Company(company) => query.filter(t::company_id.eq(company.0)),
        Subject::CoolingUnits(units) => query.filter(t::cooling_unit_id.eq_any(ids(units))),
    };
    let mut rows = query.load_stream(conn).await?;
    while let Some(row) = rows.try_next().await? {
        let zone: Tz = row
            .time_zone
            .parse()
            .map_err(|_| DbError::Inconsistent(format!("impact_metrics has the unknown zone {}", row.time_zone)))?;
        if days.contains(&local_date(row.latest_survey_date, zone)) {
            each(&row.into());
        }
    }
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = day, check_for_backend(diesel::pg::Pg))]
struct EmissionRecord {
    cooling_unit_id: i64,
    company_id: Option<i64>,
    co2_crops: Option<StoredEmissions>,
    co2_idle: Option<f64>,
    co2_breakdown: StoredNumbers,
    time_zone: String,
    parameter_set: String,
    data_quality: Vec<String>,
}

/// Gives `each` the emissions of `days`, both ends included, with the cooling unit and its company; by cooling unit and
/// day. What the days were computed with comes back.
pub async fn emission_days(
    conn: &mut Connection,
    subject: Subject<'_>,
    days: &RangeInclusive<NaiveDate>,
    mut each: impl FnMut(CoolingUnitId, Option<CompanyId>, &EmissionDay),
) -> Result<Basis, DbError> {
    let mut query = day::table
        .filter(day::date.between(*days.start(), *days.end()))
        .order((day::cooling_unit_id, day::date))
        .select(EmissionRecord::as_select())
        .into_boxed();
    query = match subject {
        Subject::Company(company) => query.filter(day::company_id.eq(company.0)),
        Subject::CoolingUnits(units) => query.filter(day::cooling_unit_id.eq_any(ids(units))),
    };
    let mut basis = Basis::default();
    let mut rows = query.load_stream(conn).await?;
    while let Some(row) = rows.try_next().await? {
        basis.add(&row.time_zone, &row.parameter_set, &row.data_quality);
        let emissions = EmissionDay {
            crops: row.co2_crops.map(|crops| crops.0),
            idle: row.co2_idle,
            breakdown: row.co2_breakdown.0,
        };
        each(CoolingUnitId(row.cooling_unit_id), row.company_id.map(CompanyId), &emissions);
    }
    Ok(basis)
}

/// A cooling unit that has a row.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct KnownUnit {
    /// Its id.
    #[diesel(sql_type = BigInt)]
    pub cooling_unit_id: i64,
    /// Its name by its latest row.
    #[diesel(sql_type = Nullable<Text>)]
    pub unit_name: Option<String>,
}

/// Those of `units` that have a row, in any order.
pub async fn known_units(conn: &mut Connection, units: &[CoolingUnitId]) -> Result<Vec<KnownUnit>, DbError> {
    Ok(diesel::sql_query(include_str!("known_units.sql")).bind::<Array<BigInt>, _>(ids(units)).load(conn).await?)
}

fn ids(units: &[CoolingUnitId]) -> Vec<i64> {
    units.iter().map(|unit| unit.0).collect()
}
