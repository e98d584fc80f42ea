//! The programs that the demo starts: with an environment of their own, their output in a log file, stopped in order.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tokio::time::{Instant, sleep};

/// How often a child is asked whether it has ended.
const POLL: Duration = Duration::from_millis(20);
/// How long a child may take to stop before it is killed.
const GRACE: Duration = Duration::from_secs(10);

/// Where the programs are, what they are told, and where their output goes.
#[derive(Debug)]
pub struct Programs {
    folder: PathBuf,
    environment: Vec<(&'static str, String)>,
    log: PathBuf,
}

impl Programs {
    /// The programs next to the running one. They see `environment` and no other variable, so that the settings of
    /// whoever starts the demo cannot lead them to another database.
    pub fn new(log: PathBuf, environment: Vec<(&'static str, String)>) -> Result<Self> {
        let own = std::env::current_exe().context("finding the demo's own path")?;
        let folder = own.parent().context("the demo's own path has no folder")?.to_owned();
        File::create(&log).with_context(|| format!("creating {}", log.display()))?;
        Ok(Self { folder, environment, log })
    }

    /// Path of one of the programs.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Starts one of the programs.
    pub fn start(&self, name: &'static str, arguments: &[&str]) -> Result<Running> {
        let path = self.path(name);
        if !path.is_file() {
            bail!("{} is missing; build it with `cargo build --workspace`", path.display());
        }
        let log = File::options().append(true).open(&self.log)?;
        let child = Command::new(&path)
            .args(arguments)
            // Out of reach of the terminal's Ctrl-C: the demo stops its programs itself, in order.
            .process_group(0)
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("starting {}", path.display()))?;
        Ok(Running { child, name: format!("{name} {}", arguments.join(" ")).trim_end().to_owned() })
    }

    /// Where the output of all programs goes.
    pub fn log(&self) -> &Path {
        &self.log
    }

    /// The end of that output, for a message about a program that failed.
    pub fn last_lines(&self) -> String {
        const LINES: usize = 15;
        let mut text = Vec::new();
        if let Ok(mut file) = File::open(&self.log) {
            // Without its log the message is shorter, not wrong.
            let _ = file.read_to_end(&mut text);
        }
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }
}

/// A program that was started. Dropped, it is killed.
#[derive(Debug)]
pub struct Running {
    child: Child,
    name: String,
}

impl Running {
    /// The name and arguments of the program.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Waits until the program ends. May be given up at any time; the program goes on.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        loop {
            if let Some(status) = self.child.try_wait().with_context(|| format!("waiting for {}", self.name))? {
                return Ok(status);
            }
            sleep(POLL).await;
        }
    }

    /// Asks the program to end, and waits until it has; kills it when it does not in time.
    pub async fn stop(mut self) -> Result<()> {
        if self.child.try_wait()?.is_some() {
            return Ok(());
        }
        kill_process(Pid::from_child(&self.child), Signal::TERM).with_context(|| format!("stopping {}", self.name))?;
        let deadline = Instant::now() + GRACE;
        tokio::select! {
            status = self.ended() => status.map(|_| ()),
            () = tokio::time::sleep_until(deadline) => {
                self.child.kill()?;
                self.child.wait()?;
                bail!("{} did not stop within {} s and was killed", self.name, GRACE.as_secs())
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A child that has ended, or cannot be killed, needs nothing more.
        if matches!(self.child.try_wait(), Ok(None)) && self.child.kill().is_ok() {
            let _ = self.child.wait();
        }
    }
}
