//! The tables → what a report is computed from.

use std::pin::pin;

use chrono::{DateTime, Days, Utc};
use futures_util::TryStreamExt as _;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, IsolationLevel, Transaction};

use super::copy_binary::Decoder;
use super::partitions::{existing, start_of};
use crate::db::DbError;
use crate::instant::format_us;
use crate::uptime::{Bounds, Fleet, Intake, LOOKBACK_US, OpeningHours, Refused, StoreIds, UnknownZone};

/// No poll is later: 2199-12-31 23:59:59.999999 UTC.
const LAST_INSTANT_US: i64 = 7_258_118_399_999_999;

/// What a report is computed from.
pub struct Stored {
    /// Ids of the stores.
    pub ids: StoreIds,
    /// Their zones and opening hours.
    pub fleet: Fleet,
    /// Their polls of the lookback.
    pub intake: Intake,
    /// Rows that were read.
    pub rows: u64,
}

/// Reads all stores, or the one with the id `only`, as the tables were at one instant, and of their polls those of the
/// lookback. Where `bounds` has no as of, it is that of the latest poll.
pub async fn read(client: &mut Client, bounds: Bounds, only: Option<&str>) -> Result<Stored, DbError> {
    let transaction =
        client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start().await?;
    let as_of_us = match bounds.as_of_us {
        Some(as_of_us) => Some(as_of_us),
        None => latest_us(&transaction, bounds.not_after_us).await?,
    };
    let bounds = Bounds { as_of_us, ..bounds };
    let mut stored = Stored { ids: StoreIds::default(), fleet: Fleet::default(), intake: Intake::new(bounds), rows: 0 };
    let Some(as_of_us) = as_of_us else {
        transaction.commit().await?;
        return Ok(stored);
    };
    let last_us = bounds.not_after_us.map_or(as_of_us, |not_after_us| not_after_us.min(as_of_us));
    let numbers = read_stores(&transaction, bounds, last_us, only, &mut stored).await?;
    read_hours(&transaction, &numbers, only, &mut stored).await?;
    let first_us = as_of_us - LOOKBACK_US;
    if let (Some(first), Some(last)) = (timestamp(first_us), timestamp(last_us)) {
        let one = match only {
            // An id that no store has reads nothing.
            Some(_) => format!("AND store = {}", numbers.only().unwrap_or(0)),
            None => String::new(),
        };
        let copy = format!(
            "COPY (SELECT store, ts, up FROM metrics.store_poll WHERE ts >= {first} AND ts <= {last} {one}) \
             TO STDOUT (FORMAT binary)"
        );
        read_polls(&transaction, &copy, &numbers, &mut stored).await?;
    }
    transaction.commit().await?;
    Ok(stored)
}

/// An instant as SQL, where the calendar has it.
fn timestamp(at_us: i64) -> Option<String> {
    let text = format_us(at_us);
    (!text.is_empty()).then(|| format!("'{text}'::timestamptz"))
}

/// Instant of the latest poll, not after an instant.
pub async fn latest_poll_us(client: &mut Client, not_after_us: Option<i64>) -> Result<Option<i64>, DbError> {
    let transaction = client.build_transaction().read_only(true).start().await?;
    let latest_us = latest_us(&transaction, not_after_us).await?;
    transaction.commit().await?;
    Ok(latest_us)
}

/// The same. Days are asked one by one, the newest first: a table of years is not read.
async fn latest_us(transaction: &Transaction<'_>, not_after_us: Option<i64>) -> Result<Option<i64>, DbError> {
    let limit_us = not_after_us.map_or(LAST_INSTANT_US, |not_after_us| not_after_us.min(LAST_INSTANT_US));
    let limit = DateTime::from_timestamp_micros(limit_us).unwrap_or_default();
    let sql = "SELECT max(ts) FROM metrics.store_poll_default WHERE ts <= $1";
    let of_default: Option<DateTime<Utc>> = transaction.query_one(sql, &[&limit]).await?.try_get(0)?;
    let of_day =
        transaction.prepare("SELECT max(ts) FROM metrics.store_poll WHERE ts >= $1 AND ts < $2 AND ts <= $3").await?;
    let mut latest = of_default;
    for day in existing(transaction).await?.into_iter().rev() {
        let (start, end) = (start_of(day), start_of(day + Days::new(1)));
        if start > limit {
            continue;
        }
        let found: Option<DateTime<Utc>> = transaction.query_one(&of_day, &[&start, &end, &limit]).await?.try_get(0)?;
        if found.is_some() {
            latest = latest.max(found);
            break;
        }
    }
    Ok(latest.map(|latest| latest.timestamp_micros()))
}

/// Numbers in the report by numbers in the tables.
#[derive(Debug, Default)]
struct Numbers {
    /// By number in the tables, which are given out one after the other and hardly ever taken back.
    by_id: Vec<Option<u32>>,
}

impl Numbers {
    fn put(&mut self, id: i32, number: u32) {
        let Ok(id) = usize::try_from(id) else { return };
        if self.by_id.len() <= id {
            self.by_id.resize(id + 1, None);
        }
        self.by_id[id] = Some(number);
    }

    fn get(&self, id: i32) -> Option<u32> {
        self.by_id.get(usize::try_from(id).ok()?).copied().flatten()
    }

    /// The number in the tables of the last store put in.
    const fn only(&self) -> Option<usize> {
        self.by_id.len().checked_sub(1)
    }
}

async fn read_stores(
    transaction: &Transaction<'_>,
    bounds: Bounds,
    last_us: i64,
    only: Option<&str>,
    stored: &mut Stored,
) -> Result<Numbers, DbError> {
    let not_after = bounds.not_after_us.and_then(DateTime::from_timestamp_micros);
    let binds: [&(dyn ToSql + Sync); 2] = [&only, &not_after];
    let mut rows = pin!(transaction.query_raw(include_str!("read_stores.sql"), binds).await?);
    let mut numbers = Numbers::default();
    while let Some(row) = rows.try_next().await? {
        let number = stored.ids.push(row.try_get(1)?);
        numbers.put(row.try_get(0)?, number);
        if let Some(zone) = row.try_get::<_, Option<&str>>(2)? {
            stored.fleet.set_zone(number, zone.parse().map_err(|_| UnknownZone));
        }
        let first_poll: Option<DateTime<Utc>> = row.try_get(3)?;
        if first_poll.is_some_and(|first_poll| first_poll.timestamp_micros() <= last_us) {
            stored.intake.was_polled(number);
        }
        stored.rows += 1;
    }
    Ok(numbers)
}

async fn read_hours(
    transaction: &Transaction<'_>,
    numbers: &Numbers,
    only: Option<&str>,
    stored: &mut Stored,
) -> Result<(), DbError> {
    let binds: [&(dyn ToSql + Sync); 1] = [&only];
    let mut rows = pin!(transaction.query_raw(include_str!("read_hours.sql"), binds).await?);
    while let Some(row) = rows.try_next().await? {
        let (store, day): (i32, i16) = (row.try_get(0)?, row.try_get(1)?);
        let hours = u8::try_from(day).ok().zip(numbers.get(store));
        let hours = match hours {
            Some((day, number)) => {
                OpeningHours::new(day, row.try_get(2)?, row.try_get(3)?).map(|hours| (number, hours))
            }
            None => None,
        };
        match hours {
            Some((number, hours)) => stored.fleet.add_hours(number, hours),
            // The table's own checks let no such row in.
            None => stored.fleet.refuse_hours(Refused::Bad),
        }
        stored.rows += 1;
    }
    Ok(())
}

async fn read_polls(
    transaction: &Transaction<'_>,
    copy: &str,
    numbers: &Numbers,
    stored: &mut Stored,
) -> Result<(), DbError> {
    let malformed = |_| DbError::Inconsistent("metrics.store_poll came in another form than asked for".to_owned());
    let mut parts = pin!(transaction.copy_out(copy).await?);
    let mut decoder = Decoder::default();
    let Stored { intake, rows, .. } = stored;
    while let Some(part) = parts.try_next().await? {
        decoder
            .decode(&part, |store, poll| {
                *rows += 1;
                intake.take(poll, numbers.get(store));
            })
            .map_err(malformed)?;
    }
    decoder.finish().map_err(malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_instant_is_the_last_that_can_be_written() {
        assert_eq!(format_us(LAST_INSTANT_US), "2199-12-31T23:59:59.999999Z");
    }
}
