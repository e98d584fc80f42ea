//! A run that is killed leaves whole batches, and running again completes them.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::coldroom::{SMALL_AS_OF, dump, small};
use crate::support::{TestDb, binary, run};

/// Alive units of the small data set: with one row a batch, as many batches.
const UNITS: i64 = 12;

fn command(db: &TestDb) -> Command {
    let mut command = Command::new(binary("reporter"));
    command
        .args(["--view", "aggregated-comparison", "--as-of", SMALL_AS_OF, "--quiet"])
        .env_clear()
        .env("METRICS_DATABASE__URL", db.url().expose())
        // Every unit is a transaction of its own.
        .env("METRICS_REPORTING__BATCH_ROWS", "1")
        .env("METRICS_LOG__LEVEL", "error")
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

fn units_stored(db: &TestDb) -> i64 {
    db.value("SELECT count(DISTINCT cooling_unit_id) FROM metrics.cooling_unit_metrics").as_i64().unwrap()
}

/// Runs to the end; a session of the killed run may hold the lock for a moment.
fn complete(db: &TestDb) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let output = run(&mut command(db));
        match output.status {
            4 => return,
            75 if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(20)),
            _ => panic!("exit {}: {}", output.status, output.stderr),
        }
    }
}

fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

fn wait_for_units(db: &TestDb, units: i64, child: &mut Child) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while units_stored(db) < units && child.try_wait().unwrap().is_none() {
        assert!(Instant::now() < deadline, "no progress");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_killed_run_is_completed_by_the_next_to_the_tables_of_one_clean_run() {
    let db = small();
    complete(&db);
    let clean = dump(&db);
    // Each batch takes a little, so that there is time to kill between two.
    db.execute(
        "CREATE FUNCTION metrics.wait() RETURNS trigger LANGUAGE plpgsql AS
             $$BEGIN PERFORM pg_sleep(0.02); RETURN NULL; END$$;
         CREATE TRIGGER wait AFTER INSERT ON metrics.cooling_unit_metrics
             FOR EACH STATEMENT EXECUTE FUNCTION metrics.wait()",
    );
    let mut between_batches = 0;
    let mut kills = 0;
    // Before and around the first batch, by time; then after each number of stored units.
    let times = (0..8).map(|step| (Some(Duration::from_millis(step * 12)), 0));
    let counts = (1..UNITS).chain(1..5).map(|units| (None, units));
    for (time, units) in times.chain(counts) {
        db.execute(
            "TRUNCATE metrics.cooling_unit_metrics; DELETE FROM metrics.report_run; TRUNCATE metrics.view_version",
        );
        let mut child = command(&db).spawn().unwrap();
        match time {
            Some(time) => std::thread::sleep(time),
            None => wait_for_units(&db, units, &mut child),
        }
        kill(child);
        kills += 1;
        let stored = units_stored(&db);
        between_batches += i32::from((1..UNITS).contains(&stored));
        let torn = db.value(
            "SELECT count(*) FROM (SELECT 1 FROM metrics.cooling_unit_metrics GROUP BY cooling_unit_id \
             HAVING count(*) <> max(date) - min(date) + 1 OR max(date) < '2025-10-31') AS torn",
        );
        assert_eq!(torn, 0, "a unit is stored in part");
        complete(&db);
        assert_eq!(dump(&db), clean, "killed with {stored} units stored");
    }
    assert!(kills >= 20 && between_batches * 2 >= kills, "{between_batches} of {kills} between two batches");
    let abandoned = db.value("SELECT count(*) FROM metrics.report_run WHERE outcome = 'running'");
    assert_eq!(abandoned, 0);
}

#[test]
fn sigterm_ends_a_run_between_batches_and_says_so() {
    let db = small();
    db.execute(
        "CREATE FUNCTION metrics.wait() RETURNS trigger LANGUAGE plpgsql AS
             $$BEGIN PERFORM pg_sleep(0.1); RETURN NULL; END$$;
         CREATE TRIGGER wait AFTER INSERT ON metrics.cooling_unit_metrics
             FOR EACH STATEMENT EXECUTE FUNCTION metrics.wait()",
    );
    let mut child = command(&db).spawn().unwrap();
    wait_for_units(&db, 2, &mut child);
    let signalled = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(signalled.success());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let stored = units_stored(&db);
    assert!((2..UNITS).contains(&stored), "{stored} units");
    let last = db.query("SELECT outcome, error FROM metrics.report_run ORDER BY id DESC LIMIT 1").pop().unwrap();
    assert_eq!(last["outcome"], "interrupted");
    db.execute("DROP TRIGGER wait ON metrics.cooling_unit_metrics");
    complete(&db);
    assert_eq!(units_stored(&db), UNITS);
}
