//! Exchange rates: where they come from, which are believed, and the commands around them.

mod fetch;
mod http;
mod import;
mod openexchangerates;
mod provider;
mod show;
mod store;
mod yahoo;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::PathBuf;

use chrono::{DateTime, Days, NaiveDate, Utc};
use clap::{Args, Subcommand, ValueEnum};
use metrics_core::db::metrics::exchange_rate::{self, Filter};
use metrics_core::db::{Connection, DbError, source};
use metrics_core::money::is_currency_code;
use metrics_core::settings::FxSettings;

pub use fetch::fetch_missing;
use import::ImportError;
use provider::{ProviderError, Wanted};
use store::{Change, store};

/// `reporter fx …`
#[derive(Debug, Subcommand)]
pub enum FxCommand {
    /// Store the rates of a CSV file (header: `currency,date,usd`); they replace what is there.
    Import {
        /// The file; usd is US dollars per one unit of the currency.
        file: PathBuf,
    },
    /// Ask the provider of the settings (`fx.provider`) for rates.
    Fetch(FetchArgs),
    /// Show stored rates, newest first.
    List(ListArgs),
    /// Use a rate that is in quarantine, and judge the later ones anew.
    Accept {
        /// Currency of the rate, such as NGN.
        #[arg(value_parser = currency)]
        currency: String,
        /// Day of the rate, as YYYY-MM-DD.
        date: NaiveDate,
    },
}

/// Flags of `reporter fx fetch`.
#[derive(Debug, Args)]
pub struct FetchArgs {
    /// First day [default: 7 days (`fx.max_age_days`) before the last].
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Last day, inclusive [default: today].
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// Currencies, repeated or separated by commas [default: those of the companies, crates and checkouts].
    #[arg(long = "currency", value_name = "CODE", value_delimiter = ',', value_parser = currency)]
    currencies: Vec<String>,
}

/// Flags of `reporter fx list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only this currency.
    #[arg(long, value_name = "CODE", value_parser = currency)]
    currency: Option<String>,
    /// First day.
    #[arg(long, value_name = "DATE")]
    from: Option<NaiveDate>,
    /// Last day, inclusive.
    #[arg(long, value_name = "DATE")]
    to: Option<NaiveDate>,
    /// Only rates that are stored, but not used.
    #[arg(long)]
    quarantined: bool,
    /// How the rates are written.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Rates at most.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
}

/// How rates are written.
#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub enum Format {
    /// A table for people.
    #[default]
    Text,
    /// One object: `rates`, with the columns of the table, and `total`.
    Json,
}

/// How a command ended that was not refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All of it was done.
    Done,
    /// Something could not be had; it was logged.
    Partly,
}

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum FxCommandError {
    /// The arguments contradict each other.
    #[error("{0}")]
    Usage(String),
    /// There is no provider to ask.
    #[error(
        "there is no provider to ask: set METRICS_FX__PROVIDER to yahoo or openexchangerates, or use `reporter fx import`"
    )]
    NoProvider,
    /// The provider's settings are not usable.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The currencies are neither given nor to be found.
    #[error("the source names no currency to ask for: give --currency")]
    NoCurrency,
    /// The currencies are not given and cannot be read.
    #[error("cannot read the currencies of the source (METRICS_SOURCE__URL); --currency does without")]
    Source(#[source] DbError),
    /// The provider gave no rate at all.
    #[error("no rate could be fetched")]
    NothingFetched,
    /// The file was refused.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// There is no such rate.
    #[error("there is no rate of {currency} on {date}; `reporter fx list --currency {currency}` shows what there is")]
    NoSuchRate {
        /// Its currency.
        currency: String,
        /// Its day.
        date: NaiveDate,
    },
    /// The database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The output cannot be written.
    #[error("cannot write the result")]
    Output(#[from] io::Error),
}

impl FxCommandError {
    /// The exit code that it stands for: 2 for arguments; 3 for settings or a database that cannot be used, where
    /// nothing was done, since each command is one transaction; else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::NoProvider | Self::Provider(_) | Self::NoCurrency | Self::Source(_) | Self::Db(_) => 3,
            Self::NothingFetched | Self::Import(_) | Self::NoSuchRate { .. } | Self::Output(_) => 1,
        }
    }
}

impl FxCommand {
    /// Does the command read the source?
    pub fn needs_source(&self) -> bool {
        matches!(self, Self::Fetch(FetchArgs { currencies, .. }) if currencies.is_empty())
    }
}

/// Runs `command` on the database of `metrics`, and writes what it did to `out`. The `source` is asked for its
/// currencies only by a command that [needs it](FxCommand::needs_source).
pub async fn run(
    command: FxCommand,
    settings: &FxSettings,
    metrics: &mut Connection,
    source: Option<&mut Connection>,
    as_of: DateTime<Utc>,
    out: &mut impl Write,
) -> Result<Outcome, FxCommandError> {
    match command {
        FxCommand::Import { file } => {
            let rates = import::read_file(&file)?;
            let stored = store(metrics, Change::Import(rates), store::rule(settings), as_of).await?;
            show::stored(out, "imported", &stored)?;
            Ok(Outcome::Done)
        }
        FxCommand::Fetch(args) => fetch_command(args, settings, metrics, source, as_of, out).await,
        FxCommand::List(args) => {
            let filter =
                Filter { currency: args.currency, from: args.from, to: args.to, only_quarantined: args.quarantined };
            let rates = exchange_rate::list(metrics, &filter, args.limit.into()).await?;
            let total = exchange_rate::count(metrics, &filter).await?;
            show::rates(out, args.format, &rates, total)?;
            Ok(Outcome::Done)
        }
        FxCommand::Accept { currency, date } => accept(currency, date, settings, metrics, as_of, out).await,
    }
}

async fn fetch_command(
    FetchArgs { from, to, currencies }: FetchArgs,
    settings: &FxSettings,
    metrics: &mut Connection,
    source: Option<&mut Connection>,
    as_of: DateTime<Utc>,
    out: &mut impl Write,
) -> Result<Outcome, FxCommandError> {
    let to = to.unwrap_or_else(|| as_of.date_naive());
    let from = from.or_else(|| to.checked_sub_days(Days::new(settings.max_age_days.into()))).unwrap_or(to);
    if from > to {
        return Err(FxCommandError::Usage(format!("--from {from} is after --to {to}")));
    }
    let provider = provider::configured(settings)?.ok_or(FxCommandError::NoProvider)?;

    let mut problems: Vec<String> = Vec::new();
    let mut wanted = Vec::new();
    for currency in currencies_to_ask(currencies, source).await? {
        if is_currency_code(&currency) {
            wanted.push(Wanted { currency, from, to });
        } else {
            problems.push(format!("`{currency}` in the source is no ISO 4217 code"));
        }
    }
    if wanted.is_empty() && problems.is_empty() {
        return Err(FxCommandError::NoCurrency);
    }

    let name = provider.name();
    let fetched = provider.fetch(wanted).await;
    problems.extend(fetched.problems.iter().map(|problem| format!("{name}: {problem}")));
    for problem in &problems {
        tracing::warn!("{problem}");
    }
    if fetched.rates.is_empty() && !problems.is_empty() {
        return Err(FxCommandError::NothingFetched);
    }
    let stored = store(metrics, Change::Fetch(name, fetched.rates), store::rule(settings), as_of).await?;
    show::stored(out, &format!("fetched from {name}"), &stored)?;
    Ok(if problems.is_empty() { Outcome::Done } else { Outcome::Partly })
}

/// The currencies given, or those of the source; without USD, each once.
async fn currencies_to_ask(
    given: Vec<String>,
    source: Option<&mut Connection>,
) -> Result<BTreeSet<String>, FxCommandError> {
    let currencies = match source {
        Some(source) if given.is_empty() => source::currencies::list(source).await.map_err(FxCommandError::Source)?,
        _ => given,
    };
    Ok(currencies.into_iter().filter(|currency| currency != "USD").collect())
}

async fn accept(
    currency: String,
    date: NaiveDate,
    settings: &FxSettings,
    metrics: &mut Connection,
    as_of: DateTime<Utc>,
    out: &mut impl Write,
) -> Result<Outcome, FxCommandError> {
    let only_this =
        Filter { currency: Some(currency.clone()), from: Some(date), to: Some(date), only_quarantined: false };
    match exchange_rate::list(metrics, &only_this, 1).await?.first() {
        None => Err(FxCommandError::NoSuchRate { currency, date }),
        Some(rate) if !rate.quarantined => {
            writeln!(out, "{currency} of {date} is in use already")?;
            Ok(Outcome::Done)
        }
        Some(_) => {
            let stored = store(metrics, Change::Accept(currency, date), store::rule(settings), as_of).await?;
            show::verdicts(out, &stored)?;
            Ok(Outcome::Done)
        }
    }
}

/// A currency code of the command line, in capital letters.
fn currency(text: &str) -> Result<String, String> {
    let code = text.trim().to_ascii_uppercase();
    if is_currency_code(&code) { Ok(code) } else { Err("write three letters, such as NGN".to_owned()) }
}
