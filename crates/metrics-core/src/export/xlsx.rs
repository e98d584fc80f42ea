//! Workbooks: a sheet of rows with a frozen header, and a second sheet `About`.
//!
//! A sheet holds 1,048,575 rows; further rows go on in further sheets of the same form. Texts are written as texts,
//! never as formulas. Whole numbers that a spreadsheet would round are written as text.

use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};

use chrono::{NaiveDate, NaiveDateTime};
use num_traits::ToPrimitive as _;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Workbook, Worksheet, XlsxError};

use super::{About, Column, ExportError, Kind, Style, Value, looks_like_formula};

/// Rows of a sheet without its header.
const ROWS_PER_SHEET: u32 = 1_048_575;
/// Characters of a cell.
const MAX_CELL_CHARS: usize = 32_767;
/// Largest whole number that a cell holds exactly: 2^53.
const EXACT_INTEGERS: u64 = 1 << 53;
/// Cells from which a sheet may exceed 4 GiB, and the archive needs its larger form.
const MANY_CELLS: u64 = 10_000_000;

/// Writes a workbook.
pub(super) struct XlsxWriter<W: Write> {
    workbook: Workbook,
    sink: W,
    columns: Vec<Column>,
    formats: Vec<Option<Format>>,
    sheet_name: String,
    is_large: bool,
    rows_per_sheet: u32,
    /// Position of the sheet being written, and how many there are beside `About`.
    sheet: usize,
    sheets: usize,
    /// Row to write next; the header is row 0.
    next_row: u32,
    cells: u64,
    text: String,
}

impl<W: Write> XlsxWriter<W> {
    pub(super) fn new(columns: &[Column], about: &About, style: &Style, sink: W) -> Result<Self, ExportError> {
        let mut workbook = Workbook::new();
        // The same rows give the same bytes: no moment of writing in the file.
        workbook.set_properties(&DocProperties::new().set_creation_datetime(&ExcelDateTime::from_timestamp(0)?));
        let mut writer = Self {
            workbook,
            sink,
            formats: columns.iter().map(|column| format_of(column.kind)).collect(),
            columns: columns.to_vec(),
            sheet_name: style.sheet.clone(),
            is_large: style.is_large,
            rows_per_sheet: ROWS_PER_SHEET,
            sheet: 0,
            sheets: 0,
            next_row: 0,
            cells: 0,
            text: String::new(),
        };
        writer.begin_sheet()?;
        write_about(writer.workbook.add_worksheet(), about, columns)?;
        Ok(writer)
    }

    /// Begins the next sheet with its header.
    fn begin_sheet(&mut self) -> Result<(), XlsxError> {
        self.sheets += 1;
        let name = match self.sheets {
            1 => self.sheet_name.clone(),
            number => format!("{} {number}", self.sheet_name),
        };
        self.sheet = self.workbook.worksheets().len();
        let sheet = if self.is_large {
            self.workbook.add_worksheet_with_constant_memory()?
        } else {
            self.workbook.add_worksheet()
        };
        sheet.set_name(name)?.set_freeze_panes(1, 0)?;
        let bold = Format::new().set_bold();
        for (position, column) in (0..).zip(&self.columns) {
            // The width of the name, and of most values.
            let width = u32::try_from(column.name.chars().count() + 2).unwrap_or(u32::MAX);
            sheet.set_column_width(position, width.clamp(11, 40))?;
            sheet.write_string_with_format(0, position, &column.name, &bold)?;
        }
        self.next_row = 1;
        Ok(())
    }

    pub(super) fn row(&mut self, row: &[Value]) -> Result<(), ExportError> {
        if self.next_row > self.rows_per_sheet {
            self.begin_sheet()?;
        }
        let sheet = self.workbook.worksheet_from_index(self.sheet)?;
        for (position, (value, format)) in (0..).zip(row.iter().zip(&self.formats)) {
            write_cell(sheet, (self.next_row, position), value, format.as_ref(), &mut self.text)?;
        }
        self.next_row += 1;
        self.cells += row.len() as u64;
        Ok(())
    }

    pub(super) fn finish(mut self) -> Result<W, ExportError> {
        self.workbook.use_zip_large_file(self.cells > MANY_CELLS);
        if self.is_large {
            // The archive is written with jumps back, which not every sink knows.
            let mut file: File = tempfile::tempfile()?;
            self.workbook.save_to_writer(BufWriter::with_capacity(1 << 16, &mut file))?;
            file.rewind()?;
            io::copy(&mut file, &mut self.sink)?;
        } else {
            self.sink.write_all(&self.workbook.save_to_buffer()?)?;
        }
        self.sink.flush()?;
        Ok(self.sink)
    }
}

/// How the values of a kind are shown, where that is not as they are.
fn format_of(kind: Kind) -> Option<Format> {
    let format = match kind {
        Kind::Date => "yyyy-mm-dd".to_owned(),
        Kind::Instant | Kind::LocalTime => "yyyy-mm-dd hh:mm:ss".to_owned(),
        Kind::Money(0) => "#,##0".to_owned(),
        Kind::Money(places) => format!("#,##0.{}", "0".repeat(places as usize)),
        _ => return None,
    };
    Some(Format::new().set_num_format(format))
}

fn write_cell(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    value: &Value,
    format: Option<&Format>,
    buffer: &mut String,
) -> Result<(), ExportError> {
    let number = match value {
        Value::Null => return Ok(()),
        Value::Flag(flag) => {
            sheet.write_boolean(row, column, *flag)?;
            return Ok(());
        }
        Value::Integer(number) if number.unsigned_abs() <= EXACT_INTEGERS => number.to_f64(),
        Value::Float(number) => Some(*number).filter(|number| number.is_finite()),
        Value::Number(number) => number.to_f64(),
        Value::Date(date) => serial_day(*date),
        Value::Instant(at) => serial_time(at.naive_utc()),
        Value::LocalTime(at) => serial_time(*at),
        Value::Integer(_) | Value::Text(_) | Value::Integers(_) | Value::Texts(_) | Value::Json(_) => None,
    };
    match (number, format) {
        (Some(number), Some(format)) => sheet.write_number_with_format(row, column, number, format)?,
        (Some(number), None) => sheet.write_number(row, column, number)?,
        (None, _) => {
            buffer.clear();
            if matches!(value, Value::Text(text) if looks_like_formula(text)) {
                buffer.push('\'');
            }
            // Writing into a String cannot fail.
            let _ = value.push_text(buffer);
            let chars = buffer.chars().count();
            if chars > MAX_CELL_CHARS {
                *buffer = format!("({chars} characters, more than a cell holds: take another form)");
            }
            sheet.write_string(row, column, buffer.as_str())?
        }
    };
    Ok(())
}

/// Days since the origin of spreadsheets; absent for the days before March 1900, which they count wrongly or not at all.
fn serial_day(date: NaiveDate) -> Option<f64> {
    let days = (date - NaiveDate::from_ymd_opt(1899, 12, 30)?).num_days();
    (days > 60).then_some(days).and_then(|days| days.to_f64())
}

fn serial_time(at: NaiveDateTime) -> Option<f64> {
    let day = serial_day(at.date())?;
    let seconds = (at - at.date().and_time(chrono::NaiveTime::MIN)).num_milliseconds().to_f64()? / 1e3;
    Some(day + seconds / 86_400.0)
}

/// The second sheet: what the file speaks of, and its columns.
fn write_about(sheet: &mut Worksheet, about: &About, columns: &[Column]) -> Result<(), ExportError> {
    let bold = Format::new().set_bold();
    sheet.set_name("About")?;
    for (position, width) in [(0, 32), (1, 24), (2, 90)] {
        sheet.set_column_width(position, width)?;
    }
    let mut row = 0;
    for (name, text) in &about.facts {
        sheet.write_string_with_format(row, 0, name, &bold)?;
        write_cell(sheet, (row, 1), &Value::Text(text.clone()), None, &mut String::new())?;
        row += 1;
    }
    row += 1;
    for (position, name) in (0..).zip(["column", "unit", "description"]) {
        sheet.write_string_with_format(row, position, name, &bold)?;
    }
    for column in columns {
        row += 1;
        let unit = column.unit.clone().unwrap_or_default();
        for (position, text) in (0..).zip([column.name.clone(), unit, column.description.clone()]) {
            write_cell(sheet, (row, position), &Value::Text(text), None, &mut String::new())?;
        }
    }
    Ok(())
}

#[cfg(test)]
impl<W: Write> XlsxWriter<W> {
    /// Small sheets, to see what follows a full one.
    pub(super) fn set_rows_per_sheet(&mut self, rows: u32) {
        self.rows_per_sheet = rows;
    }
}
