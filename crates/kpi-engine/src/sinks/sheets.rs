//! A tab of a Google spreadsheet, by the REST API: four kinds of requests. A spreadsheet is never made and never shared.

use std::fmt::Write as _;

use metrics_core::kpi::{Cell, Formulas, LAST_VALUE, LONGEST_CELL, Layout, column_letters, layout};
use serde_json::{Value, json};
use ureq::http::Method;
use url::form_urlencoded::byte_serialize;

use super::http::{Client, Refused, waits_for};
use super::{Delivered, RunRow, SinkError, cells, is_later};
use crate::definitions::SheetsSink;

/// What a token may be used for: to write spreadsheets.
const SCOPE: &str = "https://www.googleapis.com/auth/spreadsheets";
/// Columns of a new tab, as Google makes it.
const COLUMNS: usize = 26;
/// Rows of a new tab.
const ROWS: usize = 1_000;

/// Adds the row of a run, or replaces it where it is resent.
pub fn deliver(sink: &SheetsSink, row: &RunRow) -> Result<Delivered, SinkError> {
    let account = sink.credentials.account().map_err(SinkError::new)?;
    let account = match &sink.token_url {
        Some(url) => account.with_token_url(url),
        None => account,
    };
    let mut client = Client::new();
    client.log_in(&account, SCOPE)?;
    let mut spreadsheet = Spreadsheet { sink, client, email: account.email().to_owned(), warnings: Vec::new() };
    spreadsheet.write(row)?;
    Ok(Delivered { attempts: spreadsheet.client.attempts(), warnings: spreadsheet.warnings })
}

struct Spreadsheet<'a> {
    sink: &'a SheetsSink,
    client: Client,
    email: String,
    warnings: Vec<String>,
}

/// What is known of the tab.
struct Tab {
    id: i64,
    /// Columns that it has room for; absent where the server does not say.
    columns: Option<usize>,
    locale: String,
}

impl Spreadsheet<'_> {
    fn write(&mut self, row: &RunRow) -> Result<(), SinkError> {
        let (cells, cut) = cells(&row.values, LONGEST_CELL);
        self.warnings.extend(cut.iter().map(ToString::to_string));
        let tab = self.tab(cells.len() + 1)?;
        let header = self.row("1:1", "FORMATTED_VALUE")?;
        let known = row.known.iter().map(String::as_str).collect();
        let laid = layout(&header, &cells, &known)
            .map_err(|error| self.client.error(format!("tab `{}`: {error}", self.sink.tab)))?;
        self.warnings.extend(laid.warnings.iter().map(ToString::to_string));
        let mut second = self.row("2:2", "FORMULA")?;
        let has_rows = second.iter().any(|cell| !cell.is_empty());
        let is_ours = second.first().is_none_or(|first| first.is_empty() || first == LAST_VALUE);
        if header.is_empty() && has_rows {
            return Err(self.client.error(format!(
                "tab `{}` has no header but there is something in its second row: put the header back, or name another tab",
                self.sink.tab
            )));
        }
        self.make_room(&tab, laid.header.len())?;
        if laid.first_new < laid.header.len() {
            let names: Vec<Value> = laid.header[laid.first_new..].iter().map(|name| json!(name)).collect();
            self.update(1, laid.first_new, laid.header.len(), "RAW", &json!(names).to_string())?;
        }
        let number = if row.is_resend { self.place(&row.date_time, &tab)? } else { None };
        if number.is_some() {
            // A row above all others moves the ranges of formulas down.
            second = self.row("2:2", "FORMULA")?;
        }
        if is_ours {
            self.formulas(&second, &laid, row, Formulas::of_locale(&tab.locale))?;
        } else {
            self.warnings.push(format!(
                "row 2 of tab `{}` does not begin with `{LAST_VALUE}` and is left alone: insert a row there",
                self.sink.tab
            ));
        }
        let line = line(row, &laid);
        match number {
            Some(number) => self.update(number, 0, laid.row.len(), "RAW", &line),
            None => self.append(&row.date_time, laid.row.len(), &line),
        }
    }

    /// The tab; made when there is none and the definition allows it.
    fn tab(&mut self, columns: usize) -> Result<Tab, SinkError> {
        let tabs = match self.find_tab()? {
            Ok(tab) => return Ok(tab),
            Err(tabs) => tabs,
        };
        if !self.sink.creates_tab {
            return Err(self.client.error(format!(
                "the spreadsheet has no tab `{}` (it has {}): make it, or say create_tab = true",
                self.sink.tab,
                tabs.join(", ")
            )));
        }
        let properties = json!({
            "title": self.sink.tab,
            "gridProperties": { "rowCount": ROWS, "columnCount": columns.max(COLUMNS) },
        });
        let request = json!({ "addSheet": { "properties": properties } });
        self.change(&request, "make the tab", |sheet| Ok(sheet.find_tab()?.is_ok()))?;
        let made = self.find_tab()?;
        made.map_err(|_| self.client.error(format!("the tab `{}` was made and is not there", self.sink.tab)))
    }

    /// The tab, or the names of those that are there.
    fn find_tab(&mut self) -> Result<Result<Tab, Vec<String>>, SinkError> {
        let url = self.url("?fields=sheets.properties,properties.locale");
        let about = self.client.ask(&Method::GET, &url, None).map_err(|refused| self.refused("open it", &refused))?;
        let sheets = about["sheets"].as_array().map(Vec::as_slice).unwrap_or_default();
        let mut properties = sheets.iter().map(|sheet| &sheet["properties"]);
        let Some(found) = properties.clone().find(|about| about["title"] == json!(self.sink.tab)) else {
            return Ok(Err(properties
                .by_ref()
                .filter_map(|about| about["title"].as_str().map(str::to_owned))
                .collect()));
        };
        Ok(Ok(Tab {
            id: found["sheetId"].as_i64().unwrap_or(0),
            columns: found["gridProperties"]["columnCount"].as_u64().and_then(|count| usize::try_from(count).ok()),
            locale: about["properties"]["locale"].as_str().unwrap_or("en_US").to_owned(),
        }))
    }

    /// Adds columns to the grid where there are too few.
    fn make_room(&mut self, tab: &Tab, columns: usize) -> Result<(), SinkError> {
        let Some(missing) = tab.columns.and_then(|there| columns.checked_sub(there)).filter(|missing| *missing > 0)
        else {
            return Ok(());
        };
        let request = json!({
            "appendDimension": { "sheetId": tab.id, "dimension": "COLUMNS", "length": missing },
        });
        let is_done = |sheet: &mut Self| {
            let tab = sheet.find_tab()?.ok();
            Ok(tab.and_then(|tab| tab.columns).is_some_and(|there| there >= columns))
        };
        self.change(&request, "add columns", is_done)
    }

    /// Row 2: a formula in each column of a KPI that has none of its own.
    fn formulas(
        &mut self,
        second: &[String],
        laid: &Layout,
        row: &RunRow,
        formulas: Formulas,
    ) -> Result<(), SinkError> {
        let cells: Vec<Option<String>> = laid
            .header
            .iter()
            .enumerate()
            .map(|(column, name)| {
                let there = second.get(column).map_or("", String::as_str);
                match column {
                    0 => there.is_empty().then(|| LAST_VALUE.to_owned()),
                    _ if row.is_ours(name) && needs_formula(there, column) => Some(formulas.last_value(column)),
                    _ => None,
                }
            })
            .collect();
        let Some(first) = cells.iter().position(Option::is_some) else { return Ok(()) };
        let end = cells.iter().rposition(Option::is_some).map_or(first, |last| last + 1);
        // Null leaves a cell as it is.
        self.update(2, first, end, "USER_ENTERED", &json!(&cells[first..end]).to_string())
    }

    /// Number of the row, from 1, for what is sent again: that of its time, or a new one before the first that is later, so
    /// that the last value is that of the newest run. None where it is to be the last.
    fn place(&mut self, date_time: &str, tab: &Tab) -> Result<Option<usize>, SinkError> {
        let column = self.first_column()?;
        if let Some(index) = position(&column, date_time) {
            return Ok(Some(index + 1));
        }
        let Some(index) = column.iter().position(|there| is_later(there, date_time)) else { return Ok(None) };
        let request = json!({
            "insertDimension": {
                "range": { "sheetId": tab.id, "dimension": "ROWS", "startIndex": index, "endIndex": index + 1 },
                "inheritFromBefore": false,
            },
        });
        let number = index + 1;
        let is_done = |sheet: &mut Self| {
            let there = sheet.row(&format!("{number}:{number}"), "FORMULA")?;
            Ok(there.iter().all(String::is_empty))
        };
        self.change(&request, "insert a row", is_done)?;
        Ok(Some(number))
    }

    /// Texts of the first column.
    fn first_column(&mut self) -> Result<Vec<String>, SinkError> {
        let column = self.values("A:A", "FORMATTED_VALUE")?;
        Ok(column.iter().map(|row| row[0].as_str().unwrap_or_default().to_owned()).collect())
    }

    fn append(&mut self, date_time: &str, columns: usize, line: &str) -> Result<(), SinkError> {
        let range = self.range("A1");
        let query = ":append?valueInputOption=RAW&insertDataOption=INSERT_ROWS";
        let url = self.url(&format!("/values/{range}{query}"));
        let body = format!("{{\"majorDimension\":\"ROWS\",\"values\":[{line}]}}");
        let mut index = None;
        self.once(&url, &body, "append a row", |sheet| {
            // Runs do not overlap, so a row of that time is this one.
            index = position(&sheet.first_column()?, date_time);
            Ok(index.is_some())
        })?;
        match index {
            Some(index) => self.update(index + 1, 0, columns, "RAW", line),
            None => Ok(()),
        }
    }

    /// Writes cells of a row, from column `from` to before `end`.
    fn update(&mut self, row: usize, from: usize, end: usize, option: &str, line: &str) -> Result<(), SinkError> {
        let cells = format!("{}{row}:{}{row}", column_letters(from), column_letters(end.saturating_sub(1)));
        let url = self.url(&format!("/values/{}?valueInputOption={option}", self.range(&cells)));
        let body = format!("{{\"majorDimension\":\"ROWS\",\"values\":[{line}]}}");
        let done = self.client.ask(&Method::PUT, &url, Some(&body));
        done.map(|_| ()).map_err(|refused| self.refused(&format!("write {cells}"), &refused))
    }

    fn change(
        &mut self,
        request: &Value,
        what: &str,
        is_done: impl FnMut(&mut Self) -> Result<bool, SinkError>,
    ) -> Result<(), SinkError> {
        let url = self.url(":batchUpdate");
        self.once(&url, &json!({ "requests": [request] }).to_string(), what, is_done)
    }

    /// Sends what must not be done twice. When an answer does not tell, `is_done` looks whether it was done, before it is
    /// sent again.
    fn once(
        &mut self,
        url: &str,
        body: &str,
        what: &str,
        mut is_done: impl FnMut(&mut Self) -> Result<bool, SinkError>,
    ) -> Result<(), SinkError> {
        let mut number = 1;
        loop {
            let Err(refused) = self.client.ask_once(&Method::POST, url, body) else { return Ok(()) };
            number += 1;
            let is_repeated = waits_for(number, &refused);
            if refused.is_ambiguous && is_done(self)? {
                return Ok(());
            }
            if !is_repeated {
                return Err(self.refused(what, &refused));
            }
            self.client.count_repeated();
        }
    }

    /// The texts of one row.
    fn row(&mut self, cells: &str, render: &str) -> Result<Vec<String>, SinkError> {
        let rows = self.values(cells, render)?;
        let cells = rows.into_iter().next().and_then(|row| row.as_array().cloned()).unwrap_or_default();
        let text = |cell: Value| match cell {
            Value::String(text) => text,
            Value::Null => String::new(),
            other => other.to_string(),
        };
        Ok(cells.into_iter().map(text).collect())
    }

    /// Rows of a range; none when it is empty. What cannot be read is an error, never an empty range.
    fn values(&mut self, cells: &str, render: &str) -> Result<Vec<Value>, SinkError> {
        let url = self.url(&format!("/values/{}?valueRenderOption={render}", self.range(cells)));
        let answer = self.client.ask(&Method::GET, &url, None);
        let answer = answer.map_err(|refused| self.refused(&format!("read {cells}"), &refused))?;
        match (&answer["values"], answer["range"].is_string()) {
            (Value::Array(rows), _) => Ok(rows.clone()),
            (Value::Null, true) => Ok(Vec::new()),
            _ => Err(self.client.error(format!("cannot read {cells}: the answer is not what Google documents"))),
        }
    }

    fn url(&self, rest: &str) -> String {
        format!("{}/spreadsheets/{}{rest}", self.sink.base_url, self.sink.spreadsheet)
    }

    /// A range of the tab, for a path.
    fn range(&self, cells: &str) -> String {
        let range = format!("'{}'!{cells}", self.sink.tab.replace('\'', "''"));
        // A form writes a blank as +, which is itself in a path.
        byte_serialize(range.as_bytes()).collect::<String>().replace('+', "%20")
    }

    fn refused(&self, what: &str, refused: &Refused) -> SinkError {
        let mut message = format!("cannot {what} in spreadsheet {}: {}", self.sink.spreadsheet, refused.reason);
        if matches!(refused.status, Some(403 | 404)) {
            // Writing to a String does not fail.
            let _ = write!(message, "; check its id, and share it with {} as editor", self.email);
        }
        self.client.error(message)
    }
}

/// Where `date_time` stands in a column, from 0; the last place.
fn position(column: &[String], date_time: &str) -> Option<usize> {
    column.iter().rposition(|there| there == date_time)
}

/// Whether a cell of row 2 is empty, or holds a formula that does not look at its own column.
fn needs_formula(there: &str, column: usize) -> bool {
    let looks_here = || there.to_ascii_uppercase().contains(&format!("{}3", column_letters(column)));
    there.is_empty() || (there.starts_with('=') && !looks_here())
}

/// A row as JSON: numbers keep all their digits. Null leaves a cell as it is: those of columns that are not ours.
fn line(row: &RunRow, laid: &Layout) -> String {
    let cells = laid.row.iter().zip(&laid.header).enumerate().map(|(column, (cell, name))| match cell {
        _ if column == 0 => json!(row.date_time).to_string(),
        Cell::Empty if row.is_ours(name) => "\"\"".to_owned(),
        Cell::Empty => "null".to_owned(),
        Cell::Number(digits) => digits.clone(),
        Cell::Text(text) => json!(text).to_string(),
    });
    format!("[{}]", cells.collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_that_look_elsewhere_are_replaced_and_others_stay() {
        assert!(needs_formula("", 2));
        assert!(needs_formula("=INDEX(B3:B, 1)", 2));
        assert!(!needs_formula("=IFERROR(LOOKUP(2,1/(C3:C<>\"\"),C3:C),\"\")", 2));
        assert!(!needs_formula("=MAX(c3:c)", 2));
        assert!(!needs_formula("by hand", 2));
    }

    #[test]
    fn a_row_keeps_digits_and_texts_stay_texts() {
        let columns =
            [("b", Cell::Number("12345678901234567890".into())), ("c", Cell::Empty), ("d", Cell::Text("=1\"".into()))];
        let row = RunRow {
            date_time: "2026-11-21 10:00:00".to_owned(),
            values: Vec::new(),
            known: ["b", "c", "d"].map(str::to_owned).into(),
            is_resend: false,
        };
        let known = row.known.iter().map(String::as_str).collect();
        let header = ["Date time", "b", "by hand"].map(str::to_owned);
        let laid = layout(&header, &columns, &known).unwrap();
        assert_eq!(line(&row, &laid), "[\"2026-11-21 10:00:00\",12345678901234567890,null,\"\",\"=1\\\"\"]");
    }
}
