//! Yahoo Finance: the chart endpoint, one request per currency and range, without a key.
//!
//! `GET /v8/finance/chart/NGNUSD=X?period1=…&period2=…&interval=1d` answers with a list of instants and, beside it,
//! the closing price of the day that begins at each. Days are days of the exchange's time zone; a day without a
//! price has `null`. The endpoint is undocumented by its owner; the form is that of its public clients.

use chrono::{DateTime, Days, FixedOffset, NaiveDate, NaiveTime};
use chrono_tz::Tz;
use metrics_core::money::UsdRate;
use metrics_core::settings::FxProvider;
use serde::Deserialize;

use super::http::{Client, Reply};
use super::provider::{Fetched, FxError, RateProvider, Wanted, decimal};

/// Where the provider is.
pub const BASE_URL: &str = "https://query1.finance.yahoo.com";

/// The chart endpoint.
pub struct Yahoo;

#[derive(Deserialize)]
struct Answer {
    chart: Chart,
}

#[derive(Deserialize)]
struct Chart {
    result: Option<Vec<Series>>,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    description: Option<String>,
}

#[derive(Deserialize)]
struct Series {
    meta: Meta,
    #[serde(default)]
    timestamp: Vec<i64>,
    indicators: Indicators,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    /// Of the price: USD for `NGNUSD=X`.
    currency: Option<String>,
    #[serde(default)]
    gmtoffset: i32,
    exchange_timezone_name: Option<String>,
}

#[derive(Deserialize)]
struct Indicators {
    quote: Vec<Quote>,
}

#[derive(Deserialize)]
struct Quote {
    #[serde(default)]
    close: Vec<Option<f64>>,
}

impl RateProvider for Yahoo {
    fn name(&self) -> FxProvider {
        FxProvider::Yahoo
    }

    fn fetch(&self, wanted: &[Wanted], client: &Client) -> Fetched {
        let mut fetched = Fetched::default();
        for wanted in wanted {
            if let Err(error) = ask(wanted, client).and_then(|series| read(wanted, &series, &mut fetched)) {
                let is_last = error.stops_further_requests();
                fetched.fail(wanted, error);
                if is_last {
                    break;
                }
            }
        }
        fetched
    }
}

fn ask(wanted: &Wanted, client: &Client) -> Result<Series, FxError> {
    // A day begins at most 14 hours before, and 12 after, the same date in UTC. The end is exclusive.
    let start = midnight(wanted.from.checked_sub_days(Days::new(1)).unwrap_or(wanted.from));
    let end = midnight(wanted.to.checked_add_days(Days::new(1)).unwrap_or(wanted.to));
    let symbol = format!("{}USD=X", wanted.currency);
    let path = format!("/v8/finance/chart/{symbol}?period1={start}&period2={end}&interval=1d");

    let reply = client.get(&path, |_| false)?;
    if reply.status != 200 {
        return Err(client.refused(&reply, reason(&reply).as_deref()));
    }
    let Chart { result, error } = reply.json::<Answer>()?.chart;
    if let Some(Refusal { description }) = error {
        return Err(client.refused(&reply, description.as_deref()));
    }
    let series = result.and_then(|series| series.into_iter().next()).ok_or(FxError::NoRates)?;
    match &series.meta.currency {
        Some(currency) if currency != "USD" => {
            Err(FxError::Malformed(format!("the price of {symbol} is in another currency than USD")))
        }
        _ => Ok(series),
    }
}

fn reason(reply: &Reply) -> Option<String> {
    reply.json::<Answer>().ok()?.chart.error?.description
}

fn read(wanted: &Wanted, series: &Series, fetched: &mut Fetched) -> Result<(), FxError> {
    let closes = series.indicators.quote.first().map(|quote| quote.close.as_slice()).unwrap_or_default();
    if closes.len() != series.timestamp.len() {
        return Err(FxError::Malformed(format!("{} instants, but {} prices", series.timestamp.len(), closes.len())));
    }
    let mut days = Vec::with_capacity(closes.len());
    for (instant, close) in series.timestamp.iter().zip(closes) {
        let date = series.meta.date(*instant)?;
        if let Some(close) = close
            && wanted.covers(&wanted.currency, date)
        {
            days.push((date, *close));
        }
    }
    // The present day may come twice: as a day, and as the latest price. The later one counts.
    days.reverse();
    days.sort_by_key(|(date, _)| *date);
    days.dedup_by_key(|(date, _)| *date);
    for (date, close) in days {
        fetched.add(&wanted.currency, date, decimal(close).and_then(UsdRate::new));
    }
    Ok(())
}

impl Meta {
    /// Local date at the exchange. `gmtoffset` is that of now, wrong for the other half of a year with summer time,
    /// so the zone's name goes first.
    fn date(&self, instant: i64) -> Result<NaiveDate, FxError> {
        let instant = DateTime::from_timestamp(instant, 0)
            .ok_or_else(|| FxError::Malformed(format!("{instant} is no instant")))?;
        if let Some(Ok(zone)) = self.exchange_timezone_name.as_deref().map(str::parse::<Tz>) {
            return Ok(instant.with_timezone(&zone).date_naive());
        }
        let offset = FixedOffset::east_opt(self.gmtoffset)
            .ok_or_else(|| FxError::Malformed(format!("{} s is no offset from UTC", self.gmtoffset)))?;
        Ok(instant.with_timezone(&offset).date_naive())
    }
}

fn midnight(date: NaiveDate) -> i64 {
    date.and_time(NaiveTime::MIN).and_utc().timestamp()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn read_json(series: serde_json::Value) -> Result<Fetched, FxError> {
        let wanted = Wanted { currency: "NGN".to_owned(), from: day("2026-07-06"), to: day("2026-07-08") };
        let mut fetched = Fetched::default();
        read(&wanted, &serde_json::from_value(series).unwrap(), &mut fetched)?;
        Ok(fetched)
    }

    fn series(meta: &serde_json::Value, timestamps: &[i64], closes: &serde_json::Value) -> serde_json::Value {
        json!({"meta": meta, "timestamp": timestamps, "indicators": {"quote": [{"close": closes}]}})
    }

    fn texts(fetched: &Fetched) -> Vec<String> {
        fetched.rates.iter().map(|rate| format!("{} {} {}", rate.currency, rate.date, rate.usd.usd())).collect()
    }

    /// Midnight in London on a day in summer is 23:00 UTC of the day before; `gmtoffset` is that of the request,
    /// which may be in winter.
    const LONDON_MIDNIGHTS: [i64; 3] = [1_783_292_400, 1_783_378_800, 1_783_465_200];

    #[test]
    fn days_are_those_of_the_exchanges_zone() {
        let meta = json!({"currency": "USD", "gmtoffset": 0, "exchangeTimezoneName": "Europe/London"});
        let fetched = read_json(series(&meta, &LONDON_MIDNIGHTS, &json!([0.0007, null, 0.00071]))).unwrap();
        assert_eq!(texts(&fetched), ["NGN 2026-07-06 0.0007", "NGN 2026-07-08 0.00071"]);
        assert!(fetched.problems.is_empty(), "a day without a price is no problem");
    }

    #[test]
    fn without_a_zone_the_offset_counts() {
        let meta = json!({"gmtoffset": 3600});
        let fetched = read_json(series(&meta, &LONDON_MIDNIGHTS, &json!([1, 2, 3]))).unwrap();
        assert_eq!(texts(&fetched), ["NGN 2026-07-06 1", "NGN 2026-07-07 2", "NGN 2026-07-08 3"]);
    }

    #[test]
    fn of_a_day_that_comes_twice_the_later_price_counts() {
        let meta = json!({"exchangeTimezoneName": "Europe/London"});
        let instants = [LONDON_MIDNIGHTS[2], LONDON_MIDNIGHTS[2] + 40_000];
        assert_eq!(texts(&read_json(series(&meta, &instants, &json!([1, 2]))).unwrap()), ["NGN 2026-07-08 2"]);
        assert_eq!(texts(&read_json(series(&meta, &instants, &json!([1, null]))).unwrap()), ["NGN 2026-07-08 1"]);
    }

    #[test]
    fn days_that_were_not_asked_for_are_left_out() {
        let meta = json!({"exchangeTimezoneName": "Europe/London"});
        let instants = [LONDON_MIDNIGHTS[0] - 86_400, LONDON_MIDNIGHTS[2] + 86_400];
        assert!(texts(&read_json(series(&meta, &instants, &json!([1, 2]))).unwrap()).is_empty());
        // Without any day there is no list at all.
        let empty = json!({"meta": {}, "indicators": {"quote": [{}]}});
        assert!(texts(&read_json(empty).unwrap()).is_empty());
    }

    #[test]
    fn prices_that_are_no_rates_are_refused_by_name() {
        let meta = json!({"exchangeTimezoneName": "Europe/London"});
        let fetched = read_json(series(&meta, &LONDON_MIDNIGHTS, &json!([0, -1, 1e300]))).unwrap();
        let problems: Vec<_> = fetched.problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems[0], "NGN of 2026-07-06: the rate is refused: 0 is not above 0");
        assert_eq!(problems[1], "NGN of 2026-07-07: the rate is refused: -1 is not above 0");
        assert!(problems[2].starts_with("NGN of 2026-07-08: the rate is refused: 1000"), "{}", problems[2]);
        assert!(fetched.rates.is_empty());
    }

    #[test]
    fn lists_of_different_length_are_malformed() {
        assert!(matches!(read_json(series(&json!({}), &LONDON_MIDNIGHTS, &json!([1]))), Err(FxError::Malformed(_))));
        assert!(matches!(read_json(series(&json!({}), &[i64::MAX], &json!([1]))), Err(FxError::Malformed(_))));
    }
}
