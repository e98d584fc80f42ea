//! What is stored of outcomes, in words.

use crate::secret::without_password;

use super::{ErrorKind, Failure, Outcome};

/// Characters at most of a stored error.
const LONGEST_ERROR: usize = 2000;

/// What came of one KPI.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResultStatus {
    /// There is a value.
    Ok,
    /// There is none.
    Failed,
    /// There is none, because it took too long.
    Timeout,
    /// The run was stopped before it came to this KPI.
    Skipped,
}

impl ResultStatus {
    /// The word for it, as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Timeout => "timeout",
            Self::Skipped => "skipped",
        }
    }
}

impl From<&Outcome> for ResultStatus {
    fn from(outcome: &Outcome) -> Self {
        match &outcome.result {
            Ok(_) => Self::Ok,
            Err(Failure { kind: ErrorKind::Timeout, .. }) => Self::Timeout,
            Err(Failure { kind: ErrorKind::Interrupted, .. }) => Self::Skipped,
            Err(_) => Self::Failed,
        }
    }
}

/// How a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RunStatus {
    /// Under way.
    Running,
    /// Every KPI has a value.
    Ok,
    /// Some have.
    Partial,
    /// None has.
    Failed,
    /// It was stopped, or its process ended without saying so.
    Interrupted,
}

impl RunStatus {
    /// The word for it, as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Ok => "ok",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }

    /// Of a run that went to its end.
    pub const fn of_counts(ok: usize, failed: usize) -> Self {
        match (ok, failed) {
            (_, 0) => Self::Ok,
            (0, _) => Self::Failed,
            _ => Self::Partial,
        }
    }
}

/// `error` as it may be stored: addresses without passwords, at most 2,000 characters, none of which is NUL.
pub fn storable_error(error: &str) -> String {
    let error = error.replace('\0', "\u{fffd}");
    let masked: String = error.split_inclusive(char::is_whitespace).map(without_password).collect();
    match masked.char_indices().nth(LONGEST_ERROR) {
        None => masked,
        // The last character that is kept gives way to the mark that something is missing.
        Some(_) => masked.chars().take(LONGEST_ERROR - 1).chain(['…']).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_deadline_and_a_stop_have_words_of_their_own() {
        let status = |kind| {
            let result = Err(Failure { kind, message: String::new() });
            ResultStatus::from(&Outcome { result, duration: Duration::ZERO }).as_str()
        };
        assert_eq!(status(ErrorKind::Timeout), "timeout");
        assert_eq!(status(ErrorKind::Interrupted), "skipped");
        assert_eq!(status(ErrorKind::SourceUnavailable), "failed");
    }

    #[test]
    fn a_run_is_partial_when_some_kpis_have_values() {
        let of = |ok, failed| RunStatus::of_counts(ok, failed).as_str();
        assert_eq!([of(3, 0), of(2, 1), of(0, 3), of(0, 0)], ["ok", "partial", "failed", "ok"]);
    }

    #[test]
    fn a_stored_error_has_no_password_and_an_end() {
        let error = "cannot reach postgres://me:secret@db/x nor\nhttp://you:other@search:9200/logs";
        assert_eq!(storable_error(error), "cannot reach postgres://me:***@db/x nor\nhttp://you:***@search:9200/logs");
        assert_eq!(storable_error("a\0b"), "a\u{fffd}b");
        assert_eq!(storable_error(&"é".repeat(2000)), "é".repeat(2000));
        let long = storable_error(&"é".repeat(2001));
        assert_eq!((long.chars().count(), long.ends_with("é…")), (2000, true));
    }
}
