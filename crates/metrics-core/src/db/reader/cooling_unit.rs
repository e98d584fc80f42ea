//! Days of cooling units.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

use chrono::NaiveDate;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Date, Nullable, Text};
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt;
use rust_decimal::Decimal;

use super::Page;
use super::stored::{StoredDifferences, StoredNumbers};
use crate::coldroom::slice::{Basis, DayRow, LatestDay, SliceSums, UnitSlice};
use crate::db::connect::Connection;
use crate::db::error::DbError;
use crate::db::schema::cooling_unit_metrics as t;
use crate::ids::{CompanyId, CoolingUnitId};

/// What the days of some cooling units add up to.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// Cooling units with at least one day, by id.
    pub units: Vec<UnitSlice>,
    /// What their rows were computed with.
    pub basis: Basis,
}

/// The columns that are added up.
#[derive(Queryable, Selectable)]
#[diesel(table_name = t, check_for_backend(diesel::pg::Pg))]
pub(super) struct DayRecord {
    pub(super) cooling_unit_id: i64,
    date: NaiveDate,
    room_active_user_ids: Vec<i64>,
    room_active_fem: Vec<i64>,
    room_active_ma: Vec<i64>,
    room_active_ot: Vec<i64>,
    room_active_farmer_ids: Vec<i64>,
    room_crates_in: i32,
    room_ops_in: i32,
    room_kg_in: f64,
    room_crates_out: i32,
    room_ops_out: i32,
    room_kg_out: f64,
    average_room_occupancy: Option<f64>,
    room_revenue: Option<Decimal>,
    room_revenue_usd: Option<Decimal>,
    check_in_crates_crop: StoredNumbers,
    check_in_kg_crop: StoredNumbers,
    check_out_crates_crop: StoredNumbers,
    check_out_kg_crop: StoredNumbers,
    tot_co2: Option<f64>,
    co2_crops: Option<StoredDifferences>,
    co2_idle: Option<f64>,
    co2_breakdown: StoredNumbers,
    time_zone: String,
    parameter_set: String,
    data_quality: Vec<String>,
}

impl From<DayRecord> for DayRow {
    fn from(day: DayRecord) -> Self {
        Self {
            date: day.date,
            room_active_user_ids: day.room_active_user_ids,
            room_active_fem: day.room_active_fem,
            room_active_ma: day.room_active_ma,
            room_active_ot: day.room_active_ot,
            room_active_farmer_ids: day.room_active_farmer_ids,
            room_crates_in: day.room_crates_in,
            room_ops_in: day.room_ops_in,
            room_kg_in: day.room_kg_in,
            room_crates_out: day.room_crates_out,
            room_ops_out: day.room_ops_out,
            room_kg_out: day.room_kg_out,
            average_room_occupancy: day.average_room_occupancy,
            room_revenue: day.room_revenue,
            room_revenue_usd: day.room_revenue_usd,
            check_in_crates_crop: day.check_in_crates_crop.0,
            check_in_kg_crop: day.check_in_kg_crop.0,
            check_out_crates_crop: day.check_out_crates_crop.0,
            check_out_kg_crop: day.check_out_kg_crop.0,
            tot_co2: day.tot_co2,
            co2_crops: day.co2_crops.map(|crops| crops.0),
            co2_idle: day.co2_idle,
            co2_breakdown: day.co2_breakdown.0,
            time_zone: day.time_zone,
            parameter_set: day.parameter_set,
            data_quality: day.data_quality,
        }
    }
}

/// The columns of which only the latest day counts.
#[derive(Queryable, Selectable)]
#[diesel(table_name = t, check_for_backend(diesel::pg::Pg))]
struct LatestRecord {
    cooling_unit_id: i64,
    unit_name: Option<String>,
    is_unit_deleted: bool,
    state: Option<String>,
    cool_unit_type: Option<String>,
    cap_tons: Option<Decimal>,
    cap_num_crates: Option<i32>,
    company_id: Option<i64>,
    comp_name: Option<String>,
    comp_pricing: String,
    currency: Option<String>,
    room_op: i32,
    room_op_fem: i32,
    room_op_ma: i32,
    room_op_ot: i32,
    room_stock_kg: f64,
    co2_model: String,
    country: Option<String>,
    household_size: Decimal,
    household_fem_share: Decimal,
    household_ma_share: Decimal,
    time_zone: String,
    parameter_set: String,
}

impl From<LatestRecord> for LatestDay {
    fn from(day: LatestRecord) -> Self {
        Self {
            unit_name: day.unit_name,
            is_unit_deleted: day.is_unit_deleted,
            state: day.state,
            cool_unit_type: day.cool_unit_type,
            cap_tons: day.cap_tons,
            cap_num_crates: day.cap_num_crates,
            company_id: day.company_id.map(CompanyId),
            comp_name: day.comp_name,
            comp_pricing: day.comp_pricing,
            currency: day.currency,
            room_op: day.room_op,
            room_op_fem: day.room_op_fem,
            room_op_ma: day.room_op_ma,
            room_op_ot: day.room_op_ot,
            room_stock_kg: day.room_stock_kg,
            co2_model: day.co2_model,
            country: day.country,
            household_size: day.household_size,
            household_fem_share: day.household_fem_share,
            household_ma_share: day.household_ma_share,
            time_zone: day.time_zone,
            parameter_set: day.parameter_set,
        }
    }
}

/// The slice of `units` over `days`, both ends included. Cooling units without a row in the range do not appear.
///
/// Rows are added up as they arrive; one cooling unit's ids are all that is held of them.
pub async fn slice(
    conn: &mut Connection,
    units: &[CoolingUnitId],
    days: &RangeInclusive<NaiveDate>,
) -> Result<Slice, DbError> {
    let ids: Vec<i64> = units.iter().map(|unit| unit.0).collect();
    let mut rows = t::table
        .filter(t::cooling_unit_id.eq_any(ids))
        .filter(t::date.between(*days.start(), *days.end()))
        .order((t::cooling_unit_id, t::date))
        .select(DayRecord::as_select())
        .load_stream(conn)
        .await?;
    let mut sums = SliceSums::default();
    while let Some(day) = rows.try_next().await? {
        sums.add(CoolingUnitId(day.cooling_unit_id), &day.into());
    }
    drop(rows);

    let (sums, basis) = sums.finish();
    let mut latest = latest_days(conn, sums.iter().map(|(unit, sums)| (*unit, sums.last_date))).await?;
    let units = sums.into_iter().map(|(unit, sums)| match latest.remove(&unit) {
        Some(latest) => Ok(UnitSlice { cooling_unit_id: unit, sums, latest }),
        None => Err(DbError::Inconsistent(format!("cooling unit {unit} lost a day within one snapshot"))),
    });
    Ok(Slice { units: units.collect::<Result<_, _>>()?, basis })
}

/// The latest days of cooling units: one statement per distinct date, and nearly always there is only one.
async fn latest_days(
    conn: &mut Connection,
    last_dates: impl Iterator<Item = (CoolingUnitId, NaiveDate)>,
) -> Result<HashMap<CoolingUnitId, LatestDay>, DbError> {
    let mut by_date: BTreeMap<NaiveDate, Vec<i64>> = BTreeMap::new();
    for (unit, date) in last_dates {
        by_date.entry(date).or_default().push(unit.0);
    }
    let mut latest = HashMap::new();
    for (date, ids) in by_date {
        let rows: Vec<LatestRecord> = t::table
            .filter(t::cooling_unit_id.eq_any(ids))
            .filter(t::date.eq(date))
            .select(LatestRecord::as_select())
            .load(conn)
            .await?;
        latest.extend(rows.into_iter().map(|row| (CoolingUnitId(row.cooling_unit_id), row.into())));
    }
    Ok(latest)
}

/// A cooling unit as lists show it: its first and last stored day, and what the last one says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "fields are columns of metrics.cooling_unit_metrics, described there")]
pub struct ListedCoolingUnit {
    pub cooling_unit_id: i64,
    pub unit_name: Option<String>,
    pub company_id: Option<i64>,
    pub time_zone: String,
    pub is_unit_deleted: bool,
    pub parameter_set: String,
    /// First day with a row.
    pub first_date: NaiveDate,
    /// Last day with a row.
    pub last_date: NaiveDate,
}

/// A page of cooling units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoolingUnitPage {
    /// Cooling units of the page, by id.
    pub cooling_units: Vec<ListedCoolingUnit>,
    /// Cooling units on all pages.
    pub total: i64,
}

/// One cooling unit as lists show it, if it has a row.
pub async fn cooling_unit(conn: &mut Connection, unit: CoolingUnitId) -> Result<Option<ListedCoolingUnit>, DbError> {
    type Row = (i64, Option<String>, Option<i64>, String, bool, String, NaiveDate);
    let first: Option<NaiveDate> =
        t::table.filter(t::cooling_unit_id.eq(unit.0)).select(diesel::dsl::min(t::date)).get_result(conn).await?;
    let last: Option<Row> = t::table
        .filter(t::cooling_unit_id.eq(unit.0))
        .order(t::date.desc())
        .select((
            t::cooling_unit_id,
            t::unit_name,
            t::company_id,
            t::time_zone,
            t::is_unit_deleted,
            t::parameter_set,
            t::date,
        ))
        .first(conn)
        .await
        .optional()?;
    Ok(first.zip(last).map(|(first_date, last)| {
        let (cooling_unit_id, unit_name, company_id, time_zone, is_unit_deleted, parameter_set, last_date) = last;
        ListedCoolingUnit {
            cooling_unit_id,
            unit_name,
            company_id,
            time_zone,
            is_unit_deleted,
            parameter_set,
            first_date,
            last_date,
        }
    }))
}

/// A row of `cooling_units.sql`: the total, beside a cooling unit where the page has one.
#[derive(QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct PageRecord {
    #[diesel(sql_type = BigInt)]
    total: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    cooling_unit_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    unit_name: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    company_id: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    time_zone: Option<String>,
    #[diesel(sql_type = Nullable<Bool>)]
    is_unit_deleted: Option<bool>,
    #[diesel(sql_type = Nullable<Text>)]
    parameter_set: Option<String>,
    #[diesel(sql_type = Nullable<Date>)]
    first_date: Option<NaiveDate>,
    #[diesel(sql_type = Nullable<Date>)]
    last_date: Option<NaiveDate>,
}

impl PageRecord {
    fn unit(self) -> Option<ListedCoolingUnit> {
        Some(ListedCoolingUnit {
            cooling_unit_id: self.cooling_unit_id?,
            unit_name: self.unit_name,
            company_id: self.company_id,
            time_zone: self.time_zone?,
            is_unit_deleted: self.is_unit_deleted?,
            parameter_set: self.parameter_set?,
            first_date: self.first_date?,
            last_date: self.last_date?,
        })
    }
}

/// Cooling units with a row, by id; only those of `company` on their last day, when given.
pub async fn cooling_units(
    conn: &mut Connection,
    company: Option<CompanyId>,
    page: Page,
) -> Result<CoolingUnitPage, DbError> {
    let rows: Vec<PageRecord> = diesel::sql_query(include_str!("cooling_units.sql"))
        .bind::<Nullable<BigInt>, _>(company.map(|company| company.0))
        .bind::<BigInt, _>(i64::from(page.limit))
        .bind::<BigInt, _>(page.offset)
        .load(conn)
        .await?;
    let total = rows.as_slice().first().map_or(0, |row| row.total);
    Ok(CoolingUnitPage { cooling_units: rows.into_iter().filter_map(PageRecord::unit).collect(), total })
}
