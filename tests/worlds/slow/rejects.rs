//! What a run has to reject by name.

use std::collections::BTreeSet;

use super::impact::is_absurd;
use crate::worlds::world::{MarketSurvey, Moment, World};

/// Subjects of the rejects of a run over all days; market surveys only where they play a part.
pub fn rejects(world: &World, with_surveys: bool) -> BTreeSet<String> {
    let mut subjects = moves(world);
    let is_unusable = |moment: Moment| moment.instant().is_none_or(|at| at < world.first_instant());
    for unit in world.units.iter().filter(|unit| world.is_alive(unit) && unit.date_creation.is_some_and(is_unusable)) {
        subjects.insert(format!("creation of cooling unit {}", unit.id));
    }
    if with_surveys {
        subjects.extend(market_surveys(world));
    }
    subjects
}

/// Subjects that every run of the monthly impact rejects, whichever its months.
pub fn impact_rejects(world: &World) -> BTreeSet<String> {
    let mut subjects = moves(world);
    subjects.extend(market_surveys(world));
    let lines = world.commodity_lines.iter().filter(|line| is_absurd(line));
    subjects.extend(lines.map(|line| format!("baseline line {}", line.id)));
    subjects
}

fn market_surveys(world: &World) -> impl Iterator<Item = String> {
    let is_absurd = |survey: &&MarketSurvey| survey.date_filled_in.is_none() || !survey.price.is_finite();
    world.market_surveys.iter().filter(is_absurd).map(|survey| format!("market survey {}", survey.id))
}

/// Crates and movements.
fn moves(world: &World) -> BTreeSet<String> {
    let mut subjects = BTreeSet::new();
    for row in &world.crates {
        let releases = || world.releases.iter().filter(|release| release.crate_id == row.id);
        let is_absurd = !row.initial_weight.is_finite()
            || releases().any(|release| !release.percentage.is_finite() || !release.cooling_fees.is_finite())
            || releases().any(|release| {
                world.check_out(release.checkout_id).discount_amount.is_some_and(|discount| !discount.is_finite())
            });
        if is_absurd {
            subjects.insert(format!("crate {}", row.id));
        }
    }
    let is_unusable = |moment: Moment| moment.instant().is_none_or(|at| at < world.first_instant());
    for movement in world.movements.iter().filter(|movement| is_unusable(movement.date)) {
        subjects.insert(format!("movement {}", movement.id));
    }
    subjects
}
