//! The HTTP API: `api` needs no arguments and nothing but a database.

use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::sync::Arc;

use actix_web::dev::ServerHandle;
use actix_web::rt::System;
use anyhow::Context;
use api::AppState;
use api::databoard::Upstream;
use clap::Parser;
use metrics_core::db;
use metrics_core::parameters::Parameters;
use metrics_core::settings::Settings;
use metrics_core::telemetry;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Serves the stored metrics over HTTP.
///
/// All settings come from files and variables; `reporter config show` lists them. The API starts without its
/// database and answers 503 until that is there. It never changes a database's tables: run `reporter migrate`.
/// Only an embedded database, used when no other is named, is migrated at the start.
#[derive(Debug, Parser)]
#[command(
    name = "api",
    version,
    after_help = "Exit codes: 0 stopped by a signal; 1 failed; 2 wrong arguments; \
    3 configuration or database not usable."
)]
struct Cli;

/// Why the program ends.
enum Failure {
    /// Configuration or database not usable: nothing was served.
    NotUsable(anyhow::Error),
    /// Anything else.
    Failed(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

fn main() -> ExitCode {
    let Cli = Cli::parse();
    let result = Settings::load().map_err(|error| Failure::NotUsable(error.into())).and_then(|settings| {
        telemetry::init(&settings.log);
        System::new().block_on(serve(&settings))
    });
    let (code, error) = match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Failed(error)) => (1, error),
        Err(Failure::NotUsable(error)) => (3, error),
    };
    eprintln!("api: {error:#}");
    ExitCode::from(code)
}

/// Serves until a signal asks to stop.
async fn serve(settings: &Settings) -> Result<(), Failure> {
    let mut stop = StopSignals::new().context("cannot listen for signals")?;
    // A busy port is told before a database is started.
    let listener = bind(settings.api.listen, "METRICS_API__LISTEN")?;
    let maintenance = bind(settings.api.maintenance_listen, "METRICS_API__MAINTENANCE_LISTEN")?;

    let not_usable = |error: db::DbError| Failure::NotUsable(error.into());
    let schema = api::databoard::load_schema(&settings.databoard).await.map_err(Failure::NotUsable)?;
    tracing::info!("schema of dashboards: {}, SHA-256 {}", schema.source(), schema.sha256());
    let schema = settings.databoard.validate_dashboard_schema.then_some(schema);
    let upstream = Upstream::start(&settings.databoard).map_err(Failure::NotUsable)?;

    // Kept to the end: dropping it may stop the embedded server.
    let databases = db::open(settings).await.map_err(not_usable)?;
    let embedded_dir = databases.embedded.as_ref().map(|embedded| embedded.dir().to_owned());
    if embedded_dir.is_some() {
        db::migrate::migrate(&databases.metrics).await.map_err(not_usable)?;
    }
    let parameters = Parameters::embedded().map_err(|error| Failure::NotUsable(error.into()))?;
    let state =
        AppState::new(settings, parameters, &databases.metrics, &databases.source, schema, upstream, embedded_dir);
    let state = state.map_err(not_usable)?;
    let state = Arc::new(state);

    let addresses = [&listener, &maintenance].map(TcpListener::local_addr);
    api::start_report_workers(settings, &databases.metrics, &state);
    let api = api::server(listener, state.clone()).context("cannot start the server")?;
    let health = api::maintenance_server(maintenance, state).context("cannot start the maintenance server")?;
    if let [Ok(address), Ok(maintenance)] = addresses {
        tracing::info!("serving on http://{address}, health also on http://{maintenance}");
    }

    let handles = [api.handle(), health.handle()];
    let asked_twice = async {
        let name = stop.recv().await;
        tracing::info!("{name}: finishing requests; again to stop at once");
        tokio::select! {
            // The servers have ended then.
            () = finish(&handles) => std::future::pending().await,
            name = stop.recv() => tracing::info!("{name}: stopping at once"),
        }
    };
    tokio::select! {
        (api, health) = async { tokio::join!(api, health) } => api.and(health).context("the server failed")?,
        // A server that waits for its requests hears nothing more: it ends with the program.
        () = asked_twice => {}
    }
    Ok(())
}

async fn finish([api, health]: &[ServerHandle; 2]) {
    // Health answers until the last request is done.
    api.stop(true).await;
    health.stop(true).await;
}

fn bind(address: SocketAddr, variable: &str) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(address);
    let listener = listener.with_context(|| format!("cannot listen on {address}; {variable} names another address"))?;
    Ok(listener)
}

/// SIGTERM of a supervisor, SIGINT of a terminal.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn recv(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
