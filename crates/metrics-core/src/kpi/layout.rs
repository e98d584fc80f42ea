//! How a run becomes a row of a sheet: one layout for CSV, XLSX and Google Sheets.
//!
//! Row 1 is the header: `Date time`, then a column per KPI. Row 2 is `Last value`. From row 3 on there is a row per run.
//! A column belongs to the name in its header, wherever it is; columns are added at the right and never moved.

use std::collections::{BTreeMap, BTreeSet};

/// Header of the first column.
pub const DATE_TIME: &str = "Date time";
/// What row 2 begins with.
pub const LAST_VALUE: &str = "Last value";
/// Characters of the longest text in a cell of Google Sheets.
pub const LONGEST_CELL: usize = 50_000;

/// What is in a cell.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Cell {
    /// Nothing: no result, or null.
    #[default]
    Empty,
    /// A number with all its digits.
    Number(String),
    /// Text, which is never a formula.
    Text(String),
}

/// Something that an operator should know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LayoutWarning {
    /// Columns that belong to no KPI of the run.
    #[error("column {column} is called `{name}`, which no KPI of this run is; it is left alone")]
    UnknownColumn {
        /// Its letters.
        column: String,
        /// Its header.
        name: String,
    },
    /// The same name twice.
    #[error("columns {first} and {second} are both called `{name}`; values go to column {first}")]
    TwoColumns {
        /// Letters of the one that is used.
        first: String,
        /// Letters of the other.
        second: String,
        /// Their header.
        name: String,
    },
    /// Text that does not fit in a cell.
    #[error("the value of `{name}` has {characters} characters and was cut at {limit}")]
    Cut {
        /// The KPI.
        name: String,
        /// Its length.
        characters: usize,
        /// What a cell holds.
        limit: usize,
    },
}

/// A header that cannot be that of our sheet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the first column is called `{0}`, not `Date time`: insert a column there, or name another sheet")]
pub struct NotOurs(String);

/// A header and a row that fits it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Row 1.
    pub header: Vec<String>,
    /// Number of the first column that was not there before; the length of the header when all were.
    pub first_new: usize,
    /// The row of the run, as long as the header; its first cell is left for the date.
    pub row: Vec<Cell>,
    /// What an operator should know.
    pub warnings: Vec<LayoutWarning>,
}

/// Where the results of a run go under the header that is there.
///
/// The header of a sheet that has none is empty. Names that the header lacks are added at its right, in the order of
/// `results`; those of `known` that have no result keep their columns without a word.
pub fn layout(header_before: &[String], results: &[(&str, Cell)], known: &BTreeSet<&str>) -> Result<Layout, NotOurs> {
    let end = header_before.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
    let mut header = header_before[..end].to_vec();
    match header.first() {
        None => header.push(DATE_TIME.to_owned()),
        Some(first) if first == DATE_TIME => {}
        Some(first) => return Err(NotOurs(first.clone())),
    }
    let first_new = if end == 0 { 0 } else { end };
    let mut warnings = Vec::new();
    let mut columns: BTreeMap<&str, usize> = BTreeMap::new();
    let named: BTreeSet<&str> = results.iter().map(|(name, _)| *name).collect();
    for (index, name) in header_before[..end].iter().enumerate().skip(1).filter(|(_, name)| !name.is_empty()) {
        if let Some(first) = columns.get(name.as_str()) {
            let (first, second) = (column_letters(*first), column_letters(index));
            warnings.push(LayoutWarning::TwoColumns { first, second, name: name.clone() });
            continue;
        }
        columns.insert(name, index);
        if !named.contains(name.as_str()) && !known.contains(name.as_str()) {
            warnings.push(LayoutWarning::UnknownColumn { column: column_letters(index), name: name.clone() });
        }
    }
    for (name, _) in results {
        if !columns.contains_key(name) {
            columns.insert(name, header.len());
            header.push((*name).to_owned());
        }
    }
    let mut row = vec![Cell::Empty; header.len()];
    for (name, cell) in results {
        if let Some(cell_of_row) = columns.get(name).and_then(|column| row.get_mut(*column)) {
            *cell_of_row = cell.clone();
        }
    }
    Ok(Layout { header, first_new, row, warnings })
}

impl Cell {
    /// A cell with the text of the KPI `name`, at most `limit` characters of it; and a warning when it was cut.
    pub fn text(name: &str, text: String, limit: usize) -> (Self, Option<LayoutWarning>) {
        let characters = text.chars().count();
        if characters <= limit {
            return (Self::Text(text), None);
        }
        let kept = text.chars().take(limit.saturating_sub(1)).chain(['…']).collect();
        (Self::Text(kept), Some(LayoutWarning::Cut { name: name.to_owned(), characters, limit }))
    }
}

/// How formulas are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Formulas {
    /// Workbooks, and programs that open a CSV file as one.
    Workbook,
    /// Google Sheets, with what separates arguments in the sheet's locale.
    Sheet {
        /// `,` or `;`.
        separator: char,
    },
}

impl Formulas {
    /// Google Sheets of this locale, like `en_US`.
    pub fn of_locale(locale: &str) -> Self {
        // Where a comma separates decimals, it cannot separate arguments. These write a point.
        const POINT: [&str; 24] = [
            "am", "bn", "cy", "en", "fil", "ga", "gu", "he", "hi", "iw", "ja", "kn", "ko", "ml", "mr", "ms", "my",
            "pa", "sw", "ta", "te", "th", "ur", "zh",
        ];
        const POINT_WITH_COUNTRY: [&str; 4] = ["es_MX", "es_US", "es_PR", "es_419"];
        let locale = locale.replace('-', "_");
        let language = locale.split('_').next().unwrap_or_default();
        let has_comma = language == "en" && locale == "en_ZA";
        let is_point = (POINT.contains(&language) && !has_comma) || POINT_WITH_COUNTRY.contains(&locale.as_str());
        Self::Sheet { separator: if is_point { ',' } else { ';' } }
    }

    /// The last cell of a column that is not empty, from row 3 down; nothing when there is none.
    pub fn last_value(self, column: usize) -> String {
        let letters = column_letters(column);
        match self {
            Self::Workbook => {
                let cells = format!("{letters}3:{letters}1048576");
                format!("=IFERROR(LOOKUP(2,1/({cells}<>\"\"),{cells}),\"\")")
            }
            // There, only ARRAYFORMULA makes an operator see all cells of a range.
            Self::Sheet { separator } => {
                let cells = format!("{letters}3:{letters}");
                format!(
                    "=IFERROR(ARRAYFORMULA(LOOKUP(2{separator}1/({cells}<>\"\"){separator}{cells})){separator}\"\")"
                )
            }
        }
    }
}

/// Letters of a column, from 0: A, B, …, Z, AA, ….
pub fn column_letters(mut column: usize) -> String {
    let mut letters = Vec::new();
    loop {
        letters.push(char::from(b'A' + u8::try_from(column % 26).unwrap_or(0)));
        if column < 26 {
            break;
        }
        column = column / 26 - 1;
    }
    letters.iter().rev().collect()
}

/// Whether a program that opens a CSV file may take `text` for a formula.
pub fn looks_like_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn number(digits: &str) -> Cell {
        Cell::Number(digits.to_owned())
    }

    #[test]
    fn a_value_goes_under_its_name_wherever_that_is() {
        let results = [("b", number("2")), ("c", Cell::Empty), ("a", number("1"))];
        let first = layout(&[], &results, &BTreeSet::new()).unwrap();
        assert_eq!(first.header, ["Date time", "b", "c", "a"]);
        assert_eq!((first.first_new, first.warnings.len()), (0, 0));
        let before = texts(&["Date time", "a", "by hand", "", "b", "", ""]);
        let next = layout(&before, &results, &BTreeSet::new()).unwrap();
        assert_eq!(next.header, ["Date time", "a", "by hand", "", "b", "c"]);
        assert_eq!(next.first_new, 5);
        assert_eq!(next.row, [Cell::Empty, number("1"), Cell::Empty, Cell::Empty, number("2"), Cell::Empty]);
        let warned: Vec<_> = next.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(warned, ["column C is called `by hand`, which no KPI of this run is; it is left alone"]);
        assert!(layout(&before, &results, &BTreeSet::from(["by hand"])).unwrap().warnings.is_empty());
    }

    #[test]
    fn a_sheet_of_somebody_else_is_not_touched_and_two_columns_of_one_name_are_named() {
        assert!(layout(&texts(&["a", "Date time"]), &[], &BTreeSet::new()).is_err());
        assert!(layout(&texts(&["", "a"]), &[], &BTreeSet::new()).is_err());
        let twice = layout(&texts(&["Date time", "a", "a"]), &[("a", number("1"))], &BTreeSet::new()).unwrap();
        assert_eq!(twice.row, [Cell::Empty, number("1"), Cell::Empty]);
        assert_eq!(twice.warnings[0].to_string(), "columns B and C are both called `a`; values go to column B");
    }

    #[test]
    fn a_text_that_is_too_long_is_cut_and_says_so() {
        assert_eq!(Cell::text("a", "=1+1".into(), 4), (Cell::Text("=1+1".into()), None));
        let (cell, warning) = Cell::text("a", "äääääääääää".into(), 10);
        assert_eq!(cell, Cell::Text("äääääääää…".into()));
        assert_eq!(warning.unwrap().to_string(), "the value of `a` has 11 characters and was cut at 10");
    }

    #[test]
    fn formulas_look_at_their_own_column_in_the_separators_of_the_locale() {
        let us = Formulas::of_locale("en_US");
        assert_eq!(us.last_value(2), "=IFERROR(ARRAYFORMULA(LOOKUP(2,1/(C3:C<>\"\"),C3:C)),\"\")");
        for (locale, separator) in [
            ("en_GB", ','),
            ("de_DE", ';'),
            ("fr_FR", ';'),
            ("ja_JP", ','),
            ("es_ES", ';'),
            ("es_MX", ','),
            ("en_ZA", ';'),
            ("", ';'),
        ] {
            assert_eq!(Formulas::of_locale(locale), Formulas::Sheet { separator }, "{locale}");
        }
        assert_eq!(Formulas::Workbook.last_value(27), "=IFERROR(LOOKUP(2,1/(AB3:AB1048576<>\"\"),AB3:AB1048576),\"\")");
        let letters = [0, 25, 26, 51, 52, 701, 702, 16_383].map(column_letters);
        assert_eq!(letters, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA", "XFD"]);
    }

    fn a_name() -> impl Strategy<Value = String> {
        prop::sample::select(vec!["a", "b", "c", "d", "e", "Ä", "=1", "Date time 2"]).prop_map(str::to_owned)
    }

    proptest! {
        /// Whatever is there: no column moves, each value is under its own name, and the next run changes no header.
        #[test]
        fn columns_never_move(
            before in prop::collection::vec(prop_oneof![3 => a_name(), 1 => Just(String::new())], 0..8),
            results in prop::collection::btree_map(a_name(), prop::option::of(0..100_u32), 0..8),
        ) {
            let mut header: Vec<String> = before;
            if !header.is_empty() {
                header[0] = DATE_TIME.to_owned();
            }
            let cells: Vec<_> = results
                .iter()
                .map(|(name, value)| (name.as_str(), value.map_or(Cell::Empty, |value| number(&value.to_string()))))
                .collect();
            let laid = layout(&header, &cells, &BTreeSet::new()).unwrap();
            let end = header.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
            prop_assert_eq!(&laid.header[..end], &header[..end]);
            prop_assert_eq!(laid.row.len(), laid.header.len());
            prop_assert_eq!(&laid.header[0], DATE_TIME);
            prop_assert_eq!(&laid.row[0], &Cell::Empty);
            for (name, cell) in &cells {
                let column = laid.header.iter().skip(1).position(|known| known == name).unwrap() + 1;
                prop_assert_eq!(&laid.row[column], cell);
            }
            let values = laid.row.iter().filter(|cell| **cell != Cell::Empty).count();
            prop_assert_eq!(values, results.values().flatten().count());
            let again = layout(&laid.header, &cells, &BTreeSet::new()).unwrap();
            prop_assert_eq!(&again.header, &laid.header);
            prop_assert_eq!(again.first_new, laid.header.len());
            prop_assert_eq!(again.row, laid.row);
        }
    }
}
