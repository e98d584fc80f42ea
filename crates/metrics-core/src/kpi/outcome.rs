//! What came of one KPI in one run.

use std::fmt;
use std::time::Duration;

/// What came of one KPI in one run.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The answer, or why there is none.
    pub result: Result<Answer, Failure>,
    /// How long it took, its sources together.
    pub duration: Duration,
}

/// The answer of a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// JSON text: a number or null of a count, an array of objects of rows. Numbers keep all their digits.
    pub value: String,
    /// The number of a count as dashboards and alerts read it; `None` of a null and of rows.
    pub value_num: Option<f64>,
    /// Rows of a result of rows.
    pub rows: Option<u32>,
    /// Whether rows over the limit were cut.
    pub is_truncated: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What kind of reason.
    pub kind: ErrorKind,
    /// In words, without secrets.
    pub message: String,
}

/// Kinds of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The query does not parse, resolve or plan, or is not a single SELECT.
    Plan,
    /// A source could not be reached.
    SourceUnavailable,
    /// The deadline passed, or a source's own time-out.
    Timeout,
    /// A source or the engine failed while it ran.
    Execution,
    /// A count without a row, or with more than one column.
    Shape,
    /// More rows than allowed.
    TooManyRows,
    /// More memory than allowed.
    Memory,
    /// A value that has no form in JSON, like an infinity.
    Value,
    /// The run was stopped before it came to this KPI.
    Interrupted,
}

impl ErrorKind {
    /// The word for it, as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::SourceUnavailable => "source_unavailable",
            Self::Timeout => "timeout",
            Self::Execution => "execution",
            Self::Shape => "shape",
            Self::TooManyRows => "too_many_rows",
            Self::Memory => "memory",
            Self::Value => "value",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.message)
    }
}

impl std::error::Error for Failure {}
