//! Policies: how polls become uptime and downtime.

mod counting;
mod step;

use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

use super::poll::Status;
use crate::instant::MINUTE_US;

pub use counting::{capped_sixty_minutes, count_hours};
pub use step::{Rule, step, stretches};

/// How polls become uptime and downtime.
///
/// Its canonical text names it in tables, files and addresses: `step`, `step;max_carry=60;assume=active`,
/// `capped-60m`, …
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// The last poll of an interval holds until the next.
    Step(Step),
    /// Each poll holds until the next one, at most 60 minutes; some of it may be counted outside of business.
    CappedSixtyMinutes,
    /// Each active poll is an hour.
    CountHours,
    /// Each active poll is an hour, and active edges of intervals count.
    CountHoursEdges,
}

/// Options of [`Policy::Step`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Step {
    /// How far from a poll its status is believed, each way; without it, any distance.
    pub max_carry: Option<MaxCarry>,
    /// Status where there is nothing to believe.
    pub assume: Status,
}

/// Minutes for which a poll is believed: 1 to 11520, the lookback.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxCarry(NonZeroU16);

impl MaxCarry {
    /// The longest, in minutes.
    pub const LONGEST: u16 = 11_520;

    /// So many minutes.
    pub fn new(minutes: u16) -> Option<Self> {
        NonZeroU16::new(minutes).filter(|minutes| minutes.get() <= Self::LONGEST).map(Self)
    }

    /// In minutes.
    pub const fn minutes(self) -> u16 {
        self.0.get()
    }

    /// As a duration.
    pub fn us(self) -> i64 {
        i64::from(self.minutes()) * MINUTE_US
    }
}

/// A combination that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// No policy has this name.
    #[error("`{0}` is no policy; there are: step, capped-60m, count-hours, count-hours-edges")]
    Unknown(String),
    /// An option of `step` with another policy.
    #[error("{option} is an option of the policy step; {policy} has no use for it")]
    NotAnOption {
        /// The option.
        option: &'static str,
        /// The other policy.
        policy: Policy,
    },
    /// The minutes are none, or too many.
    #[error("max_carry is 1 to 11520 minutes, not {0}")]
    MaxCarry(String),
    /// No such status.
    #[error("assume is active or inactive, not {0}")]
    Assume(String),
}

impl Policy {
    /// The policy of this name, with the options of `step` where they are given.
    pub fn new(name: &str, max_carry: Option<MaxCarry>, assume: Option<Status>) -> Result<Self, PolicyError> {
        let policy = match name {
            "step" => return Ok(Self::Step(Step { max_carry, assume: assume.unwrap_or_default() })),
            "capped-60m" => Self::CappedSixtyMinutes,
            "count-hours" => Self::CountHours,
            "count-hours-edges" => Self::CountHoursEdges,
            _ => return Err(PolicyError::Unknown(name.to_owned())),
        };
        let option = max_carry.map(|_| "max_carry").or(assume.map(|_| "assume"));
        option.map_or(Ok(policy), |option| Err(PolicyError::NotAnOption { option, policy }))
    }

    /// Its name without options.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Step(_) => "step",
            Self::CappedSixtyMinutes => "capped-60m",
            Self::CountHours => "count-hours",
            Self::CountHoursEdges => "count-hours-edges",
        }
    }

    /// Its options, if it is `step`.
    pub const fn options(&self) -> Option<Step> {
        match self {
            Self::Step(step) => Some(*step),
            Self::CappedSixtyMinutes | Self::CountHours | Self::CountHoursEdges => None,
        }
    }
}

impl Default for Policy {
    /// `step` without options.
    fn default() -> Self {
        Self::Step(Step::default())
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        if let Some(max_carry) = self.options().and_then(|step| step.max_carry) {
            write!(f, ";max_carry={}", max_carry.minutes())?;
        }
        if self.options().is_some_and(|step| step.assume == Status::Active) {
            f.write_str(";assume=active")?;
        }
        Ok(())
    }
}

impl FromStr for Policy {
    type Err = PolicyError;

    /// From its text: the name, and after semicolons its options in any order.
    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let mut parts = text.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let (mut max_carry, mut assume) = (None, None);
        for part in parts {
            match part.split_once('=') {
                Some(("max_carry", minutes)) if max_carry.is_none() => max_carry = Some(minutes.parse()?),
                Some(("assume", status)) if assume.is_none() => assume = Some(status.parse()?),
                _ => return Err(PolicyError::Unknown(text.to_owned())),
            }
        }
        Self::new(name, max_carry, assume)
    }
}

impl FromStr for MaxCarry {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        text.parse().ok().and_then(Self::new).ok_or_else(|| PolicyError::MaxCarry(text.to_owned()))
    }
}

impl FromStr for Status {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        Self::parse(text.as_bytes()).ok_or_else(|| PolicyError::Assume(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_policy_has_one_canonical_text() {
        let carry = MaxCarry::new(60);
        for (name, max_carry, assume, text) in [
            ("step", None, None, "step"),
            ("step", None, Some(Status::Inactive), "step"),
            ("step", carry, None, "step;max_carry=60"),
            ("step", None, Some(Status::Active), "step;assume=active"),
            ("step", carry, Some(Status::Active), "step;max_carry=60;assume=active"),
            ("capped-60m", None, None, "capped-60m"),
            ("count-hours", None, None, "count-hours"),
            ("count-hours-edges", None, None, "count-hours-edges"),
        ] {
            assert_eq!(Policy::new(name, max_carry, assume).map(|policy| policy.to_string()).as_deref(), Ok(text));
            assert_eq!(text.parse(), Policy::new(name, max_carry, assume));
        }
        assert_eq!(Policy::default().to_string(), "step");
        let parsed = |text: &str| text.parse::<Policy>().map(|policy| policy.to_string());
        assert_eq!(parsed("step; assume=active ;max_carry=5").as_deref(), Ok("step;max_carry=5;assume=active"));
        for text in [
            "",
            "step;",
            "step;max_carry",
            "step;max_carry=0",
            "step;assume=up",
            "step;x=1",
            "capped-60m;max_carry=1",
            "step;max_carry=1;max_carry=2",
        ] {
            assert!(parsed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        let error = |name, max_carry, assume| Policy::new(name, max_carry, assume).unwrap_err().to_string();
        assert!(error("steps", None, None).starts_with("`steps` is no policy; there are: step, "));
        let expected = "max_carry is an option of the policy step; count-hours has no use for it";
        assert_eq!(error("count-hours", MaxCarry::new(1), None), expected);
        let expected = "assume is an option of the policy step; capped-60m has no use for it";
        assert_eq!(error("capped-60m", None, Some(Status::Inactive)), expected);
        assert_eq!(MaxCarry::new(0), None);
        assert_eq!(MaxCarry::new(11_521), None);
        let expected = format!("max_carry is 1 to {} minutes, not x", MaxCarry::LONGEST);
        assert_eq!("x".parse::<MaxCarry>().unwrap_err().to_string(), expected);
        assert_eq!("11520".parse::<MaxCarry>().map(MaxCarry::us), Ok(super::super::LOOKBACK_US));
        assert!("70000".parse::<MaxCarry>().is_err() && "-1".parse::<MaxCarry>().is_err());
    }
}
