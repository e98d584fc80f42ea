//! Utilisation, people and money of cold rooms.
//!
//! Definitions that the modules share:
//!
//! * **as of**: the instant of which a run speaks. What is dated at or after it has not happened.
//! * **physical**: a movement that carries produce through the door. A marketplace order changes the owner only.
//! * **placeholder farmer**: the record that stands for everybody without a phone; never counted as a person.

use serde::Serialize;

pub mod company;
pub mod cooling_unit_day;
pub mod food_loss_history;
pub mod impact;
pub mod impact_slice;
pub mod lifecycle;
pub mod market_survey;
pub mod series;
pub mod slice;

/// Something of the source that a run could not use, by name; the run goes on without it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Reject {
    /// What, for example `crate 17`.
    pub subject: String,
    /// Why, and what follows.
    pub reason: String,
}

/// Gender as the source states it: the three groups always add up to the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Gender {
    /// `fe`.
    Female,
    /// `ma`.
    Male,
    /// Anything else, and unknown.
    Other,
}

impl Gender {
    /// The group of a source value.
    pub fn from_source(value: Option<&str>) -> Self {
        match value {
            Some("fe") => Self::Female,
            Some("ma") => Self::Male,
            _ => Self::Other,
        }
    }
}

/// A head count with its three gender groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct HeadCount {
    /// Women.
    pub female: i32,
    /// Men.
    pub male: i32,
    /// Other or unknown.
    pub other: i32,
}

impl HeadCount {
    /// Everybody.
    pub fn total(&self) -> i32 {
        self.female + self.male + self.other
    }

    /// Counts one more person.
    pub fn add(&mut self, gender: Gender) {
        match gender {
            Gender::Female => self.female += 1,
            Gender::Male => self.male += 1,
            Gender::Other => self.other += 1,
        }
    }
}
