//! What a run has to reject by name.

use std::collections::BTreeSet;

use crate::worlds::world::{Moment, World};

/// Subjects of the rejects of a run over everything; market surveys only where they play a part.
pub fn rejects(world: &World, with_surveys: bool) -> BTreeSet<String> {
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
    for unit in world.units.iter().filter(|unit| world.is_alive(unit) && unit.date_creation.is_some_and(is_unusable)) {
        subjects.insert(format!("creation of cooling unit {}", unit.id));
    }
    if with_surveys {
        let surveys = world.market_surveys.iter();
        for survey in surveys.filter(|survey| survey.date_filled_in.is_none() || !survey.price.is_finite()) {
            subjects.insert(format!("market survey {}", survey.id));
        }
    }
    subjects
}
