//! `metrics.exchange_rate`: US dollars per unit of a currency, by day.

use std::ops::Range;

use chrono::{DateTime, Days, NaiveDate, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use diesel_async::RunQueryDsl;
use rust_decimal::Decimal;

use crate::db::{Connection, DbError};
use crate::money::{DatedRate, RateBook};

diesel::table! {
    /// Daily exchange rates to the US dollar.
    metrics.exchange_rate (currency, date) {
        /// ISO 4217 code.
        currency -> Text,
        /// Day that the rate was published for.
        date -> Date,
        /// US dollars per unit.
        usd -> Numeric,
        /// Where the rate came from.
        source -> Text,
        /// Instant of the import or request.
        fetched_at -> Timestamptz,
        /// Stored, but not used.
        quarantined -> Bool,
        /// Instant of the release from quarantine.
        accepted_at -> Nullable<Timestamptz>,
        /// Instant of the last write.
        computed_at -> Timestamptz,
    }
}

use exchange_rate as t;

/// `source` of a rate that somebody imported.
pub const IMPORT: &str = "import";

/// Rows per INSERT. A statement takes 65,535 binds, and a row is eight of them.
const ROWS_PER_INSERT: usize = 4_000;

/// A row of the table.
#[derive(Debug, Clone, PartialEq, Eq, HasQuery, Insertable)]
#[diesel(table_name = t)]
pub struct ExchangeRate {
    /// ISO 4217 code, never USD.
    pub currency: String,
    /// Day that the rate was published for.
    pub date: NaiveDate,
    /// US dollars per one unit of the currency, above 0.
    pub usd: Decimal,
    /// [`IMPORT`], or the provider that it was fetched from.
    pub source: String,
    /// Instant of the import, or of the request to the provider.
    pub fetched_at: DateTime<Utc>,
    /// Is the rate stored, but not used?
    pub quarantined: bool,
    /// When somebody released the rate from quarantine.
    pub accepted_at: Option<DateTime<Utc>>,
    /// Instant at which the row was last written.
    pub computed_at: DateTime<Utc>,
}

impl ExchangeRate {
    /// Did somebody vouch for the rate, by importing or by accepting it?
    pub fn is_trusted(&self) -> bool {
        self.source == IMPORT || self.accepted_at.is_some()
    }

    /// The rate as the quarantine rule sees it.
    pub fn dated(&self) -> DatedRate {
        DatedRate { date: self.date, usd: self.usd, is_trusted: self.is_trusted() }
    }
}

/// Which rows [`list`] and [`count`] see; `None` restricts nothing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// One currency.
    pub currency: Option<String>,
    /// First day.
    pub from: Option<NaiveDate>,
    /// Last day, inclusive.
    pub to: Option<NaiveDate>,
    /// Only rates in quarantine.
    pub only_quarantined: bool,
}

/// All usable rates that can apply on `days`, so also those up to `max_age_days` before.
pub async fn book(conn: &mut Connection, days: &Range<NaiveDate>, max_age_days: u32) -> Result<RateBook, DbError> {
    let first = days.start.checked_sub_days(Days::new(max_age_days.into())).unwrap_or(NaiveDate::MIN);
    let rows: Vec<(String, NaiveDate, Decimal)> = t::table
        .filter(t::date.ge(first))
        .filter(t::date.lt(days.end))
        .filter(t::quarantined.eq(false))
        .select((t::currency, t::date, t::usd))
        .load(conn)
        .await?;
    Ok(RateBook::new(rows, max_age_days))
}

/// Rows by currency, newest first, at most `limit`.
pub async fn list(conn: &mut Connection, filter: &Filter, limit: i64) -> Result<Vec<ExchangeRate>, DbError> {
    let rows = filtered(filter).select(ExchangeRate::as_select()).order((t::currency, t::date.desc())).limit(limit);
    Ok(rows.load(conn).await?)
}

/// Number of rows that [`list`] would give without a limit.
pub async fn count(conn: &mut Connection, filter: &Filter) -> Result<i64, DbError> {
    Ok(filtered(filter).count().get_result(conn).await?)
}

fn filtered(filter: &Filter) -> t::BoxedQuery<'_, diesel::pg::Pg> {
    let mut query = t::table.into_boxed();
    if let Some(currency) = &filter.currency {
        query = query.filter(t::currency.eq(currency));
    }
    if let Some(from) = filter.from {
        query = query.filter(t::date.ge(from));
    }
    if let Some(to) = filter.to {
        query = query.filter(t::date.le(to));
    }
    if filter.only_quarantined {
        query = query.filter(t::quarantined.eq(true));
    }
    query
}

/// Keeps other writers of the table out until the transaction ends; readers are not kept out.
///
/// What is quarantined follows from all stored rates of a currency, so nothing may be written between reading them
/// and storing the verdicts.
pub async fn lock(conn: &mut Connection) -> Result<(), DbError> {
    diesel::sql_query("LOCK TABLE metrics.exchange_rate IN SHARE ROW EXCLUSIVE MODE").execute(conn).await?;
    Ok(())
}

/// Every row of `currencies`, by currency and date.
pub async fn history(conn: &mut Connection, currencies: &[String]) -> Result<Vec<ExchangeRate>, DbError> {
    let rows = ExchangeRate::query().filter(t::currency.eq_any(currencies)).order((t::currency, t::date));
    Ok(rows.load(conn).await?)
}

/// Stores `rows`; a row of the same currency and day is replaced.
pub async fn upsert(conn: &mut Connection, rows: &[ExchangeRate]) -> Result<usize, DbError> {
    let mut written = 0;
    for batch in rows.chunks(ROWS_PER_INSERT) {
        written += diesel::insert_into(t::table)
            .values(batch)
            .on_conflict((t::currency, t::date))
            .do_update()
            .set((
                t::usd.eq(excluded(t::usd)),
                t::source.eq(excluded(t::source)),
                t::fetched_at.eq(excluded(t::fetched_at)),
                t::quarantined.eq(excluded(t::quarantined)),
                t::accepted_at.eq(excluded(t::accepted_at)),
                t::computed_at.eq(excluded(t::computed_at)),
            ))
            .execute(conn)
            .await?;
    }
    Ok(written)
}
