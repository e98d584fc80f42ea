//! Points of a channel: events, and bins.

use std::sync::Arc;

/// A span of time, `[begin, end)`, in nanoseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeRange {
    /// First instant that belongs to it.
    pub begin_ns: i64,
    /// First instant that no longer does.
    pub end_ns: i64,
}

/// Events of a channel, column by column, in order of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Events {
    /// When, in nanoseconds since 1970 UTC.
    pub timestamps_ns: Vec<i64>,
    /// Number of the machine's pulse; `None` where the back end has none at all.
    pub pulses: Option<Vec<Option<u64>>>,
    /// What; as many as there are instants.
    pub values: Values,
}

/// Values of events, all of one kind.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Single numbers.
    Numbers(Vec<f64>),
    /// Single whole numbers.
    Integers(Vec<i64>),
    /// Numbers that stand for labels.
    Enums {
        /// The numbers.
        values: Vec<i64>,
        /// What each of them stands for; as many as there are numbers.
        labels: Vec<Arc<str>>,
    },
    /// Texts.
    Texts(Vec<String>),
    /// Lists of numbers, one an event.
    Waveforms(Vec<Vec<f64>>),
}

impl Values {
    /// How many events they are of.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(values) => values.len(),
            Self::Integers(values) | Self::Enums { values, .. } => values.len(),
            Self::Texts(values) => values.len(),
            Self::Waveforms(values) => values.len(),
        }
    }

    /// True where there is no event.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What the events of a span of time come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// First instant that belongs to it.
    pub begin_ns: i64,
    /// First instant that no longer does.
    pub end_ns: i64,
    /// Events in it.
    pub count: u64,
    /// Mean of their values; `None` where there is none.
    pub average: Option<f64>,
    /// Least of their values.
    pub min: Option<f64>,
    /// Greatest of their values.
    pub max: Option<f64>,
}
