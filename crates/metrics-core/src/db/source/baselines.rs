//! Farmers' answers on how it was without the room.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::Snapshot;
use super::interner::Interner;
use crate::coldroom::Reject;
use crate::coldroom::impact::BaselineLine;
use crate::coldroom::market_survey::price_per_kg;
use crate::db::DbError;
use crate::ids::{BaselineLineId, CropId, FarmerId, FarmerSurveyId};

/// Baseline lines that no figure can be made of.
#[derive(Debug, Clone, Default)]
pub struct UnusableLines {
    /// Those of the units asked for, by name, ascending.
    pub rejects: Vec<Reject>,
    /// All of them.
    pub ids: Vec<i64>,
}

impl UnusableLines {
    /// Finds lines with a quantity that is not a number. Names those of farmers with a crate in `cooling_units`, of all
    /// farmers when absent.
    pub async fn load(snapshot: &Snapshot<'_>, cooling_units: Option<&[i64]>) -> Result<Self, DbError> {
        let mut unusable = Self::default();
        for row in snapshot.transaction().query(include_str!("unusable_lines.sql"), &[&cooling_units]).await? {
            let id: i64 = row.try_get(0)?;
            unusable.ids.push(id);
            if row.try_get(1)? {
                let reason = "one of its quantities is not a number".to_owned();
                unusable.rejects.push(Reject { subject: format!("baseline line {id}"), reason });
            }
        }
        Ok(unusable)
    }
}

/// A farmer's name, as the user record states it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FarmerName {
    /// First name.
    pub first: Option<String>,
    /// Last name.
    pub last: Option<String>,
}

/// Lines with a currency by farmer and crop, ascending by age with the newest last; and the names of those farmers.
#[derive(Debug, Default)]
pub struct Baselines {
    lines: HashMap<(FarmerId, CropId), Vec<BaselineLine>>,
    names: HashMap<FarmerId, FarmerName>,
    /// Rows read.
    pub rows_read: u64,
}

impl Baselines {
    /// Loads the lines of surveys before `as_of`, without the `unusable` ones.
    pub async fn load(
        snapshot: &Snapshot<'_>,
        as_of: DateTime<Utc>,
        unusable: &UnusableLines,
    ) -> Result<Self, DbError> {
        let statement = snapshot.transaction().prepare(include_str!("baselines.sql")).await?;
        let binds: [&(dyn ToSql + Sync); 2] = [&as_of, &unusable.ids];
        let mut rows = Box::pin(snapshot.transaction().query_raw(&statement, binds).await?);
        let mut baselines = Self::default();
        let mut currencies = Interner::default();
        while let Some(row) = rows.try_next().await? {
            let farmer = FarmerId(row.try_get(0)?);
            let key = (farmer, CropId(row.try_get(1)?));
            let currency = currencies.get(row.try_get(5)?);
            baselines.lines.entry(key).or_default().push(line(&row, currency)?);
            if let std::collections::hash_map::Entry::Vacant(entry) = baselines.names.entry(farmer) {
                entry.insert(FarmerName { first: row.try_get(13)?, last: row.try_get(14)? });
            }
            baselines.rows_read += 1;
        }
        Ok(baselines)
    }

    /// Lines of a farmer's crop.
    pub fn lines(&self, farmer: FarmerId, crop: CropId) -> &[BaselineLine] {
        self.lines.get(&(farmer, crop)).map_or(&[], Vec::as_slice)
    }

    /// Name of a farmer who has a line.
    pub fn name(&self, farmer: FarmerId) -> Option<&FarmerName> {
        self.names.get(&farmer)
    }
}

fn line(row: &Row, currency: Arc<str>) -> Result<BaselineLine, DbError> {
    let price: Option<i16> = row.try_get(6)?;
    let (is_per_kg, kg_in_unit) = (row.try_get(7)?, row.try_get(8)?);
    Ok(BaselineLine {
        id: BaselineLineId(row.try_get(2)?),
        survey: FarmerSurveyId(row.try_get(3)?),
        filled_in_at: row.try_get(4)?,
        currency,
        price_per_kg: price.and_then(|price| price_per_kg(f64::from(price), is_per_kg, kg_in_unit)),
        total_kg: row.try_get(9)?,
        sold_kg: row.try_get(10)?,
        lost_kg: row.try_get(11)?,
        season_months: row.try_get(12)?,
    })
}
