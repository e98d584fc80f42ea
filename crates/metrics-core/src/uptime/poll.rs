//! One poll of one store.

use std::fmt;

/// What a poll says of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Status {
    /// Up.
    Active,
    /// Down.
    #[default]
    Inactive,
}

impl Status {
    /// The status that a field of a file means, in letters of any size.
    pub fn parse(text: &[u8]) -> Option<Self> {
        if text.eq_ignore_ascii_case(b"active") {
            Some(Self::Active)
        } else if text.eq_ignore_ascii_case(b"inactive") {
            Some(Self::Inactive)
        } else {
            None
        }
    }

    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Instant and status in one word, `instant × 2 + inactive`: eight bytes, which sort by instant, and of two polls at
/// one instant put the inactive one last.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Poll(i64);

impl Poll {
    /// A poll at an instant (of the years 1970 to 2199, so that the word holds it).
    pub const fn new(at_us: i64, status: Status) -> Self {
        Self((at_us << 1) | matches!(status, Status::Inactive) as i64)
    }

    /// Its instant.
    pub const fn at_us(self) -> i64 {
        self.0 >> 1
    }

    /// Whether it says active.
    pub const fn is_active(self) -> bool {
        self.0 & 1 == 0
    }

    /// What it says.
    pub const fn status(self) -> Status {
        if self.is_active() { Status::Active } else { Status::Inactive }
    }

    /// As two halves, high and low.
    pub(super) const fn halves(self) -> (u32, u32) {
        let bits = self.0.cast_unsigned();
        #[expect(clippy::cast_possible_truncation, reason = "the halves of a word")]
        let halves = ((bits >> 32) as u32, bits as u32);
        halves
    }

    /// From its halves.
    pub(super) const fn from_halves(high: u32, low: u32) -> Self {
        Self((((high as u64) << 32) | low as u64).cast_signed())
    }
}

impl fmt::Debug for Poll {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", crate::instant::format_us(self.at_us()), self.status())
    }
}

/// Leaves one of a store's sorted polls per instant, inactive where both were said, at the beginning of the slice.
/// Gives back how many that are, how many said what was said already, and at how many instants both were said.
pub fn unite(polls: &mut [Poll]) -> (usize, u64, u64) {
    let (mut kept, mut duplicates, mut conflicts) = (0, 0, 0);
    for index in 0..polls.len() {
        let poll = polls[index];
        if kept > 0 && polls[kept - 1].at_us() == poll.at_us() {
            if polls[kept - 1] == poll {
                duplicates += 1;
            } else {
                conflicts += 1;
                polls[kept - 1] = poll;
            }
        } else {
            polls[kept] = poll;
            kept += 1;
        }
    }
    (kept, duplicates, conflicts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::{Active, Inactive};

    #[test]
    fn a_poll_keeps_what_it_was_made_of() {
        for at_us in [-1, 0, 1, 7_258_118_399_999_999] {
            for status in [Active, Inactive] {
                let poll = Poll::new(at_us, status);
                assert_eq!((poll.at_us(), poll.status()), (at_us, status));
                let (high, low) = poll.halves();
                assert_eq!(Poll::from_halves(high, low), poll);
            }
        }
        assert_eq!(Status::parse(b"InActive"), Some(Inactive));
        assert_eq!(Status::parse(b"up"), None);
    }

    /// At 1: active twice and inactive three times are three duplicates and one conflict, whatever their order.
    #[test]
    fn inactive_wins_at_an_instant() {
        let mut polls =
            [(1, Inactive), (2, Active), (1, Active), (1, Inactive), (1, Active), (1, Inactive), (0, Active)]
                .map(|(at_us, status)| Poll::new(at_us, status));
        polls.sort_unstable();
        assert_eq!(unite(&mut polls), (3, 3, 1));
        assert_eq!(polls[..3], [(0, Active), (1, Inactive), (2, Active)].map(|(at, status)| Poll::new(at, status)));
    }
}
