//! A workbook, written whole from what is stored: nobody edits a workbook in its place.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use metrics_core::kpi::{Cell, Formulas, LAST_VALUE, layout};
use rust_xlsxwriter::{Format, FormatAlign, Formula, Workbook, Worksheet, XlsxError};

use super::{Delivered, RunValue, SinkError, cell, target, temporary_beside};

/// Characters of the longest text in a cell of a workbook.
const LONGEST_CELL: usize = 32_767;
/// Rows of a sheet.
const ROWS: u32 = 1_048_576;
/// Rows above those of runs.
const ABOVE: u32 = 2;
/// Characters of the longest name of a sheet.
const LONGEST_TAB: usize = 31;

/// A workbook that is being written: a sheet of all runs of an environment.
pub struct Book {
    workbook: Workbook,
    columns: HashMap<String, u16>,
    header: Vec<String>,
    date_time: Format,
    row: u32,
    last: Vec<Cell>,
    warnings: Vec<String>,
}

impl Book {
    /// A book with a column for each of `names`.
    pub fn new(tab: &str, names: &[String]) -> Result<Self, SinkError> {
        let empty: Vec<_> = names.iter().map(|name| (name.as_str(), Cell::Empty)).collect();
        let header = layout(&[], &empty, &BTreeSet::new()).map_err(|error| SinkError::new(error.to_string()))?.header;
        let mut columns = HashMap::new();
        for (column, name) in header.iter().enumerate().skip(1) {
            let column = u16::try_from(column).map_err(|_| SinkError::new("a sheet has at most 16,384 columns"))?;
            columns.insert(name.clone(), column);
        }
        let mut workbook = Workbook::new();
        let tab: String = tab.chars().take(LONGEST_TAB).collect();
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        sheet.set_name(tab)?;
        let date_time = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss").set_align(FormatAlign::Left);
        let last = vec![Cell::Empty; header.len()];
        Ok(Self { workbook, columns, header, date_time, row: 0, last, warnings: Vec::new() })
    }

    fn sheet(&mut self) -> Result<&mut Worksheet, SinkError> {
        Ok(self.workbook.worksheet_from_index(0)?)
    }

    /// Remembers values, so that formulas have results also where nobody computes them. Runs come in their order, all
    /// of them before the first row is written.
    pub fn see(&mut self, values: &[RunValue]) {
        for value in values {
            let cell = cell(&value.name, value.form, value.value.as_deref(), LONGEST_CELL).0;
            if let (Some(column), false) = (self.columns.get(&value.name), cell == Cell::Empty) {
                self.last[usize::from(*column)] = cell;
            }
        }
    }

    /// Writes the header and the formulas.
    fn begin(&mut self) -> Result<(), SinkError> {
        let (header, last) = (self.header.clone(), self.last.clone());
        let bold = Format::new().set_bold();
        let sheet = self.sheet()?;
        // A column without any value has nothing as its last one, not 0.
        sheet.set_formula_result_default("");
        sheet.set_freeze_panes(ABOVE, 1)?;
        sheet.set_column_width(0, 20)?;
        for (column, name) in (0..).zip(&header) {
            sheet.write_string_with_format(0, column, name, &bold)?;
        }
        sheet.write_string_with_format(1, 0, LAST_VALUE, &bold)?;
        for (column, cell) in (0_u16..).zip(&last).skip(1) {
            let result = match cell {
                Cell::Empty => "",
                Cell::Number(text) | Cell::Text(text) => text,
            };
            let formula = Formula::new(Formulas::Workbook.last_value(usize::from(column))).set_result(result);
            sheet.write_formula(1, column, formula)?;
        }
        self.row = ABOVE;
        Ok(())
    }

    /// Writes the row of a run, that began at `local` on the clock of the zone.
    pub fn write(&mut self, local: chrono::NaiveDateTime, values: &[RunValue]) -> Result<(), SinkError> {
        if self.row == 0 {
            self.begin()?;
        }
        if self.row >= ROWS {
            return Err(SinkError::new(format!("a sheet has at most {ROWS} rows: delete old runs with prune")));
        }
        let (row, format) = (self.row, self.date_time.clone());
        let mut cells = Vec::new();
        for value in values {
            let (cell, warning) = cell(&value.name, value.form, value.value.as_deref(), LONGEST_CELL);
            self.warnings.extend(warning.map(|warning| warning.to_string()));
            cells.extend(self.columns.get(&value.name).map(|column| (*column, cell)));
        }
        cells.sort_by_key(|(column, _)| *column);
        let sheet = self.sheet()?;
        sheet.write_datetime_with_format(row, 0, excel_instant(local)?, &format)?;
        for (column, cell) in cells {
            match cell {
                Cell::Empty => continue,
                Cell::Number(digits) => match digits.parse::<f64>() {
                    Ok(number) if number.is_finite() => sheet.write_number(row, column, number),
                    _ => sheet.write_string(row, column, digits),
                },
                Cell::Text(text) => sheet.write_string(row, column, text),
            }?;
        }
        self.row += 1;
        Ok(())
    }
}

/// Puts the finished book in its place.
pub fn deliver(path: &Path, mut book: Book) -> Result<Delivered, SinkError> {
    if book.row == 0 {
        book.begin()?;
    }
    let failed = |error: std::io::Error| SinkError::new(format!("cannot write {}: {error}", path.display()));
    let path = &target(path);
    let mut file = temporary_beside(path).map_err(failed)?;
    book.workbook.save_to_writer(file.as_file_mut())?;
    file.as_file().sync_data().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(Delivered { attempts: 1, warnings: book.warnings })
}

fn excel_instant(local: chrono::NaiveDateTime) -> Result<rust_xlsxwriter::ExcelDateTime, SinkError> {
    use chrono::{Datelike as _, Timelike as _};

    let year = u16::try_from(local.year()).map_err(|_| SinkError::new("a run began outside of the calendar"))?;
    let part = |number: u32| u8::try_from(number).unwrap_or(0);
    let day = rust_xlsxwriter::ExcelDateTime::from_ymd(year, part(local.month()), part(local.day()))?;
    let hour = u16::try_from(local.hour()).unwrap_or(0);
    Ok(day.and_hms(hour, part(local.minute()), f64::from(local.second()))?)
}

impl From<XlsxError> for SinkError {
    fn from(error: XlsxError) -> Self {
        Self::new(format!("cannot make the workbook: {error}"))
    }
}

#[cfg(test)]
mod tests {
    use calamine::{Data, Reader, Xlsx, open_workbook};

    use metrics_core::kpi::Form;

    use super::*;

    fn value(name: &str, form: Form, value: Option<&str>) -> RunValue {
        RunValue { name: name.to_owned(), form, value: value.map(str::to_owned) }
    }

    #[test]
    fn the_book_holds_all_runs_and_its_formulas_have_results() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/kpi.xlsx");
        let runs = [
            (
                "2026-11-20T01:00:00",
                vec![value("a", Form::Count, Some("1")), value("b", Form::Rows, Some("[{\"x\":1}]"))],
            ),
            (
                "2026-11-21T01:00:00",
                vec![value("a", Form::Count, None), value("=c", Form::Count, Some("\"=HYPERLINK(\\\"x\\\")\""))],
            ),
        ];
        let names = ["a", "b", "=c", "never"].map(str::to_owned);
        let mut book = Book::new("demo", &names).unwrap();
        for (_, values) in &runs {
            book.see(values);
        }
        for (at, values) in &runs {
            book.write(at.parse().unwrap(), values).unwrap();
        }
        deliver(&path, book).unwrap();

        let mut read: Xlsx<_> = open_workbook(&path).unwrap();
        let cells = read.worksheet_range("demo").unwrap();
        let text = |row, column| cells.get_value((row, column)).map(ToString::to_string).unwrap_or_default();
        assert_eq!([text(0, 0), text(0, 1), text(0, 2), text(0, 3)], ["Date time", "a", "b", "=c"]);
        assert_eq!(
            [text(1, 0), text(1, 1), text(1, 2), text(1, 3)],
            ["Last value", "1", "[{\"x\":1}]", "=HYPERLINK(\"x\")"]
        );
        assert_eq!(text(1, 4), "");
        assert_eq!(cells.get_value((2, 1)), Some(&Data::Float(1.0)));
        assert_eq!(cells.get_value((3, 3)), Some(&Data::String("=HYPERLINK(\"x\")".into())));
        assert_eq!([text(3, 1), text(3, 2)], ["", ""]);
        assert!(matches!(cells.get_value((3, 0)), Some(Data::DateTime(_))));
        let formulas = read.worksheet_formula("demo").unwrap();
        assert_eq!(
            formulas.get_value((1, 2)).map(String::as_str),
            Some("IFERROR(LOOKUP(2,1/(C3:C1048576<>\"\"),C3:C1048576),\"\")")
        );
        assert_eq!(formulas.get_value((3, 3)).map_or("", String::as_str), "");
    }
}
