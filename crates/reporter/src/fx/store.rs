//! Storing rates: what replaces what, and the verdicts that follow from it.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use metrics_core::db::metrics::exchange_rate::{self, ExchangeRate, IMPORT};
use metrics_core::db::{AsyncConnection, Connection, DbError};
use metrics_core::money::{QuarantineRule, decimal};
use metrics_core::settings::{FxProvider, FxSettings};
use rust_decimal::Decimal;

use super::provider::FetchedRate;

/// Rows by their key.
type Rows = BTreeMap<(String, NaiveDate), ExchangeRate>;

/// A change to the stored rates.
#[derive(Debug, Clone)]
pub enum Change {
    /// Rates of a provider. They replace what was fetched before, and leave alone what somebody vouched for.
    Fetch(FxProvider, Vec<FetchedRate>),
    /// Rates that somebody vouches for. They replace everything and are never set aside.
    Import(Vec<FetchedRate>),
    /// A stored rate is released from quarantine.
    Accept(String, NaiveDate),
}

/// What a [`Change`] did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Stored {
    /// Days that had no rate.
    pub inserted: usize,
    /// Days that have another rate, or one from another source, now.
    pub changed: usize,
    /// Days that have the same rate from the same source as before.
    pub unchanged: usize,
    /// Fetched rates that did not replace an imported or accepted one.
    pub kept: usize,
    /// Rates that are set aside from now on.
    pub quarantined: Vec<(String, NaiveDate, Decimal)>,
    /// Rates that are used from now on, and were set aside.
    pub released: Vec<(String, NaiveDate, Decimal)>,
}

/// The rule of the settings.
pub fn rule(settings: &FxSettings) -> QuarantineRule {
    // A ratio beyond every decimal sets nothing aside.
    QuarantineRule { ratio: decimal(settings.quarantine_ratio).unwrap_or(Decimal::MAX), days: settings.max_age_days }
}

/// Applies `change` and judges the rates of its currencies anew, in one transaction.
pub async fn store(
    conn: &mut Connection,
    change: Change,
    rule: QuarantineRule,
    at: DateTime<Utc>,
) -> Result<Stored, DbError> {
    conn.transaction(async |conn| {
        exchange_rate::lock(conn).await?;
        let before = exchange_rate::history(conn, &change.currencies()).await?;
        let (rows, stored) = apply(before, change, rule, at);
        exchange_rate::upsert(conn, &rows).await?;
        Ok(stored)
    })
    .await
}

impl Change {
    /// The currencies whose rates it may touch, in alphabetical order.
    fn currencies(&self) -> Vec<String> {
        let mut currencies: Vec<_> = match self {
            Self::Fetch(_, rates) | Self::Import(rates) => rates.iter().map(|rate| rate.currency.clone()).collect(),
            Self::Accept(currency, _) => vec![currency.clone()],
        };
        currencies.sort_unstable();
        currencies.dedup();
        currencies
    }
}

/// The rows that `change` adds or alters, given all rows of its currencies, and what it did.
fn apply(
    before: Vec<ExchangeRate>,
    change: Change,
    rule: QuarantineRule,
    at: DateTime<Utc>,
) -> (Vec<ExchangeRate>, Stored) {
    let mut stored = Stored::default();
    let known: Rows = before.into_iter().map(|row| ((row.currency.clone(), row.date), row)).collect();
    let mut rows = known.clone();

    match change {
        Change::Fetch(provider, rates) => {
            for rate in rates {
                put(&mut rows, rate, &provider.to_string(), at, &mut stored);
            }
        }
        Change::Import(rates) => {
            for rate in rates {
                put(&mut rows, rate, IMPORT, at, &mut stored);
            }
        }
        Change::Accept(currency, date) => {
            if let Some(row) = rows.get_mut(&(currency, date)).filter(|row| row.quarantined) {
                row.accepted_at = Some(at);
            }
        }
    }
    judge(&mut rows, rule, &mut stored);

    let changed = rows.into_iter().filter(|(key, row)| known.get(key) != Some(row));
    let changed = changed.map(|(_, row)| ExchangeRate { computed_at: at, ..row }).collect();
    (changed, stored)
}

fn put(
    rows: &mut Rows,
    FetchedRate { currency, date, usd }: FetchedRate,
    source: &str,
    at: DateTime<Utc>,
    stored: &mut Stored,
) {
    let key = (currency.clone(), date);
    match rows.get(&key) {
        None => stored.inserted += 1,
        Some(row) if row.is_trusted() && source != IMPORT => {
            stored.kept += 1;
            return;
        }
        Some(row) if row.usd == usd.usd() && row.source == source => {
            stored.unchanged += 1;
            return;
        }
        Some(_) => stored.changed += 1,
    }
    let row = ExchangeRate {
        currency,
        date,
        usd: usd.usd(),
        source: source.to_owned(),
        fetched_at: at,
        quarantined: false,
        accepted_at: None,
        computed_at: at,
    };
    rows.insert(key, row);
}

/// Judges each currency, and notes which rates the verdict of today differs from the one before for.
fn judge(rows: &mut Rows, rule: QuarantineRule, stored: &mut Stored) {
    let mut rows: Vec<&mut ExchangeRate> = rows.values_mut().collect();
    for rows in rows.chunk_by_mut(|one, next| one.currency == next.currency) {
        let dated: Vec<_> = rows.iter().map(|row| row.dated()).collect();
        for (row, is_quarantined) in rows.iter_mut().zip(rule.judge(&dated)) {
            if row.quarantined != is_quarantined {
                let list = if is_quarantined { &mut stored.quarantined } else { &mut stored.released };
                list.push((row.currency.clone(), row.date, row.usd));
                row.quarantined = is_quarantined;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use metrics_core::money::UsdRate;

    use super::*;

    const RULE: QuarantineRule = QuarantineRule { ratio: Decimal::from_parts(2, 0, 0, false, 1), days: 7 };

    fn at(hour: u32) -> DateTime<Utc> {
        format!("2026-11-21T{hour:02}:00:00Z").parse().unwrap()
    }

    fn date(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).unwrap()
    }

    fn rates(rates: &[(&str, u32, &str)]) -> Vec<FetchedRate> {
        let rate = |(currency, day, usd): &(&str, u32, &str)| FetchedRate {
            currency: (*currency).to_owned(),
            date: date(*day),
            usd: UsdRate::new(usd.parse().unwrap()).unwrap(),
        };
        rates.iter().map(rate).collect()
    }

    fn fetch(rows: &[(&str, u32, &str)]) -> Change {
        Change::Fetch(FxProvider::Yahoo, rates(rows))
    }

    /// The table after `changes`, one an hour, and what the last one did.
    fn after(changes: Vec<Change>) -> (Vec<ExchangeRate>, Stored) {
        let mut table = Rows::new();
        let mut last = Stored::default();
        for (hour, change) in (0..).zip(changes) {
            let (rows, stored) = apply(table.values().cloned().collect(), change, RULE, at(hour));
            table.extend(rows.into_iter().map(|row| ((row.currency.clone(), row.date), row)));
            last = stored;
        }
        (table.into_values().collect(), last)
    }

    fn texts(rows: &[ExchangeRate]) -> Vec<String> {
        let state = |row: &ExchangeRate| if row.quarantined { " quarantined" } else { "" };
        rows.iter().map(|row| format!("{} {} {}{}", row.date.format("%d"), row.usd, row.source, state(row))).collect()
    }

    #[test]
    fn a_fetched_rate_replaces_a_fetched_one_and_nothing_else() {
        let (rows, stored) = after(vec![
            fetch(&[("NGN", 1, "1"), ("NGN", 2, "1")]),
            Change::Import(rates(&[("NGN", 3, "1")])),
            fetch(&[("NGN", 1, "1"), ("NGN", 2, "1.1"), ("NGN", 3, "1.1"), ("NGN", 4, "1.1")]),
        ]);
        assert_eq!(texts(&rows), ["01 1 yahoo", "02 1.1 yahoo", "03 1 import", "04 1.1 yahoo"]);
        let expected = Stored { inserted: 1, changed: 1, unchanged: 1, kept: 1, ..Stored::default() };
        assert_eq!(stored, expected);
        assert_eq!(rows[0].fetched_at, at(0), "what did not change is not written again");
    }

    #[test]
    fn an_import_replaces_everything_and_later_rates_are_judged_by_it() {
        let (rows, stored) = after(vec![
            fetch(&[("NGN", 1, "1"), ("NGN", 2, "0.6"), ("NGN", 3, "0.6"), ("INR", 2, "1")]),
            Change::Import(rates(&[("NGN", 2, "0.6")])),
        ]);
        assert_eq!(texts(&rows[1..]), ["01 1 yahoo", "02 0.6 import", "03 0.6 yahoo"]);
        assert_eq!(stored.released, [("NGN".to_owned(), date(3), "0.6".parse().unwrap())]);
        assert_eq!((stored.inserted, stored.changed), (0, 1));
    }

    #[test]
    fn an_import_can_set_later_fetched_rates_aside() {
        let (rows, stored) = after(vec![
            fetch(&[("NGN", 2, "1"), ("NGN", 3, "1")]),
            Change::Import(rates(&[("NGN", 1, "0.5"), ("NGN", 3, "1")])),
        ]);
        assert_eq!(texts(&rows), ["01 0.5 import", "02 1 yahoo quarantined", "03 1 import"]);
        assert_eq!(stored.quarantined, [("NGN".to_owned(), date(2), Decimal::ONE)]);
    }

    #[test]
    fn accepting_releases_the_rate_and_those_that_follow_it() {
        let (rows, stored) = after(vec![
            fetch(&[("NGN", 1, "1"), ("NGN", 2, "0.6"), ("NGN", 3, "0.6"), ("NGN", 4, "1")]),
            Change::Accept("NGN".to_owned(), date(2)),
        ]);
        assert_eq!(texts(&rows), ["01 1 yahoo", "02 0.6 yahoo", "03 0.6 yahoo", "04 1 yahoo quarantined"]);
        assert_eq!(rows[1].accepted_at, Some(at(1)));
        assert_eq!(stored.released.len(), 2);
    }

    #[test]
    fn what_was_accepted_stays_accepted_whatever_arrives_later() {
        let (rows, stored) = after(vec![
            fetch(&[("NGN", 1, "1"), ("NGN", 2, "0.6")]),
            Change::Accept("NGN".to_owned(), date(2)),
            fetch(&[("NGN", 1, "1.1"), ("NGN", 2, "0.7")]),
        ]);
        assert_eq!(texts(&rows), ["01 1.1 yahoo", "02 0.6 yahoo"]);
        assert_eq!((stored.changed, stored.kept), (1, 1));
    }

    #[test]
    fn the_same_change_again_writes_nothing() {
        for change in [
            fetch(&[("NGN", 1, "1"), ("NGN", 2, "0.6"), ("INR", 2, "1")]),
            Change::Import(rates(&[("NGN", 1, "1"), ("NGN", 2, "0.6")])),
        ] {
            let (rows, _) = after(vec![change.clone()]);
            let (written, stored) = apply(rows.clone(), change, RULE, at(5));
            assert_eq!((written, stored.unchanged), (vec![], rows.len()));
            assert_eq!((stored.quarantined, stored.released), (vec![], vec![]));
        }
    }

    #[test]
    fn accepting_what_is_not_set_aside_changes_nothing() {
        let (rows, _) = after(vec![fetch(&[("NGN", 1, "1")])]);
        for accepted in [("NGN", 1), ("NGN", 2)] {
            let change = Change::Accept(accepted.0.to_owned(), date(accepted.1));
            assert_eq!(apply(rows.clone(), change, RULE, at(5)), (vec![], Stored::default()));
        }
    }
}
