//! The program `reporter-kpi`: its command line, and what its commands do.

mod check;
mod cli;
mod clock;
mod deliver;
mod error;
mod explain;
mod history;
mod import;
mod list;
mod prune;
mod run;
mod schedule;
mod session;
mod stop;
mod summary;

use std::io::Write as _;

use metrics_core::exit::Exit;
use metrics_core::settings::Settings;
use metrics_core::telemetry;

pub use cli::Cli;
pub use clock::Clock;

use cli::Command;
use error::ProgramError;
use session::Session;

/// Does what the command line asks for, and says how that ended.
pub async fn dispatch(cli: Cli, clock: Clock) -> Exit {
    match Box::pin(command(cli, clock)).await {
        Ok(exit) => exit,
        Err(error) => {
            // Without settings there is no log yet, and its level may hide errors: this line is for whoever waits.
            if !matches!(error, ProgramError::OutputClosed) {
                let _ = writeln!(std::io::stderr(), "error: {error}");
            }
            error.exit()
        }
    }
}

async fn command(cli: Cli, clock: Clock) -> Result<Exit, ProgramError> {
    let mut out = std::io::stdout().lock();
    if let Command::Import(arguments) = &cli.command {
        return import::import(arguments, &mut out);
    }
    let settings = Settings::load().map_err(|error| ProgramError::NotUsable(error.into()))?;
    telemetry::init(&settings.log);
    let session = Session::new(settings, clock);
    match cli.command {
        Command::Run(arguments) => run::run(&arguments, &session, &mut out).await,
        Command::Check(arguments) => check::check(&arguments, &session, &mut out).await,
        Command::List(arguments) => list::list(&arguments, &session, &mut out).await,
        Command::Explain(arguments) => Box::pin(explain::explain(&arguments, &session, &mut out)).await,
        Command::History(arguments) => history::history(&arguments, &session, &mut out).await,
        Command::Prune(arguments) => prune::prune(&arguments, &session, &mut out).await,
        Command::ServeSchedule(arguments) => schedule::serve(&arguments).await,
        // Answered above, before settings were needed.
        Command::Import(_) => Ok(Exit::Done),
    }
}
