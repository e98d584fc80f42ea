//! A world: the rows of a small operational database, as they stand there, with their NULLs and absurdities.
//!
//! Field names are those of the source's columns. A column that a test may need to be NULL is an `Option`, whether
//! or not the source declares it NOT NULL.

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;

/// A `timestamptz`, which is not always an instant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Moment {
    At(DateTime<Utc>),
    Infinity,
    MinusInfinity,
}

impl Moment {
    pub fn instant(self) -> Option<DateTime<Utc>> {
        match self {
            Self::At(instant) => Some(instant),
            Self::Infinity | Self::MinusInfinity => None,
        }
    }
}

#[derive(Debug, Clone)]
pub struct World {
    /// The instant of the run.
    pub as_of: DateTime<Utc>,
    /// `reporting.earliest_date`.
    pub earliest: NaiveDate,
    /// `reporting.time_zone`.
    pub forced_zone: Option<Tz>,
    pub companies: Vec<Company>,
    pub locations: Vec<Location>,
    pub units: Vec<Unit>,
    pub powers: Vec<Power>,
    pub users: Vec<User>,
    pub operators: Vec<Employee>,
    pub service_providers: Vec<Employee>,
    pub farmers: Vec<Farmer>,
    /// `user_farmer_companies`: farmer, company.
    pub farmer_companies: Vec<(i64, i64)>,
    /// `storage_coolingunit_operators`: unit, user.
    pub unit_operators: Vec<(i64, i64)>,
    pub farmer_surveys: Vec<FarmerSurvey>,
    pub commodity_lines: Vec<CommodityLine>,
    pub crops: Vec<Crop>,
    pub unit_crops: Vec<UnitCrop>,
    pub movements: Vec<Movement>,
    pub check_ins: Vec<CheckIn>,
    pub produces: Vec<Produce>,
    pub crates: Vec<Crate>,
    pub check_outs: Vec<CheckOut>,
    pub releases: Vec<Release>,
    pub market_surveys: Vec<MarketSurvey>,
    pub rates: Vec<Rate>,
}

#[derive(Debug, Clone)]
pub struct Company {
    pub id: i64,
    pub name: String,
    pub country: Option<String>,
    pub currency: Option<String>,
}

#[derive(Debug, Clone)]
pub struct Location {
    pub id: i64,
    pub company_id: Option<i64>,
    pub state: String,
    pub deleted: bool,
}

#[derive(Debug, Clone)]
pub struct Unit {
    pub id: i64,
    pub location_id: i64,
    pub name: String,
    pub cooling_unit_type: Option<String>,
    pub metric: String,
    pub capacity_in_metric_tons: Option<f64>,
    pub capacity_in_number_crates: Option<i32>,
    pub room_size_m: [Option<f64>; 3],
    pub deleted: bool,
    pub date_creation: Option<Moment>,
}

#[derive(Debug, Clone)]
pub struct Power {
    pub id: i64,
    pub cooling_unit_id: i64,
    pub daily_room_wattage: Option<f64>,
    pub source: String,
    pub grid_percent: Option<f64>,
    pub pv_percent: Option<f64>,
    pub refrigerant_type: String,
    pub amount_refrigerant: Option<f64>,
}

#[derive(Debug, Clone)]
pub struct User {
    pub id: i64,
    pub first_name: Option<String>,
    pub gender: Option<String>,
    pub is_active: bool,
}

/// A row of `user_operator` or `user_serviceprovider`.
#[derive(Debug, Clone)]
pub struct Employee {
    pub id: i64,
    pub company_id: i64,
    pub user_id: i64,
}

#[derive(Debug, Clone)]
pub struct Farmer {
    pub id: i64,
    pub user_id: i64,
    pub created_by_id: Option<i64>,
    pub is_unknown: bool,
}

#[derive(Debug, Clone)]
pub struct FarmerSurvey {
    pub id: i64,
    pub farmer_id: i64,
    pub user_type: Option<String>,
    pub date_filled_in: Option<Moment>,
}

/// A row of `user_farmersurveycommodity`.
#[derive(Debug, Clone)]
pub struct CommodityLine {
    pub id: i64,
    pub farmer_survey_id: i64,
    pub crop_id: Option<i64>,
    pub average_price: Option<i16>,
    pub currency: Option<String>,
    pub unit: Option<String>,
    pub kg_in_unit: Option<i32>,
    pub quantity_total: Option<f64>,
    pub quantity_self_consumed: Option<f64>,
    pub quantity_sold: Option<f64>,
    pub quantity_below_market_price: Option<f64>,
    pub average_season_in_months: Option<i32>,
}

#[derive(Debug, Clone)]
pub struct Crop {
    pub id: i64,
    pub name: String,
}

/// `storage_coolingunitcrop` with its `storage_pricing`.
#[derive(Debug, Clone)]
pub struct UnitCrop {
    pub id: i64,
    pub cooling_unit_id: i64,
    pub pricing_type: Option<String>,
    pub active: bool,
}

#[derive(Debug, Clone)]
pub struct Movement {
    pub id: i64,
    pub initiated_for: String,
    pub date: Moment,
}

#[derive(Debug, Clone)]
pub struct CheckIn {
    pub id: i64,
    pub movement_id: Option<i64>,
    pub owned_by_user_id: Option<i64>,
}

#[derive(Debug, Clone)]
pub struct Produce {
    pub id: i64,
    pub crop_id: Option<i64>,
    pub checkin_id: Option<i64>,
}

#[derive(Debug, Clone)]
pub struct Crate {
    pub id: i64,
    pub produce_id: Option<i64>,
    pub cooling_unit_id: Option<i64>,
    pub initial_weight: f64,
    pub currency: Option<String>,
    pub cmp_fully_checked_out: bool,
}

#[derive(Debug, Clone)]
pub struct CheckOut {
    pub id: i64,
    pub movement_id: Option<i64>,
    pub currency: Option<String>,
    pub discount_amount: Option<f64>,
}

#[derive(Debug, Clone)]
pub struct Release {
    pub id: i64,
    pub crate_id: i64,
    pub checkout_id: i64,
    pub percentage: f64,
    pub cooling_fees: f64,
}

#[derive(Debug, Clone)]
pub struct MarketSurvey {
    pub id: i64,
    pub checkout_id: i64,
    pub crop_id: Option<i64>,
    pub price: f64,
    pub currency: Option<String>,
    pub selling_unit: Option<String>,
    pub kg_in_unit: Option<i32>,
    pub loss: Option<i32>,
    pub date_filled_in: Option<Moment>,
}

#[derive(Debug, Clone)]
pub struct Rate {
    pub currency: String,
    pub date: NaiveDate,
    /// USD per unit, as text so that it stays exact.
    pub usd: String,
    pub quarantined: bool,
}

impl World {
    pub fn unit(&self, id: i64) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.id == id)
    }

    pub fn location_of(&self, unit: &Unit) -> &Location {
        self.locations.iter().find(|location| location.id == unit.location_id).expect("every unit has a location")
    }

    pub fn company_of(&self, unit: &Unit) -> Option<&Company> {
        let id = self.location_of(unit).company_id?;
        self.companies.iter().find(|company| company.id == id)
    }

    pub fn is_alive(&self, unit: &Unit) -> bool {
        !unit.deleted && !self.location_of(unit).deleted
    }

    pub fn movement(&self, id: Option<i64>) -> Option<&Movement> {
        self.movements.iter().find(|movement| Some(movement.id) == id)
    }

    pub fn produce_of(&self, produce_crate: &Crate) -> Option<&Produce> {
        self.produces.iter().find(|produce| Some(produce.id) == produce_crate.produce_id)
    }

    pub fn check_in_of(&self, produce_crate: &Crate) -> Option<&CheckIn> {
        let id = self.produce_of(produce_crate)?.checkin_id?;
        self.check_ins.iter().find(|check_in| check_in.id == id)
    }

    pub fn check_out(&self, id: i64) -> &CheckOut {
        self.check_outs.iter().find(|check_out| check_out.id == id).expect("every release has a check-out")
    }

    pub fn farmer_of_user(&self, user_id: i64) -> Option<&Farmer> {
        self.farmers.iter().find(|farmer| farmer.user_id == user_id)
    }

    pub fn user(&self, id: i64) -> &User {
        self.users.iter().find(|user| user.id == id).expect("every reference to a user has its row")
    }

    /// The same rows where kilograms must balance: what goes in is physical, whole and known, and every crate
    /// that something leaves is emptied by it.
    pub fn tidied(mut self) -> Self {
        for movement in &mut self.movements {
            "ci".clone_into(&mut movement.initiated_for);
        }
        for check_out in &mut self.check_outs {
            check_out.discount_amount = None;
        }
        let first = self.earliest.and_time(chrono::NaiveTime::MIN).and_utc();
        let as_of = self.as_of;
        let seen = |moment: Moment| moment.instant().filter(|at| (first..as_of).contains(at));
        let rows = self.clone();
        let time_in = |produce_crate: &Crate| {
            let check_in = rows.check_in_of(produce_crate)?;
            seen(rows.movement(check_in.movement_id)?.date)
        };
        self.crates.retain(|c| c.initial_weight.is_finite() && time_in(c).is_some());
        self.releases.retain(|release| {
            let out = rows.movement(rows.check_out(release.checkout_id).movement_id).and_then(|m| seen(m.date));
            let produce_crate = self.crates.iter().find(|c| c.id == release.crate_id);
            matches!((out, produce_crate.and_then(time_in)), (Some(out), Some(time_in)) if out >= time_in)
        });
        for produce_crate in &mut self.crates {
            let mut releases: Vec<&mut Release> =
                self.releases.iter_mut().filter(|release| release.crate_id == produce_crate.id).collect();
            produce_crate.cmp_fully_checked_out = !releases.is_empty();
            let parts = f64::from(u32::try_from(releases.len()).expect("few"));
            for release in &mut releases {
                release.percentage = produce_crate.initial_weight / produce_crate.initial_weight.max(1.0) / parts;
                release.cooling_fees = 0.0;
            }
        }
        self
    }

    /// The first instant that a movement may have.
    pub fn first_instant(&self) -> DateTime<Utc> {
        self.earliest.and_time(chrono::NaiveTime::MIN).and_utc()
    }

    /// All dates on which the instant of the run may fall, and those before it down to the earliest.
    pub fn dates(&self) -> impl Iterator<Item = NaiveDate> {
        let last = self.as_of.date_naive() + Days::new(2);
        (self.earliest - Days::new(2)).iter_days().take_while(move |date| *date <= last)
    }
}
