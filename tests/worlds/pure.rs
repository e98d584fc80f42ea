//! The pure functions against the slow implementation.

mod impact;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use metrics_core::coldroom::Gender;
use metrics_core::coldroom::company::{CompanyTotals, beneficiaries};
use metrics_core::coldroom::cooling_unit_day::{
    CoolingUnit, CoolingUnitDay, DayContext, EmissionModel, cooling_unit_days, first_check_in, first_day,
};
use metrics_core::coldroom::food_loss_history::FoodLossHistory;
use metrics_core::coldroom::lifecycle::{self, CrateFacts, MovementKind, Owner, ProduceCrate, Release, released_kg};
use metrics_core::ids::{CheckInId, CheckOutId, CoolingUnitId, CrateId, FarmerId, ReleaseId, UserId};
use metrics_core::lca::FoodLossBoundary;
use metrics_core::lca::room::{PowerSupply, RoomDescription, RoomFactors};
use metrics_core::money::{RateBook, net_fee};
use metrics_core::parameters::Parameters;
use proptest::prelude::*;

use super::compare::{Row, assert_close, assert_same_day};
use super::generator::worlds;
use super::slow::{self, UnitDay};
use super::world::{CheckOut, Crate, Moment, Unit, World};

/// What the loaders make of a world.
struct Loaded {
    rates: RateBook,
    history: FoodLossHistory,
    units: Vec<LoadedUnit>,
}

struct LoadedUnit {
    unit: CoolingUnit,
    company: Option<i64>,
    country: Option<String>,
    factors: RoomFactors,
    crates: Vec<ProduceCrate>,
    first_day: Option<NaiveDate>,
}

struct Loader<'w> {
    world: &'w World,
    parameters: &'w Parameters,
}

impl Loader<'_> {
    fn load(&self) -> Loaded {
        let world = self.world;
        let rates = world.rates.iter().filter(|rate| !rate.quarantined);
        let rates = rates.map(|rate| (rate.currency.clone(), rate.date, rate.usd.parse().expect("a decimal")));
        Loaded {
            rates: RateBook::new(rates, 7),
            history: self.history(),
            units: world.units.iter().filter(|unit| world.is_alive(unit)).map(|unit| self.unit(unit)).collect(),
        }
    }

    fn zone(&self, unit: &Unit) -> Tz {
        let country = self.world.company_of(unit).and_then(|company| company.country.as_deref());
        self.world.forced_zone.or(self.parameters.time_zone(country)).unwrap_or(Tz::UTC)
    }

    fn unit(&self, unit: &Unit) -> LoadedUnit {
        let world = self.world;
        let company = world.company_of(unit);
        let country = company.and_then(|company| company.country.clone());
        let currency = company.and_then(|company| company.currency.as_deref()).filter(|text| !text.is_empty());
        let loaded = CoolingUnit {
            id: CoolingUnitId(unit.id),
            zone: self.zone(unit),
            capacity_crates: unit.capacity_in_number_crates,
            company_currency: currency.map(Arc::from),
            has_known_country: self.parameters.time_zone(country.as_deref()).is_some(),
        };
        let power = world.powers.iter().rfind(|power| power.cooling_unit_id == unit.id);
        let room = RoomDescription {
            power: power.map(|power| PowerSupply {
                daily_room_kwh: power.daily_room_wattage,
                power_source: power.source.clone(),
                diesel_perc: None,
                grid_perc: power.grid_percent,
                pv_perc: power.pv_percent,
                biomass_perc: None,
                refrigerant_type: Some(power.refrigerant_type.clone()),
                refrigerant_kg: power.amount_refrigerant,
            }),
            room_length_m: unit.room_size_m[0],
            room_width_m: unit.room_size_m[1],
            room_height_m: unit.room_size_m[2],
            country: country.clone(),
        };
        let crates: Vec<ProduceCrate> = world
            .crates
            .iter()
            .filter(|row| row.cooling_unit_id == Some(unit.id) && !self.is_unusable(row))
            .map(|row| ProduceCrate::as_of(self.crate_facts(row, loaded.company_currency.as_ref()), world.as_of))
            .collect();
        let created = unit.date_creation.and_then(|moment| self.usable(moment));
        LoadedUnit {
            first_day: first_day(created, first_check_in(&crates), loaded.zone),
            factors: RoomFactors::new(&room, self.parameters),
            company: company.map(|company| company.id),
            unit: loaded,
            country,
            crates,
        }
    }

    fn is_unusable(&self, row: &Crate) -> bool {
        let mut numbers = vec![row.initial_weight];
        for release in self.world.releases.iter().filter(|release| release.crate_id == row.id) {
            numbers.extend([release.percentage, release.cooling_fees]);
            numbers.extend(self.world.check_out(release.checkout_id).discount_amount);
        }
        numbers.iter().any(|number| !number.is_finite())
    }

    fn usable(&self, moment: Moment) -> Option<DateTime<Utc>> {
        moment.instant().filter(|at| *at >= self.world.first_instant())
    }

    fn movement(&self, id: Option<i64>) -> Option<(DateTime<Utc>, MovementKind)> {
        let movement = self.world.movement(id)?;
        Some((self.usable(movement.date)?, MovementKind::from_source(Some(&movement.initiated_for))))
    }

    fn crate_facts(&self, row: &Crate, company_currency: Option<&Arc<str>>) -> CrateFacts {
        let world = self.world;
        let check_in = world.check_in_of(row);
        let crop = world.produce_of(row).and_then(|produce| produce.crop_id);
        let crop = world.crops.iter().find(|known| Some(known.id) == crop).map_or("Unknown", |known| &known.name);
        let currency = |text: &Option<String>| text.as_deref().filter(|text| !text.is_empty()).map(Arc::from);
        let mut releases = Vec::new();
        for release in world.releases.iter().filter(|release| release.crate_id == row.id) {
            let check_out = world.check_out(release.checkout_id);
            let Some((at, kind)) = self.movement(check_out.movement_id) else { continue };
            releases.push(Release {
                id: ReleaseId(release.id),
                check_out: CheckOutId(check_out.id),
                at,
                kind,
                kg: released_kg(release.percentage, row.initial_weight),
                net_fee: net_fee(release.cooling_fees, self.gross(check_out), check_out.discount_amount),
                currency: currency(&row.currency)
                    .or_else(|| currency(&check_out.currency))
                    .or_else(|| company_currency.cloned()),
            });
        }
        CrateFacts {
            id: CrateId(row.id),
            crop: crop.into(),
            initial_weight_kg: row.initial_weight,
            is_fully_checked_out: row.cmp_fully_checked_out,
            owner: check_in.and_then(|check_in| check_in.owned_by_user_id).map(|user| self.owner(user)),
            check_in: check_in.and_then(|check_in| {
                let (at, kind) = self.movement(check_in.movement_id)?;
                Some(lifecycle::CheckIn { id: CheckInId(check_in.id), at, kind })
            }),
            releases,
        }
    }

    fn gross(&self, check_out: &CheckOut) -> f64 {
        let is_usable = |id: i64| self.world.crates.iter().any(|row| row.id == id && !self.is_unusable(row));
        let releases = self.world.releases.iter().filter(|release| release.checkout_id == check_out.id);
        releases.filter(|release| is_usable(release.crate_id)).map(|release| release.cooling_fees).sum()
    }

    fn owner(&self, user: i64) -> Owner {
        let person = self.world.user(user);
        let farmer = self.world.farmer_of_user(user).map(|farmer| lifecycle::Farmer {
            id: FarmerId(farmer.id),
            is_placeholder: farmer.is_unknown || person.first_name.as_deref() == Some("User without a phone"),
        });
        Owner { user: UserId(user), gender: Gender::from_source(person.gender.as_deref()), farmer }
    }

    fn history(&self) -> FoodLossHistory {
        let mut history = FoodLossHistory::default();
        for survey in &self.market_surveys() {
            history.add(survey, |id| self.world.unit(id.0).map(|unit| self.zone(unit)));
        }
        history
    }
}

impl Loaded {
    /// Days of a unit from `from`, or its first day, to `to`.
    fn days(
        &self,
        unit: &LoadedUnit,
        range: Option<(NaiveDate, NaiveDate)>,
        world: &World,
        parameters: &Parameters,
    ) -> Vec<CoolingUnitDay> {
        let Some(first) = unit.first_day else { return Vec::new() };
        let last = *world.dates().collect::<Vec<_>>().last().expect("dates");
        let (from, to) = range.map_or((first, last), |(from, to)| (from.max(first), to));
        let context = DayContext { as_of: world.as_of, rates: &self.rates, parameters };
        let boundary = FoodLossBoundary::Production;
        let model = EmissionModel::RoomDay { factors: &unit.factors, history: &self.history, boundary };
        cooling_unit_days(&unit.unit, &unit.crates, from, to, model, &context).collect()
    }
}

/// The figures of a computed day in the form in which rows are compared.
fn row_of(day: &CoolingUnitDay, unit: &LoadedUnit, parameters: &Parameters) -> Row {
    let people = beneficiaries(day.active_farmers.len(), &parameters.household(unit.country.as_deref()));
    let counts = |pairs: &[(Arc<str>, i32)]| -> BTreeMap<String, f64> {
        pairs.iter().map(|(crop, n)| (crop.to_string(), f64::from(*n))).collect()
    };
    let masses = |pairs: &[(Arc<str>, f64)]| -> BTreeMap<String, f64> {
        pairs.iter().map(|(crop, kg)| (crop.to_string(), *kg)).collect()
    };
    let emissions = day.emissions.as_ref().expect("the model was given");
    let breakdown = emissions.breakdown;
    Row {
        date: day.date,
        cooling_unit_id: unit.unit.id.0,
        user_ids: day.active_users.iter().map(|user| user.0).collect(),
        farmer_ids: day.active_farmers.iter().map(|farmer| farmer.0).collect(),
        fem: day.active_female.iter().map(|user| user.0).collect(),
        ma: day.active_male.iter().map(|user| user.0).collect(),
        ot: day.active_other.iter().map(|user| user.0).collect(),
        beneficiaries: [people.total, people.female, people.male],
        crates_in: day.crates_in,
        ops_in: day.check_ins,
        kg_in: day.kg_in,
        crates_out: day.crates_out,
        ops_out: day.check_outs,
        kg_out: day.kg_out,
        stock_kg: day.stock_kg,
        occupancy: day.occupancy_perc,
        revenue: day.revenue,
        revenue_usd: day.revenue_usd,
        crates_in_by_crop: counts(&day.crates_in_by_crop),
        kg_in_by_crop: masses(&day.kg_in_by_crop),
        crates_out_by_crop: counts(&day.crates_out_by_crop),
        kg_out_by_crop: masses(&day.kg_out_by_crop),
        co2: slow::Co2 {
            total: emissions.avoided_kg_co2e,
            idle: emissions.idle_kg_co2e,
            crops: emissions
                .crops
                .as_ref()
                .map(|crops| crops.iter().map(|(crop, kg)| (crop.clone(), [kg.coldroom, kg.no_coldroom])).collect()),
            electricity: breakdown.electricity,
            refrigerant: breakdown.refrigerant,
            disposal: [breakdown.disposal_cold, breakdown.disposal_ambient],
            production: [breakdown.production_cold, breakdown.production_ambient],
        },
        data_quality: day.quality.iter().map(|flag| flag.as_str().to_owned()).collect(),
    }
}

fn all_days(world: &World, parameters: &Parameters) -> Vec<CoolingUnitDay> {
    let loaded = Loader { world, parameters }.load();
    loaded.units.iter().flat_map(|unit| loaded.days(unit, None, world, parameters)).collect()
}

fn assert_days_follow_the_definitions(world: &World, parameters: &Parameters) {
    let expected = slow::unit_days(world, parameters);
    let loaded = Loader { world, parameters }.load();
    let mut expected = expected.iter();
    for unit in &loaded.units {
        for day in loaded.days(unit, None, world, parameters) {
            let expected: &UnitDay = expected.next().unwrap_or_else(|| panic!("a day too many: {day:#?}"));
            assert_same_day(&row_of(&day, unit, parameters), expected);
            assert_eq!((day.has_fee, day.is_complete), (expected.has_fee, expected.is_complete), "{expected:#?}");
            assert!(day.is_representable);
        }
    }
    assert_eq!(expected.next(), None, "a day is missing");
}

fn assert_companies_follow_the_definitions(world: &World, parameters: &Parameters) {
    let loaded = Loader { world, parameters }.load();
    for expected in slow::companies(world, parameters) {
        let mut totals = CompanyTotals::default();
        for unit in loaded.units.iter().filter(|unit| unit.company == Some(expected.company_id)) {
            totals.add(&unit.unit, loaded.days(unit, None, world, parameters));
        }
        let figures = totals.figures().expect("sums in range");
        let counts = (figures.crates_in, figures.check_ins, figures.crates_out, figures.check_outs);
        assert_eq!(counts, (expected.crates_in, expected.ops_in, expected.crates_out, expected.ops_out));
        assert_close(figures.kg_in, expected.kg_in, "kg_in");
        assert_close(figures.kg_out, expected.kg_out, "kg_out");
        assert_eq!((figures.revenue, figures.revenue_usd), (expected.revenue, expected.revenue_usd));
        assert_eq!(figures.days_without_revenue, expected.fx_missing_days);
        super::compare::assert_occupancy(figures.occupancy_perc, expected.occupancy);
    }
}

/// Rows in another order, and units of which each is computed without the others.
fn shuffled(mut world: World) -> World {
    world.crates.reverse();
    world.releases.reverse();
    world.units.reverse();
    world.market_surveys.reverse();
    world.movements.reverse();
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4 * cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_figure_of_every_day_follows_its_definition(world in worlds()) {
        assert_days_follow_the_definitions(&world, parameters());
    }

    #[test]
    fn every_figure_of_every_company_follows_its_definition(world in worlds()) {
        assert_companies_follow_the_definitions(&world, parameters());
    }

    #[test]
    fn every_figure_of_every_month_of_impact_follows_its_definition(world in worlds()) {
        impact::assert_impacts_follow_the_definitions(&world, parameters());
    }

    #[test]
    fn a_part_of_the_days_computed_alone_is_the_same_to_the_bit(
        world in worlds(), skip in 0_u64..12, length in 0_u64..6
    ) {
        let parameters = parameters();
        let loaded = Loader { world: &world, parameters }.load();
        let from = world.earliest + chrono::Days::new(skip);
        let to = from + chrono::Days::new(length);
        for unit in &loaded.units {
            let part = loaded.days(unit, Some((from, to)), &world, parameters);
            let mut all = loaded.days(unit, None, &world, parameters);
            all.retain(|day| (from..=to).contains(&day.date));
            // The text of a float tells every bit of it.
            prop_assert_eq!(format!("{part:?}"), format!("{all:?}"));
        }
    }

    #[test]
    fn the_order_of_the_rows_changes_nothing(world in worlds()) {
        let parameters = parameters();
        let mut days = all_days(&shuffled(world.clone()), parameters);
        let mut expected = all_days(&world, parameters);
        let order = |day: &CoolingUnitDay| (day.date, format!("{day:?}"));
        days.sort_by_key(order);
        expected.sort_by_key(order);
        prop_assert_eq!(format!("{days:?}"), format!("{expected:?}"));
    }

    /// What came in and did not leave is there.
    #[test]
    fn kilograms_balance_where_releases_add_up_and_nothing_is_traded(world in worlds()) {
        let (world, parameters) = (world.tidied(), parameters());
        let loaded = Loader { world: &world, parameters }.load();
        for unit in &loaded.units {
            let mut stock = 0.0;
            for day in loaded.days(unit, None, &world, parameters) {
                stock += day.kg_in - day.kg_out;
                // Crates of less than half a gram are in, out and never in stock.
                prop_assert!((day.stock_kg - stock).abs() < 0.01, "{} kg, expected {stock} kg: {day:#?}", day.stock_kg);
            }
        }
    }
}

/// What `PROPTEST_CASES` says, by default 256.
pub fn cases() -> u32 {
    ProptestConfig::default().cases
}

/// The parameters of the program.
pub fn parameters() -> &'static Parameters {
    static PARAMETERS: LazyLock<Parameters> =
        LazyLock::new(|| Parameters::embedded().expect("the parameter files are right"));
    &PARAMETERS
}
