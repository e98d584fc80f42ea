//! `metrics.databoard_recent`: the channels that were read last.

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Text};
use diesel_async::RunQueryDsl;

use crate::channel::Channel;
use crate::db::connect::Connection;
use crate::db::error::DbError;
use crate::db::schema::databoard_recent as t;

/// Channels that are kept and listed.
pub const KEPT: i64 = 10;

#[derive(QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct Put {
    #[diesel(sql_type = Bool)]
    is_new: bool,
}

/// Makes `channel` the newest. Each statement is a transaction of its own: call it outside of one.
pub async fn put(conn: &mut Connection, channel: &Channel) -> Result<(), DbError> {
    // The database keeps no NUL.
    if channel.backend.contains('\0') || channel.name.contains('\0') {
        return Ok(());
    }
    let text = serde_json::to_string(channel)
        .map_err(|error| DbError::Inconsistent(format!("a channel cannot be written as JSON: {error}")))?;
    let put: Put = diesel::sql_query(include_str!("recent_put.sql"))
        .bind::<Text, _>(&channel.backend)
        .bind::<Text, _>(&channel.name)
        .bind::<Text, _>(&text)
        .get_result(conn)
        .await?;
    if put.is_new {
        diesel::sql_query(include_str!("recent_trim.sql")).bind::<BigInt, _>(KEPT).execute(conn).await?;
    }
    Ok(())
}

/// The newest channels, the newest first.
pub async fn newest(conn: &mut Connection) -> Result<Vec<Channel>, DbError> {
    let found: Vec<serde_json::Value> =
        t::table.order(t::read_order.desc()).limit(KEPT).select(t::channel).load(conn).await?;
    let channels = found.into_iter().map(serde_json::from_value).collect::<Result<_, _>>();
    channels.map_err(|error| DbError::Inconsistent(format!("a row of metrics.databoard_recent is no channel: {error}")))
}
