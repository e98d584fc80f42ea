//! Exchange rates around a run: what is missing is fetched before its snapshot, and the commands of `reporter fx`.

use std::collections::{BTreeSet, HashMap};
use std::io::Write;

use chrono::Days as CalendarDays;
use metrics_core::db::source::{Snapshot, fees};
use metrics_core::db::{ConnectOptions, Connection, connect};
use metrics_core::settings::{DatabaseUrl, FxProvider};
use metrics_core::view::View;
use metrics_core::window::{local_date, start_of_day};

use crate::exit::{CommandError, Exit};
use crate::fx::{self, FxCommand, Outcome};
use crate::report::{Days, Environment, Request};
use crate::reports::shared;

async fn diesel(environment: &Environment<'_>, url: &DatabaseUrl, read_only: bool) -> Result<Connection, CommandError> {
    let options = ConnectOptions {
        application_name: "reporter fx".into(),
        read_only,
        statement_timeout: environment.settings.database.statement_timeout,
        connect_timeout: environment.settings.database.connect_timeout,
    };
    Ok(connect::connect_diesel(url, &options).await?)
}

/// `reporter fx …`
pub async fn command(
    command: FxCommand,
    environment: &Environment<'_>,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    let client = environment.metrics_client("fx").await?;
    metrics_core::db::migrate::require_current(&client).await?;
    drop(client);
    let mut metrics = diesel(environment, &environment.databases.metrics, false).await?;
    let mut source = if command.needs_source() {
        Some(diesel(environment, &environment.databases.source, true).await?)
    } else {
        None
    };
    let outcome =
        fx::run(command, &environment.settings.fx, &mut metrics, source.as_mut(), environment.as_of, out).await;
    match outcome {
        Ok(Outcome::Done) => Ok(Exit::Done),
        Ok(Outcome::Partly) => Ok(Exit::Partial),
        Err(error) => Err(match error.exit_code() {
            2 => CommandError::Usage(error.to_string()),
            3 => CommandError::NotUsable(error.into()),
            _ => CommandError::Failed(error.into()),
        }),
    }
}

/// Fetches the rates that the run needs and the database lacks, when a provider is configured.
///
/// Nothing that goes wrong here makes the run fail: figures without a rate are absent and say so.
pub async fn fetch_for_run(request: &Request, environment: &Environment<'_>) {
    // The impact of storage is told in the currency of the surveys, and the uptime of stores in none.
    let has_fees = matches!(request.view, View::AggregatedComparison | View::Company);
    if environment.settings.fx.provider == FxProvider::None || !has_fees {
        return;
    }
    match fetch(request, environment).await {
        Ok(warnings) => warnings.iter().for_each(|warning| tracing::warn!("{warning}")),
        Err(error) => tracing::warn!("exchange rates could not be fetched: {error}"),
    }
}

async fn fetch(request: &Request, environment: &Environment<'_>) -> Result<Vec<String>, CommandError> {
    let needed = needed(request, environment).await?;
    let mut metrics = diesel(environment, &environment.databases.metrics, false).await?;
    let summary = fx::fetch_missing(&mut metrics, &environment.settings.fx, &needed, environment.now()).await?;
    Ok(summary.warnings)
}

/// Currencies and local days with a fee, in the units and days of the run.
async fn needed(
    request: &Request,
    environment: &Environment<'_>,
) -> Result<Vec<(String, chrono::NaiveDate)>, CommandError> {
    let mut source = environment.source_client("fx").await?;
    let snapshot = Snapshot::open(&mut source).await?;
    let units = shared::load_units(&snapshot, request, environment).await?;
    let units: HashMap<_, _> =
        units.iter().filter(|unit| unit.source.is_alive).map(|unit| (unit.unit.id, &unit.unit)).collect();
    let ids: Vec<i64> = units.keys().map(|id| id.0).collect();
    let since = since(request, environment, &ids).await?;

    let mut needed = BTreeSet::new();
    fees::load(&snapshot, &ids, since, environment.as_of, environment.earliest(), |fee| {
        let Some(unit) = units.get(&fee.cooling_unit) else { return };
        let day = local_date(fee.at, unit.zone);
        let company = unit.company_currency.as_deref().map(str::to_owned);
        // An amount in another currency than the company's needs both rates.
        needed.extend([fee.currency, company].into_iter().flatten().map(|currency| (currency, day)));
    })
    .await?;
    Ok(needed.into_iter().collect())
}

/// First instant whose fees the run converts; absent when it is every one.
async fn since(
    request: &Request,
    environment: &Environment<'_>,
    cooling_units: &[i64],
) -> Result<Option<chrono::DateTime<chrono::Utc>>, CommandError> {
    let first = match (request.view, request.days) {
        (View::Company, _) | (_, Days::All) => None,
        (_, Days::Range(from, _)) => Some(from),
        (_, Days::Stale) => {
            let metrics = environment.metrics_client("fx").await?;
            let stored = metrics_core::db::metrics::cooling_unit_metrics::stored_days(&metrics, cooling_units).await?;
            let is_complete =
                cooling_units.iter().all(|id| stored.contains_key(&metrics_core::ids::CoolingUnitId(*id)));
            let trailing = CalendarDays::new(u64::from(environment.settings.reporting.trailing_days) + 1);
            let recent = environment.as_of.date_naive().checked_sub_days(trailing);
            let last_stored = stored.values().map(|days| days.last).min();
            if is_complete { last_stored.into_iter().chain(recent).min() } else { None }
        }
    };
    // A day more, for the zones.
    Ok(first
        .and_then(|first| first.checked_sub_days(CalendarDays::new(1)))
        .map(|first| start_of_day(first, chrono_tz::Tz::UTC)))
}
