//! Taking values out of a table: with their types, with variables filled in, and with nothing left over.

use std::cell::RefCell;
use std::collections::BTreeSet;

use metrics_core::secret::Secret;

use super::document::{FileError, Key, Node, Place, Value};

/// How variables of the environment are looked up.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

/// How much two names must have in common for one to be meant by the other.
const SIMILAR: f64 = 0.7;

/// A table that is being read.
pub struct Table<'a> {
    /// What it is, for messages: `the KPI`, `the source lake`.
    what: String,
    place: Place,
    entries: Vec<(Key, Node)>,
    known: RefCell<BTreeSet<&'static str>>,
    context: &'a Context<'a>,
}

/// What all tables share.
pub struct Context<'a> {
    /// The environment.
    pub variables: Variables<'a>,
    /// Values that must never be shown.
    pub secrets: RefCell<BTreeSet<String>>,
}

impl Context<'_> {
    /// Keeps a value from being shown anywhere.
    pub fn secret(&self, value: String) -> Secret {
        self.secrets.borrow_mut().insert(value.clone());
        Secret::from(value)
    }
}

impl<'a> Table<'a> {
    /// The table in `node`.
    pub fn of(node: Node, what: impl Into<String>, context: &'a Context<'a>) -> Result<Self, FileError> {
        let what = what.into();
        match node.value {
            Value::Table(entries) => Ok(Self { what, place: node.place, entries, known: RefCell::default(), context }),
            other => Err(FileError::at(&node.place, format!("{what} is a table, not {}", other.kind()))),
        }
    }

    /// Where it begins.
    pub const fn place(&self) -> &Place {
        &self.place
    }

    /// An error about the table as a whole.
    pub fn error(&self, message: impl AsRef<str>) -> FileError {
        FileError::at(&self.place, format!("{} {}", self.what, message.as_ref()))
    }

    /// The value of `key`, as it is written.
    pub fn take(&mut self, key: &'static str) -> Option<Node> {
        self.known.borrow_mut().insert(key);
        let index = self.entries.iter().position(|(known, _)| known.name == key)?;
        Some(self.entries.remove(index).1)
    }

    /// All that is left, whatever its names.
    pub fn take_all(&mut self) -> Vec<(Key, Node)> {
        std::mem::take(&mut self.entries)
    }

    /// Text, with variables filled in, and where it is.
    pub fn text_at(&mut self, key: &'static str) -> Result<Option<(String, Place)>, FileError> {
        let Some(node) = self.take(key) else { return Ok(None) };
        let place = node.place.clone();
        Ok(Some((text(node, key, self.context)?, place)))
    }

    /// Text, with variables filled in.
    pub fn text(&mut self, key: &'static str) -> Result<Option<String>, FileError> {
        Ok(self.text_at(key)?.map(|(text, _)| text))
    }

    /// Text that must be there and not empty.
    pub fn required(&mut self, key: &'static str) -> Result<String, FileError> {
        match self.text_at(key)? {
            Some((text, _)) if !text.trim().is_empty() => Ok(text),
            Some((_, place)) => Err(FileError::at(&place, format!("{key} is empty"))),
            None => Err(self.error(format!("has no {key}"))),
        }
    }

    /// What `parse` makes of a text.
    pub fn parsed<T, E: std::fmt::Display>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, FileError> {
        let Some((text, place)) = self.text_at(key)? else { return Ok(None) };
        parse(&text).map(Some).map_err(|error| FileError::at(&place, format!("{key}: {error}")))
    }

    /// One of several words.
    pub fn word<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)]) -> Result<Option<T>, FileError> {
        self.parsed(key, |text| {
            let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
            found.ok_or_else(|| {
                let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
                format!("`{text}` is none of {}{}", words.join(", "), did_you_mean(text, words.iter().copied()))
            })
        })
    }

    /// A text that must never be shown: of `key`, or of the file that `file_key` names.
    pub fn secret(&mut self, key: &'static str, file_key: &'static str) -> Result<Option<Secret>, FileError> {
        let (text, file) = (self.text_at(key)?, self.text_at(file_key)?);
        let value = match (text, file) {
            (Some(_), Some((_, place))) => {
                return Err(FileError::at(&place, format!("{key} and {file_key} are both given: leave one out")));
            }
            (Some((text, place)), None) if text.trim().is_empty() => {
                return Err(FileError::at(&place, format!("{key} is empty")));
            }
            (Some((text, _)), None) => text,
            (None, Some((file, place))) => {
                let file = super::beside(&place.file, &file);
                let text = std::fs::read_to_string(&file).map_err(|error| {
                    FileError::at(&place, format!("{file_key} names {}, which cannot be read: {error}", file.display()))
                })?;
                text.trim_end_matches(['\r', '\n']).to_owned()
            }
            (None, None) => return Ok(None),
        };
        Ok(Some(self.context.secret(value)))
    }

    /// True or false; also as text, for variables.
    pub fn boolean(&mut self, key: &'static str) -> Result<Option<bool>, FileError> {
        let Some(node) = self.take(key) else { return Ok(None) };
        match node.value {
            Value::Boolean(value) => Ok(Some(value)),
            Value::Text(_) => {
                let place = node.place.clone();
                match text(node, key, self.context)?.as_str() {
                    "true" => Ok(Some(true)),
                    "false" => Ok(Some(false)),
                    _ => Err(FileError::at(&place, format!("{key} is true or false"))),
                }
            }
            other => Err(FileError::at(&node.place, format!("{key} is true or false, not {}", other.kind()))),
        }
    }

    /// A whole number in a range; also as text, for variables.
    pub fn number(
        &mut self,
        key: &'static str,
        range: std::ops::RangeInclusive<usize>,
    ) -> Result<Option<usize>, FileError> {
        let Some(node) = self.take(key) else { return Ok(None) };
        let place = node.place.clone();
        let number = match node.value {
            Value::Integer(number) => usize::try_from(number).ok(),
            Value::Text(_) => text(node, key, self.context)?.trim().parse().ok(),
            _ => None,
        };
        let (first, last) = (range.start(), range.end());
        let message = if *last == usize::MAX {
            format!("{key} is a whole number of at least {first}")
        } else {
            format!("{key} is a whole number from {first} to {last}")
        };
        let number = number.filter(|number| range.contains(number));
        number.map(Some).ok_or_else(|| FileError::at(&place, message))
    }

    /// Texts.
    pub fn texts(&mut self, key: &'static str) -> Result<Vec<(String, Place)>, FileError> {
        let Some(node) = self.take(key) else { return Ok(Vec::new()) };
        let Value::List(items) = node.value else {
            return Err(FileError::at(&node.place, format!("{key} is a list, not {}", node.value.kind())));
        };
        items
            .into_iter()
            .map(|item| {
                let place = item.place.clone();
                Ok((text(item, key, self.context)?, place))
            })
            .collect()
    }

    /// A table within this one.
    pub fn table(&mut self, key: &'static str) -> Result<Option<Table<'a>>, FileError> {
        self.take(key).map(|node| Table::of(node, key, self.context)).transpose()
    }

    /// Tables by their names.
    pub fn tables(&mut self, key: &'static str) -> Result<Vec<(Key, Node)>, FileError> {
        Ok(self.table(key)?.map(|mut table| table.take_all()).unwrap_or_default())
    }

    /// Refuses what nobody asked for.
    pub fn finish(self) -> Result<(), FileError> {
        let Some((key, _)) = self.entries.first() else { return Ok(()) };
        let known = self.known.borrow();
        let hint = did_you_mean(&key.name, known.iter().copied());
        let hint = if hint.is_empty() {
            format!("; it has {}", known.iter().copied().collect::<Vec<_>>().join(", "))
        } else {
            hint
        };
        Err(FileError::at(&key.place, format!("unknown key `{}`: {} has none of that name{hint}", key.name, self.what)))
    }
}

/// `; did you mean …?`, when one of `known` resembles `name`.
pub fn did_you_mean<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> String {
    let likeness = |known: &str| strsim::jaro_winkler(&name.to_lowercase(), known);
    let nearest = known.map(|known| (likeness(known), known)).max_by(|(a, _), (b, _)| a.total_cmp(b));
    match nearest {
        Some((likeness, known)) if likeness >= SIMILAR => format!("; did you mean `{known}`?"),
        _ => String::new(),
    }
}

/// The text in `node`, with variables filled in.
pub fn text(node: Node, what: &str, context: &Context<'_>) -> Result<String, FileError> {
    match node.value {
        Value::Text(text) => {
            let wrong = |message: String| FileError::at(&node.place, format!("{what}: {message}"));
            let text = filled(&text, context.variables).map_err(wrong)?;
            if text.contains('\0') {
                return Err(wrong("there is a NUL in it, which no database stores".to_owned()));
            }
            Ok(text)
        }
        other => Err(FileError::at(&node.place, format!("{what} is text, not {}", other.kind()))),
    }
}

/// `text` with `${NAME}` and `${NAME:-default}` replaced; `$${` is `${`.
fn filled(text: &str, variables: Variables<'_>) -> Result<String, String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, after) = (&rest[..start], &rest[start + 2..]);
        if let Some(before) = before.strip_suffix('$') {
            result.push_str(before);
            result.push_str("${");
            rest = after;
            continue;
        }
        result.push_str(before);
        let (inside, after) = after.split_once('}').ok_or("a variable begins with ${ and ends with }")?;
        let (name, default) = match inside.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (inside, None),
        };
        let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
        if name.is_empty() || !name.chars().all(is_name) {
            return Err(format!(
                "`${{{inside}}}` is no variable: its name is of letters, digits and _ ($${{ for a plain ${{)"
            ));
        }
        let value = variables(name);
        match (value, default) {
            // As in a shell: the default is for what is unset or empty.
            (Some(value), Some(default)) if value.is_empty() => result.push_str(default),
            (Some(value), _) => result.push_str(&value),
            (None, Some(default)) => result.push_str(default),
            (None, None) => return Err(format!("the variable {name} is not set")),
        }
        rest = after;
    }
    result.push_str(rest);
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_once() {
        let variables = |name: &str| match name {
            "A" => Some("${B}".to_owned()),
            "EMPTY" => Some(String::new()),
            _ => None,
        };
        for (text, expected) in [
            ("x", "x"),
            ("${A}", "${B}"),
            ("-${A}-${NOT:-d:-e}-", "-${B}-d:-e-"),
            ("${EMPTY}", ""),
            ("${EMPTY:-d}", "d"),
            ("${NOT:-}", ""),
            ("$${A} $A $since", "${A} $A $since"),
            ("$$${A}", "$${A}"),
        ] {
            assert_eq!(filled(text, &variables).as_deref(), Ok(expected), "{text}");
        }
        for (text, message) in [
            ("${NOT}", "the variable NOT is not set"),
            ("${A", "ends with }"),
            ("${}", "no variable"),
            ("${A B}", "no variable"),
        ] {
            assert!(filled(text, &variables).unwrap_err().contains(message), "{text}");
        }
    }
}
