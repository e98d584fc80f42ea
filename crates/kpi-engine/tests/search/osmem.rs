//! A search server in memory, which behaves as OpenSearch 3 does.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::absent::passes_over;

/// The server; it ends when it is dropped, and with the test process.
pub struct Osmem {
    pub url: String,
    process: Child,
}

impl Osmem {
    /// `None`, said loudly, where the program is not there; in CI it has to be.
    pub fn start() -> Option<Self> {
        let program = Path::new(env!("CARGO_BIN_EXE_reporter-kpi"))
            .with_file_name("../search-server/osmem_server/bin/osmem-server");
        if !program.exists() {
            passes_over("no search server is there; scripts/search-server fetches one");
            return None;
        }
        let mut process = Command::new(program)
            .args(["-addr", "127.0.0.1:0", "-no-ja"])
            // It ends when this pipe does.
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the search server starts");
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let greeting: Value = serde_json::from_str(&line).expect("its first line is JSON");
        Some(Self { url: greeting["url"].as_str().unwrap().to_owned(), process })
    }

    pub fn call(&self, method: &str, target: &str, body: &str) -> Value {
        let answer = forward(&self.url, method, target, body);
        let text = String::from_utf8(answer).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
        assert!(head.split(' ').nth(1).is_some_and(|status| status.starts_with('2')), "{method} {target}: {text}");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{method} {target}: {error}: {body}"))
    }

    /// Puts documents into an index and makes them visible. An id is the number of its document, from 0.
    pub fn fill(&self, index: &str, documents: &[Value]) {
        let mut lines = String::new();
        for (number, document) in documents.iter().enumerate() {
            writeln!(lines, "{{\"index\":{{\"_id\":\"{number}\"}}}}\n{document}").unwrap();
        }
        let answer = self.call("POST", &format!("/{index}/_bulk?refresh=true"), &lines);
        assert_eq!(answer["errors"], false, "{answer}");
    }

    /// Points in time that are open.
    pub fn open_pits(&self) -> usize {
        let answer = forward(&self.url, "GET", "/_search/point_in_time/_all", "");
        String::from_utf8_lossy(&answer).matches("\"pit_id\"").count()
    }
}

impl Drop for Osmem {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The bytes of the answer to a request. Of HTTP 1.0, so that the body comes in one piece.
pub fn forward(url: &str, method: &str, target: &str, body: &str) -> Vec<u8> {
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {target} HTTP/1.0\r\nHost: {address}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    answer
}
