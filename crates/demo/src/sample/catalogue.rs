//! What the sample is made of: countries, crops, companies and their cooling units. All invented; prices, fees and
//! sizes are only of the right order for their country.

use chrono_tz::Tz;

/// What one market looks like.
#[derive(Debug)]
pub struct Market {
    /// ISO 3166 code.
    pub country: Option<&'static str>,
    /// ISO 4217 code.
    pub currency: Option<&'static str>,
    /// Zone in which people keep business hours.
    pub time_zone: Tz,
    /// State and city of each place where cooling units stand.
    pub places: &'static [(&'static str, &'static str)],
    /// Crops that are stored, by catalogue name; the first ones most often.
    pub crops: &'static [&'static str],
    /// Fee for one crate and day, in hundredths of the currency.
    pub crate_day_fee_cents: i64,
    /// Farm-gate price of one kilogram, lowest and highest, in whole units of the currency.
    pub price_per_kg: (i64, i64),
    /// Prefix of telephone numbers.
    pub phone_prefix: &'static str,
    /// Given names, to be used for anybody.
    pub given_names: &'static [&'static str],
    /// Family names.
    pub family_names: &'static [&'static str],
}

/// One company that runs cooling units.
#[derive(Debug)]
pub struct Company {
    /// Name, unique.
    pub name: &'static str,
    /// Its market.
    pub market: &'static Market,
    /// Path of the logo.
    pub logo: Option<&'static str>,
    /// Operators, and employees who use the web application.
    pub staff: (i64, i64),
    /// Farmers and traders known by name.
    pub farmers: i64,
    /// Its cooling units.
    pub cooling_units: &'static [CoolingUnit],
}

/// How a cooling unit charges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pricing {
    /// Per day.
    Daily,
    /// Once per stay.
    Fixed,
    /// Every other crop one way, the rest the other.
    Mixed,
}

/// How a cooling unit is powered.
#[derive(Debug)]
pub struct Power {
    /// As the application stores it.
    pub source: &'static str,
    /// Percent of diesel, grid, photovoltaics and biomass.
    pub percents: [Option<f64>; 4],
    /// Electricity of a whole day.
    pub electricity_kwh_per_day: Option<f64>,
    /// Gas and charge in kilograms.
    pub refrigerant: (&'static str, Option<f64>),
}

/// One cooling unit.
#[derive(Debug)]
pub struct CoolingUnit {
    /// Name.
    pub name: &'static str,
    /// Index into the market's places.
    pub place: usize,
    /// Type as the application stores it.
    pub kind: Option<&'static str>,
    /// True: charged by weight, false: by crate.
    pub by_weight: bool,
    /// Capacity in metric tons.
    pub capacity_tons: Option<f64>,
    /// Capacity in crates.
    pub capacity_crates: Option<i64>,
    /// Length, width and height in metres.
    pub size_m: Option<[f64; 3]>,
    /// True: has a temperature sensor.
    pub sensor: bool,
    /// How it charges.
    pub pricing: Pricing,
    /// How it is powered; `None`: the application has no row.
    pub power: Option<Power>,
    /// Visits with produce per 100 days.
    pub visits_per_100_days: i64,
    /// Share of the sample's days that have passed, in percent, when it opens and when it is closed and deleted.
    pub open_percent: (i64, Option<i64>),
}

/// Crop types and their crops, in the order of their ids.
pub const CROPS: &[(&str, &[&str])] = &[
    ("Fruits", &["Avocado", "Banana", "Mango", "Orange", "Pineapple", "Plantain", "Grapes", "Guava"]),
    (
        "Vegetables",
        &["Tomato", "Onion", "Cabbage", "Carrot", "Cucumber", "Spinach", "Ladyfinger", "Green Chilli", "Lettuce"],
    ),
    ("Root Vegetables", &["Irish Potato", "Sweet Potato", "Ginger"]),
    ("Other Items", &["Other"]),
];

static NIGERIA: Market = Market {
    country: Some("NG"),
    currency: Some("NGN"),
    time_zone: Tz::Africa__Lagos,
    places: &[("Oyo", "Ibadan"), ("Kano", "Kano"), ("Lagos", "Ikorodu")],
    crops: &["Tomato", "Plantain", "Orange", "Pineapple", "Cucumber", "Onion", "Other"],
    crate_day_fee_cents: 15_000,
    price_per_kg: (350, 900),
    phone_prefix: "+23480",
    given_names: &["Amina", "Chinedu", "Ngozi", "Musa", "Ifeoma", "Emeka", "Halima", "Tunde"],
    family_names: &["Adeyemi", "Bello", "Eze", "Okafor", "Yusuf"],
};

static INDIA: Market = Market {
    country: Some("IN"),
    currency: Some("INR"),
    time_zone: Tz::Asia__Kolkata,
    places: &[("Maharashtra", "Nashik"), ("Bihar", "Patna")],
    crops: &["Tomato", "Grapes", "Ladyfinger", "Green Chilli", "Banana", "Guava"],
    crate_day_fee_cents: 1_200,
    price_per_kg: (15, 70),
    phone_prefix: "+9198",
    given_names: &["Sunita", "Ravi", "Priya", "Arjun", "Lakshmi", "Sanjay", "Meena", "Vikram"],
    family_names: &["Das", "Jadhav", "Patil", "Rao", "Sharma"],
};

static PHILIPPINES: Market = Market {
    country: Some("PH"),
    currency: Some("PHP"),
    time_zone: Tz::Asia__Manila,
    places: &[("Benguet", "La Trinidad"), ("Cebu", "Carcar")],
    crops: &["Cabbage", "Carrot", "Lettuce", "Mango", "Sweet Potato", "Tomato"],
    crate_day_fee_cents: 1_000,
    price_per_kg: (30, 120),
    phone_prefix: "+63917",
    given_names: &["Maria", "Jose", "Rosa", "Juan", "Liza", "Ramon", "Cora", "Benjie"],
    family_names: &["Bautista", "Cruz", "Lumauig", "Reyes", "Santos"],
};

static KENYA: Market = Market {
    country: Some("KE"),
    currency: Some("KES"),
    time_zone: Tz::Africa__Nairobi,
    places: &[("Kiambu", "Limuru"), ("Nakuru", "Naivasha")],
    crops: &["Avocado", "Irish Potato", "Cabbage", "Mango", "Spinach", "Tomato"],
    crate_day_fee_cents: 2_000,
    price_per_kg: (40, 150),
    phone_prefix: "+25472",
    given_names: &["Wanjiku", "Kamau", "Grace", "Otieno", "Faith", "Kiprono", "Achieng", "Mutua"],
    family_names: &["Chebet", "Mwangi", "Njeri", "Odhiambo", "Wekesa"],
};

/// A company that has been signed up but not set up: no country, no currency.
static UNKNOWN: Market = Market {
    country: None,
    currency: None,
    time_zone: Tz::UTC,
    places: &[("", "")],
    crops: &["Tomato", "Ginger", "Other"],
    crate_day_fee_cents: 100,
    price_per_kg: (1, 3),
    phone_prefix: "+88810",
    given_names: &["Noor", "Kim", "Alex", "Sam"],
    family_names: &["Lee", "Haddad", "Silva"],
};

const fn single(source: &'static str, electricity_kwh_per_day: Option<f64>) -> Power {
    Power { source, percents: [Some(0.0); 4], electricity_kwh_per_day, refrigerant: ("R-410A", Some(1.2)) }
}

const FARM_GATE: Option<&str> = Some("FARM_GATE_STORAGE_ROOM");
const AT_MARKET: Option<&str> = Some("MARKET_STORAGE_ROOM");
const LARGE: Option<[f64; 3]> = Some([6.0, 4.0, 2.6]);
const SMALL: Option<[f64; 3]> = Some([3.0, 3.0, 2.4]);

/// What most cooling units have; each entry below states what is its own.
const USUAL: CoolingUnit = CoolingUnit {
    name: "",
    place: 0,
    kind: FARM_GATE,
    by_weight: false,
    capacity_tons: Some(5.0),
    capacity_crates: Some(75),
    size_m: LARGE,
    sensor: false,
    pricing: Pricing::Daily,
    power: None,
    visits_per_100_days: 110,
    open_percent: (0, None),
};

/// The companies, in the order of their ids. Between them the cooling units show every power source, one without a
/// power row, one whose electricity is unknown but can be estimated, one for which it cannot, one without a capacity,
/// one that opened late and one that was closed.
pub static COMPANIES: &[Company] = &[
    Company {
        name: "Harmattan Cold Rooms",
        market: &NIGERIA,
        logo: Some("company_logos/harmattan.png"),
        staff: (5, 3),
        farmers: 34,
        cooling_units: &[
            CoolingUnit {
                name: "Bodija market",
                kind: AT_MARKET,
                capacity_tons: Some(8.0),
                capacity_crates: Some(130),
                sensor: true,
                power: Some(single("grid", Some(34.0))),
                visits_per_100_days: 200,
                ..USUAL
            },
            CoolingUnit {
                name: "Oje farm gate",
                power: Some(Power {
                    source: "hybrid",
                    percents: [Some(0.0), Some(40.0), Some(60.0), Some(0.0)],
                    electricity_kwh_per_day: Some(22.5),
                    refrigerant: ("r290", Some(0.35)),
                }),
                visits_per_100_days: 130,
                ..USUAL
            },
            CoolingUnit {
                name: "Dawanau depot",
                place: 1,
                kind: AT_MARKET,
                pricing: Pricing::Mixed,
                power: Some(single("generator", Some(28.0))),
                ..USUAL
            },
            CoolingUnit {
                name: "Ikorodu trailer",
                place: 2,
                kind: Some("MOVABLE_UNIT"),
                capacity_tons: Some(1.5),
                capacity_crates: Some(30),
                size_m: SMALL,
                visits_per_100_days: 45,
                ..USUAL
            },
            CoolingUnit {
                name: "Sabo (closed)",
                place: 2,
                kind: None,
                power: Some(single("grid", Some(20.0))),
                visits_per_100_days: 60,
                open_percent: (0, Some(60)),
                ..USUAL
            },
        ],
    },
    Company {
        name: "Deccan Cool Store",
        market: &INDIA,
        logo: None,
        staff: (4, 2),
        farmers: 28,
        cooling_units: &[
            CoolingUnit {
                name: "Nashik grapes",
                by_weight: true,
                sensor: true,
                capacity_tons: Some(7.5),
                capacity_crates: Some(90),
                power: Some(single("pvpanels", Some(26.0))),
                visits_per_100_days: 150,
                ..USUAL
            },
            CoolingUnit {
                name: "Pimpalgaon yard",
                kind: AT_MARKET,
                size_m: SMALL,
                pricing: Pricing::Fixed,
                power: Some(single("grid", None)),
                ..USUAL
            },
            CoolingUnit {
                name: "Patna pilot",
                place: 1,
                capacity_tons: Some(3.0),
                capacity_crates: Some(40),
                size_m: SMALL,
                power: Some(single("biomass", Some(15.0))),
                visits_per_100_days: 60,
                open_percent: (45, None),
                ..USUAL
            },
        ],
    },
    Company {
        name: "Cordillera Growers Cold Chain",
        market: &PHILIPPINES,
        logo: Some("company_logos/cordillera.png"),
        staff: (3, 2),
        farmers: 24,
        cooling_units: &[
            CoolingUnit {
                name: "La Trinidad trading post",
                kind: AT_MARKET,
                capacity_tons: Some(9.0),
                capacity_crates: Some(110),
                power: Some(Power {
                    source: "hybrid",
                    percents: [Some(30.0), Some(70.0), Some(0.0), Some(0.0)],
                    electricity_kwh_per_day: Some(31.0),
                    refrigerant: ("R-407c", Some(1.6)),
                }),
                visits_per_100_days: 150,
                ..USUAL
            },
            CoolingUnit {
                name: "Tublay farm gate",
                by_weight: true,
                pricing: Pricing::Fixed,
                power: Some(Power {
                    source: "hybrid",
                    percents: [None; 4],
                    electricity_kwh_per_day: Some(18.0),
                    refrigerant: ("other", None),
                }),
                visits_per_100_days: 80,
                ..USUAL
            },
            CoolingUnit {
                name: "Carcar port",
                place: 1,
                capacity_tons: None,
                capacity_crates: Some(55),
                size_m: None,
                power: Some(single("grid", None)),
                visits_per_100_days: 70,
                ..USUAL
            },
        ],
    },
    Company {
        name: "Rift Fresh Storage",
        market: &KENYA,
        logo: None,
        staff: (2, 1),
        farmers: 18,
        cooling_units: &[
            CoolingUnit {
                name: "Limuru collection",
                sensor: true,
                power: Some(single("pvpanels", Some(19.5))),
                visits_per_100_days: 120,
                ..USUAL
            },
            CoolingUnit {
                name: "Naivasha shed",
                place: 1,
                kind: Some("OTHER"),
                capacity_tons: None,
                capacity_crates: None,
                power: Some(single("grid", Some(24.0))),
                visits_per_100_days: 60,
                ..USUAL
            },
        ],
    },
    Company {
        name: "First Steps Cooling",
        market: &UNKNOWN,
        logo: None,
        staff: (1, 1),
        farmers: 4,
        cooling_units: &[CoolingUnit {
            name: "Room 1",
            capacity_tons: Some(2.0),
            capacity_crates: Some(25),
            size_m: SMALL,
            power: Some(single("grid", Some(12.0))),
            visits_per_100_days: 35,
            open_percent: (80, None),
            ..USUAL
        }],
    },
];
