//! `reporter uptime`: reports of stores from files.

pub mod cases;
mod files;
mod outputs;
mod parts;
pub mod real;
pub mod synthetic;

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Output, binary, run};

/// A folder with files for one test.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// With the three files of a report.
    pub fn of(status: &str, hours: &str, zones: &str) -> Self {
        let folder = Self::new();
        folder.write("status.csv", status);
        folder.write("hours.csv", hours);
        folder.write("zones.csv", zones);
        folder
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Names of the files, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// Runs `reporter uptime` on the three files of [`Folder::of`].
    pub fn report(&self, arguments: &[&str]) -> Output {
        uptime(&[self.path("status.csv")], &self.path("hours.csv"), &self.path("zones.csv"), arguments)
    }
}

/// Runs `reporter uptime` with nothing in its environment but the level of the log.
pub fn uptime(status: &[PathBuf], hours: &Path, zones: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary("reporter"));
    command.arg("uptime").arg("--status").args(status).arg("--hours").arg(hours).arg("--zones").arg(zones);
    run(command.args(arguments).env_clear().env("METRICS_LOG__LEVEL", "warn"))
}

/// Standard output of a run that went well and said nothing else.
pub fn printed(output: Output) -> String {
    assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{}", output.stdout);
    output.stdout
}
