//! KPIs: the program `reporter-kpi` beside this one computes them. It brings an engine of SQL, which nothing else here
//! waits for.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, anyhow};
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use crate::cli::{Format, RunArgs};
use crate::exit::{CommandError, Exit};
use crate::interrupt::Interrupt;

/// File name of the program.
const PROGRAM: &str = "reporter-kpi";

/// The program beside this one.
fn program() -> Result<PathBuf, CommandError> {
    let this = std::env::current_exe().context("this program does not find itself").map_err(CommandError::Failed)?;
    let program = this.with_file_name(PROGRAM);
    if program.is_file() {
        return Ok(program);
    }
    Err(CommandError::NotUsable(anyhow!(
        "KPIs need the program {PROGRAM} beside this one, at {}: build it by `cargo build --release -p kpi-engine` and \
         put it there",
        program.display()
    )))
}

/// Becomes the program, with `arguments`: its output, signals and exit code are then those of this process.
pub fn become_program(arguments: &[OsString]) -> Result<Exit, CommandError> {
    let mut command = std::process::Command::new(program()?);
    command.args(arguments);
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt as _;
        let error = command.exec();
        Err(CommandError::Failed(anyhow::Error::new(error).context(format!("cannot start {PROGRAM}"))))
    }
    #[cfg(not(unix))]
    {
        let status = command.status().with_context(|| format!("cannot start {PROGRAM}"));
        Ok(Exit::of_code(status.map_err(CommandError::Failed)?.code()))
    }
}

/// Arguments of the run that `--view kpi` means.
pub fn run_arguments(arguments: &RunArgs) -> Result<Vec<OsString>, CommandError> {
    let is_restricted = arguments.from.is_some()
        || arguments.rebuild
        || arguments.time_zone.is_some()
        || !arguments.company.is_empty()
        || !arguments.cooling_unit.is_empty();
    if is_restricted {
        return Err(CommandError::Usage(
            "--view kpi takes --as-of, --allow-past, --dry-run, --format and --quiet; reporter kpi run --help shows what else a run of \
             KPIs takes"
                .into(),
        ));
    }
    Ok(given(arguments))
}

/// Those options of `arguments` that a run of KPIs has too.
fn given(arguments: &RunArgs) -> Vec<OsString> {
    let mut given: Vec<OsString> = vec!["run".into()];
    if let Some(as_of) = arguments.as_of {
        given.push("--as-of".into());
        given.push(as_of.to_rfc3339_opts(chrono::SecondsFormat::Micros, true).into());
    }
    let options = [
        (arguments.allow_past, "--allow-past"),
        (arguments.dry_run, "--dry-run"),
        (arguments.quiet, "--quiet"),
        (arguments.format == Format::Json, "--json"),
    ];
    for (is_given, option) in options {
        if is_given {
            given.push(option.into());
        }
    }
    given
}

/// How a run among those of `--view all` ended, and its summary where that is JSON.
pub async fn run(arguments: &RunArgs, interrupt: &Interrupt) -> Result<(Exit, Option<Value>), CommandError> {
    let failed = |error: std::io::Error| {
        CommandError::Failed(anyhow::Error::new(error).context(format!("cannot start {PROGRAM}")))
    };
    let mut command = Command::new(program()?);
    command.args(given(arguments)).kill_on_drop(true);
    let is_json = arguments.format == Format::Json;
    if is_json {
        command.stdout(Stdio::piped());
    }
    let mut child = command.spawn().map_err(failed)?;
    let process = child.id();
    let mut summary = Vec::new();
    let mut output = child.stdout.take();
    let (status, is_interrupted) = {
        let work = async {
            if let Some(output) = &mut output {
                output.read_to_end(&mut summary).await?;
            }
            child.wait().await
        };
        let mut work = std::pin::pin!(work);
        tokio::select! {
            status = &mut work => (status, false),
            () = interrupt.asked() => {
                // It stores what it has, and ends its queries at their sources.
                let process = process.and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?));
                if let Some(process) = process {
                    // It may have ended in the meantime.
                    let _ = rustix::process::kill_process(process, rustix::process::Signal::TERM);
                }
                (work.await, true)
            }
        }
    };
    let exit = Exit::of_code(status.map_err(failed)?.code());
    if is_interrupted {
        return Err(CommandError::Interrupted);
    }
    Ok((exit, serde_json::from_slice(&summary).ok()))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::cli::Cli;

    #[test]
    fn options_of_a_run_are_passed_on_and_others_refused() {
        let run = |arguments: &[&str]| {
            let all = ["reporter", "--view", "kpi"].iter().chain(arguments);
            run_arguments(&Cli::try_parse_from(all).unwrap().run)
        };
        let expected =
            ["run", "--as-of", "2026-11-21T10:00:00.000000Z", "--allow-past", "--dry-run", "--quiet", "--json"];
        let given = ["--as-of", "2026-11-21 10:00:00", "--allow-past", "--dry-run", "--quiet", "--format", "json"];
        assert_eq!(run(&given).unwrap(), expected.map(OsString::from));
        assert_eq!(run(&[]).unwrap(), [OsString::from("run")]);
        assert!(run(&["--company", "1"]).is_err());
    }
}
