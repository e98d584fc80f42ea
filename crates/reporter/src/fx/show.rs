//! Rates, as the commands write them.

use std::io::{self, Write};

use chrono::{DateTime, NaiveDate, Utc};
use metrics_core::db::metrics::exchange_rate::ExchangeRate;
use rust_decimal::Decimal;
use serde::Serialize;

use super::Format;
use super::store::Stored;

#[derive(Serialize)]
struct List<'a> {
    rates: Vec<Rate<'a>>,
    total: i64,
}

#[derive(Serialize)]
struct Rate<'a> {
    currency: &'a str,
    date: NaiveDate,
    /// Text, because a JSON number is read as a float.
    usd: String,
    source: &'a str,
    fetched_at: DateTime<Utc>,
    quarantined: bool,
    accepted_at: Option<DateTime<Utc>>,
    computed_at: DateTime<Utc>,
}

/// Writes `rates`, of which there are `total`.
pub fn rates(out: &mut impl Write, format: Format, rates: &[ExchangeRate], total: i64) -> io::Result<()> {
    match format {
        Format::Json => {
            let rates = rates.iter().map(Rate::from).collect();
            serde_json::to_writer(&mut *out, &List { rates, total })?;
            writeln!(out)
        }
        Format::Text if rates.is_empty() => writeln!(out, "no rates"),
        Format::Text => {
            let digits: Vec<String> = rates.iter().map(|rate| rate.usd.normalize().to_string()).collect();
            let width = digits.iter().map(String::len).max().unwrap_or_default();
            writeln!(out, "currency  date        {:<width$}  source             state", "usd")?;
            for (rate, usd) in rates.iter().zip(digits) {
                let state = match rate {
                    ExchangeRate { quarantined: true, .. } => "quarantined",
                    ExchangeRate { accepted_at: Some(_), .. } => "accepted",
                    _ => "used",
                };
                writeln!(out, "{:<8}  {}  {usd:<width$}  {:<17}  {state}", rate.currency, rate.date, rate.source)?;
            }
            match total - i64::try_from(rates.len()).unwrap_or(i64::MAX) {
                more if more > 0 => writeln!(out, "{more} more; --limit shows them"),
                _ => Ok(()),
            }
        }
    }
}

impl<'a> From<&'a ExchangeRate> for Rate<'a> {
    fn from(rate: &'a ExchangeRate) -> Self {
        Self {
            currency: &rate.currency,
            date: rate.date,
            usd: rate.usd.normalize().to_string(),
            source: &rate.source,
            fetched_at: rate.fetched_at,
            quarantined: rate.quarantined,
            accepted_at: rate.accepted_at,
            computed_at: rate.computed_at,
        }
    }
}

/// Writes how many rates were `verb`, and what became of others by it.
pub fn stored(out: &mut impl Write, verb: &str, stored: &Stored) -> io::Result<()> {
    let Stored { inserted, changed, unchanged, kept, .. } = stored;
    write!(out, "rates {verb}: {inserted} inserted, {changed} changed, {unchanged} unchanged")?;
    if *kept > 0 {
        write!(out, ", {kept} not taken over an imported or accepted one")?;
    }
    writeln!(out)?;
    verdicts(out, stored)
}

/// Writes which rates are set aside or used from now on.
pub fn verdicts(out: &mut impl Write, stored: &Stored) -> io::Result<()> {
    let line = |(currency, date, usd): &(String, NaiveDate, Decimal)| format!("{currency} {date} {usd}");
    for rate in &stored.quarantined {
        let (currency, date, _) = rate;
        writeln!(out, "quarantined: {} (`reporter fx accept {currency} {date}` uses it)", line(rate))?;
    }
    for rate in &stored.released {
        writeln!(out, "used from now on: {}", line(rate))?;
    }
    Ok(())
}
