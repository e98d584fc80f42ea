//! Many at once.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::channels::{holding, until};
use super::{EMPTY, create, created, get, operate, patch, sized, start, stored};
use crate::support::TestDb;

const LIMITS: [(&str, &str); 4] = [
    ("DATABOARD_HISTORY_MAX_BYTES", "10000000"),
    ("DASHBOARD_MAX_TOTAL_STORAGE_BYTES", "100000"),
    ("DASHBOARD_EVICTION_THRESHOLD", "1"),
    ("DASHBOARD_TARGET_UTILIZATION", "0.5"),
];

#[test]
fn thirty_creates_at_the_limit_evict_as_one_after_the_other_would() {
    let db = TestDb::new();
    let api = start(&db, &LIMITS);
    // 5 × 10,000 stay after each eviction at 100,000.
    for _ in 0..9 {
        created(&api, &sized(10_000));
    }
    thread::scope(|scope| {
        let creates: Vec<_> = (0..30).map(|_| scope.spawn(|| create(&api, &sized(10_000)))).collect();
        for create in creates {
            let response = create.join().unwrap();
            assert_eq!((response.status, response.header("x-dashboard-evicted")), (201, None), "{}", response.text());
        }
    });
    // 90,000, then by turns: the first makes 100,000 and leaves 50,000; each fifth one more does the same.
    assert_eq!(stored(&db), (9, 90_000));
    let versions = db.value("SELECT count(*) FROM metrics.databoard_versions WHERE ended_by = 'evicted'");
    assert_eq!(versions, 30);
}

#[test]
fn nothing_is_changed_after_it_is_protected() {
    let db = TestDb::new();
    let api = start(&db, &[]);
    for round in 0..8 {
        let id = created(&api, EMPTY);
        let is_over = AtomicBool::new(false);
        thread::scope(|scope| {
            let writers: Vec<_> = (0..3)
                .map(|writer| {
                    let (id, api, is_over) = (&id, &api, &is_over);
                    scope.spawn(move || {
                        let mut statuses = Vec::new();
                        while !is_over.load(Ordering::Relaxed) {
                            statuses.push(patch(api, id, &sized(150 + writer)).status);
                        }
                        statuses
                    })
                })
                .collect();
            thread::sleep(std::time::Duration::from_millis(5 * round));
            assert_eq!(operate(&api, "POST", &format!("/dashboard/{id}/protect")).status, 200);
            let protected = get(&api, &id);
            for _ in 0..20 {
                assert_eq!(patch(&api, &id, EMPTY).status, 403);
            }
            is_over.store(true, Ordering::Relaxed);
            for writer in writers {
                let statuses = writer.join().unwrap();
                assert!(statuses.iter().all(|status| matches!(status, 200 | 403)), "{statuses:?}");
            }
            let after = get(&api, &id);
            assert_eq!((after.text(), after.header("etag")), (protected.text(), protected.header("etag")));
        });
    }
}

#[test]
fn reads_during_evictions_find_a_dashboard_or_not() {
    let db = TestDb::new();
    let api = start(&db, &LIMITS);
    let kept = created(&api, &sized(1_000));
    assert_eq!(operate(&api, "POST", &format!("/dashboard/{kept}/whitelist")).status, 200);
    let ids: Vec<String> = (0..8).map(|_| created(&api, &sized(10_000))).collect();
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut reads = 0;
                    while !is_over.load(Ordering::Relaxed) {
                        for id in &ids {
                            let status = get(&api, id).status;
                            assert!(matches!(status, 200 | 404), "{status}");
                            reads += 1;
                        }
                        assert_eq!(get(&api, &kept).status, 200);
                    }
                    reads
                })
            })
            .collect();
        for _ in 0..40 {
            assert_eq!(create(&api, &sized(10_000)).status, 201);
        }
        is_over.store(true, Ordering::Relaxed);
        for reader in readers {
            assert!(reader.join().unwrap() > 0);
        }
    });
    let (_, bytes) = stored(&db);
    assert!(bytes < 100_000, "{bytes}");
}

/// Number of sessions that wait for a lock in a statement that begins like this.
fn waiting(db: &TestDb, statement: &str) -> serde_json::Value {
    db.value(&format!(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '{statement}%'"
    ))
}

#[test]
fn a_dashboard_is_read_while_it_is_changed() {
    let db = TestDb::new();
    let api = start(&db, &[]);
    let id = created(&api, EMPTY);
    let writer = holding(
        &db,
        &format!(
            "BEGIN;
             INSERT INTO metrics.databoard_bodies VALUES ('{id}', 2, '{{}}', now());
             UPDATE metrics.databoard_dashboards SET version = 2 WHERE id = '{id}'"
        ),
    );
    let response = thread::scope(|scope| {
        let reader = scope.spawn(|| get(&api, &id));
        until(|| waiting(&db, "--") == 1);
        crate::support::wait(async move { writer.batch_execute("COMMIT").await.unwrap() });
        reader.join().unwrap()
    });
    // What it held when it was asked for.
    assert_eq!((response.status, response.header("etag")), (200, Some("\"v1\"")), "{}", response.text());
    assert_eq!(response.text(), format!(r#"{{"id":"{id}","dashboard":{{"widgets":[]}}}}"#));
    assert_eq!(get(&api, &id).header("etag"), Some("\"v2\""));
}

#[test]
fn writers_that_wait_leave_a_connection_to_readers() {
    let db = TestDb::new();
    let api = start(&db, &[]);
    let id = created(&api, EMPTY);
    let holder = holding(&db, "BEGIN; SELECT FROM metrics.databoard_totals FOR UPDATE");
    thread::scope(|scope| {
        let writers: Vec<_> = (0..8).map(|_| scope.spawn(|| create(&api, EMPTY))).collect();
        until(|| waiting(&db, "SELECT") == 3);
        for _ in 0..20 {
            assert_eq!(get(&api, &id).status, 200);
        }
        assert_eq!(api.get("/databoard/ready").status, 200);
        drop(holder);
        for writer in writers {
            assert_eq!(writer.join().unwrap().status, 201);
        }
    });
}

#[test]
fn what_is_written_is_newer_than_what_was_read_while_it_waited() {
    let db = TestDb::new();
    let api = start(&db, &LIMITS);
    let ids: Vec<String> = (0..9).map(|_| created(&api, &sized(10_000))).collect();
    let holder = holding(&db, "BEGIN; SELECT FROM metrics.databoard_totals FOR UPDATE");
    let written = thread::scope(|scope| {
        let writer = scope.spawn(|| created(&api, &sized(10_000)));
        until(|| waiting(&db, "SELECT") == 1);
        for id in &ids {
            assert_eq!(get(&api, id).status, 200);
        }
        drop(holder);
        writer.join().unwrap()
    });
    assert_eq!(stored(&db), (5, 50_000));
    assert_eq!(get(&api, &written).status, 200);
}

#[test]
fn clients_that_go_away_leave_whole_dashboards_or_none() {
    let db = TestDb::new();
    let api = start(&db, &[]);
    let body = sized(1_000);
    let sent = |part: &str| {
        let request = format!(
            "POST /databoard/dashboard/ HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{part}",
            body.len(),
        );
        let mut stream = TcpStream::connect(api.url().trim_start_matches("http://")).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    };
    for _ in 0..2 {
        let holder = holding(&db, "BEGIN; SELECT FROM metrics.databoard_totals FOR UPDATE");
        let halves = (0..5).map(|_| sent(&body[..400]));
        let clients: Vec<_> = halves.chain((0..5).map(|_| sent(&body))).collect();
        until(|| waiting(&db, "SELECT") == 3);
        drop(clients);
        drop(holder);
        let id = created(&api, EMPTY);
        assert_eq!(get(&api, &id).status, 200);
        until(|| {
            let open =
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL
                AND pid <> pg_backend_pid()";
            db.value(open) == 0
        });
    }
    let (dashboards, bytes) = stored(&db);
    let whole = dashboards - 2;
    assert!((0..=10).contains(&whole), "{dashboards}");
    assert_eq!(bytes, whole * 1_000 + 2 * 35, "{dashboards}");
}
