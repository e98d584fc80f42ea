//! `reporter kpi import`: definitions from the JSON form of another system.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write;

use anyhow::Context as _;
use metrics_core::exit::Exit;
use serde::Deserialize;

use super::cli::ImportArgs;
use super::error::ProgramError;
use crate::definitions::did_you_mean;

/// The file: a list of queries, by itself or under `queries`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Queries {
    Listed(Vec<Query>),
    Named { queries: Vec<Query> },
}

/// A query.
#[derive(Deserialize)]
struct Query {
    name: String,
    #[serde(alias = "query")]
    sql: String,
    #[serde(default)]
    extract_count: bool,
    #[serde(default)]
    environments: Vec<String>,
    #[serde(default)]
    catalogs: Vec<String>,
}

/// `reporter kpi import`.
pub fn import(arguments: &ImportArgs, out: &mut impl Write) -> Result<Exit, ProgramError> {
    let read = || -> anyhow::Result<Vec<Query>> {
        let text = std::fs::read_to_string(&arguments.file)?;
        let queries = serde_json::from_str(&text)
            .context("it is no list of {\"name\", \"sql\", \"extract_count\", \"environments\"}")?;
        Ok(match queries {
            Queries::Listed(queries) | Queries::Named { queries } => queries,
        })
    };
    let queries = read()
        .with_context(|| format!("{} cannot be read", arguments.file.display()))
        .map_err(ProgramError::NotUsable)?;
    let environment = arguments.environment.as_deref();
    let chosen: Vec<&Query> = queries
        .iter()
        .filter(|query| environment.is_none_or(|name| query.environments.iter().any(|of| of == name)))
        .collect();
    if let (Some(name), true) = (environment, chosen.is_empty()) {
        let known: BTreeSet<&str> = queries.iter().flat_map(|query| &query.environments).map(String::as_str).collect();
        let hint = did_you_mean(name, known.iter().copied());
        return Err(ProgramError::Usage(format!("no query is of the environment `{name}`{hint}")));
    }
    let (text, repeated) = definitions(&chosen, environment);
    for name in repeated {
        // There is no log yet: settings are not needed here.
        let _ = writeln!(
            std::io::stderr(),
            "warning: there are several queries called `{name}`; the later ones have a number"
        );
    }
    out.write_all(text.as_bytes())?;
    Ok(Exit::Done)
}

/// The definitions as TOML, and the names that several queries have.
fn definitions<'a>(queries: &[&'a Query], environment: Option<&str>) -> (String, BTreeSet<&'a str>) {
    let mut text = String::from("version = 1\n");
    // Writing to a String does not fail.
    let _ = writeln!(
        text,
        "environment = {}",
        quoted(&format!("${{KPI_ENVIRONMENT:-{}}}", environment.unwrap_or("development")))
    );
    let catalogs: BTreeSet<&str> = queries.iter().flat_map(|query| &query.catalogs).map(String::as_str).collect();
    text.push_str("\n# Sources are not part of what was imported.");
    if !catalogs.is_empty() {
        let catalogs: Vec<_> = catalogs.into_iter().collect();
        let _ = write!(text, " The queries read: {}.", catalogs.join(", "));
    }
    text.push_str(" For example:\n# [sources.NAME]\n# kind = \"postgres\"\n# url = \"${NAME_DATABASE_URL}\"\n");
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut taken: BTreeSet<String> = queries.iter().map(|query| query.name.trim().to_owned()).collect();
    let mut repeated = BTreeSet::new();
    for query in queries {
        let name = query.name.trim();
        let times = seen.entry(name).or_default();
        *times += 1;
        let mut unique = name.to_owned();
        if *times > 1 {
            repeated.insert(name);
            while !taken.insert(unique.clone()) {
                unique = format!("{name} ({times})");
                *times += usize::from(taken.contains(&unique));
            }
        }
        let form = if query.extract_count { "count" } else { "rows" };
        let sql = query.sql.trim();
        let _ = write!(text, "\n[[kpi]]\nname = {}\nsql = {}\nform = \"{form}\"\n", quoted(&unique), quoted(sql));
    }
    (text, repeated)
}

/// `text` as TOML, with what begins a variable escaped where it is none of ours.
fn quoted(text: &str) -> String {
    let text = if text.starts_with("${KPI_ENVIRONMENT") { text.to_owned() } else { text.replace("${", "$${") };
    if text.contains('\n') && !text.contains("'''") && !text.contains('\r') {
        return format!("'''\n{text}'''");
    }
    toml::Value::String(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::definitions::{Options, load};

    /// What comes out is read back, whatever is in it.
    #[test]
    fn definitions_that_are_written_can_be_read() {
        let query = |name: &str, sql: &str, extract_count| Query {
            name: name.to_owned(),
            sql: sql.to_owned(),
            extract_count,
            environments: Vec::new(),
            catalogs: vec!["a".to_owned()],
        };
        let queries = [
            query("A1: \"quoted\"", "SELECT 'it''s', \"x\\y\" FROM a.b.c", true),
            query("A1: \"quoted\"", "SELECT 1\nFROM a.b.c\n", false),
            query(" A1: \"quoted\"", "SELECT '${x}', '''' \nFROM a.b.c", true),
            query("A1: \"quoted\" (2)", "SELECT 2", true),
        ];
        let (text, repeated) = definitions(&queries.iter().collect::<Vec<_>>(), Some("demo"));
        assert_eq!(repeated, BTreeSet::from(["A1: \"quoted\""]));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kpis.toml");
        std::fs::write(&path, &text).unwrap();
        let options = Options { environment: None, as_of: chrono::DateTime::UNIX_EPOCH, variables: &|_| None };
        let file = load(&path, &options).unwrap_or_else(|error| panic!("{error}\n{text}"));
        assert_eq!(file.definitions.environment, "demo");
        let names: Vec<_> = file.definitions.kpis.iter().map(|kpi| kpi.name.as_str()).collect();
        assert_eq!(names, ["A1: \"quoted\"", "A1: \"quoted\" (3)", "A1: \"quoted\" (4)", "A1: \"quoted\" (2)"]);
        for (kpi, query) in file.definitions.kpis.iter().zip(&queries) {
            assert_eq!(kpi.sql.trim(), query.sql.trim());
        }
    }
}
