//! The demo: a real server on a real database with a sample of four months.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// A running demo.
pub struct Site {
    child: Child,
    base: String,
    _folder: TempDir,
}

impl Site {
    /// Starts it as of 20 November 2026, and waits until it is ready.
    pub fn start() -> Self {
        // target/debug/deps/browser-… → target/debug/demo
        let test = std::env::current_exe().expect("the path of this test");
        let demo = test.ancestors().nth(2).expect("the target folder").join("demo");
        assert!(demo.is_file(), "{} is not built: run the tests by `cargo test --workspace`", demo.display());
        // The server's user has to be able to enter it, also where root runs the tests.
        let open = std::fs::Permissions::from_mode(0o755);
        let folder = tempfile::Builder::new().permissions(open).tempdir().expect("a folder");
        let mut child = Command::new(demo)
            .args(["--end", "2026-11-20", "--data-dir"])
            .arg(folder.path())
            .env_remove("METRICS_ENV")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the demo");
        let (stdout, stderr) = (child.stdout.take().expect("its output"), child.stderr.take().expect("its errors"));
        let errors = thread::spawn(move || std::io::read_to_string(stderr));
        let mut lines = BufReader::new(stdout).lines().map_while(Result::ok);
        let ready = lines.find_map(|line| line.strip_prefix("Ready: ").map(|url| url.trim_end_matches('/').to_owned()));
        let Some(base) = ready else { panic!("the demo ended early: {:?}", errors.join()) };
        thread::spawn(move || lines.for_each(drop));
        Self { child, base, _folder: folder }
    }

    /// Address of a page.
    pub fn url(&self, target: &str) -> String {
        format!("{}{target}", self.base)
    }

    /// What the API says.
    pub fn json(&self, target: &str) -> Value {
        let text = ureq::get(self.url(target)).call().expect("an answer").body_mut().read_to_string().expect("a body");
        serde_json::from_str(&text).expect("JSON")
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // It stops its server when it is asked to.
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::INT);
        }
        let _ = self.child.wait();
    }
}
