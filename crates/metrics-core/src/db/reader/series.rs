//! Time series of cooling units and companies.

use chrono::NaiveDate;
use diesel::dsl::{max, min};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures_util::TryStreamExt;
use rust_decimal::Decimal;

use super::cooling_unit::DayRecord;
use crate::coldroom::series::{Bucket, Point, SeriesDay, SeriesSums, Span, Weighting, length, moved_back};
use crate::coldroom::slice::Basis;
use crate::db::connect::Connection;
use crate::db::error::DbError;
use crate::db::schema::cooling_unit_metrics as t;
use crate::ids::{CompanyId, CoolingUnitId};

/// Whose days a series shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeriesSubject {
    /// One cooling unit.
    CoolingUnit(CoolingUnitId),
    /// The cooling units of a company that are in use, together.
    Company(CompanyId),
}

/// A series.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// One bucket after the other, also those without rows.
    pub points: Vec<Point>,
    /// As many buckets of the previous period, when asked for.
    pub previous: Option<Vec<Point>>,
    /// What the rows were computed with.
    pub basis: Basis,
}

/// The columns that a series reads.
#[derive(Queryable, Selectable)]
#[diesel(table_name = t, check_for_backend(diesel::pg::Pg))]
struct Record {
    #[diesel(embed)]
    day: DayRecord,
    cap_num_crates: Option<i32>,
    currency: Option<String>,
    room_stock_kg: f64,
    household_size: Decimal,
    household_fem_share: Decimal,
    household_ma_share: Decimal,
}

impl From<Record> for SeriesDay {
    fn from(record: Record) -> Self {
        Self {
            cooling_unit_id: CoolingUnitId(record.day.cooling_unit_id),
            sums: record.day.into(),
            cap_num_crates: record.cap_num_crates,
            currency: record.currency,
            room_stock_kg: record.room_stock_kg,
            household_size: record.household_size,
            household_fem_share: record.household_fem_share,
            household_ma_share: record.household_ma_share,
        }
    }
}

/// First and last day with a row, if there is one.
pub async fn extent(conn: &mut Connection, subject: SeriesSubject) -> Result<Option<Span>, DbError> {
    let ends = (min(t::date), max(t::date));
    let (first, last): (Option<NaiveDate>, Option<NaiveDate>) = match subject {
        SeriesSubject::CoolingUnit(unit) => {
            t::table.filter(t::cooling_unit_id.eq(unit.0)).select(ends).get_result(conn).await?
        }
        SeriesSubject::Company(company) => {
            let rows = t::table.filter(t::company_id.eq(company.0)).filter(t::is_unit_deleted.eq(false));
            rows.select(ends).get_result(conn).await?
        }
    };
    Ok(first.zip(last).map(|(first, last)| first..=last))
}

/// The series of `subject` over `days`, in buckets; `with_previous` beside that of the previous period.
///
/// Rows are added up as they arrive.
pub async fn series(
    conn: &mut Connection,
    subject: SeriesSubject,
    days: &Span,
    bucket: Bucket,
    with_previous: bool,
) -> Result<Series, DbError> {
    let spans = bucket.spans(days);
    let before: Vec<Span> = if with_previous {
        // Only dates before the calendar begins are lost, and those have no rows.
        spans.iter().filter_map(|span| moved_back(span, length(days))).collect()
    } else {
        Vec::new()
    };
    let first = before.as_slice().first().map_or(*days.start(), |span| *span.start());
    let weighting = match subject {
        SeriesSubject::CoolingUnit(_) => Weighting::Equal,
        SeriesSubject::Company(_) => Weighting::Capacity,
    };
    let previous_points = before.len();
    let mut sums = SeriesSums::new(before.into_iter().chain(spans).collect(), weighting);

    let mut rows = t::table.select(Record::as_select()).filter(t::date.between(first, *days.end())).into_boxed();
    rows = match subject {
        SeriesSubject::CoolingUnit(unit) => rows.filter(t::cooling_unit_id.eq(unit.0)).order(t::date),
        SeriesSubject::Company(company) => rows
            .filter(t::company_id.eq(company.0))
            .filter(t::is_unit_deleted.eq(false))
            .order((t::date, t::cooling_unit_id)),
    };
    let mut rows = rows.load_stream::<Record>(conn).await?;
    while let Some(row) = rows.try_next().await? {
        sums.add(&row.into());
    }

    let (mut points, basis) = sums.finish();
    let current = points.split_off(previous_points);
    Ok(Series { points: current, previous: with_previous.then_some(points), basis })
}
