//! Currencies in which cold rooms charge.

use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;

use crate::db::{Connection, DbError};

#[derive(QueryableByName)]
struct CurrencyRow {
    #[diesel(sql_type = Text)]
    currency: String,
}

/// Every currency that a company, a crate or a checkout names, as written there, in alphabetical order.
pub async fn list(conn: &mut Connection) -> Result<Vec<String>, DbError> {
    let rows: Vec<CurrencyRow> = diesel::sql_query(include_str!("currencies.sql")).load(conn).await?;
    Ok(rows.into_iter().map(|row| row.currency).collect())
}
