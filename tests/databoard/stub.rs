//! A data-api as far as the server asks it: lists of channels, events, bins, each as a test says.

use std::sync::Mutex;

use serde_json::{Value, json};

use crate::support::server::{Answer, Request, Server};

/// A frame of CBOR.
pub fn cbor(value: &Value) -> Vec<u8> {
    let mut payload = Vec::new();
    ciborium::into_writer(value, &mut payload).unwrap();
    binary(&payload)
}

/// A frame of JSON that has its length as digits.
pub fn text(value: &Value) -> Vec<u8> {
    let payload = value.to_string();
    format!("{}\n{payload}\n", payload.len()).into_bytes()
}

/// A frame of JSON behind the head of CBOR.
pub fn binary_json(value: &Value) -> Vec<u8> {
    binary(value.to_string().as_bytes())
}

fn binary(payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).unwrap().to_le_bytes().to_vec();
    frame.resize(16, 0);
    frame.extend_from_slice(payload);
    frame.resize(frame.len().next_multiple_of(8), 0);
    frame
}

/// A channel of the stub, with what a data-api leaves null.
pub fn channel(backend: &str, name: &str, series_id: &str, kind: &str) -> Value {
    json!({"backend": backend, "name": name, "seriesId": series_id, "source": null, "type": kind, "shape": null,
        "unit": null, "description": null})
}

/// The answer with these frames.
pub fn frames(frames: &[Vec<u8>]) -> Answer {
    Answer::text(200, "", frames.concat())
}

/// The stub.
pub struct Stub {
    server: Server,
}

/// What it says to one kind of request; by the number of the request of that kind, from 0.
pub type Said = Box<dyn Fn(usize, &Request) -> Answer + Send + Sync>;

impl Stub {
    /// A stub whose list has `channels`, of which a search finds those of exactly that name, and that answers requests
    /// for events and bins so.
    pub fn start(channels: Vec<Value>, events: Said, bins: Said) -> Self {
        Self::start_with(
            Box::new(move |_, request| {
                let pattern = decoded(request.parameter("nameRegex").unwrap()).replace('\\', "");
                let backend = request.parameter("backend");
                let matching = channels.iter().filter(|channel| {
                    let name = channel["name"].as_str().unwrap();
                    let is_named = match pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix('$')) {
                        Some(exact) => name.eq_ignore_ascii_case(exact),
                        None => pattern == ".*" || name.to_lowercase().contains(&pattern.to_lowercase()),
                    };
                    is_named && backend.is_none_or(|backend| channel["backend"] == *backend)
                });
                Answer::json(200, &json!({"channels": matching.collect::<Vec<_>>()}))
            }),
            events,
            bins,
        )
    }

    /// A stub that answers requests for channels, events and bins so.
    pub fn start_with(search: Said, events: Said, bins: Said) -> Self {
        let numbers = Mutex::new([0_usize; 3]);
        let server = Server::start(move |_, request| {
            let path = request.target.split('?').next().unwrap();
            let (kind, said) = match path {
                "/api/4/search/channel" => (0, &search),
                "/api/4/events" => (1, &events),
                "/api/4/binned" => (2, &bins),
                other => panic!("nobody asks for {other}"),
            };
            let number = {
                let mut numbers = numbers.lock().unwrap();
                numbers[kind] += 1;
                numbers[kind] - 1
            };
            said(number, request)
        });
        Self { server }
    }

    /// Its address, as a setting.
    pub fn url(&self) -> String {
        format!("{}/api/4", self.server.base_url)
    }

    /// The requests for this so far: `search/channel`, `events` or `binned`.
    pub fn requests(&self, what: &str) -> Vec<Request> {
        let path = format!("/api/4/{what}?");
        self.server.requests().into_iter().filter(|request| request.target.starts_with(&path)).collect()
    }
}

/// Something that is not asked for.
pub fn never() -> Said {
    Box::new(|_, request| panic!("nobody asks for {}", request.target))
}

/// The same answer to every request.
pub fn always(answer: impl Fn() -> Answer + Send + Sync + 'static) -> Said {
    Box::new(move |_, _| answer())
}

/// A text of a query without its escapes.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            other => other,
        });
    }
    String::from_utf8(bytes).unwrap()
}
