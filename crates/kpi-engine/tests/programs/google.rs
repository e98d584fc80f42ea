//! The API of Google Sheets with a grid behind it, as far as a sink uses it; and its ways to fail.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::server::{Answer, Request, Server};

/// A cell as Google keeps it.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    Number(String),
    Text(String),
    Formula(String),
}

/// What a request does to a cell.
enum Change {
    Keep,
    Clear,
    Write(Cell),
}

/// A tab: rows of cells, and how many columns it has room for.
#[derive(Debug, Default)]
pub struct Tab {
    pub rows: Vec<Vec<Option<Cell>>>,
    pub columns: usize,
}

/// What happens to a request, once.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// It is refused with this status, and nothing is done.
    Refuse(u16),
    /// It is done, and the answer is this status.
    DoAndSay(u16),
}

#[derive(Default)]
struct State {
    tabs: BTreeMap<String, Tab>,
    locale: String,
    faults: Vec<(String, Fault)>,
}

/// The stub. `{base_url}` is the address of the API, `{base_url}/token` that of tokens.
pub struct Google {
    pub server: Server,
    state: Arc<Mutex<State>>,
}

pub const TOKEN: &str = "ya29.open-sesame";
pub const SPREADSHEET: &str = "1AbC_d-E";

impl Google {
    /// A spreadsheet with these tabs, each of 26 columns.
    pub fn start(tabs: &[&str]) -> Self {
        let tab = |name: &&str| ((*name).to_owned(), Tab { columns: 26, ..Tab::default() });
        let tabs = tabs.iter().map(tab).collect();
        let state = Arc::new(Mutex::new(State { tabs, locale: "en_US".into(), faults: Vec::new() }));
        let shared = Arc::clone(&state);
        let server = Server::start(move |_, request| {
            // A test that failed while it looked is no reason to fail once more.
            shared.lock().unwrap_or_else(PoisonError::into_inner).answer(request)
        });
        Self { server, state }
    }

    pub fn set_locale(&self, locale: &str) {
        locale.clone_into(&mut self.state.lock().unwrap().locale);
    }

    /// What the next requests whose method and target contain `what` meet, one by one.
    pub fn fail(&self, what: &str, faults: &[Fault]) {
        let faults = faults.iter().map(|fault| (what.to_owned(), *fault));
        self.state.lock().unwrap().faults.extend(faults);
    }

    /// Does something to a tab, as a person in a browser would.
    pub fn with_tab<T>(&self, tab: &str, work: impl FnOnce(&mut Tab) -> T) -> T {
        work(self.state.lock().unwrap().tabs.get_mut(tab).unwrap())
    }

    pub fn tabs(&self) -> Vec<String> {
        self.state.lock().unwrap().tabs.keys().cloned().collect()
    }

    /// A line for each row: cells with bars between them, texts in quotes.
    pub fn grid(&self, tab: &str) -> Vec<String> {
        self.with_tab(tab, |tab| {
            tab.rows
                .iter()
                .map(|row| {
                    let cells = row.iter().map(|cell| match cell {
                        None => String::new(),
                        Some(Cell::Number(digits)) => digits.clone(),
                        Some(Cell::Text(text)) => format!("'{text}'"),
                        Some(Cell::Formula(formula)) => formula.clone(),
                    });
                    cells.collect::<Vec<_>>().join("|")
                })
                .collect()
        })
    }

    /// Method and what follows the spreadsheet's id, of each request but those for tokens.
    pub fn requests(&self) -> Vec<String> {
        let prefix = format!("/spreadsheets/{SPREADSHEET}");
        let requests = self.server.requests();
        requests
            .iter()
            .filter_map(|request| Some(format!("{} {}", request.method, request.target.strip_prefix(&prefix)?)))
            .collect()
    }
}

fn error(status: u16, message: &str) -> Answer {
    let body = json!({"error": {"code": status, "message": message}}).to_string();
    Answer::text(status, "Content-Type: application/json\r\nRetry-After: 0", body)
}

impl State {
    fn answer(&mut self, request: &Request) -> Answer {
        let name = format!("{} {}", request.method, request.target);
        let fault =
            self.faults.iter().position(|(what, _)| name.contains(what)).map(|index| self.faults.remove(index).1);
        if let Some(Fault::Refuse(status)) = fault {
            return error(status, "as the test says");
        }
        if request.target == "/token" {
            assert!(request.body.starts_with("grant_type=urn%3Aietf"), "{}", request.body);
            return Answer::json(200, &json!({"access_token": TOKEN, "expires_in": 3599}));
        }
        if request.header("Authorization") != Some(&format!("Bearer {TOKEN}")) {
            return error(401, "no token");
        }
        let done = self.serve(request);
        match (fault, done) {
            (Some(Fault::DoAndSay(status)), _) => error(status, "as the test says"),
            (_, Ok(body)) => Answer::text(200, "Content-Type: application/json", body),
            (_, Err((status, message))) => error(status, &message),
        }
    }

    fn serve(&mut self, request: &Request) -> Result<String, (u16, String)> {
        let Some(rest) = request.target.strip_prefix(&format!("/spreadsheets/{SPREADSHEET}")) else {
            return Err((404, "Requested entity was not found.".into()));
        };
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        match (request.method.as_str(), path) {
            ("GET", "") => Ok(self.about(query)),
            ("POST", ":batchUpdate") => Ok(self.change(&request.body)),
            (method, path) => {
                let range = path.strip_prefix("/values/").ok_or((404, "no such path".to_owned()))?;
                let (range, is_append) = match range.strip_suffix(":append") {
                    Some(range) => (range, true),
                    None => (range, false),
                };
                let range = decoded(range);
                match method {
                    "GET" => self.read(&range, request.parameter("valueRenderOption") == Some("FORMULA")),
                    "PUT" => self.write(&range, request),
                    "POST" if is_append => self.append(&range, request),
                    _ => Err((405, "no such method".into())),
                }
            }
        }
    }

    fn about(&self, query: &str) -> String {
        assert_eq!(query, "fields=sheets.properties,properties.locale");
        let sheets = self.tabs.iter().enumerate().map(|(id, (title, tab))| {
            json!({"properties": {"sheetId": id, "title": title, "gridProperties": {"columnCount": tab.columns}}})
        });
        json!({"properties": {"locale": self.locale}, "sheets": sheets.collect::<Vec<_>>()}).to_string()
    }

    fn change(&mut self, body: &str) -> String {
        let body: Value = serde_json::from_str(body).unwrap();
        let request = &body["requests"][0];
        if let Some(properties) = request["addSheet"]["properties"].as_object() {
            let title = properties["title"].as_str().unwrap().to_owned();
            let columns = usize::try_from(properties["gridProperties"]["columnCount"].as_u64().unwrap()).unwrap();
            self.tabs.insert(title.clone(), Tab { columns, ..Tab::default() });
            let properties = json!({"sheetId": 7, "title": title, "gridProperties": {"columnCount": columns}});
            return json!({"replies": [{"addSheet": {"properties": properties}}]}).to_string();
        }
        let index = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
        if let Some(range) = request["insertDimension"]["range"].as_object() {
            assert_eq!(range["dimension"], "ROWS");
            let start = index(&range["startIndex"]);
            assert_eq!(index(&range["endIndex"]), start + 1);
            let tab = self.tabs.values_mut().nth(index(&range["sheetId"])).unwrap();
            tab.rows.insert(start, Vec::new());
            // Ranges of formulas begin at the third row.
            for cell in tab.rows[1].iter_mut().flatten() {
                if let Cell::Formula(formula) = cell
                    && start == 2
                {
                    *formula = formula.replace("3:", "4:");
                }
            }
            return json!({"replies": [{}]}).to_string();
        }
        let more = &request["appendDimension"];
        assert_eq!(more["dimension"], "COLUMNS");
        let tab = self.tabs.values_mut().nth(index(&more["sheetId"])).unwrap();
        tab.columns += index(&more["length"]);
        json!({"replies": [{}]}).to_string()
    }

    fn tab<'a>(&mut self, range: &'a str) -> Result<(&mut Tab, &'a str), (u16, String)> {
        let (tab, cells) = range.rsplit_once('!').unwrap();
        let tab = tab.strip_prefix('\'').and_then(|tab| tab.strip_suffix('\'')).unwrap().replace("''", "'");
        let found = self.tabs.get_mut(&tab).ok_or_else(|| (400, format!("Unable to parse range: {range}")))?;
        Ok((found, cells))
    }

    fn read(&mut self, range: &str, as_formula: bool) -> Result<String, (u16, String)> {
        let (tab, cells) = self.tab(range)?;
        let text = |cell: &Option<Cell>| match cell {
            None => json!("").to_string(),
            Some(Cell::Text(text)) => json!(text).to_string(),
            Some(Cell::Number(digits)) => {
                if as_formula {
                    digits.clone()
                } else {
                    json!(digits).to_string()
                }
            }
            Some(Cell::Formula(formula)) => json!(if as_formula { formula } else { "computed" }).to_string(),
        };
        let rows: Vec<Vec<String>> = match cells {
            "A:A" => tab.rows.iter().map(|row| row.first().map(text).into_iter().collect()).collect(),
            row => {
                let (first, last) = row.split_once(':').unwrap();
                assert_eq!(first, last);
                let row = tab.rows.get(first.parse::<usize>().unwrap() - 1);
                let mut cells: Vec<String> = row.into_iter().flatten().map(text).collect();
                while cells.last().is_some_and(|cell| cell == "\"\"") {
                    cells.pop();
                }
                if cells.is_empty() { Vec::new() } else { vec![cells] }
            }
        };
        let mut body = format!("{{\"range\":{},\"majorDimension\":\"ROWS\"", json!(range));
        if !rows.is_empty() {
            let rows = rows.iter().map(|row| format!("[{}]", row.join(","))).collect::<Vec<_>>().join(",");
            write!(body, ",\"values\":[{rows}]").unwrap();
        }
        Ok(body + "}")
    }

    fn write(&mut self, range: &str, request: &Request) -> Result<String, (u16, String)> {
        let typed = request.parameter("valueInputOption") == Some("USER_ENTERED");
        let (tab, cells) = self.tab(range)?;
        let (first, last) = cells.split_once(':').unwrap();
        let ((row, from), (_, to)) = (position(first), position(last));
        let line = line(&request.body, typed);
        assert_eq!(line.len(), to - from + 1, "{range}");
        if to >= tab.columns {
            return Err((400, format!("Range ({range}) exceeds grid limits. Max columns: {}", tab.columns)));
        }
        tab.put(row, from, line);
        Ok("{}".into())
    }

    fn append(&mut self, range: &str, request: &Request) -> Result<String, (u16, String)> {
        assert_eq!(request.parameter("insertDataOption"), Some("INSERT_ROWS"));
        let typed = request.parameter("valueInputOption") == Some("USER_ENTERED");
        let (tab, cells) = self.tab(range)?;
        assert_eq!(cells, "A1");
        let line = line(&request.body, typed);
        if line.len() > tab.columns {
            return Err((400, "tried writing to a column that is not there".into()));
        }
        tab.put(tab.rows.len(), 0, line);
        Ok("{}".into())
    }
}

impl Tab {
    fn put(&mut self, row: usize, from: usize, line: Vec<Change>) {
        if self.rows.len() <= row {
            self.rows.resize(row + 1, Vec::new());
        }
        let cells = &mut self.rows[row];
        cells.resize(cells.len().max(from + line.len()), None);
        for (cell, new) in cells[from..].iter_mut().zip(line) {
            match new {
                Change::Keep => {}
                Change::Clear => *cell = None,
                Change::Write(new) => *cell = Some(new),
            }
        }
    }
}

/// What the one row of a body does.
fn line(body: &str, typed: bool) -> Vec<Change> {
    #[derive(serde::Deserialize)]
    struct Body<'a> {
        #[serde(borrow)]
        values: Vec<Vec<&'a serde_json::value::RawValue>>,
    }
    let body: Body<'_> = serde_json::from_str(body).unwrap();
    assert_eq!(body.values.len(), 1);
    let cell = |raw: &&serde_json::value::RawValue| match serde_json::from_str(raw.get()).unwrap() {
        Value::Null => Change::Keep,
        Value::String(text) if text.is_empty() => Change::Clear,
        Value::String(text) if typed && text.starts_with('=') => Change::Write(Cell::Formula(text)),
        Value::String(text) => Change::Write(Cell::Text(text)),
        _ => Change::Write(Cell::Number(raw.get().to_owned())),
    };
    body.values[0].iter().map(cell).collect()
}

/// Row and column of `C3`, from 0.
fn position(cell: &str) -> (usize, usize) {
    let digits = cell.find(|char: char| char.is_ascii_digit()).unwrap();
    let column = cell[..digits].bytes().fold(0, |column, letter| column * 26 + usize::from(letter - b'A') + 1);
    (cell[digits..].parse::<usize>().unwrap() - 1, column - 1)
}

fn decoded(text: &str) -> String {
    assert!(!text.contains('+'), "{text}");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if let (b'%', [high, low, after @ ..]) = (first, rest) {
            let digits = [*high, *low];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).unwrap()
}
