//! Exit codes, the same for all commands.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Everything was done.
    Done,
    /// It failed, or was interrupted.
    Failed,
    /// The command line cannot be meant.
    Usage,
    /// Configuration or database cannot be used; nothing was done.
    NotUsable,
    /// Done, but something was rejected or failed in part.
    Partial,
    /// Another run holds the lock.
    Locked,
}

/// From the gravest on.
const BY_GRAVITY: [Exit; 6] = [Exit::Usage, Exit::NotUsable, Exit::Locked, Exit::Failed, Exit::Partial, Exit::Done];

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NotUsable => 3,
            Self::Partial => 4,
            Self::Locked => 75,
        }
    }

    /// What a program of ours means by the number that it ended with; absent: a signal ended it.
    pub fn of_code(code: Option<i32>) -> Self {
        BY_GRAVITY.into_iter().find(|exit| Some(i32::from(exit.code())) == code).unwrap_or(Self::Failed)
    }

    /// The one to report for several runs: the gravest that occurred.
    pub fn gravest(all: impl IntoIterator<Item = Self>) -> Self {
        let rank = |exit: &Self| BY_GRAVITY.iter().position(|known| known == exit);
        all.into_iter().min_by_key(rank).unwrap_or(Self::Done)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gravest_of_several_is_reported_and_numbers_mean_what_they_are() {
        assert_eq!(Exit::gravest([Exit::Done, Exit::Partial, Exit::Locked]), Exit::Locked);
        assert_eq!(Exit::gravest([]), Exit::Done);
        for exit in BY_GRAVITY {
            assert_eq!(Exit::of_code(Some(i32::from(exit.code()))), exit);
        }
        assert_eq!((Exit::of_code(None), Exit::of_code(Some(101))), (Exit::Failed, Exit::Failed));
    }
}
