//! The files themselves: where they are, what they include, and what may be in them once only.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use metrics_core::kpi::{Definitions, Dialect, SourceKind, parse_duration};
use sha2::{Digest, Sha256};

use super::document::{FileError, Key, Node, Place, Value};
use super::kpis::{Defaults, read_kpi};
use super::reader::{Context, Table, Variables, did_you_mean};
use super::sinks::{Sink, read_sink};
use super::sources::read_source;
use super::{DefinitionsFile, Secrets, beside};

/// Bytes that a query may take when the file does not say.
const MEMORY_LIMIT: usize = 512 << 20;
/// KPIs that run at the same time when the file does not say.
const CONCURRENCY: usize = 4;
/// Longest name of an environment: Google Sheets takes no longer name of a tab.
const LONGEST_ENVIRONMENT: usize = 100;

/// What the file does not say.
pub struct Options<'a> {
    /// The environment, instead of that of the file.
    pub environment: Option<&'a str>,
    /// The instant of which KPIs speak.
    pub as_of: DateTime<Utc>,
    /// Variables that the file may name.
    pub variables: Variables<'a>,
}

/// What the file says, with all that it includes.
pub fn load(file: &Path, options: &Options<'_>) -> Result<DefinitionsFile, FileError> {
    let mut hash = Sha256::new();
    let context = Context { variables: options.variables, secrets: RefCell::default() };
    let mut main = Table::of(parse(file, &mut hash)?, "the file", &context)?;
    if let Some(node) = main.take("version")
        && !matches!(node.value, Value::Integer(1))
    {
        return Err(FileError::at(&node.place, "version is 1: this program knows no other"));
    }
    let environment = environment(&mut main, options)?;
    let time_zone = main.parsed("timezone", |name| {
        name.parse::<Tz>().map_err(|_| format!("`{name}` is no IANA time zone; for example: UTC, Europe/Madrid"))
    })?;
    let time_zone = time_zone.unwrap_or(Tz::UTC);
    let defaults = main.table("defaults")?;
    let mut collected = Collected::default();
    let includes = main.texts("include")?;
    collected.take(&mut main)?;
    for (pattern, place) in includes {
        for included in matching(&pattern, &place)? {
            let mut table = Table::of(parse(&included, &mut hash)?, "a file that is included", &context)?;
            // May be repeated, so that an editor can check each file by itself.
            table.take("version");
            collected.take(&mut table)?;
            table.finish()?;
        }
    }
    main.finish()?;

    let (defaults, concurrency, memory_limit_bytes) = read_defaults(defaults)?;
    let mut sources = BTreeMap::new();
    for (key, node) in collected.sources {
        sources.insert(key.name.clone(), read_source(&key, node, &context)?);
    }
    let mut kpis = Vec::new();
    let mut names: BTreeMap<String, Place> = BTreeMap::new();
    for node in collected.kpis {
        let place = node.place.clone();
        let (kpi, engine_place) = read_kpi(node, &defaults, options.as_of, time_zone, &context)?;
        if let Some(first) = names.get(&kpi.name) {
            let message = format!("there is another KPI `{}` at {first}: names are unique", kpi.name);
            return Err(FileError::at(&place, message));
        }
        if let (Some(engine), Some(place)) = (&kpi.engine, engine_place) {
            let is_external = sources.get(engine).is_some_and(|source| matches!(source.kind, SourceKind::External(_)));
            if !is_external {
                let hint = did_you_mean(engine, sources.keys().map(String::as_str));
                let message = format!("engine: `{engine}` is no source of kind flight-sql, dremio-rest or trino{hint}");
                return Err(FileError::at(&place, message));
            }
        }
        names.insert(kpi.name.clone(), place);
        kpis.push(kpi);
    }
    let mut sinks: Vec<Sink> = Vec::new();
    for (key, node) in collected.sinks {
        let sink = read_sink(&key, node, &environment, &context)?;
        if let Some(other) = sinks.iter().find(|other| other.kind.writes_where(&sink.kind)) {
            let message = format!("the sink {} writes where the sink {} does", sink.name, other.name);
            return Err(FileError::at(&key.place, message));
        }
        sinks.push(sink);
    }
    let definitions = Definitions { environment, time_zone, concurrency, sources, kpis };
    let secrets = Secrets::of(context.secrets.into_inner());
    Ok(DefinitionsFile { definitions, sinks, hash: hex(&hash.finalize()), memory_limit_bytes, secrets })
}

fn parse(file: &Path, hash: &mut Sha256) -> Result<Node, FileError> {
    let unreadable = |source| FileError::Unreadable { file: file.to_owned(), source };
    let bytes = fs::read(file).map_err(unreadable)?;
    hash.update(&bytes);
    let file: Arc<Path> = Arc::from(file);
    let text = String::from_utf8(bytes).map_err(|error| {
        let line = String::from_utf8_lossy(&error.as_bytes()[..error.utf8_error().valid_up_to()]).matches('\n').count();
        FileError::at(&Place { file: Arc::clone(&file), line: line + 1, column: 1 }, "this is not UTF-8")
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("yaml" | "yml") => super::yaml::parse(&file, text),
        _ => super::toml::parse(&file, text),
    }
}

fn environment(main: &mut Table<'_>, options: &Options<'_>) -> Result<String, FileError> {
    let written = main.text_at("environment")?;
    let (name, place) = match (options.environment, written) {
        (Some(name), _) => (name.to_owned(), main.place().clone()),
        (None, Some(written)) => written,
        (None, None) => ("development".to_owned(), main.place().clone()),
    };
    // It becomes part of paths and the name of a tab.
    let is_usable = !name.trim().is_empty()
        && name.chars().count() <= LONGEST_ENVIRONMENT
        && !name.contains(|char: char| char.is_control() || "/\\:*?[]".contains(char))
        && !name.starts_with(['.', '\'']);
    if !is_usable {
        let message = format!(
            "`{name}` is no name of an environment: it is 1 to {LONGEST_ENVIRONMENT} characters, none of / \\ : * ? [ ], \
             and begins with neither . nor '"
        );
        return Err(FileError::at(&place, message));
    }
    Ok(name)
}

/// What all files have together.
#[derive(Default)]
struct Collected {
    sources: Vec<(Key, Node)>,
    sinks: Vec<(Key, Node)>,
    kpis: Vec<Node>,
}

impl Collected {
    fn take(&mut self, table: &mut Table<'_>) -> Result<(), FileError> {
        add(&mut self.sources, table.tables("sources")?, "source")?;
        add(&mut self.sinks, table.tables("sinks")?, "sink")?;
        match table.take("kpi") {
            None => {}
            Some(Node { value: Value::List(items), .. }) => self.kpis.extend(items),
            Some(node) => return Err(FileError::at(&node.place, "kpi is a list: each begins with [[kpi]]")),
        }
        Ok(())
    }
}

fn add(all: &mut Vec<(Key, Node)>, more: Vec<(Key, Node)>, what: &str) -> Result<(), FileError> {
    for (key, node) in more {
        // SQL does not tell names apart by their case.
        if let Some((first, _)) = all.iter().find(|(known, _)| known.name.eq_ignore_ascii_case(&key.name)) {
            let message = format!("there is another {what} `{}` at {}: names are unique", first.name, first.place);
            return Err(FileError::at(&key.place, message));
        }
        all.push((key, node));
    }
    Ok(())
}

/// The files that a pattern names, by path. One without wildcards names a file that must be there.
fn matching(pattern: &str, place: &Place) -> Result<Vec<PathBuf>, FileError> {
    let full = beside(&place.file, pattern);
    let wrong = |reason: String| FileError::at(place, format!("include: `{pattern}`: {reason}"));
    let paths = glob::glob(&full.to_string_lossy()).map_err(|error| wrong(error.to_string()))?;
    let mut paths = paths.collect::<Result<Vec<_>, _>>().map_err(|error| wrong(error.to_string()))?;
    paths.sort();
    if paths.is_empty() && !pattern.contains(['*', '?', '[']) {
        return Err(wrong("there is no such file".to_owned()));
    }
    Ok(paths)
}

fn read_defaults(table: Option<Table<'_>>) -> Result<(Defaults, usize, usize), FileError> {
    let mut defaults = Defaults::default();
    let Some(mut table) = table else { return Ok((defaults, CONCURRENCY, MEMORY_LIMIT)) };
    if let Some(timeout) = table.parsed("timeout", length)? {
        defaults.timeout = timeout;
    }
    if let Some(rows) = table.number("max_rows", 1..=usize::MAX)? {
        defaults.max_rows = rows;
    }
    if let Some(dialect) = table.word("dialect", &DIALECTS)? {
        defaults.dialect = dialect;
    }
    let concurrency = table.number("concurrency", 1..=64)?.unwrap_or(CONCURRENCY);
    let memory = table.parsed("memory_limit", bytes)?.unwrap_or(MEMORY_LIMIT);
    table.finish()?;
    Ok((defaults, concurrency, memory))
}

/// Words of dialects.
pub const DIALECTS: [(&str, Dialect); 2] = [("compat", Dialect::Compat), ("strict", Dialect::Strict)];

/// A length of time that is not zero.
pub fn length(text: &str) -> Result<std::time::Duration, String> {
    let length = parse_duration(text).map_err(|error| error.to_string())?;
    if length.is_zero() { Err("it must not be 0".to_owned()) } else { Ok(length) }
}

/// A size like `512MiB`, at least 16 MiB.
fn bytes(text: &str) -> Result<usize, String> {
    const UNITS: [(&str, usize); 4] = [("MiB", 1 << 20), ("GiB", 1 << 30), ("MB", 1_000_000), ("GB", 1_000_000_000)];
    let parsed = UNITS.into_iter().find_map(|(unit, size)| {
        let number: usize = text.trim().strip_suffix(unit)?.trim().parse().ok()?;
        number.checked_mul(size)
    });
    parsed
        .filter(|bytes| *bytes >= 16 << 20)
        .ok_or_else(|| format!("`{text}` is no size of at least 16MiB; for example: 512MiB, 2GiB"))
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;

    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
