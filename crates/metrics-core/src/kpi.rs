//! Indicators of one's own: a name and a query over several data stores, kept as history.

mod definition;
mod duration;
mod layout;
mod outcome;
mod parameter;
mod schedule;
mod slug;
mod status;

pub use definition::{
    Authentication, Definitions, Dialect, ExternalKind, ExternalSource, FileFormat, FileTable, FilesSource, Form, Kpi,
    MultiValue, ParameterValue, PostgresSource, Pushdown, SearchSource, SearchTable, Source, SourceKind, Timestamps,
};
pub use duration::{DurationError, parse_duration};
pub use layout::{
    Cell, DATE_TIME, Formulas, LAST_VALUE, LONGEST_CELL, Layout, LayoutWarning, NotOurs, column_letters, layout,
    looks_like_formula,
};
pub use outcome::{Answer, ErrorKind, Failure, Outcome};
pub use parameter::ParameterError;
pub use schedule::{Schedule, ScheduleError, Times};
pub use slug::{free_slug, slug};
pub use status::{ResultStatus, RunStatus, storable_error};
