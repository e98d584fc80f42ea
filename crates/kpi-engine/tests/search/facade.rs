//! OpenSearch that passes for Elasticsearch 8: other names for points in time, all else as it is.

use serde_json::{Value, json};

use super::osmem::forward;
use crate::stub::{Answer, Request, Stub};

/// A server in front of the one at `url`.
pub fn elasticsearch(url: &str) -> Stub {
    let url = url.to_owned();
    Stub::start(move |request| answer(&url, request))
}

fn answer(url: &str, request: &Request) -> Answer {
    let header = "X-Elastic-Product: Elasticsearch\r\n";
    match (request.method.as_str(), request.path()) {
        ("GET", "/") => {
            let version = json!({ "number": "8.17.0", "build_flavor": "default" });
            Answer::with_headers(200, header, &json!({ "version": version, "tagline": "You Know, for Search" }))
        }
        ("POST", path) if path.ends_with("/_pit") => {
            let target = request.target.replacen("/_pit", "/_search/point_in_time", 1);
            let opened = body(&forward(url, "POST", &target, ""));
            match opened.get("pit_id") {
                Some(id) => Answer::with_headers(200, header, &json!({ "id": id, "_shards": opened["_shards"] })),
                None => Answer::with_headers(404, header, &opened),
            }
        }
        ("DELETE", "/_pit") => {
            let ids = json!({ "pit_id": [request.json()["id"]] }).to_string();
            let closed = body(&forward(url, "DELETE", "/_search/point_in_time", &ids));
            let freed = closed["pits"].as_array().map_or(0, Vec::len);
            Answer::with_headers(200, header, &json!({ "succeeded": freed == 1, "num_freed": freed }))
        }
        ("GET" | "POST", path) if !path.contains("point_in_time") => {
            Answer::raw(forward(url, &request.method, &request.target, &request.body))
        }
        (_, path) => {
            let reason = format!("no handler found for uri [{path}]");
            Answer::with_headers(
                400,
                header,
                &json!({ "error": { "type": "illegal_argument_exception", "reason": reason } }),
            )
        }
    }
}

fn body(answer: &[u8]) -> Value {
    let text = String::from_utf8_lossy(answer);
    text.split_once("\r\n\r\n").and_then(|(_, body)| serde_json::from_str(body).ok()).unwrap_or_default()
}
