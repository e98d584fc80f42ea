//! Surveys that meet: market surveys mostly of what was released, baselines mostly of who sold it, both often at the
//! turn of a month and at the same instants.

use chrono_tz::Tz;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::builder::{Builder, numbered};
use super::{HOUR, When, ZONES, after_midnight, crop, owned};
use crate::worlds::pure::parameters;
use crate::worlds::world::{CommodityLine, FarmerSurvey, MarketSurvey, Moment, World};

/// What was drawn of surveys.
#[derive(Debug, Clone)]
pub(super) struct Surveys {
    /// The few instants at which most are filled in.
    instants: Vec<When>,
    market: Vec<Market>,
    headers: Vec<Header>,
    lines: Vec<Line>,
}

/// When a survey was filled in.
#[derive(Debug, Clone, Copy)]
enum Filled {
    /// At one of the few instants.
    Shared(Index),
    Own(When),
    /// So many months before the run's, in the zone of a unit, so many microseconds after the month began.
    Turn(u32, Index, i64),
}

/// Price with its currency, unit and kg in that.
#[derive(Debug, Clone, Copy)]
struct Price<T> {
    value: T,
    currency: Option<&'static str>,
    unit: Option<&'static str>,
    kg_in_unit: Option<i32>,
}

#[derive(Debug, Clone)]
struct Market {
    /// The release whose check-out it speaks of.
    release: Index,
    /// The check-out where nothing was released.
    check_out: Index,
    /// A crop other than that of the release.
    #[expect(clippy::option_option, reason = "whether it is another crop, and which, if any")]
    other_crop: Option<Option<i64>>,
    price: Price<f64>,
    loss: Option<i32>,
    filled: Option<Filled>,
}

#[derive(Debug, Clone)]
struct Header {
    farmer: Index,
    /// Whether the farmer is one whose sales were surveyed.
    is_of_seller: bool,
    kind: Option<&'static str>,
    filled: Option<Filled>,
}

#[derive(Debug, Clone)]
struct Line {
    header: Index,
    /// Position among the crops that the farmer sold.
    sold: Index,
    /// A crop other than these.
    #[expect(clippy::option_option, reason = "whether it is another crop, and which, if any")]
    other_crop: Option<Option<i64>>,
    price: Price<Option<i16>>,
    /// In total, consumed, sold, below market price.
    quantities: [Option<f64>; 4],
    season_months: Option<i32>,
}

/// Up to sixteen months before the run, often at the turn of a month.
fn when() -> impl Strategy<Value = When> {
    let day = |days| (0_u64..days, select(&ZONES[..]), after_midnight());
    prop_oneof![
        3 => day(8).prop_map(|(back, zone, after)| When::Day(back, zone, after)),
        2 => day(480).prop_map(|(back, zone, after)| When::Day(back, zone, after)),
        5 => (0_u32..3, select(&ZONES[..]), select(vec![-1, -1, 0, 0, 1, HOUR]))
            .prop_map(|(back, zone, after)| When::Turn(back, zone, after)),
    ]
}

/// Absent so many times as five times at a shared instant, three times at one of its own and four times at the turn of
/// a month.
fn filled(absent: u32, own: impl Strategy<Value = When>) -> impl Strategy<Value = Option<Filled>> {
    prop_oneof![
        absent => Just(None),
        5 => any::<Index>().prop_map(|index| Some(Filled::Shared(index))),
        3 => own.prop_map(|when| Some(Filled::Own(when))),
        4 => (0_u32..4, any::<Index>(), select(vec![-1, -1, 0, 0, 1]))
            .prop_map(|(back, unit, after)| Some(Filled::Turn(back, unit, after))),
    ]
}

const CODES: [Option<&str>; 5] = [Some("NGN"), Some("NGN"), Some("INR"), Some("INR"), Some("EUR")];

/// A price, whose currency is a code so many times as it is none.
fn price<T: std::fmt::Debug>(value: impl Strategy<Value = T>, codes: u32) -> impl Strategy<Value = Price<T>> {
    let currency = prop_oneof![codes => select(&CODES[..]), 1 => select(vec![None, Some("")])];
    let unit = select(vec![Some("KILOGRAMS"), Some("KILOGRAMS"), Some("CRATES"), None]);
    let kg_in_unit = select(vec![None, Some(0), Some(4), Some(25)]);
    (value, currency, unit, kg_in_unit).prop_map(|(value, currency, unit, kg_in_unit)| Price {
        value,
        currency,
        unit,
        kg_in_unit,
    })
}

fn other_crop() -> impl Strategy<Value = Option<Option<i64>>> {
    prop::option::weighted(0.12, crop())
}

fn market() -> impl Strategy<Value = Market> {
    let value = prop_oneof![
        14 => select(vec![0.0, 12.5, 40.0, 600.0, 650.0]),
        1 => select(vec![f64::NAN, f64::INFINITY]),
    ];
    let loss = select(vec![None, Some(0), Some(1), Some(3), Some(50)]);
    let own = prop_oneof![9 => when(), 1 => select(vec![
        When::Run(-1), When::Run(0), When::Infinity, When::MinusInfinity,
    ])];
    (any::<Index>(), any::<Index>(), other_crop(), price(value, 2), loss, filled(1, own)).prop_map(
        |(release, check_out, other_crop, price, loss, filled)| Market {
            release,
            check_out,
            other_crop,
            price,
            loss,
            filled,
        },
    )
}

fn header() -> impl Strategy<Value = Header> {
    let kind = select(vec![Some("FARMER"), Some("TRADER"), None]);
    let own = prop_oneof![9 => when(), 1 => select(vec![When::Run(-1), When::Run(0), When::Infinity])];
    (any::<Index>(), prop::bool::weighted(0.85), kind, filled(3, own))
        .prop_map(|(farmer, is_of_seller, kind, filled)| Header { farmer, is_of_seller, kind, filled })
}

fn line() -> impl Strategy<Value = Line> {
    let quantity = || {
        prop_oneof![
            30 => select(vec![None, Some(0.0), Some(30.0), Some(90.0), Some(120.0)]),
            1 => select(vec![Some(f64::NAN), Some(f64::NEG_INFINITY)]),
        ]
    };
    let quantities = [quantity(), quantity(), quantity(), quantity()];
    let value = select(vec![None, Some(0), Some(40), Some(500), Some(600)]);
    let season_months = select(vec![None, Some(0), Some(1), Some(3)]);
    (any::<Index>(), any::<Index>(), other_crop(), price(value, 6), quantities, season_months).prop_map(
        |(header, sold, other_crop, price, quantities, season_months)| Line {
            header,
            sold,
            other_crop,
            price,
            quantities,
            season_months,
        },
    )
}

/// Up to 13 market surveys, and 8 baseline surveys with 21 lines.
pub(super) fn surveys() -> impl Strategy<Value = Surveys> {
    (vec(when(), 1..4), vec(market(), 0..14), vec(header(), 1..9), vec(line(), 0..22))
        .prop_map(|(instants, market, headers, lines)| Surveys { instants, market, headers, lines })
}

impl Surveys {
    /// Fills the surveys of a world in.
    pub(super) fn add_to(&self, world: &mut World, builder: &Builder) {
        world.market_surveys = numbered(&self.market, |id, drawn| {
            let release = (!world.releases.is_empty()).then(|| drawn.release.get(&world.releases));
            let crop_id = release.and_then(|release| {
                let released = world.crates.iter().find(|row| row.id == release.crate_id)?;
                world.produce_of(released)?.crop_id
            });
            MarketSurvey {
                id,
                checkout_id: release.map_or(drawn.check_out.get(&world.check_outs).id, |release| release.checkout_id),
                crop_id: drawn.other_crop.unwrap_or(crop_id),
                price: drawn.price.value,
                currency: owned(drawn.price.currency),
                selling_unit: owned(drawn.price.unit),
                kg_in_unit: drawn.price.kg_in_unit,
                loss: drawn.loss,
                date_filled_in: drawn.filled.map(|filled| self.moment(filled, world, builder)),
            }
        });
        if world.farmers.is_empty() {
            return;
        }
        let sales = sales(world);
        world.farmer_surveys = numbered(&self.headers, |id, drawn| FarmerSurvey {
            id,
            farmer_id: if drawn.is_of_seller && !sales.is_empty() {
                drawn.farmer.get(&sales).0
            } else {
                drawn.farmer.get(&world.farmers).id
            },
            user_type: owned(drawn.kind),
            date_filled_in: drawn.filled.map(|filled| self.moment(filled, world, builder)),
        });
        if world.farmer_surveys.is_empty() {
            return;
        }
        world.commodity_lines = numbered(&self.lines, |id, drawn| {
            let header = drawn.header.get(&world.farmer_surveys);
            let sold: Vec<i64> =
                sales.iter().filter(|(farmer, _)| *farmer == header.farmer_id).map(|(_, crop)| *crop).collect();
            let sold = (!sold.is_empty()).then(|| *drawn.sold.get(&sold));
            let [quantity_total, quantity_self_consumed, quantity_sold, quantity_below_market_price] = drawn.quantities;
            CommodityLine {
                // Descending, so that the line of a later survey is not always the higher one.
                id: 100 - id,
                farmer_survey_id: header.id,
                crop_id: drawn.other_crop.unwrap_or(sold),
                average_price: drawn.price.value,
                currency: owned(drawn.price.currency),
                unit: owned(drawn.price.unit),
                kg_in_unit: drawn.price.kg_in_unit,
                quantity_total,
                quantity_self_consumed,
                quantity_sold,
                quantity_below_market_price,
                average_season_in_months: drawn.season_months,
            }
        });
    }

    fn moment(&self, filled: Filled, world: &World, builder: &Builder) -> Moment {
        builder.moment(match filled {
            Filled::Shared(index) => *index.get(&self.instants),
            Filled::Own(when) => when,
            Filled::Turn(back, unit, after) => {
                let company = world.company_of(unit.get(&world.units));
                let country = company.and_then(|company| company.country.as_deref());
                When::Turn(back, parameters().time_zone(country).unwrap_or(Tz::UTC), after)
            }
        })
    }
}

/// Farmers and crops that market surveys speak of.
fn sales(world: &World) -> Vec<(i64, i64)> {
    let mut sales = Vec::new();
    for survey in &world.market_surveys {
        for release in world.releases.iter().filter(|release| release.checkout_id == survey.checkout_id) {
            let Some(released) = world.crates.iter().find(|row| row.id == release.crate_id) else { continue };
            let crop = world.produce_of(released).and_then(|produce| produce.crop_id);
            let owner = world.check_in_of(released).and_then(|check_in| check_in.owned_by_user_id);
            let farmer = owner.and_then(|user| world.farmer_of_user(user));
            if let (Some(farmer), Some(crop)) = (farmer, crop)
                && survey.crop_id == Some(crop)
            {
                sales.push((farmer.id, crop));
            }
        }
    }
    sales
}
