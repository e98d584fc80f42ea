//! The HTTP API, as a client sees it: the program `api` over stored rows.

mod caching;
mod client;
mod documentation;
mod files;
mod forms;
mod impact;
mod lists;
mod pages;
mod predecessor;
mod process;
mod refusals;
mod reports;
pub mod rows;
mod series;
mod slices;

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use metrics_core::settings::DatabaseUrl;

use client::{Request, Response};

use crate::support::{TestDb, binary};

/// A running API.
pub struct Api {
    child: Child,
    address: SocketAddr,
    maintenance: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Api {
    /// Starts it over `db` with nothing else in its environment.
    pub fn start(db: &TestDb) -> Self {
        Self::start_with(db.url(), &[])
    }

    /// Starts it over the database at `url`, with further settings.
    pub fn start_with(url: &DatabaseUrl, settings: &[(&str, &str)]) -> Self {
        let mut child = Command::new(binary("api"))
            .env_clear()
            .env("METRICS_DATABASE__URL", url.expose())
            .env("METRICS_DATABASE__EMBEDDED", "never")
            .env("METRICS_API__LISTEN", "127.0.0.1:0")
            .env("METRICS_API__MAINTENANCE_LISTEN", "127.0.0.1:0")
            .envs(settings.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
        let started = lines.find(|line| line.contains("serving on")).expect("it starts");
        let mut addresses = started.split("http://").skip(1).map(|rest| rest.trim_end_matches(", health also on "));
        let mut address = || addresses.next().unwrap().parse().unwrap();
        let (address, maintenance) = (address(), address());

        let log = Arc::new(Mutex::new(String::new()));
        let sink = log.clone();
        thread::spawn(move || lines.for_each(|line| sink.lock().unwrap().extend([&line, "\n"])));
        Self { child, address, maintenance, log }
    }

    /// Its address, as `http://HOST:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What it wrote to its log since it started.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
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
