//! TOML → document.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::document::{FileError, Key, Node, Place, Value};

/// The document that `text` spells.
pub fn parse(file: &Arc<Path>, text: &str) -> Result<Node, FileError> {
    let source = Source { file, text };
    let table = DeTable::parse(text).map_err(|error| {
        let place = source.place(&error.span().unwrap_or(0..0));
        FileError::at(&place, format!("this is not TOML: {}", error.message()))
    })?;
    Ok(Node { value: source.table(table.get_ref())?, place: source.place(&(0..0)) })
}

struct Source<'a> {
    file: &'a Arc<Path>,
    text: &'a str,
}

impl Source<'_> {
    fn place(&self, span: &Range<usize>) -> Place {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |start| start.chars().count()) + 1;
        Place { file: Arc::clone(self.file), line, column }
    }

    fn table(&self, table: &DeTable<'_>) -> Result<Value, FileError> {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let entries = entries.into_iter().map(|(key, value)| {
            let key = Key { name: key.get_ref().to_string(), place: self.place(&key.span()) };
            Ok((key, self.node(value)?))
        });
        Ok(Value::Table(entries.collect::<Result<_, _>>()?))
    }

    fn node(&self, node: &Spanned<DeValue<'_>>) -> Result<Node, FileError> {
        let place = self.place(&node.span());
        let value = match node.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map(Value::Integer)
                .map_err(|_| FileError::at(&place, "this number is too large"))?,
            DeValue::Float(number) => {
                number.as_str().parse().map(Value::Float).map_err(|_| FileError::at(&place, "this is no number"))?
            }
            DeValue::Boolean(value) => Value::Boolean(*value),
            DeValue::Datetime(_) => return Err(FileError::at(&place, "dates and times are written in quotes here")),
            DeValue::Array(items) => Value::List(items.iter().map(|item| self.node(item)).collect::<Result<_, _>>()?),
            DeValue::Table(table) => self.table(table)?,
        };
        Ok(Node { value, place })
    }
}
