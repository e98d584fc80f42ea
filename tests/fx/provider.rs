//! A provider of exchange rates on this machine.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// What the provider does with a request.
pub enum Answer {
    /// Status, a further header line or none (`""`), body.
    Say(u16, String, String),
    /// Nothing, for longer than anybody waits.
    Hang,
}

impl Answer {
    pub fn text(status: u16, header: &str, body: impl Into<String>) -> Self {
        Self::Say(status, header.to_owned(), body.into())
    }

    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "", body.to_string())
    }
}

/// A request as it arrived: the target of its first line, and its header lines.
#[derive(Debug, Clone)]
pub struct Request {
    pub target: String,
    pub headers: Vec<String>,
}

impl Request {
    /// Value of a query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.headers.iter().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// The provider. It ends with the test process.
pub struct Provider {
    pub base_url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Provider {
    /// Answers each request by `answer` of its number, from 0, and the request.
    pub fn start(answer: impl Fn(usize, &Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                thread::spawn(move || converse(&stream.unwrap(), &seen, &*answer));
            }
        });
        Self { base_url, requests }
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

/// One request a connection; a client that goes away ends it.
fn converse(stream: &TcpStream, seen: &Mutex<Vec<Request>>, answer: &dyn Fn(usize, &Request) -> Answer) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let Some(first) = lines.next() else { return };
    let target = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let request = Request { target, headers: lines.collect() };
    let number = {
        let mut seen = seen.lock().unwrap();
        seen.push(request.clone());
        seen.len() - 1
    };
    match answer(number, &request) {
        Answer::Hang => thread::sleep(Duration::from_mins(1)),
        Answer::Say(status, header, body) => {
            let header = if header.is_empty() { header } else { header + "\r\n" };
            let length = body.len();
            let head = format!("HTTP/1.1 {status} X\r\n{header}Content-Length: {length}\r\nConnection: close\r\n\r\n");
            // The client may have gone.
            let _ = { stream }.write_all(format!("{head}{body}").as_bytes());
        }
    }
}

/// An answer of the chart endpoint: daily closes, the first on `first_day` (seconds since 1970, midnight UTC).
pub fn chart(first_day: i64, closes: &[Option<f64>]) -> Value {
    let timestamps: Vec<i64> = (0..).map(|day| first_day + day * 86_400).take(closes.len()).collect();
    json!({"chart": {"result": [{
        "meta": {"currency": "USD", "gmtoffset": 0, "timezone": "GMT", "exchangeTimezoneName": "Europe/London",
                 "instrumentType": "CURRENCY", "dataGranularity": "1d"},
        "timestamp": timestamps,
        "indicators": {"quote": [{"close": closes, "open": closes, "volume": vec![0; closes.len()]}],
                       "adjclose": [{"adjclose": closes}]},
    }], "error": null}})
}

/// An error of the chart endpoint.
pub fn chart_error(code: &str, description: &str) -> Value {
    json!({"chart": {"result": null, "error": {"code": code, "description": description}}})
}

/// An error of Open Exchange Rates.
pub fn oxr_error(status: u16, message: &str, description: &str) -> Value {
    json!({"error": true, "status": status, "message": message, "description": description})
}
