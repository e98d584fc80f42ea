//! `metrics.impact_metrics`: one row per local month, cooling unit, farmer and crop.

use chrono::{DateTime, NaiveDate, Utc};
use tokio_postgres::{Client, Transaction};

use super::{Changes, copy_in, create_stage};
use crate::coldroom::impact::Impact;
use crate::db::DbError;
use crate::db::copy::CopyText;
use crate::db::source::baselines::FarmerName;
use crate::db::source::units::SourceUnit;
use crate::ids::{CoolingUnitId, CropId, FarmerId};
use crate::money::decimal;
use crate::window::{MonthRange, next_month};

/// What is the same in all rows of a run.
#[derive(Debug)]
pub struct RowContext<'a> {
    /// Version of the literature values.
    pub parameter_set: &'a str,
    /// When the rows are computed.
    pub computed_at: DateTime<Utc>,
}

/// Survey coverage of a unit in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    /// Baseline lines filled in by the cooling users of its company.
    pub baselines: i32,
    /// Market surveys that were possible.
    pub possible: i32,
    /// Market surveys filled in.
    pub filled_in: i32,
}

/// One row's subject beside its figures.
#[derive(Debug)]
pub struct ImpactRow<'a> {
    /// First day of the month.
    pub month: NaiveDate,
    /// The unit as the source states it now.
    pub unit: &'a SourceUnit,
    /// Zone of the month.
    pub time_zone: &'a str,
    /// The farmer.
    pub farmer: FarmerId,
    /// The farmer's name.
    pub name: Option<&'a FarmerName>,
    /// The crop.
    pub crop: CropId,
    /// Its name.
    pub crop_name: &'a str,
    /// Survey coverage.
    pub coverage: Coverage,
    /// The figures.
    pub impact: &'a Impact,
}

/// Rows on their way into the table.
#[derive(Debug, Default)]
pub struct Rows {
    text: CopyText,
}

impl Rows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.text.rows()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Takes one row in, in the order of the table's columns.
    pub fn push(&mut self, context: &RowContext<'_>, impact_row: &ImpactRow<'_>) {
        let ImpactRow { unit, impact, coverage, name, .. } = impact_row;
        let row = &mut self.text;
        row.plain(next_month(impact_row.month));
        row.plain(unit.id);
        row.text(unit.name.as_deref());
        row.optional(unit.company.as_ref().map(|company| company.id));
        row.plain(impact_row.farmer);
        row.plain(impact_row.crop);
        row.text(name.and_then(|name| name.first.as_deref()));
        row.text(name.and_then(|name| name.last.as_deref()));
        row.text(Some(impact_row.crop_name));
        row.text(Some(&impact.currency));
        row.optional(impact.baseline.total_kg);
        row.optional(impact.baseline.price_per_kg.and_then(decimal));
        row.optional(impact.baseline.lost_kg);
        row.optional(impact.baseline_loss_perc());
        row.optional(impact.baseline.sold_kg);
        row.optional(impact.baseline_revenue());
        row.optional(impact.price_per_kg);
        row.plain(impact.surveyed_kg);
        row.plain(impact.lost_kg);
        row.optional(impact.revenue());
        row.optional(impact.price_change());
        row.optional(impact.price_change_perc());
        row.optional(impact.revenue_change());
        row.optional(impact.revenue_change_perc());
        row.optional(impact.loss_perc());
        row.optional(impact.loss_change_points());
        row.optional(impact.loss_change_perc());
        row.plain(impact.latest_survey_at.to_rfc3339());
        row.plain(coverage.baselines);
        row.plain(coverage.possible);
        row.plain(coverage.filled_in);
        row.plain(impact_row.month);
        row.plain(impact.surveys.len());
        row.text(Some(impact_row.time_zone));
        row.text(Some(context.parameter_set));
        row.plain(context.computed_at.to_rfc3339());
        row.end_row();
    }
}

/// Prepares the session for [`replace`].
pub async fn prepare(client: &Client) -> Result<(), DbError> {
    create_stage(client, "CREATE TEMP TABLE impact_stage (LIKE metrics.impact_metrics) ON COMMIT DELETE ROWS").await
}

/// Whose rows a run may delete.
#[derive(Debug, Clone)]
pub struct Scope {
    /// Units of the source, each with the last month whose rows may be touched.
    pub units: Vec<(CoolingUnitId, NaiveDate)>,
    /// The same for units that the source no longer has.
    pub lost_last_month: NaiveDate,
    /// Units in scope; all when absent.
    pub only: Option<Vec<i64>>,
}

/// Makes `rows` the only rows of `months` in the scope.
pub async fn replace(
    transaction: &Transaction<'_>,
    rows: &mut Rows,
    months: &MonthRange,
    scope: &Scope,
) -> Result<Changes, DbError> {
    copy_in(transaction, "COPY impact_stage FROM STDIN", &mut rows.text).await?;
    let units: Vec<i64> = scope.units.iter().map(|(unit, _)| unit.0).collect();
    let last_months: Vec<NaiveDate> = scope.units.iter().map(|(_, month)| *month).collect();
    let deleted = transaction
        .execute(
            include_str!("impact_delete.sql"),
            &[&months.first(), &months.last(), &units, &last_months, &scope.lost_last_month, &scope.only],
        )
        .await?;
    let written = transaction.execute(include_str!("impact_upsert.sql"), &[]).await?;
    Ok(Changes { written, deleted })
}

/// Whether the table holds any row.
pub async fn has_rows(client: &Client) -> Result<bool, DbError> {
    let row = client.query_one("SELECT EXISTS (SELECT FROM metrics.impact_metrics)", &[]).await?;
    Ok(row.try_get(0)?)
}

/// A stored row as a JSON document, keys being column names.
pub async fn row_as_json(
    client: &Client,
    month: NaiveDate,
    cooling_unit: CoolingUnitId,
    farmer: FarmerId,
    crop: CropId,
) -> Result<Option<serde_json::Value>, DbError> {
    let sql = "SELECT to_jsonb(stored) FROM metrics.impact_metrics AS stored \
               WHERE month = $1 AND cooling_unit_id = $2 AND farmer_id = $3 AND crop_id = $4";
    let row = client.query_opt(sql, &[&month, &cooling_unit.0, &farmer.0, &crop.0]).await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}

/// `rows`, one of them, as the database would return it from [`row_as_json`], without storing it.
pub async fn staged_as_json(client: &mut Client, rows: &mut Rows) -> Result<Option<serde_json::Value>, DbError> {
    let transaction = client.transaction().await?;
    copy_in(&transaction, "COPY impact_stage FROM STDIN", &mut rows.text).await?;
    let row = transaction.query_opt("SELECT to_jsonb(staged) FROM impact_stage AS staged", &[]).await?;
    transaction.rollback().await?;
    Ok(row.map(|row| row.try_get(0)).transpose()?)
}
