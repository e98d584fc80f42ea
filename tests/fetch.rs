//! Files of `reporter uptime` from elsewhere: what is asked, what is kept, and what happens when a server does not do
//! its part.

mod drive;
mod links;
mod refusals;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use crate::support::server::{Answer, Request, Server};
use crate::support::{Output, binary, run};

/// Polls of one store, and of two.
const POLLS: &str = "store_id,status,timestamp_utc\nA,active,2023-01-25 17:30:00 UTC\n";
const MORE_POLLS: &str =
    "store_id,status,timestamp_utc\nA,active,2023-01-25 17:30:00 UTC\nB,inactive,2023-01-25 17:40:00 UTC\n";
const HOURS: &str = "store_id,day,start_time_local,end_time_local\n";
const ZONES: &str = "store_id,timezone_str\n";

/// A folder with opening hours and zones, and the settings of one test.
struct Fetch {
    folder: tempfile::TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Fetch {
    fn new() -> Self {
        let mut fetch = Self { folder: tempfile::tempdir().unwrap(), variables: Vec::new() };
        fetch.write("hours.csv", HOURS);
        fetch.write("zones.csv", ZONES);
        fetch.set("METRICS_UPTIME__INGEST__CACHE_DIR", fetch.path("cache").to_str().unwrap().to_owned());
        fetch.set("METRICS_LOG__LEVEL", "warn");
        fetch
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn set(&mut self, name: &'static str, value: impl Into<String>) {
        self.variables.retain(|(set, _)| *set != name);
        self.variables.push((name, value.into()));
    }

    /// The report of polls from `status`.
    fn report(&self, status: &str) -> Output {
        let local = |name| self.path(name).to_str().unwrap().to_owned();
        self.uptime(&["--status", status, "--hours", &local("hours.csv"), "--zones", &local("zones.csv")])
    }

    fn uptime(&self, arguments: &[&str]) -> Output {
        let mut reporter = Command::new(binary("reporter"));
        reporter.arg("uptime").args(arguments).args(["--format", "json", "--as-of", "2023-01-25 18:00:00"]);
        run(reporter.env_clear().envs(self.variables.iter().map(|(name, value)| (name, value))))
    }

    /// The report of these polls, from a file.
    fn expected(&self, polls: &str) -> String {
        printed(self.report(&self.write("expected.csv", polls)))
    }

    /// Names and contents of the files in the folder of what was fetched.
    fn kept(&self) -> BTreeMap<String, Vec<u8>> {
        let Ok(entries) = std::fs::read_dir(self.path("cache")) else { return BTreeMap::new() };
        let file =
            |entry: std::fs::DirEntry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap());
        entries.map(|entry| file(entry.unwrap())).collect()
    }

    /// The error of a report that cannot be made, after which all that was kept is as it was.
    fn refused(&self, status: &str) -> String {
        let kept = self.kept();
        let output = self.report(status);
        assert_eq!((output.status, output.stdout.as_str()), (3, ""), "{status}: {}", output.stderr);
        assert!(self.kept() == kept, "{status}: {:?}", self.kept().keys());
        output.stderr
    }
}

/// Standard output of a run that went well and said nothing else.
fn printed(output: Output) -> String {
    assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{}", output.stdout);
    output.stdout
}

/// A server that says `answer` to the first request, and polls without a version to those before it.
fn always(answer: impl Fn() -> Answer + Send + Sync + 'static) -> Server {
    Server::start(move |_, _| answer())
}

/// The answer to a request for a file of this version.
fn versioned(request: &Request, version: &str, body: &str) -> Answer {
    if request.header("If-None-Match") == Some(version) {
        Answer::text(304, "", "")
    } else {
        Answer::text(200, &format!("ETag: {version}\r\nLast-Modified: Wed, 25 Jan 2023 18:00:00 GMT"), body)
    }
}
