//! `reporter fx`: rates from files and from providers, and which of them are used.

mod provider;

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use self::provider::{Answer, Provider, chart, chart_error, oxr_error};
use crate::support::{Output, TestDb, binary, run};

/// 2026-11-16 00:00 in London, in seconds since 1970.
const NOV_16: i64 = 1_794_787_200;

/// A database and the settings of one test.
struct Fx {
    db: TestDb,
    variables: Vec<(&'static str, String)>,
}

impl Fx {
    fn new() -> Self {
        Self { db: TestDb::new(), variables: Vec::new() }
    }

    /// Asks `provider`, which has the form of `name`.
    fn asking(name: &str, provider: &Provider) -> Self {
        let mut fx = Self::new();
        fx.set("METRICS_FX__PROVIDER", name);
        fx.set("METRICS_FX__BASE_URL", &provider.base_url);
        fx
    }

    fn set(&mut self, name: &'static str, value: &str) {
        self.variables.retain(|(set, _)| *set != name);
        self.variables.push((name, value.to_owned()));
    }

    /// Runs `reporter fx` with `arguments`, separated by spaces.
    fn run(&self, arguments: &str) -> Output {
        let mut reporter = Command::new(binary("reporter"));
        reporter
            .arg("fx")
            .args(arguments.split(' '))
            .env_clear()
            .envs(self.variables.iter().map(|(name, value)| (name, value)));
        reporter.env("METRICS_DATABASE__URL", self.db.url().expose()).env("METRICS_DATABASE__EMBEDDED", "never");
        run(&mut reporter)
    }

    /// Fetches `currencies` from 13 to 20 November.
    fn fetch(&self, currencies: &str) -> Output {
        self.run(&format!("fetch --currency {currencies} --from 2026-11-13 --to 2026-11-20"))
    }

    fn import(&self, lines: &str) -> Output {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rates.csv");
        fs::write(&file, format!("currency,date,usd\n{lines}")).unwrap();
        self.run(&format!("import {}", file.display()))
    }

    /// The stored rates: currency, date, rate, source and state.
    fn rates(&self) -> Vec<String> {
        let listed = self.run("list --format json");
        let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
        let text = |rate: &Value, key: &str| rate[key].as_str().unwrap_or_default().to_owned();
        let state = |rate: &Value| match (&rate["quarantined"], &rate["accepted_at"]) {
            (Value::Bool(true), _) => " quarantined",
            (_, Value::String(_)) => " accepted",
            _ => "",
        };
        let line = |rate: &Value| {
            let fields = ["currency", "date", "usd", "source"].map(|key| text(rate, key)).join(" ");
            format!("{fields}{}", state(rate))
        };
        let mut lines: Vec<_> = listed["rates"].as_array().unwrap().iter().map(line).collect();
        lines.reverse();
        lines
    }
}

/// A chart endpoint with these closes for every currency, from 16 November on.
fn yahoo(closes: &'static [Option<f64>]) -> Provider {
    Provider::start(move |_, _| Answer::json(200, &chart(NOV_16, closes)))
}

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
    let began = std::time::Instant::now();
    assert_eq!(fx.fetch("NGN").status, 0);
    assert!(began.elapsed() >= std::time::Duration::from_secs(1), "Retry-After was not waited for");
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
    let provider = Provider::start(|_, _| Answer::Hang);
    let mut fx = Fx::asking("yahoo", &provider);
    fx.set("METRICS_FX__TIMEOUT_S", "1");
    fx.set("METRICS_FX__TOTAL_TIMEOUT_S", "2");
    fx.set("METRICS_FX__RETRIES", "0");
    let began = std::time::Instant::now();
    let fetched = fx.fetch("NGN,INR,KES");
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
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

#[test]
fn settings_that_cannot_be_used_end_with_3() {
    let mut fx = Fx::new();
    for (provider, base_url, expected) in [
        ("none", "", "there is no provider to ask"),
        ("openexchangerates", "", "needs fx.api_key"),
        ("yahoo", "example.org", "fx.base_url `example.org` is no address"),
    ] {
        fx.set("METRICS_FX__PROVIDER", provider);
        fx.set("METRICS_FX__BASE_URL", base_url);
        let fetched = fx.fetch("NGN");
        assert_eq!(fetched.status, 3, "{provider}");
        assert!(fetched.stderr.contains(expected), "{}", fetched.stderr);
    }
}

#[test]
fn a_rate_too_far_away_is_set_aside_until_it_is_accepted() {
    let provider = yahoo(&[Some(0.001), Some(0.0006), Some(0.00061), Some(0.001)]);
    let fx = Fx::asking("yahoo", &provider);
    let fetched = fx.fetch("NGN");
    assert_eq!(fetched.status, 0, "setting aside is no failure");
    assert!(
        fetched.stdout.contains("quarantined: NGN 2026-11-17 0.0006 (`reporter fx accept NGN 2026-11-17` uses it)"),
        "{}",
        fetched.stdout
    );
    let quarantined = fx.run("list --quarantined").stdout;
    assert!(quarantined.contains("2026-11-17") && quarantined.contains("2026-11-18"), "{quarantined}");
    assert!(!quarantined.contains("2026-11-16") && !quarantined.contains("2026-11-19"), "{quarantined}");

    let accepted = fx.run("accept ngn 2026-11-17");
    assert_eq!(accepted.status, 0);
    assert_eq!(
        accepted.stdout,
        "quarantined: NGN 2026-11-19 0.001 (`reporter fx accept NGN 2026-11-19` uses it)\n\
         used from now on: NGN 2026-11-17 0.0006\n\
         used from now on: NGN 2026-11-18 0.00061\n"
    );
    let after = [
        "NGN 2026-11-16 0.001 yahoo",
        "NGN 2026-11-17 0.0006 yahoo accepted",
        "NGN 2026-11-18 0.00061 yahoo",
        "NGN 2026-11-19 0.001 yahoo quarantined",
    ];
    assert_eq!(fx.rates(), after);
    // Neither another fetch nor another accept undoes it.
    fx.fetch("NGN");
    assert_eq!(fx.run("accept NGN 2026-11-17").stdout, "NGN of 2026-11-17 is in use already\n");
    assert_eq!(fx.rates(), after);

    let unknown = fx.run("accept NGN 2020-01-01");
    assert_eq!(unknown.status, 1);
    assert!(unknown.stderr.contains("there is no rate of NGN on 2020-01-01"), "{}", unknown.stderr);
}

#[test]
fn an_import_replaces_fetched_rates_and_is_not_replaced_by_them() {
    let provider = yahoo(&[Some(0.001), Some(0.0006), Some(0.0006)]);
    let fx = Fx::asking("yahoo", &provider);
    fx.fetch("NGN");
    let imported = fx.import("NGN,2026-11-17,0.00062\nngn,2026-11-20,0.5\n");
    assert_eq!(
        imported.stdout,
        "rates imported: 1 inserted, 1 changed, 0 unchanged\nused from now on: NGN 2026-11-18 0.0006\n"
    );
    let after = [
        "NGN 2026-11-16 0.001 yahoo",
        "NGN 2026-11-17 0.00062 import",
        "NGN 2026-11-18 0.0006 yahoo",
        "NGN 2026-11-20 0.5 import",
    ];
    assert_eq!(fx.rates(), after);
    let fetched = fx.fetch("NGN");
    assert!(fetched.stdout.contains("2 unchanged, 1 not taken over an imported or accepted one"), "{}", fetched.stdout);
    assert_eq!(fx.rates(), after);
    let again = fx.import("NGN,2026-11-17,0.00062\nngn,2026-11-20,0.5\n");
    assert_eq!(again.stdout, "rates imported: 0 inserted, 0 changed, 2 unchanged\n");
}

#[test]
fn a_file_with_one_mistake_is_not_imported_at_all() {
    let fx = Fx::new();
    let imported = fx.import("NGN,2026-11-16,0.0007\nINR,2026-11-16,0,012\n");
    assert_eq!(imported.status, 1);
    assert!(imported.stderr.contains("rates.csv, line 3: 4 fields instead of 3"), "{}", imported.stderr);
    assert!(fx.rates().is_empty());
    assert_eq!(fx.run("import /nowhere/rates.csv").status, 1);
}

#[test]
fn arguments_that_cannot_be_meant_end_with_2() {
    let mut fx = Fx::new();
    fx.set("METRICS_FX__PROVIDER", "yahoo");
    fx.set("METRICS_FX__BASE_URL", "http://127.0.0.1:9");
    for arguments in [
        "fetch --currency naira",
        "fetch --currency NGN --from 2026-11-20 --to 2026-11-19",
        "accept NGN yesterday",
        "list --limit 0",
        "import",
    ] {
        assert_eq!(fx.run(arguments).status, 2, "{arguments}");
    }
}

#[test]
fn a_list_is_filtered_and_says_what_it_leaves_out() {
    let fx = Fx::new();
    assert_eq!(fx.run("list").stdout, "no rates\n");
    fx.import("NGN,2026-11-16,0.0007\nNGN,2026-11-17,0.0007\nNGN,2026-11-18,0.0007\nINR,2026-11-17,0.012\n");
    assert_eq!(
        fx.run("list --currency ngn --limit 2").stdout,
        "currency  date        usd     source             state\n\
         NGN       2026-11-18  0.0007  import             used\n\
         NGN       2026-11-17  0.0007  import             used\n\
         1 more; --limit shows them\n"
    );
    let listed: Value =
        serde_json::from_str(&fx.run("list --from 2026-11-17 --to 2026-11-17 --format json").stdout).unwrap();
    assert_eq!(listed["total"], 2);
    assert_eq!(listed["rates"][0]["currency"], "INR");
}

#[test]
fn without_a_choice_the_currencies_of_the_source_are_asked_for() {
    let provider = yahoo(&[Some(0.0007)]);
    let fx = Fx::asking("yahoo", &provider);
    let no_source = fx.run("fetch");
    assert_eq!(no_source.status, 3);
    assert!(no_source.stderr.contains("--currency does without"), "{}", no_source.stderr);

    fx.db
        .execute(
            "CREATE TABLE user_company (currency varchar(3)); INSERT INTO user_company VALUES ('NGN'), ('USD'), ('');
             CREATE TABLE storage_crate (currency varchar(3)); INSERT INTO storage_crate VALUES ('INR'), (NULL);
             CREATE TABLE operation_checkout (currency varchar(3)); INSERT INTO operation_checkout VALUES ('NGN'), ('rs');",
        )
        ;
    let fetched = fx.run("fetch --from 2026-11-13 --to 2026-11-20");
    assert_eq!(fetched.status, 4, "{}", fetched.stderr);
    assert!(fetched.stderr.contains("`rs` in the source is no ISO 4217 code"), "{}", fetched.stderr);
    assert_eq!(fx.rates(), ["NGN 2026-11-16 0.0007 yahoo", "INR 2026-11-16 0.0007 yahoo"]);
}
