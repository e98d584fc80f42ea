//! What is behind one row of `impact_metrics`.

use std::io::Write;

use metrics_core::coldroom::impact::{BaselineLine, FarmerSurvey, ImpactMonths, MonthSurveys};
use metrics_core::db::metrics::impact_metrics::{self, Rows};
use metrics_core::db::source::{Filter, Snapshot};
use metrics_core::ids::{CoolingUnitId, CropId, FarmerId};
use metrics_core::view::View;
use metrics_core::window::{MonthRange, next_month, start_of_day};
use serde_json::{Value, json};

use super::{differences, one_line, print_columns, print_differences};
use crate::cli::{ExplainImpact, Format};
use crate::exit::{CommandError, Exit};
use crate::report::{Days, Environment, Request};
use crate::reports::impact_metrics::Basis;
use crate::reports::shared;

/// `reporter explain impact UNIT FARMER CROP MONTH`.
pub async fn explain(
    arguments: &ExplainImpact,
    environment: &Environment<'_>,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    let month = arguments.month;
    let (farmer, crop) = (FarmerId(arguments.farmer), CropId(arguments.crop));
    let key = (CoolingUnitId(arguments.cooling_unit), farmer, crop);
    let request = Request {
        view: View::ImpactMetrics,
        days: Days::Range(month, Some(month)),
        filter: Filter { companies: None, cooling_units: Some(vec![arguments.cooling_unit]) },
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
        return Err(CommandError::Usage(format!(
            "the operational database has no cooling unit {}",
            arguments.cooling_unit
        )));
    };
    let months = MonthRange::new(month, month);
    let basis = Basis::load(&request, environment, &snapshot, &units, &months).await?;
    let mut surveys = basis.surveys(&request, &snapshot, &months).await?;
    let mut collected = ImpactMonths::default();
    while let Some(survey) = surveys.next().await? {
        basis.add(&survey, &mut collected);
    }
    let mut of_month =
        collected.finish().find(|(found, _)| *found == month).map_or_else(MonthSurveys::default, |(_, found)| found);
    of_month.by_farmer.retain(|found, _| *found == key);

    let mut rows = Rows::default();
    let mut rejects = basis.rejects.clone();
    rejects.extend(basis.rows(month, &of_month, &mut rows));
    impact_metrics::prepare(&metrics).await?;
    let computed = impact_metrics::staged_as_json(&mut metrics, &mut rows).await?;
    let stored = impact_metrics::row_as_json(&metrics, month, key.0, farmer, crop).await?;

    let zone = unit.unit.zone;
    let before = start_of_day(next_month(month), zone).min(environment.as_of);
    let explanation = json!({
        "cooling_unit_id": arguments.cooling_unit,
        "unit_name": unit.source.name,
        "farmer_id": farmer,
        "crop_id": crop,
        "month": month,
        "time_zone": zone.name(),
        "window": {"start": start_of_day(month, zone), "end": start_of_day(next_month(month), zone)},
        "as_of": environment.as_of,
        "surveys": of_month.by_farmer.get(&key).map_or_else(Vec::new, |surveys| surveys.iter().map(survey).collect()),
        "baseline_lines": basis
            .baselines
            .lines(farmer, crop)
            .iter()
            .map(|candidate| line(candidate, candidate.filled_in_at.is_none_or(|at| at < before)))
            .collect::<Vec<_>>(),
        "rejects": rejects,
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

fn survey(survey: &FarmerSurvey) -> Value {
    let releases: Vec<Value> = survey.releases.iter().map(|(id, kg)| json!({"release_id": id, "kg": kg})).collect();
    json!({
        "market_survey_id": survey.id,
        "filled_in_at": survey.filled_in_at,
        "currency": survey.currency.as_deref(),
        "price_per_kg": survey.price_per_kg,
        "lost_kg": survey.lost_kg,
        "releases": releases,
    })
}

fn line(line: &BaselineLine, is_candidate: bool) -> Value {
    json!({
        "baseline_line_id": line.id,
        "farmer_survey_id": line.survey,
        "filled_in_at": line.filled_in_at,
        "is_before_end": is_candidate,
        "currency": &*line.currency,
        "price_per_kg": line.price_per_kg,
        "season_total_kg": line.total_kg,
        "season_sold_kg": line.sold_kg,
        "season_lost_kg": line.lost_kg,
        "season_months": line.season_months,
    })
}

fn print(out: &mut impl Write, explanation: &Value) -> std::io::Result<()> {
    let text = |value: &Value| value.as_str().unwrap_or("–").to_owned();
    writeln!(
        out,
        "Cooling unit {} “{}”, farmer {}, crop {}, month of {}",
        explanation["cooling_unit_id"],
        text(&explanation["unit_name"]),
        explanation["farmer_id"],
        explanation["crop_id"],
        text(&explanation["month"])
    )?;
    let window = &explanation["window"];
    let zone = text(&explanation["time_zone"]);
    writeln!(out, "  month    {} to {} ({zone})", text(&window["start"]), text(&window["end"]))?;
    writeln!(out, "  as of    {}", text(&explanation["as_of"]))?;
    for (title, key) in [
        ("Market surveys of the month", "surveys"),
        ("Baseline lines with a currency, the newest last", "baseline_lines"),
        ("Rejected", "rejects"),
    ] {
        let rows = explanation[key].as_array().map(Vec::as_slice).unwrap_or_default();
        writeln!(out, "\n{title}: {}", rows.len())?;
        for row in rows {
            writeln!(out, "  {}", one_line(row))?;
        }
    }
    if explanation["computed"].is_null() {
        writeln!(out, "\nThere is no row: no survey of the month, or nothing to compare with (see the rejects).")?;
    }
    print_columns(out, explanation)?;
    print_differences(out, explanation)
}
