//! Migrations and views.

use metrics_core::db::ConnectOptions;
use metrics_core::db::connect::connect_diesel;
use metrics_core::db::migrate::{adopt, migrate, pending, revert_all, schema_is_current};
use metrics_core::db::views::{create_source_views, drop_source_views};
use metrics_core::settings::DatabaseUrl;
use serde_json::{Value, json};
use std::time::Duration;

use crate::support::{TestDb, fixture, wait};

/// Everything that a schema consists of, one line each: tables and columns with types and comments, indexes,
/// constraints, views.
const SCHEMA: &str = "
    SELECT format('%s.%s %s %s', n.nspname, c.relname, c.relkind, obj_description(c.oid, 'pg_class')) AS line
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('metrics', 'public')
    UNION ALL
    SELECT format('%s.%s column %s %s %s %s %s', c.relnamespace::regnamespace, c.relname, a.attname,
        format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
        col_description(c.oid, a.attnum))
    FROM pg_attribute AS a JOIN pg_class AS c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE c.relnamespace::regnamespace::text IN ('metrics', 'public') AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) FROM pg_constraint
    WHERE connamespace = 'metrics'::regnamespace
    UNION ALL
    SELECT indexdef FROM pg_indexes WHERE schemaname IN ('metrics', 'public')
    UNION ALL
    SELECT definition FROM pg_views WHERE schemaname IN ('metrics', 'public')
    ORDER BY line";

fn names(db: &TestDb, sql: &str) -> Vec<String> {
    let value = |row: Value| row.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned();
    db.query(sql).into_iter().map(value).collect()
}

async fn current(url: DatabaseUrl) -> (bool, usize) {
    let options = ConnectOptions {
        application_name: "acceptance".to_owned(),
        read_only: true,
        statement_timeout: Duration::from_secs(10),
        connect_timeout: Duration::from_secs(10),
    };
    let mut conn = connect_diesel(&url, &options).await.unwrap();
    (schema_is_current(&mut conn).await.unwrap(), pending(&mut conn).await.unwrap().len())
}

#[test]
fn up_down_up_is_the_identity() {
    let db = TestDb::empty();
    let url = db.url().clone();
    assert!(!wait(current(url.clone())).0);
    let first = wait({
        let url = url.clone();
        async move { migrate(&url).await.unwrap() }
    });
    assert!(first.applied.len() >= 4, "{first:?}");
    assert_eq!(wait(current(url.clone())), (true, 0));
    let up = db.query(SCHEMA);
    assert!(up.len() > 200, "{} lines", up.len());

    wait({
        let url = url.clone();
        async move { revert_all(&url).await.unwrap() }
    });
    assert_eq!(wait(current(url.clone())), (false, first.applied.len()));
    let left = names(
        &db,
        "SELECT relname::text FROM pg_class WHERE relkind IN ('r', 'v', 'S') \
        AND relnamespace::regnamespace::text IN ('metrics', 'public')",
    );
    assert_eq!(left, ["__diesel_schema_migrations"]);

    let again = wait({
        let url = url.clone();
        async move { migrate(&url).await.unwrap() }
    });
    assert_eq!(again, first);
    assert_eq!(db.query(SCHEMA), up);
    let nothing = wait(async move { migrate(&url).await.unwrap() });
    assert_eq!((nothing.applied.len(), nothing.skipped().count()), (0, 0));
    assert_eq!(db.query(SCHEMA), up);
}

#[test]
fn every_table_view_and_column_of_ours_has_a_comment() {
    let db = TestDb::with_source();
    let url = db.url().clone();
    wait(async move { create_source_views(&url).await.unwrap() });
    let bare = names(
        &db,
        "SELECT format('%s.%s', c.oid::regclass, a.attname) AS name
         FROM pg_class AS c
         JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relkind IN ('r', 'v')
            AND (c.relnamespace = 'metrics'::regnamespace
                OR c.oid IN ('public.cooling_unit_metrics'::regclass, 'public.company_metrics'::regclass))
            AND (COALESCE(obj_description(c.oid, 'pg_class'), '') = ''
                OR COALESCE(col_description(c.oid, a.attnum), '') = '')
         ORDER BY name",
    );
    assert_eq!(bare, Vec::<String>::new());
}

#[test]
fn processes_that_migrate_at_the_same_time_take_turns() {
    let db = TestDb::empty();
    let url = db.url().clone();
    let reports = wait(async move {
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                tokio::spawn({
                    let url = url.clone();
                    async move { migrate(&url).await }
                })
            })
            .collect();
        let mut reports = Vec::new();
        for task in tasks {
            reports.push(task.await.unwrap().unwrap());
        }
        reports
    });
    assert_eq!(reports.iter().filter(|report| !report.applied.is_empty()).count(), 1);
}

/// The HTTP server's runtimes have one thread each, on which Diesel's harness would panic.
#[test]
fn a_single_threaded_runtime_can_migrate() {
    let db = TestDb::empty();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    assert!(!runtime.block_on(migrate(db.url())).unwrap().applied.is_empty());
}

#[test]
fn the_views_show_the_predecessors_columns_first_and_one_id_per_unit_and_day() {
    let db = TestDb::new();
    let columns = |view: &str| {
        names(
            &db,
            &format!(
                "SELECT attname::text FROM pg_attribute WHERE attrelid = '{view}'::regclass AND attnum > 0 ORDER BY attnum"
            ),
        )
    };
    let units = columns("public.cooling_unit_metrics");
    assert_eq!(units[..5], ["id", "date", "report_date", "cooling_unit_id", "unit_name"]);
    assert_eq!(units[40..42], ["co2_crops", "room_active_farmer_ids"]);
    let mut shown = units[1..].to_vec();
    shown.sort();
    let mut stored = columns("metrics.cooling_unit_metrics");
    stored.sort();
    assert_eq!(shown, stored);
    assert_eq!(columns("public.company_metrics"), columns("metrics.company_metrics"));

    db.execute(
        "INSERT INTO metrics.cooling_unit_metrics
         SELECT (jsonb_populate_record(NULL::metrics.cooling_unit_metrics, (
            SELECT jsonb_object_agg(a.attname, CASE
                WHEN a.atttypid = 'date'::regtype THEN to_jsonb('2026-11-21'::date)
                WHEN a.atttypid = 'timestamptz'::regtype THEN to_jsonb('2026-11-22T00:00:00Z'::timestamptz)
                WHEN a.atttypid = 'jsonb'::regtype THEN '{}'
                WHEN a.atttypid = 'boolean'::regtype THEN 'false'
                WHEN a.atttypid::regtype::text LIKE '%[]' THEN '[]'
                ELSE '17'
            END)
            FROM pg_attribute AS a
            WHERE a.attrelid = 'metrics.cooling_unit_metrics'::regclass AND a.attnum > 0))).*",
    );
    // 2026-11-21 is day 20778 since 1970-01-01.
    assert_eq!(db.value("SELECT id FROM cooling_unit_metrics"), json!(1_720_778));
}

#[test]
fn a_table_of_the_predecessor_is_left_alone_until_it_is_adopted() {
    let db = TestDb::empty();
    db.execute(
        "CREATE TABLE cooling_unit_metrics (id serial PRIMARY KEY, unit_name text);
         INSERT INTO cooling_unit_metrics (unit_name) VALUES ('old');
         CREATE TABLE impact_metrics (month date)",
    );
    let url = db.url().clone();
    let report = wait({
        let url = url.clone();
        async move { migrate(&url).await.unwrap() }
    });
    let skipped: Vec<&str> = report.skipped().map(|view| view.name.as_str()).collect();
    assert_eq!(skipped, ["public.cooling_unit_metrics", "public.impact_metrics"]);
    assert!(report.views[0].skipped.as_ref().unwrap().contains("reporter adopt"), "{report:?}");
    assert_eq!(db.value("SELECT unit_name FROM cooling_unit_metrics"), json!("old"));
    assert_eq!(db.value("SELECT count(*) FROM company_metrics"), json!(0));

    let report = wait({
        let url = url.clone();
        async move { adopt(&url).await.unwrap() }
    });
    let pair = |name: &str| (format!("public.{name}"), format!("public.{name}_predecessor"));
    assert_eq!(report.renamed, [pair("cooling_unit_metrics"), pair("impact_metrics")]);
    assert_eq!(report.skipped().count(), 0);
    assert_eq!(db.value("SELECT unit_name FROM cooling_unit_metrics_predecessor"), json!("old"));
    assert_eq!(db.value("SELECT count(*) FROM cooling_unit_metrics"), json!(0));

    // A second time there is nothing to adopt.
    let report = wait({
        let url = url.clone();
        async move { adopt(&url).await.unwrap() }
    });
    assert_eq!((report.renamed.len(), report.skipped().count()), (0, 0));

    // A name that is taken is not overwritten, and nothing else is done either.
    db.execute("DROP VIEW impact_metrics; CREATE TABLE impact_metrics (month date)");
    let error = wait(async move { adopt(&url).await.unwrap_err() });
    assert!(error.to_string().contains("public.impact_metrics_predecessor"), "{error}");
}

#[test]
fn a_user_without_rights_on_public_gets_the_tables_but_no_views() {
    let db = TestDb::empty();
    let role = db.value("SELECT 'role_of_' || current_database()").as_str().unwrap().to_owned();
    db.execute(&format!(
        "CREATE ROLE {role} LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC;
         DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {role}', current_database()); END $$"
    ));
    let url: DatabaseUrl = db.url().expose().replace("postgres@", &format!("{role}@")).parse().unwrap();
    let report = wait(async move { migrate(&url).await.unwrap() });
    assert!(!report.applied.is_empty());
    assert_eq!(report.skipped().count(), 3, "{report:?}");
    assert!(report.views[0].skipped.as_ref().unwrap().contains("GRANT CREATE"));
    db.execute(&format!("REASSIGN OWNED BY {role} TO postgres; DROP OWNED BY {role}; DROP ROLE {role}"));
}

/// The crates, movements and figures of fixture B are listed in `expected_b`; the sums here are taken from the
/// source tables by other queries.
#[test]
fn the_views_of_the_source_have_each_crate_once() {
    let db = TestDb::with_source();
    db.load_file(fixture("coldroom/small_data.sql.gz"));
    let url = db.url().clone();
    wait({
        let url = url.clone();
        async move { create_source_views(&url).await.unwrap() }
    });
    // Again: nothing in the way.
    wait({
        let url = url.clone();
        async move { create_source_views(&url).await.unwrap() }
    });

    let crates = db.value("SELECT count(*) FROM storage_crate");
    assert_eq!(crates, json!(4794));
    assert_eq!(db.value("SELECT count(*) FROM metrics.analytics_crate_movements"), crates);
    assert_eq!(db.value("SELECT count(DISTINCT storage_crate_id) FROM metrics.analytics_crate_movements"), crates);
    let emptied = "SELECT count(*) FROM storage_crate AS c WHERE cmp_fully_checked_out
        AND EXISTS (SELECT FROM storage_cratepartialcheckout WHERE crate_id = c.id)";
    assert_eq!(
        db.value("SELECT count(*) FROM metrics.analytics_crate_movements WHERE checkout_date IS NOT NULL"),
        db.value(emptied)
    );
    // All fees less all discounts, which here never exceed the fees.
    assert_eq!(
        db.value("SELECT round(sum(total_crate_cooling_fee)::numeric, 2) FROM metrics.analytics_crate_movements"),
        db.value(
            "SELECT round((SELECT sum(cooling_fees) FROM storage_cratepartialcheckout)::numeric
                - (SELECT sum(least(discount_amount, fee)) FROM (
                    SELECT k.discount_amount, sum(pc.cooling_fees) AS fee FROM operation_checkout AS k
                    JOIN storage_cratepartialcheckout AS pc ON pc.checkout_id = k.id GROUP BY k.id) AS f)::numeric, 2)"
        )
    );
    assert_eq!(
        db.value("SELECT count(*) FROM metrics.view_relevant_checkins"),
        db.value("SELECT count(*) FROM storage_crate WHERE NOT cmp_fully_checked_out")
    );
    assert_eq!(db.value("SELECT count(*) FROM metrics.view_relevant_checkins WHERE crate_weight < 0"), json!(0));

    wait(async move { drop_source_views(&url).await.unwrap() });
    assert_eq!(db.value("SELECT to_regclass('metrics.analytics_crate_movements') IS NULL"), json!(true));
}

#[test]
fn the_views_of_the_source_need_its_tables() {
    let db = TestDb::new();
    let url = db.url().clone();
    let error = wait(async move { create_source_views(&url).await.unwrap_err() });
    assert!(error.to_string().contains("public.storage_crate"), "{error}");
    assert!(error.is_unusable());
}
