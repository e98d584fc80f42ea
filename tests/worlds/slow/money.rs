//! Fees, exchange rates and what they come to.

use chrono::NaiveDate;
use rust_decimal::{Decimal, RoundingStrategy};

use super::lifecycle::Out;
use super::{Slow, company_currency, text};
use crate::worlds::world::{Company, Crate};

impl Slow<'_> {
    /// Net fee of a release, as a decimal.
    fn net_fee(&self, out: &Out<'_>) -> Decimal {
        let gross = out.row.cooling_fees;
        let all: f64 = self
            .world
            .releases
            .iter()
            .filter(|other| other.checkout_id == out.operation.id)
            .filter(|other| self.world.crates.iter().any(|c| c.id == other.crate_id && self.exists(c)))
            .map(|other| other.cooling_fees)
            .sum();
        let net = match out.operation.discount_amount {
            Some(discount) if discount > 0.0 && all > 0.0 => gross - discount.min(all) * gross / all,
            _ => gross,
        };
        if net.abs() < 0.00005 { Decimal::ZERO } else { format!("{net}").parse().expect("a decimal") }
    }

    fn rate(&self, currency: &str, date: NaiveDate) -> Option<Decimal> {
        if currency == "USD" {
            return Some(Decimal::ONE);
        }
        let usable = self.world.rates.iter().filter(|rate| {
            let age = (date - rate.date).num_days();
            rate.currency == currency && !rate.quarantined && (0..=7).contains(&age)
        });
        usable.max_by_key(|rate| rate.date).map(|rate| rate.usd.parse().expect("a decimal"))
    }
}

/// What the releases of a day brought in.
#[derive(Default)]
pub(super) struct Money {
    pub(super) own: Option<Decimal>,
    pub(super) usd: Option<Decimal>,
    pub(super) fx_missing: bool,
    pub(super) has_fee: bool,
}

impl Money {
    pub(super) fn new(slow: &Slow<'_>, company: Option<&Company>, date: NaiveDate, outs: &[(&Crate, Out<'_>)]) -> Self {
        let own_currency = company.and_then(company_currency);
        let mut result = Self { own: Some(Decimal::ZERO), usd: Some(Decimal::ZERO), ..Self::default() };
        let fees = outs.iter().map(|(c, out)| (c, out, slow.net_fee(out))).filter(|(_, _, fee)| !fee.is_zero());
        for (produce_crate, out, fee) in fees {
            result.has_fee = true;
            let of_crate = produce_crate.currency.as_deref().and_then(text);
            let of_check_out = out.operation.currency.as_deref().and_then(text);
            let currency = of_crate.or(of_check_out).or_else(|| own_currency.clone());
            let usd_rate = currency.as_deref().and_then(|currency| slow.rate(currency, date));
            let usd = usd_rate.map(|rate| fee * rate);
            result.fx_missing |= currency.is_some() && usd.is_none();
            let own = match (&own_currency, &currency) {
                (Some(own), Some(currency)) if own == currency => Some(fee),
                (Some(own), Some(_)) => {
                    let rate = slow.rate(own, date);
                    result.fx_missing |= rate.is_none();
                    usd.and_then(|usd| Some(usd / rate?))
                }
                _ => None,
            };
            result.own = result.own.and_then(|sum| Some(sum + own?));
            result.usd = result.usd.and_then(|sum| Some(sum + usd?));
        }
        result.own = result.own.map(|sum| round(sum, 2));
        result.usd = result.usd.map(|sum| round(sum, 6));
        result
    }
}

pub(super) fn round(value: Decimal, places: u32) -> Decimal {
    value.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero)
}
