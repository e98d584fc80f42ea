//! Queries of the shapes that KPIs have, over the fixtures, with values checked by hand: by `psql` on each database,
//! and by counting the lines of the logs.

use metrics_core::kpi::{Form, Kpi};
use serde_json::{Value, json};

use super::support::{are_equal, cells, engine, here, is_same, kpi, sorted, world};

/// Counts.
const COUNTS: &[(&str, &str)] = &[
    ("13", "SELECT COUNT(DISTINCT(team.id)) FROM coproduction.public.team"),
    ("4", "SELECT COUNT(*) FROM coproduction.public.team WHERE team.type LIKE 'nonprofit_organization'"),
    ("7", "SELECT COUNT(*) FROM coproduction.public.team WHERE type LIKE '%organization%'"),
    ("6", "SELECT COUNT(*) FROM coproduction.public.phase WHERE is_part_of_codelivery = 'true'"),
    ("12", "SELECT COUNT(*) FROM coproduction.public.phase WHERE is_part_of_codelivery <> 'true'"),
    ("18", "SELECT COUNT(DISTINCT(a.user_id)) FROM coproduction.public.\"association_user_team\" AS a"),
    ("39", "SELECT COUNT(*) FROM coproduction.public.association_user_team"),
    (
        "18",
        "SELECT COUNT(DISTINCT(\"user\".id)) FROM coproduction.public.\"user\" INNER JOIN \
         coproduction.public.association_user_team ON coproduction.public.\"user\".id = \
         coproduction.public.association_user_team.user_id",
    ),
    ("800", "SELECT SUM(progress) FROM coproduction.public.objective"),
    (
        "3.5454545454545454",
        "SELECT AVG(N) FROM (SELECT COUNT(*) AS N FROM coproduction.public.association_user_team GROUP BY team_id)",
    ),
    (
        "3",
        "SELECT COUNT(*) FROM (SELECT coproductionprocess_id FROM coproduction.public.permission GROUP BY coproductionprocess_id HAVING COUNT(*) > 2)",
    ),
    (
        "3",
        "SELECT COUNT(id) FROM (SELECT coproductionprocess_id AS id, COUNT(team_id) AS team_id FROM coproduction.public.permission GROUP BY coproductionprocess_id HAVING team_id > 2)",
    ),
    (
        "2",
        "SELECT COUNT(*) FROM coproduction.public.coproductionprocess WHERE id NOT IN (SELECT coproductionprocess_id FROM coproduction.public.permission)",
    ),
    (
        "0",
        "SELECT COUNT(*) FROM coproduction.public.coproductionprocess WHERE id NOT IN (SELECT cloned_from_id FROM coproduction.public.coproductionprocess)",
    ),
    ("8", "SELECT COUNT(*) FROM coproduction.public.coproductionprocess WHERE cloned_from_id IS NULL"),
    ("null", "SELECT SUM(progress) FROM Coproduction.public.objective WHERE progress > 1000"),
    (
        "6",
        "Select count(*) From coproduction.public.Coproductionprocessnotification c Where c.claim_type='development'",
    ),
    (
        "18.181818181818183",
        "SELECT (f*1.0/a*1.0)*100 FROM (SELECT COUNT(*) AS f FROM coproduction.public.coproductionprocess WHERE \
         status='finished'), (SELECT COUNT(*) AS a FROM coproduction.public.coproductionprocess)",
    ),
    (
        "4",
        "SELECT MEDIAN(n) FROM (SELECT COUNT(*) AS n FROM coproduction.public.association_user_team GROUP BY team_id) t",
    ),
    ("11", "SELECT COUNT(*) FROM coproduction.public.coproductionprocess WHERE \"hasaddanorganization\" IS NULL"),
    ("35", "SELECT COUNT(*) FROM elastic2.logs.log WHERE action LIKE 'CREATE' AND model LIKE 'ASSET'"),
    ("17", "SELECT COUNT(action) FROM elastic2.logs.log WHERE model='TASK' AND action='DISABLE' OR action='DELETE'"),
    (
        "82",
        "SELECT COUNT(*) FROM elastic2.logs.log WHERE EXTRACT(MONTH FROM log.\"timestamp\") = EXTRACT(MONTH FROM CURRENT_DATE)",
    ),
    ("82", "SELECT COUNT(*) FROM elastic2.logs.log WHERE \"timestamp\" >= '2026-11-01'"),
    (
        "20",
        "SELECT COUNT(*) FROM (SELECT CAST(convert_from(convert_to(roles, 'JSON'), 'UTF8') as VARCHAR) roles_text \
         FROM elastic2.logs.log WHERE roles_text LIKE '%administrator%' AND log.action='CREATE')",
    ),
    (
        "8",
        "SELECT COUNT(*) FROM elastic2.logs.log WHERE CAST(convert_from(convert_to(roles, 'JSON'), 'UTF8') AS VARCHAR) = '[\"administrator\",\"member\"]'",
    ),
    ("6", "SELECT COUNT(*) FROM elastic2.logs.log WHERE convert_to(roles, 'JSON') IS NULL"),
    (
        "21",
        "SELECT COUNT(*) FROM elastic2.logs.log WHERE knowledgeinterlinker_id IN (SELECT id FROM catalogue.public.interlinker WHERE is_sustainability_related = 'true')",
    ),
    (
        "9",
        "SELECT COUNT(*) FROM coproduction.public.coproductionprocess WHERE id IN (SELECT coproductionprocess_id FROM elastic2.logs.log)",
    ),
    (
        "0",
        "SELECT COUNT(*) FROM coproduction.public.coproductionprocess WHERE id NOT IN (SELECT coproductionprocess_id FROM elastic2.logs.log)",
    ),
    (
        "6",
        "SELECT COUNT(*) FROM coproduction.public.coproductionprocess WHERE id NOT IN (SELECT coproductionprocess_id FROM elastic2.logs.log WHERE model = 'TASK' AND coproductionprocess_id IS NOT NULL)",
    ),
    (
        "12",
        "SELECT COUNT(DISTINCT log.user_id) FROM elastic2.logs.log INNER JOIN coproduction.public.association_user_team a ON a.user_id = log.user_id",
    ),
];

/// Rows.
fn rows() -> Vec<(Value, &'static str)> {
    vec![
        (
            json!([
                ["citizen", 3],
                ["forprofit_organization", 3],
                ["nonprofit_organization", 4],
                ["public_administration", 3]
            ]),
            "SELECT type, COUNT(*) AS n FROM coproduction.public.team GROUP BY type",
        ),
        (
            // The alias is also a column of a table, by which rows are put in order.
            json!([["CITIZEN"], ["CITIZEN"], ["CITIZEN"]]),
            "SELECT UPPER(t.type) AS type FROM coproduction.public.team AS t WHERE t.type = 'citizen' ORDER BY COALESCE(t.type, 'x')",
        ),
        (
            json!([["awaiting", 2], ["finished", 2], ["in_progress", 5], [null, 2]]),
            "SELECT status, COUNT(*) FROM coproduction.public.coproductionprocess GROUP BY status",
        ),
        (
            json!([["Org 0"], ["Org 1"], ["Org 2"], ["Org 3"], ["Org 4"], ["Org 5"]]),
            "SELECT \"SPLIT_PART\"(\"SPLIT_PART\"(name_translations, '\"', 4), '\"', 1) AS org FROM coproduction.public.organization",
        ),
        (
            json!([["externalknowledgeinterlinker", 2], ["knowledgeinterlinker", 3], ["softwareinterlinker", 1]]),
            "SELECT nature, COUNT(*) FROM catalogue.public.interlinker WHERE is_sustainability_related = True GROUP BY nature",
        ),
        (
            json!([
                ["citizen", 4],
                ["forprofit_organization", 7],
                ["nonprofit_organization", 4],
                ["public_administration", 2]
            ]),
            "SELECT t.type, COUNT(DISTINCT p.coproductionprocess_id) FROM coproduction.public.team t LEFT JOIN \
             coproduction.public.permission p ON p.team_id = t.id GROUP BY t.type",
        ),
        (
            json!([
                ["Interlinker 00", 3],
                ["Interlinker 01", 2],
                ["Interlinker 02", 5],
                ["Interlinker 03", 7],
                ["Interlinker 04", 6],
                ["Interlinker 13", 2],
                ["Interlinker 14", 2],
                ["Interlinker 15", 3],
                ["Interlinker 16", 3]
            ]),
            "SELECT softwareinterlinker_name AS NAME, COUNT(softwareinterlinker_name) AS TOTAL FROM elastic2.logs.log \
             WHERE action LIKE 'CREATE' AND model LIKE 'ASSET' AND softwareinterlinker_name IS NOT null \
             GROUP BY softwareinterlinker_name",
        ),
        (
            json!([["assets", 31], ["teams", 13]]),
            "SELECT 'assets' AS what, COUNT(*) AS n FROM coproduction.public.asset UNION SELECT 'teams', COUNT(*) FROM \
             coproduction.public.team",
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_those_counted_by_hand_wherever_they_run() {
    let definitions = world().await;
    let kpis: Vec<Kpi> = COUNTS.iter().map(|(_, sql)| kpi(sql, Form::Count)).collect();
    let engine = engine(&definitions, &kpis).await;
    for ((expected, sql), kpi) in COUNTS.iter().zip(&kpis) {
        let expected: Value = serde_json::from_str(expected).unwrap();
        for kpi in [kpi, &here(kpi.clone())] {
            let answer = engine.run(kpi).await.result.unwrap_or_else(|failure| panic!("{failure}\nin: {sql}"));
            let value: Value = serde_json::from_str(&answer.value).unwrap();
            assert!(is_same(&value, &expected), "{value} instead of {expected}: {sql}");
            assert_eq!(answer.value_num, value.as_f64());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_those_counted_by_hand_wherever_they_run() {
    let definitions = world().await;
    let rows = rows();
    let kpis: Vec<Kpi> = rows.iter().map(|(_, sql)| kpi(sql, Form::Rows)).collect();
    let engine = engine(&definitions, &kpis).await;
    for ((expected, sql), kpi) in rows.iter().zip(&kpis) {
        let first = engine.run(kpi).await.result.unwrap_or_else(|failure| panic!("{failure}\nin: {sql}"));
        let second =
            engine.run(&here(kpi.clone())).await.result.unwrap_or_else(|failure| panic!("{failure}\nin: {sql}"));
        assert!(is_same(&sorted(&cells(&first.value)), &sorted(expected)), "{}: {sql}", first.value);
        assert!(are_equal(Form::Rows, &first.value, &second.value), "{}: {sql}", second.value);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_there_is_named() {
    let sql = "SELECT COUNT(*) FROM coproduction.public.asset AS asst WHERE asset.type = 'x'";
    let definitions = world().await;
    for kpi in [kpi(sql, Form::Count), here(kpi(sql, Form::Count))] {
        let failure = super::support::run(&definitions, kpi).await.unwrap_err();
        assert!(failure.to_string().starts_with("plan: ") && failure.message.contains("asset.type"), "{failure}");
    }
}
