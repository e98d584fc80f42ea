//! `reporter databoard`: saved dashboards out of the store and into it, as files of `MongoDB`'s tools.

mod export;
mod import;
mod schema;

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};
use metrics_core::db::connect::{Connection, connect_diesel};
use metrics_core::db::{ConnectOptions, connect, migrate};

use crate::exit::{CommandError, Exit};
use crate::report::Environment;

/// Actions on dashboards.
#[derive(Debug, Clone, Subcommand)]
pub enum DataboardCommand {
    /// Write dashboards to a file, as mongoexport --jsonArray does.
    Export(DataboardExport),
    /// Put dashboards of such a file in, in the place of those with their ids; nothing is evicted for them.
    ///
    /// All of the file is put in, or nothing: without --force or --skip, one dashboard that is refused ends it with code 1.
    Import(DataboardImport),
}

/// Options of `databoard export`.
#[derive(Debug, Clone, Args)]
pub struct DataboardExport {
    /// File to write; it appears when it is complete. - for standard output.
    #[arg(long, value_name = "FILE", default_value = "./whitelisted_dashboards.json")]
    pub file: PathBuf,
    /// All dashboards, not only those that are whitelisted.
    #[arg(long)]
    pub all: bool,
}

/// Options of `databoard import`.
#[derive(Debug, Clone, Args)]
pub struct DataboardImport {
    /// File to read: one JSON array of records in relaxed Extended JSON. - for standard input.
    #[arg(long, value_name = "FILE", default_value = "./whitelisted_dashboards.json")]
    pub file: PathBuf,
    /// Put in what does not follow the schema, or is too large, as well.
    #[arg(long)]
    pub force: bool,
    /// Leave out what is refused, and end with code 4.
    #[arg(long)]
    pub skip: bool,
}

/// Runs one of them.
pub async fn run(
    command: &DataboardCommand,
    environment: &Environment<'_>,
    out: &mut impl Write,
) -> Result<Exit, CommandError> {
    match command {
        DataboardCommand::Export(arguments) => export::export(arguments, environment).await,
        DataboardCommand::Import(arguments) => import::import(arguments, environment, out).await,
    }
}

/// A connection to the store, whose tables are those of this program.
async fn open(environment: &Environment<'_>, read_only: bool) -> Result<Connection, CommandError> {
    let options = ConnectOptions {
        application_name: "reporter databoard".to_owned(),
        read_only,
        // A statement lasts as long as whoever receives the rows takes for them.
        statement_timeout: Duration::ZERO,
        connect_timeout: environment.settings.database.connect_timeout,
    };
    let url = &environment.databases.metrics;
    migrate::require_current(&connect::connect(url, &options).await?).await?;
    Ok(connect_diesel(url, &options).await?)
}
