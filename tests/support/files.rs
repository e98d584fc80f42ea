//! Files of rows, read back by other readers than those that wrote them.

use std::io::{Cursor, Write as _};

use calamine::{Data, Reader as _, Xlsx};
use chrono::{DateTime, NaiveDateTime, Utc};
use parquet::file::metadata::KeyValue;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Value, json};

/// Rows of a file: names of the columns, and cells as JSON. Dictionaries and, but in Parquet, lists are texts.
#[derive(Debug, Clone, PartialEq)]
pub struct Rows {
    /// The columns.
    pub columns: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Value>>,
}

impl Rows {
    /// The cells of a column.
    pub fn column(&self, name: &str) -> Vec<Value> {
        let at = self.columns.iter().position(|column| column == name);
        let at = at.unwrap_or_else(|| panic!("no column {name} in {:?}", self.columns));
        self.rows.iter().map(|row| row[at].clone()).collect()
    }
}

/// Rows of CSV; every cell that is there is a text.
pub fn csv(text: &str) -> Rows {
    let mut records = records(text);
    let header = records.remove(0).into_iter().map(|name| name.expect("a name")).collect();
    let rows = records.into_iter().map(|record| record.into_iter().map(Value::from).collect()).collect();
    Rows { columns: header, rows }
}

/// Records after RFC 4180 with line feeds; a field without anything, not even quotes, is `None`.
fn records(text: &str) -> Vec<Vec<Option<String>>> {
    let mut records = vec![Vec::new()];
    let mut field = None::<String>;
    let mut is_quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '"' if is_quoted && chars.peek() == Some(&'"') => field.get_or_insert_default().push(chars.next().unwrap()),
            '"' => {
                is_quoted = !is_quoted;
                field.get_or_insert_default();
            }
            ',' if !is_quoted => records.last_mut().unwrap().push(field.take()),
            '\n' if !is_quoted => {
                records.last_mut().unwrap().push(field.take());
                records.push(Vec::new());
            }
            other => field.get_or_insert_default().push(other),
        }
    }
    assert_eq!((records.pop(), is_quoted), (Some(Vec::new()), false), "the last line has an end");
    let width = records[0].len();
    assert!(records.iter().all(|record| record.len() == width), "records of one length");
    records
}

/// Names of the sheets, and rows of one of them.
pub fn xlsx(bytes: &[u8], sheet: &str) -> (Vec<String>, Rows) {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).expect("a workbook");
    let range = book.worksheet_range(sheet).expect("the sheet");
    let (height, width) = range.end().map_or((0, 0), |(row, column)| (row + 1, column + 1));
    let cell = |row, column| match range.get_value((row, column)) {
        None | Some(Data::Empty) => Value::Null,
        Some(Data::Float(number)) => json!(number),
        Some(Data::Bool(flag)) => json!(flag),
        Some(Data::DateTime(at)) => {
            let (year, month, day, hour, minute, second, _) = at.to_ymd_hms_milli();
            match (hour, minute, second) {
                (0, 0, 0) => json!(format!("{year:04}-{month:02}-{day:02}")),
                _ => json!(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")),
            }
        }
        Some(Data::String(text)) => json!(text),
        Some(other) => panic!("unexpected cell {other:?}"),
    };
    let mut rows = (0..height).map(|row| (0..width).map(|column| cell(row, column)).collect::<Vec<_>>());
    let header = rows.next().unwrap_or_default();
    let columns = header.iter().map(|name| name.as_str().unwrap_or_default().to_owned()).collect();
    let rows = rows.collect();
    (book.sheet_names(), Rows { columns, rows })
}

/// Key-value metadata and rows of a Parquet file.
pub fn parquet(bytes: &[u8]) -> (Vec<(String, String)>, Rows) {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let reader = SerializedFileReader::new(file).expect("a Parquet file");
    let metadata = reader.metadata().file_metadata();
    let fact = |fact: &KeyValue| (fact.key.clone(), fact.value.clone().unwrap_or_default());
    let facts = metadata.key_value_metadata().into_iter().flatten().map(fact).collect();
    let columns = metadata.schema().get_fields().iter().map(|field| field.name().to_owned()).collect();
    let rows = reader.get_row_iter(None).unwrap();
    let rows = rows.map(|row| row.unwrap().get_column_iter().map(|(_, field)| parquet_cell(field)).collect()).collect();
    (facts, Rows { columns, rows })
}

fn parquet_cell(field: &Field) -> Value {
    match field {
        Field::Null => Value::Null,
        Field::Bool(flag) => json!(flag),
        Field::Long(number) => json!(number),
        Field::Double(number) => json!(number),
        Field::Str(text) => json!(text),
        Field::Decimal(_) | Field::Date(_) => json!(field.to_string()),
        Field::TimestampMicros(_) => {
            json!(field.to_string().replacen(' ', "T", 1).trim_end_matches(" +00:00").trim_end_matches(".000"))
        }
        Field::ListInternal(list) => list.elements().iter().map(parquet_cell).collect(),
        other => panic!("unexpected cell {other:?}"),
    }
}

/// Compares rows of a file with objects of a JSON body, cell by cell: numbers as numbers, the rest as texts; an
/// escaping apostrophe is no difference.
pub fn assert_same(rows: &Rows, objects: &[Value]) {
    assert_eq!(rows.rows.len(), objects.len(), "rows");
    for (row, object) in rows.rows.iter().zip(objects) {
        for (name, cell) in rows.columns.iter().zip(row) {
            let expected = match name.strip_prefix("previous_") {
                Some(name) if object.get("previous").is_some() => &object["previous"][name],
                _ => object.get(name).unwrap_or_else(|| panic!("{name} is not in {object}")),
            };
            assert!(is_same(cell, expected), "{name}: {cell} for {expected}");
        }
    }
}

fn is_same_instant(cell: Option<&str>, wanted: &str) -> bool {
    // A cell of a workbook does not say whether midnight is a day or an instant.
    let cell = cell.map(|cell| if cell.len() == 10 { format!("{cell}T00:00:00") } else { cell.to_owned() });
    let cell = cell.and_then(|cell| NaiveDateTime::parse_from_str(&cell, "%Y-%m-%dT%H:%M:%S%.f").ok());
    cell.is_some() && cell == wanted.parse::<DateTime<Utc>>().ok().map(|wanted| wanted.naive_utc())
}

/// Whether a cell says the same as a value of a JSON body.
pub fn is_same(cell: &Value, expected: &Value) -> bool {
    let text = cell.as_str();
    match expected {
        Value::Null => cell.is_null(),
        Value::Number(number) => {
            let number_of = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
            number_of(cell) == number.as_f64()
        }
        Value::Bool(flag) => cell == expected || text == Some(if *flag { "true" } else { "false" }),
        // A workbook has no empty texts.
        Value::String(wanted) if wanted.is_empty() && cell.is_null() => true,
        // Instants of files have no zone; the column says that they are in UTC.
        Value::String(wanted) if is_same_instant(text, wanted) => true,
        Value::String(wanted) => text.is_some_and(|text| text == wanted || text.strip_prefix('\'') == Some(wanted)),
        Value::Array(_) | Value::Object(_) => {
            cell == expected
                || text.is_some_and(|text| serde_json::from_str::<Value>(text).is_ok_and(|v| v == *expected))
        }
    }
}
