//! How many surveys there are and could be, per unit or company and local month.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::Snapshot;
use crate::db::DbError;
use crate::ids::{CompanyId, CoolingUnitId};
use crate::window::MonthRange;

/// Months of a run with the zones in which they are counted.
#[derive(Debug, Clone)]
pub struct ZonedMonths<'a> {
    months: &'a MonthRange,
    as_of: DateTime<Utc>,
    zones: Vec<&'static str>,
    starts: Vec<DateTime<Utc>>,
}

impl<'a> ZonedMonths<'a> {
    /// `months` as they lie in each of `zones`; what is at or after `as_of` has not happened.
    pub fn new(months: &'a MonthRange, zones: impl Iterator<Item = Tz>, as_of: DateTime<Utc>) -> Self {
        let mut distinct: Vec<Tz> = zones.collect();
        distinct.sort_unstable_by_key(|zone| zone.name());
        distinct.dedup();
        let (mut names, mut starts) = (Vec::new(), Vec::new());
        for zone in distinct {
            for start in months.bounds(zone) {
                names.push(zone.name());
                starts.push(start);
            }
        }
        Self { months, as_of, zones: names, starts }
    }

    /// Month of a position counted from 1; `None` outside the range.
    fn month(&self, position: i32) -> Option<NaiveDate> {
        usize::try_from(position).ok()?.checked_sub(1).and_then(|index| self.months.iter().nth(index))
    }
}

/// Distinct farmers and crops, both known and without the placeholder, with a release from each unit in each month.
pub async fn possible_surveys(
    snapshot: &Snapshot<'_>,
    months: &ZonedMonths<'_>,
    units: &[(CoolingUnitId, Tz)],
    earliest: DateTime<Utc>,
    unusable_crates: &[i64],
) -> Result<HashMap<(CoolingUnitId, NaiveDate), i32>, DbError> {
    let ids: Vec<i64> = units.iter().map(|(unit, _)| unit.0).collect();
    let zones: Vec<&str> = units.iter().map(|(_, zone)| zone.name()).collect();
    let sql = include_str!("possible_surveys.sql");
    let rows = snapshot
        .transaction()
        .query(sql, &[&ids, &zones, &months.zones, &months.starts, &months.as_of, &earliest, &unusable_crates])
        .await?;
    let mut counts = HashMap::with_capacity(rows.len());
    for row in &rows {
        if let Some(month) = months.month(row.try_get(1)?) {
            counts.insert((CoolingUnitId(row.try_get(0)?), month), count(row.try_get(2)?));
        }
    }
    Ok(counts)
}

/// Baseline lines that the cooling users of each company had filled in before the end of each month.
pub async fn completed_surveys(
    snapshot: &Snapshot<'_>,
    months: &ZonedMonths<'_>,
    companies: &[(CompanyId, Tz)],
    unusable_lines: &[i64],
) -> Result<HashMap<(CompanyId, NaiveDate), i32>, DbError> {
    let ids: Vec<i64> = companies.iter().map(|(company, _)| company.0).collect();
    let zones: Vec<&str> = companies.iter().map(|(_, zone)| zone.name()).collect();
    let sql = include_str!("completed_surveys.sql");
    let rows = snapshot
        .transaction()
        .query(sql, &[&ids, &zones, &months.zones, &months.starts, &months.as_of, &unusable_lines])
        .await?;
    let mut by_month: HashMap<CompanyId, Vec<(i32, i64)>> = HashMap::new();
    for row in &rows {
        by_month.entry(CompanyId(row.try_get(0)?)).or_default().push((row.try_get(1)?, row.try_get(2)?));
    }
    let mut counts = HashMap::new();
    for (company, lines) in by_month {
        for (position, month) in (1..).zip(months.months.iter()) {
            let filled_in: i64 = lines.iter().filter(|(at, _)| *at <= position).map(|(_, lines)| lines).sum();
            counts.insert((company, month), count(filled_in));
        }
    }
    Ok(counts)
}

fn count(rows: i64) -> i32 {
    i32::try_from(rows).unwrap_or(i32::MAX)
}
