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
    /// Address of the saved dashboard's viewer.
    pub viewer: String,
    /// Address of the operators' list.
    pub list: String,
    /// What opens it.
    pub token: String,
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
        let mut said = Vec::new();
        let ready = lines.find_map(|line| {
            said.push(line.trim().to_owned());
            line.strip_prefix("Ready: ").map(|url| url.trim_end_matches('/').to_owned())
        });
        let Some(base) = ready else { panic!("the demo ended early: {:?}", errors.join()) };
        thread::spawn(move || lines.for_each(drop));
        let about = |part: &str| said.iter().find(|line| line.contains(part)).expect("a line of the demo").clone();
        let list = about("/databoard/dashboards");
        let (list, token) = list.split_once("  (token of this demo: ").expect("the token");
        let (list, token) = (list.to_owned(), token.trim_end_matches(')').to_owned());
        Self { child, base, viewer: about("/databoard/view/"), list, token, _folder: folder }
    }

    /// Address of a page.
    pub fn url(&self, target: &str) -> String {
        format!("{}{target}", self.base)
    }

    /// What the API says to JSON.
    pub fn post(&self, target: &str, body: &Value) -> Value {
        let request = ureq::post(self.url(target)).content_type("application/json");
        let text = request.send(body.to_string()).expect("an answer").body_mut().read_to_string().expect("a body");
        serde_json::from_str(&text).expect("JSON")
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
