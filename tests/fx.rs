//! `reporter fx`: rates from files and from providers, and which of them are used.

mod fetching;
mod provider;
mod runs;

use std::fs;
use std::process::Command;

use serde_json::Value;

use self::provider::chart;
use crate::support::server::{Answer, Server as Provider};
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
        self.reporter(&format!("fx {arguments}"))
    }

    fn reporter(&self, arguments: &str) -> Output {
        let mut reporter = Command::new(binary("reporter"));
        reporter.args(arguments.split(' ')).env_clear().envs(self.variables.iter().map(|(name, value)| (name, value)));
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
