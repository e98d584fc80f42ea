//! What the cold-room views share: units with their zones, crates as a stream of days, what cannot be used.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use metrics_core::coldroom::Reject;
use metrics_core::coldroom::cooling_unit_day::CoolingUnit;
use metrics_core::db::metrics::exchange_rate;
use metrics_core::db::source::Snapshot;
use metrics_core::db::source::crates::{CrateContext, CrateStream, Directory};
use metrics_core::db::source::rejects::{self, Unusable};
use metrics_core::db::source::units::{self, SourceUnit};
use metrics_core::db::{ConnectOptions, connect};
use metrics_core::ids::CoolingUnitId;
use metrics_core::money::RateBook;
use metrics_core::window::local_date;

use crate::exit::CommandError;
use crate::report::{Environment, Request};

/// First day that the calendar of the database and ours both know.
pub const FIRST_DAY: NaiveDate = NaiveDate::from_ymd_opt(1, 1, 1).expect("a date of the calendar");

/// A database error of a run that has begun.
pub fn failed(error: impl Into<anyhow::Error>) -> CommandError {
    CommandError::Failed(error.into())
}

/// An error of a helper that cannot know that the run has begun.
pub fn while_running(error: CommandError) -> CommandError {
    match error {
        CommandError::NotUsable(error) => CommandError::Failed(error),
        other => other,
    }
}

/// A cooling unit of a run.
pub struct RunUnit {
    /// As the source states it.
    pub source: SourceUnit,
    /// As the daily figures need it.
    pub unit: CoolingUnit,
    /// Local date of as-of.
    pub today: NaiveDate,
}

impl RunUnit {
    /// Currency of its company.
    pub fn currency(&self) -> Option<&Arc<str>> {
        self.unit.company_currency.as_ref()
    }
}

/// Units of the request, alive or not, ascending by id.
pub async fn load_units(
    snapshot: &Snapshot<'_>,
    request: &Request,
    environment: &Environment<'_>,
) -> Result<Vec<RunUnit>, CommandError> {
    let units = units::load(snapshot, &request.filter).await?;
    Ok(units.into_iter().map(|source| run_unit(source, request, environment)).collect())
}

/// Ids of a filtered run: its units in the source, and those asked for that the source no longer has.
pub fn scope(units: &[RunUnit], request: &Request) -> Option<Vec<i64>> {
    if request.filter.is_everything() {
        return None;
    }
    let mut scope: Vec<i64> = units.iter().map(|unit| unit.unit.id.0).collect();
    if request.filter.companies.is_none() {
        scope.extend(request.filter.cooling_units.iter().flatten());
    }
    scope.sort_unstable();
    scope.dedup();
    Some(scope)
}

fn run_unit(source: SourceUnit, request: &Request, environment: &Environment<'_>) -> RunUnit {
    let country = source.company.as_ref().and_then(|company| company.country.as_deref());
    let zone = environment.zone(request, country);
    RunUnit {
        unit: CoolingUnit {
            id: source.id,
            zone,
            capacity_crates: source.capacity_crates,
            company_currency: source.company.as_ref().and_then(|company| company.currency.as_deref()).map(Arc::from),
            has_known_country: environment.parameters.time_zone(country).is_some(),
        },
        today: local_date(environment.as_of, zone),
        source,
    }
}

/// Creation of a unit that its first day may follow from; one that no calendar or no cold room can have is rejected.
pub fn usable_creation(unit: &SourceUnit, earliest: DateTime<Utc>, rejects: &mut Vec<Reject>) -> Option<DateTime<Utc>> {
    let is_too_early = unit.created_at.is_some_and(|at| at < earliest);
    if is_too_early || unit.has_unusable_creation {
        rejects.push(Reject {
            subject: format!("creation of cooling unit {}", unit.id),
            reason: format!(
                "it is dated before {} or infinity; its first check-in counts instead",
                earliest.date_naive()
            ),
        });
        return None;
    }
    unit.created_at
}

/// Exchange rates for days from `from` on (all when absent).
pub async fn load_rates(environment: &Environment<'_>, from: Option<NaiveDate>) -> Result<RateBook, CommandError> {
    let options = ConnectOptions {
        application_name: "reporter rates".into(),
        read_only: true,
        statement_timeout: environment.settings.database.statement_timeout,
        connect_timeout: environment.settings.database.connect_timeout,
    };
    let mut connection = connect::connect_diesel(&environment.databases.metrics, &options).await?;
    let max_age_days = environment.settings.fx.max_age_days;
    // Two days to either side cover the zones.
    let first = from.unwrap_or(environment.settings.reporting.earliest_date) - Days::new(2);
    let end = environment.as_of.date_naive() + Days::new(2);
    Ok(exchange_rate::book(&mut connection, &(first..end), max_age_days).await?)
}

/// What the source states and nothing can be made of, in the units of the request.
pub async fn load_unusable(
    snapshot: &Snapshot<'_>,
    request: &Request,
    environment: &Environment<'_>,
    cooling_units: &[i64],
) -> Result<Unusable, CommandError> {
    let scope = (!request.filter.is_everything()).then_some(cooling_units);
    Ok(rejects::load(snapshot, scope, environment.earliest()).await?)
}

/// What all crates of a run have in common.
pub fn crate_context<'a>(directory: &'a Directory, environment: &Environment<'_>) -> CrateContext<'a> {
    CrateContext { directory, as_of: environment.as_of, earliest: environment.earliest() }
}

/// Crates of a run: where they come from, and what reading them needs.
pub struct CrateSource<'a> {
    /// The open query.
    pub stream: CrateStream,
    /// What all crates have in common.
    pub context: CrateContext<'a>,
}

impl<'a> CrateSource<'a> {
    /// Starts reading the crates of `cooling_units` that matter from `since` on (all when absent) up to `until`, or up
    /// to as-of where that is earlier.
    pub async fn open(
        snapshot: &Snapshot<'_>,
        directory: &'a Directory,
        environment: &Environment<'_>,
        cooling_units: &[i64],
        unusable: &Unusable,
        since: Option<DateTime<Utc>>,
        until: Option<DateTime<Utc>>,
    ) -> Result<Self, CommandError> {
        let until = until.map_or(environment.as_of, |until| until.min(environment.as_of));
        let stream = CrateStream::open(snapshot, cooling_units, &unusable.crates, since, until).await?;
        Ok(Self { stream, context: crate_context(directory, environment) })
    }
}

/// Zones of units by id.
pub fn zones(units: &[RunUnit]) -> HashMap<CoolingUnitId, Tz> {
    units.iter().map(|unit| (unit.unit.id, unit.unit.zone)).collect()
}
