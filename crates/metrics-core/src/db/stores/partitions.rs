//! Polls are kept by UTC days, one partition each, so that a report reads eight of them and old ones are dropped whole.

use std::ops::Range;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use tokio_postgres::{Client, Transaction};

use crate::db::DbError;

/// Key of the advisory lock under which partitions are made and dropped.
const LOCK: &str = "SELECT pg_advisory_xact_lock(x'6d657472'::int, 102)";

/// Names of the partitions, but for their date.
const PREFIX: &str = "store_poll_";

/// The days that have partitions of their own: from `now` less the retention up to and including tomorrow.
pub fn kept_days(now: DateTime<Utc>, retention_days: u32) -> Range<NaiveDate> {
    let today = now.date_naive();
    let first = today.checked_sub_days(Days::new(retention_days.into())).unwrap_or(NaiveDate::MIN);
    first..today + Days::new(2)
}

/// Start of a day.
pub fn start_of(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Partitioned {
    /// Days that got a partition.
    pub made: u32,
    /// Days whose partition was dropped with its polls.
    pub dropped: u32,
}

/// Makes and drops partitions so that those of `days` are there. Polls that wait in the default partition move to the
/// day that is theirs.
pub async fn maintain(client: &mut Client, days: &Range<NaiveDate>) -> Result<Partitioned, DbError> {
    let transaction = client.transaction().await?;
    transaction.execute(LOCK, &[]).await?;
    let existing = existing(&transaction).await?;
    let mut done = Partitioned::default();
    for day in days.start.iter_days().take_while(|day| *day < days.end) {
        if !existing.contains(&day) {
            make(&transaction, day).await?;
            done.made += 1;
        }
    }
    for day in existing.iter().filter(|day| **day < days.start) {
        transaction.batch_execute(&format!("DROP TABLE {}", table(*day))).await?;
        done.dropped += 1;
    }
    transaction.commit().await?;
    Ok(done)
}

/// Days that have a partition, ascending.
pub async fn existing(transaction: &Transaction<'_>) -> Result<Vec<NaiveDate>, DbError> {
    let rows = transaction.query(include_str!("partitions.sql"), &[]).await?;
    let mut days = Vec::with_capacity(rows.len());
    for row in rows {
        let name: &str = row.try_get(0)?;
        let day = name.strip_prefix(PREFIX).and_then(|date| NaiveDate::parse_from_str(date, "%Y%m%d").ok());
        days.extend(day);
    }
    days.sort_unstable();
    Ok(days)
}

/// Schema and name of a day's partition.
fn table(day: NaiveDate) -> String {
    format!("metrics.{PREFIX}{}", day.format("%Y%m%d"))
}

async fn make(transaction: &Transaction<'_>, day: NaiveDate) -> Result<(), DbError> {
    let table = table(day);
    let (from, to) = (start_of(day).to_rfc3339(), start_of(day + Days::new(1)).to_rfc3339());
    // Filled before it is attached: the default partition must not hold a row of a day that has its own.
    transaction
        .batch_execute(&format!(
            "CREATE TABLE {table} (LIKE metrics.store_poll INCLUDING ALL);
             COMMENT ON TABLE {table} IS 'Polls of the UTC day {day}; a partition of metrics.store_poll.';
             WITH moved AS (
                 DELETE FROM metrics.store_poll_default WHERE ts >= '{from}' AND ts < '{to}' RETURNING store, ts, up
             )
             INSERT INTO {table} (store, ts, up) SELECT store, ts, up FROM moved;
             ALTER TABLE metrics.store_poll ATTACH PARTITION {table} FOR VALUES FROM ('{from}') TO ('{to}')"
        ))
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_kept_is_tomorrow() {
        let now = "2026-11-22T23:59:59Z".parse().expect("an instant");
        let day = |text: &str| text.parse::<NaiveDate>().expect("a date");
        assert_eq!(kept_days(now, 35), day("2026-10-18")..day("2026-11-24"));
        assert_eq!(kept_days(now, 0), day("2026-11-22")..day("2026-11-24"));
        assert_eq!(table(day("2026-11-02")), "metrics.store_poll_20261102");
    }
}
