//! The figures of a bucket, and their columns in files.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use metrics_core::coldroom::series::Point;
use metrics_core::export::Kind;
use serde::Serialize;
use utoipa::ToSchema;

use crate::json::{Amounts, Counts, Exact};

/// The columns in files, which are the members of the points.
pub const FILE_COLUMNS: [(&str, Kind); 33] = [
    ("date", Kind::Date),
    ("last_date", Kind::Date),
    ("days", Kind::Integer),
    ("cooling_units", Kind::Integer),
    ("currency", Kind::Text),
    ("room_beneficiaries", Kind::Number),
    ("room_beneficiaries_fem", Kind::Number),
    ("room_beneficiaries_ma", Kind::Number),
    ("room_active_users", Kind::Integer),
    ("room_active_fem", Kind::Integer),
    ("room_active_ma", Kind::Integer),
    ("room_active_ot", Kind::Integer),
    ("room_active_farmers", Kind::Integer),
    ("room_crates_in", Kind::Integer),
    ("room_ops_in", Kind::Integer),
    ("room_kg_in", Kind::Float),
    ("room_crates_out", Kind::Integer),
    ("room_ops_out", Kind::Integer),
    ("room_kg_out", Kind::Float),
    ("average_room_occupancy", Kind::Float),
    ("room_revenue", Kind::Money(2)),
    ("room_revenue_usd", Kind::Money(6)),
    ("check_in_crates_crop", Kind::Json),
    ("check_in_kg_crop", Kind::Json),
    ("check_out_crates_crop", Kind::Json),
    ("check_out_kg_crop", Kind::Json),
    ("tot_co2", Kind::Float),
    ("co2_crops", Kind::Json),
    ("room_stock_kg", Kind::Float),
    ("co2_idle", Kind::Float),
    ("co2_breakdown", Kind::Json),
    ("data_quality", Kind::Texts),
    ("missing_days", Kind::Json),
];

/// What the rows of one bucket add up to.
///
/// Sums, means and unions are over the rows that have a figure. A column without any figure is null, and so is every
/// figure of a bucket without rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeriesFigures<'a> {
    /// First day of the bucket in the range.
    #[schema(example = "2026-11-02")]
    date: NaiveDate,
    /// Last day of the bucket in the range.
    #[schema(example = "2026-11-08")]
    last_date: NaiveDate,
    /// Rows in the bucket: days of a cooling unit; of a company one per cooling unit and day.
    #[schema(minimum = 0, example = 7)]
    days: u32,
    /// Cooling units with a row in the bucket.
    #[schema(minimum = 0, example = 1)]
    cooling_units: usize,
    /// ISO 4217 currency of `room_revenue`; null when no row states one, or the rows state several.
    #[schema(example = "NGN")]
    currency: Option<&'a str>,
    /// People in the households of the distinct active farmers.
    #[schema(value_type = Option<f64>, example = 9.4)]
    room_beneficiaries: Option<Exact>,
    /// Of `room_beneficiaries`, women and girls.
    #[schema(value_type = Option<f64>, example = 4.653)]
    room_beneficiaries_fem: Option<Exact>,
    /// Of `room_beneficiaries`, men and boys.
    #[schema(value_type = Option<f64>, example = 4.747)]
    room_beneficiaries_ma: Option<Exact>,
    /// Distinct users with a crate checked in or released.
    #[schema(example = 2)]
    room_active_users: Option<usize>,
    /// Of `room_active_users`, women.
    #[schema(example = 1)]
    room_active_fem: Option<usize>,
    /// Of `room_active_users`, men.
    #[schema(example = 1)]
    room_active_ma: Option<usize>,
    /// Of `room_active_users`, other or unknown gender.
    #[schema(example = 0)]
    room_active_ot: Option<usize>,
    /// Distinct farmers with a crate checked in or released.
    #[schema(example = 2)]
    room_active_farmers: Option<usize>,
    /// Crates checked in.
    #[schema(example = 11)]
    room_crates_in: Option<i64>,
    /// Check-in operations: sum over days and cooling units.
    #[schema(example = 3)]
    room_ops_in: Option<i64>,
    /// Weight checked in, kg.
    #[schema(example = 210.5)]
    room_kg_in: Option<f64>,
    /// Crates emptied.
    #[schema(example = 4)]
    room_crates_out: Option<i64>,
    /// Check-out operations: sum over days and cooling units.
    #[schema(example = 2)]
    room_ops_out: Option<i64>,
    /// Weight released, kg.
    #[schema(example = 80.0)]
    room_kg_out: Option<f64>,
    /// Occupancy, percent: mean over the rows; of a company weighted by capacity in crates.
    #[schema(example = 2.5)]
    average_room_occupancy: Option<f64>,
    /// Fees in currency; null when the rows state several currencies.
    #[schema(value_type = Option<f64>, example = 1200.00)]
    room_revenue: Option<Exact>,
    /// Fees in US dollars, each day at its rate.
    #[schema(value_type = Option<f64>, example = 0.84)]
    room_revenue_usd: Option<Exact>,
    /// Crates checked in by crop.
    #[schema(value_type = Option<BTreeMap<String, i64>>, example = json!({"Tomato": 8}))]
    check_in_crates_crop: Option<Counts<'a>>,
    /// Weight checked in by crop, kg.
    #[schema(value_type = Option<BTreeMap<String, f64>>, example = json!({"Tomato": 165.5}))]
    check_in_kg_crop: Option<Amounts<'a>>,
    /// Crates emptied by crop.
    #[schema(value_type = Option<BTreeMap<String, i64>>, example = json!({"Tomato": 4}))]
    check_out_crates_crop: Option<Counts<'a>>,
    /// Weight released by crop, kg.
    #[schema(value_type = Option<BTreeMap<String, f64>>, example = json!({"Tomato": 80.0}))]
    check_out_kg_crop: Option<Amounts<'a>>,
    /// Avoided emissions, kg of CO2 equivalent; positive when emissions were saved.
    #[schema(example = 3.25)]
    tot_co2: Option<f64>,
    /// Avoided emissions by crop, kg of CO2 equivalent: without minus with cold room.
    #[schema(value_type = Option<BTreeMap<String, f64>>, example = json!({"Tomato": 3.5}))]
    co2_crops: Option<Amounts<'a>>,
    /// Weight in the rooms at the end of the latest day with a row, kg.
    #[schema(example = 130.5)]
    room_stock_kg: Option<f64>,
    /// Emissions of rooms on days that ended empty, kg of CO2 equivalent, contained in `tot_co2` with a minus sign.
    #[schema(example = 0.25)]
    co2_idle: Option<f64>,
    /// Emissions by cause, kg of CO2 equivalent; a cause without any figure is null.
    #[schema(value_type = Option<BTreeMap<String, Option<f64>>>, example = json!({"electricity": 1.5}))]
    co2_breakdown: Option<Amounts<'a>>,
    /// What limits the rows, ascending.
    #[schema(value_type = Vec<String>, example = json!([]))]
    data_quality: Vec<&'a str>,
    /// Columns of which some rows have no figure, and how many; such rows are left out of the column.
    #[schema(value_type = BTreeMap<String, u32>, example = json!({"room_revenue_usd": 1}))]
    missing_days: BTreeMap<&'static str, u32>,
}

impl<'a> From<&'a Point> for SeriesFigures<'a> {
    fn from(point: &'a Point) -> Self {
        let sums = (!point.is_empty()).then_some(&point.sums);
        let people = point.beneficiaries();
        Self {
            date: *point.span.start(),
            last_date: *point.span.end(),
            days: point.sums.days,
            cooling_units: point.cooling_units(),
            currency: point.currency(),
            room_beneficiaries: people.map(|people| Exact(people.total)),
            room_beneficiaries_fem: people.map(|people| Exact(people.women)),
            room_beneficiaries_ma: people.map(|people| Exact(people.men)),
            room_active_users: sums.map(|sums| sums.room_active_user_ids.count()),
            room_active_fem: sums.map(|sums| sums.room_active_fem.count()),
            room_active_ma: sums.map(|sums| sums.room_active_ma.count()),
            room_active_ot: sums.map(|sums| sums.room_active_ot.count()),
            room_active_farmers: sums.map(|sums| sums.room_active_farmer_ids.count()),
            room_crates_in: sums.map(|sums| sums.room_crates_in),
            room_ops_in: sums.map(|sums| sums.room_ops_in),
            room_kg_in: sums.map(|sums| sums.room_kg_in),
            room_crates_out: sums.map(|sums| sums.room_crates_out),
            room_ops_out: sums.map(|sums| sums.room_ops_out),
            room_kg_out: sums.map(|sums| sums.room_kg_out),
            average_room_occupancy: point.average_room_occupancy(),
            room_revenue: point.room_revenue().map(Exact),
            room_revenue_usd: sums.and_then(|sums| sums.room_revenue_usd.sum).map(Exact),
            check_in_crates_crop: sums.map(|sums| Counts(&sums.check_in_crates_crop)),
            check_in_kg_crop: sums.map(|sums| Amounts(&sums.check_in_kg_crop)),
            check_out_crates_crop: sums.map(|sums| Counts(&sums.check_out_crates_crop)),
            check_out_kg_crop: sums.map(|sums| Amounts(&sums.check_out_kg_crop)),
            tot_co2: sums.and_then(|sums| sums.tot_co2.sum),
            co2_crops: sums.and_then(|sums| sums.co2_crops.as_ref()).map(Amounts),
            room_stock_kg: point.room_stock_kg(),
            co2_idle: sums.and_then(|sums| sums.co2_idle.sum),
            co2_breakdown: sums.map(|sums| Amounts(&sums.co2_breakdown)),
            data_quality: point.sums.data_quality.iter().map(String::as_str).collect(),
            missing_days: point.missing_days().collect(),
        }
    }
}
