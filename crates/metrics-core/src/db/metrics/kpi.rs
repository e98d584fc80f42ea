//! `metrics.kpi`, `kpi_runs`, `kpi_results`, `kpi_deliveries`: what KPIs there are, what came of them, and where it went.
//!
//! A run of the program holds the lock of its environment from [`lock`] to the end of its session. [`begin`] inserts
//! its row, [`finish`] stores all results and closes it, [`record_delivery`] notes what became of each sink.

mod json_text;
mod lock;
mod read;
mod record;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;

use crate::db::schema::view_version;
use crate::db::{Connection, DbError};

pub use json_text::JsonText;
pub use lock::{lock, unlock};
pub use read::{
    HistoryPart, HistoryPoint, KpiPage, Newest, Period, SheetCell, StoredDelivery, StoredKpi, StoredResult, StoredRun,
    deliveries, environments, has_started, history, history_length, kpi_by_name, kpis, kpis_by_id, kpis_by_name,
    newest, newest_as_of, newest_runs, results, run, sheet_cells, sheet_columns,
};
pub use record::{
    Begun, Delivery, Ending, KpiEntry, NewResult, NewRun, Pruned, begin, finish, prune, record_delivery, upsert_kpis,
};

/// Under which `metrics.view_version` counts changes of these tables.
const VERSION: &str = "kpi";

/// Grows whenever a row of these tables changes; 0 before the first.
pub async fn data_version(conn: &mut Connection) -> Result<i64, DbError> {
    let version = view_version::table.find(VERSION).select(view_version::version).first(conn).await.optional()?;
    Ok(version.unwrap_or(0))
}

/// Lets readers know that rows changed; last in the transaction that changes them, since it makes others wait.
async fn changed(conn: &mut Connection, now: DateTime<Utc>) -> QueryResult<()> {
    diesel::insert_into(view_version::table)
        .values((view_version::view.eq(VERSION), view_version::version.eq(1), view_version::computed_at.eq(now)))
        .on_conflict(view_version::view)
        .do_update()
        .set((
            view_version::version.eq(view_version::version + 1),
            view_version::computed_at.eq(excluded(view_version::computed_at)),
        ))
        .execute(conn)
        .await?;
    Ok(())
}
