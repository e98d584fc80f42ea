use std::collections::BTreeMap;
use std::io::Cursor;

use ::parquet::file::reader::{FileReader, SerializedFileReader};
use calamine::{Data, Reader, Xlsx};
use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::*;

fn columns() -> Vec<Column> {
    [
        ("id", Kind::Integer),
        ("kg", Kind::Float),
        ("size", Kind::Number),
        ("room_revenue", Kind::Money(2)),
        ("name", Kind::Text),
        ("is_deleted", Kind::Flag),
        ("date", Kind::Date),
        ("computed_at", Kind::Instant),
        ("Check-in Date", Kind::LocalTime),
        ("ids", Kind::Integers),
        ("flags", Kind::Texts),
        ("crops", Kind::Json),
    ]
    .map(|(name, kind)| Column::new(name, kind, format!("What {name} means.")))
    .to_vec()
}

fn decimal(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

fn full(name: &str) -> Vec<Value> {
    let date = NaiveDate::from_ymd_opt(2026, 11, 17).expect("a date");
    let time = date.and_hms_micro_opt(8, 0, 0, 500_000).expect("a time");
    vec![
        Value::Integer(-7),
        Value::Float(-82.5),
        Value::Number(decimal("4.653")),
        Value::Number(decimal("-0.30")),
        Value::Text(name.into()),
        Value::Flag(true),
        Value::Date(date),
        Value::Instant(time.and_utc()),
        Value::LocalTime(time),
        Value::Integers(vec![3, -9]),
        Value::Texts(vec!["a\"b".into(), "fx_missing".into()]),
        Value::Json(r#"{"Tomato":1.5}"#.into()),
    ]
}

fn rows() -> Vec<Vec<Value>> {
    let mut empty = full("");
    empty[9] = Value::Integers(Vec::new());
    empty[10] = Value::Texts(Vec::new());
    vec![full("Room \"1\", Lagos"), vec![Value::Null; 12], empty, full("=1+1")]
}

fn written(form: Form, rows: &[Vec<Value>], style: &Style) -> Vec<u8> {
    let about = About::default().with("time_zone", "Africa/Lagos");
    let mut writer = RowWriter::new(form, &columns(), &about, style, Vec::new()).expect("begun");
    for row in rows {
        writer.row(row).expect("written");
    }
    assert_eq!(writer.rows(), rows.len() as u64);
    writer.finish().expect("finished")
}

fn text(form: Form, rows: &[Vec<Value>], style: &Style) -> String {
    String::from_utf8(written(form, rows, style)).expect("UTF-8")
}

fn workbook(bytes: Vec<u8>) -> Xlsx<Cursor<Vec<u8>>> {
    Xlsx::new(Cursor::new(bytes)).expect("a workbook")
}

#[test]
fn csv_has_a_header_and_a_line_per_row() {
    let expected = concat!(
        "id,kg,size,room_revenue,name,is_deleted,date,computed_at,Check-in Date,ids,flags,crops\n",
        r#"-7,-82.5,4.653,-0.30,"Room ""1"", Lagos",true,2026-11-17,2026-11-17T08:00:00.500Z,2026-11-17T08:00:00.500,"#,
        r#""[3,-9]","[""a\""b"",""fx_missing""]","{""Tomato"":1.5}""#,
        "\n,,,,,,,,,,,\n",
        r#"-7,-82.5,4.653,-0.30,"",true,2026-11-17,2026-11-17T08:00:00.500Z,2026-11-17T08:00:00.500,[],[],"#,
        r#""{""Tomato"":1.5}""#,
        "\n",
        r#"-7,-82.5,4.653,-0.30,'=1+1,true,2026-11-17,2026-11-17T08:00:00.500Z,2026-11-17T08:00:00.500,"#,
        r#""[3,-9]","[""a\""b"",""fx_missing""]","{""Tomato"":1.5}""#,
        "\n",
    );
    assert_eq!(text(Form::Csv, &rows(), &Style::default()), expected);
}

#[test]
fn a_csv_header_may_say_the_units() {
    let style = Style { units_in_header: true, ..Style::default() };
    let expected = "id,kg,size,room_revenue [currency],name,is_deleted,date [local day in time_zone],computed_at [UTC],\
                    Check-in Date,ids,flags,crops\n";
    assert_eq!(text(Form::Csv, &[], &style), expected);
}

/// Every start that a spreadsheet takes for a formula, and starts that look like it and are none.
#[test]
fn formulas_are_escaped_and_numbers_are_not() {
    let name = |name: &str| vec![Value::Integer(-1), Value::Text(name.into())];
    let columns = [Column::new("n", Kind::Integer, ""), Column::new("t", Kind::Text, "")];
    let cases = [
        ("=A1", "'=A1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=A1", "'\t=A1"),
        ("\r=A1", "'\r=A1"),
        ("a=b", "a=b"),
        ("'=A1", "'=A1"),
        (" =A1", " =A1"),
        ("Ọmọ", "Ọmọ"),
    ];
    for form in [Form::Csv, Form::Xlsx] {
        let mut writer =
            RowWriter::new(form, &columns, &About::default(), &Style::default(), Vec::new()).expect("begun");
        for (given, _) in cases {
            writer.row(&name(given)).expect("written");
        }
        let bytes = writer.finish().expect("finished");
        if form == Form::Csv {
            let text = String::from_utf8(bytes).expect("UTF-8");
            for (_, shown) in cases {
                let field = if shown.contains('\r') { format!("\"{shown}\"") } else { shown.to_owned() };
                assert!(text.contains(&format!("\n-1,{field}\n")), "{shown:?} in {text:?}");
            }
        } else {
            let sheet = workbook(bytes).worksheet_range("data").expect("the sheet");
            for (row, (_, shown)) in (1..).zip(cases) {
                assert_eq!(sheet.get_value((row, 0)), Some(&Data::Float(-1.0)));
                // A carriage return in XML is a line feed.
                let shown = shown.replace('\r', "\n");
                let cell = sheet.get_value((row, 1)).map(ToString::to_string).map(|cell| cell.replace('\r', "\n"));
                assert_eq!(cell, Some(shown));
            }
        }
    }
}

#[test]
fn json_is_an_object_per_line_or_a_body() {
    let object = concat!(
        r#"{"id":-7,"kg":-82.5,"size":4.653,"room_revenue":-0.30,"name":"=1+1","is_deleted":true,"date":"2026-11-17","#,
        r#""computed_at":"2026-11-17T08:00:00.500Z","Check-in Date":"2026-11-17T08:00:00.500","ids":[3,-9],"#,
        r#""flags":["a\"b","fx_missing"],"crops":{"Tomato":1.5}}"#,
    );
    let two = [full("=1+1"), full("=1+1")];
    assert_eq!(text(Form::Json, &two, &Style::default()), format!("{object}\n{object}\n"));
    assert_eq!(text(Form::Json, &[], &Style::default()), "");
    let body = Style { frame: JsonFrame::body("{}", "rows"), ..Style::default() };
    assert_eq!(text(Form::Json, &two, &body), format!("{{\"meta\":{{}},\"rows\":[{object},{object}]}}"));
    assert_eq!(text(Form::Json, &[], &body), r#"{"meta":{},"rows":[]}"#);
    let odd = [vec![Value::Float(f64::NAN), Value::Null]];
    let columns = [Column::new("a", Kind::Float, ""), Column::new("b", Kind::Text, "")];
    let mut writer =
        RowWriter::new(Form::Json, &columns, &About::default(), &Style::default(), Vec::new()).expect("begun");
    writer.row(&odd[0]).expect("written");
    assert_eq!(writer.finish().expect("finished"), b"{\"a\":null,\"b\":null}\n");
}

#[test]
fn a_workbook_has_typed_cells_a_sheet_of_facts_and_the_same_bytes_each_time() {
    for is_large in [true, false] {
        let style = Style { is_large, ..Style::default() };
        let bytes = written(Form::Xlsx, &rows(), &style);
        assert_eq!(bytes, written(Form::Xlsx, &rows(), &style));
        let mut book = workbook(bytes);
        assert_eq!(book.sheet_names(), ["data", "About"]);
        let sheet = book.worksheet_range("data").expect("the sheet");
        let cell = |row, column| sheet.get_value((row, column)).cloned().unwrap_or_default();
        assert_eq!(sheet.height(), 5);
        assert_eq!(cell(0, 8), Data::String("Check-in Date".into()));
        assert_eq!([cell(1, 0), cell(1, 1), cell(1, 3)], [-7.0, -82.5, -0.3].map(Data::Float));
        assert_eq!(cell(1, 5), Data::Bool(true));
        assert_eq!(cell(1, 6).to_string(), "46343", "days since 1899-12-30");
        assert!(matches!(cell(1, 8), Data::DateTime(_)));
        assert_eq!(cell(1, 11), Data::String(r#"{"Tomato":1.5}"#.into()));
        assert_eq!((cell(2, 0), cell(2, 4)), (Data::Empty, Data::Empty));
        assert_eq!(cell(4, 4), Data::String("'=1+1".into()));
        let about = book.worksheet_range("About").expect("the sheet");
        assert_eq!(about.get_value((0, 1)), Some(&Data::String("Africa/Lagos".into())));
        assert_eq!(about.get_value((6, 1)), Some(&Data::String("currency".into())));
    }
}

#[test]
fn what_a_cell_cannot_hold_is_said() {
    let mut row = full("x");
    row[0] = Value::Integer(i64::MAX);
    row[9] = Value::Integers((0..10_000).collect());
    let mut book = workbook(written(Form::Xlsx, &[row], &Style::default()));
    let sheet = book.worksheet_range("data").expect("the sheet");
    assert_eq!(sheet.get_value((1, 0)), Some(&Data::String("9223372036854775807".into())));
    let long = sheet.get_value((1, 9)).map(ToString::to_string).expect("a cell");
    assert_eq!(long, "(48891 characters, more than a cell holds: take another form)");
}

#[test]
fn full_sheets_are_followed_by_others() {
    let columns = [Column::new("n", Kind::Integer, "")];
    let style = Style::default();
    let mut writer = xlsx::XlsxWriter::new(&columns, &About::default(), &style, Vec::new()).expect("begun");
    writer.set_rows_per_sheet(2);
    for number in 0..5 {
        writer.row(&[Value::Integer(number)]).expect("written");
    }
    let mut book = workbook(writer.finish().expect("finished"));
    assert_eq!(book.sheet_names(), ["data", "About", "data 2", "data 3"]);
    let heights = ["data", "data 2", "data 3"].map(|name| book.worksheet_range(name).expect("the sheet").height());
    assert_eq!(heights, [3, 3, 2]);
}

#[test]
fn parquet_has_typed_columns_and_says_their_units() {
    let mut file = tempfile::tempfile().expect("a file");
    file.write_all(&written(Form::Parquet, &rows(), &Style::default())).expect("written");
    let file = SerializedFileReader::new(file).expect("a file");
    let metadata = file.metadata().file_metadata();
    let schema: Vec<String> = metadata
        .schema()
        .get_fields()
        .iter()
        .map(|field| format!("{} {:?}", field.name(), field.get_basic_info().logical_type_ref()))
        .collect();
    assert_eq!(schema[4], "name Some(String)");
    assert!(schema[3].contains("scale: 2") && schema[6].contains("Date") && schema[9].contains("List"), "{schema:?}");
    let facts = metadata.key_value_metadata().expect("facts");
    assert_eq!((facts[0].key.as_str(), facts[0].value.as_deref()), ("time_zone", Some("Africa/Lagos")));
    let columns: Vec<serde_json::Value> =
        serde_json::from_str(facts[1].value.as_deref().expect("a text")).expect("JSON");
    assert_eq!(
        columns[3],
        serde_json::json!({"name": "room_revenue", "unit": "currency",
        "description": "What room_revenue means."})
    );

    let rows: Vec<BTreeMap<String, String>> = file
        .get_row_iter(None)
        .expect("rows")
        .map(|row| {
            let row = row.expect("a row");
            row.get_column_iter().map(|(name, field)| (name.clone(), field.to_string())).collect()
        })
        .collect();
    assert_eq!(rows.len(), 4);
    let cells = |row: usize, names: &[&str]| names.iter().map(|name| rows[row][*name].clone()).collect::<Vec<_>>();
    assert_eq!(cells(0, &["id", "kg", "size", "room_revenue"]), ["-7", "-8.25E1", "4.653", "-0.30"]);
    assert_eq!(cells(0, &["date", "ids", "crops"]), ["2026-11-17", "[3, -9]", r#""{"Tomato":1.5}""#]);
    // How many digits and whether a zone is shown, versions of the reader differ in.
    assert!(rows[0]["computed_at"].starts_with("2026-11-17 08:00:00.5"), "{}", rows[0]["computed_at"]);
    assert_eq!(cells(0, &["name"]), ["\"Room \"1\", Lagos\""]);
    assert!(rows[1].values().all(|cell| cell == "null"), "{:?}", rows[1]);
    assert_eq!(cells(2, &["ids", "flags", "name"]), ["[]", "[]", "\"\""]);
    assert_eq!(cells(3, &["name"]), ["\"=1+1\""], "nothing takes it for a formula here");
}

#[test]
fn a_value_of_another_kind_is_refused_by_name() {
    let columns = [Column::new("n", Kind::Money(2), "")];
    let mut writer =
        RowWriter::new(Form::Parquet, &columns, &About::default(), &Style::default(), Vec::new()).expect("begun");
    let error = writer.row(&[Value::Number(decimal("0.005"))]).expect_err("three places");
    assert!(error.to_string().starts_with("column n is a Money(2)"), "{error}");
    assert!(writer.row(&[Value::Text("x".into())]).is_err());
}

#[test]
fn pieces_of_json_are_read_by_the_kind_of_their_column() {
    let read = |kind: Kind, json: &str| {
        kind.from_json(&serde_json::value::RawValue::from_string(json.into()).expect("JSON")).ok()
    };
    assert_eq!(read(Kind::Integer, "9223372036854775807"), Some(Value::Integer(i64::MAX)));
    assert_eq!(read(Kind::Money(2), "1302068.20"), Some(Value::Number(decimal("1302068.20"))));
    assert_eq!(read(Kind::Float, "0.1"), Some(Value::Float(0.1)));
    assert_eq!(read(Kind::Text, r#""a\"b""#), Some(Value::Text("a\"b".into())));
    assert_eq!(read(Kind::Integers, "[1,2]"), Some(Value::Integers(vec![1, 2])));
    assert_eq!(read(Kind::Json, r#"{"a":1}"#), Some(Value::Json(r#"{"a":1}"#.into())));
    assert_eq!(read(Kind::Date, "null"), Some(Value::Null));
    assert_eq!(read(Kind::Date, "\"2026-11-31\""), None);
    assert_eq!(read(Kind::Integer, "1.5"), None);
}
