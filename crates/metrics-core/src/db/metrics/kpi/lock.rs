//! One run at a time per environment.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;

use crate::db::metrics::report_run::LockHolder;
use crate::db::{Connection, DbError};

#[derive(QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct Holder {
    #[diesel(sql_type = Integer)]
    session: i32,
    #[diesel(sql_type = Text)]
    application: String,
    #[diesel(sql_type = Text)]
    address: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    since: Option<DateTime<Utc>>,
    #[diesel(sql_type = Nullable<BigInt>)]
    run: Option<i64>,
}

#[derive(QueryableByName)]
#[diesel(check_for_backend(diesel::pg::Pg))]
struct Taken {
    #[diesel(sql_type = diesel::sql_types::Bool)]
    taken: bool,
}

/// Takes the lock of `environment` for the session of `conn`, or says who has it. It ends with the session, so the
/// connection is the run's own as long as it lasts.
pub async fn lock(conn: &mut Connection, environment: &str) -> Result<Result<(), LockHolder>, DbError> {
    let found: Taken =
        diesel::sql_query(include_str!("lock_take.sql")).bind::<Text, _>(environment).get_result(conn).await?;
    if found.taken {
        return Ok(Ok(()));
    }
    let holder: Option<Holder> = diesel::sql_query(include_str!("lock_holder.sql"))
        .bind::<Text, _>(environment)
        .get_result(conn)
        .await
        .optional()?;
    Ok(Err(match holder {
        Some(Holder { session, application, address, since, run }) => {
            LockHolder { session, application, address, since, run }
        }
        // It ended between the two statements.
        None => LockHolder {
            session: 0,
            application: "a run that just ended".into(),
            address: "local".into(),
            since: None,
            run: None,
        },
    }))
}

/// Gives the lock of `environment` back.
pub async fn unlock(conn: &mut Connection, environment: &str) -> Result<(), DbError> {
    diesel::sql_query(include_str!("lock_give.sql")).bind::<Text, _>(environment).execute(conn).await?;
    Ok(())
}
