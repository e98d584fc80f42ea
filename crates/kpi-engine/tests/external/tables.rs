//! Tables of other engines in queries that run here, beside those of other sources.

use std::sync::Mutex;
use std::time::Duration;

use kpi_engine::Tier;
use metrics_core::kpi::{
    Definitions, ErrorKind, ExternalKind, ExternalSource, FileFormat, Form, Kpi, Source, SourceKind,
};
use serde_json::{Value, json};

use super::lake::{Lake, ROWS};
use super::source;
use crate::engine::support::{are_equal, definitions, engine, file, files, fixtures, kpi, postgres, run};
use crate::stub::{Answer, Request, Stub};

/// Columns of `orders`, as Trino and Dremio call their types.
const COLUMNS: [(&str, &str, &str); 8] = [
    ("id", "bigint", "BIGINT"),
    ("customer", "integer", "INTEGER"),
    ("amount", "decimal(10,2)", "DECIMAL"),
    ("weight", "double", "DOUBLE"),
    ("is_paid", "boolean", "BOOLEAN"),
    ("day", "date", "DATE"),
    ("placed_at", "timestamp(3)", "TIMESTAMP"),
    ("Note", "varchar(20)", "CHARACTER VARYING"),
];

/// What is sent to find the columns of `orders`.
const TRINO_COLUMNS: &str = "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns \
    WHERE (table_schema = 'sales' AND table_name = 'orders') ORDER BY table_schema, table_name, ordinal_position";
const DREMIO_COLUMNS: &str = "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, NUMERIC_PRECISION, NUMERIC_SCALE \
    FROM INFORMATION_SCHEMA.\"COLUMNS\" WHERE (LOWER(TABLE_SCHEMA) = 'hive.sales' AND LOWER(TABLE_NAME) = 'orders') \
    ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION";

/// What is read of `orders` alone.
type Read = (Vec<String>, Vec<Vec<String>>);

fn raw(rows: &[Vec<String>]) -> Value {
    let rows = rows.iter().map(|row| format!("[{}]", row.join(","))).collect::<Vec<_>>().join(",");
    // Numbers keep their digits as they are written: all of them have few.
    serde_json::from_str(&format!("[{rows}]")).unwrap()
}

/// Trino, in pages of 100 rows.
fn trino() -> Stub {
    let lake = Lake::new();
    let results: Mutex<Vec<Read>> = Mutex::default();
    Stub::start(move |request| {
        let mut results = results.lock().unwrap();
        let (query, page) = match request.method.as_str() {
            "POST" => {
                let read = if request.body.contains("information_schema") {
                    assert_eq!(request.body, TRINO_COLUMNS);
                    let rows = COLUMNS
                        .map(|(name, kind, _)| ["sales", "orders", name, kind].map(|text| json!(text).to_string()));
                    Ok((["s", "t", "c", "d"].map(str::to_owned).to_vec(), rows.map(Vec::from).to_vec()))
                } else {
                    lake.rows(&request.body)
                };
                match read {
                    Ok(read) => results.push(read),
                    Err(message) => return Answer::json(200, &json!({ "id": "q", "error": { "message": message } })),
                }
                (results.len() - 1, 0)
            }
            "DELETE" => return Answer::json(204, &json!({})),
            _ => {
                let mut parts = request.path().rsplit('/').map(|part| part.parse().unwrap());
                let (page, query) = (parts.next().unwrap(), parts.next().unwrap());
                (query, page)
            }
        };
        let (names, rows) = &results[query];
        let kind = |name: &String| COLUMNS.iter().find(|column| column.0 == name).map_or("varchar", |column| column.1);
        let columns: Vec<_> = names.iter().map(|name| json!({ "name": name, "type": kind(name) })).collect();
        let mut answer = json!({ "id": "q", "columns": columns });
        let rest = rows.get(page * 100..).unwrap_or_default();
        answer["data"] = raw(&rest[..rest.len().min(100)]);
        if rest.len() > 100 {
            let host = request.header("host").unwrap();
            answer["nextUri"] = format!("http://{host}/v1/statement/executing/{query}/{}", page + 1).into();
        }
        Answer::json(200, &answer)
    })
}

/// Dremio, whose pages the reader cuts.
fn dremio() -> Stub {
    let lake = Lake::new();
    let results: Mutex<Vec<Read>> = Mutex::default();
    Stub::start(move |request| {
        let mut results = results.lock().unwrap();
        let parts: Vec<&str> = request.path().split('/').collect();
        match (request.method.as_str(), parts.as_slice()) {
            ("POST", ["", "apiv2", "login"]) => Answer::json(200, &json!({ "token": "abc" })),
            ("POST", ["", "api", "v3", "sql"]) => {
                let sql = request.json()["sql"].as_str().unwrap().to_owned();
                let read = if sql.contains("INFORMATION_SCHEMA") {
                    assert_eq!((sql.as_str(), &request.json()["context"]), (DREMIO_COLUMNS, &Value::Null));
                    let digits =
                        |name: &str| if name == "amount" { [json!(10), json!(2)] } else { [Value::Null, Value::Null] };
                    let row = |(name, _, kind): (&str, &str, &str)| {
                        let [precision, scale] = digits(name);
                        let row = [json!("hive.sales"), json!("orders"), json!(name), json!(kind), precision, scale];
                        row.map(|cell| cell.to_string()).to_vec()
                    };
                    (["s", "t", "c", "d", "p", "x"].map(str::to_owned).to_vec(), COLUMNS.map(row).to_vec())
                } else {
                    lake.rows(&sql).unwrap()
                };
                results.push(read);
                Answer::json(200, &json!({ "id": (results.len() - 1).to_string() }))
            }
            ("GET", ["", "api", "v3", "job", _]) => Answer::json(200, &json!({ "jobState": "COMPLETED" })),
            ("GET", ["", "api", "v3", "job", id, "results"]) => {
                let (names, rows) = &results[id.parse::<usize>().unwrap()];
                let column = |name: &String| match COLUMNS.iter().find(|column| column.0 == name) {
                    Some((_, _, "DECIMAL")) => json!({ "name": "DECIMAL", "precision": 10, "scale": 2 }),
                    Some((_, _, "CHARACTER VARYING")) | None => json!({ "name": "VARCHAR" }),
                    Some((_, _, kind)) => json!({ "name": kind }),
                };
                let schema: Vec<_> = names.iter().map(|name| json!({ "name": name, "type": column(name) })).collect();
                let [offset, limit] = ["offset", "limit"].map(|name| number(request, name));
                let page = raw(&rows[offset..rows.len().min(offset + limit)]);
                let page: Vec<Value> = page.as_array().unwrap().iter().map(|row| named(names, row)).collect();
                Answer::json(200, &json!({ "rowCount": rows.len(), "schema": schema, "rows": page }))
            }
            (method, _) => panic!("{method} {}", request.target),
        }
    })
}

fn named(names: &[String], row: &Value) -> Value {
    names.iter().cloned().zip(row.as_array().unwrap().iter().cloned()).collect::<serde_json::Map<_, _>>().into()
}

fn number(request: &Request, name: &str) -> usize {
    let (_, query) = request.target.split_once('?').unwrap();
    query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}="))).unwrap().parse().unwrap()
}

/// A source whose tables are in the catalog `hive`.
pub fn hive(kind: ExternalKind, url: &str) -> Source {
    let external = ExternalSource { catalog: Some("hive".to_owned()), ..source(kind, url) };
    Source { kind: SourceKind::External(external), is_large: false }
}

/// The source `lake` beside a database and a file.
pub async fn beside(lake: Source, folder: &std::path::Path) -> Definitions {
    std::fs::write(folder.join("customers.csv"), "id,name\n-3,Ada\n0,Bo\n2,Cy\n").unwrap();
    let customers = file(folder.join("customers.csv"), FileFormat::Csv);
    let [_, coproduction] = fixtures().await;
    definitions(vec![
        ("lake", lake),
        ("files", files("public", vec![("customers", customers)])),
        ("coproduction", postgres(coproduction)),
    ])
}

pub const FILTERS: [&str; 28] = [
    "customer > 1",
    "1 >= customer",
    "customer IN (1, 2, -3)",
    "customer NOT IN (1, 2)",
    "customer BETWEEN -1 AND 2",
    "NOT customer BETWEEN -1 AND 2",
    "amount = 1.25",
    "amount > 0.5",
    "weight > 0.1",
    "is_paid",
    "NOT is_paid",
    "is_paid IS NOT TRUE",
    "day = '2026-01-03'",
    "day < DATE '2026-01-05'",
    "placed_at >= '2026-01-02 04:00:00'",
    "placed_at < TIMESTAMP '2026-01-02 04:00:00.25'",
    "placed_at <= TIMESTAMP '2026-01-02 04:00:00.2495'",
    "\"Note\" = 'a'",
    "\"Note\" = 'it''s'",
    "\"Note\" IN ('a', 'A', '')",
    "\"Note\" LIKE 'a%'",
    "\"Note\" NOT LIKE 'a%'",
    "\"Note\" <> 'a'",
    "\"Note\" < 'b'",
    "\"Note\" IS NULL",
    "customer > 1 AND \"Note\" = 'a' OR day IS NULL",
    "NOT (customer > 1 OR \"Note\" = 'a')",
    "(customer > 1 OR customer < -1) AND is_paid",
];

/// Every filter that is pushed selects the same rows as without it. Gives how many of them were sent.
pub async fn filters_select_the_same(definitions: &Definitions) -> usize {
    let with = FILTERS.map(|filter| kpi(&format!("SELECT id FROM lake.sales.orders WHERE {filter}"), Form::Rows));
    // A CASE is not in the list of what is pushed.
    let without = FILTERS.map(|filter| {
        kpi(&format!("SELECT id FROM lake.sales.orders WHERE CASE WHEN id > 0 THEN ({filter}) END"), Form::Rows)
    });
    let all: Vec<Kpi> = with.iter().chain(&without).cloned().collect();
    let engine = engine(definitions, &all).await;
    let mut sent = 0;
    for (with, without) in with.iter().zip(&without) {
        let mut answers = Vec::new();
        for kpi in [with, without] {
            let answer = engine.run(kpi).await.result.unwrap_or_else(|failure| panic!("{failure}\nin: {}", kpi.sql));
            answers.push(answer);
        }
        let rows = answers[0].rows.unwrap();
        assert!(rows > 0 && i64::from(rows) < ROWS, "{}: {rows} rows", with.sql);
        assert!(are_equal(Form::Rows, &answers[0].value, &answers[1].value), "{}: {answers:?}", with.sql);
        let texts = [engine.explain(with, false).await.unwrap(), engine.explain(without, false).await.unwrap()];
        assert!(!texts[1].sent[0].text.contains("WHERE"), "{}", texts[1].sent[0].text);
        sent += usize::from(texts[0].sent[0].text.contains("WHERE"));
    }
    sent
}

/// What a join with a file and with a database gives, and what the engine was sent for it.
pub async fn joins(definitions: &Definitions) {
    let sql = "SELECT c.name, COUNT(*) AS n, SUM(o.amount) AS total FROM Lake.Sales.Orders o JOIN files.public.customers c \
        ON o.customer = c.id WHERE o.is_paid AND o.\"Note\" = 'a' AND o.amount >= 0.5 GROUP BY c.name ORDER BY c.name";
    let kpis = [
        kpi(sql, Form::Rows),
        kpi("SELECT COUNT(*) FROM lake.sales.orders", Form::Count),
        kpi(
            "SELECT COUNT(*) FROM lake.sales.orders WHERE id IN (SELECT LENGTH(type) FROM coproduction.public.asset)",
            Form::Count,
        ),
    ];
    let engine = engine(definitions, &kpis).await;
    let explanation = engine.explain(&kpis[0], false).await.unwrap();
    assert_eq!(explanation.tier, Tier::Engine);
    let expected = "SELECT \"customer\", \"amount\", \"Note\" FROM \"hive\".\"sales\".\"orders\" WHERE \"is_paid\" AND \
        \"Note\" = 'a' AND \"amount\" >= CAST('0.50' AS DECIMAL(10,2))";
    let sent: Vec<_> = explanation.sent.iter().map(|sent| (sent.source.as_str(), sent.text.as_str())).collect();
    assert_eq!(sent, [("lake", expected)]);
    assert!(explanation.plan.contains("ExternalScan"), "{}", explanation.plan);
    // The note is `a` where 7 divides the id, and the customer is -3 then.
    let chosen: Vec<i64> = (1..=ROWS).filter(|id| id % 13 != 0 && id % 3 == 0 && id % 7 == 0 && id % 11 >= 2).collect();
    let cents: i64 = chosen.iter().map(|id| id % 11 * 25).sum();
    let answer = engine.run(&kpis[0]).await.result.unwrap();
    let total = serde_json::json!(cents as f64 / 100.0);
    assert_eq!(answer.value, format!(r#"[{{"name":"Ada","n":{},"total":{total}}}]"#, chosen.len()));

    assert_eq!(engine.run(&kpis[1]).await.result.unwrap().value, ROWS.to_string());
    let text = &engine.explain(&kpis[1], false).await.unwrap().sent[0].text;
    assert_eq!(text, r#"SELECT 1 FROM "hive"."sales"."orders""#);
    let of_both = engine.run(&kpis[2]).await.result.unwrap();
    assert!(of_both.value_num.is_some_and(|count| count > 0.0), "{of_both:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_trino_are_read_filtered() {
    let (stub, folder) = (trino(), tempfile::tempdir().unwrap());
    let definitions = beside(hive(ExternalKind::Trino, &stub.url), folder.path()).await;
    // Not: floating point, what is not equal to a text, and an order of texts.
    assert_eq!(Box::pin(filters_select_the_same(&definitions)).await, FILTERS.len() - 4);
    Box::pin(joins(&definitions)).await;
    let asked = |part: &str| stub.requests().iter().filter(|request| request.body.contains(part)).count();
    assert_eq!(asked("information_schema"), 2, "once for each engine");
    assert!(asked("CAST('2026-01-02 04:00:00.250000' AS TIMESTAMP(6))") > 0);
    let limited = Kpi { truncates: true, max_rows: 5, ..kpi("SELECT id FROM lake.sales.orders", Form::Rows) };
    assert_eq!(run(&definitions, limited).await.unwrap().rows, Some(5));
    assert_eq!(asked(r#"SELECT "id" FROM "hive"."sales"."orders" LIMIT 6"#), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_dremio_are_read_filtered() {
    let (stub, folder) = (dremio(), tempfile::tempdir().unwrap());
    let definitions = beside(hive(ExternalKind::DremioRest, &stub.url), folder.path()).await;
    // Nor an instant finer than a millisecond.
    assert_eq!(Box::pin(filters_select_the_same(&definitions)).await, FILTERS.len() - 5);
    Box::pin(joins(&definitions)).await;
    let sent = stub.requests();
    let sent = sent.iter().filter(|request| request.path() == "/api/v3/sql");
    assert!(
        sent.map(|request| request.json()["sql"].to_string()).any(|sql| sql.contains("04:00:00.250' AS TIMESTAMP)"))
    );
}

/// There a text of five characters is compared with its blanks; here it has none, so it is compared here.
#[tokio::test(flavor = "multi_thread")]
async fn texts_that_come_filled_up_are_compared_without_their_blanks() {
    let stub = Stub::start(|request| {
        let column = |name: &str, kind: &str| json!({ "name": name, "type": kind });
        if request.body.contains("information_schema") {
            let columns = ["s", "t", "c", "d"].map(|name| column(name, "varchar"));
            let data = json!([["sales", "orders", "code", "char(5)"]]);
            return Answer::json(200, &json!({ "id": "q", "columns": columns, "data": data }));
        }
        assert!(!request.body.contains("WHERE"), "{}", request.body);
        let data = json!([["ab   "], ["abc  "], [null]]);
        Answer::json(200, &json!({ "id": "q", "columns": [column("code", "char(5)")], "data": data }))
    });
    let folder = tempfile::tempdir().unwrap();
    let definitions = beside(hive(ExternalKind::Trino, &stub.url), folder.path()).await;
    for (filter, expected) in [("code = 'ab'", "1"), ("code LIKE '_b'", "1"), ("LENGTH(code) = 3", "1")] {
        let kpi = kpi(&format!("SELECT COUNT(*) FROM lake.sales.orders WHERE {filter}"), Form::Count);
        assert_eq!(run(&definitions, kpi).await.unwrap().value, expected, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_said_and_fails_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let stub = Stub::start(|request| {
        if request.body.contains("information_schema") {
            return Answer::json(403, &json!({ "message": "Access Denied" }));
        }
        Answer::json(200, &json!({ "id": "q", "columns": [{ "name": "n", "type": "bigint" }], "data": [[7]] }))
    });
    let denied = beside(hive(ExternalKind::Trino, &stub.url), folder.path()).await;
    let kpis = [
        kpi("SELECT COUNT(*) FROM lake.sales.orders", Form::Count),
        Kpi { engine: Some("lake".to_owned()), ..kpi("SELECT 7", Form::Count) },
        kpi("SELECT COUNT(*) FROM files.public.customers", Form::Count),
    ];
    let opened = engine(&denied, &kpis).await;
    let failure = opened.run(&kpis[0]).await.result.unwrap_err();
    assert!(failure.message.starts_with("lake: ") && failure.message.contains("403"), "{failure:?}");
    assert_eq!(opened.run(&kpis[1]).await.result.unwrap().value, "7");
    assert_eq!(opened.run(&kpis[2]).await.result.unwrap().value, "3");

    let nowhere = beside(hive(ExternalKind::Trino, "http://127.0.0.1:9"), folder.path()).await;
    let opened = engine(&nowhere, &kpis).await;
    assert_eq!(opened.run(&kpis[0]).await.result.unwrap_err().kind, ErrorKind::SourceUnavailable);
    assert_eq!(opened.run(&kpis[2]).await.result.unwrap().value, "3");

    let (stub, unset) = (trino(), kpi("SELECT COUNT(*) FROM lake.sales.returns", Form::Count));
    let empty = Stub::start(|_| {
        Answer::json(200, &json!({ "id": "q", "columns": [{ "name": "s", "type": "varchar" }], "data": [] }))
    });
    let failure = run(&beside(hive(ExternalKind::Trino, &empty.url), folder.path()).await, unset).await.unwrap_err();
    assert_eq!(
        (failure.kind, failure.message.as_str()),
        (ErrorKind::Plan, "source lake has no table \"returns\" in schema \"sales\"")
    );

    let mut without = hive(ExternalKind::Trino, &stub.url);
    if let SourceKind::External(external) = &mut without.kind {
        external.catalog = None;
    }
    let failure = run(&beside(without, folder.path()).await, kpis[0].clone()).await.unwrap_err();
    assert_eq!(failure.message, "lake: the source has no catalog, which its tables need");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_ends_at_the_engine_when_its_deadline_passes() {
    let stub = Stub::start(|request| {
        let host = request.header("host").unwrap();
        let columns = ["table_schema", "table_name", "column_name", "data_type"]
            .map(|name| json!({ "name": name, "type": "varchar" }));
        Answer::json(
            200,
            &match request.method.as_str() {
                "POST" if request.body.contains("information_schema") => {
                    json!({ "id": "q", "columns": columns, "data": [["sales", "orders", "id", "bigint"]] })
                }
                _ => json!({ "id": "q", "nextUri": format!("http://{host}/v1/statement/executing/q/1") }),
            },
        )
    });
    let folder = tempfile::tempdir().unwrap();
    let definitions = beside(hive(ExternalKind::Trino, &stub.url), folder.path()).await;
    let sql = "SELECT COUNT(*) FROM lake.sales.orders o JOIN files.public.customers c ON c.id = o.id";
    let kpis = [Kpi { timeout: Duration::from_millis(600), ..kpi(sql, Form::Count) }];
    let engine = engine(&definitions, &kpis).await;
    assert_eq!(engine.run(&kpis[0]).await.result.unwrap_err().kind, ErrorKind::Timeout);
    engine.settle().await;
    let deleted = stub.requests().iter().filter(|request| request.method == "DELETE").count();
    assert_eq!(deleted, 1, "the engine is told before the run ends");
}
