//! Shows everything working on this machine; `./demo` builds and starts it.

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, SubsecRound as _, Utc};
use clap::Parser;
use demo::database::Wanted;
use demo::show::{self, Failure, Options};

/// Starts a PostgreSQL of its own, loads a sample, computes every view, starts the API, and serves until Ctrl-C.
///
/// Exit codes: 0 done; 1 failed or interrupted on the way; 2 usage; 3 something that is needed is missing, nothing done.
#[derive(Debug, Parser)]
#[command(name = "demo", version)]
struct Cli {
    /// Make one request per slice, then stop.
    #[arg(long)]
    once: bool,
    /// Port of the API [default: 8000, or a free one when that is taken].
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Last day of the sample, and the day as of which it is computed [default: today so far].
    #[arg(long, value_name = "YYYY-MM-DD")]
    end: Option<NaiveDate>,
    /// Folder for the database, the rates and the log.
    #[arg(long, value_name = "DIR", default_value = "data")]
    data_dir: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    let wanted = match wanted(cli.end, now()) {
        Ok(wanted) => wanted,
        Err(reason) => clap_error(&reason),
    };
    let options = Options { once: cli.once, port: cli.port, wanted, data_dir: cli.data_dir };
    match show::run(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Interrupted) => {
            eprintln!("demo: interrupted");
            ExitCode::from(1)
        }
        Err(Failure::Failed(error)) => {
            eprintln!("demo: {error:#}");
            ExitCode::from(1)
        }
        Err(Failure::NotUsable(error)) => {
            eprintln!("demo: nothing was done: {error:#}");
            ExitCode::from(3)
        }
    }
}

/// The clock, in whole seconds: the database keeps no more than microseconds of it.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is read")]
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(0)
}

fn clap_error(reason: &str) -> ! {
    use clap::CommandFactory as _;
    Cli::command().error(clap::error::ErrorKind::ValueValidation, reason).exit()
}

/// The sample that ends with `end`, or now when that is today or nothing was said.
fn wanted(end: Option<NaiveDate>, now: DateTime<Utc>) -> Result<Wanted, String> {
    match end {
        None => Ok(Wanted::Today(now)),
        Some(end) if end == now.date_naive() => Ok(Wanted::Today(now)),
        Some(end) if end > now.date_naive() => Err(format!("--end {end} has not come yet")),
        Some(end) => {
            let midnight = end.checked_add_days(Days::new(1)).ok_or_else(|| format!("--end {end} is out of range"))?;
            Ok(Wanted::Until(midnight.and_time(NaiveTime::MIN).and_utc()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_the_past_is_complete_and_a_day_to_come_is_refused() {
        let now: DateTime<Utc> = "2026-06-30T10:00:00Z".parse().expect("an instant");
        let day = |text: &str| Some(text.parse().expect("a date"));
        assert_eq!(wanted(None, now), Ok(Wanted::Today(now)));
        assert_eq!(wanted(day("2026-06-30"), now), Ok(Wanted::Today(now)));
        let midnight = "2026-06-30T00:00:00Z".parse().expect("an instant");
        assert_eq!(wanted(day("2026-06-29"), now), Ok(Wanted::Until(midnight)));
        assert!(wanted(day("2026-07-01"), now).is_err());
    }
}
