//! Uses the embedded PostgreSQL of a folder until its standard input ends: `hold-database DIR [test] [BIN_DIR]`.
//!
//! Prints one line when the server is ready: its folder, a tab, and the address of its database `postgres`. With
//! `test` the server trades durability for speed. Tests run it to have more than one process that uses a server, and
//! to have a server that stops when they end, however they end.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use metrics_core::db::embedded::{Embedded, EmbeddedOptions};
use metrics_core::settings::Settings;
use metrics_core::telemetry;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    let Some(dir) = arguments.next() else { return ExitCode::from(2) };
    let durable = arguments.next_if(|argument| argument == "test").is_none();
    let bin_dir = arguments.next().map(PathBuf::from);
    if let Ok(settings) = Settings::from_environment([], &[]) {
        telemetry::init(&settings.log);
    }
    let options = EmbeddedOptions {
        bin_dir,
        search_path: Settings::search_path(),
        durable,
        max_connections: 200,
        ..EmbeddedOptions::new(dir)
    };
    match hold(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nothing to do about a closed stderr; the exit code tells.
            let cause = error.source().map_or_else(String::new, |cause| format!(": {cause}"));
            let _ = writeln!(std::io::stderr(), "{error}{cause}");
            ExitCode::from(3)
        }
    }
}

fn hold(options: &EmbeddedOptions) -> Result<(), Box<dyn std::error::Error>> {
    let embedded = Embedded::start(options)?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "{}\t{}", embedded.dir().display(), embedded.url("postgres").expose())?;
    stdout.flush()?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
