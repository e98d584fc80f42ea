//! What a file of definitions says, checked and with every default filled in.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use chrono_tz::Tz;

use crate::secret::Secret;

/// Sources and KPIs of one file and all that it includes.
#[derive(Debug, Clone)]
pub struct Definitions {
    /// Where these KPIs are computed: name of the sheet's tab, part of the key of the history.
    pub environment: String,
    /// Zone of the column `Date time`, of `CURRENT_DATE`, and of parameters like `now/day`.
    pub time_zone: Tz,
    /// KPIs that run at the same time.
    pub concurrency: usize,
    /// By the name that is the catalog in SQL.
    pub sources: BTreeMap<String, Source>,
    /// In the order of the file.
    pub kpis: Vec<Kpi>,
}

/// A data store, which is a catalog in SQL.
#[derive(Debug, Clone)]
pub struct Source {
    /// What it is and where.
    pub kind: SourceKind,
    /// Whether a scan that pushes no filter is refused, unless the KPI allows it.
    pub is_large: bool,
}

/// Kinds of sources.
#[derive(Debug, Clone)]
pub enum SourceKind {
    /// A PostgreSQL database.
    Postgres(PostgresSource),
    /// Elasticsearch or OpenSearch; which one is asked of the server.
    Search(SearchSource),
    /// CSV, NDJSON and Parquet.
    Files(FilesSource),
    /// The metrics database's public views, as schema `public`; the address comes from the program's settings.
    Metrics,
    /// Another engine of SQL.
    External(ExternalSource),
}

/// A PostgreSQL database.
#[derive(Debug, Clone)]
pub struct PostgresSource {
    /// Connection string; secret.
    pub url: Secret,
    /// Schemas to show; empty means all but the system's.
    pub schemas: Vec<String>,
    /// Connections at most.
    pub pool: usize,
    /// Of each statement, at the server.
    pub statement_timeout: Duration,
    /// Whether sessions are opened with `default_transaction_read_only = on`.
    pub is_read_only: bool,
}

/// Elasticsearch or OpenSearch.
#[derive(Debug, Clone)]
pub struct SearchSource {
    /// Address, with scheme and port, without user and password.
    pub url: String,
    /// How requests say who sends them.
    pub authentication: Option<Authentication>,
    /// Of each request.
    pub request_timeout: Duration,
    /// Documents of a page, 1 to 10,000.
    pub page_size: u32,
    /// By the name of the schema in SQL.
    pub schemas: BTreeMap<String, SearchTable>,
}

/// What is sent with each request.
#[derive(Debug, Clone)]
pub enum Authentication {
    /// Name and password.
    Basic {
        /// Name.
        user: String,
        /// Password.
        password: Secret,
    },
    /// Elasticsearch's API key, as it is sent.
    ApiKey(Secret),
}

/// An index, which is one table of a schema.
#[derive(Debug, Clone)]
pub struct SearchTable {
    /// Index, alias or pattern.
    pub index: String,
    /// Name of the table in SQL.
    pub table: String,
    /// Fields that hold several values; the mapping does not tell.
    pub arrays: Vec<String>,
    /// What is made of several values in a field that is not listed.
    pub multi_value: MultiValue,
    /// How instants without a zone are read.
    pub timestamps: Timestamps,
}

/// What is made of several values in one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MultiValue {
    /// An error that names field and document.
    #[default]
    Error,
    /// The first one.
    First,
    /// The JSON text of all.
    Json,
}

/// What instants without a zone mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Timestamps {
    /// UTC, as timestamps without a zone.
    #[default]
    Naive,
    /// UTC, as timestamps with one.
    Utc,
}

/// Files.
#[derive(Debug, Clone)]
pub struct FilesSource {
    /// By the names of schema and table.
    pub schemas: BTreeMap<String, BTreeMap<String, FileTable>>,
}

/// A file, or a folder of files of one format.
#[derive(Debug, Clone)]
pub struct FileTable {
    /// Where it is; relative paths are made absolute by the folder of the file of definitions.
    pub path: PathBuf,
    /// What is in it.
    pub format: FileFormat,
    /// Whether the first line of a CSV file is a header.
    pub has_header: bool,
    /// Columns whose values are in the names of folders (`day=2026-11-21`), with the names of their types.
    pub partitions: Vec<(String, String)>,
    /// As of [`SearchTable::arrays`]; NDJSON.
    pub arrays: Vec<String>,
    /// As of [`SearchTable::timestamps`].
    pub timestamps: Timestamps,
}

/// Formats of files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// Comma-separated values.
    Csv,
    /// One JSON object a line.
    Ndjson,
    /// Parquet.
    Parquet,
}

/// Another engine of SQL.
#[derive(Debug, Clone)]
pub struct ExternalSource {
    /// What it speaks.
    pub kind: ExternalKind,
    /// Address, without user and password.
    pub url: String,
    /// Who asks.
    pub user: Option<String>,
    /// With which password.
    pub password: Option<Secret>,
    /// Default catalog, where the engine has them.
    pub catalog: Option<String>,
    /// Default schema.
    pub schema: Option<String>,
}

/// Protocols of other engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExternalKind {
    /// Arrow Flight SQL.
    FlightSql,
    /// Dremio's REST interface.
    DremioRest,
    /// Trino's statement interface.
    Trino,
}

/// A KPI.
#[derive(Debug, Clone)]
pub struct Kpi {
    /// The key: header of its column, and of its history.
    pub name: String,
    /// The query, as written.
    pub sql: String,
    /// What its result is.
    pub form: Form,
    /// What the value counts or measures, in words.
    pub unit: Option<String>,
    /// What it tells.
    pub description: Option<String>,
    /// Words to choose by.
    pub tags: Vec<String>,
    /// Of all sources together.
    pub timeout: Duration,
    /// Rows at most of a result of rows.
    pub max_rows: usize,
    /// Whether rows over the limit are cut, and the result marked, instead of being an error.
    pub truncates: bool,
    /// Which SQL it is written in.
    pub dialect: Dialect,
    /// Whether the whole query may be sent to a database.
    pub pushdown: Pushdown,
    /// Whether a large source may be scanned whole.
    pub allows_full_scan: bool,
    /// The external source that is to run the query as it is written.
    pub engine: Option<String>,
    /// By the name after `$`; typed, with instants already computed for the run's as-of.
    pub parameters: BTreeMap<String, ParameterValue>,
}

/// What a result is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The one column of the first row.
    Count,
    /// All rows.
    Rows,
}

impl Form {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Rows => "rows",
        }
    }
}

/// SQL in which a query is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// What Dremio takes.
    #[default]
    Compat,
    /// What the engine takes by itself.
    Strict,
}

/// Whether a whole query may be sent to a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pushdown {
    /// If it concerns one database, and that one takes it.
    #[default]
    Auto,
    /// Never.
    None,
}

/// A typed value for a `$name` of a query.
#[derive(Debug, Clone, PartialEq)]
pub enum ParameterValue {
    /// Text.
    Text(String),
    /// Whole number.
    Integer(i64),
    /// Number.
    Float(f64),
    /// Truth value.
    Boolean(bool),
    /// Instant, in microseconds since 1970.
    Instant(i64),
}
