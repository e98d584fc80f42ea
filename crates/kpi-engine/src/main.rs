//! `reporter-kpi`: what `reporter kpi …` and `reporter --view kpi` run.

use std::process::ExitCode;
use std::time::Instant;

use chrono::Utc;
use clap::Parser as _;
use kpi_engine::program::{Cli, Clock, dispatch};

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    let clock = Clock::new(Utc::now(), Instant::now());
    dispatch(cli, clock).await.into()
}
