//! A server of HTTP on this machine that says what a test tells it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// What the server does with a request.
pub struct Answer {
    bytes: Vec<u8>,
    hangs: bool,
}

impl Answer {
    /// Status, a further header line or none (`""`), body.
    pub fn text(status: u16, header: &str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let header = if header.is_empty() { String::new() } else { format!("{header}\r\n") };
        Self::of(status, &format!("{header}Content-Length: {}\r\n", body.len()), &body)
    }

    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, "Content-Type: application/json; charset=UTF-8", body.to_string())
    }

    /// A body whose size is not said before: it ends when the connection does.
    pub fn unmeasured(body: &[u8]) -> Self {
        Self::of(200, "", body)
    }

    /// A body of which only the beginning comes.
    pub fn cut_off(body: &[u8]) -> Self {
        Self::of(200, &format!("Content-Length: {}\r\n", 2 * body.len() + 1), body)
    }

    /// Nothing more, for longer than anybody waits.
    pub fn then_hang(self) -> Self {
        Self { hangs: true, ..self }
    }

    /// Nothing, for longer than anybody waits.
    pub fn hang() -> Self {
        Self { bytes: Vec::new(), hangs: true }
    }

    /// `headers` are whole lines.
    fn of(status: u16, headers: &str, body: &[u8]) -> Self {
        let head = format!("HTTP/1.1 {status} X\r\n{headers}Connection: close\r\n\r\n");
        Self { bytes: [head.as_bytes(), body].concat(), hangs: false }
    }
}

/// A request as it arrived: method and target of its first line, its header lines, and its body.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    pub target: String,
    pub headers: Vec<String>,
    pub body: String,
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

/// The server. It ends with the test process.
pub struct Server {
    pub base_url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
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
fn converse(mut stream: &TcpStream, seen: &Mutex<Vec<Request>>, answer: &dyn Fn(usize, &Request) -> Answer) {
    let mut reader = BufReader::new(stream);
    let mut lines = reader.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty());
    let Some(first) = lines.next() else { return };
    let mut words = first.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut request = Request { method, target, headers: lines.collect(), body: String::new() };
    let length = request.header("Content-Length").map_or(0, |length| length.parse().unwrap());
    reader.take(length).read_to_string(&mut request.body).unwrap();
    let number = {
        let mut seen = seen.lock().unwrap();
        seen.push(request.clone());
        seen.len() - 1
    };
    let answer = answer(number, &request);
    // The client may have gone.
    let _ = stream.write_all(&answer.bytes);
    if answer.hangs {
        thread::sleep(Duration::from_mins(1));
    }
}
