//! The time, read once.

use std::time::Instant;

use chrono::{DateTime, SubsecRound as _, Utc};

/// When the program started, and how long ago that is.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    started: DateTime<Utc>,
    since: Instant,
}

impl Clock {
    /// A clock that showed `started` at `since`.
    pub const fn new(started: DateTime<Utc>, since: Instant) -> Self {
        Self { started, since }
    }

    /// Now, in microseconds: the database keeps no more, and what is compared with it must not have more.
    pub fn now(&self) -> DateTime<Utc> {
        (self.started + self.since.elapsed()).trunc_subsecs(6)
    }
}
