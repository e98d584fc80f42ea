//! Intervals: maximal stretches of business time.

/// Half-open stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    /// First instant inside.
    pub start_us: i64,
    /// First instant after.
    pub end_us: i64,
}

/// All time: the one interval of a store that is always open. Far enough for every calculation to stay in range.
pub const FOREVER: Interval = Interval { start_us: i64::MIN / 4, end_us: i64::MAX / 4 };

impl Interval {
    /// From `start_us` to before `end_us`.
    pub const fn new(start_us: i64, end_us: i64) -> Self {
        Self { start_us, end_us }
    }

    /// What it shares with another; empty or reversed when that is nothing.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self { start_us: self.start_us.max(other.start_us), end_us: self.end_us.min(other.end_us) }
    }

    /// Whether there is no instant in it.
    pub const fn is_empty(self) -> bool {
        self.start_us >= self.end_us
    }
}

/// Sorts intervals and joins those that overlap or touch.
pub fn unite(intervals: &mut Vec<Interval>) {
    intervals.sort_unstable();
    intervals.dedup_by(|next, current| {
        let joins = next.start_us <= current.end_us;
        if joins {
            current.end_us = current.end_us.max(next.end_us);
        }
        joins
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_overlaps_or_touches_is_one_interval() {
        let mut intervals: Vec<Interval> =
            [(9, 12), (20, 21), (0, 3), (12, 15), (10, 11), (14, 18), (21, 22), (23, 24)]
                .map(|(start, end)| Interval::new(start, end))
                .into();
        unite(&mut intervals);
        assert_eq!(intervals, [(0, 3), (9, 18), (20, 22), (23, 24)].map(|(start, end)| Interval::new(start, end)));
    }
}
