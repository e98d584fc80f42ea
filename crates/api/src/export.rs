//! Results as files: which form a client wants, and rows of the JSON bodies in the other forms.
//!
//! The cells of a file are what the JSON body says, column by column, so all forms have the same rows. A result is
//! added to the machinery by a list of its columns: [`columns`] and [`Table::of`].

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use actix_web::http::header::{
    self, Accept, ContentDisposition, DispositionParam, DispositionType, Header, HeaderValue, Quality,
};
use actix_web::mime::{self, Mime};
use actix_web::{HttpRequest, web};
use metrics_core::export::{About, Column, Form, Kind, RowWriter, Style, Value};
use serde::Serialize;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use crate::error::{ApiError, FieldError};

/// Parameters that choose the form of a result.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the parameters; they are read by name")]
pub struct FormParams {
    /// Form of the result: json, csv, xlsx or parquet. Without it the header Accept decides.
    #[param(pattern = "^(json|csv|xlsx|parquet)$", example = "json")]
    format: Option<String>,
    /// First line of CSV: names, or units for names with their unit as in `room_kg_in [kg]`. Only with CSV.
    #[param(pattern = "^(names|units)$")]
    header: Option<String>,
}

/// Bytes of a file.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct Binary(#[expect(dead_code, reason = "describes a body")] Vec<u8>);

/// What the parameters ask for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Asked {
    /// The form, when it is said.
    pub form: Option<Form>,
    /// The first line of CSV, when it is said: with units or without.
    pub units_in_header: Option<bool>,
}

/// The form that a client gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// The form.
    pub form: Form,
    /// CSV: names are followed by units.
    pub units_in_header: bool,
}

impl Wanted {
    /// What the parameters say, else what the header `Accept` prefers, and of several `preferred`.
    pub fn new(request: &HttpRequest, asked: Asked, preferred: Form) -> Result<Self, ApiError> {
        let accepted = || match request.headers().contains_key(header::ACCEPT).then(|| Accept::parse(request)) {
            Some(Ok(accept)) if !accept.0.is_empty() => negotiate(&accept, preferred).ok_or(ApiError::NoSuchForm),
            // A header that says nothing intelligible says nothing.
            _ => Ok(preferred),
        };
        let form = asked.form.map_or_else(accepted, Ok)?;
        if asked.units_in_header.is_some() && form != Form::Csv {
            let error = FieldError { field: "header".to_owned(), reason: "is for format=csv only".to_owned() };
            return Err(ApiError::InvalidFields(vec![error]));
        }
        Ok(Self { form, units_in_header: asked.units_in_header.unwrap_or(false) })
    }

    /// The same for every way of asking for the same.
    pub fn normalised(self) -> String {
        format!("{}&{}", self.form.as_str(), self.units_in_header)
    }

    /// Value of `Content-Type`.
    pub fn content_type(self) -> HeaderValue {
        match (self.form, self.units_in_header) {
            (Form::Csv, _) => HeaderValue::from_static("text/csv; charset=utf-8; header=present"),
            (form, _) => HeaderValue::from_static(form.media_type()),
        }
    }

    /// Value of `Content-Disposition` of a file with this name, before its extension.
    pub fn disposition(self, name: &str) -> ContentDisposition {
        let file = format!("{name}.{}", self.form.as_str());
        ContentDisposition {
            disposition: DispositionType::Attachment,
            parameters: vec![DispositionParam::Filename(file)],
        }
    }
}

/// The form of the best quality, of several `preferred` or else the first.
fn negotiate(accept: &Accept, preferred: Form) -> Option<Form> {
    let others = Form::ALL.into_iter().filter(|form| *form != preferred);
    let mut best = None;
    for form in std::iter::once(preferred).chain(others) {
        let quality = quality(accept, form);
        if quality > Quality::ZERO && best.is_none_or(|(_, known)| quality > known) {
            best = Some((form, quality));
        }
    }
    best.map(|(form, _)| form)
}

/// Quality of a form: that of the most specific range that covers it.
fn quality(accept: &Accept, form: Form) -> Quality {
    let (kind, subtype) = form.media_type().split_once('/').unwrap_or_default();
    let specificity = |range: &Mime| match (range.type_(), range.subtype()) {
        (mime::STAR, mime::STAR) => Some(1),
        (range_kind, mime::STAR) if range_kind == kind => Some(2),
        (range_kind, _) if range_kind == kind && range.essence_str().ends_with(subtype) => {
            (range.essence_str().len() == form.media_type().len()).then_some(3)
        }
        _ => None,
    };
    let ranges = accept.0.iter().filter_map(|item| Some((specificity(&item.item)?, item.quality)));
    ranges.max_by_key(|(specificity, _)| *specificity).map_or(Quality::ZERO, |(_, quality)| quality)
}

/// Rows of a result with their columns.
#[derive(Debug)]
pub struct Table {
    /// Name of the file, before its extension.
    pub name: String,
    columns: Vec<Column>,
    about: About,
    rows: Vec<Vec<Value>>,
}

impl Table {
    /// The table of `rows`, as they stand in a body with this `meta`.
    pub fn of<R: Serialize>(
        name: String,
        meta: &impl Serialize,
        columns: Vec<Column>,
        rows: &[R],
    ) -> Result<Self, ApiError> {
        let about = about(meta)?;
        let columns = in_zones(columns, &about);
        let rows = rows.iter().map(|row| cells(&columns, row)).collect::<Result<_, _>>()?;
        Ok(Self { name, columns, about, rows })
    }

    /// The file.
    pub async fn write(self, wanted: Wanted) -> Result<Vec<u8>, ApiError> {
        // Not on the thread that answers other requests meanwhile.
        let written = web::block(move || {
            let style = Style { units_in_header: wanted.units_in_header, is_large: false, ..Style::default() };
            let mut writer = RowWriter::new(wanted.form, &self.columns, &self.about, &style, Vec::new())?;
            for row in &self.rows {
                writer.row(row)?;
            }
            writer.finish()
        });
        written
            .await
            .map_err(|error| ApiError::Internal(error.into()))?
            .map_err(|error| ApiError::Internal(error.into()))
    }
}

/// The columns of that names and kinds; what they mean stands in the description of `T`, whose fields they are.
pub fn columns<T: PartialSchema>(list: &[(&str, Kind)]) -> Vec<Column> {
    let descriptions = descriptions::<T>();
    let describe = |name: &str| descriptions.get(name).cloned().unwrap_or_default();
    list.iter().map(|(name, kind)| Column::new(*name, *kind, describe(name))).collect()
}

/// The same columns of something that stands beside, under the key `prefix`.
pub fn beside(prefix: &str, what: &str, columns: &[Column]) -> Vec<Column> {
    let other = |column: &Column| Column {
        name: format!("{prefix}_{}", column.name),
        description: format!("{what}: {}", column.description),
        ..column.clone()
    };
    columns.iter().map(other).collect()
}

fn descriptions<T: PartialSchema>() -> BTreeMap<String, String> {
    let RefOr::T(Schema::Object(object)) = T::schema() else { return BTreeMap::new() };
    let described = object.properties.into_iter().filter_map(|(name, schema)| Some((name, description(schema)?)));
    described.collect()
}

fn description(schema: RefOr<Schema>) -> Option<String> {
    match schema {
        RefOr::T(Schema::Object(object)) => object.description,
        RefOr::T(Schema::Array(array)) => array.description,
        RefOr::T(Schema::OneOf(one_of)) => one_of.description,
        RefOr::T(Schema::AllOf(all_of)) => all_of.description,
        _ => None,
    }
}

/// Days are those of the zones that `about` names, where no column names the zone of each row.
fn in_zones(columns: Vec<Column>, about: &About) -> Vec<Column> {
    let has_zones = columns.iter().any(|column| column.name == "time_zone");
    let zones = about.facts.iter().find(|(name, text)| name == "time_zones" && !text.is_empty());
    let Some((_, zones)) = zones.filter(|_| !has_zones) else { return columns };
    let is_day = |column: &Column| column.kind == Kind::Date && column.unit.is_some();
    let named = |column: Column| if is_day(&column) { column.in_unit(format!("local day, {zones}")) } else { column };
    columns.into_iter().map(named).collect()
}

/// The members of a JSON object, in order.
pub struct Members(pub Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(Members(members))
    }
}

/// The cells of a row: a member for each column, or the member of an object that the column's prefix names.
pub fn cells(columns: &[Column], row: &impl Serialize) -> Result<Vec<Value>, ApiError> {
    let mut members = BTreeMap::new();
    let Members(outer) = serde_json::from_str(&serde_json::to_string(row)?)?;
    let names: BTreeSet<_> = columns.iter().map(|column| column.name.as_str()).collect();
    for (name, json) in outer {
        if names.contains(name.as_str()) {
            members.insert(name, json);
        } else if let Ok(Members(inner)) = serde_json::from_str(json.get()) {
            members.extend(inner.into_iter().map(|(inner, json)| (format!("{name}_{inner}"), json)));
        }
    }
    let cell = |column: &Column| match members.get(&column.name) {
        Some(json) => column.kind.from_json(json).map_err(|error| ApiError::Internal(error.into())),
        None => Ok(Value::Null),
    };
    columns.iter().map(cell).collect()
}

/// What a body says in `meta`, as facts: lists joined by commas, members of objects one by one.
pub fn about(meta: &impl Serialize) -> Result<About, ApiError> {
    let mut about = About::default();
    let Members(members) = serde_json::from_str(&serde_json::to_string(meta)?)?;
    for (name, json) in members {
        match serde_json::from_str(json.get())? {
            serde_json::Value::Null => {}
            serde_json::Value::Array(list) => {
                let texts: Vec<_> = list.iter().map(text).collect();
                about = about.with(&name, texts.join(", "));
            }
            serde_json::Value::Object(object) => {
                for (inner, value) in &object {
                    about = about.with(&format!("{name}.{inner}"), text(value));
                }
            }
            value => about = about.with(&name, text(&value)),
        }
    }
    Ok(about.with("program", concat!("metrics ", env!("CARGO_PKG_VERSION"))))
}

fn text(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn wanted(accept: Option<&str>, asked: Asked, preferred: Form) -> Option<Form> {
        let mut request = TestRequest::default();
        if let Some(accept) = accept {
            request = request.insert_header(("accept", accept));
        }
        Wanted::new(&request.to_http_request(), asked, preferred).ok().map(|wanted| wanted.form)
    }

    #[test]
    fn the_header_accept_chooses_by_quality_and_by_the_more_specific_range() {
        let chosen = |accept: &str| wanted(Some(accept), Asked::default(), Form::Json);
        let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for (accept, form) in [
            ("*/*", Some(Form::Json)),
            (browser, Some(Form::Json)),
            ("text/csv", Some(Form::Csv)),
            ("text/*", Some(Form::Csv)),
            ("application/*", Some(Form::Json)),
            ("TEXT/CSV; header=present", Some(Form::Csv)),
            ("application/json;q=0.5, text/csv;q=0.9", Some(Form::Csv)),
            ("application/json;q=0, */*;q=0.1", Some(Form::Csv)),
            ("application/vnd.apache.parquet, application/json;q=0.9", Some(Form::Parquet)),
            ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Some(Form::Xlsx)),
            ("text/html", None),
            ("application/xml, text/plain", None),
            ("*/*;q=0", None),
            ("nonsense", Some(Form::Json)),
            ("", Some(Form::Json)),
        ] {
            assert_eq!(chosen(accept), form, "{accept}");
        }
        assert_eq!(wanted(None, Asked::default(), Form::Json), Some(Form::Json));
        assert_eq!(wanted(Some("*/*"), Asked::default(), Form::Xlsx), Some(Form::Xlsx));
        assert_eq!(wanted(Some("application/json"), Asked::default(), Form::Xlsx), Some(Form::Json));
    }

    #[test]
    fn parameters_win() {
        let csv = Asked { form: Some(Form::Csv), units_in_header: Some(true) };
        assert_eq!(wanted(Some("text/html"), csv, Form::Json), Some(Form::Csv));
        let json = Asked { form: Some(Form::Json), units_in_header: Some(false) };
        assert_eq!(wanted(None, json, Form::Json), None, "JSON has no header");
    }

    #[derive(Serialize)]
    struct Inner {
        a: i64,
    }

    #[derive(Serialize)]
    struct Row {
        a: i64,
        b: Option<&'static str>,
        previous: Inner,
    }

    #[test]
    fn cells_are_members_of_the_body_by_name() {
        let list = [Column::new("b", Kind::Text, ""), Column::new("a", Kind::Integer, "")];
        let columns: Vec<_> = list.iter().cloned().chain(beside("previous", "Before", &list)).collect();
        let row = Row { a: 1, b: None, previous: Inner { a: 2 } };
        let expected = [Value::Null, Value::Integer(1), Value::Null, Value::Integer(2)];
        assert_eq!(cells(&columns, &row).expect("cells"), expected);
    }

    #[test]
    fn facts_are_texts() {
        let meta = serde_json::json!({"start_date": "2026-11-01", "time_zones": ["Africa/Lagos", "UTC"], "total": 2,
            "last_run": {"view": "company"}, "end_date": null});
        let about = about(&meta).expect("facts");
        let facts: Vec<_> = about.facts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        assert_eq!(facts[0], ("last_run.view", "company"));
        assert!(facts.contains(&("time_zones", "Africa/Lagos, UTC")) && facts.contains(&("total", "2")));
        let columns = vec![Column::new("date", Kind::Date, "")];
        assert_eq!(in_zones(columns, &about)[0].unit.as_deref(), Some("local day, Africa/Lagos, UTC"));
    }
}
