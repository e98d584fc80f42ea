//! A process that uses an embedded server.

use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};

use metrics_core::settings::DatabaseUrl;

/// A running `hold-database`. It lets go of the server when it is released or when this process ends.
pub struct Holder {
    child: Child,
    /// Its standard input: the process ends when this is closed.
    stdin: Option<ChildStdin>,
    dir: PathBuf,
    url: DatabaseUrl,
}

impl Holder {
    /// Starts it and waits until the server is ready.
    pub fn start(dir: &Path, arguments: &[&str]) -> Self {
        Self::spawn(dir, arguments).wait_until_ready()
    }

    /// Starts it.
    pub fn spawn(dir: &Path, arguments: &[&str]) -> Starting {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hold-database"))
            .arg(dir)
            .args(arguments)
            // Ctrl-C at the terminal ends the test; this process then ends by itself, in good order.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        Starting { child, stdin }
    }

    /// Folder of the server.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Address of a database of the server.
    pub fn url(&self, name: &str) -> DatabaseUrl {
        let (server, _) = self.url.expose().rsplit_once('/').unwrap();
        format!("{server}/{name}").parse().unwrap()
    }

    /// Lets go of the server and waits for the end of the process.
    pub fn release(mut self) -> ExitStatus {
        self.stdin = None;
        self.child.wait().unwrap()
    }

    /// Ends the process as `kill -9` does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A `hold-database` that is not ready yet.
pub struct Starting {
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Starting {
    /// Waits until its server is ready.
    pub fn wait_until_ready(mut self) -> Holder {
        let mut line = String::new();
        BufReader::new(self.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some((dir, url)) = line.trim_end().split_once('\t') else {
            panic!("the embedded PostgreSQL did not start; see above: {:?}", self.child.wait())
        };
        Holder { dir: dir.into(), url: url.parse().unwrap(), child: self.child, stdin: self.stdin }
    }
}
