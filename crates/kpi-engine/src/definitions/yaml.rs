//! YAML → document: one document of mappings, sequences and the scalars of the core schema.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, StrInput};

use super::document::{FileError, Key, Node, Place, Value};

/// Nodes of a document, those of aliases counted each time: aliases of aliases multiply.
const MOST_NODES: usize = 100_000;

/// The document that `text` spells.
pub fn parse(file: &Arc<Path>, text: &str) -> Result<Node, FileError> {
    let mut reader = Reader { file, parser: Parser::new_from_str(text), anchors: HashMap::new(), nodes: 0 };
    let mut document = None;
    loop {
        match reader.next()? {
            (Event::StreamEnd, span) => {
                let empty = Node { value: Value::Table(Vec::new()), place: reader.place(&span) };
                return Ok(document.unwrap_or(empty));
            }
            (Event::DocumentStart(_), span) => {
                if document.is_some() {
                    return Err(FileError::at(&reader.place(&span), "there must be one document only"));
                }
                let (event, span) = reader.next()?;
                // A file of comments is a document with one empty scalar.
                let is_nothing = matches!(&event, Event::Scalar(text, ScalarStyle::Plain, ..) if text.is_empty());
                document = (!is_nothing).then(|| reader.node(event, &span)).transpose()?;
            }
            _ => {}
        }
    }
}

struct Reader<'a, 'input> {
    file: &'a Arc<Path>,
    parser: Parser<'input, StrInput<'input>>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
}

impl<'input> Reader<'_, 'input> {
    fn place(&self, span: &Span) -> Place {
        Place { file: Arc::clone(self.file), line: span.start.line(), column: span.start.col() + 1 }
    }

    fn next(&mut self) -> Result<(Event<'input>, Span), FileError> {
        match self.parser.next() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => {
                let marker = *error.marker();
                let place = self.place(&Span::new(marker, marker));
                Err(FileError::at(&place, format!("this is not YAML: {}", error.info())))
            }
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    fn node(&mut self, event: Event<'input>, span: &Span) -> Result<Node, FileError> {
        let place = self.place(span);
        self.count(1, &place)?;
        let (anchor, value) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_text = style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix == "str");
                let value = if is_text { Some(Value::Text(text.into_owned())) } else { scalar(&text) };
                (anchor, value.ok_or_else(|| FileError::at(&place, "there is no value"))?)
            }
            Event::SequenceStart(anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        (event, span) => items.push(self.node(event, &span)?),
                    }
                }
                (anchor, Value::List(items))
            }
            Event::MappingStart(anchor, _) => (anchor, self.mapping()?),
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                let node = node.ok_or_else(|| FileError::at(&place, "this alias stands in what it stands for"))?;
                self.count(size(&node), &place)?;
                return Ok(node);
            }
            _ => return Err(FileError::at(&place, "a value is expected here")),
        };
        let node = Node { value, place };
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn mapping(&mut self) -> Result<Value, FileError> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        loop {
            let key = match self.next()? {
                (Event::MappingEnd, _) => return Ok(Value::Table(entries)),
                (Event::Scalar(name, ..), span) => Key { name: name.into_owned(), place: self.place(&span) },
                (_, span) => return Err(FileError::at(&self.place(&span), "a key must be text")),
            };
            if let Some((first, _)) = entries.iter().find(|(known, _)| known.name == key.name) {
                let message = format!("the key `{}` is there twice; first at {}", key.name, first.place);
                return Err(FileError::at(&key.place, message));
            }
            let (event, span) = self.next()?;
            let value = self.node(event, &span)?;
            entries.push((key, value));
        }
    }

    fn count(&mut self, nodes: usize, place: &Place) -> Result<(), FileError> {
        self.nodes += nodes;
        if self.nodes > MOST_NODES {
            return Err(FileError::at(place, format!("there are more than {MOST_NODES} values")));
        }
        Ok(())
    }
}

fn size(node: &Node) -> usize {
    match &node.value {
        Value::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Table(entries) => 1 + entries.iter().map(|(_, node)| size(node)).sum::<usize>(),
        _ => 1,
    }
}

/// A plain scalar by YAML's core schema; `None` of null.
fn scalar(text: &str) -> Option<Value> {
    let radix = |prefix: &str, radix: u32| i64::from_str_radix(text.strip_prefix(prefix)?, radix).ok();
    let is_number = text.trim_start_matches(['+', '-', '.']).starts_with(|char: char| char.is_ascii_digit());
    Some(match text {
        "" | "~" | "null" | "Null" | "NULL" => return None,
        "true" | "True" | "TRUE" => Value::Boolean(true),
        "false" | "False" | "FALSE" => Value::Boolean(false),
        _ => {
            let integer = text.parse().ok().or_else(|| radix("0x", 16)).or_else(|| radix("0o", 8));
            let float = || text.parse().ok().filter(|_| is_number).map(Value::Float);
            integer.map(Value::Integer).or_else(float).unwrap_or_else(|| Value::Text(text.to_owned()))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Node, String> {
        parse(&Arc::from(Path::new("kpis.yaml")), text).map_err(|error| error.to_string())
    }

    #[test]
    fn scalars_are_those_of_the_core_schema() {
        let node = parsed("a: [1, -1.5, true, no, '1', 0x10, \"t\", 1.2.3, 1e3, inf, !!str 7]").unwrap();
        let Value::Table(entries) = node.value else { panic!() };
        let Value::List(items) = &entries[0].1.value else { panic!() };
        let kinds: Vec<_> = items.iter().map(|item| format!("{:?}", item.value)).collect();
        assert_eq!(
            kinds,
            [
                "Integer(1)",
                "Float(-1.5)",
                "Boolean(true)",
                "Text(\"no\")",
                "Text(\"1\")",
                "Integer(16)",
                "Text(\"t\")",
                "Text(\"1.2.3\")",
                "Float(1000.0)",
                "Text(\"inf\")",
                "Text(\"7\")"
            ]
        );
    }

    #[test]
    fn mistakes_say_where_they_are() {
        for (text, message) in [
            ("a: 1\nb: [1\n", "kpis.yaml:3:1: this is not YAML"),
            ("a: 1\na: 2\n", "kpis.yaml:2:1: the key `a` is there twice; first at kpis.yaml:1:1"),
            ("a:\n  b:\n", "kpis.yaml:2:4: there is no value"),
            ("a: 1\n---\nb: 2\n", "there must be one document only"),
            ("? [a]\n: 1\n", "a key must be text"),
            ("a: &x [*x]\n", "this alias stands in what it stands for"),
        ] {
            let error = parsed(text).map(|_| ()).expect_err(text);
            assert!(error.contains(message), "{text}: {error}");
        }
        let bomb = (1..9).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, level| {
            let aliases = vec![format!("*a{}", level - 1); 9].join(",");
            format!("{text}a{level}: &a{level} [{aliases}]\n")
        });
        assert!(parsed(&bomb).unwrap_err().contains("more than 100000 values"));
        assert!(matches!(parsed("# nothing\n").unwrap().value, Value::Table(entries) if entries.is_empty()));
        assert!(matches!(parsed("").unwrap().value, Value::Table(entries) if entries.is_empty()));
    }
}
