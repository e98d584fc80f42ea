//! The parameter files as a reader sees them: every row, with unit, validity and source.

use chrono::NaiveDate;

use super::definitions::ALL;
use super::table::{self, ParameterError};

/// A set of parameters.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    /// Its name, as it is stored with every row.
    pub set: String,
    /// Its files.
    pub files: Vec<ParameterFile>,
}

/// One file of `parameters/`.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterFile {
    /// Name of the file.
    pub file: &'static str,
    /// Name of the parameter.
    pub parameter: &'static str,
    /// How its values were obtained, where the file says so.
    pub method: Option<String>,
    /// What tells its rows apart; `None` for a single value.
    pub key: Option<&'static str>,
    /// Parts of a value with their units; a single part without a name when it has none.
    pub components: Vec<(&'static str, &'static str)>,
    /// Rows in the order of the file.
    pub rows: Vec<ParameterRow>,
    /// Where they come from.
    pub sources: Vec<ParameterSource>,
}

/// One row of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct ParameterRow {
    /// Its key, `*` for every other; empty when the parameter has a single value.
    pub key: String,
    /// First day on which it holds.
    pub valid_from: NaiveDate,
    /// Its parts, in the order of the components.
    pub values: Vec<ParameterValue>,
    /// Name of its source.
    pub source: String,
    /// Place in the source.
    pub locator: String,
    /// What else there is to say.
    pub note: Option<String>,
}

/// One part of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum ParameterValue {
    /// A number, with the digits of the file.
    Number(String),
    /// A name.
    Text(String),
}

/// A source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterSource {
    /// Name by which rows refer to it.
    pub name: String,
    /// Title.
    pub title: String,
    /// Address.
    pub url: Option<String>,
    /// Licence.
    pub licence: Option<String>,
    /// Day on which it was read.
    pub retrieved: Option<NaiveDate>,
}

/// The set that is compiled into this program.
pub fn catalogue() -> Result<Catalogue, ParameterError> {
    let files = ALL.iter().map(table::describe).collect::<Result<_, _>>()?;
    Ok(Catalogue { set: super::embedded_set()?, files })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_every_file_is_listed_with_its_source() {
        let files = catalogue().expect("the embedded files").files;
        assert_eq!(files.len(), ALL.len());
        for file in &files {
            assert!(!file.rows.is_empty(), "{}", file.file);
            for row in &file.rows {
                assert_eq!(row.values.len(), file.components.len(), "{} {}", file.file, row.key);
                assert!(file.sources.iter().any(|source| source.name == row.source), "{} {}", file.file, row.key);
                assert_eq!(row.key.is_empty(), file.key.is_none(), "{}", file.file);
            }
        }
    }

    #[test]
    fn numbers_keep_the_digits_of_the_file() {
        let files = catalogue().expect("the embedded files").files;
        let grid = files.iter().find(|file| file.parameter == "grid_emission_factor").expect("the file");
        assert_eq!(grid.components, [("", "kg_co2e_per_kwh")]);
        assert_eq!(grid.rows[0].key, "NG");
        assert_eq!(grid.rows[0].values, [ParameterValue::Number("0.595619099308445".into())]);
        let household = files.iter().find(|file| file.parameter == "household").expect("the file");
        let values = ["4.7", "0.495", "0.505"].map(|number| ParameterValue::Number(number.into()));
        assert_eq!(household.rows[0].values, values);
    }
}
