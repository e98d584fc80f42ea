//! Tables as files: one stream of rows and one description of the columns, written as JSON, CSV, XLSX or Parquet.
//!
//! | form | numbers | dates | lists, dictionaries | units, zone, origin |
//! |---|---|---|---|---|
//! | JSON | exact | ISO 8601 | as they are | beside the rows |
//! | CSV | exact | ISO 8601 | JSON text | in the header, when asked for |
//! | XLSX | numbers with a format | dates | JSON text | second sheet, `About` |
//! | Parquet | typed; money as decimals | typed | lists typed, dictionaries JSON text | key-value metadata |
//!
//! Every row that goes in comes out, in each form. Text that a spreadsheet would take for a formula gets a leading
//! apostrophe in CSV and XLSX; numbers are left alone.

mod csv;
mod json;
mod parquet;
mod units;
mod value;
mod xlsx;

use std::io::Write;

pub use json::JsonFrame;
pub use units::unit_of;
pub use value::{Kind, MalformedValue, Value};

/// A form of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// JSON objects.
    Json,
    /// Comma-separated values, RFC 4180, UTF-8.
    Csv,
    /// A workbook of Excel.
    Xlsx,
    /// Apache Parquet.
    Parquet,
}

impl Form {
    /// All of them, the preferred first.
    pub const ALL: [Self; 4] = [Self::Json, Self::Csv, Self::Xlsx, Self::Parquet];

    /// The name, which is also the extension of files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Parquet => "parquet",
        }
    }

    /// The form of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.as_str() == name)
    }

    /// Media type, without parameters.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Parquet => "application/vnd.apache.parquet",
        }
    }
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its kind of value.
    pub kind: Kind,
    /// Unit of measure, or for times the zone; absent where the value has none.
    pub unit: Option<String>,
    /// What it means, in a sentence.
    pub description: String,
}

impl Column {
    /// A column with the unit that its name has everywhere.
    pub fn new(name: impl Into<String>, kind: Kind, description: impl Into<String>) -> Self {
        let name = name.into();
        let unit = unit_of(&name).map(str::to_owned);
        Self { name, kind, unit, description: description.into() }
    }

    /// The same with another unit.
    #[must_use]
    pub fn in_unit(self, unit: impl Into<String>) -> Self {
        Self { unit: Some(unit.into()), ..self }
    }
}

/// What a file speaks of: names and texts, such as `start_date` and `2026-11-01`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct About {
    /// The facts, in order.
    pub facts: Vec<(String, String)>,
}

impl About {
    /// With one more fact.
    #[must_use]
    pub fn with(mut self, name: &str, text: impl Into<String>) -> Self {
        self.facts.push((name.to_owned(), text.into()));
        self
    }
}

/// How a file is written.
#[derive(Debug, Clone)]
pub struct Style {
    /// CSV: column names are followed by their unit, `room_kg_in [kg]`.
    pub units_in_header: bool,
    /// XLSX: name of the sheet with the rows.
    pub sheet: String,
    /// XLSX: rows wait in temporary files and not in memory.
    pub is_large: bool,
    /// JSON: what stands around the rows.
    pub frame: JsonFrame,
}

impl Default for Style {
    fn default() -> Self {
        Self { units_in_header: false, sheet: "data".to_owned(), is_large: true, frame: JsonFrame::lines() }
    }
}

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// Whoever receives the file does not take more.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The workbook cannot be made.
    #[error("the workbook could not be written: {0}")]
    Xlsx(#[from] rust_xlsxwriter::XlsxError),
    /// The Parquet file cannot be made.
    #[error("the Parquet file could not be written: {0}")]
    Parquet(#[from] ::parquet::errors::ParquetError),
    /// A value that does not fit its column's kind.
    #[error("column {column} is a {kind:?}, and cannot hold {value:?}")]
    Misfit {
        /// The column.
        column: String,
        /// Its kind.
        kind: Kind,
        /// The value.
        value: Value,
    },
}

/// Writes rows to `W`, in one of the forms.
pub struct RowWriter<W: Write + Send> {
    inner: Inner<W>,
    rows: u64,
}

enum Inner<W: Write + Send> {
    Json(json::JsonWriter<W>),
    Csv(csv::CsvWriter<W>),
    Xlsx(Box<xlsx::XlsxWriter<W>>),
    Parquet(Box<parquet::ParquetWriter<W>>),
}

impl<W: Write + Send> RowWriter<W> {
    /// Begins a file.
    pub fn new(form: Form, columns: &[Column], about: &About, style: &Style, sink: W) -> Result<Self, ExportError> {
        let inner = match form {
            Form::Json => Inner::Json(json::JsonWriter::new(columns, &style.frame, sink)?),
            Form::Csv => Inner::Csv(csv::CsvWriter::new(columns, style.units_in_header, sink)?),
            Form::Xlsx => Inner::Xlsx(Box::new(xlsx::XlsxWriter::new(columns, about, style, sink)?)),
            Form::Parquet => Inner::Parquet(Box::new(parquet::ParquetWriter::new(columns, about, sink)?)),
        };
        Ok(Self { inner, rows: 0 })
    }

    /// Writes a row: one value per column, in their order.
    pub fn row(&mut self, row: &[Value]) -> Result<(), ExportError> {
        self.rows += 1;
        match &mut self.inner {
            Inner::Json(writer) => writer.row(row),
            Inner::Csv(writer) => writer.row(row),
            Inner::Xlsx(writer) => writer.row(row),
            Inner::Parquet(writer) => writer.row(row),
        }
    }

    /// Rows written so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Ends the file and gives back what it was written to.
    pub fn finish(self) -> Result<W, ExportError> {
        match self.inner {
            Inner::Json(writer) => writer.finish(),
            Inner::Csv(writer) => writer.finish(),
            Inner::Xlsx(writer) => writer.finish(),
            Inner::Parquet(writer) => writer.finish(),
        }
    }
}

/// True for text that a spreadsheet takes for a formula, or for the end of a cell followed by one.
fn looks_like_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

#[cfg(test)]
mod tests;
