//! The HTTP API, as a client sees it: the program `api` over stored rows.

mod caching;
pub mod client;
mod documentation;
mod files;
mod fleet;
mod forms;
mod impact;
mod kpis;
mod lists;
mod pages;
mod predecessor;
mod process;
mod refusals;
mod reports;
pub mod rows;
mod series;
mod slices;
pub mod stores;
mod uptime_reports;

use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::Duration;

use metrics_core::settings::DatabaseUrl;
use tempfile::NamedTempFile;

use client::{Request, Response};

use crate::support::{TestDb, binary};

/// A running API.
pub struct Api {
    child: Child,
    address: SocketAddr,
    maintenance: SocketAddr,
    /// A file, not a pipe: what is written before an answer is there when the answer is.
    log: NamedTempFile,
}

impl Api {
    /// Starts it over `db` with nothing else in its environment.
    pub fn start(db: &TestDb) -> Self {
        Self::start_with(db.url(), &[])
    }

    /// Starts it over the database at `url`, with further settings.
    pub fn start_with(url: &DatabaseUrl, settings: &[(&str, &str)]) -> Self {
        let log = NamedTempFile::new().unwrap();
        let mut child = Command::new(binary("api"))
            .env_clear()
            .env("METRICS_DATABASE__URL", url.expose())
            .env("METRICS_DATABASE__EMBEDDED", "never")
            .env("METRICS_API__LISTEN", "127.0.0.1:0")
            .env("METRICS_API__MAINTENANCE_LISTEN", "127.0.0.1:0")
            .envs(settings.iter().copied())
            .stderr(log.reopen().unwrap())
            .spawn()
            .unwrap();
        let started = loop {
            let text = fs::read_to_string(log.path()).unwrap();
            if let Some(line) =
                text.split_inclusive('\n').find(|line| line.contains("serving on") && line.ends_with('\n'))
            {
                break line.trim_end().to_owned();
            }
            assert!(child.try_wait().unwrap().is_none(), "it starts: {text}");
            thread::sleep(Duration::from_millis(2));
        };
        let mut addresses = started.split("http://").skip(1).map(|rest| rest.trim_end_matches(", health also on "));
        let mut address = || addresses.next().unwrap().parse().unwrap();
        let (address, maintenance) = (address(), address());
        Self { child, address, maintenance, log }
    }

    /// Its address, as `http://HOST:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it wrote to its log since it started.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log.path()).unwrap()
    }

    pub fn get(&self, target: &str) -> Response {
        Request::new("GET", target).send(self.address)
    }

    pub fn send(&self, request: &Request) -> Response {
        request.send(self.address)
    }

    /// Sends it to the maintenance listener.
    pub fn ask_maintenance(&self, request: &Request) -> Response {
        request.send(self.maintenance)
    }

    /// Sends the signal and waits for the end.
    pub fn stop(&mut self, signal: &str) -> ExitStatus {
        self.signal(signal);
        self.child.wait().unwrap()
    }

    pub fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        // Already gone after `stop`.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
