//! `metrics.store_uptime`: one row per instant, policy and store.

use chrono::{DateTime, Utc};
use tokio_postgres::{Client, Transaction};

use super::{Changes, copy_in, create_stage};
use crate::db::DbError;
use crate::db::copy::CopyText;
use crate::uptime::{Figures, Report, StoreFigures};

/// Rows given to the server at a time.
const PART_ROWS: usize = 1000;

/// Prepares the session for rows of reports; again changes nothing.
pub async fn prepare(client: &Client) -> Result<(), DbError> {
    create_stage(client, include_str!("store_uptime_stage.sql")).await
}

/// Brings the rows of `report` into the stage.
pub(in crate::db) async fn stage(transaction: &Transaction<'_>, report: &Report) -> Result<(), DbError> {
    let mut rows = CopyText::default();
    for (id, figures) in report.rows() {
        push(&mut rows, id, figures);
        if rows.rows() == PART_ROWS {
            copy_in(transaction, "COPY store_uptime_stage FROM STDIN", &mut rows).await?;
        }
    }
    copy_in(transaction, "COPY store_uptime_stage FROM STDIN", &mut rows).await
}

/// Makes the rows of `report` the only ones of its instant and policy.
pub async fn replace(
    transaction: &Transaction<'_>,
    report: &Report,
    as_of: DateTime<Utc>,
    computed_at: DateTime<Utc>,
) -> Result<Changes, DbError> {
    let policy = report.head.options.policy.to_string();
    stage(transaction, report).await?;
    let deleted = transaction.execute(include_str!("store_uptime_delete.sql"), &[&as_of, &policy]).await?;
    let written =
        transaction.execute(include_str!("store_uptime_upsert.sql"), &[&as_of, &policy, &computed_at]).await?;
    Ok(Changes { written, deleted })
}

/// Deletes rows of instants more than so many hours before the newest, other than `as_of`.
pub async fn prune(transaction: &Transaction<'_>, as_of: DateTime<Utc>, hours: u32) -> Result<u64, DbError> {
    Ok(transaction.execute(include_str!("store_uptime_prune.sql"), &[&as_of, &f64::from(hours)]).await?)
}

fn push(rows: &mut CopyText, id: &str, figures: &StoreFigures) {
    rows.text(Some(id));
    let columns: [fn(&Figures) -> i64; 6] = [
        |figures| figures.business_us,
        |figures| figures.up_us,
        |figures| figures.down_us,
        |figures| figures.observed_us,
        |figures| figures.lo_us,
        |figures| figures.hi_us,
    ];
    for column in columns {
        rows.array(figures.iter().map(column));
    }
    rows.array(figures.iter().map(|figures| figures.polls));
    rows.end_row();
}

/// Whether there is any store: without one the view has nothing to say.
pub async fn has_stores(client: &Client) -> Result<bool, DbError> {
    Ok(client.query_one("SELECT EXISTS (SELECT FROM metrics.store)", &[]).await?.try_get(0)?)
}
