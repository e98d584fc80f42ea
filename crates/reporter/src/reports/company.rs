//! `--view company`: one row per company, since the first day of each of its units.

use std::collections::{BTreeMap, HashMap};

use metrics_core::coldroom::Reject;
use metrics_core::coldroom::company::CompanyTotals;
use metrics_core::coldroom::cooling_unit_day::{
    DayContext, EmissionModel, cooling_unit_days, first_check_in, first_day,
};
use metrics_core::db::Client;
use metrics_core::db::metrics::company_metrics::{self, Capacity, CompanyRow, RowContext, Rows};
use metrics_core::db::metrics::report_run;
use metrics_core::db::source::Snapshot;
use metrics_core::db::source::companies::{self, SourceCompany};
use metrics_core::db::source::crates::Directory;
use metrics_core::money::decimal;
use metrics_core::view::View;
use metrics_core::window::local_date;
use rust_decimal::Decimal;

use super::shared::{self, CrateSource, RunUnit, failed};
use crate::exit::CommandError;
use crate::report::{Environment, Request, Summary, Tally, close, is_in_the_past, new_run};

/// Runs the view.
pub async fn run(
    request: &Request,
    environment: &Environment<'_>,
    mut metrics: Client,
) -> Result<Summary, CommandError> {
    let interrupt = environment.interrupt;
    let mut source = interrupt.unless(environment.source_client(request.view.as_str())).await?;
    let snapshot = interrupt.unless(async { Ok(Snapshot::open(&mut source).await?) }).await?;
    let scope = request.filter.companies.clone();
    let is_past = is_in_the_past(request, environment, &metrics, scope.as_deref()).await?;
    let run = new_run(request, environment, scope);
    let id = if request.is_dry_run { None } else { Some(report_run::start(&metrics, &run).await?) };
    let mut tally = Tally::default();
    let work = work(request, environment, &snapshot, &mut metrics, id, is_past, &mut tally);
    let result = interrupt.unless(work).await;
    drop(snapshot);
    close(environment, &mut metrics, run, id, result, tally).await
}

async fn work(
    request: &Request,
    environment: &Environment<'_>,
    snapshot: &Snapshot<'_>,
    metrics: &mut Client,
    run: Option<i64>,
    is_past: bool,
    tally: &mut Tally,
) -> Result<(), CommandError> {
    let companies = companies::load(snapshot, &request.filter, environment.as_of).await.map_err(failed)?;
    let mut units = shared::load_units(snapshot, request, environment).await?;
    units.retain(|unit| unit.source.is_alive);
    let totals = totals(request, environment, snapshot, &units, tally).await?;

    let context = RowContext { parameter_set: environment.parameters.set(), computed_at: environment.now() };
    let mut rows = Rows::default();
    for company in &companies {
        let nothing = CompanyTotals::default();
        let Some(figures) = totals.get(&company.id.0).unwrap_or(&nothing).figures() else {
            tally.rejects.push(Reject {
                subject: format!("company {}", company.id),
                reason: "a sum is out of range; it has no row".into(),
            });
            continue;
        };
        let zone = environment.zone(request, company.country.as_deref());
        let row = CompanyRow {
            company,
            report_date: local_date(environment.as_of, zone),
            time_zone: zone.name(),
            household: &environment.parameters.household(company.country.as_deref()),
            capacity: &capacity(company, &units),
            figures: &figures,
        };
        rows.push(&context, &row).map_err(failed)?;
    }
    tally.rows_computed = rows.len() as u64;
    environment.progress.finish();
    let Some(run) = run else { return Ok(()) };

    company_metrics::prepare(metrics).await.map_err(failed)?;
    let transaction = metrics.transaction().await.map_err(failed)?;
    let scope = request.filter.companies.as_deref();
    let changes = company_metrics::replace(&transaction, &mut rows, scope, is_past).await.map_err(failed)?;
    report_run::data_changed(&transaction, View::Company, run, changes, environment.now()).await.map_err(failed)?;
    transaction.commit().await.map_err(failed)?;
    tally.changes = changes;
    Ok(())
}

/// Sums per company over all days of its alive units.
async fn totals(
    request: &Request,
    environment: &Environment<'_>,
    snapshot: &Snapshot<'_>,
    units: &[RunUnit],
    tally: &mut Tally,
) -> Result<HashMap<i64, CompanyTotals>, CommandError> {
    let ids: Vec<i64> = units.iter().map(|unit| unit.unit.id.0).collect();
    let unusable = shared::load_unusable(snapshot, request, environment, &ids).await?;
    // Market surveys play no part in this view.
    tally
        .rejects
        .extend(unusable.rejects.iter().filter(|reject| !reject.subject.starts_with("market survey")).cloned());
    let directory = Directory::load(snapshot).await.map_err(failed)?;
    let rates = shared::load_rates(environment, None).await?;
    let mut crates = CrateSource::open(snapshot, &directory, environment, &ids, &unusable, None, None).await?;
    let context = DayContext { as_of: environment.as_of, rates: &rates, parameters: environment.parameters };

    environment.progress.start(units.len(), "cooling units");
    let mut totals: HashMap<i64, CompanyTotals> = HashMap::new();
    for unit in units {
        let produce = crates.stream.crates_of(unit.unit.id, unit.currency(), &crates.context).await.map_err(failed)?;
        let created = shared::usable_creation(&unit.source, environment.earliest(), &mut tally.rejects);
        if let (Some(first), Some(company)) =
            (first_day(created, first_check_in(&produce), unit.unit.zone), &unit.source.company)
        {
            let days = cooling_unit_days(&unit.unit, &produce, first, unit.today, EmissionModel::Omitted, &context);
            totals.entry(company.id.0).or_default().add(&unit.unit, days);
        }
        environment.progress.advance();
    }
    tally.rows_read += crates.stream.rows_read();
    Ok(totals)
}

fn capacity(company: &SourceCompany, units: &[RunUnit]) -> Capacity {
    let own = || {
        units.iter().map(|unit| &unit.source).filter(|unit| unit.company.as_ref().is_some_and(|c| c.id == company.id))
    };
    if own().next().is_none() {
        return Capacity { tons: Some(Decimal::ZERO), crates: Some(0), types: BTreeMap::new() };
    }
    let mut capacity = Capacity::default();
    for unit in own() {
        if let Some(tons) = unit.capacity_t.and_then(decimal) {
            capacity.tons = Some(capacity.tons.unwrap_or_default().saturating_add(tons));
        }
        if let Some(crates) = unit.capacity_crates {
            capacity.crates = Some(capacity.crates.unwrap_or(0).saturating_add(crates));
        }
        if let Some(unit_type) = &unit.unit_type {
            *capacity.types.entry(unit_type.clone()).or_default() += 1;
        }
    }
    capacity
}
