//! `metrics.cooling_unit_metrics`: one row per cooling unit and local day.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use tokio_postgres::{Client, Transaction};

use super::{Changes, copy_in, create_stage};
use crate::coldroom::Reject;
use crate::coldroom::company::beneficiaries;
use crate::coldroom::cooling_unit_day::CoolingUnitDay;
use crate::db::DbError;
use crate::db::copy::CopyText;
use crate::db::source::units::SourceUnit;
use crate::ids::CoolingUnitId;
use crate::money::decimal;
use crate::parameters::Household;

/// What is the same in all rows of one unit and run.
#[derive(Debug)]
pub struct RowContext<'a> {
    /// The unit as the source states it now.
    pub unit: &'a SourceUnit,
    /// Local date of as-of.
    pub report_date: NaiveDate,
    /// Zone of the unit's days.
    pub time_zone: &'a str,
    /// Household of the unit's country.
    pub household: Household,
    /// Model and parameter set of the emissions, `name@set`.
    pub co2_model: &'a str,
    /// Version of the literature values.
    pub parameter_set: &'a str,
    /// When the row is computed.
    pub computed_at: DateTime<Utc>,
}

/// A dictionary by crop name.
struct ByCrop<'a, T>(&'a [(Arc<str>, T)]);

impl<T: Serialize> Serialize for ByCrop<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (crop, value) in self.0 {
            map.serialize_entry(&**crop, value)?;
        }
        map.end()
    }
}

/// Days on their way into the table.
#[derive(Debug, Default)]
pub struct Rows {
    text: CopyText,
}

impl Rows {
    /// Number of days.
    pub fn len(&self) -> usize {
        self.text.rows()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Takes one day in, in the order of the table's columns.
    ///
    /// A day with a figure that its column cannot hold is given back as a reject.
    pub fn push(&mut self, context: &RowContext<'_>, day: &CoolingUnitDay) -> Result<Option<Reject>, DbError> {
        let unit = context.unit;
        if !day.is_representable {
            let subject = format!("cooling unit {}, {}", unit.id, day.date);
            return Ok(Some(Reject { subject, reason: "a sum of fees or kilograms is out of range".into() }));
        }
        let row = &mut self.text;
        row.plain(day.date);
        row.plain(context.report_date);
        row.plain(unit.id);
        row.text(unit.name.as_deref());
        row.plain(!unit.is_alive);
        row.text(unit.state.as_deref());
        row.text(unit.unit_type.as_deref());
        row.optional(unit.capacity_t.and_then(decimal));
        row.optional(unit.capacity_crates);
        row.optional(unit.company.as_ref().map(|company| company.id));
        row.text(unit.company.as_ref().and_then(|company| company.name.as_deref()));
        row.text(Some(&unit.pricing.label()));
        row.text(unit.company.as_ref().and_then(|company| company.currency.as_deref()));
        row.plain(unit.staff.total());
        row.plain(unit.staff.female);
        row.plain(unit.staff.male);
        row.plain(unit.staff.other);
        let people = beneficiaries(day.active_farmers.len(), &context.household);
        row.plain(people.total);
        row.plain(people.female);
        row.plain(people.male);
        row.plain(day.active_users.len());
        row.array(&day.active_users);
        row.array(&day.active_female);
        row.array(&day.active_male);
        row.array(&day.active_other);
        row.plain(day.crates_in);
        row.plain(day.check_ins);
        row.plain(day.kg_in);
        row.plain(day.crates_out);
        row.plain(day.check_outs);
        row.plain(day.kg_out);
        row.optional(day.occupancy_perc);
        row.optional(day.revenue);
        row.optional(day.revenue_usd);
        row.json(&ByCrop(&day.crates_in_by_crop))?;
        row.json(&ByCrop(&day.kg_in_by_crop))?;
        row.json(&ByCrop(&day.crates_out_by_crop))?;
        row.json(&ByCrop(&day.kg_out_by_crop))?;
        let emissions = day.emissions.as_ref();
        row.optional(emissions.and_then(|emissions| emissions.avoided_kg_co2e));
        match emissions.and_then(|emissions| emissions.crops.as_ref()) {
            Some(crops) => row.json(crops)?,
            None => row.null(),
        }
        row.array(&day.active_farmers);
        row.plain(day.stock_kg);
        row.optional(emissions.and_then(|emissions| emissions.idle_kg_co2e));
        match emissions {
            Some(emissions) => row.json(&emissions.breakdown)?,
            None => row.null(),
        }
        row.text(Some(context.co2_model));
        row.text(unit.company.as_ref().and_then(|company| company.country.as_deref()));
        row.plain(context.household.size);
        row.plain(context.household.fem_share);
        row.plain(context.household.ma_share);
        row.text(Some(context.time_zone));
        row.text(Some(context.parameter_set));
        row.array(day.quality.iter().map(|flag| flag.as_str()));
        row.plain(context.computed_at.to_rfc3339());
        row.end_row();
        Ok(None)
    }
}

/// Days of one unit that a run replaces, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplacedDays {
    /// The unit.
    pub cooling_unit: CoolingUnitId,
    /// First day.
    pub from: NaiveDate,
    /// Last day.
    pub to: NaiveDate,
}

/// Prepares the session for [`replace`].
pub async fn prepare(client: &Client) -> Result<(), DbError> {
    create_stage(
        client,
        "CREATE TEMP TABLE cooling_unit_stage (LIKE metrics.cooling_unit_metrics) ON COMMIT DELETE ROWS",
    )
    .await
}

/// Makes `rows` the only rows of the `replaced` days.
pub async fn replace(
    transaction: &Transaction<'_>,
    rows: &mut Rows,
    replaced: &[ReplacedDays],
) -> Result<Changes, DbError> {
    copy_in(transaction, "COPY cooling_unit_stage FROM STDIN", &mut rows.text).await?;
    let units: Vec<i64> = replaced.iter().map(|days| days.cooling_unit.0).collect();
    let from: Vec<NaiveDate> = replaced.iter().map(|days| days.from).collect();
    let to: Vec<NaiveDate> = replaced.iter().map(|days| days.to).collect();
    let deleted = transaction.execute(include_str!("cooling_unit_delete.sql"), &[&units, &from, &to]).await?;
    let written = transaction.execute(include_str!("cooling_unit_upsert.sql"), &[]).await?;
    Ok(Changes { written, deleted })
}

/// What the table holds of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredDays {
    /// First day.
    pub first: NaiveDate,
    /// Last day.
    pub last: NaiveDate,
    /// Number of days.
    pub count: i64,
}

/// What the table holds of the given units.
pub async fn stored_days(
    client: &Client,
    cooling_units: &[i64],
) -> Result<HashMap<CoolingUnitId, StoredDays>, DbError> {
    let sql = "SELECT cooling_unit_id, min(date), max(date), count(*) FROM metrics.cooling_unit_metrics \
               WHERE cooling_unit_id = ANY ($1) GROUP BY cooling_unit_id";
    let rows = client.query(sql, &[&cooling_units]).await?;
    let mut stored = HashMap::with_capacity(rows.len());
    for row in rows {
        let days = StoredDays { first: row.try_get(1)?, last: row.try_get(2)?, count: row.try_get(3)? };
        stored.insert(CoolingUnitId(row.try_get(0)?), days);
    }
    Ok(stored)
}

/// A unit of the source, for [`mark_deleted`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownUnit {
    /// The unit.
    pub id: CoolingUnitId,
    /// Neither it nor its location is deleted.
    pub is_alive: bool,
    /// Last day whose row may be touched.
    pub last_day: NaiveDate,
}

/// Sets `is_unit_deleted` of stored rows: false for alive units, true for others and for those the source lost.
///
/// Only units of `scope` are touched (all when absent); of lost ones, days up to `lost_last_day`.
pub async fn mark_deleted(
    transaction: &Transaction<'_>,
    units: &[KnownUnit],
    scope: Option<&[i64]>,
    lost_last_day: NaiveDate,
    computed_at: DateTime<Utc>,
) -> Result<u64, DbError> {
    let ids: Vec<i64> = units.iter().map(|unit| unit.id.0).collect();
    let alive: Vec<bool> = units.iter().map(|unit| unit.is_alive).collect();
    let last_days: Vec<NaiveDate> = units.iter().map(|unit| unit.last_day).collect();
    let sql = include_str!("cooling_unit_mark_deleted.sql");
    Ok(transaction.execute(sql, &[&ids, &alive, &last_days, &scope, &lost_last_day, &computed_at]).await?)
}

/// Stored rows that were computed on another basis than now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherBasis {
    /// Number of rows.
    pub rows: i64,
    /// Their zones.
    pub time_zones: Vec<String>,
    /// Their models and parameter sets.
    pub models: Vec<String>,
}

/// Rows of `cooling_units` whose zone is not the one given beside them, or whose model is not `co2_model`.
pub async fn on_another_basis(
    client: &Client,
    cooling_units: &[i64],
    time_zones: &[String],
    co2_model: &str,
) -> Result<OtherBasis, DbError> {
    let row =
        client.query_one(include_str!("cooling_unit_basis.sql"), &[&cooling_units, &time_zones, &co2_model]).await?;
    Ok(OtherBasis { rows: row.try_get(0)?, time_zones: row.try_get(1)?, models: row.try_get(2)? })
}

/// The stored row of one unit and day as a JSON document, keys being column names.
pub async fn row_as_json(
    client: &Client,
    cooling_unit: CoolingUnitId,
    date: NaiveDate,
) -> Result<Option<serde_json::Value>, DbError> {
    let sql = "SELECT to_jsonb(stored) FROM metrics.cooling_unit_metrics AS stored \
               WHERE cooling_unit_id = $1 AND date = $2";
    Ok(client.query_opt(sql, &[&cooling_unit.0, &date]).await?.map(|row| row.try_get(0)).transpose()?)
}

/// `rows`, one of them, as the database would return it from [`row_as_json`], without storing it.
pub async fn staged_as_json(client: &mut Client, rows: &mut Rows) -> Result<Option<serde_json::Value>, DbError> {
    let transaction = client.transaction().await?;
    copy_in(&transaction, "COPY cooling_unit_stage FROM STDIN", &mut rows.text).await?;
    let row = transaction.query_opt("SELECT to_jsonb(staged) FROM cooling_unit_stage AS staged", &[]).await?;
    transaction.rollback().await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}
