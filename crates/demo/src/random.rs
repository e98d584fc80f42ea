//! Random numbers that are the same on every machine and in every year.

/// A `SplitMix64` generator: small, fast, and fixed for ever, which a library's generator need not be. Not for secrets.
///
/// Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014, figure 17.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// The generator that starts from `seed`.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A whole number from `low` to `high`, both included; `low` when `high` is not above it.
    ///
    /// The remainder favours small numbers by less than one in 2⁴⁰ for the ranges used here.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let number = self.next();
        let span = high.saturating_sub(low).max(0).unsigned_abs().saturating_add(1);
        // The remainder is at most `high - low`, so the sum is at most `high`.
        low.saturating_add_unsigned(number % span)
    }

    /// True in `percent` of 100 cases.
    pub fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of `choices`, or `None` when there are none.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        let last = i64::try_from(choices.len()).ok()?.checked_sub(1)?;
        if last < 0 {
            return None;
        }
        choices.get(usize::try_from(self.between(0, last)).ok()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_numbers_of_seed_1234567_are_the_published_ones() {
        // The reference values that accompany the Java and C versions of SplitMix64.
        let mut random = Random::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn a_range_is_reached_at_both_ends_and_never_left() {
        let mut random = Random::new(1);
        let drawn: Vec<i64> = (0..1_000).map(|_| random.between(-2, 2)).collect();
        assert_eq!(drawn.iter().min(), Some(&-2));
        assert_eq!(drawn.iter().max(), Some(&2));
        assert_eq!(random.between(5, 5), 5);
        assert_eq!(random.between(5, 1), 5);
    }

    #[test]
    fn nothing_is_picked_from_nothing() {
        let mut random = Random::new(1);
        assert_eq!(random.pick::<u8>(&[]), None);
        assert_eq!(random.pick(&[7]), Some(&7));
    }
}
