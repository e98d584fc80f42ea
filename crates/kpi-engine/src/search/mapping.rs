//! The mapping of one index: which fields its documents may have, and what the index knows of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::column::{Exact, ExactKind, Indexed, Kind};
use super::date::{DEFAULT_FORMAT, DateFormats};

/// Of keywords in an index that is made for logs, if its settings do not say so.
const IGNORE_ABOVE_OF_LOGS: usize = 8_191;

/// Settings of an index that matter here.
#[derive(Debug)]
pub(super) struct IndexSettings {
    pub(super) shards: usize,
    /// Of keywords whose mapping has none.
    ignore_above: Option<usize>,
}

impl IndexSettings {
    /// From the flat form; all defaults where there is none.
    pub(super) fn of(index: Option<&Value>) -> Self {
        let get = |key: &str| index?.get("settings")?.get(key);
        let count = |key: &str| match get(key)? {
            Value::String(text) => text.parse().ok(),
            value => value.as_u64().and_then(|value| usize::try_from(value).ok()),
        };
        let of_logs = (get("index.mode").and_then(Value::as_str) == Some("logsdb")).then_some(IGNORE_ABOVE_OF_LOGS);
        Self {
            shards: count("index.number_of_shards").unwrap_or(1),
            ignore_above: count("index.mapping.ignore_above").or(of_logs),
        }
    }
}

/// A field of an index.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Field {
    /// In documents.
    pub(super) path: String,
    pub(super) kind: Kind,
    pub(super) indexed: Indexed,
}

impl Field {
    /// Takes in what another index says of the field.
    pub(super) fn merge(&mut self, other: &Self) {
        match (&mut self.kind, &other.kind) {
            (kind, other) if kind == other => {}
            (Kind::Date(formats), Kind::Date(others)) | (Kind::DateNanos(formats), Kind::DateNanos(others)) => {
                formats.extend(others);
            }
            (Kind::Constant(values), Kind::Constant(others)) => {
                values.extend(others.iter().map(|(index, value)| (index.clone(), value.clone())));
            }
            (Kind::Text, _) | (_, Kind::Text) => {
                *self = Self { path: self.path.clone(), kind: Kind::Text, indexed: Indexed::default() };
            }
            _ => {
                let kind = Kind::Unreadable("its type is another one in another index of the pattern".to_owned());
                *self = Self { path: self.path.clone(), kind, indexed: Indexed::default() };
            }
        }
        if self.path != other.path {
            let kind = Kind::Unreadable("it stands for another field in another index of the pattern".to_owned());
            *self = Self { path: self.path.clone(), kind, indexed: Indexed::default() };
        }
        self.indexed.merge(&other.indexed);
    }
}

impl Indexed {
    /// What can be asked of both.
    fn merge(&mut self, other: &Self) {
        self.exact = match (self.exact.take(), &other.exact) {
            (Some(mine), Some(its)) if mine.field == its.field && mine.kind == its.kind => {
                let limits = mine.ignore_above.into_iter().chain(its.ignore_above);
                Some(Exact { ignore_above: limits.min(), ..mine })
            }
            _ => None,
        };
        self.exists.take_if(|field| other.exists.as_ref() != Some(field));
        self.number.take_if(|field| other.number.as_ref() != Some(field));
        self.ignores_malformed |= other.ignores_malformed;
    }
}

/// The fields of an index by their names in SQL.
#[derive(Debug, Clone)]
pub(super) struct IndexFields {
    pub(super) fields: BTreeMap<String, Field>,
    /// Whether documents may have fields that are not mapped.
    pub(super) is_closed: bool,
}

impl IndexFields {
    /// Reads `mappings`; `has_types` if the name of a type is above the properties.
    pub(super) fn of(index: &str, mappings: &Value, has_types: bool, settings: &IndexSettings) -> Result<Self, String> {
        let empty = Map::new();
        let mut mapping = mappings.as_object().unwrap_or(&empty);
        if has_types {
            let types: Vec<&Value> =
                mapping.iter().filter(|(name, _)| *name != "_default_").map(|(_, mapping)| mapping).collect();
            mapping = match types.as_slice() {
                [] => &empty,
                [one] => one.as_object().unwrap_or(&empty),
                _ => return Err("it holds several types of documents".to_owned()),
            };
        }
        let kept = Kept::of(mapping)?;
        let mut walk = Walk {
            index,
            settings,
            fields: BTreeMap::new(),
            aliases: Vec::new(),
            copies: BTreeSet::new(),
            is_closed: false,
        };
        walk.object("", mapping);
        let Walk { mut fields, aliases, copies, is_closed, .. } = walk;
        for target in copies {
            // Copies are in the index, but not in documents.
            if let Some(field) = fields.get_mut(&target) {
                field.indexed = Indexed::default();
            }
        }
        for (name, path) in aliases {
            if let Some(field) = fields.get(&path).cloned() {
                fields.insert(name, field);
            }
        }
        fields.retain(|_, field| kept.has(&field.path));
        Ok(Self { fields, is_closed })
    }
}

/// Which fields of a document the server keeps to show them.
struct Kept {
    includes: Vec<String>,
    excludes: Vec<String>,
}

impl Kept {
    fn of(mapping: &Map<String, Value>) -> Result<Self, String> {
        let source = mapping.get("_source");
        if source.and_then(|source| source.get("enabled")).is_some_and(is_false) {
            return Err("it does not keep its documents (`_source` is disabled)".to_owned());
        }
        let patterns = |key: &str| texts(source.and_then(|source| source.get(key)));
        Ok(Self { includes: patterns("includes"), excludes: patterns("excludes") })
    }

    fn has(&self, path: &str) -> bool {
        let matches = |pattern: &String| {
            // A pattern means what is below it, too.
            glob(pattern, path) || path.match_indices('.').any(|(dot, _)| glob(pattern, &path[..dot]))
        };
        (self.includes.is_empty() || self.includes.iter().any(matches)) && !self.excludes.iter().any(matches)
    }
}

/// Whether a pattern whose `*` stands for anything means the text.
fn glob(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            (0..=text.len()).filter(|at| text.is_char_boundary(*at)).any(|at| glob(rest, &text[at..]))
        }),
    }
}

fn is_false(value: &Value) -> bool {
    value == &Value::Bool(false) || value.as_str() == Some("false")
}

/// A text or a list of texts.
fn texts(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// A mapping on the way to its fields.
struct Walk<'a> {
    index: &'a str,
    settings: &'a IndexSettings,
    fields: BTreeMap<String, Field>,
    /// Names, and the paths that they stand for.
    aliases: Vec<(String, String)>,
    copies: BTreeSet<String>,
    is_closed: bool,
}

impl Walk<'_> {
    fn object(&mut self, path: &str, object: &Map<String, Value>) {
        self.is_closed |= match object.get("dynamic") {
            None | Some(Value::Bool(true)) => false,
            Some(value) => !matches!(value.as_str(), Some("true" | "strict")),
        };
        let Some(properties) = object.get("properties").and_then(Value::as_object) else { return };
        for (name, property) in properties {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            if let Some(property) = property.as_object() {
                self.property(path, property);
            }
        }
    }

    fn property(&mut self, path: String, property: &Map<String, Value>) {
        self.copies.extend(texts(property.get("copy_to")));
        match property.get("type").and_then(Value::as_str) {
            None | Some("object") => {
                let field = Field { path: path.clone(), kind: Kind::Json, indexed: Indexed::default() };
                self.fields.insert(path.clone(), field);
                if !property.get("enabled").is_some_and(is_false) {
                    self.object(&path, property);
                }
            }
            Some("alias") => {
                let target = property.get("path").and_then(Value::as_str).unwrap_or_default();
                self.aliases.push((path, target.to_owned()));
            }
            Some(kind) => {
                let field = leaf(&path, kind, property, self.index, self.settings);
                self.fields.insert(path, field);
            }
        }
    }
}

/// A field that has values.
fn leaf(path: &str, kind: &str, property: &Map<String, Value>, index: &str, settings: &IndexSettings) -> Field {
    let dates = |kind: fn(DateFormats) -> Kind| {
        let format = property.get("format").and_then(Value::as_str).unwrap_or(DEFAULT_FORMAT);
        DateFormats::parse(format)
            .map_or_else(|part| Kind::Unreadable(format!("its date format `{part}` is not known")), kind)
    };
    let (kind, exact) = match kind {
        "keyword" | "wildcard" => (Kind::Text, Some(ExactKind::Keyword)),
        "constant_keyword" => {
            let value = property.get("value").and_then(Value::as_str);
            (Kind::Constant(value.map(|value| (index.to_owned(), value.to_owned())).into_iter().collect()), None)
        }
        "text" | "match_only_text" | "annotated_text" | "search_as_you_type" | "ip" | "version" | "binary" => {
            (Kind::Text, None)
        }
        "long" => (Kind::Long, Some(ExactKind::Number)),
        "integer" | "short" | "byte" => (Kind::Integer, Some(ExactKind::Number)),
        "unsigned_long" => (Kind::UnsignedLong, Some(ExactKind::Number)),
        "double" => (Kind::Double, Some(ExactKind::Number)),
        "float" | "half_float" | "scaled_float" => (Kind::Double, Some(ExactKind::Rounded)),
        "boolean" => (Kind::Boolean, Some(ExactKind::Boolean)),
        "date" => (dates(Kind::Date), Some(ExactKind::Milliseconds)),
        "date_nanos" => (dates(Kind::DateNanos), Some(ExactKind::Nanoseconds)),
        // Nested documents, places, ranges, vectors and what is yet to come.
        _ => (Kind::Json, None),
    };
    if matches!(kind, Kind::Json | Kind::Constant(_) | Kind::Unreadable(_)) {
        return Field { path: path.to_owned(), kind, indexed: Indexed::default() };
    }
    let has_null_value = property.contains_key("null_value");
    let is_text = kind == Kind::Text && exact.is_none();
    let exact = match exact {
        Some(exact) => asked(path, property, exact, settings),
        None => keyword_below(path, property, settings),
    };
    let is_known =
        !property.get("index").is_some_and(is_false) || !is_text && !property.get("doc_values").is_some_and(is_false);
    // Values that are too long are in a text, if not in its sub-field. The empty text is false there, and null for us.
    let leaves_some_out =
        kind == Kind::Boolean || kind == Kind::Text && !is_text && ignore_above(property, settings).is_some();
    let is_binary = property.get("type").and_then(Value::as_str) == Some("binary");
    let exists = is_known && !has_null_value && !leaves_some_out && !is_binary;
    let number = exact.as_ref().filter(|exact| exact.kind == ExactKind::Number && kind != Kind::UnsignedLong);
    let indexed = Indexed {
        exists: exists.then(|| path.to_owned()),
        number: number.map(|exact| exact.field.clone()),
        ignores_malformed: property.get("ignore_malformed").is_some_and(|value| !is_false(value)),
        exact,
    };
    Field { path: path.to_owned(), kind, indexed }
}

/// A field for comparisons, if its index holds what documents hold, and shows how many values they have.
fn asked(path: &str, property: &Map<String, Value>, kind: ExactKind, settings: &IndexSettings) -> Option<Exact> {
    let is_off = |key: &str| property.get(key).is_some_and(is_false);
    if is_off("index") || is_off("doc_values") {
        return None;
    }
    if ["null_value", "normalizer", "script"].iter().any(|key| property.contains_key(*key)) {
        return None;
    }
    let ignore_above = if kind == ExactKind::Keyword { ignore_above(property, settings) } else { None };
    Some(Exact { field: path.to_owned(), kind, ignore_above })
}

/// The length over which keywords are left out of the index.
fn ignore_above(property: &Map<String, Value>, settings: &IndexSettings) -> Option<usize> {
    let own = property.get("ignore_above").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok());
    own.or(settings.ignore_above)
}

/// The sub-field of a text that holds it whole; the one called `keyword` before others.
fn keyword_below(path: &str, property: &Map<String, Value>, settings: &IndexSettings) -> Option<Exact> {
    let fields = property.get("fields")?.as_object()?;
    let mut keywords = fields.iter().filter_map(|(name, field)| {
        let field = field.as_object().filter(|field| field.get("type").and_then(Value::as_str) == Some("keyword"))?;
        Some((name, asked(&format!("{path}.{name}"), field, ExactKind::Keyword, settings)?))
    });
    let named = keywords.clone().find(|(name, _)| *name == "keyword");
    named.or_else(|| keywords.next()).map(|(_, exact)| exact)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(mapping: &Value) -> BTreeMap<String, Field> {
        IndexFields::of("i", mapping, false, &IndexSettings::of(None)).expect("a mapping").fields
    }

    fn field(property: &Value) -> Field {
        fields(&json!({ "properties": { "f": property } }))["f"].clone()
    }

    #[test]
    fn a_text_is_compared_by_its_keyword_and_exists_by_itself() {
        let keyword = json!({ "type": "keyword", "ignore_above": 256 });
        let dynamic = field(&json!({ "type": "text", "fields": { "keyword": keyword } }));
        let exact = dynamic.indexed.exact.expect("a keyword");
        assert_eq!((exact.field.as_str(), exact.ignore_above), ("f.keyword", Some(256)));
        assert_eq!(dynamic.indexed.exists.as_deref(), Some("f"));

        let other = json!({ "a": { "type": "keyword", "normalizer": "lower" }, "raw": { "type": "keyword" } });
        let exact = field(&json!({ "type": "text", "fields": other })).indexed.exact.expect("a keyword");
        assert_eq!((exact.field.as_str(), exact.ignore_above), ("f.raw", None));
        assert_eq!(field(&json!({ "type": "text" })).indexed.exact, None);
    }

    #[test]
    fn what_the_index_changes_or_leaves_out_cannot_be_asked_of_it() {
        for property in [
            json!({ "type": "keyword", "normalizer": "lower" }),
            json!({ "type": "keyword", "null_value": "none" }),
            json!({ "type": "keyword", "index": false }),
            json!({ "type": "keyword", "doc_values": false }),
            json!({ "type": "ip" }),
        ] {
            assert_eq!(field(&property).indexed.exact, None, "{property}");
        }
        for property in [
            json!({ "type": "keyword", "ignore_above": 10 }),
            json!({ "type": "keyword", "null_value": "none" }),
            json!({ "type": "keyword", "index": false, "doc_values": false }),
            json!({ "type": "text", "index": false }),
            json!({ "type": "boolean" }),
            json!({ "type": "object" }),
        ] {
            assert_eq!(field(&property).indexed.exists, None, "{property}");
        }
        let exists = field(&json!({ "type": "keyword", "index": false })).indexed.exists;
        assert_eq!(exists.as_deref(), Some("f"), "doc values tell it");
    }

    #[test]
    fn objects_are_their_fields_and_their_text() {
        let mapping = json!({ "properties": {
            "a": { "properties": { "b": { "type": "long" }, "c": { "enabled": false, "type": "object" } } },
            "n": { "type": "nested", "properties": { "x": { "type": "long" } } },
            "short": { "type": "alias", "path": "a.b" },
        }});
        let fields = fields(&mapping);
        let kinds: Vec<_> = fields.iter().map(|(name, field)| (name.as_str(), &field.kind)).collect();
        let expected = [
            ("a", &Kind::Json),
            ("a.b", &Kind::Long),
            ("a.c", &Kind::Json),
            ("n", &Kind::Json),
            ("short", &Kind::Long),
        ];
        assert_eq!(kinds, expected);
        assert_eq!(fields["short"].path, "a.b");
    }

    #[test]
    fn what_is_not_kept_is_no_column_and_a_copy_is_not_asked() {
        let mapping = json!({
            "_source": { "excludes": ["secret.*", "big"] },
            "properties": {
                "a": { "type": "keyword", "copy_to": "all" },
                "all": { "type": "keyword" },
                "big": { "type": "text" },
                "secret": { "properties": { "x": { "type": "keyword" } } },
            },
        });
        let fields = fields(&mapping);
        assert_eq!(fields.keys().collect::<Vec<_>>(), ["a", "all", "secret"]);
        assert_eq!(fields["all"].indexed, Indexed::default());
        let disabled = json!({ "_source": { "enabled": false } });
        assert!(IndexFields::of("i", &disabled, false, &IndexSettings::of(None)).is_err());
    }

    #[test]
    fn version_six_has_types() {
        let mapping = json!({ "log": { "properties": { "a": { "type": "date" } } } });
        let of = |mapping: &Value| IndexFields::of("i", mapping, true, &IndexSettings::of(None));
        assert!(matches!(of(&mapping).expect("one").fields["a"].kind, Kind::Date(_)));
        assert!(of(&json!({})).expect("none").fields.is_empty());
        assert!(of(&json!({ "a": {}, "b": {} })).is_err());
    }

    #[test]
    fn a_date_in_an_unknown_format_is_a_column_that_says_so() {
        let kind = field(&json!({ "type": "date", "format": "xxxx-'W'ww" })).kind;
        assert!(matches!(kind, Kind::Unreadable(reason) if reason.contains("xxxx")));
    }

    #[test]
    fn settings_may_limit_all_keywords() {
        let settings = json!({ "settings": { "index.number_of_shards": "3", "index.mode": "logsdb" } });
        let settings = IndexSettings::of(Some(&settings));
        assert_eq!((settings.shards, settings.ignore_above), (3, Some(8_191)));
        let mapping = json!({ "properties": { "f": { "type": "keyword" } } });
        let fields = IndexFields::of("i", &mapping, false, &settings).expect("a mapping").fields;
        assert_eq!(fields["f"].indexed.exists, None);
    }
}
