//! A client that sends exactly what a test says, and decodes nothing on its own but chunks.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use flate2::read::GzDecoder;
use serde_json::Value;

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    method: &'static str,
    target: String,
    headers: String,
    body: Vec<u8>,
}

impl Request {
    pub fn new(method: &'static str, target: &str) -> Self {
        Self { method, target: target.to_owned(), headers: String::new(), body: Vec::new() }
    }

    /// An urlencoded form.
    pub fn form(target: &str, body: &str) -> Self {
        Self::new("POST", target).header("content-type", "application/x-www-form-urlencoded").body(body)
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        write!(self.headers, "{name}: {value}\r\n").unwrap();
        self
    }

    pub fn body(self, body: impl AsRef<[u8]>) -> Self {
        Self { body: body.as_ref().to_owned(), ..self }
    }

    /// The request as it goes over the wire, closing the connection after the response.
    pub fn bytes(&self) -> Vec<u8> {
        let Self { method, target, headers, body } = self;
        let length = body.len();
        let mut bytes =
            format!("{method} {target} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{headers}").into_bytes();
        if *method == "POST" || length > 0 {
            write!(bytes, "content-length: {length}\r\n").unwrap();
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(body);
        bytes
    }

    pub fn send(&self, address: SocketAddr) -> Response {
        send(address, &self.bytes(), self.method)
    }
}

/// Sends `bytes` as they are.
pub fn send(address: SocketAddr, bytes: &[u8], method: &str) -> Response {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
    stream.write_all(bytes).unwrap();
    Response::read(stream, method)
}

/// A response.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Response {
    /// Reads until the server closes.
    pub fn read(mut stream: TcpStream, method: &str) -> Self {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("a response");
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers = lines.map(|line| line.split_once(": ").unwrap());
        let headers: Vec<_> = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let mut response = Self { status, headers, body: bytes[end + 4..].to_vec() };
        if response.header("transfer-encoding") == Some("chunked") && method != "HEAD" {
            response.body = dechunk(&response.body);
        }
        response
    }

    /// The only value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values = self.headers(name);
        assert!(values.len() <= 1, "{name} is said twice");
        values.first().copied()
    }

    /// All values of a header.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        self.headers.iter().filter(|(header, _)| header == name).map(|(_, value)| value.as_str()).collect()
    }

    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The body behind gzip.
    pub fn gunzipped(&self) -> String {
        let mut text = String::new();
        GzDecoder::new(&*self.body).read_to_string(&mut text).unwrap();
        text
    }
}

fn dechunk(mut rest: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n").expect("a chunk");
        let length = usize::from_str_radix(std::str::from_utf8(&rest[..end]).unwrap(), 16).unwrap();
        let start = end + 2;
        if length == 0 {
            return body;
        }
        body.extend_from_slice(&rest[start..start + length]);
        rest = &rest[start + length + 2..];
    }
}
