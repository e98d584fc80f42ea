//! A headless Chromium, driven over its debugging protocol.
//!
//! With `--remote-debugging-pipe` the protocol needs no network and no websocket: messages are JSON, each ended by a
//! zero byte, on the descriptors 3 and 4. A shell opens two named pipes as those.

use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Longest wait for anything: far more than it takes, so that a busy machine does not fail a test.
const PATIENCE: Duration = Duration::from_mins(1);

const SWITCHES: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
];

/// A running browser with one page.
pub struct Chromium {
    child: Child,
    commands: File,
    messages: Receiver<Value>,
    /// Events that came while something else was awaited.
    events: Vec<Value>,
    next_id: u64,
    session: String,
    _folder: TempDir,
}

/// The browser of this machine, if there is one.
pub fn find() -> Option<PathBuf> {
    let places = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
    places.iter().map(PathBuf::from).find(|path| path.is_file())
}

impl Chromium {
    /// Starts it with an empty page.
    pub fn start(program: &Path) -> Self {
        let folder = TempDir::new().expect("a folder");
        let [commands, answers] = ["commands", "answers"].map(|name| folder.path().join(name));
        for pipe in [&commands, &answers] {
            assert!(Command::new("mkfifo").arg(pipe).status().expect("mkfifo").success());
        }
        let child = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<commands 4>answers"#])
            .arg(program)
            .args(SWITCHES)
            .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a browser");
        // Opening a pipe waits for the other end, which the shell opens in this order too.
        let commands = OpenOptions::new().write(true).open(commands).expect("the pipe for commands");
        let answers = BufReader::new(File::open(answers).expect("the pipe for answers"));
        let (sender, messages) = channel();
        thread::spawn(move || {
            for message in answers.split(0) {
                let Ok(bytes) = message else { break };
                let message = serde_json::from_slice(&bytes).expect("a message of the protocol");
                if sender.send(message).is_err() {
                    break;
                }
            }
        });
        let mut browser =
            Self { child, commands, messages, events: Vec::new(), next_id: 0, session: String::new(), _folder: folder };
        let target = browser.call("Target.createTarget", &json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", &attach);
        session["sessionId"].as_str().expect("a session").clone_into(&mut browser.session);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), &json!({}));
        }
        browser
    }

    /// Sends a command and waits for its result.
    pub fn call(&mut self, method: &str, params: &Value) -> Value {
        self.next_id += 1;
        let id = self.next_id;
        let mut command = json!({"id": id, "method": method, "params": params});
        if !self.session.is_empty() {
            command["sessionId"] = json!(self.session);
        }
        self.commands.write_all(format!("{command}\0").as_bytes()).expect("the browser listens");
        loop {
            let mut message = self.messages.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{method}: {error}"));
            if message["id"] == id {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].take();
            }
            self.events.push(message);
        }
    }

    /// Waits for the next event called `method`.
    fn wait_for(&mut self, method: &str) {
        while !self.events.iter().any(|event| event["method"] == method) {
            let event = self.messages.recv_timeout(PATIENCE).unwrap_or_else(|error| panic!("{method}: {error}"));
            self.events.push(event);
        }
    }

    /// Makes the page as wide as a kind of screen, in a colour scheme.
    pub fn screen(&mut self, width: u32, scheme: &str) {
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.call("Emulation.setEmulatedMedia", &features);
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600});
        self.call("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Opens an address and waits until everything is loaded.
    pub fn open(&mut self, address: &str) {
        self.events.clear();
        self.call("Page.navigate", &json!({"url": address}));
        self.wait_for("Page.loadEventFired");
    }

    /// Does something that leads to another page, and waits until everything there is loaded.
    pub fn follow(&mut self, script: &str) {
        self.events.clear();
        self.evaluate(script);
        self.wait_for("Page.loadEventFired");
    }

    /// Value of an expression in the page; a promise is awaited.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let mut result = self.call("Runtime.evaluate", &params);
        assert!(result["exceptionDetails"].is_null(), "{expression:.200}: {}", result["exceptionDetails"]);
        result["result"]["value"].take()
    }

    /// Waits until an expression is true.
    pub fn wait_until(&mut self, expression: &str) {
        let started = Instant::now();
        while self.evaluate(expression) != true {
            assert!(started.elapsed() < PATIENCE, "never: {expression}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Presses a key.
    pub fn press(&mut self, key: &str, code: u32) {
        for kind in ["rawKeyDown", "keyUp"] {
            let event = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
            self.call("Input.dispatchKeyEvent", &event);
        }
        if key == "Enter" {
            self.call("Input.dispatchKeyEvent", &json!({"type": "char", "text": "\r", "key": key, "code": key}));
        }
    }

    /// What went wrong since the page was opened: exceptions, errors on the console, files that were not loaded.
    pub fn errors(&self) -> Vec<String> {
        let wrong = |event: &&Value| match event["method"].as_str() {
            Some("Runtime.exceptionThrown" | "Network.loadingFailed") => true,
            Some("Runtime.consoleAPICalled") => matches!(event["params"]["type"].as_str(), Some("error" | "warning")),
            Some("Log.entryAdded") => event["params"]["entry"]["level"] == "error",
            _ => false,
        };
        self.events.iter().filter(wrong).map(|event| event["params"].to_string()).collect()
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Its folder is removed after it has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
