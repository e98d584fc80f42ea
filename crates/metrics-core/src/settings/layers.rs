//! The layers that settings come from, and where each value came from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use config::{Config, ConfigError, File, FileFormat, Source as _, Value, ValueKind};
use serde::de::DeserializeOwned;

use super::database_url::{DatabaseParts, DatabaseUrl};
use super::error::SettingsError;
use crate::secret::{without_password, without_query};

const BASE: &str = include_str!("../../../../config/base.toml");
const PREFIX: &str = "METRICS_";
const DATABASE_URL: &str = "database.url";
const SOURCE_URL: &str = "source.url";
const GOOGLE_CREDENTIALS: &str = "uptime.ingest.google_credentials";
const MAINTENANCE_TOKEN: &str = "databoard.maintenance_token";
/// Settings whose values are addresses of databases.
const DATABASE_URLS: [&str; 2] = [DATABASE_URL, SOURCE_URL];
/// Settings that variables of other programs set, too.
const CONVENTIONAL: [&str; 3] = [DATABASE_URL, SOURCE_URL, GOOGLE_CREDENTIALS];
/// Settings that the server of dashboards before this one had, by its names, and those beside them.
const DATABOARD: [(&str, &str); 20] = [
    ("SCHEMA_PATH", "databoard.schema_path"),
    ("VALIDATE_DASHBOARD_SCHEMA", "databoard.validate_dashboard_schema"),
    ("VALIDATE_DASHBOARD_SIZE", "databoard.validate_dashboard_size"),
    ("DASHBOARD_MAX_SINGLE_BYTES", "databoard.dashboard_max_single_bytes"),
    ("DASHBOARD_MAX_TOTAL_STORAGE_BYTES", "databoard.dashboard_max_total_storage_bytes"),
    ("DASHBOARD_EVICTION_THRESHOLD", "databoard.dashboard_eviction_threshold"),
    ("DASHBOARD_TARGET_UTILIZATION", "databoard.dashboard_target_utilization"),
    ("DASHBOARD_STRICT_QUOTA", "databoard.dashboard_strict_quota"),
    ("DATABOARD_HISTORY_MAX_BYTES", "databoard.history_max_bytes"),
    ("MAINTENANCE_TOKEN", MAINTENANCE_TOKEN),
    ("ROOT_PATH", "databoard.root_path"),
    ("CORS_ORIGINS", "databoard.cors_origins"),
    ("PUBLIC_URL", "databoard.public_url"),
    ("DATABOARD_PUBLIC_BACKENDS", "databoard.public_backends"),
    ("DATABOARD_MAX_POINTS", "databoard.max_points"),
    ("DATABOARD_MAX_CHANNELS", "databoard.max_channels"),
    ("DAQBUF_DEFAULT_URL", "databoard.upstream_url"),
    ("DAQBUF_DEFAULT_BACKEND", "databoard.upstream_backend"),
    ("CHANNEL_REFRESH_SECONDS", "databoard.channel_refresh_s"),
    ("UPSTREAM_MAX_PARALLEL", "databoard.upstream_max_parallel"),
];
/// Settings whose values may be links that are signed in their query.
const SOURCES: [&str; 3] = ["uptime.ingest.status", "uptime.ingest.hours", "uptime.ingest.zones"];
/// Texts that mean yes in a variable; any other means no.
const TRUE: [&str; 4] = ["1", "true", "yes", "on"];
/// Settings that are never shown.
const SECRETS: [&str; 2] = ["fx.api_key", MAINTENANCE_TOKEN];
/// Settings that may be read from a file named by a variable ending in `_FILE`.
const FROM_FILE: [&str; 5] = [DATABASE_URL, SOURCE_URL, "fx.base_url", "fx.api_key", MAINTENANCE_TOKEN];

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// `config/base.toml`, compiled in.
    Default,
    /// The file of the environment.
    File(PathBuf),
    /// One or more variables.
    Variable(String),
    /// A flag of the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => path.display().fmt(f),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A value given on the command line.
#[derive(Debug, Clone)]
pub struct Flag {
    /// The setting, for example `api.listen`.
    pub key: &'static str,
    /// The flag as the user writes it, for example `--listen`.
    pub name: &'static str,
    /// Its value.
    pub value: String,
}

/// A setting for people to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// For example `api.listen`.
    pub key: String,
    /// Its value; secrets and passwords masked; lists joined by commas.
    pub value: String,
    /// Where the value came from.
    pub origin: Origin,
}

/// Keys (`section.key`) and values of one file.
type Values = Vec<(String, ValueKind)>;

/// All layers, laid over each other.
pub(super) struct Merged(BTreeMap<String, (ValueKind, Origin)>);

/// Lays the environment's file, `environment` and `flags` over the defaults.
pub(super) fn merge(
    environment: impl IntoIterator<Item = (String, String)>,
    flags: &[Flag],
) -> Result<Merged, SettingsError> {
    // A variable that is set but empty counts as unset, as in a compose file that passes ${X:-}.
    let environment: BTreeMap<String, String> =
        environment.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    let environment = Environment(environment);

    let base = parse(BASE, Path::new("config/base.toml"))?;
    let mut merged = Merged(base.into_iter().map(|(key, value)| (key, (value, Origin::Default))).collect());
    for (key, text, origin) in environment.conventional()? {
        merged.set_text(key, &text, origin)?;
    }
    if let Some((path, values)) = environment.file()? {
        for (key, value) in values {
            merged.set(&key, value, Origin::File(path.clone()))?;
        }
    }
    for (name, key) in DATABOARD {
        if let Some((text, origin)) = environment.value(name)? {
            merged.set_text(key, &text, origin)?;
        }
    }
    for (name, key) in environment.settings(&merged)? {
        if let Some((text, origin)) = environment.value(&name)? {
            merged.set_text(&key, &text, origin)?;
        }
    }
    for flag in flags {
        merged.set_text(flag.key, &flag.value, Origin::Flag(flag.name))?;
    }
    Ok(merged)
}

impl Merged {
    /// Overrides `key` by a value of a file, which must be of the kind of the default.
    fn set(&mut self, key: &str, value: ValueKind, origin: Origin) -> Result<(), SettingsError> {
        let Some((default, _)) = self.0.get(key) else { return Err(self.unknown(key, origin)) };
        let value = match (default, value) {
            (ValueKind::Float(_), ValueKind::I64(whole)) => ValueKind::Float(whole as f64),
            (ValueKind::Float(_), value @ ValueKind::Float(_))
            | (ValueKind::I64(_), value @ ValueKind::I64(_))
            | (ValueKind::Boolean(_), value @ ValueKind::Boolean(_))
            | (ValueKind::String(_), value @ ValueKind::String(_))
            | (ValueKind::Array(_), value @ ValueKind::Array(_)) => value,
            (default, value) => return Err(invalid(key, &value, origin, expected(default).to_owned())),
        };
        // Empty in a file means that it is given elsewhere.
        if CONVENTIONAL.contains(&key) && value == ValueKind::String(String::new()) {
            return Ok(());
        }
        self.0.insert(key.to_owned(), (value, origin));
        Ok(())
    }

    /// Overrides `key` by text, read as the kind of the default.
    fn set_text(&mut self, key: &str, text: &str, origin: Origin) -> Result<(), SettingsError> {
        let Some((default, _)) = self.0.get(key) else { return Err(self.unknown(key, origin)) };
        let value = match default {
            ValueKind::I64(_) => text.trim().parse().ok().map(ValueKind::I64),
            ValueKind::Float(_) => text.trim().parse().ok().map(ValueKind::Float),
            ValueKind::Boolean(_) => {
                Some(ValueKind::Boolean(TRUE.iter().any(|word| text.trim().eq_ignore_ascii_case(word))))
            }
            ValueKind::Array(_) => {
                let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
                Some(ValueKind::Array(items.map(Value::from).collect()))
            }
            _ => Some(ValueKind::String(text.to_owned())),
        };
        let value = value.ok_or_else(|| invalid(key, &text.into(), origin.clone(), expected(default).to_owned()))?;
        self.0.insert(key.to_owned(), (value, origin));
        Ok(())
    }

    fn unknown(&self, key: &str, origin: Origin) -> SettingsError {
        SettingsError::UnknownKey { name: key.to_owned(), origin, nearest: nearest(key, self.0.keys().cloned()) }
    }

    /// The settings, typed and checked.
    pub(super) fn deserialize<T: DeserializeOwned>(&self) -> Result<T, SettingsError> {
        let build = || -> Result<T, ConfigError> {
            let mut builder = Config::builder();
            for (key, (value, _)) in &self.0 {
                builder = builder.set_override(key, Value::new(None, value.clone()))?;
            }
            builder.build()?.try_deserialize()
        };
        build().map_err(|error| {
            let (key, reason) = explain(error);
            self.invalid(&key, reason)
        })
    }

    /// The error of a setting that does not go with others.
    pub(super) fn invalid(&self, key: &str, reason: String) -> SettingsError {
        match self.0.get(key) {
            Some((value, origin)) => invalid(key, value, origin.clone(), reason),
            None => {
                SettingsError::Invalid { key: key.to_owned(), value: String::new(), origin: Origin::Default, reason }
            }
        }
    }

    /// Every setting as people may see it.
    pub(super) fn describe(&self) -> Vec<Setting> {
        self.0
            .iter()
            .map(|(key, (value, origin))| Setting {
                key: key.clone(),
                value: shown(key, value),
                origin: origin.clone(),
            })
            .collect()
    }
}

/// The variables of the process that are not empty.
struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Value of the variable `name`, or the content of the file that `<name>_FILE` names.
    fn value(&self, name: &str) -> Result<Option<(String, Origin)>, SettingsError> {
        let file_variable = format!("{name}_FILE");
        match (self.0.get(name), self.0.get(&file_variable)) {
            (Some(_), Some(_)) => Err(SettingsError::BothForms { variable: name.to_owned() }),
            (Some(value), None) => Ok(Some((value.clone(), Origin::Variable(name.to_owned())))),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path).map_err(|source| SettingsError::UnreadableValue {
                    variable: file_variable.clone(),
                    path: path.into(),
                    source,
                })?;
                // Secrets written by an editor or `echo` end in a line break that is not part of them.
                Ok(Some((text.trim_end_matches(['\r', '\n']).to_owned(), Origin::Variable(file_variable))))
            }
            (None, None) => Ok(None),
        }
    }

    /// Values of the variables that other programs use, too.
    fn conventional(&self) -> Result<Vec<(&'static str, String, Origin)>, SettingsError> {
        let mut values = Vec::new();
        if let Some((text, origin)) = self.value("DATABASE_URL")? {
            values.push((DATABASE_URL, text, origin));
        } else if let Some((url, origin)) = self.database_parts()? {
            values.push((DATABASE_URL, url.expose().to_owned(), origin));
        }
        if let Some((text, origin)) = self.value("SOURCE_DATABASE_URL")? {
            values.push((SOURCE_URL, text, origin));
        }
        // Its value is the path of a file as it is.
        let name = "GOOGLE_APPLICATION_CREDENTIALS";
        if let Some(path) = self.0.get(name) {
            values.push((GOOGLE_CREDENTIALS, path.clone(), Origin::Variable(name.to_owned())));
        }
        Ok(values)
    }

    /// The address that `DB_HOST`, `DB_PORT`, … spell, when any of them is set.
    fn database_parts(&self) -> Result<Option<(DatabaseUrl, Origin)>, SettingsError> {
        let mut named = Vec::new();
        let mut read = |name: &str, default: &str| -> Result<String, SettingsError> {
            Ok(match self.value(name)? {
                Some((text, origin)) => {
                    named.push(origin.to_string());
                    text
                }
                None => default.to_owned(),
            })
        };
        let host = read("DB_HOST", "localhost")?;
        let port = read("DB_PORT", "5432")?;
        let name = read("DB_NAME", "base")?;
        let username = read("DB_USERNAME", "base")?;
        let password = read("DB_PASSWORD", "base")?;
        if named.is_empty() {
            return Ok(None);
        }
        let port = port.trim().parse().map_err(|_| SettingsError::Invalid {
            key: "DB_PORT".to_owned(),
            value: port.clone(),
            origin: Origin::Variable("DB_PORT".to_owned()),
            reason: "must be a port, 1 to 65535".to_owned(),
        })?;
        let parts = DatabaseParts { host: &host, port, name: &name, username: &username, password: &password };
        let origin = Origin::Variable(named.join(", "));
        match DatabaseUrl::try_from(parts) {
            Ok(url) => Ok(Some((url, origin))),
            Err(reason) => {
                Err(SettingsError::Invalid { key: DATABASE_URL.to_owned(), value: "***".to_owned(), origin, reason })
            }
        }
    }

    /// The file that `METRICS_ENV` names, and what it holds.
    fn file(&self) -> Result<Option<(PathBuf, Values)>, SettingsError> {
        let Some(environment) = self.0.get("METRICS_ENV") else { return Ok(None) };
        let folder = self.0.get("METRICS_CONFIG_DIR").map_or("config", String::as_str);
        let path = Path::new(folder).join(format!("{environment}.toml"));
        let text = std::fs::read_to_string(&path).map_err(|source| SettingsError::UnreadableFile {
            environment: environment.clone(),
            path: path.clone(),
            source,
        })?;
        let values = parse(&text, &path)?;
        Ok(Some((path, values)))
    }

    /// Variables that set a setting (without `_FILE`), with its key.
    fn settings(&self, known: &Merged) -> Result<BTreeMap<String, String>, SettingsError> {
        let variables: BTreeMap<String, String> = known
            .0
            .keys()
            .map(|key| (format!("{PREFIX}{}", key.replace('.', "__").to_uppercase()), key.clone()))
            .collect();
        let mut found = BTreeMap::new();
        for name in self.0.keys().filter(|name| name.starts_with(PREFIX)) {
            if matches!(name.as_str(), "METRICS_ENV" | "METRICS_CONFIG_DIR") {
                continue;
            }
            let of_file = name.strip_suffix("_FILE").and_then(|stem| Some((stem, variables.get(stem)?)));
            match (variables.get(name), of_file) {
                (Some(key), _) => found.insert(name.clone(), key.clone()),
                (None, Some((stem, key))) if FROM_FILE.contains(&key.as_str()) => {
                    found.insert(stem.to_owned(), key.clone())
                }
                _ => {
                    return Err(SettingsError::UnknownKey {
                        name: name.clone(),
                        origin: Origin::Variable("environment".to_owned()),
                        nearest: nearest(name, variables.into_keys()),
                    });
                }
            };
        }
        Ok(found)
    }
}

/// Keys and values of a TOML text.
fn parse(text: &str, path: &Path) -> Result<Values, SettingsError> {
    let tables = File::from_str(text, FileFormat::Toml).collect().map_err(|error| SettingsError::Syntax {
        path: path.to_owned(),
        reason: syntax_error(text).unwrap_or_else(|| error.to_string()),
    })?;
    let mut values = Vec::new();
    for (key, value) in tables {
        flatten(key, value.kind, &mut values);
    }
    Ok(values)
}

/// Line and reason of a syntax error. Never the line itself, as the parser's own text has it: it may hold a secret.
fn syntax_error(text: &str) -> Option<String> {
    let error = text.parse::<toml::Table>().err()?;
    let before = text.get(..error.span()?.start)?;
    Some(format!("line {}: {}", before.matches('\n').count() + 1, error.message()))
}

fn flatten(key: String, value: ValueKind, values: &mut Values) {
    match value {
        ValueKind::Table(table) => {
            for (inner, value) in table {
                flatten(format!("{key}.{inner}"), value.kind, values);
            }
        }
        value => values.push((key, value)),
    }
}

/// The setting that an error of deserialization speaks of, and its reason.
fn explain(error: ConfigError) -> (String, String) {
    match error {
        ConfigError::At { error, key, .. } => {
            let (inner, reason) = explain(*error);
            (key.unwrap_or(inner), reason)
        }
        ConfigError::Type { key, expected, .. } => (key.unwrap_or_default(), format!("must be {expected}")),
        other => (String::new(), other.to_string()),
    }
}

fn expected(default: &ValueKind) -> &'static str {
    match default {
        ValueKind::I64(_) => "must be a whole number",
        ValueKind::Float(_) => "must be a number",
        ValueKind::Boolean(_) => "must be true or false",
        ValueKind::Array(_) => "must be a list",
        _ => "must be text in quotes",
    }
}

fn invalid(key: &str, value: &ValueKind, origin: Origin, reason: String) -> SettingsError {
    // An address that cannot be read cannot be masked in parts either.
    let value = if FROM_FILE.contains(&key) { "***".to_owned() } else { shown(key, value) };
    SettingsError::Invalid { key: key.to_owned(), value, origin, reason }
}

/// A value as people may see it.
fn shown(key: &str, value: &ValueKind) -> String {
    match value {
        ValueKind::String(text) if text.is_empty() => String::new(),
        _ if SECRETS.contains(&key) => "***".to_owned(),
        ValueKind::String(text) if DATABASE_URLS.contains(&key) => {
            text.parse::<DatabaseUrl>().map_or_else(|_| "***".to_owned(), |url| url.to_string())
        }
        ValueKind::String(text) if SOURCES.contains(&key) => without_query(&without_password(text)),
        ValueKind::Array(items) => items.iter().map(|item| shown(key, &item.kind)).collect::<Vec<_>>().join(","),
        value => without_password(&value.to_string()),
    }
}

/// The known name with the fewest edits from `name`.
fn nearest(name: &str, known: impl Iterator<Item = String>) -> String {
    known.min_by_key(|candidate| strsim::damerau_levenshtein(name, candidate)).unwrap_or_default()
}
