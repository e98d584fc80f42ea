//! Saving, reading, changing and deleting dashboards.

use std::io::Write as _;
use std::net::TcpStream;
use std::process::Command;

use serde_json::json;

use super::{EMPTY, create, created, delete, get, json, listed, patch, refused, sized, start};
use crate::api::Api;
use crate::api::client::{Request, Response};
use crate::support::{TestDb, binary, run};

const UNKNOWN: &str = "6f0c2a3e-8d5b-4c59-9a53-1f3c1de0e8a1";

#[test]
fn the_server_greets_and_knows_its_addresses() {
    let db = TestDb::new();
    let api = Api::start_with(db.url(), &[("ROOT_PATH", "/api/")]);
    for mount in ["/databoard", "/api/databoard"] {
        for slash in ["", "/"] {
            let response = api.get(&format!("{mount}{slash}"));
            assert_eq!((response.status, response.text()), (200, r#"{"message":"Hello, World!"}"#));
            let response = api.get(&format!("{mount}/health{slash}"));
            assert_eq!((response.status, response.text()), (200, r#"{"message":"Alive and Well!"}"#));
        }
        let head = api.send(&Request::new("HEAD", &format!("{mount}/health")));
        assert_eq!((head.status, head.body.len()), (200, 0));
        for path in ["/nothing", "/dashboard/a/b", "//health", "/maintenance/stats", "/api/databoard/health"] {
            assert_eq!(refused(&api.get(&format!("{mount}{path}")), 404), "Not Found", "{path}");
        }
        for (method, path, allow) in [
            ("DELETE", "/health", "GET, HEAD"),
            ("GET", "/dashboard", "POST"),
            ("PUT", "/dashboard/", "POST"),
            ("POST", "/dashboard/x", "GET, HEAD, PATCH, DELETE"),
        ] {
            let response = api.send(&Request::new(method, &format!("{mount}{path}")));
            assert_eq!(refused(&response, 405), "Method Not Allowed", "{method} {path}");
            assert_eq!(response.header("allow"), Some(allow), "{method} {path}");
        }
        let id = api.send(&json("POST", "/dashboard", EMPTY)).json()["id"].as_str().unwrap().to_owned();
        for slash in ["", "/"] {
            assert_eq!(api.get(&format!("{mount}/dashboard/{id}{slash}")).status, 200);
        }
    }
    let ready = api.get("/databoard/ready").json();
    assert_eq!(ready, json!({"dashboards_bytes": 70, "upstream_channels": null, "upstream_list_age_s": null}));
    // Without a root path there is one spelling.
    let api = Api::start(&db);
    assert_eq!(api.get("/api/databoard/health").status, 404);
    assert_eq!(api.get("/databoardx/health").status, 404);
}

#[test]
fn the_mount_can_be_chosen() {
    let db = TestDb::new();
    let api = Api::start_with(db.url(), &[("METRICS_DATABOARD__MOUNT", "/boards/of/ours/")]);
    assert_eq!(api.get("/boards/of/ours/health").status, 200);
    assert_eq!(api.get("/databoard/health").status, 404);
    let described = api.get("/boards/of/ours/openapi.json").json();
    assert_eq!(described["servers"], json!([{"url": "/boards/of/ours"}]));
    for path in ["/", "/health", "/dashboard/", "/dashboard/{id}", "/channels/search", "/channels/curve"] {
        assert!(described["paths"].get(path).is_some(), "{path}");
    }
    assert!(described["paths"].as_object().unwrap().keys().all(|path| !path.contains("maintenance")));
    for mount in ["/", " ", "boards", "/a//b", "/a b", "/../a"] {
        let mut command = Command::new(binary("api"));
        let output = run(command.env_clear().env("METRICS_DATABOARD__MOUNT", mount));
        assert_eq!(output.status, 3, "{mount}: {}", output.stderr);
        assert!(output.stderr.contains("databoard.mount"), "{}", output.stderr);
    }
}

#[test]
fn a_dashboard_comes_back_as_it_was_sent() {
    let db = TestDb::new();
    let api = Api::start_with(db.url(), &[("VALIDATE_DASHBOARD_SCHEMA", "false")]);
    let text = concat!(
        r#"{"z":1.0,"dashboard":{"b":9007199254740993,"a":[-0,1E+2,9223372036854775807,0.10]},"é":"\u00e9\/\ud834\udd1e","#,
        r#""nul":"a\u0000b","\u0000key":null,"deep":[[{"":true}]]}"#
    );
    let expected = |id: &str| {
        let members = text.strip_prefix('{').unwrap();
        format!(r#"{{"id":"{id}",{members}"#)
    };
    let response = create(&api, text);
    let id = response.json()["id"].as_str().unwrap().to_owned();
    assert_eq!((response.status, response.text()), (201, expected(&id).as_str()));
    let hyphens: Vec<usize> = id.char_indices().filter(|(_, letter)| *letter == '-').map(|(at, _)| at).collect();
    assert_eq!((id.len(), hyphens.as_slice(), &id[14..15]), (36, &[8, 13, 18, 23][..], "4"));
    assert!(id.chars().all(|letter| matches!(letter, '0'..='9' | 'a'..='f' | '-')) && "89ab".contains(&id[19..20]));
    assert_eq!((get(&api, &id).status, get(&api, &id).text()), (200, expected(&id).as_str()));
    let head = api.send(&Request::new("HEAD", &format!("/databoard/dashboard/{id}")));
    assert_eq!((head.status, head.body.len()), (200, 0));

    // White space is not kept; what it stands between is. Nothing is merged.
    let changed = patch(&api, &id, " { \"dashboard\" : {\"x\": 1 , \"x\": [ 2 ] } }\n");
    let expected = format!(r#"{{"id":"{id}","dashboard":{{"x":[2]}}}}"#);
    assert_eq!((changed.status, changed.text()), (200, expected.as_str()));
    assert_eq!(get(&api, &id).text(), expected);
    let gone = delete(&api, &id);
    assert_eq!((gone.status, gone.text()), (200, expected.as_str()));
    for response in [get(&api, &id), delete(&api, &id), patch(&api, &id, EMPTY)] {
        assert_eq!(refused(&response, 404), "Dashboard not found");
    }
}

#[test]
fn any_text_may_be_looked_up() {
    let db = TestDb::new();
    let api = Api::start(&db);
    let id = created(&api, EMPTY);
    for unknown in [UNKNOWN, "x", "%00", "a%00b", "%20", "%F0%9D%84%9E", "%ff", "%2e%2e", &id.to_uppercase()] {
        assert_eq!(refused(&get(&api, unknown), 404), "Dashboard not found", "{unknown}");
        assert_eq!(refused(&patch(&api, unknown, EMPTY), 404), "Dashboard not found", "{unknown}");
        assert_eq!(refused(&delete(&api, unknown), 404), "Dashboard not found", "{unknown}");
        assert_eq!(refused(&api.get(&format!("/databoard/dashboard/{unknown}/versions")), 404), "Dashboard not found");
    }
}

#[test]
fn a_body_is_an_object_of_json() {
    let db = TestDb::new();
    let api = Api::start(&db);
    let id = created(&api, EMPTY);
    let send = |method: &'static str, kind: &str, body: &[u8]| -> Response {
        let target =
            if method == "POST" { "/databoard/dashboard/".to_owned() } else { format!("/databoard/dashboard/{id}") };
        let request = Request::new(method, &target).body(body);
        api.send(&if kind.is_empty() { request } else { request.header("content-type", kind) })
    };
    for method in ["POST", "PATCH"] {
        let json = "application/json";
        for (kind, body, expected) in [
            (json, "", "missing"),
            (json, "null", "dict_type"),
            (json, "[]", "dict_type"),
            (json, "\"text\"", "dict_type"),
            (json, "1", "dict_type"),
            (json, "{", "json_invalid"),
            (json, "{\"a\":NaN}", "json_invalid"),
            (json, "{\"a\":Infinity}", "json_invalid"),
            (json, "{\"a\":1e999}", "json_invalid"),
            (json, "{\"a\":18446744073709551616}", "json_invalid"),
            (json, "{\"a\":\"\\ud800\"}", "json_invalid"),
            ("", EMPTY, "dict_type"),
            ("text/plain", EMPTY, "dict_type"),
            ("application/x-www-form-urlencoded", EMPTY, "dict_type"),
            ("application/jsonp", EMPTY, "dict_type"),
        ] {
            let item = listed(&send(method, kind, body.as_bytes()));
            assert_eq!((&item["type"], &item["loc"]), (&json!(expected), &json!(["body"])), "{method} {kind} {body}");
            assert!(item["msg"].is_string() && item.get("input").is_some(), "{item}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(50_000), "]".repeat(50_000));
        assert_eq!(listed(&send(method, json, deep.as_bytes()))["type"], "json_invalid");
        let refusal = send(method, json, b"{\"a\":\"\xff\"}");
        assert_eq!(refused(&refusal, 400), "There was an error parsing the body");
        for kind in ["application/json; charset=utf-8", "application/vnd.x+json", "Application/JSON"] {
            assert!(send(method, kind, EMPTY.as_bytes()).status < 300, "{method} {kind}");
        }
        let wide: Vec<u8> = EMPTY.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(send(method, json, &[b"\xff\xfe", wide.as_slice()].concat()).status < 300);
        for body in ["{}", r#"{"dashboard":{}}"#, r#"{"dashboard":{"widgets":[]},"id":"x"}"#] {
            assert_eq!(refused(&send(method, json, body.as_bytes()), 422), "Dashboard validation failed.", "{body}");
        }
    }
    assert_eq!(get(&api, &id).status, 200);
    // Without the schema, the id is still the server's.
    let api = Api::start_with(db.url(), &[("VALIDATE_DASHBOARD_SCHEMA", "no")]);
    assert_eq!(refused(&create(&api, r#"{"id":"mine"}"#), 422), "Dashboard validation failed.");
    let response = create(&api, "{}");
    let id = response.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(response.text(), format!(r#"{{"id":"{id}"}}"#));
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100), "]".repeat(100));
    assert_eq!(get(&api, &created(&api, &deep)).status, 200);
}

#[test]
fn the_size_is_that_of_bson() {
    let db = TestDb::new();
    let api = start(&db, &[("DASHBOARD_MAX_SINGLE_BYTES", "300")]);
    let id = created(&api, &sized(300));
    assert_eq!(refused(&create(&api, &sized(301)), 413), "Size 301 exceeds max 300");
    assert_eq!(refused(&patch(&api, &id, &sized(302)), 413), "Size 302 exceeds max 300");
    // Escapes and white space do not count.
    let spaced = sized(300).replace("nn", "\\u006e\\u006e").replace(':', " :   ");
    assert_eq!(patch(&api, &id, &spaced).status, 200);
    let size = |id: &str| super::operate(&api, "GET", &format!("/dashboard/{id}")).json()["_size"].clone();
    assert_eq!((size(&id), size(&created(&api, EMPTY))), (json!(300), json!(35)));

    let api = start(&db, &[("DASHBOARD_MAX_SINGLE_BYTES", "300"), ("VALIDATE_DASHBOARD_SIZE", "off")]);
    assert_eq!(size(&created(&api, &sized(5_000))), json!(5_000));
    let most = 16 * 1024 * 1024;
    assert_eq!(refused(&create(&api, &sized(most + 1)), 413), format!("Size {} exceeds max {most}", most + 1));
}

#[test]
fn a_body_that_would_take_much_memory_is_refused_before_it_does() {
    let db = TestDb::new();
    let api = Api::start_with(db.url(), &[("DASHBOARD_MAX_SINGLE_BYTES", "1000")]);
    // 60,000 bytes of text are few enough, 15,000 arrays too many.
    let many = format!(r#"{{"a":[{}[0]]}}"#, "[0],".repeat(14_999));
    for response in [create(&api, &many), patch(&api, UNKNOWN, &many)] {
        assert!(refused(&response, 413).contains("takes more than 4000 bytes of BSON"), "{}", response.text());
    }
    // What is no object is told back, but not whole.
    let list = format!("[{}0]", "0,".repeat(20_000));
    let response = create(&api, &list);
    assert_eq!(response.status, 422);
    assert_eq!(response.json()["detail"][0]["input"], list[..1000]);
    assert_eq!(create(&api, "[1, 2]").json()["detail"][0]["input"], json!([1, 2]));
}

#[test]
fn a_body_that_is_much_too_large_is_refused_in_words() {
    let db = TestDb::new();
    let api = start(&db, &[("DASHBOARD_MAX_SINGLE_BYTES", "1000")]);
    // Its end comes after the limit, and the client reads nothing before it has sent all.
    let body = format!("{{\"a\":\"{}\"}}", "x".repeat(3_000_000));
    assert!(refused(&create(&api, &body), 413).contains("exceeds 69536 bytes"));
    // One that does not say how long it is.
    let mut stream = TcpStream::connect(api.url().trim_start_matches("http://")).unwrap();
    let head = "POST /databoard/dashboard/ HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
                transfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..30 {
        stream.write_all(format!("{:x}\r\n{}\r\n", 10_000, "y".repeat(10_000)).as_bytes()).unwrap();
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    assert!(refused(&Response::read(stream, "POST"), 413).contains("exceeds 69536 bytes"));
}

#[test]
fn checks_come_in_their_order() {
    let db = TestDb::new();
    let api = start(&db, &[("DASHBOARD_MAX_SINGLE_BYTES", "300")]);
    let id = created(&api, EMPTY);
    assert_eq!(super::operate(&api, "POST", &format!("/dashboard/{id}/protect")).status, 200);
    // An object, then whether it is protected, then the rest.
    assert_eq!(listed(&patch(&api, &id, "[]"))["type"], "dict_type");
    let protected = format!("Dashboard {id} is protected and cannot be changed.");
    for body in ["{}", &sized(301), EMPTY] {
        assert_eq!(refused(&patch(&api, &id, body), 403), protected);
    }
    assert_eq!(refused(&delete(&api, &id), 403), protected);
    // A dashboard, then its size, then whether it is there.
    assert_eq!(listed(&patch(&api, UNKNOWN, "1"))["type"], "dict_type");
    assert_eq!(refused(&patch(&api, UNKNOWN, "{}"), 422), "Dashboard validation failed.");
    let large_and_wrong = sized(400).replace("channels", "chanels");
    assert_eq!(refused(&patch(&api, UNKNOWN, &large_and_wrong), 422), "Dashboard validation failed.");
    assert_eq!(refused(&patch(&api, UNKNOWN, &sized(301)), 413), "Size 301 exceeds max 300");
    assert_eq!(refused(&patch(&api, UNKNOWN, EMPTY), 404), "Dashboard not found");
    assert_eq!(refused(&create(&api, &large_and_wrong), 422), "Dashboard validation failed.");
}

#[test]
fn what_is_refused_changes_nothing_and_reading_moves_the_last_access() {
    let db = TestDb::new();
    let api = start(&db, &[("DASHBOARD_MAX_SINGLE_BYTES", "300")]);
    let id = created(&api, EMPTY);
    let row = || db.value("SELECT to_jsonb(dashboard) FROM metrics.databoard_dashboards AS dashboard");
    let before = row();
    for body in ["[]", "{}", &sized(301), "{\"a\":1e999}"] {
        assert!(patch(&api, &id, body).status >= 400);
    }
    let stale = json("PATCH", &format!("/dashboard/{id}"), EMPTY).header("if-match", "\"v7\"");
    assert_eq!(api.send(&stale).status, 412);
    assert_eq!(super::operate(&api, "GET", &format!("/dashboard/{id}")).status, 200);
    assert_eq!(row(), before);
    std::thread::sleep(std::time::Duration::from_millis(3));
    assert_eq!(get(&api, &id).status, 200);
    let after = row();
    assert!(after["last_access"].as_str() > before["last_access"].as_str(), "{after} {before}");
    assert_eq!(after["computed_at"], before["computed_at"]);
}

#[test]
fn a_write_may_be_for_one_version_only() {
    let db = TestDb::new();
    let api = Api::start(&db);
    let response = create(&api, EMPTY);
    let id = response.json()["id"].as_str().unwrap().to_owned();
    let first = response.header("etag").unwrap().to_owned();
    assert_eq!(get(&api, &id).header("etag"), Some(first.as_str()));
    let send = |method: &'static str, tag: &str| {
        api.send(&json(method, &format!("/dashboard/{id}"), &sized(200)).header("if-match", tag))
    };
    let changed = send("PATCH", &first);
    let second = changed.header("etag").unwrap().to_owned();
    assert!(changed.status == 200 && second != first);
    for (method, tag) in [("PATCH", first.as_str()), ("DELETE", &first), ("PATCH", "W/\"v2\""), ("DELETE", "nonsense")]
    {
        assert!(refused(&send(method, tag), 412).contains("has version 2"), "{method} {tag}");
    }
    assert_eq!(refused(&send("PATCH", "\"v1\", \"v2\""), 400), "If-Match must have one tag");
    assert_eq!(send("PATCH", "*").status, 200);
    assert_eq!(send("DELETE", "\"v3\"").status, 200);
    assert_eq!(send("DELETE", "*").status, 404);
}

#[test]
fn a_time_out_means_that_nothing_was_changed() {
    let db = TestDb::new();
    let api = Api::start(&db);
    let id = created(&api, EMPTY);
    // Another writer does not end.
    let holder = super::channels::holding(&db, "BEGIN; SELECT FROM metrics.databoard_totals FOR UPDATE");
    std::thread::scope(|scope| {
        let create = scope.spawn(|| create(&api, EMPTY));
        let patch = scope.spawn(|| patch(&api, &id, &sized(200)));
        let delete = scope.spawn(|| delete(&api, &id));
        for response in [create, patch, delete] {
            assert_eq!(refused(&response.join().unwrap(), 504), "Request timed out");
        }
    });
    // Readers did not wait for it.
    assert_eq!(get(&api, &id).text(), format!(r#"{{"id":"{id}","dashboard":{{"widgets":[]}}}}"#));
    drop(holder);
    // What had been given up is not done afterwards either: these come later than it would have.
    assert_eq!(patch(&api, &id, EMPTY).header("etag"), Some("\"v2\""));
    assert_eq!(super::stored(&db), (1, 35));
}

#[test]
fn the_schema_may_be_the_operators() {
    let db = TestDb::new();
    let folder = tempfile::tempdir().unwrap();
    let schema = r#"{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","required":["mine"]}"#;
    std::fs::write(folder.path().join("dashboarddto.schema.json"), schema).unwrap();
    let path = format!("{}/", folder.path().display());
    let api = Api::start_with(db.url(), &[("SCHEMA_PATH", &path)]);
    assert_eq!(create(&api, r#"{"mine":[1e3]}"#).status, 201);
    assert_eq!(refused(&create(&api, EMPTY), 422), "Dashboard validation failed.");
    let version = api.get("/databoard/version").json();
    let sha256 = version["schema"]["sha256"].as_str().unwrap().to_owned();
    assert_eq!(sha256.len(), 64);
    assert!(api.log().contains(&sha256), "{}", api.log());
    let built_in = Api::start(&db).get("/databoard/version").json();
    assert_eq!(built_in["schema"]["source"], "built in");
    assert_ne!(built_in["schema"]["sha256"], sha256);

    // By HTTP.
    let server = crate::support::server::Server::start(move |_, request| {
        assert_eq!(request.target, "/schemas/dashboarddto.schema.json");
        crate::support::server::Answer::text(200, "", schema)
    });
    let api = Api::start_with(db.url(), &[("SCHEMA_PATH", &format!("{}/schemas/", server.base_url))]);
    assert_eq!(create(&api, r#"{"mine":1}"#).status, 201);
    assert_eq!(api.get("/databoard/version").json()["schema"]["sha256"], sha256);

    // One that cannot be read is told at the start, even when nothing would be held against it.
    std::fs::write(folder.path().join("dashboarddto.schema.json"), r#"{"type":"nothing"}"#).unwrap();
    for path in [folder.path().to_str().unwrap(), "/nowhere", "http://127.0.0.1:9"] {
        let mut command = Command::new(binary("api"));
        command
            .env_clear()
            .env("METRICS_DATABASE__URL", db.url().expose())
            .env("METRICS_API__LISTEN", "127.0.0.1:0")
            .env("METRICS_API__MAINTENANCE_LISTEN", "127.0.0.1:0")
            .env("VALIDATE_DASHBOARD_SCHEMA", "false")
            .env("SCHEMA_PATH", path);
        let output = run(&mut command);
        assert_eq!(output.status, 3, "{}", output.stderr);
        assert!(output.stderr.contains("SCHEMA_PATH"), "{}", output.stderr);
    }
}
