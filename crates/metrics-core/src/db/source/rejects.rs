//! What the source states and no figure can be made of.

use chrono::{DateTime, Utc};

use super::Snapshot;
use crate::coldroom::Reject;
use crate::db::DbError;

/// Rejected records of the source.
#[derive(Debug, Default, Clone)]
pub struct Unusable {
    /// Each by name, ascending.
    pub rejects: Vec<Reject>,
    /// Ids of the crates among them: they exist for nothing.
    pub crates: Vec<i64>,
}

/// Crates with weights, shares, fees or discounts that are not numbers; movements at infinity or before
/// `earliest`; market surveys without a date or with a price that is not a number.
///
/// `cooling_units` restricts the names to records that touch those units. Crates are always all of them: a crate of
/// another room can share a check-out, and its fees must not enter the discount.
pub async fn load(
    snapshot: &Snapshot<'_>,
    cooling_units: Option<&[i64]>,
    earliest: DateTime<Utc>,
) -> Result<Unusable, DbError> {
    let rows = snapshot.transaction().query(include_str!("rejects.sql"), &[&None::<Vec<i64>>, &earliest]).await?;
    let mut unusable = Unusable::default();
    let mut all = Vec::with_capacity(rows.len());
    for row in &rows {
        let (kind, id, reason) = (row.try_get::<_, String>(0)?, row.try_get::<_, i64>(1)?, row.try_get(2)?);
        if kind == "crate" {
            unusable.crates.push(id);
        }
        all.push((kind, id, reason));
    }
    unusable.crates.dedup();
    if let Some(cooling_units) = cooling_units
        && !all.is_empty()
    {
        let rows =
            snapshot.transaction().query(include_str!("rejects.sql"), &[&Some(cooling_units), &earliest]).await?;
        all.clear();
        for row in &rows {
            all.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
        }
    }
    unusable.rejects =
        all.into_iter().map(|(kind, id, reason)| Reject { subject: format!("{kind} {id}"), reason }).collect();
    Ok(unusable)
}
