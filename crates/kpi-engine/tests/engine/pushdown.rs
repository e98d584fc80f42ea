//! What sources are sent.

use kpi_engine::{Explanation, Tier};
use metrics_core::kpi::{ErrorKind, Form};

use super::support::{Database, definitions, engine, here, kpi, postgres, run, world};

/// The tier, and the texts sent to databases.
fn sent(explanation: &Explanation) -> (&Tier, Vec<(&str, &str)>) {
    let texts = explanation.sent.iter().map(|sent| (sent.source.as_str(), sent.text.as_str()));
    (&explanation.tier, texts.collect())
}

async fn explained(sql: &str, is_here: bool) -> Explanation {
    let kpis = [kpi(sql, Form::Rows)];
    let kpis = if is_here { kpis.map(here) } else { kpis };
    let explanation = engine(&world().await, &kpis).await.explain(&kpis[0], false).await;
    explanation.unwrap_or_else(|failure| panic!("{failure}\nin: {sql}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_over_one_database_is_one_statement_there() {
    for (sql, text) in [
        (
            "SELECT COUNT(DISTINCT(coproduction.public.team.id)) FROM Coproduction.public.team WHERE team.type LIKE 'cit''izen'",
            r#"SELECT COUNT(DISTINCT ("team".id)) FROM "public"."team" WHERE "team".type LIKE 'cit''izen'"#,
        ),
        (
            "SELECT SUM(u) FROM (SELECT COUNT(*) AS u FROM coproduction.public.asset)",
            r#"SELECT SUM(u) FROM (SELECT COUNT(*) AS u FROM "public"."asset") AS derived_1"#,
        ),
        (
            "SELECT split_part(o.name_translations, ',', 1) FROM coproduction.public.organization o",
            concat!(
                r#"SELECT split_part(o.name_translations, ',', 1) FROM (SELECT "id", "default_team_type", "public", "#,
                r#"CAST("name_translations" AS TEXT) AS "name_translations", CAST("description_translations" AS TEXT) "#,
                r#"AS "description_translations", "creator_id" FROM "public"."organization") o"#
            ),
        ),
        (
            "SELECT upper(type) AS t FROM coproduction.public.team WHERE t = 'X' AND NOW() > '2026-01-01'",
            concat!(
                r#"SELECT upper(type) AS t FROM "public"."team" WHERE (upper(type)) = 'X' AND "#,
                "CAST('2026-11-21 10:00:00.000000' AS TIMESTAMP(6)) > '2026-01-01'"
            ),
        ),
    ] {
        let explanation = explained(sql, false).await;
        assert_eq!(sent(&explanation), (&Tier::Database("coproduction".to_owned()), vec![("coproduction", text)]));
        assert!(explanation.plan.contains("cost="), "{}", explanation.plan);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_database_does_not_take_runs_here() {
    for sql in [
        "SELECT MEDIAN(progress) FROM coproduction.public.objective",
        "SELECT COUNT(*) FROM coproduction.public.team t JOIN coproduction.public.asset a ON a.creator_id = t.id",
        "SELECT convert_from(convert_to(name, 'JSON'), 'UTF8') FROM coproduction.public.team",
    ] {
        assert_eq!(explained(sql, false).await.tier, Tier::Engine, "{sql}");
    }
}

/// Here it would be equal to no `uuid`, and nobody would learn of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_literal_that_is_not_of_its_type_is_an_error() {
    for (sql, reason) in [
        ("SELECT COUNT(*) FROM coproduction.public.team WHERE id = 'no uuid'", "invalid input syntax for type uuid"),
        (
            "SELECT COUNT(*) FROM coproduction.public.coproductionprocess WHERE created_at > '2026-13-01'",
            "out of range",
        ),
    ] {
        let failure = run(&world().await, kpi(sql, Form::Count)).await.unwrap_err();
        assert!(failure.kind == ErrorKind::Plan && failure.message.contains(reason), "{failure}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_over_several_sources_asks_for_what_it_needs() {
    let explanation = explained(
        "SELECT COUNT(*) FROM elastic2.logs.log WHERE softwareinterlinker_id IN (SELECT id FROM \
         catalogue.public.interlinker WHERE interlinker.is_sustainability_related='true')",
        false,
    )
    .await;
    let text = r#"SELECT "id" FROM "public"."interlinker" WHERE "is_sustainability_related""#;
    assert_eq!(sent(&explanation), (&Tier::Engine, vec![("catalogue", text)]));

    let explanation = explained(
        "SELECT COUNT(*) FROM elastic2.logs.log JOIN coproduction.public.coproductionprocess c ON c.id = \
         log.coproductionprocess_id WHERE c.language IN ('en', 'e''s') AND (c.status = 'finished' OR c.status IS NULL) \
         AND c.name NOT LIKE 'x%' AND c.created_at >= '2022-01-01' AND upper(c.name) <> 'Y' AND c.name > 'A'",
        false,
    )
    .await;
    let (tier, texts) = sent(&explanation);
    assert_eq!((tier, texts.len()), (&Tier::Engine, 1));
    let (columns, filters) = texts[0].1.split_once(" WHERE ").unwrap();
    assert_eq!(columns, r#"SELECT "id", "name" FROM "public"."coproductionprocess""#);
    for part in [
        "'e''s'",
        r#"("status" = 'finished') OR ("status" IS NULL)"#,
        r#""name" NOT LIKE 'x%'"#,
        r#""created_at" >= CAST('2022-01-01 00:00:00.000000' AS TIMESTAMP)"#,
    ] {
        assert!(filters.contains(part), "{part} is not in {filters}");
    }
    // Another order of texts, and a function: not there.
    assert!(!filters.contains("upper") && !filters.contains("'A'"), "{filters}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_count_asks_for_no_column() {
    let explanation =
        explained("SELECT COUNT(*) FROM coproduction.public.asset WHERE type = 'internalasset'", true).await;
    assert_eq!(
        sent(&explanation).1,
        [("coproduction", r#"SELECT 1 FROM "public"."asset" WHERE "type" = 'internalasset'"#)]
    );
}

/// Every filter that is pushed selects the same rows as without it.
#[tokio::test(flavor = "multi_thread")]
async fn pushed_filters_select_what_the_engine_would() {
    let database = Database::with(
        "CREATE TABLE t (id int, i smallint, n numeric(6,2), f real, b boolean, d date, s timestamp, z timestamptz,
            x varchar, u uuid, \"a\"\"b\" text);
         INSERT INTO t
            SELECT g, g % 7 - 3, (g % 11) / 4.0, (g % 5) / 10.0, g % 3 = 0, DATE '2026-01-01' + g % 9,
                TIMESTAMP '2026-01-01' + g % 9 * INTERVAL '7 hours', TIMESTAMPTZ '2026-01-01 00:00+02' + g % 9 * INTERVAL '7 hours',
                (ARRAY['a', 'B', 'a%', 'ab_c', E'q\\'\\\\''', ''])[g % 6 + 1],
                ('00000000-0000-0000-0000-00000000000' || g % 4)::uuid, g % 2
            FROM generate_series(1, 200) g;
         UPDATE t SET i = NULL, n = NULL, f = NULL, b = NULL, d = NULL, s = NULL, z = NULL, x = NULL, u = NULL WHERE id % 13 = 0;",
    )
    .await;
    let definitions = definitions(vec![("db", postgres(&database.url))]);
    let filters = [
        "i > 1",
        "1 >= i",
        "i <> 0",
        "i IN (1, 2, -3)",
        "i NOT IN (1, 2)",
        "i BETWEEN -1 AND 2",
        "i NOT BETWEEN -1 AND 2",
        "n = 1.25",
        "n > 1.5",
        "n <= 0.75",
        "f > 0.1",
        "f = 0.5",
        "b",
        "NOT b",
        "b = 'true'",
        "b IS TRUE",
        "b IS NOT TRUE",
        "b IS FALSE",
        "b <> 'true'",
        "d = '2026-01-03'",
        "d < DATE '2026-01-05'",
        "s >= '2026-01-02 10:00:00'",
        "s < TIMESTAMP '2026-01-02 10:00:00'",
        "z > '2026-01-02T00:00:00Z'",
        "x = 'a'",
        "x <> 'a'",
        "x IN ('a', 'B')",
        "x LIKE 'a%'",
        "x LIKE 'ab_c'",
        "x NOT LIKE '%b%'",
        "x LIKE 'a\\%'",
        "x = 'q''\\'''",
        "x = ''",
        "x < 'a'",
        "u = '00000000-0000-0000-0000-000000000001'",
        "u <> '00000000-0000-0000-0000-000000000001'",
        "u = 'x'",
        "u IN ('00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002')",
        "i IS NULL",
        "x IS NOT NULL",
        "i > 1 AND x = 'a' OR d IS NULL",
        "NOT (i > 1 OR x = 'a')",
        "(i > 1 OR i < -1) AND n = 1.25",
        "\"a\"\"b\" = '1'",
        "(i > 1) IS NOT TRUE",
    ];
    let mut pushed = 0;
    for filter in filters {
        let with = here(kpi(&format!("SELECT id FROM db.public.t WHERE {filter}"), Form::Rows));
        // A CASE is not in the list of what is pushed.
        let without =
            here(kpi(&format!("SELECT id FROM db.public.t WHERE CASE WHEN id > 0 THEN ({filter}) END"), Form::Rows));
        let kpis = [with, without];
        let engine = engine(&definitions, &kpis).await;
        let mut answers = Vec::new();
        for kpi in &kpis {
            let answer = engine.run(kpi).await.result.unwrap_or_else(|failure| panic!("{failure}\nin: {}", kpi.sql));
            answers.push(answer.value);
        }
        assert!(super::support::are_equal(Form::Rows, &answers[0], &answers[1]), "{filter}: {answers:?}");
        let texts = [engine.explain(&kpis[0], false).await.unwrap(), engine.explain(&kpis[1], false).await.unwrap()];
        assert!(!texts[1].sent[0].text.contains("WHERE"), "{}", texts[1].sent[0].text);
        pushed += usize::from(texts[0].sent[0].text.contains("WHERE"));
    }
    // Not: a backslash in LIKE, an order of texts, a text that is no uuid.
    assert_eq!(pushed, filters.len() - 3);
}
