//! CSV after RFC 4180, with line feeds: a header, then the rows.
//!
//! What is absent is an empty field, and an empty text is `""`.

use std::io::{BufWriter, Write};

use super::{Column, ExportError, Value, looks_like_formula};

/// Writes CSV.
#[derive(Debug)]
pub(super) struct CsvWriter<W: Write> {
    sink: BufWriter<W>,
    line: String,
    field: String,
}

impl<W: Write> CsvWriter<W> {
    pub(super) fn new(columns: &[Column], units_in_header: bool, sink: W) -> Result<Self, ExportError> {
        let mut writer =
            Self { sink: BufWriter::with_capacity(1 << 16, sink), line: String::new(), field: String::new() };
        for (position, column) in columns.iter().enumerate() {
            if position > 0 {
                writer.line.push(',');
            }
            match &column.unit {
                Some(unit) if units_in_header => push_field(&format!("{} [{unit}]", column.name), &mut writer.line),
                _ => push_field(&column.name, &mut writer.line),
            }
        }
        writer.end_line()?;
        Ok(writer)
    }

    fn end_line(&mut self) -> Result<(), ExportError> {
        self.line.push('\n');
        self.sink.write_all(self.line.as_bytes())?;
        self.line.clear();
        Ok(())
    }

    pub(super) fn row(&mut self, row: &[Value]) -> Result<(), ExportError> {
        for (position, value) in row.iter().enumerate() {
            if position > 0 {
                self.line.push(',');
            }
            match value {
                Value::Null => {}
                Value::Text(text) if text.is_empty() => self.line.push_str("\"\""),
                Value::Text(text) if looks_like_formula(text) => {
                    self.field.clear();
                    self.field.push('\'');
                    self.field.push_str(text);
                    push_field(&self.field, &mut self.line);
                }
                Value::Text(text) => push_field(text, &mut self.line),
                other => {
                    self.field.clear();
                    // Writing into a String cannot fail.
                    let _ = other.push_text(&mut self.field);
                    push_field(&self.field, &mut self.line);
                }
            }
        }
        self.end_line()
    }

    pub(super) fn finish(self) -> Result<W, ExportError> {
        self.sink.into_inner().map_err(|error| error.into_error().into())
    }
}

/// Appends a field, in quotes where it needs them.
fn push_field(field: &str, line: &mut String) {
    if !field.contains([',', '"', '\n', '\r']) {
        line.push_str(field);
        return;
    }
    line.push('"');
    for (position, part) in field.split('"').enumerate() {
        if position > 0 {
            line.push_str("\"\"");
        }
        line.push_str(part);
    }
    line.push('"');
}
