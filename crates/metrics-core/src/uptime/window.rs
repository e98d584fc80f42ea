//! The three windows that a report speaks of, and what lies in them.

use super::intervals::Interval;
use crate::instant::{DAY_US, HOUR_US};

/// How far back polls are used: the eighth day gives the first interval of the week something to start from.
pub const LOOKBACK_US: i64 = 8 * DAY_US;

/// An amount per window, in order of [`Window::ALL`].
pub type PerWindow<T> = [T; 3];

/// A stretch of elapsed time that ends at as of. They are nested, and know no civil days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// 3,600 seconds.
    Hour,
    /// 86,400 seconds.
    Day,
    /// 604,800 seconds.
    Week,
}

impl Window {
    /// All of them, the shortest first.
    pub const ALL: PerWindow<Self> = [Self::Hour, Self::Day, Self::Week];

    /// Its name in columns: `…_last_hour`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
        }
    }

    /// How long it is.
    pub const fn length_us(self) -> i64 {
        match self {
            Self::Hour => HOUR_US,
            Self::Day => DAY_US,
            Self::Week => 7 * DAY_US,
        }
    }
}

/// The instant that a report speaks of, and where its windows begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    as_of_us: i64,
    starts_us: PerWindow<i64>,
}

impl Horizon {
    /// Windows that end at `as_of_us`.
    pub fn new(as_of_us: i64) -> Self {
        Self { as_of_us, starts_us: Window::ALL.map(|window| as_of_us - window.length_us()) }
    }

    /// Where the windows end.
    pub const fn as_of_us(&self) -> i64 {
        self.as_of_us
    }

    /// Where they begin.
    pub const fn starts_us(&self) -> &PerWindow<i64> {
        &self.starts_us
    }

    /// First instant of which polls are used; the last is as of itself.
    pub const fn lookback_start_us(&self) -> i64 {
        self.as_of_us - LOOKBACK_US
    }

    /// How much of an interval lies in each window.
    pub fn clip(&self, interval: Interval) -> PerWindow<i64> {
        let end_us = interval.end_us.min(self.as_of_us);
        self.starts_us.map(|start_us| (end_us - interval.start_us.max(start_us)).max(0))
    }
}

/// Adds amounts per window.
pub fn add(sum: &mut PerWindow<i64>, amounts: PerWindow<i64>) {
    for (sum, amount) in sum.iter_mut().zip(amounts) {
        *sum += amount;
    }
}
