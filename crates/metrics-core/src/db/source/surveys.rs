//! Market surveys with the releases that they speak of.

use std::pin::Pin;

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, RowStream};

use super::Snapshot;
use super::instant::Instant;
use super::interner::Interner;
use crate::coldroom::lifecycle::released_kg;
use crate::coldroom::market_survey::{MarketSurvey, SurveyedRelease, price_per_kg};
use crate::db::DbError;
use crate::ids::{CoolingUnitId, CropId, FarmerId, MarketSurveyId, ReleaseId};

/// Which surveys a run needs.
#[derive(Debug, Clone, Copy)]
pub struct SurveyQuery<'a> {
    /// Units that the run speaks of; all when absent.
    pub cooling_units: Option<&'a [i64]>,
    /// Crates that exist for nothing.
    pub unusable_crates: &'a [i64],
    /// Surveys and releases at or after it have not happened.
    pub as_of: DateTime<Utc>,
    /// Surveys before it are too old to matter.
    pub since: DateTime<Utc>,
    /// Surveys at or after it are too new to matter.
    pub until: DateTime<Utc>,
    /// Movements before it are unusable.
    pub earliest: DateTime<Utc>,
}

/// When the earliest market survey was filled in.
pub async fn earliest(snapshot: &Snapshot<'_>) -> Result<Option<DateTime<Utc>>, DbError> {
    let sql = "SELECT min(date_filled_in) FROM operation_marketsurvey WHERE date_filled_in >= '0001-01-01T00:00Z'";
    let earliest: Option<Instant> = snapshot.transaction().query_one(sql, &[]).await?.try_get(0)?;
    Ok(earliest.and_then(Instant::finite))
}

/// Market surveys with a surveyed release, ascending by (instant, id).
pub struct SurveyStream {
    rows: Pin<Box<RowStream>>,
    next: Option<Row>,
    currencies: Interner,
    rows_read: u64,
}

impl SurveyStream {
    /// Starts reading.
    pub async fn open(snapshot: &Snapshot<'_>, query: &SurveyQuery<'_>) -> Result<Self, DbError> {
        let binds: [&(dyn ToSql + Sync); 6] =
            [&query.cooling_units, &query.unusable_crates, &query.as_of, &query.since, &query.earliest, &query.until];
        let statement = snapshot.transaction().prepare(include_str!("surveys.sql")).await?;
        let mut rows = Box::pin(snapshot.transaction().query_raw(&statement, binds).await?);
        let next = rows.try_next().await?;
        Ok(Self { rows, next, currencies: Interner::default(), rows_read: 0 })
    }

    /// Rows read so far.
    pub fn rows_read(&self) -> u64 {
        self.rows_read
    }

    /// The next survey with all its surveyed releases; `None` after the last.
    pub async fn next(&mut self) -> Result<Option<MarketSurvey>, DbError> {
        let Some(first) = self.next.take() else { return Ok(None) };
        let mut survey = self.survey(&first)?;
        survey.releases.push(release(&first)?);
        self.rows_read += 1;
        while let Some(row) = self.rows.try_next().await? {
            if row.try_get::<_, i64>(0)? != survey.id.0 {
                self.next = Some(row);
                break;
            }
            survey.releases.push(release(&row)?);
            self.rows_read += 1;
        }
        Ok(Some(survey))
    }

    fn survey(&mut self, row: &Row) -> Result<MarketSurvey, DbError> {
        Ok(MarketSurvey {
            id: MarketSurveyId(row.try_get(0)?),
            filled_in_at: row.try_get(1)?,
            crop: CropId(row.try_get(8)?),
            currency: row.try_get::<_, Option<&str>>(9)?.map(|currency| self.currencies.get(currency)),
            price_per_kg: price_per_kg(row.try_get(10)?, row.try_get(11)?, row.try_get(12)?),
            loss_kg: f64::from(row.try_get::<_, Option<i32>>(2)?.unwrap_or(0)),
            releases: Vec::new(),
        })
    }
}

fn release(row: &Row) -> Result<SurveyedRelease, DbError> {
    Ok(SurveyedRelease {
        id: ReleaseId(row.try_get(3)?),
        cooling_unit: row.try_get::<_, Option<i64>>(4)?.map(CoolingUnitId),
        farmer: row.try_get::<_, Option<i64>>(5)?.map(FarmerId),
        kg: released_kg(row.try_get(6)?, row.try_get(7)?),
    })
}
