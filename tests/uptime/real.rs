//! Data that may not be copied: real opening hours and zones, and a sample of real polls. These tests look for them
//! in `../shared/data/uptime` and pass over when they are absent; in CI they have to be there.

use std::path::{Path, PathBuf};
use std::process::Command;

use sha2::{Digest as _, Sha256};

use super::synthetic::{Random, gzip};
use super::{Folder, printed, uptime};
use crate::support::absent::passes_over;
use crate::support::run;

/// The folder, or `None` after saying so.
pub fn data() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/uptime");
    if folder.is_dir() {
        return Some(folder);
    }
    passes_over("../shared/data/uptime is absent");
    None
}

fn unzipped(path: &Path) -> String {
    let file = std::fs::File::open(path).unwrap();
    std::io::read_to_string(flate2::read::MultiGzDecoder::new(file)).unwrap()
}

fn sha256(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[test]
fn the_sample_of_real_polls_gives_one_report_however_it_is_read() {
    let Some(data) = data() else { return };
    let (hours, zones) = (data.join("business_hours.csv.gz"), data.join("timezones.csv.gz"));
    let report = |status: &Path, threads| {
        printed(uptime(&[status.to_owned()], &hours, &zones, &["--format", "full", "--threads", threads]))
    };
    let sample = data.join("store_status_sample.csv.gz");
    let expected = report(&sample, "1");
    // Recorded when the generated full set, over the same hours and zones, had its known report.
    assert_eq!(sha256(&expected), "9e20048053b4bfbf6557cbcf01f521adbf5cc00e42e930031c249789ea1e4333");
    assert_eq!(report(&sample, "2"), expected);
    let folder = Folder::new();
    let text = unzipped(&sample);
    let (header, rows) = text.split_once('\n').unwrap();
    let mut rows: Vec<&str> = rows.lines().collect();
    Random::new(7).shuffle(&mut rows);
    let shuffled = format!("{header}\n{}", rows.join("\n"));
    assert_eq!(report(&folder.write("shuffled.csv", &shuffled), "2"), expected);
    assert_eq!(report(&folder.write("shuffled.gz", gzip(shuffled.as_bytes())), "2"), expected);
}

#[test]
fn real_hours_and_zones_are_read_without_a_refusal() {
    let Some(data) = data() else { return };
    let folder = Folder::of("store_id,status,timestamp_utc\n", "", "");
    for (hours, zones, stores) in [
        ("business_hours.csv.gz", "timezones.csv.gz", 13_559),
        ("uuid_business_hours.csv.gz", "uuid_timezones.csv.gz", 1),
    ] {
        let arguments = ["--as-of", "2023-01-25 18:13:22.47922 UTC"];
        let report = printed(uptime(&[folder.path("status.csv")], &data.join(hours), &data.join(zones), &arguments));
        assert!(report.lines().count() > stores, "{hours}: {}", report.lines().count());
    }
}

/// The generated full set: 1,835,846 polls. Needs Python with numpy, as the generator does.
#[test]
fn the_generated_full_set_has_the_known_report() {
    let Some(data) = data() else { return };
    if run(Command::new("python3").args(["-c", "import numpy"])).status != 0 {
        return passes_over("../shared/data/uptime makes its full set with numpy, which python3 has not");
    }
    let folder = Folder::new();
    let polls = folder.path("polls.csv");
    let output = run(Command::new("python3").arg(data.join("generate.py")).arg(&polls));
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert_eq!(
        sha256(std::fs::read(&polls).unwrap()),
        "6cc19a77788d7027dc563522fbf84e3253160c00d1ab5caef5a90461f548b84b",
        "another version of numpy draws other numbers"
    );
    let (hours, zones) = (data.join("business_hours.csv.gz"), data.join("timezones.csv.gz"));
    for (format, expected) in [
        ("full", "a385bfa14a5e521bfc471a974e59990d8b36e798aa1065e482c8726ad0d802ba"),
        ("classic", "d8ebc78bcfd090f5a30449da5f929784576303ed7a72b3011397a1bdea8f0fd0"),
    ] {
        for threads in ["1", "2"] {
            let arguments = ["--format", format, "--threads", threads];
            assert_eq!(sha256(printed(uptime(std::slice::from_ref(&polls), &hours, &zones, &arguments))), expected);
        }
    }
}
