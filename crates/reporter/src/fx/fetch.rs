//! What to ask a provider for.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Days, NaiveDate, Utc};
use metrics_core::db::metrics::exchange_rate;
use metrics_core::db::{Connection, DbError};
use metrics_core::money::{RateBook, is_currency_code};
use metrics_core::settings::FxSettings;

use super::provider::{Wanted, configured};
use super::store::{Change, Stored, rule, store};

/// Days without a need that are asked for nevertheless, to make one request of two.
const BRIDGED_DAYS: u64 = 31;

/// What came of fetching rates.
#[derive(Debug, Default)]
pub struct FetchSummary {
    /// What was stored.
    pub stored: Stored,
    /// What could not be had, one sentence each. A run goes on without it.
    pub warnings: Vec<String>,
}

/// Fetches the rates that a run needs and the database does not have.
///
/// `needed` holds a currency and local day for each fee. For those without a valid rate the provider of the settings
/// is asked, from `fx.max_age_days` before the first of them on; what it gives is judged and stored in one
/// transaction. Whatever the provider does wrong is a warning, and so is what has no rate in the end: only the
/// database can make this fail.
pub async fn fetch_missing(
    conn: &mut Connection,
    settings: &FxSettings,
    needed: &[(String, NaiveDate)],
    as_of: DateTime<Utc>,
) -> Result<FetchSummary, DbError> {
    let mut summary = FetchSummary::default();
    let (missing, malformed) = without_rate(conn, settings, needed).await?;
    summary.warnings.extend(malformed.into_iter().map(|currency| {
        format!("fees in `{currency}` have no rate: it is no ISO 4217 code; correct it in the source")
    }));
    if missing.is_empty() {
        return Ok(summary);
    }
    match configured(settings) {
        Ok(None) => {}
        Ok(Some(source)) => {
            let provider = source.name();
            let fetched = source.fetch(wanted(&missing, settings.max_age_days)).await;
            summary.warnings.extend(fetched.problems.iter().map(|problem| format!("{provider}: {problem}")));
            summary.stored = store(conn, Change::Fetch(provider, fetched.rates), rule(settings), as_of).await?;
        }
        Err(error) => summary.warnings.push(error.to_string()),
    }
    let (missing, _) = without_rate(conn, settings, needed).await?;
    summary.warnings.extend(missing.iter().filter_map(|(currency, days)| still_missing(currency, days)));
    Ok(summary)
}

/// Days by currency.
type CurrencyDays = BTreeMap<String, BTreeSet<NaiveDate>>;

/// What of `needed` has no valid rate, and the currencies that can have none.
async fn without_rate(
    conn: &mut Connection,
    settings: &FxSettings,
    needed: &[(String, NaiveDate)],
) -> Result<(CurrencyDays, BTreeSet<String>), DbError> {
    let days = needed.iter().map(|(_, day)| *day);
    let (Some(first), Some(last)) = (days.clone().min(), days.max()) else { return Ok(Default::default()) };
    let end = last.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
    let book = exchange_rate::book(conn, &(first..end), settings.max_age_days).await?;
    Ok(not_in(&book, needed))
}

fn not_in(book: &RateBook, needed: &[(String, NaiveDate)]) -> (CurrencyDays, BTreeSet<String>) {
    let mut missing = CurrencyDays::new();
    let mut malformed = BTreeSet::new();
    for (currency, day) in needed.iter().filter(|(currency, day)| book.rate(currency, *day).is_none()) {
        if is_currency_code(currency) {
            missing.entry(currency.clone()).or_default().insert(*day);
        } else {
            malformed.insert(currency.clone());
        }
    }
    (missing, malformed)
}

/// Ranges that begin early enough for the first missing day of each to find an older rate, and for a first rate to
/// be judged.
fn wanted(missing: &CurrencyDays, max_age_days: u32) -> Vec<Wanted> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for (currency, days) in missing {
        for day in days {
            let from = day.checked_sub_days(Days::new(max_age_days.into())).unwrap_or(*day);
            match wanted.last_mut() {
                Some(last) if last.currency == *currency && from <= last.to + Days::new(BRIDGED_DAYS) => last.to = *day,
                _ => wanted.push(Wanted { currency: currency.clone(), from, to: *day }),
            }
        }
    }
    wanted
}

fn still_missing(currency: &str, days: &BTreeSet<NaiveDate>) -> Option<String> {
    let (first, last) = (days.first()?, days.last()?);
    let span = match days.len() {
        1 => format!("on {first}"),
        count => format!("on {count} days from {first} to {last}"),
    };
    Some(format!(
        "{currency} has no rate {span}: figures in USD that need it are left out (fx_missing); \
         `reporter fx import` or `reporter fx fetch` supplies it"
    ))
}

#[cfg(test)]
mod tests {
    use metrics_core::money::decimal;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn needs(needs: &[(&str, &str)]) -> Vec<(String, NaiveDate)> {
        needs.iter().map(|(currency, date)| ((*currency).to_owned(), day(date))).collect()
    }

    fn texts(wanted: &[Wanted]) -> Vec<String> {
        wanted.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn only_what_has_no_valid_rate_is_missing() {
        let book = RateBook::new([("NGN".to_owned(), day("2026-11-10"), decimal(0.0007).unwrap())], 7);
        let needed = needs(&[
            ("NGN", "2026-11-17"),
            ("NGN", "2026-11-18"),
            ("USD", "2026-11-18"),
            ("naira", "2026-11-18"),
            ("KES", "2026-11-18"),
        ]);
        let (missing, malformed) = not_in(&book, &needed);
        let expected = CurrencyDays::from([
            ("KES".to_owned(), BTreeSet::from([day("2026-11-18")])),
            ("NGN".to_owned(), BTreeSet::from([day("2026-11-18")])),
        ]);
        assert_eq!(missing, expected);
        assert_eq!(malformed, BTreeSet::from(["naira".to_owned()]));
    }

    #[test]
    fn near_days_are_asked_for_together_and_far_ones_apart() {
        let needed = needs(&[
            ("NGN", "2026-01-10"),
            ("NGN", "2026-02-17"), // from 02-10 on: 31 days after 01-10
            ("NGN", "2026-03-28"), // from 03-21 on: 32 days after 02-17
            ("KES", "2026-01-10"),
        ]);
        let (missing, _) = not_in(&RateBook::new([], 7), &needed);
        assert_eq!(
            texts(&wanted(&missing, 7)),
            [
                "KES from 2026-01-03 to 2026-01-10",
                "NGN from 2026-01-03 to 2026-02-17",
                "NGN from 2026-03-21 to 2026-03-28",
            ]
        );
    }

    #[test]
    fn what_has_no_rate_in_the_end_is_said_with_what_to_do() {
        let days = BTreeSet::from([day("2026-01-10"), day("2026-01-12")]);
        let text = still_missing("NGN", &days).unwrap();
        assert!(text.starts_with("NGN has no rate on 2 days from 2026-01-10 to 2026-01-12: "), "{text}");
        assert_eq!(still_missing("NGN", &BTreeSet::new()), None);
    }
}
