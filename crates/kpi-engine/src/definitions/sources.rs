//! `[sources.*]`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use metrics_core::kpi::{
    Authentication, ExternalKind, ExternalSource, FileFormat, FileTable, FilesSource, MultiValue, PostgresSource,
    SearchSource, SearchTable, Source, SourceKind, Timestamps,
};
use metrics_core::secret::Secret;
use url::Url;

use super::document::{FileError, Key, Node, Place};
use super::file::length;
use super::reader::{Context, Table};
use super::{beside, percent_decoded};
use crate::external::require;

#[derive(Clone, Copy)]
enum Kind {
    Postgres,
    Search,
    Files,
    Metrics,
    External(ExternalKind),
}

const KINDS: [(&str, Kind); 8] = [
    ("postgres", Kind::Postgres),
    ("elasticsearch", Kind::Search),
    ("opensearch", Kind::Search),
    ("files", Kind::Files),
    ("metrics", Kind::Metrics),
    ("flight-sql", Kind::External(ExternalKind::FlightSql)),
    ("dremio-rest", Kind::External(ExternalKind::DremioRest)),
    ("trino", Kind::External(ExternalKind::Trino)),
];
const TIMESTAMPS: [(&str, Timestamps); 2] = [("naive", Timestamps::Naive), ("utc", Timestamps::Utc)];
const MULTI_VALUES: [(&str, MultiValue); 3] =
    [("error", MultiValue::Error), ("first", MultiValue::First), ("json", MultiValue::Json)];
const FORMATS: [(&str, FileFormat); 3] =
    [("csv", FileFormat::Csv), ("ndjson", FileFormat::Ndjson), ("parquet", FileFormat::Parquet)];

/// A source.
pub fn read_source(key: &Key, node: Node, context: &Context<'_>) -> Result<Source, FileError> {
    let is_name = |char: char| char.is_ascii_alphanumeric() || char == '_';
    if !key.name.chars().all(is_name) || key.name.starts_with(|char: char| char.is_ascii_digit()) {
        let message =
            format!("`{}` is no name of a source: it is a catalog in SQL, so letters, digits and _", key.name);
        return Err(FileError::at(&key.place, message));
    }
    let mut table = Table::of(node, format!("the source {}", key.name), context)?;
    let Some(kind) = table.word("kind", &KINDS)? else {
        let kinds: Vec<_> = KINDS.iter().map(|(kind, _)| *kind).collect();
        return Err(table.error(format!("has no kind: it is one of {}", kinds.join(", "))));
    };
    let is_large = table.boolean("large")?.unwrap_or(false);
    let kind = match kind {
        Kind::Postgres => SourceKind::Postgres(postgres(&mut table)?),
        Kind::Search => SourceKind::Search(search(&mut table, context)?),
        Kind::Files => SourceKind::Files(files(&mut table, context)?),
        Kind::Metrics => SourceKind::Metrics,
        Kind::External(kind) => {
            require(kind).map_err(|error| table.error(format!("cannot be used: {error}")))?;
            SourceKind::External(external(&mut table, kind, context)?)
        }
    };
    table.finish()?;
    Ok(Source { kind, is_large })
}

fn url(table: &mut Table<'_>) -> Result<Secret, FileError> {
    table.secret("url", "url_file")?.ok_or_else(|| table.error("has no url, and no url_file either"))
}

fn postgres(table: &mut Table<'_>) -> Result<PostgresSource, FileError> {
    Ok(PostgresSource {
        url: url(table)?,
        schemas: table.texts("schemas")?.into_iter().map(|(schema, _)| schema).collect(),
        pool: table.number("pool", 1..=100)?.unwrap_or(3),
        statement_timeout: table.parsed("statement_timeout", statement_timeout)?.unwrap_or(Duration::from_secs(30)),
        is_read_only: table.boolean("read_only")?.unwrap_or(true),
    })
}

/// A length that PostgreSQL takes for a time-out.
fn statement_timeout(text: &str) -> Result<Duration, String> {
    let length = length(text)?;
    if length.as_millis() > i32::MAX.unsigned_abs().into() {
        return Err(format!("`{text}` is longer than the 24 days that PostgreSQL takes"));
    }
    Ok(length)
}

/// An address of `http` or `https` without user and password, and these.
fn address(
    table: &mut Table<'_>,
    context: &Context<'_>,
) -> Result<(String, Option<String>, Option<Secret>), FileError> {
    let url = url(table)?;
    let mut parsed = Url::parse(url.expose()).map_err(|error| table.error(format!("has an unusable url: {error}")))?;
    let user = Some(percent_decoded(parsed.username())).filter(|user| !user.is_empty());
    let password = parsed.password().map(|password| context.secret(percent_decoded(password)));
    if parsed.cannot_be_a_base() || parsed.host().is_none() {
        return Err(table.error("has an unusable url: it is like https://server:9200"));
    }
    // Of an address with a host these do not fail.
    let _ = parsed.set_username("");
    let _ = parsed.set_password(None);
    Ok((parsed.as_str().trim_end_matches('/').to_owned(), user, password))
}

fn search(table: &mut Table<'_>, context: &Context<'_>) -> Result<SearchSource, FileError> {
    let (url, user, password) = address(table, context)?;
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(table.error("has an unusable url: it begins with http:// or https://"));
    }
    let of_url = match (user, password) {
        (Some(user), Some(password)) => Some(Authentication::Basic { user, password }),
        (None, None) => None,
        _ => return Err(table.error("has a url with a user but no password, or the other way round")),
    };
    let given = match table.table("auth")? {
        Some(auth) => authentication(auth)?,
        None => None,
    };
    if of_url.is_some() && given.is_some() {
        return Err(table.error("has a user in url and auth: leave one out"));
    }
    let mut schemas = BTreeMap::new();
    for (key, node) in table.tables("schemas")? {
        let mut schema = Table::of(node, format!("the schema {}", key.name), context)?;
        let index = schema.text("index")?.unwrap_or_else(|| key.name.clone());
        let read = SearchTable {
            index,
            table: schema.text("table")?.unwrap_or_else(|| "_doc".to_owned()),
            arrays: schema.texts("arrays")?.into_iter().map(|(field, _)| field).collect(),
            multi_value: schema.word("multi_value", &MULTI_VALUES)?.unwrap_or_default(),
            timestamps: schema.word("timestamps", &TIMESTAMPS)?.unwrap_or_default(),
        };
        schema.finish()?;
        schemas.insert(key.name, read);
    }
    if schemas.is_empty() {
        return Err(table.error("has no schemas: [sources.NAME.schemas.SCHEMA] says which index is which"));
    }
    Ok(SearchSource {
        url,
        authentication: of_url.or(given),
        request_timeout: table.parsed("request_timeout", length)?.unwrap_or(Duration::from_secs(30)),
        page_size: u32::try_from(table.number("page_size", 1..=10_000)?.unwrap_or(1_000)).unwrap_or(1_000),
        schemas,
    })
}

/// What is given by `auth`; nothing when all of it is empty, as with variables that are not set.
fn authentication(mut auth: Table<'_>) -> Result<Option<Authentication>, FileError> {
    let user = auth.text("user")?.filter(|user| !user.is_empty());
    let has_password = user.is_some();
    let password = if has_password { auth.secret("password", "password_file")? } else { None };
    if !has_password {
        // Without a user a password says nothing; both keys are known all the same.
        let password = auth.text("password")?.filter(|password| !password.is_empty());
        if password.is_some() || auth.text("password_file")?.is_some() {
            return Err(auth.error("has a password but no user"));
        }
    }
    let api_key = auth.secret("api_key", "api_key_file")?;
    let result = match (user, password, api_key) {
        (Some(user), Some(password), None) => Some(Authentication::Basic { user, password }),
        (None, None, Some(key)) => Some(Authentication::ApiKey(key)),
        (None, None, None) => None,
        (Some(_), None, _) => return Err(auth.error("has a user but no password")),
        _ => return Err(auth.error("has a user and an api_key: leave one out")),
    };
    auth.finish()?;
    Ok(result)
}

fn files(table: &mut Table<'_>, context: &Context<'_>) -> Result<FilesSource, FileError> {
    let mut schemas: BTreeMap<String, BTreeMap<String, FileTable>> = BTreeMap::new();
    let mut add = |schema: &str, tables: Vec<(Key, Node)>| -> Result<(), FileError> {
        for (key, node) in tables {
            let read = file_table(&key, node, context)?;
            if schemas.entry(schema.to_owned()).or_default().insert(key.name.clone(), read).is_some() {
                let message = format!("there is another table `{}` in the schema {schema}", key.name);
                return Err(FileError::at(&key.place, message));
            }
        }
        Ok(())
    };
    add("public", table.tables("tables")?)?;
    for (key, node) in table.tables("schemas")? {
        let mut schema = Table::of(node, format!("the schema {}", key.name), context)?;
        add(&key.name, schema.tables("tables")?)?;
        schema.finish()?;
    }
    if schemas.is_empty() {
        return Err(table.error("has no tables: [sources.NAME.tables] says which file is which"));
    }
    Ok(FilesSource { schemas })
}

fn file_table(key: &Key, node: Node, context: &Context<'_>) -> Result<FileTable, FileError> {
    let place = node.place.clone();
    let mut table = Table::of(node, format!("the table {}", key.name), context)?;
    let written = table.required("path")?;
    let path = beside(&place.file, &written);
    let path = std::path::absolute(&path).unwrap_or(path);
    let Some(format) = table.word("format", &FORMATS)?.or_else(|| format_of(Path::new(&written))) else {
        return Err(table.error("has no format, and its path does not tell: it is csv, ndjson or parquet"));
    };
    let partitions = table.texts("partitions")?;
    let partitions = partitions.into_iter().map(|(text, place)| partition(&text, &place)).collect::<Result<_, _>>()?;
    let read = FileTable {
        path,
        format,
        has_header: table.boolean("has_header")?.unwrap_or(true),
        partitions,
        arrays: table.texts("arrays")?.into_iter().map(|(field, _)| field).collect(),
        timestamps: table.word("timestamps", &TIMESTAMPS)?.unwrap_or_default(),
    };
    table.finish()?;
    Ok(read)
}

/// What the name of a file tells of its format.
fn format_of(path: &Path) -> Option<FileFormat> {
    match path.extension()?.to_str()? {
        "csv" => Some(FileFormat::Csv),
        "ndjson" | "jsonl" => Some(FileFormat::Ndjson),
        "parquet" => Some(FileFormat::Parquet),
        _ => None,
    }
}

/// A column in names of folders, and its type.
fn partition(text: &str, place: &Place) -> Result<(String, String), FileError> {
    match text.split_once(':') {
        Some((column, kind)) if !column.is_empty() && !kind.is_empty() => Ok((column.to_owned(), kind.to_owned())),
        None if !text.is_empty() => Ok((text.to_owned(), "text".to_owned())),
        _ => Err(FileError::at(place, format!("`{text}` is no partition; for example: day:date"))),
    }
}

fn external(table: &mut Table<'_>, kind: ExternalKind, context: &Context<'_>) -> Result<ExternalSource, FileError> {
    let (url, url_user, url_password) = address(table, context)?;
    let user = table.text("user")?.filter(|user| !user.is_empty());
    let password = table.secret("password", "password_file")?;
    if (url_user.is_some() && user.is_some()) || (url_password.is_some() && password.is_some()) {
        return Err(table.error("has a user or password both in url and beside it: leave one out"));
    }
    Ok(ExternalSource {
        kind,
        url,
        user: user.or(url_user),
        password: password.or(url_password),
        catalog: table.text("catalog")?,
        schema: table.text("schema")?,
    })
}
