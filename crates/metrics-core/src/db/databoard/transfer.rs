//! Dashboards out of the database and into it, for whoever moves a store.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use futures_util::{Stream, StreamExt as _};

use super::dashboards::{Record, Whole, put_body, with_bodies};
use super::versions::{self, Ending};
use super::{Body, Deadline, Limits, Refusal, Totals, signed, transaction};
use crate::db::connect::Connection;
use crate::db::error::DbError;
use crate::db::schema::databoard_dashboards as table;

/// Dashboards in the order of their ids; those that are never evicted, or all.
pub async fn export(
    conn: &mut Connection,
    all: bool,
) -> Result<impl Stream<Item = Result<Record, DbError>> + '_, DbError> {
    let dashboards = with_bodies()
        .filter(table::whitelisted.or(all.into_sql::<Bool>()))
        .order(table::id)
        .select(Record::as_select());
    Ok(dashboards.load_stream(conn).await?.map(|record| record.map_err(DbError::from)))
}

/// A dashboard to put in.
#[derive(Debug, Clone, Copy)]
pub struct ImportedRecord<'a> {
    /// Its id.
    pub id: &'a str,
    /// Its body.
    pub body: Body<'a>,
    /// When it was last read or changed.
    pub last_access: DateTime<Utc>,
    /// Whether it is never evicted.
    pub whitelisted: bool,
    /// Whether only maintenance changes it.
    pub protected: bool,
}

/// Dashboards that are being put in, in one transaction; nothing is evicted for them.
pub struct Imported {
    totals: Totals,
    now: DateTime<Utc>,
}

impl Imported {
    /// Begins, once other writers have ended.
    async fn begin(conn: &mut Connection, now: DateTime<Utc>) -> Result<Self, Refusal> {
        Ok(Self { totals: Totals::lock(conn, Deadline::NONE).await?, now })
    }

    /// Puts a dashboard in, in the place of one with its id.
    pub async fn put(&mut self, conn: &mut Connection, record: ImportedRecord<'_>) -> Result<(), Refusal> {
        let found: Option<Whole> =
            table::table.find(record.id).select(Whole::as_select()).for_update().get_result(conn).await.optional()?;
        let mut version = versions::newest(conn, record.id).await?.unwrap_or(0);
        if let Some(whole) = &found {
            version = whole.version;
            self.totals.dashboards_bytes -= whole.size_bytes;
            versions::keep(conn, &mut self.totals, whole, Ending::Replaced, self.now).await?;
        }
        put_body(conn, record.id, version + 1, record.body.json, self.now).await?;
        let values = (
            table::size_bytes.eq(signed(record.body.size_bytes)),
            table::widgets.eq(record.body.widgets()),
            table::version.eq(version + 1),
            table::last_access.eq(record.last_access),
            table::whitelisted.eq(record.whitelisted),
            table::protected.eq(record.protected),
            table::whitelisted_at.eq(self.now),
            table::protected_at.eq(self.now),
            table::computed_at.eq(self.now),
        );
        if found.is_some() {
            diesel::update(table::table.find(record.id)).set(values).execute(conn).await?;
        } else {
            let new = (table::id.eq(record.id), table::created_at.eq(self.now), values);
            diesel::insert_into(table::table).values(new).execute(conn).await?;
        }
        self.totals.dashboards_bytes += signed(record.body.size_bytes);
        Ok(())
    }

    async fn finish(mut self, conn: &mut Connection, limits: &Limits) -> Result<(), Refusal> {
        versions::prune(conn, &mut self.totals, limits, self.now).await?;
        self.totals.store(conn, self.now).await
    }
}

/// Runs `put_all`, which puts dashboards in; they are there when it ends well, and none of them when it does not.
pub async fn import<T, E: From<Refusal> + From<diesel::result::Error> + Send>(
    conn: &mut Connection,
    limits: &Limits,
    now: DateTime<Utc>,
    put_all: impl AsyncFnOnce(&mut Connection, &mut Imported) -> Result<T, E>,
) -> Result<T, E> {
    transaction(conn, Deadline::NONE, async |conn| {
        let mut imported = Imported::begin(conn, now).await?;
        let result = put_all(conn, &mut imported).await?;
        imported.finish(conn, limits).await?;
        Ok(result)
    })
    .await
}
