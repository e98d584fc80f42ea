//! Asking for reports, and reading them.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Jsonb, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use futures_util::{Stream, StreamExt as _};
use serde_json::Value;

use super::Asked;
use crate::db::connect::Connection;
use crate::db::error::DbError;
use crate::uptime::{Figures, Policy, StoreFigures};

/// Puts a request with the name `id` into the queue; false when `most` wait already.
pub async fn request(
    conn: &mut Connection,
    id: &str,
    policy: &Policy,
    asked: &Asked,
    most: u32,
) -> Result<bool, DbError> {
    let options = serde_json::to_value(asked).map_err(|error| DbError::Inconsistent(error.to_string()))?;
    let added = diesel::sql_query(include_str!("request.sql"))
        .bind::<Text, _>(id)
        .bind::<Text, _>(policy.to_string())
        .bind::<Jsonb, _>(options)
        .bind::<BigInt, _>(i64::from(most))
        .execute(conn)
        .await?;
    Ok(added == 1)
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It waits, or is being computed.
    Running,
    /// It is there.
    Complete,
    /// It could not be computed.
    Failed,
}

/// A report without its rows.
#[derive(Debug, Clone, QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
#[expect(missing_docs, reason = "fields are columns of metrics.report, described there")]
pub struct ReportState {
    #[diesel(sql_type = Integer)]
    pub number: i32,
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub as_of: Option<DateTime<Utc>>,
    #[diesel(sql_type = Text)]
    pub policy: String,
    #[diesel(sql_type = Jsonb)]
    pub options: Value,
    #[diesel(sql_type = Nullable<Jsonb>)]
    pub diagnostics: Option<Value>,
    #[diesel(sql_type = Nullable<Text>)]
    pub tzdata: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub rows: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    pub error: Option<String>,
}

impl ReportState {
    /// What became of it.
    pub fn status(&self) -> Status {
        match self.status.as_str() {
            "Complete" => Status::Complete,
            "Failed" => Status::Failed,
            _ => Status::Running,
        }
    }
}

/// The report with this name, if there is one.
pub async fn get(conn: &mut Connection, id: &str) -> Result<Option<ReportState>, DbError> {
    Ok(diesel::sql_query(include_str!("get.sql")).bind::<Text, _>(id).get_result(conn).await.optional()?)
}

/// A row of a report.
#[derive(Debug, Clone, QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
pub struct ReportRow {
    /// Id of the store.
    #[diesel(sql_type = Text)]
    pub store_id: String,
    #[diesel(sql_type = Array<BigInt>)]
    business_us: Vec<i64>,
    #[diesel(sql_type = Array<BigInt>)]
    up_us: Vec<i64>,
    #[diesel(sql_type = Array<BigInt>)]
    down_us: Vec<i64>,
    #[diesel(sql_type = Array<BigInt>)]
    observed_us: Vec<i64>,
    #[diesel(sql_type = Array<BigInt>)]
    lo_us: Vec<i64>,
    #[diesel(sql_type = Array<BigInt>)]
    hi_us: Vec<i64>,
    #[diesel(sql_type = Array<Integer>)]
    polls: Vec<i32>,
}

impl ReportRow {
    /// Its figures by window.
    pub fn figures(&self) -> Result<StoreFigures, DbError> {
        let mut figures = StoreFigures::default();
        let columns = [&self.business_us, &self.up_us, &self.down_us, &self.observed_us, &self.lo_us, &self.hi_us];
        if self.polls.len() != figures.len() || columns.iter().any(|column| column.len() != figures.len()) {
            return Err(DbError::Inconsistent(format!("the row of store {} has not three windows", self.store_id)));
        }
        for (window, figures) in figures.iter_mut().enumerate() {
            let [business_us, up_us, down_us, observed_us, lo_us, hi_us] = columns.map(|column| column[window]);
            let polls = u32::try_from(self.polls[window]).unwrap_or_default();
            *figures = Figures { business_us, up_us, down_us, observed_us, lo_us, hi_us, polls };
        }
        Ok(figures)
    }
}

/// Rows of the report with this number, in order of the bytes of their ids.
pub async fn rows(
    conn: &mut Connection,
    number: i32,
) -> Result<impl Stream<Item = Result<ReportRow, DbError>> + '_, DbError> {
    let rows = diesel::sql_query(include_str!("rows.sql")).bind::<Integer, _>(number).load_stream(conn).await?;
    Ok(rows.map(|row| row.map_err(DbError::from)))
}
