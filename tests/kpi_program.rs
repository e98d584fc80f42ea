//! `reporter kpi …` and KPIs among the views: the program beside the reporter is run, with its exit code. What it does is
//! tested where it is made (crates/kpi-engine/tests).

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Output, TestDb, binary, run};

/// A folder with the reporter, and a program in the place of that for KPIs.
struct Folder(tempfile::TempDir);

impl Folder {
    /// Without that program when there is no script.
    fn new(script: Option<&str>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::copy(binary("reporter"), folder.path().join("reporter")).unwrap();
        if let Some(script) = script {
            let program = folder.path().join("reporter-kpi");
            fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self(folder)
    }

    fn reporter(&self, db: Option<&TestDb>, arguments: &[&str], variables: &[(&str, &str)]) -> Output {
        let mut command = Command::new(self.0.path().join("reporter"));
        command
            .args(arguments)
            .env_clear()
            .env("METRICS_DATABASE__EMBEDDED", "never")
            .env("METRICS_LOG__LEVEL", "warn");
        command.envs(variables.iter().copied());
        if let Some(db) = db {
            command.env("METRICS_DATABASE__URL", db.url().expose());
        }
        run(&mut command)
    }
}

#[test]
fn without_the_program_it_is_said_how_to_build_it() {
    let folder = Folder::new(None);
    for arguments in [&["kpi", "run"][..], &["--view", "kpi"]] {
        let output = folder.reporter(None, arguments, &[]);
        assert_eq!((output.status, output.stdout.as_str()), (3, ""), "{arguments:?}");
        assert!(output.stderr.contains("cargo build --release -p kpi-engine"), "{}", output.stderr);
    }
}

#[test]
fn arguments_and_the_exit_code_are_passed_on() {
    let folder = Folder::new(Some("echo \"$@\"; exit 75"));
    for (arguments, expected) in [
        (&["kpi", "run", "--only", "A*", "--help"][..], "run --only A* --help\n"),
        (&["kpi"], "\n"),
        (&["kpi", "--version"], "--version\n"),
        (&["--view", "kpi", "--dry-run", "--quiet"], "run --dry-run --quiet\n"),
    ] {
        let output = folder.reporter(None, arguments, &[]);
        assert_eq!((output.status, output.stdout.as_str()), (75, expected), "{}", output.stderr);
    }
    assert_eq!(folder.reporter(None, &["--view", "kpi", "--company", "1"], &[]).status, 2);
}

#[test]
fn all_views_include_kpis_when_a_file_of_definitions_is_named() {
    let db = TestDb::with_source();
    let folder = Folder::new(Some("echo '{\"view\": \"kpi\", \"arguments\": \"'\"$*\"'\"}'; exit 4"));
    let views = |output: &Output| -> Vec<Value> {
        let runs: Value = serde_json::from_str(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
        runs["runs"].as_array().unwrap().iter().map(|run| run["view"].clone()).collect()
    };
    let all = ["--view", "all", "--format", "json"];
    let without = folder.reporter(Some(&db), &all, &[]);
    assert_eq!((without.status, views(&without).contains(&json!("kpi"))), (0, false), "{without:?}");
    let with = folder.reporter(Some(&db), &all, &[("METRICS_KPI__FILE", "kpis.toml")]);
    assert_eq!((with.status, views(&with).last()), (4, Some(&json!("kpi"))), "{with:?}");
    assert!(with.stdout.contains("\"arguments\":\"run --json\""), "{}", with.stdout);
    let some = [&all[..], &["--company", "1"]].concat();
    let some = folder.reporter(Some(&db), &some, &[("METRICS_KPI__FILE", "kpis.toml")]);
    assert!(!views(&some).contains(&json!("kpi")), "{some:?}");
    let gone = Folder::new(None).reporter(Some(&db), &all, &[("METRICS_KPI__FILE", "kpis.toml")]);
    assert_eq!((gone.status, views(&gone).last()), (3, Some(&json!("kpi"))), "{gone:?}");
}
