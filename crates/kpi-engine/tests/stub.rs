//! A server of HTTP on this machine that says what a test tells it. One request a connection.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// What comes back, byte for byte, before the connection ends.
pub struct Answer {
    bytes: Vec<u8>,
    hangs: bool,
}

impl Answer {
    pub fn json(status: u16, body: &Value) -> Self {
        Self::with_headers(status, "", body)
    }

    /// `headers` are whole lines.
    pub fn with_headers(status: u16, headers: &str, body: &Value) -> Self {
        let body = body.to_string();
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n");
        Self::raw(format!("{head}{body}").into_bytes())
    }

    pub fn raw(bytes: Vec<u8>) -> Self {
        Self { bytes, hangs: false }
    }

    /// The same without its end.
    pub fn cut(mut self) -> Self {
        self.bytes.truncate(self.bytes.len() - 20);
        self
    }

    /// Nothing, for longer than anybody waits.
    pub fn hang() -> Self {
        Self { bytes: Vec::new(), hangs: true }
    }
}

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// With the query.
    pub target: String,
    /// Lines.
    pub headers: Vec<String>,
    pub body: String,
}

impl Request {
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.headers.iter().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// The server. It ends with the test process.
pub struct Stub {
    pub url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Stub {
    pub fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                thread::spawn(move || converse(&stream.unwrap(), &seen, &*answer));
            }
        });
        Self { url, requests }
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

fn converse(mut stream: &TcpStream, seen: &Mutex<Vec<Request>>, answer: &dyn Fn(&Request) -> Answer) {
    let mut reader = BufReader::new(stream);
    let mut lines = reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let Some(first) = lines.next() else { return };
    let mut words = first.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut request = Request { method, target, headers: lines.collect(), body: String::new() };
    let length = request.header("Content-Length").map_or(0, |length| length.parse().unwrap());
    reader.take(length).read_to_string(&mut request.body).unwrap();
    seen.lock().unwrap().push(request.clone());
    let answer = answer(&request);
    // The client may have gone.
    let _ = stream.write_all(&answer.bytes);
    if answer.hangs {
        thread::sleep(Duration::from_mins(1));
    }
}
