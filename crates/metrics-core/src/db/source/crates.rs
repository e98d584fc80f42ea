//! Crates with their check-in and releases, streamed unit by unit.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Row, RowStream};

use super::Snapshot;
use super::instant::Instant;
use super::interner::Interner;
use crate::coldroom::Gender;
use crate::coldroom::lifecycle::{
    CheckIn, CrateFacts, Farmer, MovementKind, Owner, ProduceCrate, Release, released_kg,
};
use crate::db::DbError;
use crate::ids::{CheckInId, CheckOutId, CoolingUnitId, CrateId, CropId, FarmerId, ReleaseId, UserId};
use crate::money::net_fee;

/// Crop of crates whose produce names none.
pub(super) const UNKNOWN_CROP: &str = "Unknown";

/// Crops and people, by id.
#[derive(Debug, Default)]
pub struct Directory {
    crops: HashMap<i64, Arc<str>>,
    owners: HashMap<i64, Owner>,
    unknown_crop: Option<Arc<str>>,
}

impl Directory {
    /// Loads the names of all crops and everybody who ever owned produce.
    pub async fn load(snapshot: &Snapshot<'_>) -> Result<Self, DbError> {
        let mut crops = HashMap::new();
        for row in snapshot.transaction().query("SELECT id, name FROM storage_crop", &[]).await? {
            let name: Option<&str> = row.try_get(1)?;
            crops.insert(row.try_get(0)?, Arc::from(name.unwrap_or(UNKNOWN_CROP)));
        }
        let mut owners = HashMap::new();
        for row in snapshot.transaction().query(include_str!("owners.sql"), &[]).await? {
            let user: i64 = row.try_get(0)?;
            let farmer = row.try_get::<_, Option<i64>>(2)?;
            let is_placeholder = row.try_get(3)?;
            owners.insert(
                user,
                Owner {
                    user: UserId(user),
                    gender: Gender::from_source(row.try_get(1)?),
                    farmer: farmer.map(|id| Farmer { id: FarmerId(id), is_placeholder }),
                },
            );
        }
        Ok(Self { crops, owners, unknown_crop: Some(UNKNOWN_CROP.into()) })
    }

    /// Name of a crop, for example `Tomato`.
    pub fn crop_name(&self, id: CropId) -> &str {
        self.crops.get(&id.0).map_or(UNKNOWN_CROP, |name| name)
    }

    fn crop(&self, id: Option<i64>) -> Arc<str> {
        id.and_then(|id| self.crops.get(&id))
            .or(self.unknown_crop.as_ref())
            .map_or_else(|| UNKNOWN_CROP.into(), Arc::clone)
    }

    fn owner(&self, user: Option<i64>) -> Option<Owner> {
        let user = user?;
        // A user that the source no longer holds is still one person.
        let unknown = Owner { user: UserId(user), gender: Gender::Other, farmer: None };
        Some(self.owners.get(&user).copied().unwrap_or(unknown))
    }
}

/// What all crates of a run have in common.
#[derive(Debug, Clone, Copy)]
pub struct CrateContext<'a> {
    /// Crops and people.
    pub directory: &'a Directory,
    /// Instant of which the run speaks.
    pub as_of: DateTime<Utc>,
    /// Movements before it are unusable.
    pub earliest: DateTime<Utc>,
}

/// Crates of a run's units, one unit at a time.
pub struct CrateStream {
    rows: Pin<Box<RowStream>>,
    next: Option<Row>,
    currencies: Interner,
    rows_read: u64,
}

impl CrateStream {
    /// Starts reading the crates of `cooling_units` that matter to days from `since` on (all when `None`) up to `until`,
    /// without those of `unusable_crates`.
    pub async fn open(
        snapshot: &Snapshot<'_>,
        cooling_units: &[i64],
        unusable_crates: &[i64],
        since: Option<DateTime<Utc>>,
        until: DateTime<Utc>,
    ) -> Result<Self, DbError> {
        let statement = snapshot.transaction().prepare(include_str!("crates.sql")).await?;
        let binds: [&(dyn ToSql + Sync); 4] = [&cooling_units, &unusable_crates, &since, &until];
        let mut rows = Box::pin(snapshot.transaction().query_raw(&statement, binds).await?);
        let next = rows.try_next().await?;
        Ok(Self { rows, next, currencies: Interner::default(), rows_read: 0 })
    }

    /// Rows read so far.
    pub fn rows_read(&self) -> u64 {
        self.rows_read
    }

    /// Crates of `unit`, as they stood at as-of. Units must be asked for in ascending order.
    pub async fn crates_of(
        &mut self,
        unit: CoolingUnitId,
        company_currency: Option<&Arc<str>>,
        context: &CrateContext<'_>,
    ) -> Result<Vec<ProduceCrate>, DbError> {
        let mut crates = Vec::new();
        let mut facts: Option<CrateFacts> = None;
        while let Some(row) = self.next.take() {
            if row.try_get::<_, i64>(0)? != unit.0 {
                self.next = Some(row);
                break;
            }
            self.rows_read += 1;
            let id = CrateId(row.try_get(1)?);
            if facts.as_ref().is_none_or(|facts| facts.id != id) {
                crates.extend(facts.take().map(|facts| ProduceCrate::as_of(facts, context.as_of)));
            }
            let facts = match &mut facts {
                Some(facts) => facts,
                empty => empty.insert(crate_facts(&row, id, context)?),
            };
            let release = self.release(&row, facts.initial_weight_kg, company_currency, context)?;
            facts.releases.extend(release);
            self.next = self.rows.try_next().await?;
        }
        crates.extend(facts.map(|facts| ProduceCrate::as_of(facts, context.as_of)));
        Ok(crates)
    }

    fn release(
        &mut self,
        row: &Row,
        initial_weight_kg: f64,
        company_currency: Option<&Arc<str>>,
        context: &CrateContext<'_>,
    ) -> Result<Option<Release>, DbError> {
        let Some(id) = row.try_get::<_, Option<i64>>(2)? else { return Ok(None) };
        let Some(at) = usable(row.try_get(17)?, context.earliest) else { return Ok(None) };
        let gross = row.try_get(13)?;
        let fee = match row.try_get::<_, Option<f64>>(16)? {
            Some(checkout_gross) => net_fee(gross, checkout_gross, row.try_get(15)?),
            None => net_fee(gross, gross, None),
        };
        let currency = match row.try_get::<_, Option<&str>>(5)? {
            Some(currency) => Some(currency),
            None => row.try_get(14)?,
        };
        let currency = match currency {
            Some(currency) => Some(self.currencies.get(currency)),
            None => company_currency.map(Arc::clone),
        };
        Ok(Some(Release {
            id: ReleaseId(id),
            check_out: CheckOutId(row.try_get(11)?),
            at,
            kind: kind(row.try_get(18)?),
            kg: released_kg(row.try_get(12)?, initial_weight_kg),
            net_fee: fee,
            currency,
        }))
    }
}

fn kind(is_order: Option<bool>) -> MovementKind {
    if is_order == Some(true) { MovementKind::Marketplace } else { MovementKind::Physical }
}

/// The instant of a movement that is neither at infinity nor before `earliest`.
fn usable(at: Option<Instant>, earliest: DateTime<Utc>) -> Option<DateTime<Utc>> {
    at.and_then(Instant::finite).filter(|at| *at >= earliest)
}

fn crate_facts(row: &Row, id: CrateId, context: &CrateContext<'_>) -> Result<CrateFacts, DbError> {
    let check_in = match (row.try_get::<_, Option<i64>>(7)?, usable(row.try_get(9)?, context.earliest)) {
        (Some(id), Some(at)) => Some(CheckIn { id: CheckInId(id), at, kind: kind(row.try_get(10)?) }),
        _ => None,
    };
    Ok(CrateFacts {
        id,
        crop: context.directory.crop(row.try_get(6)?),
        initial_weight_kg: row.try_get(3)?,
        is_fully_checked_out: row.try_get(4)?,
        owner: context.directory.owner(row.try_get(8)?),
        check_in,
        releases: Vec::new(),
    })
}

/// Instant of the first usable check-in before as-of per unit, for units that have one.
pub async fn first_check_ins(
    snapshot: &Snapshot<'_>,
    cooling_units: &[i64],
    unusable_crates: &[i64],
    context: &CrateContext<'_>,
) -> Result<HashMap<CoolingUnitId, DateTime<Utc>>, DbError> {
    let rows = snapshot
        .transaction()
        .query(
            include_str!("first_check_ins.sql"),
            &[&cooling_units, &unusable_crates, &context.earliest, &context.as_of],
        )
        .await?;
    rows.iter()
        .map(|row| Ok((CoolingUnitId(row.try_get(0)?), row.try_get(1)?)))
        .collect::<Result<_, tokio_postgres::Error>>()
        .map_err(DbError::from)
}
