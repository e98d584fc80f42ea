//! Market surveys with the releases that they speak of.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures_util::{TryStreamExt, pin_mut};
use tokio_postgres::types::ToSql;

use super::Snapshot;
use crate::coldroom::food_loss_history::{FoodLossHistory, MarketSurvey, SurveyedRelease};
use crate::coldroom::lifecycle::released_kg;
use crate::db::DbError;
use crate::ids::{CoolingUnitId, FarmerId, MarketSurveyId, ReleaseId};

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

/// Losses that surveys reported per unit and month, and the number of rows read.
pub async fn load(
    snapshot: &Snapshot<'_>,
    query: &SurveyQuery<'_>,
    zone_of: impl Fn(CoolingUnitId) -> Option<Tz>,
) -> Result<(FoodLossHistory, u64), DbError> {
    let binds: [&(dyn ToSql + Sync); 6] =
        [&query.cooling_units, &query.unusable_crates, &query.as_of, &query.since, &query.earliest, &query.until];
    let statement = snapshot.transaction().prepare(include_str!("surveys.sql")).await?;
    let rows = snapshot.transaction().query_raw(&statement, binds).await?;
    pin_mut!(rows);
    let mut history = FoodLossHistory::default();
    let mut current: Option<MarketSurvey> = None;
    let mut rows_read = 0;
    while let Some(row) = rows.try_next().await? {
        rows_read += 1;
        let id = MarketSurveyId(row.try_get(0)?);
        if let Some(done) = current.take_if(|survey| survey.id != id) {
            history.add(&done, &zone_of);
        }
        let survey = match &mut current {
            Some(survey) => survey,
            empty => empty.insert(MarketSurvey {
                id,
                filled_in_at: row.try_get(1)?,
                loss_kg: f64::from(row.try_get::<_, Option<i32>>(2)?.unwrap_or(0)),
                releases: Vec::new(),
            }),
        };
        survey.releases.push(SurveyedRelease {
            id: ReleaseId(row.try_get(3)?),
            cooling_unit: row.try_get::<_, Option<i64>>(4)?.map(CoolingUnitId),
            farmer: row.try_get::<_, Option<i64>>(5)?.map(FarmerId),
            kg: released_kg(row.try_get(6)?, row.try_get(7)?),
        });
    }
    if let Some(last) = &current {
        history.add(last, &zone_of);
    }
    Ok((history, rows_read))
}
