//! `[[kpi]]`.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use metrics_core::kpi::{DATE_TIME, Dialect, Form, Kpi, ParameterValue, Pushdown};

use super::document::{FileError, Node, Place, Value};
use super::file::{DIALECTS, length};
use super::reader::{Context, Table, text};

/// Characters of the longest name: the header of a column, which has to be read.
const LONGEST_NAME: usize = 300;

/// What KPIs have that do not say otherwise.
pub struct Defaults {
    /// Of all sources together.
    pub timeout: Duration,
    /// Rows of a result of rows.
    pub max_rows: usize,
    /// SQL in which queries are written.
    pub dialect: Dialect,
}

impl Default for Defaults {
    fn default() -> Self {
        Self { timeout: Duration::from_mins(1), max_rows: 100, dialect: Dialect::Compat }
    }
}

/// A KPI, and where it names an engine.
pub fn read_kpi(
    node: Node,
    defaults: &Defaults,
    as_of: DateTime<Utc>,
    zone: Tz,
    context: &Context<'_>,
) -> Result<(Kpi, Option<Place>), FileError> {
    let mut table = Table::of(node, "the KPI", context)?;
    let name = table.required("name")?;
    // Tabs are in names that are in force, and a name is the key of a column that is there.
    let is_strange = |char: char| char.is_control() && char != '\t';
    let is_usable = name.trim() == name && name.chars().count() <= LONGEST_NAME && !name.contains(is_strange);
    if !is_usable || name == DATE_TIME {
        return Err(table.error(format!(
            "has the name `{}`: it is at most {LONGEST_NAME} characters on one line, without blanks around it, and not \
             `{DATE_TIME}`",
            name.escape_debug()
        )));
    }
    let sql = table.required("sql")?;
    let form = form(&mut table)?;
    let engine = table.text_at("engine")?;
    let kpi = Kpi {
        name,
        sql,
        form,
        unit: table.text("unit")?.filter(|unit| !unit.is_empty()),
        description: table.text("description")?.filter(|description| !description.is_empty()),
        tags: table.texts("tags")?.into_iter().map(|(tag, _)| tag).collect(),
        timeout: table.parsed("timeout", length)?.unwrap_or(defaults.timeout),
        max_rows: table.number("max_rows", 1..=usize::MAX)?.unwrap_or(defaults.max_rows),
        truncates: table.boolean("truncate")?.unwrap_or(false),
        dialect: table.word("dialect", &DIALECTS)?.unwrap_or(defaults.dialect),
        pushdown: table.word("pushdown", &[("auto", Pushdown::Auto), ("none", Pushdown::None)])?.unwrap_or_default(),
        allows_full_scan: table.boolean("full_scan")?.unwrap_or(false),
        engine: engine.as_ref().map(|(engine, _)| engine.clone()),
        parameters: parameters(&mut table, as_of, zone, context)?,
    };
    table.finish()?;
    Ok((kpi, engine.map(|(_, place)| place)))
}

/// `form`, or its older key.
fn form(table: &mut Table<'_>) -> Result<Form, FileError> {
    let form = table.word("form", &[("count", Form::Count), ("rows", Form::Rows)])?;
    let old = table.boolean("extract_count")?.map(|is_count| if is_count { Form::Count } else { Form::Rows });
    match (form, old) {
        (Some(_), Some(_)) => Err(table.error("has both form and extract_count: leave extract_count out")),
        (form, old) => Ok(form.or(old).unwrap_or(Form::Count)),
    }
}

fn parameters(
    table: &mut Table<'_>,
    as_of: DateTime<Utc>,
    zone: Tz,
    context: &Context<'_>,
) -> Result<BTreeMap<String, ParameterValue>, FileError> {
    let mut parameters = BTreeMap::new();
    for (key, node) in table.tables("params")? {
        let is_name = |name: &str| {
            name.starts_with(|char: char| char.is_ascii_alphabetic() || char == '_')
                && name.chars().all(|char| char.is_ascii_alphanumeric() || char == '_')
        };
        if !is_name(&key.name) {
            let message = format!("`{}` is no name of a parameter: letters, digits and _, without the $", key.name);
            return Err(FileError::at(&key.place, message));
        }
        let place = node.place.clone();
        let value = match node.value {
            Value::Text(_) => {
                let text = text(node, &key.name, context)?;
                ParameterValue::of_text(&text, as_of, zone).map_err(|error| FileError::at(&place, error.to_string()))?
            }
            Value::Integer(number) => ParameterValue::Integer(number),
            Value::Float(number) if number.is_finite() => ParameterValue::Float(number),
            Value::Boolean(value) => ParameterValue::Boolean(value),
            Value::Float(_) | Value::List(_) | Value::Table(_) => {
                let message = format!("`{}` is text, a number, true or false", key.name);
                return Err(FileError::at(&place, message));
            }
        };
        parameters.insert(key.name, value);
    }
    Ok(parameters)
}
