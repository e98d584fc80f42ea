//! A column: where it is in documents, what it holds, and what the index knows of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, TimeUnit};
use metrics_core::kpi::MultiValue;

use super::date::DateFormats;

/// A column of an index.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// In SQL.
    pub(super) name: String,
    /// In documents; another one than the name for an alias.
    pub(super) path: String,
    pub(super) kind: Kind,
    /// Whether the definitions say that documents hold several values.
    pub(super) is_list: bool,
    /// What is made of several values where the definitions do not say so.
    pub(super) multi_value: MultiValue,
    /// The zone of its instants; without one they are times of day in UTC, and no zone is said.
    pub(super) zone: Option<Arc<str>>,
    /// What can be asked of the index.
    pub(super) indexed: Indexed,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// `_id` of the document.
    Id,
    /// `_index` of the document.
    Index,
    Text,
    /// By the name of the index: what all its documents hold, also those that do not say so.
    Constant(BTreeMap<String, String>),
    Long,
    Integer,
    UnsignedLong,
    Double,
    Boolean,
    Date(DateFormats),
    /// With nanoseconds.
    DateNanos(DateFormats),
    /// Whatever is there, as JSON text.
    Json,
    /// Nothing that has one meaning: reading it is an error, with this reason.
    Unreadable(String),
}

/// What the index knows of a field. Each part is there only if the index selects the same documents as SQL would.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Indexed {
    /// For comparisons.
    pub(super) exact: Option<Exact>,
    /// The field that exists in just those documents where the column is not null.
    pub(super) exists: Option<String>,
    /// The field whose sum, least and greatest value are those of the column.
    pub(super) number: Option<String>,
    /// Whether values that do not fit the type are in documents, but not in the index.
    pub(super) ignores_malformed: bool,
}

/// A field that holds the column's values as they are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Exact {
    /// The field itself, or its sub-field of keywords.
    pub(super) field: String,
    pub(super) kind: ExactKind,
    /// Longer values, in characters of UTF-16, are not in the index.
    pub(super) ignore_above: Option<usize>,
}

/// How values are compared in the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ExactKind {
    /// Byte by byte, as in SQL; patterns too.
    Keyword,
    /// As numbers that hold every value.
    Number,
    /// As numbers that are less exact than those of documents: what is equal in SQL is equal there.
    Rounded,
    /// True is true; false is also the empty text, which is null for us.
    Boolean,
    /// By milliseconds.
    Milliseconds,
    /// By nanoseconds.
    Nanoseconds,
    /// `_id` and `_index`: equality only; each document has one.
    Own,
}

impl Column {
    /// A column that every document has, without a place in `_source`.
    pub(super) fn own(name: &str, kind: Kind) -> Self {
        let exact = Exact { field: name.to_owned(), kind: ExactKind::Own, ignore_above: None };
        Self {
            name: name.to_owned(),
            path: name.to_owned(),
            kind,
            is_list: false,
            multi_value: MultiValue::Error,
            zone: None,
            indexed: Indexed { exact: Some(exact), ..Indexed::default() },
        }
    }

    /// Whether `_source` has to be sent for it.
    pub(super) fn is_in_source(&self) -> bool {
        !matches!(self.kind, Kind::Id | Kind::Index)
    }

    pub(super) fn value_type(&self) -> DataType {
        let zone = self.zone.clone();
        match &self.kind {
            Kind::Id | Kind::Index | Kind::Text | Kind::Constant(_) | Kind::Json | Kind::Unreadable(_) => {
                DataType::Utf8
            }
            Kind::Long => DataType::Int64,
            Kind::Integer => DataType::Int32,
            Kind::UnsignedLong => DataType::Decimal128(20, 0),
            Kind::Double => DataType::Float64,
            Kind::Boolean => DataType::Boolean,
            Kind::Date(_) => DataType::Timestamp(TimeUnit::Microsecond, zone),
            Kind::DateNanos(_) => DataType::Timestamp(TimeUnit::Nanosecond, zone),
        }
    }

    /// The column as the engine sees it.
    pub(super) fn field(&self) -> Field {
        let is_nullable = self.is_in_source();
        if self.is_list {
            let item = Arc::new(Field::new_list_field(self.value_type(), true));
            Field::new(&self.name, DataType::List(item), is_nullable)
        } else {
            Field::new(&self.name, self.value_type(), is_nullable)
        }
    }
}
