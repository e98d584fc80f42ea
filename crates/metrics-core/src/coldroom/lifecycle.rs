//! A crate of produce from its check-in to the release that empties it.
//!
//! A crate is one crate whatever surveys, releases or links hang on it. Its state at an instant follows from its
//! check-in and its releases alone:
//!
//! * it is **in the room** at `t` when it came in before `t` and was not emptied before `t`;
//! * its **remaining weight** at `t` is its initial weight less what was released before `t`.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Gender;
use crate::ids::{CheckInId, CheckOutId, CrateId, FarmerId, ReleaseId, UserId};

/// Remaining kilograms below this are rounding residue of percentages, and count as none.
pub const RESIDUE_KG: f64 = 0.0005;

/// Whether a movement carries produce through the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MovementKind {
    /// Produce enters or leaves the room; a transfer between rooms does both.
    Physical,
    /// A marketplace order: the owner changes, the produce stays.
    Marketplace,
}

impl MovementKind {
    /// The kind of a source value of `operation_movement.initiated_for`.
    pub fn from_source(initiated_for: Option<&str>) -> Self {
        if initiated_for == Some("mo") { Self::Marketplace } else { Self::Physical }
    }
}

/// The farmer behind an owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Farmer {
    /// Its id.
    pub id: FarmerId,
    /// Stands for everybody without a phone; counts as nobody.
    pub is_placeholder: bool,
}

/// Who owns the produce of a crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Owner {
    /// The user that the check-in names.
    pub user: UserId,
    /// The user's gender group.
    pub gender: Gender,
    /// The user's farmer record; absent for traders of other companies and marketplace buyers.
    pub farmer: Option<Farmer>,
}

/// How a crate came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CheckIn {
    /// The check-in operation.
    pub id: CheckInId,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether the produce entered the room with it.
    pub kind: MovementKind,
}

/// One partial check-out of one crate.
#[derive(Debug, Clone, PartialEq)]
pub struct Release {
    /// Its id.
    pub id: ReleaseId,
    /// The check-out operation that it belongs to.
    pub check_out: CheckOutId,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether the produce left the room with it.
    pub kind: MovementKind,
    /// Weight released, kg.
    pub kg: f64,
    /// Cooling fee net of the check-out's discount, in `currency`.
    pub net_fee: f64,
    /// Currency of the fee; absent when neither crate, check-out nor company states one.
    pub currency: Option<Arc<str>>,
}

/// Weight of a release, kg: its share of the crate's initial weight.
///
/// The source divides by at least 1 kg when it stores the share, so the product uses the same.
pub fn released_kg(share_ratio: f64, initial_weight_kg: f64) -> f64 {
    share_ratio * initial_weight_kg.max(1.0)
}

/// What the source says of a crate, at any time.
#[derive(Debug, Clone, PartialEq)]
pub struct CrateFacts {
    /// Its id.
    pub id: CrateId,
    /// Name of its crop.
    pub crop: Arc<str>,
    /// Weight at check-in, kg.
    pub initial_weight_kg: f64,
    /// The source's statement that nothing is left in it.
    pub is_fully_checked_out: bool,
    /// Owner of its check-in.
    pub owner: Option<Owner>,
    /// Its check-in; absent when produce, check-in or movement is missing or unusable.
    pub check_in: Option<CheckIn>,
    /// Its releases, in any order.
    pub releases: Vec<Release>,
}

/// When a crate was emptied, seen from as-of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Emptied {
    /// Not yet: it stays in the room.
    NotYet,
    /// By its latest release.
    At(DateTime<Utc>, MovementKind),
    /// The source says so but knows no release: it was never in the room.
    Unexplained,
}

/// A crate as it stood at as-of.
#[derive(Debug, Clone, PartialEq)]
pub struct ProduceCrate {
    /// Its id.
    pub id: CrateId,
    /// Name of its crop.
    pub crop: Arc<str>,
    /// Weight at check-in, kg.
    pub initial_weight_kg: f64,
    /// Owner of its check-in.
    pub owner: Option<Owner>,
    /// Its check-in, if it happened before as-of.
    pub check_in: Option<CheckIn>,
    /// Its releases before as-of, ascending by (instant, id).
    pub releases: Vec<Release>,
    /// When it was emptied.
    pub emptied: Emptied,
}

impl ProduceCrate {
    /// The crate of `facts` with everything from `as_of` on unseen.
    pub fn as_of(facts: CrateFacts, as_of: DateTime<Utc>) -> Self {
        let known = facts.releases.len();
        let mut releases = facts.releases;
        releases.retain(|release| release.at < as_of);
        releases.sort_unstable_by_key(|release| (release.at, release.id));
        let has_future_release = releases.len() < known;
        let emptied = if !facts.is_fully_checked_out || has_future_release {
            Emptied::NotYet
        } else {
            match releases.iter().max_by_key(|release| (release.at, release.check_out)) {
                Some(last) => Emptied::At(last.at, last.kind),
                None => Emptied::Unexplained,
            }
        };
        Self {
            id: facts.id,
            crop: facts.crop,
            initial_weight_kg: facts.initial_weight_kg,
            owner: facts.owner,
            check_in: facts.check_in.filter(|check_in| check_in.at < as_of),
            releases,
            emptied,
        }
    }

    /// Whether the crate is in the room at `instant`: came in before it, and was not emptied before it.
    pub fn is_in_room(&self, instant: DateTime<Utc>) -> bool {
        self.check_in.is_some_and(|check_in| check_in.at < instant) && !self.is_emptied_before(instant)
    }

    /// Whether nothing of the crate can be in the room at `instant` or later.
    pub fn is_emptied_before(&self, instant: DateTime<Utc>) -> bool {
        match self.emptied {
            Emptied::NotYet => false,
            Emptied::At(at, _) => at < instant,
            Emptied::Unexplained => true,
        }
    }
}

/// Weight left of `initial_weight_kg` after releases of `released_kg` in all, kg; residue counts as none.
pub fn remaining_kg(initial_weight_kg: f64, released_kg: f64) -> f64 {
    let remaining = initial_weight_kg - released_kg;
    if remaining < RESIDUE_KG { 0.0 } else { remaining }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(hour * 3600, 0).expect("an instant")
    }

    fn release(id: i64, check_out: i64, hour: i64, kind: MovementKind) -> Release {
        Release {
            id: ReleaseId(id),
            check_out: CheckOutId(check_out),
            at: at(hour),
            kind,
            kg: 5.0,
            net_fee: 0.0,
            currency: None,
        }
    }

    fn facts(is_fully_checked_out: bool, releases: Vec<Release>) -> CrateFacts {
        CrateFacts {
            id: CrateId(1),
            crop: "Tomato".into(),
            initial_weight_kg: 20.0,
            is_fully_checked_out,
            owner: None,
            check_in: Some(CheckIn { id: CheckInId(1), at: at(10), kind: MovementKind::Physical }),
            releases,
        }
    }

    #[test]
    fn a_crate_is_in_the_room_after_its_check_in_up_to_and_including_the_instant_it_is_emptied() {
        let produce = ProduceCrate::as_of(facts(true, vec![release(1, 1, 20, MovementKind::Physical)]), at(100));
        assert!(!produce.is_in_room(at(10)));
        assert!(produce.is_in_room(at(11)));
        assert!(produce.is_in_room(at(20)));
        assert!(!produce.is_in_room(at(21)));
    }

    #[test]
    fn of_two_releases_at_one_instant_the_one_of_the_higher_check_out_empties() {
        let releases = vec![release(2, 7, 20, MovementKind::Marketplace), release(1, 9, 20, MovementKind::Physical)];
        let produce = ProduceCrate::as_of(facts(true, releases), at(100));
        assert_eq!(produce.emptied, Emptied::At(at(20), MovementKind::Physical));
        assert_eq!(produce.releases.iter().map(|r| r.id.0).collect::<Vec<_>>(), [1, 2]);
    }

    #[test]
    fn a_release_at_or_after_as_of_has_not_happened_and_the_crate_is_not_emptied() {
        let releases = vec![release(1, 1, 20, MovementKind::Physical), release(2, 2, 30, MovementKind::Physical)];
        let produce = ProduceCrate::as_of(facts(true, releases), at(30));
        assert_eq!(produce.releases.len(), 1);
        assert_eq!(produce.emptied, Emptied::NotYet);
        assert!(produce.is_in_room(at(29)));
    }

    #[test]
    fn a_crate_said_to_be_empty_without_any_release_was_never_in_the_room() {
        let produce = ProduceCrate::as_of(facts(true, vec![]), at(100));
        assert_eq!(produce.emptied, Emptied::Unexplained);
        assert!(!produce.is_in_room(at(50)));
    }

    #[test]
    fn a_crate_emptied_before_it_came_in_was_never_in_the_room() {
        let produce = ProduceCrate::as_of(facts(true, vec![release(1, 1, 5, MovementKind::Physical)]), at(100));
        assert!((0..100).all(|hour| !produce.is_in_room(at(hour))));
    }

    #[test]
    fn weights_below_a_kilogram_release_as_if_they_were_one() {
        assert!((released_kg(0.5, 0.4) - 0.5).abs() < 1e-15);
        assert!((released_kg(0.5, 40.0) - 20.0).abs() < 1e-15);
    }

    #[test]
    fn what_remains_is_never_negative_and_residue_is_none() {
        assert_eq!(remaining_kg(10.0, 12.0).to_bits(), 0.0_f64.to_bits());
        assert_eq!(remaining_kg(10.0, 9.9996).to_bits(), 0.0_f64.to_bits());
        assert!(remaining_kg(10.0, 9.9994) > 0.0);
    }
}
