//! The programs, run as an operator runs them.

use std::path::PathBuf;
use std::process::Command;

use super::TestDb;

/// What a program did.
#[derive(Debug)]
pub struct Output {
    /// Exit code; -1 when a signal ended it.
    pub status: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Path of a program of the workspace, as built beside this test.
pub fn binary(name: &str) -> PathBuf {
    // target/debug/deps/acceptance-… → target/debug/<name>
    let test = std::env::current_exe().unwrap();
    let path = test.ancestors().nth(2).unwrap().join(name);
    assert!(path.is_file(), "{} is not built: run the tests by `cargo test --workspace`", path.display());
    path
}

/// Runs `reporter` on `db` with nothing else in its environment.
pub fn reporter(db: &TestDb, arguments: &[&str]) -> Output {
    let mut command = Command::new(binary("reporter"));
    command
        .args(arguments)
        .env_clear()
        .env("METRICS_DATABASE__URL", db.url().expose())
        .env("METRICS_DATABASE__EMBEDDED", "never");
    run(&mut command)
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Output { status: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}
