//! Open Exchange Rates: all currencies in one request, with a key.
//!
//! `GET /time-series.json?start=…&end=…&symbols=…` answers with at most a month of days, but not in every plan.
//! Where it is not allowed, `GET /historical/DATE.json?symbols=…` gives one day a request, newest first, so that a
//! long backlog that does not fit the time limit begins with what is looked at most. Both give units of the
//! currency per US dollar. An error is `{"error": true, "status", "message", "description"}`; what the plan does not
//! contain is status 429 (or 403) with the message `not_allowed`.
//!
//! Source: Open Exchange Rates, API reference 0.7: time-series, historical, authentication, errors.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Days, NaiveDate};
use metrics_core::money::UsdRate;
use metrics_core::settings::FxProvider;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::http::{Client, Reply};
use super::provider::{Fetched, FxError, RateProvider, Wanted, decimal};

/// Where the provider is.
pub const BASE_URL: &str = "https://openexchangerates.org/api";

/// Days of one time-series request: no more than a month.
const DAYS_PER_REQUEST: usize = 31;

/// The keyed JSON interface.
pub struct OpenExchangeRates;

/// Units of each currency per unit of the base.
type Units = BTreeMap<String, f64>;

#[derive(Deserialize)]
struct TimeSeries {
    base: Option<String>,
    rates: BTreeMap<NaiveDate, Units>,
}

#[derive(Deserialize)]
struct Historical {
    base: Option<String>,
    rates: Units,
}

#[derive(Deserialize)]
struct Refusal {
    message: Option<String>,
    description: Option<String>,
}

/// What one or several days gave.
enum Answer {
    Days(BTreeMap<NaiveDate, Units>),
    /// The plan of the key does not contain the request.
    NotInPlan,
}

impl RateProvider for OpenExchangeRates {
    fn name(&self) -> FxProvider {
        FxProvider::OpenExchangeRates
    }

    fn fetch(&self, wanted: &[Wanted], client: &Client) -> Fetched {
        let mut fetched = Fetched::default();
        let symbols = wanted.iter().map(|wanted| wanted.currency.as_str()).collect::<BTreeSet<_>>();
        let symbols = symbols.into_iter().collect::<Vec<_>>().join(",");
        let mut has_time_series = true;

        for span in spans(wanted).into_iter().rev() {
            if has_time_series {
                match time_series(span, &symbols, client) {
                    Ok(Answer::Days(days)) => {
                        keep(&days, wanted, &mut fetched);
                        continue;
                    }
                    Ok(Answer::NotInPlan) => has_time_series = false,
                    Err(error) => {
                        let is_last = error.stops_further_requests();
                        fetched.fail(format_args!("{symbols} from {} to {}", span.0, span.1), error);
                        if is_last {
                            return fetched;
                        }
                        continue;
                    }
                }
            }
            for date in span.0.iter_days().take_while(|date| *date <= span.1).collect::<Vec<_>>().into_iter().rev() {
                match historical(date, &symbols, client) {
                    Ok(days) => keep(&days, wanted, &mut fetched),
                    Err(error) => {
                        let is_last = error.stops_further_requests();
                        fetched.fail(format_args!("{symbols} of {date}"), error);
                        if is_last {
                            return fetched;
                        }
                    }
                }
            }
        }
        fetched
    }
}

/// The days that any currency needs, in runs of at most a month, ascending.
fn spans(wanted: &[Wanted]) -> Vec<(NaiveDate, NaiveDate)> {
    let days: BTreeSet<NaiveDate> =
        wanted.iter().flat_map(|wanted| wanted.from.iter_days().take_while(|date| *date <= wanted.to)).collect();
    let mut spans: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for day in days {
        match spans.last_mut() {
            Some((first, last))
                if *last + Days::new(1) == day && first.iter_days().take(DAYS_PER_REQUEST).any(|date| date == day) =>
            {
                *last = day;
            }
            _ => spans.push((day, day)),
        }
    }
    spans
}

fn time_series((start, end): (NaiveDate, NaiveDate), symbols: &str, client: &Client) -> Result<Answer, FxError> {
    let path = format!("/time-series.json?start={start}&end={end}&symbols={symbols}");
    let reply = client.get(&path, is_not_in_plan)?;
    if reply.status != 200 && is_not_in_plan(&reply) {
        return Ok(Answer::NotInPlan);
    }
    let TimeSeries { base, rates } = accepted(&reply, client)?;
    in_dollars(base.as_deref())?;
    Ok(Answer::Days(rates))
}

fn historical(date: NaiveDate, symbols: &str, client: &Client) -> Result<BTreeMap<NaiveDate, Units>, FxError> {
    let reply = client.get(&format!("/historical/{date}.json?symbols={symbols}"), is_not_in_plan)?;
    let Historical { base, rates } = accepted(&reply, client)?;
    in_dollars(base.as_deref())?;
    Ok(BTreeMap::from([(date, rates)]))
}

fn accepted<T: DeserializeOwned>(reply: &Reply, client: &Client) -> Result<T, FxError> {
    if reply.status == 200 {
        return reply.json();
    }
    let refusal = reply.json::<Refusal>().ok();
    let reason = refusal.and_then(|Refusal { message, description }| description.or(message));
    Err(client.refused(reply, reason.as_deref()))
}

fn is_not_in_plan(reply: &Reply) -> bool {
    reply.json::<Refusal>().is_ok_and(|refusal| refusal.message.as_deref() == Some("not_allowed"))
}

/// The base is the dollar unless another one is asked for; an answer in another one would be read wrongly.
fn in_dollars(base: Option<&str>) -> Result<(), FxError> {
    match base {
        None | Some("USD") => Ok(()),
        Some(_) => Err(FxError::Malformed("its base is not USD".to_owned())),
    }
}

fn keep(days: &BTreeMap<NaiveDate, Units>, wanted: &[Wanted], fetched: &mut Fetched) {
    for (date, units) in days {
        for (currency, units) in units {
            if wanted.iter().any(|wanted| wanted.covers(currency, *date)) {
                fetched.add(currency, *date, decimal(*units).and_then(UsdRate::from_units_per_usd));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(currency: &str, from: &str, to: &str) -> Wanted {
        Wanted { currency: currency.to_owned(), from: from.parse().unwrap(), to: to.parse().unwrap() }
    }

    fn texts(spans: &[(NaiveDate, NaiveDate)]) -> Vec<String> {
        spans.iter().map(|(first, last)| format!("{first}/{last}")).collect()
    }

    #[test]
    fn days_of_all_currencies_are_asked_for_together_a_month_at_a_time() {
        let wanted = [
            wanted("KES", "2026-01-01", "2026-01-20"),
            wanted("NGN", "2026-01-15", "2026-02-05"),
            wanted("NGN", "2026-03-01", "2026-03-01"),
        ];
        assert_eq!(texts(&spans(&wanted)), ["2026-01-01/2026-01-31", "2026-02-01/2026-02-05", "2026-03-01/2026-03-01"]);
        assert!(spans(&[]).is_empty());
    }

    #[test]
    fn units_per_dollar_become_dollars_per_unit() {
        let asked = [wanted("NGN", "2026-01-01", "2026-01-02")];
        let units = |units: &[(&str, f64)]| units.iter().map(|(name, units)| ((*name).to_owned(), *units)).collect();
        let days = BTreeMap::from([
            ("2026-01-01".parse().unwrap(), units(&[("NGN", 1600.0), ("EUR", 0.9)])),
            ("2026-01-02".parse().unwrap(), units(&[("NGN", 0.0)])),
            ("2026-01-03".parse().unwrap(), units(&[("NGN", 1600.0)])),
        ]);
        let mut fetched = Fetched::default();
        keep(&days, &asked, &mut fetched);
        // 1 ÷ 1600 = 0.000625
        let rates: Vec<_> = fetched.rates.iter().map(|rate| format!("{} {}", rate.date, rate.usd.usd())).collect();
        assert_eq!(rates, ["2026-01-01 0.000625"]);
        assert_eq!(fetched.problems[0].to_string(), "NGN of 2026-01-02: the rate is refused: 0 is not above 0");
        assert_eq!(fetched.problems.len(), 1);
    }
}
