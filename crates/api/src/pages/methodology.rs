//! `GET /methodology`: what the figures mean, and every value that they rest on.

use std::sync::LazyLock;

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use metrics_core::parameters::{self, Catalogue, ParameterFile, ParameterRow, ParameterValue};

use super::{Page, Section};
use crate::conditional::Representation;
use crate::error::ApiError;
use crate::fields::Fields;
use definitions::Definitions;

mod definitions;

/// Path of the page.
pub const PATH: &str = "/methodology";

static CATALOGUE: LazyLock<Result<Catalogue, String>> =
    LazyLock::new(|| parameters::catalogue().map_err(|error| error.to_string()));

static DEFINITIONS: LazyLock<Definitions> = LazyLock::new(Definitions::new);

#[derive(Template)]
#[template(path = "methodology.html")]
struct Methodology<'a> {
    page: &'a Page,
    section: Section,
    title: &'a str,
    parameter_set: &'a str,
    version: &'static str,
    files: Vec<FileView<'a>>,
    definitions: &'a Definitions,
}

/// A file of parameters.
struct FileView<'a> {
    file: &'a ParameterFile,
    units: Vec<(&'a str, String)>,
    rows: Vec<RowView<'a>>,
}

struct RowView<'a> {
    row: &'a ParameterRow,
    from: String,
    values: Vec<ValueView<'a>>,
}

/// A part of a value, as it stands in the file and as it is read.
struct ValueView<'a> {
    stored: Option<&'a str>,
    shown: String,
}

impl<'a> FileView<'a> {
    fn new(page: &Page, file: &'a ParameterFile) -> Self {
        let rows = file.rows.iter().map(|row| RowView {
            row,
            from: page.lang.date(row.valid_from),
            values: row.values.iter().map(|value| ValueView::new(page, value)).collect(),
        });
        Self {
            file,
            units: file.components.iter().map(|(name, unit)| (*name, unit_in_words(unit))).collect(),
            rows: rows.collect(),
        }
    }
}

impl<'a> ValueView<'a> {
    fn new(page: &Page, value: &'a ParameterValue) -> Self {
        match value {
            ParameterValue::Number(digits) => {
                let places = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
                let shown = digits
                    .parse()
                    .map_or_else(|_| digits.clone(), |number| crate::locale::decimal(page.lang, number, places));
                Self { stored: Some(digits), shown }
            }
            ParameterValue::Text(text) => Self { stored: None, shown: text.clone() },
        }
    }
}

/// A unit as people write it.
fn unit_in_words(unit: &str) -> String {
    let known = match unit {
        "kg_co2e_per_kwh" => "kg CO₂e/kWh",
        "kg_co2e_per_kg" => "kg CO₂e/kg",
        "kg_co2e_per_mj" => "kg CO₂e/MJ",
        "kj_per_kg_kelvin" => "kJ/(kg·K)",
        "kw_per_celsius" => "kW/°C",
        "kw" => "kW",
        "kwh" => "kWh",
        "kwh_per_day" => "kWh/d",
        "kg_per_day" => "kg/d",
        "m3" => "m³",
        "celsius" => "°C",
        "ratio" => "0–1",
        "ratio_per_year" => "0–1 per year",
        "iana_time_zone" => "IANA time zone",
        other => return other.replace('_', " "),
    };
    known.to_owned()
}

/// The parameters that are compiled in.
pub fn catalogue() -> Result<&'static Catalogue, ApiError> {
    let read = CATALOGUE.as_ref();
    read.map_err(|error| ApiError::Internal(anyhow::anyhow!("the parameters cannot be listed: {error}")))
}

/// The page.
pub async fn get(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    Fields::urlencoded(request.query_string()).plain_page()?;
    let page = Page::new(&request);
    let representation = Representation::new(&request, &page.variant(), 0)?;
    if representation.is_known() {
        return Ok(representation.not_modified());
    }
    let catalogue = catalogue()?;
    let view = Methodology {
        section: Section::Methodology,
        title: page.t("methodology.title"),
        parameter_set: &catalogue.set,
        version: env!("CARGO_PKG_VERSION"),
        files: catalogue.files.iter().map(|file| FileView::new(&page, file)).collect(),
        definitions: &DEFINITIONS,
        page: &page,
    };
    representation.html(&view)
}
