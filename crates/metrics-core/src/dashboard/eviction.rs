//! Which dashboards go when there are too many.

/// How much all dashboards may take together, and what is done about it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Quota {
    max_total_bytes: u64,
    threshold_ratio: f64,
    target_ratio: f64,
}

/// Why a quota cannot be meant.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("the target {target_ratio} and the threshold {threshold_ratio} must be 0 ≤ target ≤ threshold ≤ 1")]
pub struct QuotaError {
    threshold_ratio: f64,
    target_ratio: f64,
}

impl Quota {
    /// Room is made when the dashboards take `threshold_ratio` of `max_total_bytes` or more, until they take
    /// `target_ratio` of it at most.
    pub fn new(max_total_bytes: u64, threshold_ratio: f64, target_ratio: f64) -> Result<Self, QuotaError> {
        if 0.0 <= target_ratio && target_ratio <= threshold_ratio && threshold_ratio <= 1.0 {
            Ok(Self { max_total_bytes, threshold_ratio, target_ratio })
        } else {
            Err(QuotaError { threshold_ratio, target_ratio })
        }
    }

    /// What the dashboards may take after room is made, bytes; `None` while there is room.
    pub fn target_bytes(&self, total_bytes: u64) -> Option<u64> {
        let max = self.max_total_bytes as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a whole number")]
        let target = (max * self.target_ratio).floor() as u64;
        (total_bytes as f64 >= max * self.threshold_ratio).then_some(target)
    }
}

/// A dashboard that may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<I> {
    /// Which one.
    pub id: I,
    /// What it takes, bytes.
    pub size_bytes: u64,
}

/// Those that go, in order: of candidates in the order in which they would, so many that all dashboards, which take
/// `total_bytes` now, take `target_bytes` at most. If that cannot be reached, all candidates go.
pub fn choose<I>(
    total_bytes: u64,
    target_bytes: u64,
    candidates: impl IntoIterator<Item = Candidate<I>>,
) -> impl Iterator<Item = Candidate<I>> {
    let mut total_bytes = total_bytes;
    candidates.into_iter().take_while(move |candidate| {
        let must_go = total_bytes > target_bytes;
        total_bytes = total_bytes.saturating_sub(candidate.size_bytes);
        must_go
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(total: u64, target: u64, sizes: &[u64]) -> Vec<usize> {
        let candidates = sizes.iter().enumerate().map(|(id, size_bytes)| Candidate { id, size_bytes: *size_bytes });
        choose(total, target, candidates).map(|candidate| candidate.id).collect()
    }

    #[test]
    fn the_threshold_itself_starts_and_the_target_itself_ends() {
        let quota = Quota::new(1_000, 0.95, 0.605).unwrap();
        assert_eq!([949, 950, 5_000].map(|total| quota.target_bytes(total)), [None, Some(605), Some(605)]);
        assert_eq!(chosen(950, 600, &[100, 250, 300]), [0, 1]);
        assert_eq!(chosen(950, 601, &[100, 250, 300]), [0, 1]);
        assert_eq!(chosen(950, 599, &[100, 250, 300]), [0, 1, 2]);
        assert_eq!(chosen(600, 600, &[100]), [0; 0]);
        // What is not a candidate stays, however much it takes.
        assert_eq!(chosen(9_000, 0, &[35]), [0]);
    }

    #[test]
    fn a_limit_of_nothing_is_a_limit() {
        let quota = Quota::new(1, 0.95, 0.6).unwrap();
        assert_eq!([0, 1, 35].map(|total| quota.target_bytes(total)), [None, Some(0), Some(0)]);
        for (threshold, target) in [(0.5, 0.6), (1.1, 0.5), (0.5, -0.1), (f64::NAN, 0.1), (0.5, f64::NAN)] {
            assert!(Quota::new(1, threshold, target).is_err(), "{threshold} {target}");
        }
    }
}
