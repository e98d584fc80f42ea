//! `reporter fx fetch`: what is asked, what is taken, and what happens when the provider does not do its part.

use std::time::{Duration, Instant};

use serde_json::json;

use super::provider::{chart, chart_error, oxr_error};
use super::{Answer, Fx, NOV_16, Provider, yahoo};

#[test]
fn yahoo_is_asked_once_per_currency_and_days_without_a_price_are_left_out() {
    let provider = yahoo(&[Some(0.0007), None, Some(0.00071)]);
    let fx = Fx::asking("yahoo", &provider);

    let fetched = fx.run("fetch --currency NGN,INR --from 2026-11-15 --to 2026-11-20");
    assert_eq!(
        (fetched.status, fetched.stdout.as_str()),
        (0, "rates fetched from yahoo: 4 inserted, 0 changed, 0 unchanged\n")
    );
    assert_eq!(
        fx.rates(),
        [
            "NGN 2026-11-16 0.0007 yahoo",
            "NGN 2026-11-18 0.00071 yahoo",
            "INR 2026-11-16 0.0007 yahoo",
            "INR 2026-11-18 0.00071 yahoo",
        ]
    );
    let requests = provider.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[1].target.starts_with("/v8/finance/chart/NGNUSD=X?"), "{}", requests[1].target);
    assert_eq!(requests[1].parameter("interval"), Some("1d"));
    // From the day before the first (zones east of Greenwich) to the end of the last.
    assert_eq!(requests[1].parameter("period1"), Some((NOV_16 - 2 * 86_400).to_string().as_str()));
    assert_eq!(requests[1].parameter("period2"), Some((NOV_16 + 5 * 86_400).to_string().as_str()));
    assert!(requests[1].header("User-Agent").unwrap().contains("coldroom-metrics-reporter"));

    let again = fx.run("fetch --currency NGN,INR --from 2026-11-15 --to 2026-11-20");
    assert_eq!(again.stdout, "rates fetched from yahoo: 0 inserted, 0 changed, 4 unchanged\n");
}

#[test]
fn a_busy_provider_is_asked_again_when_it_says() {
    let provider = Provider::start(|number, _| match number {
        0 => Answer::text(429, "Retry-After: 1", "Too Many Requests"),
        1 => Answer::text(503, "", ""),
        _ => Answer::json(200, &chart(NOV_16, &[Some(0.0007)])),
    });
    let fx = Fx::asking("yahoo", &provider);
    let began = Instant::now();
    assert_eq!(fx.fetch("NGN").status, 0);
    assert!(began.elapsed() >= Duration::from_secs(1), "Retry-After was not waited for");
    assert_eq!(provider.requests().len(), 3);
    assert_eq!(fx.rates(), ["NGN 2026-11-16 0.0007 yahoo"]);
}

#[test]
fn a_provider_that_stays_busy_is_left_alone() {
    let provider = Provider::start(|_, _| Answer::text(429, "Retry-After: 3600", ""));
    let fx = Fx::asking("yahoo", &provider);
    let fetched = fx.fetch("NGN,INR");
    assert_eq!(fetched.status, 1);
    assert!(
        fetched.stderr.contains("INR from 2026-11-13 to 2026-11-20: refused with status 429"),
        "{}",
        fetched.stderr
    );
    assert!(
        fetched.stderr.contains("NGN from 2026-11-13 to 2026-11-20: not asked for after that"),
        "{}",
        fetched.stderr
    );
    assert_eq!(provider.requests().len(), 1);
}

#[test]
fn a_currency_that_fails_does_not_stop_the_others() {
    // XXX is the code of ISO 4217 for no currency.
    let provider = Provider::start(|_, request| {
        if request.target.contains("XXXUSD=X") {
            Answer::json(404, &chart_error("Not Found", "No data found, symbol may be delisted"))
        } else {
            Answer::json(200, &chart(NOV_16, &[Some(0.0007)]))
        }
    });
    let fx = Fx::asking("yahoo", &provider);
    let fetched = fx.fetch("XXX,ZAR");
    assert_eq!(fetched.status, 4);
    assert!(
        fetched.stderr.contains("refused with status 404: No data found, symbol may be delisted"),
        "{}",
        fetched.stderr
    );
    assert_eq!(fx.rates(), ["ZAR 2026-11-16 0.0007 yahoo"]);
}

#[test]
fn answers_of_another_form_and_impossible_rates_are_refused_by_name() {
    for (body, expected) in [
        ("<html>consent</html>".to_owned(), "the answer is not what the provider documents: expected value"),
        ("{}".to_owned(), "the answer is not what the provider documents: missing field `chart`"),
        (json!({"chart": {"result": [], "error": null}}).to_string(), "the provider has no rate"),
        (chart_error("Bad Request", "bad\nperiod").to_string(), "refused with status 200: bad period"),
        (chart(NOV_16, &[]).to_string(), "NGN from 2026-11-13 to 2026-11-20: the provider has no rate"),
        (chart(NOV_16, &[Some(0.0)]).to_string(), "NGN of 2026-11-16: the rate is refused: 0 is not above 0"),
        (
            chart(NOV_16, &[Some(1e20)]).to_string(),
            "NGN of 2026-11-16: the rate is refused: 100000000000000000000 is outside",
        ),
    ] {
        let provider = Provider::start(move |_, _| Answer::text(200, "", body.clone()));
        let fx = Fx::asking("yahoo", &provider);
        let fetched = fx.fetch("NGN");
        assert_eq!(fetched.status, 1, "{expected}");
        assert!(fetched.stderr.contains(expected), "{expected}: {}", fetched.stderr);
        assert!(fx.rates().is_empty());
    }
}

#[test]
fn a_provider_that_does_not_answer_costs_no_more_than_the_time_given() {
    let provider = Provider::start(|_, _| Answer::hang());
    let mut fx = Fx::asking("yahoo", &provider);
    fx.set("METRICS_FX__TIMEOUT_S", "1");
    fx.set("METRICS_FX__TOTAL_TIMEOUT_S", "2");
    fx.set("METRICS_FX__RETRIES", "0");
    let began = Instant::now();
    let fetched = fx.fetch("NGN,INR,KES");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert_eq!(fetched.status, 1);
    for expected in [
        "INR from 2026-11-13 to 2026-11-20: no answer within 1 s (fx.timeout_s)",
        "KES from 2026-11-13 to 2026-11-20: not to be had within 2 s (fx.total_timeout_s)",
        "NGN from 2026-11-13 to 2026-11-20: not asked for after that",
    ] {
        assert!(fetched.stderr.contains(expected), "{}", fetched.stderr);
    }
}

#[test]
fn without_a_network_nothing_is_changed_and_the_reason_is_logged() {
    // A port that was free a moment ago: nobody listens.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut fx = Fx::new();
    fx.import("NGN,2026-11-16,0.0007\n");
    fx.set("METRICS_FX__PROVIDER", "yahoo");
    fx.set("METRICS_FX__BASE_URL", &format!("http://{closed}"));
    let fetched = fx.fetch("NGN");
    assert_eq!(fetched.status, 1);
    assert!(fetched.stderr.contains(&format!("http://{closed} cannot be reached: ")), "{}", fetched.stderr);
    assert_eq!(fx.rates(), ["NGN 2026-11-16 0.0007 import"]);
}

#[test]
fn openexchangerates_gives_all_currencies_in_one_request() {
    let provider = Provider::start(|_, _| {
        let rates = json!({"2026-11-16": {"NGN": 1600, "INR": 80.0, "EUR": 0.9}, "2026-11-17": {"NGN": 1250.0}});
        Answer::json(200, &json!({"start_date": "2026-11-16", "end_date": "2026-11-17", "base": "USD", "rates": rates}))
    });
    let mut fx = Fx::asking("openexchangerates", &provider);
    fx.set("METRICS_FX__API_KEY", "sesame");
    let fetched = fx.run("fetch --currency NGN,INR --from 2026-11-16 --to 2026-11-17");
    assert_eq!(fetched.status, 0, "{}", fetched.stderr);
    // 1 ÷ 1600, 1 ÷ 1250 (28 % up: set aside) and 1 ÷ 80. Nobody asked for EUR.
    assert_eq!(
        fx.rates(),
        [
            "NGN 2026-11-16 0.000625 openexchangerates",
            "NGN 2026-11-17 0.0008 openexchangerates quarantined",
            "INR 2026-11-16 0.0125 openexchangerates",
        ]
    );
    let requests = provider.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].target, "/time-series.json?start=2026-11-16&end=2026-11-17&symbols=INR,NGN");
    assert_eq!(requests[0].header("Authorization"), Some("Token sesame"));
}

#[test]
fn a_plan_without_time_series_is_asked_day_by_day() {
    let provider = Provider::start(|_, request| {
        if request.target.starts_with("/historical/") {
            Answer::json(200, &json!({"timestamp": 1, "base": "USD", "rates": {"NGN": 1600}}))
        } else {
            Answer::json(429, &oxr_error(429, "not_allowed", "no access to time series in this plan"))
        }
    });
    let mut fx = Fx::asking("openexchangerates", &provider);
    fx.set("METRICS_FX__API_KEY", "sesame");
    assert_eq!(fx.run("fetch --currency NGN --from 2026-11-16 --to 2026-11-18").status, 0);
    let targets: Vec<_> = provider.requests().into_iter().skip(1).map(|request| request.target).collect();
    let day = |day| format!("/historical/2026-11-{day}.json?symbols=NGN");
    assert_eq!(targets, [day(18), day(17), day(16)]);
    assert_eq!(fx.rates().len(), 3);
}

#[test]
fn a_wrong_key_is_told_without_showing_it() {
    let provider = Provider::start(|_, _| {
        Answer::json(401, &oxr_error(401, "invalid_app_id", "Invalid App ID open-sesame provided"))
    });
    let mut fx = Fx::asking("openexchangerates", &provider);
    fx.set("METRICS_FX__API_KEY", "open-sesame");
    fx.set("METRICS_LOG__LEVEL", "trace");
    let fetched = fx.fetch("NGN,INR");
    assert_eq!(fetched.status, 1);
    assert!(fetched.stderr.contains("refused with status 401: Invalid App ID *** provided"), "{}", fetched.stderr);
    assert!(!format!("{}{}", fetched.stdout, fetched.stderr).contains("open-sesame"), "{}", fetched.stderr);
    let requests = provider.requests();
    assert_eq!(requests.len(), 1, "a refused key is not tried again");
    assert!(!requests[0].target.contains("sesame"));
}

#[test]
fn a_redirect_is_not_followed_with_the_key() {
    let elsewhere = Provider::start(|_, _| Answer::json(200, &json!({"base": "USD", "rates": {}})));
    let location = format!("Location: {}/x", elsewhere.base_url);
    let provider = Provider::start(move |_, _| Answer::text(302, &location, ""));
    let mut fx = Fx::asking("openexchangerates", &provider);
    fx.set("METRICS_FX__API_KEY", "sesame");
    let fetched = fx.fetch("NGN");
    assert_eq!(fetched.status, 1);
    assert!(fetched.stderr.contains("refused with status 302"), "{}", fetched.stderr);
    assert!(elsewhere.requests().is_empty());
}
