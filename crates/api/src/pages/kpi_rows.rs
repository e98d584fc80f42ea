//! Values of rows as tables.

use metrics_core::export::Form;

use super::Page;
use crate::export::Members;

/// Rows of a table at most; the rest is in the files.
const MOST_ROWS: usize = 200;

/// A value of rows.
pub struct RowsTable {
    /// Keys of the objects, in the order in which they come.
    pub columns: Vec<Column>,
    /// The objects.
    pub rows: Vec<Vec<Cell>>,
    /// How many rows are shown, when not all are.
    pub left_out: Option<String>,
    /// Whether the query had more rows than its definition allows.
    pub is_truncated: bool,
}

/// A key of the objects.
pub struct Column {
    /// The key.
    pub name: String,
    /// Whether its values are numbers.
    pub is_number: bool,
}

/// A member of an object.
pub struct Cell {
    /// As people read it; nothing for null.
    pub text: Option<String>,
    /// Whether it is a number.
    pub is_number: bool,
}

impl Cell {
    fn of(json: &str) -> Self {
        let is_number = json.starts_with(|first: char| first == '-' || first.is_ascii_digit());
        let text = if json == "null" {
            None
        } else {
            // What is no text is shown as the JSON that it is.
            Some(serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned()))
        };
        Self { text, is_number }
    }
}

impl RowsTable {
    /// Of an array of objects as JSON; nothing when it is none, or has none.
    pub fn new(page: &Page, json: &str, is_truncated: bool) -> Option<Self> {
        let objects: Vec<Members> = serde_json::from_str(json).ok()?;
        if objects.is_empty() {
            return None;
        }
        let mut names: Vec<String> = Vec::new();
        for (name, _) in objects.iter().flat_map(|Members(members)| members) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let rows = objects.iter().take(MOST_ROWS).map(|Members(members)| {
            let cell = |wanted: &String| {
                let found = members.iter().find(|(name, _)| name == wanted);
                found.map_or_else(|| Cell::of("null"), |(_, json)| Cell::of(json.get()))
            };
            names.iter().map(cell).collect()
        });
        let rows: Vec<Vec<Cell>> = rows.collect();
        let columns = names.into_iter().enumerate().map(|(at, name)| {
            let mut cells = rows.iter().filter_map(|row| row.get(at)).filter(|cell| cell.text.is_some());
            let is_number = cells.clone().next().is_some() && cells.all(|cell| cell.is_number);
            Column { name, is_number }
        });
        let columns = columns.collect();
        let left_out = (objects.len() > MOST_ROWS).then(|| {
            let [shown, total] = [MOST_ROWS, objects.len()].map(|number| number.to_string());
            page.lang.say("kpi.rows_shown", &[("shown", &shown), ("total", &total), ("form", Form::Json.as_str())])
        });
        Some(Self { columns, rows, left_out, is_truncated })
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn table(json: &str) -> Option<RowsTable> {
        RowsTable::new(&Page::new(&TestRequest::with_uri("/").to_http_request()), json, false)
    }

    #[test]
    fn columns_are_keys_in_their_order_and_numbers_keep_their_digits() {
        let json = r#"[{"z":"a\"b","a":1.10},{"z":null,"b":{"c":[1]},"a":12345678901234567890}]"#;
        let table = table(json).expect("a table");
        let columns: Vec<_> = table.columns.iter().map(|column| (column.name.as_str(), column.is_number)).collect();
        assert_eq!(columns, [("z", false), ("a", true), ("b", false)]);
        let texts = |row: &[Cell]| row.iter().map(|cell| cell.text.clone()).collect::<Vec<_>>();
        let is = |text: &str| Some(text.to_owned());
        assert_eq!(texts(&table.rows[0]), [is("a\"b"), is("1.10"), None]);
        assert_eq!(texts(&table.rows[1]), [None, is("12345678901234567890"), is(r#"{"c":[1]}"#)]);
        assert!(table.rows[0][1].is_number && !table.rows[0][0].is_number);
    }

    #[test]
    fn what_is_no_list_of_objects_has_no_table() {
        for json in ["[]", "7", "[1,2]", "null", "nonsense"] {
            assert!(table(json).is_none(), "{json}");
        }
        let many = format!("[{}]", vec![r#"{"a":1}"#; 201].join(","));
        let table = table(&many).expect("a table");
        assert_eq!((table.rows.len(), table.left_out.is_some()), (200, true));
    }
}
