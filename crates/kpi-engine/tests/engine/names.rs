//! Tables of the same name in several schemas, and aliases that are names of tables.

use kpi_engine::Tier;
use metrics_core::kpi::{Definitions, ErrorKind, Form};

use super::support::{Database, definitions, engine, here, kpi, postgres, run};

async fn teams() -> (Database, Definitions) {
    let database = Database::with(
        "CREATE SCHEMA archive;
         CREATE TABLE public.team AS SELECT g AS id, g * 10 AS size FROM generate_series(1, 5) g;
         CREATE TABLE archive.team AS SELECT g AS id, g * 10 AS size FROM generate_series(4, 6) g;
         CREATE TABLE public.member AS SELECT g AS id, g % 3 + 1 AS team_id FROM generate_series(1, 7) g",
    )
    .await;
    let definitions = definitions(vec![("db", postgres(&database.url))]);
    (database, definitions)
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_one_name_are_told_apart_by_their_schemas() {
    let (_database, definitions) = teams().await;
    for (sql, expected) in [
        (
            "SELECT COUNT(*) FROM db.public.team WHERE EXISTS (SELECT 1 FROM db.archive.team WHERE db.archive.team.id = \
             db.public.team.id)",
            "2",
        ),
        (
            "SELECT COUNT(*) FROM db.public.team WHERE NOT EXISTS (SELECT 1 FROM db.archive.team WHERE archive.team.id = \
             public.team.id)",
            "3",
        ),
        (
            "SELECT SUM(db.archive.team.id) FROM db.archive.team WHERE id NOT IN (SELECT db.public.team.id FROM db.public.team)",
            "6",
        ),
        ("SELECT COUNT(*) FROM db.public.team, db.archive.team WHERE db.public.team.id = db.archive.team.id", "2"),
        ("SELECT COUNT(*) FROM db.public.team JOIN db.archive.team ON db.public.team.id < db.archive.team.id", "12"),
        ("SELECT COUNT(*) FROM db.public.team WHERE id IN (SELECT team.id FROM db.archive.team)", "2"),
    ] {
        for kpi in [kpi(sql, Form::Count), here(kpi(sql, Form::Count))] {
            let answer = run(&definitions, kpi).await.unwrap_or_else(|failure| panic!("{failure}\nin: {sql}"));
            assert_eq!(answer.value, expected, "{sql}");
        }
    }
    // Aliases tell them apart too, and the database takes them.
    let kpis = [kpi(
        "SELECT COUNT(*) FROM db.public.team p WHERE EXISTS (SELECT 1 FROM db.archive.team a WHERE a.id = p.id)",
        Form::Count,
    )];
    let engine = engine(&definitions, &kpis).await;
    assert_eq!(engine.check(&kpis[0]).await.unwrap().tier, Tier::Database("db".to_owned()));
    assert_eq!(engine.run(&kpis[0]).await.result.unwrap().value, "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_may_mean_two_tables_is_refused() {
    let (_database, definitions) = teams().await;
    for (sql, reason) in [
        ("SELECT COUNT(team.id) FROM db.public.team, db.archive.team", "`team` is two tables here"),
        (
            "SELECT COUNT(*) FROM db.public.team WHERE EXISTS (SELECT 1 FROM db.public.member AS team WHERE team.team_id = \
             db.public.team.id)",
            "`db.public.team` is a table, and `team` an alias nearer to it",
        ),
        (
            "SELECT COUNT(*) FROM db.public.team WHERE EXISTS (SELECT 1 FROM db.public.team AS team WHERE team.id > \
             db.public.team.id)",
            "alias nearer to it",
        ),
    ] {
        for kpi in [kpi(sql, Form::Count), here(kpi(sql, Form::Count))] {
            let failure = run(&definitions, kpi).await.unwrap_err();
            assert!(failure.kind == ErrorKind::Plan && failure.message.contains(reason), "{sql}: {failure}");
        }
    }
    for (sql, expected) in [
        ("SELECT COUNT(DISTINCT db.public.team.id) FROM db.public.team AS team WHERE team.size > 10", "4"),
        (
            "SELECT COUNT(*) FROM db.public.team WHERE EXISTS (SELECT 1 FROM db.public.member AS m WHERE m.team_id = \
             db.public.team.id)",
            "3",
        ),
    ] {
        for kpi in [kpi(sql, Form::Count), here(kpi(sql, Form::Count))] {
            assert_eq!(run(&definitions, kpi).await.unwrap().value, expected, "{sql}");
        }
    }
}
