//! What files say of stores → the tables. One transaction per kind of file; the same file twice changes nothing.
//!
//! Rows are copied into temporary tables by numbers of the file's own, and joined with the stores at the end: a file is
//! read once, and its polls never stand in memory.

use std::future::poll_fn;
use std::io::Cursor;
use std::ops::Range;
use std::pin::Pin;

use chrono::{DateTime, NaiveDate, Utc};
use futures_util::{Sink, SinkExt as _};
use serde::Serialize;
use tokio_postgres::{Client, CopyInSink, Transaction};

use super::copy_binary::Encoder;
use super::partitions::start_of;
use crate::db::DbError;
use crate::db::copy::CopyText;
use crate::db::metrics::{COPY_PART_BYTES, copy_in};
use crate::uptime::{Fleet, Poll, StoreIds};

/// What a file of zones changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ZoneChanges {
    /// Stores that were not known before.
    pub stores_added: u64,
    /// Known stores whose zone is another now.
    pub zones_changed: u64,
}

/// What a file of opening hours changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct HoursChanges {
    /// Stores that were not known before.
    pub stores_added: u64,
    /// Opening hours that were not there before.
    pub hours_added: u64,
    /// Opening hours of stores of the file that the file does not have.
    pub hours_removed: u64,
}

/// What files of polls changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct PollChanges {
    /// Stores that were not known before.
    pub stores_added: u64,
    /// Polls that were not there before.
    pub polls_added: u64,
    /// Stored polls that said active, and are contradicted by one of the file: they say inactive now.
    pub polls_turned_inactive: u64,
    /// Rows that say what is known already, from the table or from another row of the file.
    pub polls_known: u64,
    /// Polls, new or known, of days that have no partition of their own.
    pub polls_outside_kept_days: u64,
}

/// Gives stores the zones that `fleet` has, by number of their ids.
pub async fn zones(
    client: &mut Client,
    ids: &StoreIds,
    fleet: &Fleet,
    now: DateTime<Utc>,
) -> Result<ZoneChanges, DbError> {
    let transaction = client.transaction().await?;
    transaction
        .batch_execute("CREATE TEMP TABLE ingest_zone (ext_id text COLLATE \"C\", tz text) ON COMMIT DROP")
        .await?;
    let mut rows = CopyText::default();
    for number in (0..).take(ids.len()) {
        if let Some(zone) = fleet.given_zone(number) {
            rows.text(Some(ids.get(number)));
            rows.text(Some(zone.name()));
            rows.end_row();
        }
    }
    copy_in(&transaction, "COPY ingest_zone FROM STDIN", &mut rows).await?;
    let zones_changed = transaction.execute(include_str!("ingest_zones_update.sql"), &[&now]).await?;
    let stores_added = transaction.execute(include_str!("ingest_zones_insert.sql"), &[&now]).await?;
    transaction.commit().await?;
    Ok(ZoneChanges { stores_added, zones_changed })
}

/// Replaces the opening hours of the stores in `named`, by number of their ids, with those that `fleet` has.
///
/// A store with no hours in `fleet` is not made; if it is known, it is open always from now on.
pub async fn hours(
    client: &mut Client,
    ids: &StoreIds,
    fleet: &Fleet,
    now: DateTime<Utc>,
) -> Result<HoursChanges, DbError> {
    let transaction = client.transaction().await?;
    stage_stores(&transaction, ids).await?;
    let create = "CREATE TEMP TABLE ingest_hours (number integer, day smallint, start_us bigint, end_us bigint) \
                  ON COMMIT DROP";
    transaction.batch_execute(create).await?;
    let mut rows = CopyText::default();
    for (number, hours) in fleet.given_hours() {
        rows.plain(number);
        rows.plain(hours.weekday());
        rows.plain(hours.span_us().0);
        rows.plain(hours.closing_us());
        rows.end_row();
    }
    copy_in(&transaction, "COPY ingest_hours FROM STDIN", &mut rows).await?;
    let stores_added = transaction.execute(include_str!("ingest_hours_stores.sql"), &[&now]).await?;
    let hours_removed = transaction.execute(include_str!("ingest_hours_delete.sql"), &[]).await?;
    let hours_added = transaction.execute(include_str!("ingest_hours_insert.sql"), &[&now]).await?;
    transaction.commit().await?;
    Ok(HoursChanges { stores_added, hours_added, hours_removed })
}

/// Polls on their way in: [`PollIngest::push`] many, [`PollIngest::send`] now and then, [`PollIngest::finish`] once.
/// Dropped before that, nothing was changed.
pub struct PollIngest<'a> {
    transaction: Transaction<'a>,
    rows: Encoder,
    sink: Pin<Box<CopyInSink<Cursor<Vec<u8>>>>>,
}

impl<'a> PollIngest<'a> {
    /// Begins.
    pub async fn begin(client: &'a mut Client) -> Result<Self, DbError> {
        let transaction = client.transaction().await?;
        let create = "CREATE TEMP TABLE ingest_poll (number integer, ts timestamptz, up boolean) ON COMMIT DROP";
        transaction.batch_execute(create).await?;
        let sink = Box::pin(transaction.copy_in("COPY ingest_poll FROM STDIN (FORMAT binary)").await?);
        Ok(Self { transaction, rows: Encoder::default(), sink })
    }

    /// Takes a poll of the store with this number.
    pub fn push(&mut self, number: u32, poll: Poll) {
        // As many stores as the table can number.
        self.rows.push(number.cast_signed(), poll);
    }

    /// Sends what was taken, once it is worth while.
    pub async fn send(&mut self) -> Result<(), DbError> {
        if self.rows.waiting() < COPY_PART_BYTES {
            return Ok(());
        }
        let bytes = self.rows.take();
        self.send_all(&bytes).await
    }

    async fn send_all(&mut self, bytes: &[u8]) -> Result<(), DbError> {
        for part in bytes.chunks(COPY_PART_BYTES) {
            self.sink.send(Cursor::new(part.to_vec())).await?;
        }
        // The client takes more than the connection has sent; without waiting a file would stand in memory.
        poll_fn(|context| Sink::<Cursor<Vec<u8>>>::poll_flush(self.sink.as_mut(), context)).await?;
        Ok(())
    }

    /// Stores everything. `kept` are the days that have partitions.
    pub async fn finish(
        mut self,
        ids: &StoreIds,
        kept: &Range<NaiveDate>,
        now: DateTime<Utc>,
    ) -> Result<PollChanges, DbError> {
        let rows = self.rows.rows();
        let bytes = self.rows.end();
        self.send_all(&bytes).await?;
        self.sink.as_mut().finish().await?;
        let transaction = self.transaction;
        stage_stores(&transaction, ids).await?;
        let stores_added = transaction.execute(include_str!("ingest_polls_stores.sql"), &[&now]).await?;
        transaction.batch_execute(include_str!("ingest_polls_merge.sql")).await?;
        let (start, end) = (start_of(kept.start), start_of(kept.end));
        let extent = transaction.query_one(include_str!("ingest_polls_extent.sql"), &[&start, &end]).await?;
        let (first, last): (Option<DateTime<Utc>>, Option<DateTime<Utc>>) = (extent.try_get(0)?, extent.try_get(1)?);
        let outside: i64 = extent.try_get(2)?;
        let mut changes = PollChanges {
            stores_added,
            polls_outside_kept_days: u64::try_from(outside).unwrap_or_default(),
            ..PollChanges::default()
        };
        if let (Some(first), Some(last)) = (first, last) {
            let (update, insert) = (include_str!("ingest_polls_update.sql"), include_str!("ingest_polls_insert.sql"));
            changes.polls_turned_inactive = transaction.execute(update, &[&first, &last]).await?;
            changes.polls_added = transaction.execute(insert, &[]).await?;
            transaction.execute(include_str!("ingest_polls_first.sql"), &[&now]).await?;
        }
        changes.polls_known = rows - changes.polls_added - changes.polls_turned_inactive;
        transaction.commit().await?;
        Ok(changes)
    }
}

/// Makes the temporary table of the file's stores: their numbers and ids.
async fn stage_stores(transaction: &Transaction<'_>, ids: &StoreIds) -> Result<(), DbError> {
    let create = "CREATE TEMP TABLE ingest_store (number integer, ext_id text COLLATE \"C\") ON COMMIT DROP";
    transaction.batch_execute(create).await?;
    let mut rows = CopyText::default();
    for number in (0..).take(ids.len()) {
        rows.plain(number);
        rows.text(Some(ids.get(number)));
        rows.end_row();
    }
    copy_in(transaction, "COPY ingest_store FROM STDIN", &mut rows).await?;
    transaction.batch_execute("ANALYZE ingest_store").await?;
    Ok(())
}
