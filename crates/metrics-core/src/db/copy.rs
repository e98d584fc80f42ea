//! Rows in the text form of PostgreSQL's COPY.

use std::fmt::Write;

use serde::Serialize;

use super::DbError;

/// Rows being written: fields are appended in the order of the columns, [`CopyText::end_row`] closes each row.
#[derive(Debug, Default)]
pub struct CopyText {
    text: String,
    rows: usize,
    is_row_started: bool,
}

impl CopyText {
    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The rows as bytes; leaves this empty.
    pub fn take(&mut self) -> Vec<u8> {
        self.rows = 0;
        std::mem::take(&mut self.text).into_bytes()
    }

    fn start_field(&mut self) {
        if self.is_row_started {
            self.text.push('\t');
        }
        self.is_row_started = true;
    }

    /// Closes a row.
    pub fn end_row(&mut self) {
        self.text.push('\n');
        self.is_row_started = false;
        self.rows += 1;
    }

    /// A field whose text needs no escapes: numbers, dates, booleans.
    pub fn plain(&mut self, value: impl std::fmt::Display) {
        self.start_field();
        // Writing to a String cannot fail.
        let _ = write!(self.text, "{value}");
    }

    /// As [`CopyText::plain`], or NULL.
    pub fn optional(&mut self, value: Option<impl std::fmt::Display>) {
        match value {
            Some(value) => self.plain(value),
            None => self.null(),
        }
    }

    /// NULL.
    pub fn null(&mut self) {
        self.start_field();
        self.text.push_str("\\N");
    }

    /// Text, or NULL.
    pub fn text(&mut self, value: Option<&str>) {
        match value {
            Some(value) => {
                self.start_field();
                self.push_escaped(value);
            }
            None => self.null(),
        }
    }

    /// An array of values whose text needs no escapes.
    pub fn array(&mut self, values: impl IntoIterator<Item = impl std::fmt::Display>) {
        self.start_field();
        self.text.push('{');
        for (position, value) in values.into_iter().enumerate() {
            if position > 0 {
                self.text.push(',');
            }
            let _ = write!(self.text, "{value}");
        }
        self.text.push('}');
    }

    /// A JSON document.
    pub fn json(&mut self, value: &impl Serialize) -> Result<(), DbError> {
        let json = serde_json::to_string(value).map_err(|error| DbError::Inconsistent(error.to_string()))?;
        self.start_field();
        self.push_escaped(&json);
        Ok(())
    }

    fn push_escaped(&mut self, value: &str) {
        let mut rest = value;
        while let Some(position) = rest.find(['\\', '\t', '\n', '\r']) {
            let (plain, special) = rest.split_at(position);
            self.text.push_str(plain);
            self.text.push_str(match special.as_bytes()[0] {
                b'\\' => "\\\\",
                b'\t' => "\\t",
                b'\n' => "\\n",
                _ => "\\r",
            });
            rest = &special[1..];
        }
        self.text.push_str(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_separated_and_escaped() {
        let mut rows = CopyText::default();
        rows.plain(1);
        rows.text(Some("a\tb\\c\nd"));
        rows.text(None);
        rows.array([1, 2]);
        rows.json(&"q\"\\").expect("a string serializes");
        rows.end_row();
        assert_eq!(rows.rows(), 1);
        assert_eq!(
            String::from_utf8(rows.take()).expect("text"),
            "1\ta\\tb\\\\c\\nd\t\\N\t{1,2}\t\"q\\\\\"\\\\\\\\\"\n"
        );
    }
}
