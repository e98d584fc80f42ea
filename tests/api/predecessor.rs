//! Shapes of the predecessor's bodies over the same data: keys, nesting, order, array or object, int or float.
//!
//! Its requests and responses are not ours to give away: the test reads them from `../shared` beside the repository,
//! passes over loudly where that is absent, and fails in CI. The other tests of forms write their own cases.

use std::fmt;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::Api;
use super::client::Request;
use crate::coldroom::{SMALL_AS_OF, small};
use crate::support::absent::passes_over;
use crate::support::reporter;

const PAIRS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/coldroom/predecessor_http.jsonl");

/// Columns whose kind or presence follows a definition that is ours: kilograms are never cut, idle rooms emit.
const REDEFINED: [&str; 5] = ["room_kg_in", "room_kg_out", "comp_kg_in", "comp_kg_out", "co2_to"];
/// Columns of dictionaries whose keys are crops or types of the data.
const DICTIONARIES: [&str; 6] = [
    "cooling_unit_types",
    "check_in_crates_crop",
    "check_in_kg_crop",
    "check_out_crates_crop",
    "check_out_kg_crop",
    "co2_crops_by_name",
];
/// A slice of one day on which a survey was filled in: the predecessor leaves surveys of the last day out.
const LAST_DAY_EXCLUDED: i64 = 63;

/// A JSON document without its values.
#[derive(Debug, Clone, PartialEq)]
enum Shape {
    Null,
    Bool,
    Int,
    Float,
    Text,
    Array(Vec<Shape>),
    Object(Vec<(String, Shape)>),
}

impl<'de> Deserialize<'de> for Shape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Shape;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }

            fn visit_unit<E>(self) -> Result<Shape, E> {
                Ok(Shape::Null)
            }

            fn visit_bool<E>(self, _: bool) -> Result<Shape, E> {
                Ok(Shape::Bool)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Shape, E> {
                Ok(Shape::Int)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Shape, E> {
                Ok(Shape::Int)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Shape, E> {
                Ok(Shape::Float)
            }

            fn visit_str<E>(self, _: &str) -> Result<Shape, E> {
                Ok(Shape::Text)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Shape, A::Error> {
                let mut shapes = Vec::new();
                while let Some(shape) = items.next_element()? {
                    shapes.push(shape);
                }
                Ok(Shape::Array(shapes))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Shape, A::Error> {
                let mut shapes = Vec::new();
                while let Some(field) = fields.next_entry()? {
                    shapes.push(field);
                }
                Ok(Shape::Object(shapes))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// The part of a pair that is compared.
#[derive(serde::Deserialize)]
struct Pair {
    body: Shape,
}

/// Differences of `ours` from `theirs`, by path.
fn differences(path: &str, theirs: &Shape, ours: &Shape, found: &mut Vec<String>) {
    let column = path.rsplit('/').find(|part| part.parse::<u32>().is_err() && *part != "value").unwrap_or_default();
    let is_number = |shape: &Shape| matches!(shape, Shape::Int | Shape::Float);
    match (theirs, ours) {
        (theirs, ours) if REDEFINED.contains(&column) && is_number(theirs) && is_number(ours) => {}
        (Shape::Object(theirs), Shape::Object(ours)) if DICTIONARIES.contains(&column) && path.ends_with("/0") => {
            // Other crops, and the same kind of number.
            if let (Some((_, theirs)), Some((_, ours))) = (theirs.first(), ours.first()) {
                differences(&format!("{path}/*"), theirs, ours, found);
            }
        }
        (Shape::Object(theirs), Shape::Object(ours)) => {
            let names = |fields: &[(String, Shape)]| fields.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
            let is_by_crop = path.starts_with("/co2_crops/");
            if names(theirs) != names(ours) && !is_by_crop {
                found.push(format!("{path}: keys {:?}, ours {:?}", names(theirs), names(ours)));
            }
            for (name, theirs) in theirs {
                if let Some((_, ours)) = ours.iter().find(|(ours, _)| ours == name) {
                    differences(&format!("{path}/{name}"), theirs, ours, found);
                }
            }
        }
        (Shape::Array(theirs), Shape::Array(ours)) => {
            let is_list_of_ids = theirs.iter().chain(ours).all(|shape| *shape == Shape::Int);
            if theirs.len() != ours.len() && !is_list_of_ids {
                found.push(format!("{path}: {} elements, ours {}", theirs.len(), ours.len()));
            }
            for (index, (theirs, ours)) in theirs.iter().zip(ours).enumerate() {
                differences(&format!("{path}/{index}"), theirs, ours, found);
            }
        }
        (theirs, ours) if theirs != ours => found.push(format!("{path}: {theirs:?}, ours {ours:?}")),
        _ => {}
    }
}

fn form(pair: &Value) -> String {
    let fields = pair["form"].as_object().expect("a form");
    fields.iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap())).collect::<Vec<_>>().join("&")
}

#[test]
fn bodies_have_the_shapes_of_the_predecessor() {
    if !Path::new(PAIRS).exists() {
        return passes_over("../shared/data/coldroom is absent");
    }
    let db = small();
    let output = reporter(&db, &["--view", "all", "--rebuild", "--as-of", SMALL_AS_OF, "--quiet"]);
    assert_eq!(output.status, 4, "{}", output.stderr);
    let api = Api::start(&db);
    let mut found = Vec::new();
    let pairs = std::fs::read_to_string(PAIRS).unwrap();
    for line in pairs.lines() {
        let pair: Value = serde_json::from_str(line).unwrap();
        let name = format!("{} {}", pair["id"], pair["name"]);
        let response = api.send(&Request::form(pair["path"].as_str().unwrap(), &form(&pair)));
        if pair["status"] != 200 || pair["body"].get("error").is_some() {
            assert_eq!(response.status, 400, "{name}: {}", response.text());
            assert!(response.json()["error"].is_string(), "{name}");
            continue;
        }
        assert_eq!(response.status, 200, "{name}: {}", response.text());
        if pair["id"] == LAST_DAY_EXCLUDED {
            assert!(response.json()["Impact metrics"].is_array(), "{name}: the survey of the day is there");
            continue;
        }
        let theirs: Pair = serde_json::from_str(line).unwrap();
        let ours: Shape = serde_json::from_slice(&response.body).unwrap();
        let mut of_pair = Vec::new();
        differences("", &theirs.body, &ours, &mut of_pair);
        found.extend(of_pair.iter().map(|difference| format!("{name}{difference}")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
