//! Our own series and their points, through their database layer.

use std::collections::BTreeSet;
use std::time::Duration;

use metrics_core::channel::TimeRange;
use metrics_core::channel::catalogue::{Catalogue, Entry};
use metrics_core::channel::names::{Backend, Metric, Subject};
use metrics_core::db::databoard::points::{self, Wanted};
use metrics_core::db::databoard::{catalogue, series};
use metrics_core::db::{AsyncConnection as _, ConnectOptions, connect};
use metrics_core::kpi::ErrorKind;

use super::channels::{holding, rooms, stores};
use crate::kpi_store::{count, day, failed, new_run, rows, started, stored_run, with};
use crate::stores::view;
use crate::support::{TestDb, open, wait};

/// Nanoseconds of a second.
const SECOND: i64 = 1_000_000_000;
/// 1 November 2026 in seconds since 1970.
const NOVEMBER: i64 = 1_793_491_200;
/// All that is stored.
const ALWAYS: TimeRange = TimeRange { begin_ns: i64::MIN, end_ns: i64::MAX };

/// Lists the channels of a back end, which gives ids to those that have none.
pub fn listed(db: &TestDb, backend: Backend) -> Catalogue {
    with(db, async move |conn| {
        let subjects = catalogue::subjects(conn, backend).await.unwrap();
        let series = series::complete(conn, backend, &subjects).await.unwrap();
        Catalogue::new(subjects, series)
    })
}

fn channel(db: &TestDb, name: &str) -> Entry {
    let backend = match &name[..4] {
        "COOL" | "COMP" => Backend::Cooling,
        "STOR" => Backend::Store,
        _ => Backend::Kpi,
    };
    listed(db, backend).find(backend, name).unwrap_or_else(|| panic!("{name}")).clone()
}

/// Points as seconds since 1970 and numbers.
fn read(db: &TestDb, name: &str, range: TimeRange, limit: Option<u32>) -> Vec<(i64, f64)> {
    let entry = channel(db, name);
    let mut found = Vec::new();
    if let (Subject::Store(store), Metric::Status) = (&entry.of.subject, entry.metric) {
        let (url, store) = (db.url().clone(), store.clone());
        found = wait(async move {
            let mut found = Vec::new();
            let client = open(&url).await;
            let poll = |poll| found.push((points::poll_ns(poll), f64::from(u8::from(poll.is_active()))));
            points::polls(&client, &store, range, limit, poll).await.unwrap();
            found.sort_by_key(|point| point.0);
            found
        });
    } else {
        found = with(db, async move |conn| {
            let wanted = Wanted { subject: &entry.of.subject, metric: entry.metric, unit: entry.unit(), range, limit };
            points::each(conn, wanted, |at_ns, value| found.push((at_ns, value))).await.unwrap();
            found
        });
    }
    found.into_iter().map(|(at_ns, value)| (at_ns / SECOND, value)).collect()
}

/// The same, with days of November 2026 for instants.
fn days(db: &TestDb, name: &str) -> Vec<(i64, f64)> {
    let day = |(at, value)| {
        assert_eq!((at - NOVEMBER) % 86_400, 0, "at midnight");
        ((at - NOVEMBER) / 86_400 + 1, value)
    };
    read(db, name, ALWAYS, None).into_iter().map(day).collect()
}

#[test]
fn a_day_of_a_cooling_unit_is_a_point_unless_it_has_no_value() {
    let db = TestDb::new();
    rooms(&db);
    assert_eq!(days(&db, "COOL-1:OCCUPANCY"), [(1, 20.0), (3, 40.0)]);
    assert_eq!(days(&db, "COOL-1:CO2_SAVED"), [(1, 1.5), (3, 0.25)]);
    assert_eq!(days(&db, "COOL-1:REVENUE"), [(1, 0.1), (3, 0.2)]);
    assert_eq!(days(&db, "COOL-1:REVENUE_USD"), [(1, 0.0001), (3, 0.0002)]);
    assert_eq!(days(&db, "COOL-1:CRATES_IN"), [(1, 8.0), (2, 3.0), (3, 0.0)]);
    assert_eq!(days(&db, "COOL-1:CRATES_OUT"), [(1, 4.0), (2, 0.0), (3, 0.0)]);
    assert_eq!(days(&db, "COOL-1:OPS_IN"), [(1, 2.0), (2, 1.0), (3, 0.0)]);
    assert_eq!(days(&db, "COOL-1:OPS_OUT"), [(1, 1.0), (2, 0.0), (3, 0.0)]);
    assert_eq!(days(&db, "COOL-1:KG_IN"), [(1, 165.5), (2, 54.25), (3, 0.0)]);
    assert_eq!(days(&db, "COOL-1:KG_OUT"), [(1, 80.0), (2, 0.0), (3, 0.0)]);
    assert_eq!(days(&db, "COOL-1:OPERATORS"), [(1, 2.0), (2, 2.0), (3, 3.0)]);
    assert_eq!(days(&db, "COOL-1:CAPACITY_CRATES"), [(1, 100.0), (2, 100.0), (3, 150.0)]);
    assert_eq!(days(&db, "COOL-1:CAPACITY_TONS"), [(1, 5.0), (2, 5.0), (3, 5.7)]);
    assert_eq!(days(&db, "COOL-3:CAPACITY_CRATES"), []);
    for name in ["COOL-3:ACTIVE_USERS", "COOL-3:BENEFICIARIES"] {
        assert_eq!(days(&db, name), [(2, 0.0)], "{name}");
    }
}

/// Unit 1 has 100 crates and is 20 % full, unit 2 has 50 and is 80 % full: 60 of 150 crates. On the second day unit 1 has
/// no occupancy and no revenue, on the third there is no unit 2. Revenue is added as decimals: 0.1 + 0.2 = 0.3.
#[test]
fn a_day_of_a_company_is_the_sum_of_its_units_unless_one_has_no_value() {
    let db = TestDb::new();
    rooms(&db);
    assert_eq!(days(&db, "COMP-9:OCCUPANCY"), [(1, 40.0), (3, 40.0)]);
    assert_eq!(days(&db, "COMP-9:REVENUE"), [(1, 0.3), (3, 0.2)]);
    assert_eq!(days(&db, "COMP-9:CO2_SAVED"), [(1, 3.0), (3, 0.25)]);
    assert_eq!(days(&db, "COMP-9:KG_IN"), [(1, 331.0), (2, 108.5), (3, 0.0)]);
    assert_eq!(days(&db, "COMP-9:CRATES_IN"), [(1, 16.0), (2, 6.0), (3, 0.0)]);
    assert_eq!(days(&db, "COMP-9:CAPACITY_CRATES"), [(1, 150.0), (2, 150.0), (3, 150.0)]);
    assert_eq!(days(&db, "COMP-9:CAPACITY_TONS"), [(1, 10.0), (2, 10.0), (3, 5.7)]);

    // A unit that is no longer there does not count, as elsewhere.
    db.execute("UPDATE metrics.cooling_unit_metrics SET is_unit_deleted = true WHERE cooling_unit_id = 2");
    assert_eq!(days(&db, "COMP-9:KG_IN"), [(1, 165.5), (2, 54.25), (3, 0.0)]);
}

/// An amount in naira is none in cedi, which the channel now says.
#[test]
fn revenue_in_another_currency_than_the_channels_is_no_point() {
    let db = TestDb::new();
    rooms(&db);
    db.execute(
        "UPDATE metrics.cooling_unit_metrics SET currency = 'GHS' WHERE cooling_unit_id = 1 AND date = '2026-11-03'",
    );
    assert_eq!(channel(&db, "COOL-1:REVENUE").unit(), "GHS");
    assert_eq!(days(&db, "COOL-1:REVENUE"), [(3, 0.2)]);
    assert_eq!(days(&db, "COOL-2:REVENUE"), [(1, 0.2), (2, 0.2)]);
    assert_eq!((channel(&db, "COMP-9:REVENUE").unit(), days(&db, "COMP-9:REVENUE")), ("GHS", vec![(3, 0.2)]));
    assert_eq!(days(&db, "COOL-1:REVENUE_USD").len(), 2);
}

#[test]
fn a_range_has_its_begin_and_not_its_end() {
    let db = TestDb::new();
    rooms(&db);
    let range = |begin: i64, end: i64| TimeRange { begin_ns: begin * SECOND, end_ns: end * SECOND };
    let (second, third) = (NOVEMBER + 86_400, NOVEMBER + 2 * 86_400);
    assert_eq!(read(&db, "COOL-1:KG_IN", range(NOVEMBER, second), None), [(NOVEMBER, 165.5)]);
    assert_eq!(read(&db, "COOL-1:KG_IN", range(NOVEMBER + 1, third + 1), None), [(second, 54.25), (third, 0.0)]);
    assert_eq!(read(&db, "COOL-1:KG_IN", range(second, second), None), []);
    assert_eq!(read(&db, "COOL-1:KG_IN", ALWAYS, Some(2)).len(), 2);
}

/// Store a/b was active at 10:00, inactive at 16:00, active at 18:00, and at 10:00:00.25 on the next day.
#[test]
fn polls_are_the_points_of_a_status() {
    let db = TestDb::new();
    stores(&db);
    let monday = 1_674_432_000;
    let at = |hours: i64| monday + hours * 3600;
    let all = [(at(10), 1.0), (at(16), 0.0), (at(18), 1.0), (at(34), 1.0)];
    assert_eq!(read(&db, "STORE-a_b:STATUS", ALWAYS, None), all);
    let range = |begin_ns, end_ns| TimeRange { begin_ns, end_ns };
    let part = range(at(16) * SECOND, at(34) * SECOND + 250_000_000);
    assert_eq!(read(&db, "STORE-a_b:STATUS", part, None), all[1..3]);
    let to_the_microsecond = range(at(18) * SECOND + 1, at(34) * SECOND + 250_000_001);
    assert_eq!(read(&db, "STORE-a_b:STATUS", to_the_microsecond, None), all[3..]);
    assert_eq!(read(&db, "STORE-a_b:STATUS", ALWAYS, Some(2)).len(), 2);
    assert_eq!(read(&db, "STORE-a_b:STATUS", range(i64::MIN, 0), None), []);
    assert_eq!(read(&db, "STORE-a_b:STATUS", range(at(40) * SECOND, i64::MAX), None), []);
}

/// What a report says of each instant, in its units.
#[test]
fn uptime_is_that_of_the_stored_reports() {
    let db = TestDb::new();
    stores(&db);
    for as_of in ["2023-01-23T17:00:00Z", "2023-01-24T11:00:00Z"] {
        view(&db, &["--as-of", as_of, "--allow-past"]);
    }
    view(&db, &["--as-of", "2023-01-24T11:00:00Z", "--allow-past", "--policy", "count-hours"]);
    let stored = db.query(
        "SELECT extract(epoch FROM as_of)::bigint AS at, up_us, down_us FROM metrics.store_uptime \
         JOIN metrics.store ON store.id = store WHERE ext_id = 'a/b' AND policy = 'step' ORDER BY as_of",
    );
    assert_eq!(stored.len(), 2);
    for (name, column, window, unit_us) in [
        ("UPTIME_HOUR", "up_us", 0, 60e6),
        ("DOWNTIME_HOUR", "down_us", 0, 60e6),
        ("UPTIME_DAY", "up_us", 1, 3600e6),
        ("DOWNTIME_DAY", "down_us", 1, 3600e6),
        ("UPTIME_WEEK", "up_us", 2, 3600e6),
        ("DOWNTIME_WEEK", "down_us", 2, 3600e6),
    ] {
        let expected: Vec<_> = stored
            .iter()
            .map(|row| (row["at"].as_i64().unwrap(), row[column][window].as_f64().unwrap() / unit_us))
            .collect();
        assert_eq!(read(&db, &format!("STORE-a_b:{name}"), ALWAYS, None), expected, "{name}");
    }
    // Active from 10:00 to 16:00, inactive to 17:00.
    assert_eq!(read(&db, "STORE-a_b:UPTIME_DAY", ALWAYS, Some(1))[0].1.to_string(), "7");
    assert_eq!(read(&db, "STORE-a_b:DOWNTIME_HOUR", ALWAYS, Some(1))[0].1.to_string(), "60");
}

#[test]
fn a_run_of_a_kpi_is_a_point_unless_it_failed() {
    let db = TestDb::new();
    let production = |at, ran| stored_run(&db, "production", day(at), ran);
    production(0, vec![count("Users (30 d)", "12"), rows("States", "[]", 0, false)]);
    production(1, vec![failed("Users (30 d)", ErrorKind::Memory, "too much")]);
    production(2, vec![count("Users (30 d)", "null")]);
    production(3, vec![count("Users (30 d)", "-3.50")]);
    stored_run(&db, "staging", day(1), vec![count("Users (30 d)", "7")]);
    started(&db, &new_run("production", day(4), 1));
    assert_eq!(days(&db, "KPI-Users_30_d_"), [(1, 12.0), (4, -3.5)]);
    assert_eq!(days(&db, "KPI-Users_30_d_-2"), [(2, 7.0)]);
    let catalogue = listed(&db, Backend::Kpi);
    assert_eq!(catalogue.entries().len(), 2, "results of rows are no channel");
    let channel = catalogue.entries()[0].channel();
    assert_eq!((channel.unit.as_str(), channel.kind.as_str()), ("things", "f64"));
    assert_eq!(channel.description, "Users (30 d) (production), What Users (30 d) tells.");
}

/// What was listed stays listed, whatever its last result is.
#[test]
fn a_kpi_keeps_its_channel_when_it_comes_to_give_rows() {
    let db = TestDb::new();
    stored_run(&db, "production", day(0), vec![count("Users", "12")]);
    let before = listed(&db, Backend::Kpi).entries().to_vec();
    stored_run(&db, "production", day(1), vec![rows("Users", "[]", 0, false)]);
    assert_eq!(listed(&db, Backend::Kpi).entries(), before);
    assert_eq!(days(&db, "KPI-Users"), [(1, 12.0)]);
}

#[test]
fn ids_and_names_stay_and_no_id_is_given_twice() {
    let db = TestDb::new();
    stores(&db);
    let ids = |db: &TestDb| -> Vec<(String, i64)> {
        let catalogue = listed(db, Backend::Store);
        catalogue.entries().iter().map(|entry| (entry.name.to_string(), entry.series_id)).collect()
    };
    let before = ids(&db);
    assert_eq!(
        before.iter().map(|(_, id)| *id).collect::<Vec<_>>(),
        (1_000_001..).take(before.len()).collect::<Vec<_>>()
    );
    assert_eq!(ids(&db), before);

    // A store that comes sorted before one with its stem, while that is gone.
    db.execute(
        "UPDATE metrics.store SET ext_id = 'gone' WHERE ext_id = 'a/b';
         INSERT INTO metrics.store (ext_id, computed_at) VALUES ('a b', now())",
    );
    let with_another = ids(&db);
    let id = |all: &[(String, i64)], name: &str| all.iter().find(|(known, _)| known == name).map(|(_, id)| *id);
    assert_eq!(id(&with_another, "STORE-a_b:STATUS"), None);
    assert!(id(&with_another, "STORE-a_b-2:STATUS").unwrap() > 1_000_000 + i64::try_from(before.len()).unwrap());
    db.execute("UPDATE metrics.store SET ext_id = 'a/b' WHERE ext_id = 'gone'");
    let after = ids(&db);
    for (name, known) in &before {
        assert_eq!(id(&after, name), Some(*known), "{name}");
    }
    assert_eq!(id(&after, "STORE-a_b-2:STATUS"), id(&with_another, "STORE-a_b-2:STATUS"));
    let unique = db.value("SELECT count(DISTINCT series_id) = count(*) FROM metrics.databoard_series");
    assert_eq!(unique, true);
}

/// Each takes the lock, looks, and gives what is missing.
#[test]
fn listings_at_the_same_time_give_each_channel_one_id() {
    let db = TestDb::new();
    rooms(&db);
    stores(&db);
    std::thread::scope(|scope| {
        for backend in [Backend::Cooling, Backend::Store, Backend::Cooling, Backend::Store] {
            let db = &db;
            scope.spawn(move || listed(db, backend));
        }
    });
    let rows = db.value("SELECT count(*) FROM metrics.databoard_series");
    assert_eq!(rows, listed(&db, Backend::Cooling).entries().len() + listed(&db, Backend::Store).entries().len());
}

/// 1,500 stores have 10,500 channels, more than get their ids in one transaction.
fn many_stores(db: &TestDb) {
    db.execute(
        "INSERT INTO metrics.store (ext_id, computed_at)
         SELECT lpad(number::text, 4, '0'), now() FROM generate_series(1, 1500) number",
    );
}

#[test]
fn ids_that_were_given_stay_when_giving_the_rest_fails() {
    let db = TestDb::new();
    many_stores(&db);
    db.execute(
        "CREATE FUNCTION refuse_more() RETURNS trigger LANGUAGE plpgsql AS $$
         BEGIN
             IF (SELECT count(*) FROM metrics.databoard_series) > 10000 THEN RAISE 'the disk is full'; END IF;
             RETURN NULL;
         END $$;
         CREATE TRIGGER refuse_more AFTER INSERT ON metrics.databoard_series EXECUTE FUNCTION refuse_more()",
    );
    let failed = with(&db, async move |conn| {
        let subjects = catalogue::subjects(conn, Backend::Store).await.unwrap();
        series::complete(conn, Backend::Store, &subjects).await.is_err()
    });
    assert!(failed);
    let given = db.query("SELECT series_id, name FROM metrics.databoard_series ORDER BY series_id");
    assert_eq!(given.len(), 10_000);
    db.execute("DROP TRIGGER refuse_more ON metrics.databoard_series");
    let catalogue = listed(&db, Backend::Store);
    assert_eq!(catalogue.entries().len(), 10_500);
    for row in given {
        let entry = catalogue.find(Backend::Store, row["name"].as_str().unwrap()).unwrap();
        assert_eq!(entry.series_id, row["series_id"].as_i64().unwrap());
    }
}

#[test]
fn listings_at_the_same_time_go_on_where_the_others_are() {
    let db = TestDb::new();
    many_stores(&db);
    let ids = |catalogue: &Catalogue| -> BTreeSet<_> {
        catalogue.entries().iter().map(|entry| (entry.series_id, entry.name.to_string())).collect()
    };
    let listings: Vec<_> = std::thread::scope(|scope| {
        let listings: Vec<_> = (0..3).map(|_| scope.spawn(|| listed(&db, Backend::Store))).collect();
        listings.into_iter().map(|listing| ids(&listing.join().unwrap())).collect()
    });
    assert_eq!(db.value("SELECT count(*) FROM metrics.databoard_series"), 10_500);
    assert_eq!(listings[0].len(), 10_500);
    assert!(listings.iter().all(|listing| *listing == listings[0]));
}

#[test]
fn a_statement_whose_time_is_over_is_told_from_one_that_is_refused() {
    let db = TestDb::new();
    rooms(&db);
    stores(&db);
    let time = Duration::from_millis(20);
    let _held =
        holding(&db, "BEGIN; LOCK TABLE metrics.cooling_unit_metrics, metrics.store_poll IN ACCESS EXCLUSIVE MODE");
    let error = with(&db, async move |conn| {
        let subject = Subject::CoolingUnit(metrics_core::ids::CoolingUnitId(1));
        let wanted = Wanted { subject: &subject, metric: Metric::KgIn, unit: "kg", range: ALWAYS, limit: None };
        let read = conn.transaction(async |conn| {
            points::allow(conn, time).await?;
            points::each(conn, wanted, |_, _| ()).await
        });
        read.await.unwrap_err()
    });
    assert!(error.is_statement_timeout(), "{error:?}");
    let url = db.url().clone();
    let (over, refused) = wait(async move {
        let options = ConnectOptions {
            application_name: "acceptance".to_owned(),
            read_only: true,
            statement_timeout: time,
            connect_timeout: Duration::from_secs(30),
        };
        let client = connect::connect(&url, &options).await.unwrap();
        let over = points::polls(&client, "a/b", ALWAYS, None, |_| ()).await.unwrap_err();
        let refused = client.batch_execute("SELECT 1 / 0").await.unwrap_err();
        (over, metrics_core::db::DbError::from(refused))
    });
    assert!(over.is_statement_timeout() && !refused.is_statement_timeout(), "{over:?} {refused:?}");
}
