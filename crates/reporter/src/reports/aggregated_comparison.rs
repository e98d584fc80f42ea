//! `--view aggregated-comparison`: one row per cooling unit and local day.

use std::collections::HashMap;

use chrono::{DateTime, Months, NaiveDate, Utc};
use metrics_core::coldroom::Reject;
use metrics_core::coldroom::cooling_unit_day::{
    DayContext, EmissionModel, cooling_unit_days, first_check_in, first_day,
};
use metrics_core::coldroom::food_loss_history::FoodLossHistory;
use metrics_core::db::metrics::Changes;
use metrics_core::db::metrics::cooling_unit_metrics::{self, KnownUnit, ReplacedDays, RowContext, Rows, StoredDays};
use metrics_core::db::metrics::report_run;
use metrics_core::db::source::Snapshot;
use metrics_core::db::source::crates::{Directory, first_check_ins};
use metrics_core::db::source::rejects::Unusable;
use metrics_core::db::source::surveys::{SurveyQuery, SurveyStream};
use metrics_core::db::{Client, Transaction};
use metrics_core::ids::CoolingUnitId;
use metrics_core::lca::LcaModel;
use metrics_core::lca::room::RoomFactors;
use metrics_core::lca::workbook::{WorkbookInput, WorkbookIntensity, workbook};
use metrics_core::money::RateBook;
use metrics_core::quality::QualityFlag;
use metrics_core::view::View;
use metrics_core::window::{day_window, month_of, start_of_day};
use tokio::sync::mpsc;

use super::shared::{self, CrateSource, FIRST_DAY, RunUnit, failed, while_running};
use crate::exit::CommandError;
use crate::report::{Days, Environment, Request, Summary, Tally, close, is_in_the_past, new_run};

/// Last day that the calendar of the database and ours both know.
const LAST_DAY: NaiveDate = NaiveDate::from_ymd_opt(9999, 12, 31).expect("a date of the calendar");

/// Whole units on their way to one transaction.
#[derive(Default)]
struct Batch {
    rows: Rows,
    replaced: Vec<ReplacedDays>,
}

/// What is computed of one unit: `from` absent means from its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct UnitRange {
    from: Option<NaiveDate>,
    to: NaiveDate,
    /// Stored days that the computed ones replace.
    replaced: (NaiveDate, NaiveDate),
}

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
    let is_past = is_in_the_past(request, environment, &metrics, scope.as_deref()).await?;

    let run = new_run(request, environment, scope);
    let id = if request.is_dry_run { None } else { Some(report_run::start(&metrics, &run).await?) };
    let mut tally = Tally::default();
    let job = Job { request, environment, units: &units, is_past, run: id, scope: run.scope.as_deref() };
    let result = job.work(&snapshot, &mut metrics, &mut tally).await;
    drop(snapshot);
    close(environment, &mut metrics, run, id, result, tally).await
}

/// A run with everything that its parts share.
struct Job<'a> {
    request: &'a Request,
    environment: &'a Environment<'a>,
    units: &'a [RunUnit],
    /// As-of lies before that of an earlier run: later days stay as they are.
    is_past: bool,
    run: Option<i64>,
    scope: Option<&'a [i64]>,
}

/// What is to be computed, and what that needs.
struct Plan<'a> {
    alive: Vec<&'a RunUnit>,
    ranges: Vec<UnitRange>,
    first_days: FirstDays,
    /// Start of the earliest day that any unit computes; absent when one starts at its first day.
    since: Option<DateTime<Utc>>,
    /// End of the latest day that any unit computes.
    until: Option<DateTime<Utc>>,
    unusable: Unusable,
    rates: RateBook,
    basis: EmissionBasis<'a>,
}

impl<'a> Job<'a> {
    async fn work(&self, snapshot: &Snapshot<'_>, metrics: &mut Client, tally: &mut Tally) -> Result<(), CommandError> {
        let interrupt = self.environment.interrupt;
        if self.run.is_some() {
            self.mark_deleted(metrics, tally).await?;
        }
        let directory = Directory::load(snapshot).await.map_err(failed)?;
        let plan = interrupt.unless(self.plan(snapshot, metrics, &directory, tally)).await?;
        let ids: Vec<i64> = plan.alive.iter().map(|unit| unit.unit.id.0).collect();
        let Plan { unusable, since, until, .. } = &plan;
        let crates = CrateSource::open(snapshot, &directory, self.environment, &ids, unusable, *since, *until);
        let crates = interrupt.unless(crates).await.map_err(while_running)?;

        if self.run.is_some() {
            cooling_unit_metrics::prepare(metrics).await.map_err(failed)?;
        }
        let producer = Producer { job: self, plan: &plan };
        // One batch may wait while the next is computed and the one before is stored. The storing side always ends
        // with the batch that it has: a signal stops the reading side only.
        let (send, receive) = mpsc::channel(1);
        let Tally { rows_read, rows_computed, changes, rejects, notices, .. } = tally;
        let mut days_without_rate = 0;
        let produce = producer.produce(crates, send, rows_read, rows_computed, rejects, &mut days_without_rate);
        let produce = interrupt.unless(produce);
        let (read, written) = tokio::join!(produce, self.store(metrics, receive, changes));
        written?;
        read?;
        self.environment.progress.finish();
        if days_without_rate > 0 {
            let notice = format!(
                "{days_without_rate} unit-days have a fee and no exchange rate (fx_missing): bring rates in by \
                 reporter fx import, or set METRICS_FX__PROVIDER"
            );
            tracing::warn!("{notice}");
            notices.push(notice);
        }
        if self.run.is_some() {
            notices.extend(self.basis_notice(metrics, &plan.alive, &plan.basis.co2_model).await?);
        }
        Ok(())
    }

    async fn plan(
        &self,
        snapshot: &Snapshot<'_>,
        metrics: &Client,
        directory: &Directory,
        tally: &mut Tally,
    ) -> Result<Plan<'a>, CommandError> {
        let alive: Vec<&RunUnit> = self.units.iter().filter(|unit| unit.source.is_alive).collect();
        let alive_ids: Vec<i64> = alive.iter().map(|unit| unit.unit.id.0).collect();
        let all_ids: Vec<i64> = self.units.iter().map(|unit| unit.unit.id.0).collect();
        let stored = cooling_unit_metrics::stored_days(metrics, &alive_ids).await.map_err(failed)?;
        let unusable =
            shared::load_unusable(snapshot, self.request, self.environment, &all_ids).await.map_err(while_running)?;
        tally.rejects.extend(unusable.rejects.iter().cloned());

        let mut ranges: Vec<UnitRange> = alive.iter().map(|unit| self.range(unit, stored.get(&unit.unit.id))).collect();
        // A unit that is computed from its first day finds that day among its crates; for others it is asked for.
        let first_check_ins = if ranges.iter().any(|range| range.from.is_some()) {
            let context = shared::crate_context(directory, self.environment);
            Some(first_check_ins(snapshot, &alive_ids, &unusable.crates, &context).await.map_err(failed)?)
        } else {
            None
        };
        let mut first_days = HashMap::new();
        for (unit, range) in alive.iter().zip(&mut ranges) {
            let created = shared::usable_creation(&unit.source, self.environment.earliest(), &mut tally.rejects);
            let first = match &first_check_ins {
                Some(found) => FirstDay::Known(first_day(created, found.get(&unit.unit.id).copied(), unit.unit.zone)),
                None => FirstDay::FromCrates { created },
            };
            if let (Days::Stale, FirstDay::Known(first)) = (self.request.days, first)
                && has_hole(stored.get(&unit.unit.id), first, unit)
            {
                range.from = None;
                range.replaced.0 = FIRST_DAY;
            }
            first_days.insert(unit.unit.id, first);
        }
        let since = earliest_start(&alive, &ranges);
        let until = latest_end(&alive, &ranges);
        let rates_from = since.map(|since| since.date_naive());
        let rates = shared::load_rates(self.environment, rates_from).await.map_err(while_running)?;
        let crates = &unusable.crates;
        let basis = emission_basis(self.request, self.environment, snapshot, self.units, crates, since, until)
            .await
            .map_err(while_running)?;
        tally.rows_read += basis.rows_read;
        Ok(Plan { alive, ranges, first_days, since, until, unusable, rates, basis })
    }

    async fn mark_deleted(&self, metrics: &mut Client, tally: &mut Tally) -> Result<(), CommandError> {
        let now = self.environment.now();
        let last_day = |today| if self.is_past { today } else { LAST_DAY };
        let units: Vec<KnownUnit> = self
            .units
            .iter()
            .map(|unit| KnownUnit { id: unit.unit.id, is_alive: unit.source.is_alive, last_day: last_day(unit.today) })
            .collect();
        let lost_last_day = last_day(self.environment.as_of.date_naive());
        let transaction = metrics.transaction().await.map_err(failed)?;
        let written = cooling_unit_metrics::mark_deleted(&transaction, &units, self.scope, lost_last_day, now)
            .await
            .map_err(failed)?;
        self.commit(transaction, Changes { written, deleted: 0 }).await?;
        tally.changes.written += written;
        Ok(())
    }

    async fn commit(&self, transaction: Transaction<'_>, changes: Changes) -> Result<(), CommandError> {
        if let Some(run) = self.run {
            let now = self.environment.now();
            report_run::data_changed(&transaction, View::AggregatedComparison, run, changes, now)
                .await
                .map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    /// The days of one unit, before holes among the stored ones are known.
    fn range(&self, unit: &RunUnit, stored: Option<&StoredDays>) -> UnitRange {
        let last_replaced = if self.is_past { unit.today } else { LAST_DAY };
        match self.request.days {
            Days::All => UnitRange { from: None, to: unit.today, replaced: (FIRST_DAY, last_replaced) },
            Days::Range(from, to) => {
                let to = to.unwrap_or(unit.today);
                UnitRange { from: Some(from), to, replaced: (from, to.min(last_replaced)) }
            }
            Days::Stale => {
                let trailing = u64::from(self.environment.settings.reporting.trailing_days);
                let from = stored.map(|stored| {
                    let recent = unit.today.checked_sub_days(chrono::Days::new(trailing)).unwrap_or(FIRST_DAY);
                    stored.last.min(recent)
                });
                UnitRange { from, to: unit.today, replaced: (from.unwrap_or(FIRST_DAY), last_replaced) }
            }
        }
    }

    /// Stores batches as they come, each in one transaction.
    async fn store(
        &self,
        metrics: &mut Client,
        mut batches: mpsc::Receiver<Batch>,
        changes: &mut Changes,
    ) -> Result<(), CommandError> {
        while let Some(mut batch) = batches.recv().await {
            if self.run.is_none() {
                continue;
            }
            let transaction = metrics.transaction().await.map_err(failed)?;
            let rows = batch.rows.len();
            let batch_changes =
                cooling_unit_metrics::replace(&transaction, &mut batch.rows, &batch.replaced).await.map_err(failed)?;
            self.commit(transaction, batch_changes).await?;
            *changes += batch_changes;
            tracing::debug!(rows, written = batch_changes.written, deleted = batch_changes.deleted, "batch stored");
        }
        Ok(())
    }

    async fn basis_notice(
        &self,
        metrics: &Client,
        alive: &[&RunUnit],
        co2_model: &str,
    ) -> Result<Option<String>, CommandError> {
        let ids: Vec<i64> = alive.iter().map(|unit| unit.unit.id.0).collect();
        let zones: Vec<String> = alive.iter().map(|unit| unit.unit.zone.name().to_owned()).collect();
        let other = cooling_unit_metrics::on_another_basis(metrics, &ids, &zones, co2_model).await.map_err(failed)?;
        Ok((other.rows > 0).then(|| {
            format!(
                "{} stored rows of other days are on another basis (zones {}; models {}); \
                 reporter --view aggregated-comparison --rebuild computes them again",
                other.rows,
                other.time_zones.join(", "),
                other.models.join(", ")
            )
        }))
    }
}

/// How the run's emissions are computed.
pub struct EmissionBasis<'a> {
    environment: &'a Environment<'a>,
    workbook: WorkbookIntensity,
    /// Losses that surveys reported.
    pub history: FoodLossHistory,
    /// Rows read for it.
    pub rows_read: u64,
    /// Model and parameter set, `name@set`.
    pub co2_model: String,
}

impl EmissionBasis<'_> {
    /// Factors of one unit.
    pub fn factors(&self, unit: &RunUnit) -> RoomFactors {
        RoomFactors::new(&unit.source.room, self.environment.parameters)
    }

    /// The model for a unit with these factors.
    pub fn model<'f>(&'f self, factors: &'f RoomFactors) -> EmissionModel<'f> {
        let lca = &self.environment.settings.lca;
        match lca.model {
            LcaModel::Workbook => EmissionModel::Workbook(&self.workbook),
            LcaModel::RoomDay => EmissionModel::RoomDay { factors, history: &self.history, boundary: lca.food_loss },
        }
    }
}

/// Loads what the emissions of days from `since` to `until` need (of all days when absent).
pub async fn emission_basis<'a>(
    request: &Request,
    environment: &'a Environment<'a>,
    snapshot: &Snapshot<'_>,
    units: &[RunUnit],
    unusable_crates: &[i64],
    since: Option<DateTime<Utc>>,
    until: Option<DateTime<Utc>>,
) -> Result<EmissionBasis<'a>, CommandError> {
    let model = environment.settings.lca.model;
    let co2_model = model.with_set(environment.parameters.set());
    let workbook = workbook(&WorkbookInput::example(environment.parameters)).1;
    if model != LcaModel::RoomDay {
        return Ok(EmissionBasis {
            environment,
            workbook,
            history: FoodLossHistory::default(),
            rows_read: 0,
            co2_model,
        });
    }
    // A year before the first month, to the start of the last one, and two days for the zones.
    let since =
        since.and_then(|since| month_of(since.date_naive()).checked_sub_months(Months::new(13))).unwrap_or(FIRST_DAY);
    let until = until.unwrap_or(environment.as_of).date_naive();
    let until = month_of(until).checked_add_days(chrono::Days::new(2)).unwrap_or(until);
    let ids: Vec<i64> = units.iter().map(|unit| unit.unit.id.0).collect();
    let query = SurveyQuery {
        cooling_units: (!request.filter.is_everything()).then_some(&*ids),
        unusable_crates,
        as_of: environment.as_of,
        since: since.and_time(chrono::NaiveTime::MIN).and_utc(),
        until: until.and_time(chrono::NaiveTime::MIN).and_utc(),
        earliest: environment.earliest(),
    };
    let zones = shared::zones(units);
    let mut history = FoodLossHistory::default();
    let mut surveys = SurveyStream::open(snapshot, &query).await?;
    while let Some(survey) = surveys.next().await? {
        history.add(&survey, |unit| zones.get(&unit).copied());
    }
    Ok(EmissionBasis { environment, workbook, history, rows_read: surveys.rows_read(), co2_model })
}

/// What is the same in all rows of a unit.
pub fn row_context<'a>(
    unit: &'a RunUnit,
    environment: &'a Environment<'_>,
    co2_model: &'a str,
    computed_at: DateTime<Utc>,
) -> RowContext<'a> {
    let country = unit.source.company.as_ref().and_then(|company| company.country.as_deref());
    RowContext {
        unit: &unit.source,
        report_date: unit.today,
        time_zone: unit.unit.zone.name(),
        household: environment.parameters.household(country),
        co2_model,
        parameter_set: environment.parameters.set(),
        computed_at,
    }
}

/// Whether a day between the unit's first day and its last stored one has no row.
fn has_hole(stored: Option<&StoredDays>, first: Option<NaiveDate>, unit: &RunUnit) -> bool {
    let (Some(stored), Some(first)) = (stored, first) else { return stored.is_none() };
    let days = first.iter_days().take_while(|day| *day <= stored.last);
    let expected = days.filter(|day| day_window(*day, unit.unit.zone).is_some()).count();
    stored.first > first || usize::try_from(stored.count).is_ok_and(|count| count < expected)
}

/// Start of the earliest day that any unit computes; absent when one starts at its first day.
fn earliest_start(units: &[&RunUnit], ranges: &[UnitRange]) -> Option<DateTime<Utc>> {
    let mut earliest: Option<DateTime<Utc>> = None;
    for (unit, range) in units.iter().zip(ranges) {
        let start = start_of_day(range.from?, unit.unit.zone);
        earliest = Some(earliest.map_or(start, |earliest| earliest.min(start)));
    }
    earliest
}

/// End of the latest day that any unit computes.
fn latest_end(units: &[&RunUnit], ranges: &[UnitRange]) -> Option<DateTime<Utc>> {
    let ends = units.iter().zip(ranges).map(|(unit, range)| {
        let next = range.to.min(unit.today).succ_opt().unwrap_or(NaiveDate::MAX);
        start_of_day(next, unit.unit.zone)
    });
    ends.max()
}

/// The first day of a unit, or what it follows from once its crates are read.
#[derive(Debug, Clone, Copy)]
enum FirstDay {
    Known(Option<NaiveDate>),
    FromCrates { created: Option<DateTime<Utc>> },
}

type FirstDays = HashMap<CoolingUnitId, FirstDay>;

/// Reads and computes, unit by unit.
struct Producer<'a> {
    job: &'a Job<'a>,
    plan: &'a Plan<'a>,
}

impl Producer<'_> {
    async fn produce(
        &self,
        mut crates: CrateSource<'_>,
        batches: mpsc::Sender<Batch>,
        rows_read: &mut u64,
        rows_computed: &mut u64,
        rejects: &mut Vec<Reject>,
        days_without_rate: &mut u64,
    ) -> Result<(), CommandError> {
        let environment = self.job.environment;
        let Plan { alive, ranges, first_days, rates, basis, .. } = self.plan;
        let context = DayContext { as_of: environment.as_of, rates, parameters: environment.parameters };
        let computed_at = environment.now();
        environment.progress.start(alive.len(), "cooling units");
        let mut batch = Batch::default();
        for (unit, range) in alive.iter().zip(ranges) {
            let produce =
                crates.stream.crates_of(unit.unit.id, unit.currency(), &crates.context).await.map_err(failed)?;
            let first = match first_days.get(&unit.unit.id) {
                Some(FirstDay::Known(first)) => *first,
                Some(FirstDay::FromCrates { created }) => first_day(*created, first_check_in(&produce), unit.unit.zone),
                None => None,
            };
            if let Some(first) = first {
                let factors = basis.factors(unit);
                let model = basis.model(&factors);
                let from = range.from.map_or(first, |from| from.max(first));
                let days = cooling_unit_days(&unit.unit, &produce, from, range.to.min(unit.today), model, &context);
                let row_context = row_context(unit, environment, &basis.co2_model, computed_at);
                for day in days {
                    *rows_computed += 1;
                    *days_without_rate += u64::from(day.quality.contains(&QualityFlag::FxMissing));
                    rejects.extend(batch.rows.push(&row_context, &day).map_err(failed)?);
                }
            }
            let (from, to) = range.replaced;
            batch.replaced.push(ReplacedDays { cooling_unit: unit.unit.id, from, to });
            environment.progress.advance();
            if batch.rows.len() >= environment.settings.reporting.batch_rows
                && batches.send(std::mem::take(&mut batch)).await.is_err()
            {
                // The storing side ended with an error, which it reports.
                return Ok(());
            }
        }
        *rows_read += crates.stream.rows_read();
        // As above: an error of the storing side is its own to report.
        let _ = batches.send(batch).await;
        Ok(())
    }
}
