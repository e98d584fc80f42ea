//! Rows as JSON objects: one to a line, or as the list of a body.

use std::io::{BufWriter, Write};

use super::value::push_json_text;
use super::{Column, ExportError, Value};

/// What stands around the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonFrame {
    head: String,
    between: &'static str,
    tail: &'static str,
}

impl JsonFrame {
    /// Nothing but one object to a line.
    pub fn lines() -> Self {
        Self { head: String::new(), between: "\n", tail: "\n" }
    }

    /// A body `{"meta": meta, "<name>": [rows]}`; `meta` is JSON.
    pub fn body(meta: &str, name: &str) -> Self {
        Self { head: format!("{{\"meta\":{meta},\"{name}\":["), between: ",", tail: "]}" }
    }
}

/// Writes JSON.
#[derive(Debug)]
pub(super) struct JsonWriter<W: Write> {
    sink: BufWriter<W>,
    /// What precedes each value, such as `{"a":` and `,"b":`.
    keys: Vec<String>,
    frame: JsonFrame,
    text: String,
    is_empty: bool,
}

impl<W: Write> JsonWriter<W> {
    pub(super) fn new(columns: &[Column], frame: &JsonFrame, sink: W) -> Result<Self, ExportError> {
        let keys = columns.iter().enumerate().map(|(position, column)| {
            let mut key = String::from(if position == 0 { "{" } else { "," });
            // Writing into a String cannot fail.
            let _ = push_json_text(&column.name, &mut key);
            key.push(':');
            key
        });
        let mut sink = BufWriter::with_capacity(1 << 16, sink);
        sink.write_all(frame.head.as_bytes())?;
        Ok(Self { sink, keys: keys.collect(), frame: frame.clone(), text: String::new(), is_empty: true })
    }

    pub(super) fn row(&mut self, row: &[Value]) -> Result<(), ExportError> {
        self.text.clear();
        if !self.is_empty {
            self.text.push_str(self.frame.between);
        }
        self.is_empty = false;
        for (key, value) in self.keys.iter().zip(row) {
            self.text.push_str(key);
            // Writing into a String cannot fail.
            let _ = value.push_json(&mut self.text);
        }
        self.text.push('}');
        self.sink.write_all(self.text.as_bytes())?;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<W, ExportError> {
        // No rows are no lines.
        if !self.is_empty || !self.frame.head.is_empty() {
            self.sink.write_all(self.frame.tail.as_bytes())?;
        }
        self.sink.into_inner().map_err(|error| error.into_error().into())
    }
}
