use super::*;

const COUNTRIES: [Option<&str>; 5] = [Some("NG"), Some("IN"), Some("PH"), Some("KE"), None];

fn parameters() -> Parameters {
    Parameters::embedded().unwrap()
}

fn supply(source: &str, [solar, grid, diesel, biomass]: [Option<f64>; 4]) -> PowerSupply {
    PowerSupply {
        power_source: source.to_owned(),
        pv_perc: solar,
        grid_perc: grid,
        diesel_perc: diesel,
        biomass_perc: biomass,
        ..PowerSupply::default()
    }
}

fn factor(supply: &PowerSupply, country: Option<&str>) -> Option<f64> {
    let factors = ElectricityFactors::new(country, &parameters());
    PowerMix::of(supply).map(|mix| mix.factor(&factors).value())
}

#[test]
fn what_the_operator_states_comes_before_the_size_of_the_room() {
    let parameters = parameters();
    let volume = Some(CubicMetres::new(40.0));
    let daily = |stated, volume| daily_electricity(stated, volume, parameters.room_power());
    assert_eq!(daily(Some(10.65), volume), DailyElectricity::Stated(KilowattHours::new(10.65)));
    // (0.0696 · 30 + 0.9691) · 40 / 40 = 3.0571 kW; × 24 h = 73.3704 kWh.
    for nothing in [None, Some(0.0), Some(-3.0), Some(f64::NAN), Some(f64::INFINITY)] {
        let DailyElectricity::Estimated(kwh) = daily(nothing, volume) else { panic!("{nothing:?}") };
        assert!((kwh.value() - 73.3704).abs() < 1e-12);
        assert_eq!(daily(nothing, None), DailyElectricity::Unknown);
    }
}

#[test]
fn a_single_source_has_its_own_factor_whatever_the_percents_say() {
    let others = [Some(10.0), None, Some(50.0), Some(f64::NAN)];
    for (source, expected) in [
        ("pvpanels", 0.075_684_744),
        ("PV panels", 0.075_684_744),
        ("pv_panels", 0.075_684_744),
        ("PVPANELS", 0.075_684_744),
        ("biomass", 0.042_823_378_431_128_7),
        ("Grid", 0.595_619_099_308_445),
        ("generator", 0.103_336_227_604_507 * 3.6 / 0.33),
    ] {
        assert_eq!(factor(&supply(source, others), Some("NG")), Some(expected), "{source}");
    }
}

#[test]
fn a_source_that_is_not_known_has_no_factor() {
    for source in ["", "wind", "solar", "diesel", "none", "grid+pvpanels"] {
        assert_eq!(factor(&supply(source, [Some(1.0); 4]), Some("NG")), None, "{source}");
    }
    for shares in [[None; 4], [Some(0.0); 4], [Some(-5.0), None, Some(f64::NAN), Some(f64::INFINITY)]] {
        assert_eq!(factor(&supply("hybrid", shares), Some("NG")), None, "{shares:?}");
    }
}

/// 0.6 · 0.075684744 + 0.4 · 0.595619099308445 = 0.283658486123378.
#[test]
fn percents_and_fractions_are_the_same_mix() {
    let percents = factor(&supply("hybrid", [Some(60.0), Some(40.0), Some(0.0), None]), Some("NG")).unwrap();
    let fractions = factor(&supply("hybrid", [Some(0.6), Some(0.4), None, Some(-1.0)]), Some("NG")).unwrap();
    assert!((percents - 0.283_658_486_123_378).abs() < 1e-15);
    assert!((percents - fractions).abs() < 1e-15);
}

/// With equal shares the factor is the mean of those of the sources in the set.
#[test]
fn all_15_sets_of_sources_have_a_factor_in_every_country() {
    for country in COUNTRIES {
        let grid = match country {
            Some("NG") => 0.595_619_099_308_445,
            Some("IN") => 1.436_153_732_849_55,
            Some("PH") => 0.975_919_279_276_615,
            _ => 0.475,
        };
        let single = [0.075_684_744, grid, 0.103_336_227_604_507 * 3.6 / 0.33, 0.042_823_378_431_128_7];
        for set in 1..16_u32 {
            let has = [0, 1, 2, 3].map(|bit| set & (1 << bit) != 0);
            let shares = has.map(|has| has.then_some(25.0));
            let members: Vec<f64> = single.iter().zip(has).filter(|(_, has)| *has).map(|(factor, _)| *factor).collect();
            let mean = members.iter().fold(0.0, |sum, factor| sum + factor) / members.len() as f64;

            let supply = supply("hybrid", shares);
            let found = factor(&supply, country).unwrap();
            assert!((found - mean).abs() < 1e-15, "{country:?} {has:?}: {found} instead of {mean}");
            assert_eq!(PowerMix::of(&supply).unwrap().has_grid(), has[1]);
        }
    }
}
