//! Runs that need rates.

use serde_json::{Value, json};

use super::provider::chart;
use super::{Answer, Fx, NOV_16, Provider};
use crate::support::{TestDb, fixture};

/// Cooling units that charge in NGN and KES, from 18 to 19 November.
fn with_fees(mut fx: Fx) -> Fx {
    fx.db = TestDb::with_source();
    fx.db.load_file(fixture("coldroom/fixture_b.sql"));
    fx
}

const RUN: &str = "--view aggregated-comparison --from 2026-11-17 --to 2026-11-21 \
                   --as-of 2026-11-21T12:00:00Z --time-zone UTC";

/// Unit-days with revenue: date, revenue in USD, and whether a rate was missing.
fn revenue(fx: &Fx) -> Vec<Value> {
    fx.db.query(
        "SELECT date, trim_scale(room_revenue_usd)::text AS usd, 'fx_missing' = ANY (data_quality) AS fx_missing
         FROM metrics.cooling_unit_metrics WHERE room_revenue IS NULL OR room_revenue <> 0 ORDER BY date, cooling_unit_id",
    )
}

#[test]
fn a_run_fetches_the_rates_that_it_lacks() {
    let provider = Provider::start(|_, request| {
        let usd = if request.target.contains("NGNUSD=X") { 0.0007 } else { 0.0077 };
        Answer::json(200, &chart(NOV_16, &[Some(usd)]))
    });
    let fx = with_fees(Fx::asking("yahoo", &provider));
    let ran = fx.reporter(RUN);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    // 490 · 0.0007, 150 · 0.0007 and 150 · 0.0077.
    assert_eq!(
        revenue(&fx),
        [
            json!({"date": "2026-11-18", "usd": "0.343", "fx_missing": false}),
            json!({"date": "2026-11-19", "usd": "0.105", "fx_missing": false}),
            json!({"date": "2026-11-19", "usd": "1.155", "fx_missing": false}),
        ]
    );
    assert_eq!(provider.requests().len(), 2, "one per currency");
    // Nothing is missing any more.
    assert_eq!(fx.reporter(RUN).status, 0);
    assert_eq!(provider.requests().len(), 2);
}

#[test]
fn a_run_without_a_network_leaves_figures_out_and_does_not_fail() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut fx = with_fees(Fx::new());
    fx.set("METRICS_FX__PROVIDER", "yahoo");
    fx.set("METRICS_FX__BASE_URL", &format!("http://{closed}"));
    fx.import("KES,2026-11-16,0.0077\n");
    let ran = fx.reporter(RUN);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains(&format!("http://{closed} cannot be reached")), "{}", ran.stderr);
    assert!(ran.stderr.contains("NGN has no rate on 2 days from 2026-11-18 to 2026-11-19"), "{}", ran.stderr);
    assert_eq!(
        revenue(&fx),
        [
            json!({"date": "2026-11-18", "usd": null, "fx_missing": true}),
            json!({"date": "2026-11-19", "usd": null, "fx_missing": true}),
            json!({"date": "2026-11-19", "usd": "1.155", "fx_missing": false}),
        ]
    );
}
