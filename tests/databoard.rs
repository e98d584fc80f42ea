//! Saved dashboards and channels.

mod channels;
mod cross_origin;
mod curve;
mod dashboards;
mod eviction;
mod maintenance;
mod pages;
mod parallel;
mod points;
mod stub;
mod transfer;
mod upstream;
mod versions;

use serde_json::Value;

use crate::api::Api;
use crate::api::client::{Request, Response};
use crate::support::TestDb;

/// The smallest dashboard, 35 bytes of BSON.
const EMPTY: &str = r#"{"dashboard":{"widgets":[]}}"#;
const TOKEN: &str = "a token of operators";

/// A dashboard of `size` bytes of BSON: one widget, with a layout whose name is as long as it has to be.
fn sized(size: usize) -> String {
    let of = |name: &str| {
        format!(
            r#"{{"dashboard":{{"widgets":[{{"channels":[],"layout":{{"i":"{name}","x":0,"y":0,"w":1,"h":1}}}}]}}}}"#
        )
    };
    // Everything but the name: 35, the widget as an element 1 + 2, its object 4 + 1, the channels 1 + 9 + 5, the layout
    // 1 + 7, its object 4 + 1, i 1 + 2 + 5, and four numbers of 1 + 2 + 4.
    let rest = 35 + 3 + 5 + 15 + 8 + 5 + 8 + 28;
    of(&"n".repeat(size - rest))
}

/// A request with a body of JSON.
fn json(method: &'static str, target: &str, body: &str) -> Request {
    Request::new(method, &format!("/databoard{target}")).header("content-type", "application/json").body(body)
}

fn create(api: &Api, body: &str) -> Response {
    api.send(&json("POST", "/dashboard/", body))
}

/// Creates a dashboard and gives its id.
fn created(api: &Api, body: &str) -> String {
    let response = create(api, body);
    assert_eq!(response.status, 201, "{}", response.text());
    response.json()["id"].as_str().unwrap().to_owned()
}

fn patch(api: &Api, id: &str, body: &str) -> Response {
    api.send(&json("PATCH", &format!("/dashboard/{id}"), body))
}

fn delete(api: &Api, id: &str) -> Response {
    api.send(&Request::new("DELETE", &format!("/databoard/dashboard/{id}")))
}

fn get(api: &Api, id: &str) -> Response {
    api.get(&format!("/databoard/dashboard/{id}"))
}

/// The sentence of a refusal.
fn refused(response: &Response, status: u16) -> String {
    assert_eq!(
        (response.status, response.header("content-type")),
        (status, Some("application/json")),
        "{}",
        response.text()
    );
    let json = response.json();
    assert_eq!(json.as_object().unwrap().len(), 1);
    json["detail"].as_str().unwrap_or_else(|| panic!("{json}")).to_owned()
}

/// The first of the list of a refusal of parameters or of a body.
fn listed(response: &Response) -> Value {
    assert_eq!(response.status, 422, "{}", response.text());
    response.json()["detail"][0].clone()
}

/// What operators do.
fn operate(api: &Api, method: &'static str, target: &str) -> Response {
    let request = Request::new(method, &format!("/databoard/maintenance{target}"));
    api.ask_maintenance(&request.header("authorization", &format!("Bearer {TOKEN}")))
}

/// An API with operators.
fn start(db: &TestDb, settings: &[(&str, &str)]) -> Api {
    Api::start_with(db.url(), &[&[("MAINTENANCE_TOKEN", TOKEN)], settings].concat())
}

/// Number of stored dashboards, and what they take by the row of totals, which has to be what they add up to.
fn stored(db: &TestDb) -> (i64, i64) {
    let row = db.value(
        "SELECT jsonb_build_array(count(*), coalesce(sum(size_bytes), 0),
             (SELECT dashboards_bytes FROM metrics.databoard_totals),
             (SELECT coalesce(sum(size_bytes), 0) FROM metrics.databoard_versions),
             (SELECT versions_bytes FROM metrics.databoard_totals))
         FROM metrics.databoard_dashboards",
    );
    assert_eq!((&row[1], &row[3]), (&row[2], &row[4]), "the totals are those of the rows");
    (row[0].as_i64().unwrap(), row[1].as_i64().unwrap())
}
