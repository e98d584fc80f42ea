//! Values as JSON, the same from a database and from the engine.

use std::collections::BTreeMap;

use metrics_core::kpi::{Definitions, ErrorKind, Form, Kpi, ParameterValue};
use serde_json::json;

use super::support::{Database, definitions, here, kpi, postgres, run};

async fn types() -> (Database, Definitions) {
    let database = Database::with(
        "CREATE EXTENSION hstore;
         CREATE TYPE mood AS ENUM ('sad', 'glad');
         CREATE DOMAIN percent AS int CHECK (value BETWEEN 0 AND 100);
         CREATE TABLE t (
            b boolean, i2 smallint, i4 int, i8 bigint, f4 real, f8 float8, n numeric, n2 numeric(5,2), d date, s timestamp,
            z timestamptz, x text, c char(4), u uuid, h hstore, j json, jb jsonb, a varchar[], m mood, p percent,
            t time, iv interval, bin bytea, net inet, r int4range);
         INSERT INTO t VALUES
            (true, -1, 2, 9007199254740993, 0.1, 1e300, 12345678901234567890.5, 1.50, '2026-11-21', '2026-11-21 10:00:00.5',
             '2026-11-21 10:00:00+02', E'a\"\\\\\\n', 'ab', 'AAAAAAAA-0000-0000-0000-000000000001', 'k=>v', '{\"k\": 1}',
             '{\"k\": 1}', '{x,\"y z\"}', 'glad', 7, '10:00', '1 day', '\\x01ff', '10.0.0.1', '[1,3)');
         INSERT INTO t DEFAULT VALUES;
         CREATE VIEW odd AS SELECT 'NaN'::float8 AS nan, 'infinity'::timestamp AS never, 'NaN'::numeric AS nothing, 1 AS one;",
    )
    .await;
    let definitions = definitions(vec![("db", postgres(&database.url))]);
    (database, definitions)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_has_the_same_json_from_both() {
    let (_database, mut definitions) = types().await;
    definitions.time_zone = chrono_tz::Europe::Riga;
    let all = kpi("SELECT * FROM db.public.t ORDER BY i8", Form::Rows);
    let expected = concat!(
        r#"[{"b":true,"i2":-1,"i4":2,"i8":9007199254740993,"f4":0.1,"f8":1e300,"n":12345678901234567890.5,"n2":1.5,"#,
        r#""d":"2026-11-21","s":"2026-11-21T10:00:00.5","z":"2026-11-21T08:00:00Z","x":"a\"\\\n","c":"ab","#,
        r#""u":"aaaaaaaa-0000-0000-0000-000000000001","h":"\"k\"=>\"v\"","j":"{\"k\": 1}","jb":"{\"k\": 1}","#,
        r#""a":"{x,\"y z\"}","m":"glad","p":"7","t":"10:00:00","iv":"1 day","bin":"\\x01ff","net":"10.0.0.1/32","r":"[1,3)"},"#,
        r#"{"b":null,"i2":null,"i4":null,"i8":null,"f4":null,"f8":null,"n":null,"n2":null,"d":null,"s":null,"z":null,"#,
        r#""x":null,"c":null,"u":null,"h":null,"j":null,"jb":null,"a":null,"m":null,"p":null,"t":null,"iv":null,"#,
        r#""bin":null,"net":null,"r":null}]"#
    );
    let whole = run(&definitions, all.clone()).await.unwrap();
    assert_eq!((whole.value.as_str(), whole.rows, whole.is_truncated), (expected, Some(2), false));
    // A `real` is read as the wider number that it is.
    let read = run(&definitions, here(all)).await.unwrap();
    assert_eq!(read.value.replace("0.10000000149011612", "0.1"), expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_form_in_json_is_an_error() {
    let (_database, definitions) = types().await;
    for column in ["nan", "never", "nothing"] {
        let kpi = kpi(&format!("SELECT {column} FROM db.public.odd"), Form::Rows);
        for kpi in [kpi.clone(), here(kpi)] {
            let failure = run(&definitions, kpi).await.unwrap_err();
            assert_eq!(failure.kind, ErrorKind::Value, "{failure}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_is_one_number_or_null() {
    let (_database, definitions) = types().await;
    for (sql, expected) in [
        ("SELECT i8 FROM db.public.t WHERE i2 = -1", Ok(("9007199254740993", Some(9_007_199_254_740_992.0)))),
        ("SELECT n FROM db.public.t WHERE i2 = -1", Ok(("12345678901234567890.5", Some(12_345_678_901_234_567_890.5)))),
        ("SELECT SUM(i4) FROM db.public.t WHERE i4 > 100", Ok(("null", None))),
        ("SELECT i4 FROM db.public.t WHERE i4 > 100", Err(ErrorKind::Shape)),
        ("SELECT COUNT(*), COUNT(i4) FROM db.public.t", Err(ErrorKind::Shape)),
        ("SELECT x FROM db.public.t WHERE i2 = -1", Err(ErrorKind::Value)),
        ("SELECT b FROM db.public.t WHERE i2 = -1", Err(ErrorKind::Value)),
    ] {
        for kpi in [kpi(sql, Form::Count), here(kpi(sql, Form::Count))] {
            let result = run(&definitions, kpi).await;
            let result = match &result {
                Ok(answer) => Ok((answer.value.as_str(), answer.value_num)),
                Err(failure) => Err(failure.kind),
            };
            assert_eq!(result, expected, "{sql}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_rows_than_allowed_are_an_error_or_cut() {
    let database = Database::with("CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 100000) g").await;
    let definitions = definitions(vec![("db", postgres(&database.url))]);
    let limited = |truncates| Kpi {
        max_rows: 3,
        truncates,
        ..kpi("SELECT id AS \"Id\" FROM db.public.t ORDER BY id", Form::Rows)
    };
    for truncates in [true, false] {
        for kpi in [limited(truncates), here(limited(truncates))] {
            match run(&definitions, kpi).await {
                Ok(answer) => {
                    assert!(truncates && answer.is_truncated);
                    assert_eq!((answer.value.as_str(), answer.rows), (r#"[{"Id":1},{"Id":2},{"Id":3}]"#, Some(3)));
                }
                Err(failure) => assert!(!truncates && failure.kind == ErrorKind::TooManyRows, "{failure}"),
            }
        }
    }
    let exact = Kpi { max_rows: 3, ..kpi("SELECT id FROM db.public.t WHERE id < 4", Form::Rows) };
    for kpi in [exact.clone(), here(exact)] {
        assert_eq!(run(&definitions, kpi).await.unwrap().rows, Some(3));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_values_and_never_text_of_the_query() {
    let (_database, definitions) = types().await;
    let nasty = r"a\' OR '1'='1'' -- ";
    let parameters: BTreeMap<String, ParameterValue> = [
        ("text", ParameterValue::Text(nasty.to_owned())),
        ("number", ParameterValue::Integer(-5)),
        ("share", ParameterValue::Float(0.25)),
        ("flag", ParameterValue::Boolean(true)),
        // 2026-11-21T10:00:00Z
        ("at", ParameterValue::Instant(1_795_255_200_000_000)),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect();
    let sql = "SELECT $text AS x, $number AS n, $share AS s, $flag AS f, $at AS a, CURRENT_DATE AS d, NOW() AS w, \
               i4 + $number AS sum FROM db.public.t WHERE b = $flag AND s >= $at";
    let kpi = Kpi { parameters: parameters.clone(), ..kpi(sql, Form::Rows) };
    for (zone, hour) in [(chrono_tz::UTC, 10), (chrono_tz::Europe::Riga, 12)] {
        let definitions = Definitions { time_zone: zone, ..definitions.clone() };
        for kpi in [kpi.clone(), here(kpi.clone())] {
            let answer = run(&definitions, kpi).await.unwrap();
            let at = format!("2026-11-21T{hour}:00:00");
            let row =
                json!({"x": nasty, "n": -5, "s": 0.25, "f": true, "a": at, "d": "2026-11-21", "w": at, "sum": -3});
            // In Riga it was earlier than 10:00:00.5 by then.
            let expected = if hour == 10 { json!([row]) } else { json!([]) };
            assert_eq!(serde_json::from_str::<serde_json::Value>(&answer.value).unwrap(), expected);
        }
    }
    let failure =
        run(&definitions, super::support::kpi("SELECT $nowhere FROM db.public.t", Form::Count)).await.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::Plan);
    assert!(failure.message.contains("$nowhere"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_numbers_that_do_not_fit_are_errors_and_never_others() {
    let big = i64::MAX;
    let database = Database::with(&format!(
        "CREATE TABLE t (big int8, small int4, g int4); INSERT INTO t VALUES ({big}, 2147483647, 1), (5, 7, 2), (NULL, NULL, 2)"
    ))
    .await;
    let definitions = definitions(vec![("db", postgres(&database.url))]);
    for sql in [
        "SELECT SUM(big) FROM db.public.t",
        "SELECT MAX(big) + 1 FROM db.public.t",
        "SELECT MAX(big * 3) FROM db.public.t",
        "SELECT MIN(-2 - big) FROM db.public.t",
        "SELECT SUM(n) FROM (SELECT SUM(big) AS n FROM db.public.t GROUP BY g)",
    ] {
        let answer = run(&definitions, here(kpi(sql, Form::Count))).await;
        let failure = answer.expect_err(sql);
        assert_eq!(failure.kind, ErrorKind::Execution, "{sql}: {failure}");
    }
    for (sql, expected) in [
        ("SELECT COUNT(*) FROM db.public.t WHERE g * big + big > 5", "2"),
        ("SELECT SUM(small) FROM db.public.t", "2147483654"),
        ("SELECT MAX(small + small) FROM db.public.t", "4294967294"),
        ("SELECT SUM(big) FROM db.public.t WHERE g = 2", "5"),
        ("SELECT SUM(big) FROM db.public.t WHERE g = 3", "null"),
        ("SELECT SUM(DISTINCT big) - 5 FROM db.public.t WHERE g = 1", "9223372036854775802"),
        ("SELECT MAX(big - 1) FROM db.public.t", "9223372036854775806"),
        ("SELECT COUNT(*) FROM db.public.t WHERE g * 2 + 1 = 5", "2"),
        ("SELECT SUM(small * g) FROM db.public.t WHERE g = 2", "14"),
    ] {
        let answer = run(&definitions, here(kpi(sql, Form::Count))).await;
        assert_eq!(
            answer.map(|answer| answer.value).map_err(|failure| failure.to_string()),
            Ok(expected.to_owned()),
            "{sql}"
        );
    }
    let grouped =
        "SELECT g + 1 AS h, SUM(big) AS n FROM db.public.t WHERE big < 9 GROUP BY g + 1 ORDER BY SUM(big) + 1";
    let answer = run(&definitions, here(kpi(grouped, Form::Rows))).await.unwrap();
    assert_eq!(answer.value, r#"[{"h":3,"n":5}]"#);
}
