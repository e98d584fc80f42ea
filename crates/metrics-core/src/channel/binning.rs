//! Events → bins of equal width, with edges that are exact.
//!
//! Bin `k` of `n` reaches from `begin + ⌊k · (end − begin) / n⌋` up to, and without, the same of `k + 1`. Spans of time
//! are up to 2⁶⁴ ns and are multiplied by numbers of bins, so 128 bits are needed in between.

use std::num::NonZeroU32;

use super::events::{Bin, Events, TimeRange, Values};

/// Bins that fill up event by event, in any order.
#[derive(Debug, Clone)]
pub struct Binner {
    range: TimeRange,
    bins: Vec<Gathered>,
}

#[derive(Debug, Clone, Copy)]
struct Gathered {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
}

const EMPTY: Gathered = Gathered { count: 0, sum: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY };

impl Binner {
    /// So many empty bins over `range`.
    pub fn new(range: TimeRange, bins: NonZeroU32) -> Self {
        Self { range, bins: vec![EMPTY; bins.get() as usize] }
    }

    /// Adds an event; one outside of the range belongs to no bin.
    pub fn add(&mut self, timestamp_ns: i64, value: f64) {
        let TimeRange { begin_ns, end_ns } = self.range;
        if !(begin_ns..end_ns).contains(&timestamp_ns) {
            return;
        }
        let width = u128::from(end_ns.abs_diff(begin_ns));
        let offset = u128::from(timestamp_ns.abs_diff(begin_ns));
        // The greatest k whose edge is not after the event: ⌊k · width / n⌋ ≤ offset, that is k · width < (offset + 1) · n.
        let index = ((offset + 1) * self.bins.len() as u128 - 1) / width;
        let Some(bin) = usize::try_from(index).ok().and_then(|index| self.bins.get_mut(index)) else { return };
        bin.count += 1;
        bin.sum += value;
        bin.min = bin.min.min(value);
        bin.max = bin.max.max(value);
    }

    /// The bins in order of time, the empty ones too.
    pub fn finish(self) -> Vec<Bin> {
        let number = self.bins.len();
        let bins = self.bins.iter().enumerate().map(|(index, bin)| {
            let is_empty = bin.count == 0;
            Bin {
                begin_ns: edge(self.range, index, number),
                end_ns: edge(self.range, index + 1, number),
                count: bin.count,
                average: (!is_empty).then(|| bin.sum / bin.count as f64),
                min: (!is_empty).then_some(bin.min),
                max: (!is_empty).then_some(bin.max),
            }
        });
        bins.collect()
    }
}

/// Edge `index` of `number` bins over `range`.
fn edge(range: TimeRange, index: usize, number: usize) -> i64 {
    let (begin, end) = (i128::from(range.begin_ns), i128::from(range.end_ns));
    let edge = begin + index as i128 * (end - begin).max(0) / number as i128;
    // Not outside of the range, whose ends have 64 bits.
    i64::try_from(edge).unwrap_or(range.end_ns)
}

/// `bins` bins of events over `range`; `None` for values that are not single numbers.
pub fn bin(events: &Events, range: TimeRange, bins: NonZeroU32) -> Option<Vec<Bin>> {
    let mut binner = Binner::new(range, bins);
    let times = events.timestamps_ns.iter();
    match &events.values {
        Values::Numbers(values) => times.zip(values).for_each(|(time, value)| binner.add(*time, *value)),
        Values::Integers(values) | Values::Enums { values, .. } => {
            times.zip(values).for_each(|(time, value)| binner.add(*time, *value as f64));
        }
        Values::Texts(_) | Values::Waveforms(_) => return None,
    }
    Some(binner.finish())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bins(number: u32) -> NonZeroU32 {
        NonZeroU32::new(number).expect("a number of bins")
    }

    fn numbers(points: &[(i64, f64)]) -> Events {
        Events {
            timestamps_ns: points.iter().map(|point| point.0).collect(),
            pulses: None,
            values: Values::Numbers(points.iter().map(|point| point.1).collect()),
        }
    }

    /// Ten nanoseconds in three bins: 0–3, 3–6, 6–10.
    #[test]
    fn edges_are_whole_and_what_lies_on_one_belongs_to_the_bin_after_it() {
        let events = numbers(&[(-1, 9.0), (0, 1.0), (2, 2.0), (3, 4.0), (9, -1.0), (10, 9.0)]);
        let bins = bin(&events, TimeRange { begin_ns: 0, end_ns: 10 }, bins(3)).expect("bins");
        let of = |begin_ns, end_ns, count, average: Option<f64>, min, max| Bin {
            begin_ns,
            end_ns,
            count,
            average,
            min,
            max,
        };
        assert_eq!(
            bins,
            [
                of(0, 3, 2, Some(1.5), Some(1.0), Some(2.0)),
                of(3, 6, 1, Some(4.0), Some(4.0), Some(4.0)),
                of(6, 10, 1, Some(-1.0), Some(-1.0), Some(-1.0)),
            ]
        );
    }

    #[test]
    fn an_empty_bin_has_no_average() {
        let bins = bin(&numbers(&[]), TimeRange { begin_ns: 5, end_ns: 5 }, bins(2)).expect("bins");
        let empty = Bin { begin_ns: 5, end_ns: 5, count: 0, average: None, min: None, max: None };
        assert_eq!(bins, [empty, empty]);
    }

    #[test]
    fn the_mean_of_statuses_is_the_share_of_active_ones() {
        let labels = vec!["active".into(); 4];
        let values = Values::Enums { values: vec![1, 0, 1, 1], labels };
        let events = Events { timestamps_ns: vec![0, 1, 2, 3], pulses: None, values };
        let bins = bin(&events, TimeRange { begin_ns: 0, end_ns: 4 }, bins(1)).expect("bins");
        assert_eq!(bins[0].average, Some(0.75));
        let texts = Events { values: Values::Texts(vec![String::new(); 4]), ..events };
        assert_eq!(bin(&texts, TimeRange { begin_ns: 0, end_ns: 4 }, NonZeroU32::MIN), None);
    }

    #[test]
    fn the_widest_range_has_edges_too() {
        let range = TimeRange { begin_ns: i64::MIN, end_ns: i64::MAX };
        let events = numbers(&[(i64::MIN, 1.0), (-1, 2.0), (0, 3.0), (i64::MAX - 1, 4.0), (i64::MAX, 5.0)]);
        let bins = bin(&events, range, bins(u32::from(u16::MAX))).expect("bins");
        assert_eq!(bins.iter().map(|bin| bin.count).sum::<u64>(), 4);
        assert_eq!((bins[0].begin_ns, bins[65_534].end_ns), (i64::MIN, i64::MAX));
    }

    /// Bin by bin, as the definition says it.
    fn naive(points: &[(i64, f64)], range: TimeRange, number: u32) -> Vec<Bin> {
        let width = i128::from(range.end_ns) - i128::from(range.begin_ns);
        let edge = |k: u32| {
            let edge = i128::from(range.begin_ns) + i128::from(k) * width / i128::from(number);
            i64::try_from(edge).expect("an edge is in the range")
        };
        let bins = (0..number).map(|k| {
            let (begin_ns, end_ns) = (edge(k), edge(k + 1));
            let inside: Vec<f64> =
                points.iter().filter(|point| begin_ns <= point.0 && point.0 < end_ns).map(|point| point.1).collect();
            let sum: f64 = inside.iter().sum();
            Bin {
                begin_ns,
                end_ns,
                count: inside.len() as u64,
                average: (!inside.is_empty()).then(|| sum / inside.len() as f64),
                min: inside.iter().copied().reduce(f64::min),
                max: inside.iter().copied().reduce(f64::max),
            }
        });
        bins.collect()
    }

    proptest! {
        #[test]
        fn bins_are_what_their_definition_says(
            points in prop::collection::vec((-60..60_i64, -8..8_i32), 0..40),
            begin_ns in -50..50_i64,
            width in 0..60_i64,
            number in 1..80_u32,
            far in prop_oneof![Just(0_i64), Just(1_704_067_200_000_000_000), Just(-9_000_000_000_000_000_000)],
        ) {
            let points: Vec<_> = points.into_iter().map(|(at, value)| (at + far, f64::from(value))).collect();
            let range = TimeRange { begin_ns: begin_ns + far, end_ns: begin_ns + far + width };
            let binned = bin(&numbers(&points), range, bins(number)).expect("bins");
            prop_assert_eq!(binned, naive(&points, range, number));
        }

        #[test]
        fn bins_follow_each_other_over_the_whole_range(
            begin_ns in any::<i64>(), end_ns in any::<i64>(), number in 1..500_u32,
        ) {
            let range = TimeRange { begin_ns: begin_ns.min(end_ns), end_ns: begin_ns.max(end_ns) };
            let empty = Binner::new(range, bins(number)).finish();
            prop_assert_eq!(empty.len(), number as usize);
            prop_assert_eq!((empty[0].begin_ns, empty[number as usize - 1].end_ns), (range.begin_ns, range.end_ns));
            prop_assert!(empty.windows(2).all(|pair| pair[0].end_ns == pair[1].begin_ns));
            let widths = empty.iter().map(|bin| bin.end_ns.abs_diff(bin.begin_ns));
            prop_assert!(widths.clone().max().unwrap() - widths.min().unwrap() <= 1);
        }
    }
}
