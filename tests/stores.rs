//! Stores in the database: `reporter ingest stores` and `reporter --view store-uptime`.

mod ingest;
mod partitions;
mod view;

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::{Output, TestDb, reporter};
use crate::uptime::Folder;

/// Takes in the three files of a folder.
fn ingest(db: &TestDb, folder: &Folder, more: &[&str]) -> Output {
    let path = |name: &str| folder.path(name).to_str().unwrap().to_owned();
    let (status, hours, zones) = (path("status.csv"), path("hours.csv"), path("zones.csv"));
    let files = ["ingest", "stores", "--status", &status, "--hours", &hours, "--zones", &zones];
    reporter(db, &[&files, more].concat())
}

/// The same, which goes well; its summary.
pub fn ingested(db: &TestDb, folder: &Folder) -> Value {
    let output = ingest(db, folder, &["--format", "json"]);
    assert_eq!(output.status, 0, "{}", output.stderr);
    serde_json::from_str(&output.stdout).unwrap()
}

/// Runs the view, which goes well; its summary.
pub fn view(db: &TestDb, arguments: &[&str]) -> Value {
    let output = reporter(db, &[&["--view", "store-uptime", "--format", "json"], arguments].concat());
    assert_eq!(output.status, 0, "{}", output.stderr);
    serde_json::from_str(&output.stdout).unwrap()
}

/// The stored rows of an instant and a policy as the full form of a report, without its header.
fn stored(db: &TestDb, as_of: &str, policy: &str) -> String {
    let rows = db.query(&format!(
        "SELECT ext_id, business_us, up_us, down_us, observed_us, lo_us, hi_us, polls
         FROM metrics.store_uptime JOIN metrics.store ON store.id = store_uptime.store
         WHERE as_of = '{as_of}' AND policy = '{policy}' ORDER BY ext_id"
    ));
    let mut text = String::new();
    for row in rows {
        let id = row["ext_id"].as_str().unwrap();
        if id.contains([',', '"', '\n', '\r']) {
            write!(text, "\"{}\"", id.replace('"', "\"\"")).unwrap();
        } else {
            text.push_str(id);
        }
        for window in 0..3 {
            for column in ["business_us", "up_us", "down_us", "observed_us", "lo_us", "hi_us", "polls"] {
                write!(text, ",{}", row[column][window]).unwrap();
            }
        }
        text.push('\n');
    }
    text
}

/// What the full form of a report has after its header.
fn without_header(report: &str) -> &str {
    report.split_once('\n').unwrap().1
}
