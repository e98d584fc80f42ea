//! What is behind one row of `cooling_unit_metrics`.

use std::io::Write;

use chrono::{DateTime, Days as CalendarDays, Utc};
use metrics_core::coldroom::cooling_unit_day::{DayContext, cooling_unit_days, first_check_in, first_day};
use metrics_core::coldroom::lifecycle::{Emptied, ProduceCrate, remaining_kg};
use metrics_core::db::metrics::cooling_unit_metrics::{self, Rows};
use metrics_core::db::source::crates::Directory;
use metrics_core::db::source::{Filter, Snapshot};
use metrics_core::money::RateBook;
use metrics_core::view::View;
use metrics_core::window::{ObservationWindow, day_window};
use serde_json::{Value, json};

use super::{differences, one_line, print_columns, print_differences};
use crate::cli::{ExplainCoolingUnit, Format};
use crate::exit::{CommandError, Exit};
use crate::report::{Days, Environment, Request};
use crate::reports::aggregated_comparison::{emission_basis, row_context};
use crate::reports::shared::{self, CrateSource, RunUnit};

/// `reporter explain cooling-unit ID DATE`.
pub async fn explain(
    arguments: &ExplainCoolingUnit,
    environment: &Environment<'_>,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    let request = Request {
        view: View::AggregatedComparison,
        days: Days::Range(arguments.date, Some(arguments.date)),
        filter: Filter { companies: None, cooling_units: Some(vec![arguments.id]) },
        time_zone: arguments.time_zone,
        is_dry_run: true,
        allow_past: true,
        uptime: metrics_core::uptime::Options::default(),
    };
    let mut metrics = environment.metrics_client("explain").await?;
    metrics_core::db::migrate::require_current(&metrics).await?;
    let mut source = environment.source_client("explain").await?;
    let snapshot = Snapshot::open(&mut source).await?;
    let units = shared::load_units(&snapshot, &request, environment).await?;
    let Some(unit) = units.first() else {
        return Err(CommandError::Usage(format!("the operational database has no cooling unit {}", arguments.id)));
    };
    let Some(window) = day_window(arguments.date, unit.unit.zone) else {
        return Err(CommandError::Usage(format!("{} does not exist in {}", arguments.date, unit.unit.zone)));
    };

    let unusable = shared::load_unusable(&snapshot, &request, environment, &[arguments.id]).await?;
    let directory = Directory::load(&snapshot).await?;
    let day_before = arguments.date.checked_sub_days(CalendarDays::new(1)).unwrap_or(arguments.date);
    let rates = shared::load_rates(environment, Some(day_before)).await?;
    let (since, until) = (Some(window.start), Some(window.end));
    let basis = emission_basis(&request, environment, &snapshot, &units, &unusable.crates, since, until).await?;
    // All crates, so that the first day is known.
    let mut crates =
        CrateSource::open(&snapshot, &directory, environment, &[arguments.id], &unusable, None, None).await?;
    let produce = crates.stream.crates_of(unit.unit.id, unit.currency(), &crates.context).await?;
    let created = shared::usable_creation(&unit.source, environment.earliest(), &mut Vec::new());
    let first = first_day(created, first_check_in(&produce), unit.unit.zone);

    let factors = basis.factors(unit);
    let context = DayContext { as_of: environment.as_of, rates: &rates, parameters: environment.parameters };
    let has_row = first.is_some_and(|first| first <= arguments.date) && window.start < environment.as_of;
    let days = if has_row {
        let model = basis.model(&factors);
        cooling_unit_days(&unit.unit, &produce, arguments.date, arguments.date, model, &context).collect()
    } else {
        Vec::new()
    };

    cooling_unit_metrics::prepare(&metrics).await?;
    let mut rows = Rows::default();
    for day in &days {
        rows.push(&row_context(unit, environment, &basis.co2_model, environment.now()), day)?;
    }
    let computed = cooling_unit_metrics::staged_as_json(&mut metrics, &mut rows).await?;
    let stored = cooling_unit_metrics::row_as_json(&metrics, unit.unit.id, arguments.date).await?;

    let end = window.end.min(environment.as_of);
    let explanation = json!({
        "cooling_unit_id": unit.unit.id,
        "unit_name": unit.source.name,
        "is_alive": unit.source.is_alive,
        "date": arguments.date,
        "time_zone": unit.unit.zone.name(),
        "window": {"start": window.start, "end": window.end, "hours": (window.end - window.start).num_minutes() as f64 / 60.0},
        "as_of": environment.as_of,
        "first_day": first,
        "in_room_at_end": in_room(&produce, end),
        "check_ins": check_ins(&produce, window),
        "releases": releases(&produce, window, unit, &rates, environment),
        "rejects": unusable.rejects,
        "emission_factors": factors,
        "food_loss_cold_ratio": basis.history.lost_ratio(unit.unit.id, metrics_core::window::month_of(arguments.date)),
        "differences": differences(computed.as_ref(), stored.as_ref()),
        "computed": computed,
        "stored": stored,
    });
    match arguments.format {
        Format::Json => writeln!(out, "{explanation}"),
        Format::Text => print(out, &explanation),
    }?;
    Ok(Exit::Done)
}

fn in_room(crates: &[ProduceCrate], end: DateTime<Utc>) -> Vec<Value> {
    crates
        .iter()
        .filter(|produce| produce.is_in_room(end))
        .map(|produce| {
            // Folded from 0: the sum of no floats would be -0.
            let released = produce.releases.iter().filter(|r| r.at < end).fold(0.0, |sum, r| sum + r.kg);
            json!({
                "crate_id": produce.id,
                "crop": &*produce.crop,
                "checked_in_at": produce.check_in.map(|check_in| check_in.at),
                "initial_kg": produce.initial_weight_kg,
                "released_kg": released,
                "remaining_kg": remaining_kg(produce.initial_weight_kg, released),
            })
        })
        .collect()
}

fn check_ins(crates: &[ProduceCrate], window: ObservationWindow) -> Vec<Value> {
    crates
        .iter()
        .filter_map(|produce| produce.check_in.map(|check_in| (produce, check_in)))
        .filter(|(_, check_in)| window.start <= check_in.at && check_in.at < window.end)
        .map(|(produce, check_in)| {
            json!({
                "crate_id": produce.id,
                "check_in_id": check_in.id,
                "at": check_in.at,
                "kind": format!("{:?}", check_in.kind).to_lowercase(),
                "crop": &*produce.crop,
                "kg": produce.initial_weight_kg,
                "owner_user_id": produce.owner.map(|owner| owner.user),
                "farmer_id": produce.owner.and_then(|owner| owner.farmer).map(|farmer| farmer.id),
            })
        })
        .collect()
}

fn releases(
    crates: &[ProduceCrate],
    window: ObservationWindow,
    unit: &RunUnit,
    rates: &RateBook,
    environment: &Environment<'_>,
) -> Vec<Value> {
    let date = metrics_core::window::local_date(window.start, unit.unit.zone);
    let rate = |currency: Option<&str>| {
        let (published, usd) = rates.rate_with_date(currency?, date)?;
        Some(json!({"currency": currency, "date": published, "usd": usd.to_string()}))
    };
    let mut rows = Vec::new();
    for produce in crates {
        for release in &produce.releases {
            if release.at < window.start || release.at >= window.end.min(environment.as_of) {
                continue;
            }
            let empties = matches!(produce.emptied, Emptied::At(at, _) if at == release.at)
                && produce.releases.last().is_some_and(|last| last.id == release.id);
            rows.push(json!({
                "release_id": release.id,
                "crate_id": produce.id,
                "check_out_id": release.check_out,
                "at": release.at,
                "kind": format!("{:?}", release.kind).to_lowercase(),
                "crop": &*produce.crop,
                "kg": release.kg,
                "empties_crate": empties,
                "net_fee": release.net_fee,
                "currency": release.currency.as_deref(),
                "rate": rate(release.currency.as_deref()),
                "company_rate": rate(unit.currency().map(|currency| &**currency)),
                "owner_user_id": produce.owner.map(|owner| owner.user),
                "farmer_id": produce.owner.and_then(|owner| owner.farmer).map(|farmer| farmer.id),
            }));
        }
    }
    rows
}

fn print(out: &mut impl Write, explanation: &Value) -> std::io::Result<()> {
    let text = |key: &str| explanation[key].as_str().unwrap_or("–").to_owned();
    writeln!(out, "Cooling unit {} “{}”, {}", explanation["cooling_unit_id"], text("unit_name"), text("date"))?;
    let window = &explanation["window"];
    writeln!(
        out,
        "  day      {} to {} ({} h in {})",
        window["start"].as_str().unwrap_or_default(),
        window["end"].as_str().unwrap_or_default(),
        window["hours"],
        text("time_zone")
    )?;
    writeln!(out, "  as of    {}", text("as_of"))?;
    writeln!(out, "  first day of the unit  {}", text("first_day"))?;
    if explanation["is_alive"] == false {
        writeln!(out, "  the unit or its location is deleted: its stored rows stay, and it gets no new ones")?;
    }
    for (title, key) in [
        ("In the room at the end of the day", "in_room_at_end"),
        ("Check-ins", "check_ins"),
        ("Releases", "releases"),
        ("Rejected", "rejects"),
    ] {
        let rows = explanation[key].as_array().map(Vec::as_slice).unwrap_or_default();
        writeln!(out, "\n{title}: {}", rows.len())?;
        for row in rows {
            writeln!(out, "  {}", one_line(row))?;
        }
    }
    writeln!(out, "\nEmission factors")?;
    for (name, value) in explanation["emission_factors"].as_object().into_iter().flatten() {
        writeln!(out, "  {name:<40} {value}")?;
    }
    writeln!(out, "  {:<40} {}", "food_loss_cold_ratio (surveys)", explanation["food_loss_cold_ratio"])?;
    if explanation["computed"].is_null() {
        writeln!(out, "\nThe day has no row: it lies before the unit's first day or has not begun at as-of.")?;
    }
    print_columns(out, explanation)?;
    print_differences(out, explanation)
}
