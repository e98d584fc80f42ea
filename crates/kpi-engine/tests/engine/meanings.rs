//! What has the same name in PostgreSQL and in the engine, and is not the same.

use metrics_core::kpi::{Definitions, ErrorKind, Form};

use super::support::{Database, definitions, here, kpi, postgres, run};

async fn numbers() -> (Database, Definitions) {
    let database = Database::with(
        "CREATE TABLE t (id int, f float8, d numeric(5,2), s timestamp);
         INSERT INTO t VALUES (1, 1.7, 1.70, '2026-11-21 10:00'), (2, -1.7, -1.50, '2026-11-22 10:00'),
            (3, 2.2, 2.50, '2026-12-01 00:00'), (4, 9.9, 999.50, NULL), (5, NULL, NULL, NULL)",
    )
    .await;
    let definitions = definitions(vec![("db", postgres(&database.url))]);
    (database, definitions)
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_rounded_when_they_become_integers() {
    let (_database, definitions) = numbers().await;
    let rows =
        "SELECT id, CAST(f AS INTEGER) AS f, d::bigint AS d, CAST(d * 2 AS SMALLINT) AS e FROM db.public.t ORDER BY id";
    let expected = concat!(
        r#"[{"id":1,"f":2,"d":2,"e":3},{"id":2,"f":-2,"d":-2,"e":-3},{"id":3,"f":2,"d":3,"e":5},"#,
        r#"{"id":4,"f":10,"d":1000,"e":1999},{"id":5,"f":null,"d":null,"e":null}]"#
    );
    for kpi in [kpi(rows, Form::Rows), here(kpi(rows, Form::Rows))] {
        assert_eq!(run(&definitions, kpi).await.unwrap().value, expected);
    }
    for (sql, expected) in [
        ("SELECT CAST(1.7 AS INTEGER) FROM db.public.t WHERE id = 1", "2"),
        ("SELECT COUNT(*) FROM db.public.t WHERE CAST(d AS INTEGER) = 2", "1"),
        ("SELECT COUNT(*) FROM db.public.t WHERE CAST(d AS INTEGER) = 3", "1"),
        ("SELECT COUNT(*) FROM db.public.t WHERE CAST(f AS INTEGER) IN (2, 10)", "3"),
        ("SELECT SUM(CAST(f AS INTEGER)) FROM db.public.t", "12"),
        ("SELECT COUNT(*) FROM db.public.t GROUP BY CAST(f AS INTEGER) HAVING CAST(f AS INTEGER) = 2", "2"),
        ("SELECT MAX(x) FROM (SELECT CAST(AVG(d) AS INTEGER) AS x FROM db.public.t GROUP BY id) AS a", "1000"),
    ] {
        for kpi in [kpi(sql, Form::Count), here(kpi(sql, Form::Count))] {
            let answer = run(&definitions, kpi).await.unwrap_or_else(|failure| panic!("{failure}\nin: {sql}"));
            assert_eq!(answer.value, expected, "{sql}");
        }
    }
    // An average of integers is a decimal there, and 2.5 becomes 3; a float8 becomes 2.
    let sql = "SELECT CAST(AVG(id) AS INTEGER) FROM db.public.t WHERE id < 5";
    assert_eq!(run(&definitions, kpi(sql, Form::Count)).await.unwrap().value, "3");
    let failure = run(&definitions, here(kpi(sql, Form::Count))).await.unwrap_err();
    assert!(failure.kind == ErrorKind::Value && failure.message.contains("2.5 is in the middle"), "{failure}");
    let rounded = here(kpi(&sql.replace("AVG(id)", "ROUND(AVG(id))"), Form::Count));
    assert_eq!(run(&definitions, rounded).await.unwrap().value, "3");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_mean_something_else_is_refused() {
    let (_database, definitions) = numbers().await;
    for (sql, whole, reason) in [
        ("SELECT to_char(s, 'YYYY-MM') AS m FROM db.public.t WHERE id = 1", r#"[{"m":"2026-11"}]"#, "'%Y-%m-%d'"),
        ("SELECT TO_CHAR(s, 'DD') AS m FROM db.public.t WHERE id = 1", r#"[{"m":"21"}]"#, "not 'DD'"),
        ("SELECT 10 ^ 2 AS m FROM db.public.t WHERE id = 1", r#"[{"m":100}]"#, "write power(a, b)"),
    ] {
        assert_eq!(run(&definitions, kpi(sql, Form::Rows)).await.unwrap().value, whole);
        let failure = run(&definitions, here(kpi(sql, Form::Rows))).await.unwrap_err();
        assert!(failure.kind == ErrorKind::Plan && failure.message.contains(reason), "{sql}: {failure}");
    }
    for (sql, expected) in [
        ("SELECT to_char(s, '%Y-%m') AS m FROM db.public.t WHERE id = 1", r#"[{"m":"2026-11"}]"#),
        ("SELECT power(10, 2) AS m FROM db.public.t WHERE id = 1", r#"[{"m":100}]"#),
    ] {
        assert_eq!(run(&definitions, here(kpi(sql, Form::Rows))).await.unwrap().value, expected, "{sql}");
    }
}
