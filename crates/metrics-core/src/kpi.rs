//! Indicators of one's own: a name and a query over several data stores, kept as history.

mod definition;
mod outcome;
mod slug;
mod status;

pub use definition::{
    Authentication, Definitions, Dialect, ExternalKind, ExternalSource, FileFormat, FileTable, FilesSource, Form, Kpi,
    MultiValue, ParameterValue, PostgresSource, Pushdown, SearchSource, SearchTable, Source, SourceKind, Timestamps,
};
pub use outcome::{Answer, ErrorKind, Failure, Outcome};
pub use slug::{free_slug, slug};
pub use status::{ResultStatus, RunStatus, storable_error};
