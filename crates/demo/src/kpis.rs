//! A history of KPIs: 45 daily runs of invented queries, some of which fail.
//!
//! The demo has no data stores to ask, so their answers are made up here and stored as a run of the reporter would.

use std::time::Duration;

use anyhow::{Context as _, Result};
use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use metrics_core::db::connect::connect_diesel;
use metrics_core::db::metrics::kpi::{self, Delivery, Ending, KpiEntry, NewResult, NewRun};
use metrics_core::db::{ConnectOptions, Connection};
use metrics_core::kpi::{Answer, ErrorKind, Failure, Form, Outcome};
use metrics_core::settings::DatabaseUrl;

/// Daily runs.
const RUNS: u64 = 45;

/// A KPI of the demo.
struct Sample {
    name: &'static str,
    unit: Option<&'static str>,
    description: &'static str,
    form: Form,
    answer: fn(i64) -> Result<String, Failure>,
}

/// Differences between days, so that lines are not straight.
const WAVE: [i64; 7] = [0, 3, 1, 4, 2, 6, 5];

fn wave(day: i64) -> i64 {
    usize::try_from(day).ok().and_then(|day| WAVE.get(day * 3 % WAVE.len())).copied().unwrap_or(0)
}

fn unreachable_source(source: &str) -> Failure {
    let message = format!("{source} was not reached: connection refused");
    Failure { kind: ErrorKind::SourceUnavailable, message }
}

const SAMPLES: [Sample; 7] = [
    Sample {
        name: "A1: Registered users",
        unit: Some("users"),
        description: "Accounts that were not deleted.",
        form: Form::Count,
        answer: |day| Ok((1180 + 9 * day + wave(day)).to_string()),
    },
    Sample {
        name: "A2: Active users, last 30 days",
        unit: Some("users"),
        description: "Users with at least one action in the log of the last 30 days.",
        form: Form::Count,
        answer: |day| match day {
            12..=14 | 31 => Err(unreachable_source("search")),
            day => Ok((310 + 11 * wave(day) - day).to_string()),
        },
    },
    Sample {
        name: "A3: Mean rating",
        unit: Some("of 5"),
        description: "Mean of all ratings that were given.",
        form: Form::Count,
        answer: |day| Ok(format!("4.{:02}", 11 + wave(day) * 3)),
    },
    Sample {
        name: "B1: Processes by state",
        unit: None,
        description: "How many processes are in which state.",
        form: Form::Rows,
        answer: |day| {
            let (draft, active) = (4 + wave(day), 21 + day / 3);
            Ok(format!(
                r#"[{{"state":"draft","processes":{draft},"share":0.{draft:02}}},{{"state":"active","processes":{active},"share":0.7}},{{"state":null,"processes":2,"share":0.05}}]"#
            ))
        },
    },
    Sample {
        name: "B2: Duration of processes that ended today",
        unit: Some("days"),
        description: "Mean over the processes that ended on the day; null when none did.",
        form: Form::Count,
        answer: |day| Ok(if wave(day) > 2 { format!("{}.5", 30 + wave(day)) } else { "null".to_owned() }),
    },
    Sample {
        name: "C1: Documents without an owner",
        unit: Some("documents"),
        description: "Across the catalogue and the log.",
        form: Form::Count,
        answer: |day| match day {
            44 => Err(Failure { kind: ErrorKind::Timeout, message: "no answer within 60 s".to_owned() }),
            day => Ok((75 - day).to_string()),
        },
    },
    Sample {
        name: "C2: Assets by kind of licence",
        unit: Some("assets"),
        description: "Its query names a column that is gone.",
        form: Form::Count,
        answer: |_| {
            let message = "no column \"licence\" in catalogue.public.asset; nearest: \"license_id\"".to_owned();
            Err(Failure { kind: ErrorKind::Plan, message })
        },
    },
];

/// Stores the history of the 45 days before `until`, unless there is one.
pub async fn store(url: &DatabaseUrl, until: DateTime<Utc>) -> Result<()> {
    let options = ConnectOptions {
        application_name: "demo".to_owned(),
        read_only: false,
        statement_timeout: Duration::from_mins(1),
        connect_timeout: Duration::from_secs(30),
    };
    let mut conn = connect_diesel(url, &options).await.context("connecting to store KPIs")?;
    if !kpi::environments(&mut conn).await?.is_empty() {
        return Ok(());
    }
    let last = until.date_naive().and_time(NaiveTime::MIN).and_utc();
    let first = last.checked_sub_days(Days::new(RUNS - 1)).unwrap_or(last);
    for (day, started_at) in (0..).zip((0..RUNS).filter_map(|days| first.checked_add_days(Days::new(days)))) {
        store_run(&mut conn, "production", &SAMPLES, day, started_at).await?;
        if day % 5 == 0 {
            store_run(&mut conn, "development", &SAMPLES[..2], day, started_at + TimeDelta::hours(6)).await?;
        }
    }
    Ok(())
}

async fn store_run(
    conn: &mut Connection,
    environment: &str,
    samples: &[Sample],
    day: i64,
    started_at: DateTime<Utc>,
) -> Result<()> {
    let new = NewRun {
        environment: environment.to_owned(),
        as_of: started_at,
        started_at,
        trigger: "schedule".to_owned(),
        host: "demo".to_owned(),
        definition_hash: "demo".to_owned(),
        kpis: samples.len(),
    };
    let run = kpi::begin(conn, &new).await?.run;
    let entries = samples.iter().enumerate().map(|(position, sample)| KpiEntry {
        name: sample.name.to_owned(),
        unit: sample.unit.map(str::to_owned),
        description: Some(sample.description.to_owned()),
        position,
    });
    kpi::upsert_kpis(conn, environment, &entries.collect::<Vec<_>>(), started_at).await?;
    let outcomes: Vec<_> = samples.iter().map(|sample| outcome(sample, day)).collect();
    let results = samples.iter().zip(&outcomes).enumerate().map(|(position, (sample, outcome))| NewResult {
        name: sample.name,
        position,
        form: sample.form,
        sql_hash: "demo",
        outcome,
    });
    let finished_at = started_at + TimeDelta::seconds(2);
    let ending = Ending { is_interrupted: false, finished_at };
    kpi::finish(conn, run, &results.collect::<Vec<_>>(), ending).await?;
    for (sink, error) in [("csv", None), ("sheet", (day % 11 == 0).then_some("429 Too Many Requests, five times"))] {
        let attempts = if error.is_some() { 5 } else { 1 };
        let delivery = Delivery { sink: sink.to_owned(), attempts, error: error.map(str::to_owned), at: finished_at };
        kpi::record_delivery(conn, run, &delivery).await?;
    }
    Ok(())
}

fn outcome(sample: &Sample, day: i64) -> Outcome {
    let result = (sample.answer)(day).map(|value| Answer {
        value_num: value.parse().ok(),
        rows: (sample.form == Form::Rows).then_some(3),
        is_truncated: false,
        value,
    });
    let duration = Duration::from_millis(match &result {
        Err(Failure { kind: ErrorKind::Timeout, .. }) => 60_000,
        Err(Failure { kind: ErrorKind::SourceUnavailable, .. }) => 5_000,
        _ => 14 + wave(day).unsigned_abs(),
    });
    Outcome { result, duration }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_answer_is_json() {
        for (sample, day) in SAMPLES.iter().flat_map(|sample| (0..45).map(move |day| (sample, day))) {
            if let Ok(answer) = (sample.answer)(day) {
                let value: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
                assert_eq!(value.is_array(), sample.form == Form::Rows, "{}: {answer}", sample.name);
            }
        }
    }
}
