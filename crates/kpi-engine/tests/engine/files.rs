//! Files as tables.

use metrics_core::kpi::{Definitions, ErrorKind, FileFormat, FileTable, Form, Timestamps};

use super::support::{definitions, file, files, fixture, kpi, run, world};

async fn rows(definitions: &Definitions, sql: &str) -> String {
    run(definitions, kpi(sql, Form::Rows)).await.unwrap_or_else(|failure| panic!("{failure}\nin: {sql}")).value
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_json_are_rows_whose_missing_fields_are_null() {
    let folder = tempfile::tempdir().unwrap();
    let first = r#"{"n": 1, "at": "2026-11-21T10:00:00Z", "tags": ["a", "b"], "o": {"x": {"y": 2}}, "list": [1]}"#;
    std::fs::write(folder.path().join("1.ndjson"), format!("{first}\n\n{{\"n\": 2, \"tags\": []}}\n")).unwrap();
    std::fs::write(folder.path().join("2.ndjson"), "{\"n\": 3, \"late\": true, \"tags\": \"c\"}").unwrap();
    std::fs::write(folder.path().join("other.txt"), "not read").unwrap();
    let table = FileTable { arrays: vec!["tags".to_owned()], ..file(folder.path(), FileFormat::Ndjson) };
    let zoned = FileTable { timestamps: Timestamps::Utc, ..table.clone() };
    let definitions = definitions(vec![("f", files("public", vec![("t", table), ("z", zoned)]))]);
    assert_eq!(
        rows(&definitions, "SELECT n, at, tags, \"o.x.y\", o, late FROM f.public.t ORDER BY n").await,
        r#"[{"n":1,"at":"2026-11-21T10:00:00","tags":["a","b"],"o.x.y":2,"o":"{\"x\":{\"y\":2}}","late":null},"#
            .to_owned()
            + r#"{"n":2,"at":null,"tags":[],"o.x.y":null,"o":null,"late":null},"#
            + r#"{"n":3,"at":null,"tags":["c"],"o.x.y":null,"o":null,"late":true}]"#
    );
    assert_eq!(rows(&definitions, "SELECT at FROM f.public.z WHERE n = 1").await, r#"[{"at":"2026-11-21T10:00:00Z"}]"#);
    let failure = run(&definitions, kpi("SELECT list FROM f.public.t", Form::Rows)).await.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::Value);
    assert!(failure.message.contains("field list") && failure.message.contains("line 1"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_and_parquet_are_tables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plans.csv");
    std::fs::write(&path, "Team,goal,day\nTeam 00,12,2026-11-21\n\"Team, 01\",7.5,2026-11-22\n").unwrap();
    for (day, n) in [("2026-11-21", 1), ("2026-11-22", 2)] {
        let part = folder.path().join(format!("parts/day={day}"));
        std::fs::create_dir_all(&part).unwrap();
        std::fs::write(part.join("a.csv"), format!("n\n{n}\n")).unwrap();
    }
    let [catalogue, _] = super::support::fixtures().await;
    let parts = FileTable {
        partitions: vec![("day".to_owned(), "date".to_owned())],
        ..file(folder.path().join("parts"), FileFormat::Csv)
    };
    let tables = vec![
        ("plans", file(&path, FileFormat::Csv)),
        ("parts", parts),
        ("gone", file(folder.path().join("gone.parquet"), FileFormat::Parquet)),
    ];
    let mut definitions = definitions(vec![("f", files("public", tables))]);
    definitions.sources.insert("catalogue".to_owned(), super::support::postgres(catalogue));
    assert_eq!(
        rows(&definitions, "SELECT team, goal, day FROM f.public.plans ORDER BY goal").await,
        r#"[{"team":"Team, 01","goal":7.5,"day":"2026-11-22"},{"team":"Team 00","goal":12,"day":"2026-11-21"}]"#
    );
    assert_eq!(rows(&definitions, "SELECT n FROM f.public.parts WHERE day = '2026-11-22'").await, r#"[{"n":2}]"#);
    let failure = run(&definitions, kpi("SELECT 1 FROM f.public.gone", Form::Rows)).await.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::SourceUnavailable, "{failure}");
    assert!(failure.message.contains("gone.parquet"), "{failure}");
    assert_eq!(
        rows(&definitions, "SELECT COUNT(*) AS n FROM catalogue.public.artefact, f.public.plans").await,
        r#"[{"n":40}]"#
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_no_object_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.ndjson");
    std::fs::write(&path, "{\"n\": 1}\n[1]\n").unwrap();
    let definitions = definitions(vec![("f", files("public", vec![("t", file(&path, FileFormat::Ndjson))]))]);
    let failure = run(&definitions, kpi("SELECT n FROM f.public.t", Form::Rows)).await.unwrap_err();
    assert!(failure.message.contains("line 2"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_fixture_of_logs_has_the_types_of_a_search_server() {
    assert!(fixture("logs.ndjson").is_file());
    let sql = "SELECT arrow_typeof(roles) AS r, arrow_typeof(\"timestamp\") AS t, arrow_typeof(user_id) AS u FROM elastic2.logs.log LIMIT 1";
    let types = rows(&world().await, sql).await;
    assert!(types.contains("List(") && types.contains("Timestamp(") && types.contains("Utf8"), "{types}");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_a_table_have_the_same_columns_and_whole_ones_alone_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("same/a.csv", "x,y\n1,2\n");
    write("same/b.csv", "x,y\n20,10\n");
    for name in ["same/_new.csv", "same/.hidden.csv"] {
        write(name, "x,y\n1000,1000\n");
    }
    write("turned/a.csv", "x,y\n1,2\n");
    write("turned/b.csv", "y,x\n20,10\n");
    write("days/day=2026-11-21/a.csv", "x,y\n1,2\n");
    write("days/day=2026-11-22/a.csv", "x\n1\n");
    write("twice.csv", "x,x\n1,2\n");
    write("a[1].csv", "x\n3\n");
    write("a1.csv", "x\n5\n");
    write("*.csv", "x\n7\n");
    let csv = |name: &str| file(folder.path().join(name), FileFormat::Csv);
    let days = FileTable { partitions: vec![("day".to_owned(), "date".to_owned())], ..csv("days") };
    let tables = vec![
        ("same", csv("same")),
        ("turned", csv("turned")),
        ("days", days),
        ("twice", csv("twice.csv")),
        ("brackets", csv("a[1].csv")),
        ("asterisk", csv("*.csv")),
    ];
    let definitions = definitions(vec![("f", files("public", tables))]);
    let sum = |table: &str| kpi(&format!("SELECT SUM(x) FROM f.public.{table}"), Form::Count);
    for (table, expected) in [("same", "21"), ("brackets", "3"), ("asterisk", "7")] {
        assert_eq!(run(&definitions, sum(table)).await.unwrap().value, expected, "{table}");
    }
    for (table, expected) in [
        ("turned", "turned/b.csv has the columns y, x, and "),
        ("days", "day=2026-11-22/a.csv has the columns x, and "),
        ("twice", "twice.csv has the column x twice"),
    ] {
        let failure = run(&definitions, sum(table)).await.unwrap_err();
        assert_eq!(failure.kind, ErrorKind::Plan, "{failure}");
        assert!(failure.message.contains(expected), "{failure}");
    }
}
