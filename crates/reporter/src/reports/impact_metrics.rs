//! `--view impact-metrics`: one row per local month, cooling unit, farmer and crop with a market survey.

use std::collections::HashMap;

use chrono::{Days as CalendarDays, Months, NaiveDate, NaiveTime};
use metrics_core::coldroom::Reject;
use metrics_core::coldroom::impact::{ImpactMonths, MonthSurveys, impact};
use metrics_core::db::Client;
use metrics_core::db::metrics::impact_metrics::{self, Coverage, ImpactRow, RowContext, Rows, Scope};
use metrics_core::db::metrics::report_run;
use metrics_core::db::source::Snapshot;
use metrics_core::db::source::baselines::{Baselines, UnusableLines};
use metrics_core::db::source::crates::Directory;
use metrics_core::db::source::impact_counts::{ZonedMonths, completed_surveys, possible_surveys};
use metrics_core::db::source::surveys::{self, SurveyQuery, SurveyStream};
use metrics_core::ids::{CompanyId, CoolingUnitId};
use metrics_core::view::View;
use metrics_core::window::{MonthRange, month_of, next_month, start_of_day};

use super::shared::{self, FIRST_DAY, RunUnit, failed, while_running};
use crate::exit::CommandError;
use crate::report::{Days, Environment, Request, Summary, Tally, close, is_in_the_past, new_run};

/// Runs the view.
pub async fn run(
    request: &Request,
    environment: &Environment<'_>,
    mut metrics: Client,
) -> Result<Summary, CommandError> {
    let interrupt = environment.interrupt;
    let mut source = interrupt.unless(environment.source_client(request.view.as_str())).await?;
    let snapshot = interrupt.unless(async { Ok(Snapshot::open(&mut source).await?) }).await?;
    let units = shared::load_units(&snapshot, request, environment).await?;
    let scope = shared::scope(&units, request);
    is_in_the_past(request, environment, &metrics, scope.as_deref()).await?;

    let run = new_run(request, environment, scope);
    let id = if request.is_dry_run { None } else { Some(report_run::start(&metrics, &run).await?) };
    let mut tally = Tally::default();
    let job = Job { request, environment, units: &units, run: id, scope: run.scope.as_deref() };
    let result = job.work(&snapshot, &mut metrics, &mut tally).await;
    drop(snapshot);
    close(environment, &mut metrics, run, id, result, tally).await
}

/// A run with everything that its parts share.
struct Job<'a> {
    request: &'a Request,
    environment: &'a Environment<'a>,
    units: &'a [RunUnit],
    run: Option<i64>,
    scope: Option<&'a [i64]>,
}

/// What the rows of all months need beside the surveys.
pub struct Basis<'a> {
    environment: &'a Environment<'a>,
    units: HashMap<CoolingUnitId, &'a RunUnit>,
    directory: Directory,
    /// Farmers' baselines.
    pub baselines: Baselines,
    possible: HashMap<(CoolingUnitId, NaiveDate), i32>,
    completed: HashMap<(CompanyId, NaiveDate), i32>,
    unusable_crates: Vec<i64>,
    /// What the source states and nothing can be made of.
    pub rejects: Vec<Reject>,
}

impl<'a> Basis<'a> {
    /// Loads what rows of `months` need.
    pub async fn load(
        request: &Request,
        environment: &'a Environment<'a>,
        snapshot: &Snapshot<'_>,
        units: &'a [RunUnit],
        months: &MonthRange,
    ) -> Result<Self, CommandError> {
        let ids: Vec<i64> = units.iter().map(|unit| unit.unit.id.0).collect();
        let filter = (!request.filter.is_everything()).then_some(&*ids);
        let unusable = shared::load_unusable(snapshot, request, environment, &ids).await.map_err(while_running)?;
        let lines = UnusableLines::load(snapshot, filter).await.map_err(failed)?;
        let mut rejects = unusable.rejects;
        rejects.extend(lines.rejects.iter().cloned());

        let zoned = ZonedMonths::new(months, units.iter().map(|unit| unit.unit.zone), environment.as_of);
        let of_units: Vec<_> = units.iter().map(|unit| (unit.unit.id, unit.unit.zone)).collect();
        let possible = possible_surveys(snapshot, &zoned, &of_units, environment.earliest(), &unusable.crates).await;
        let mut companies: Vec<_> = units
            .iter()
            .filter_map(|unit| unit.source.company.as_ref().map(|company| (company.id, unit.unit.zone)))
            .collect();
        companies.sort_unstable_by_key(|(company, _)| *company);
        companies.dedup_by_key(|(company, _)| *company);
        Ok(Self {
            environment,
            units: units.iter().map(|unit| (unit.unit.id, unit)).collect(),
            directory: Directory::load(snapshot).await.map_err(failed)?,
            baselines: Baselines::load(snapshot, environment.as_of, &lines).await.map_err(failed)?,
            possible: possible.map_err(failed)?,
            completed: completed_surveys(snapshot, &zoned, &companies, &lines.ids).await.map_err(failed)?,
            unusable_crates: unusable.crates,
            rejects,
        })
    }

    /// Starts reading the surveys that may fall in `months`.
    pub async fn surveys(
        &self,
        request: &Request,
        snapshot: &Snapshot<'_>,
        months: &MonthRange,
    ) -> Result<SurveyStream, CommandError> {
        let ids: Vec<i64> = self.units.keys().map(|unit| unit.0).collect();
        // A day to either side covers the zones.
        let day = CalendarDays::new(1);
        let first = months.first().checked_sub_days(day).unwrap_or(FIRST_DAY);
        let end = next_month(months.last()).checked_add_days(day).unwrap_or(NaiveDate::MAX);
        let query = SurveyQuery {
            cooling_units: (!request.filter.is_everything()).then_some(&*ids),
            unusable_crates: &self.unusable_crates,
            as_of: self.environment.as_of,
            since: first.and_time(NaiveTime::MIN).and_utc(),
            until: end.and_time(NaiveTime::MIN).and_utc(),
            earliest: self.environment.earliest(),
        };
        SurveyStream::open(snapshot, &query).await.map_err(failed)
    }

    /// Survey coverage of a unit in a month.
    pub fn coverage(&self, unit: &RunUnit, month: NaiveDate, filled_in: i32) -> Coverage {
        let company = unit.source.company.as_ref().map(|company| company.id);
        let baselines = company.and_then(|company| self.completed.get(&(company, month)));
        Coverage {
            baselines: baselines.copied().unwrap_or(0),
            possible: self.possible.get(&(unit.unit.id, month)).copied().unwrap_or(0),
            filled_in,
        }
    }

    /// Sorts a survey into `months`.
    pub fn add(&self, survey: &metrics_core::coldroom::market_survey::MarketSurvey, months: &mut ImpactMonths) {
        months.add(survey, |unit| self.units.get(&unit).map(|unit| unit.unit.zone));
    }

    /// The rows of one month, and what it rejects.
    pub fn rows(&self, month: NaiveDate, surveys: &MonthSurveys, rows: &mut Rows) -> Vec<Reject> {
        let environment = self.environment;
        let context = RowContext { parameter_set: environment.parameters.set(), computed_at: environment.now() };
        let mut rejects = Vec::new();
        for (&(unit_id, farmer, crop), by_farmer) in &surveys.by_farmer {
            let Some(unit) = self.units.get(&unit_id) else { continue };
            let end = start_of_day(next_month(month), unit.unit.zone);
            let of = format!("unit {unit_id} farmer {farmer} crop {crop}, {}", month.format("%Y-%m"));
            match impact(by_farmer, self.baselines.lines(farmer, crop), end.min(environment.as_of)) {
                Err(reason) => rejects.push(Reject { subject: of, reason: reason.to_string() }),
                Ok((figures, others)) => {
                    rejects.extend(others.iter().map(|other| Reject {
                        subject: format!("market survey {}", other.survey),
                        reason: format!("{of}: its currency {} is not {}", other.currency, other.row_currency),
                    }));
                    let filled_in = surveys.surveys_of_unit.get(&unit_id).copied().unwrap_or(0);
                    rows.push(
                        &context,
                        &ImpactRow {
                            month,
                            unit: &unit.source,
                            time_zone: unit.unit.zone.name(),
                            farmer,
                            name: self.baselines.name(farmer),
                            crop,
                            crop_name: self.directory.crop_name(crop),
                            coverage: self.coverage(unit, month, filled_in),
                            impact: &figures,
                        },
                    );
                }
            }
        }
        rejects
    }
}

impl Job<'_> {
    async fn work(&self, snapshot: &Snapshot<'_>, metrics: &mut Client, tally: &mut Tally) -> Result<(), CommandError> {
        let interrupt = self.environment.interrupt;
        let months = interrupt.unless(self.months(snapshot, metrics, tally)).await?;
        let basis = Basis::load(self.request, self.environment, snapshot, self.units, &months);
        let basis = interrupt.unless(basis).await?;
        tally.rows_read += basis.baselines.rows_read;
        tally.rejects.extend(basis.rejects.iter().cloned());
        let mut surveys = interrupt.unless(basis.surveys(self.request, snapshot, &months)).await?;

        self.environment.progress.start(months.iter().count(), "months");
        let mut store = Store::new(self, &basis, &months, metrics).await?;
        let mut collected = ImpactMonths::default();
        while let Some(survey) = interrupt.unless(async { surveys.next().await.map_err(failed) }).await? {
            while let Some((month, complete)) = collected.take_complete(survey.filled_in_at) {
                store.month(month, &complete, tally).await?;
            }
            basis.add(&survey, &mut collected);
        }
        tally.rows_read += surveys.rows_read();
        for (month, rest) in collected.finish() {
            store.month(month, &rest, tally).await?;
        }
        store.finish(tally).await?;
        self.environment.progress.finish();
        Ok(())
    }

    /// Months that the run computes.
    async fn months(
        &self,
        snapshot: &Snapshot<'_>,
        metrics: &Client,
        tally: &mut Tally,
    ) -> Result<MonthRange, CommandError> {
        let utc = self.environment.as_of.date_naive();
        let first_today = self.units.iter().map(|unit| unit.today).min().unwrap_or(utc);
        let last_today = self.units.iter().map(|unit| unit.today).max().unwrap_or(utc);
        let earliest = surveys::earliest(snapshot).await.map_err(failed)?.map_or(utc, |at| at.date_naive());
        match self.request.days {
            Days::Stale => {
                let previous = month_of(first_today).checked_sub_months(Months::new(1)).unwrap_or(FIRST_DAY);
                let is_first = !impact_metrics::has_rows(metrics).await.map_err(failed)?;
                if is_first && earliest < previous {
                    let notice = "months before the previous one were never computed; \
                                  reporter --view impact-metrics --rebuild computes them";
                    tally.notices.push(notice.to_owned());
                }
                Ok(MonthRange::new(previous, last_today))
            }
            Days::Range(from, to) => Ok(MonthRange::new(from, to.unwrap_or(last_today).min(last_today))),
            // A day more, for the zones.
            Days::All => Ok(MonthRange::new(earliest.pred_opt().unwrap_or(earliest).min(last_today), last_today)),
        }
    }
}

/// Puts months into the table, ascending, each in one transaction.
struct Store<'a> {
    job: &'a Job<'a>,
    basis: &'a Basis<'a>,
    months: &'a MonthRange,
    metrics: &'a mut Client,
    scope: Scope,
    /// First month whose stored rows were not replaced yet.
    next: NaiveDate,
}

impl<'a> Store<'a> {
    async fn new(
        job: &'a Job<'a>,
        basis: &'a Basis<'a>,
        months: &'a MonthRange,
        metrics: &'a mut Client,
    ) -> Result<Self, CommandError> {
        if job.run.is_some() {
            impact_metrics::prepare(metrics).await.map_err(failed)?;
        }
        let scope = Scope {
            units: job.units.iter().map(|unit| (unit.unit.id, month_of(unit.today))).collect(),
            lost_last_month: month_of(job.environment.as_of.date_naive()),
            only: job.scope.map(<[i64]>::to_vec),
        };
        let next = if job.request.days == Days::All { FIRST_DAY } else { months.first() };
        Ok(Self { job, basis, months, metrics, scope, next })
    }

    /// One month with its surveys; earlier months that were not named have none.
    async fn month(&mut self, month: NaiveDate, surveys: &MonthSurveys, tally: &mut Tally) -> Result<(), CommandError> {
        if !self.months.contains(month) {
            return Ok(());
        }
        let mut rows = Rows::default();
        tally.rejects.extend(self.basis.rows(month, surveys, &mut rows));
        tally.rows_computed += rows.len() as u64;
        self.replace(month, rows, tally).await?;
        self.job.environment.progress.advance();
        Ok(())
    }

    /// Months after the last one named.
    async fn finish(&mut self, tally: &mut Tally) -> Result<(), CommandError> {
        self.replace(self.months.last(), Rows::default(), tally).await
    }

    async fn replace(&mut self, last: NaiveDate, mut rows: Rows, tally: &mut Tally) -> Result<(), CommandError> {
        let replaced = MonthRange::new(self.next, last);
        self.next = next_month(last);
        let Some(run) = self.job.run else { return Ok(()) };
        if replaced.first() > replaced.last() {
            return Ok(());
        }
        let transaction = self.metrics.transaction().await.map_err(failed)?;
        let changes = impact_metrics::replace(&transaction, &mut rows, &replaced, &self.scope).await.map_err(failed)?;
        let now = self.job.environment.now();
        report_run::data_changed(&transaction, View::ImpactMetrics, run, changes, now).await.map_err(failed)?;
        transaction.commit().await.map_err(failed)?;
        tally.changes += changes;
        Ok(())
    }
}
