//! The demo from start to end: server, sample, reports, API.

use std::future::Future;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, anyhow, bail};
use chrono::{DateTime, Days, Utc};
use metrics_core::db::embedded::{Embedded, EmbeddedOptions};
use metrics_core::settings::Settings;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::child::{Programs, Running};
use crate::database::{self, Origin, Wanted};
use crate::{dashboards, kpis, requests, stores};

/// The port that is used unless it is taken.
const USUAL_PORT: u16 = 8000;
/// How long the API may take until it is ready.
const START_UP: Duration = Duration::from_mins(1);

/// What the demo is asked to do.
#[derive(Debug)]
pub struct Options {
    /// Stop after one request per slice.
    pub once: bool,
    /// Port of the API; `None`: the usual one, or any other when that is taken.
    pub port: Option<u16>,
    /// Which sample to show.
    pub wanted: Wanted,
    /// Folder for the server's data, the rates and the log.
    pub data_dir: PathBuf,
}

/// Why the demo ended early.
#[derive(Debug)]
pub enum Failure {
    /// Something that the demo needs is not there, and nothing was done.
    NotUsable(anyhow::Error),
    /// Something went wrong on the way.
    Failed(anyhow::Error),
    /// Somebody asked for the end.
    Interrupted,
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

/// Does everything, until the end that `options` asks for or until a signal.
pub async fn run(options: &Options) -> Result<(), Failure> {
    let mut stop = Stop::listen()?;
    let folder = options.data_dir.join("demo");
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("creating {}", folder.display()))
        .map_err(Failure::NotUsable)?;
    let (listen, maintenance) = addresses(options.port).map_err(Failure::NotUsable)?;

    let server = stop.unless(start_server(&options.data_dir)).await?.map_err(Failure::NotUsable)?;
    let outcome = show(options, &folder, &server, (listen, maintenance), &mut stop).await;
    // Stopping the server blocks.
    tokio::task::spawn_blocking(move || drop(server)).await.context("stopping PostgreSQL")?;
    outcome
}

async fn start_server(data_dir: &Path) -> Result<Embedded> {
    let started = Instant::now();
    let mut options = EmbeddedOptions::new(data_dir.join("postgres"));
    options.search_path = Settings::search_path();
    let server = tokio::task::spawn_blocking(move || Embedded::start(&options)).await??;
    say(&format!("PostgreSQL   {} (started in {:.1} s)", server.dir().display(), started.elapsed().as_secs_f64()));
    Ok(server)
}

async fn show(
    options: &Options,
    folder: &Path,
    server: &Embedded,
    (listen, maintenance): (SocketAddr, SocketAddr),
    stop: &mut Stop,
) -> Result<(), Failure> {
    let started = Instant::now();
    let prepared = stop.unless(database::prepare(server.url(database::NAME).config(), options.wanted)).await??;
    let sample = &prepared.sample;
    say(&format!(
        "Sample       {} to {}: {} crates, {} movements ({})",
        sample.first_day,
        sample.last_day(),
        sample.crates,
        sample.movements,
        match prepared.origin {
            Origin::Loaded => format!("loaded in {:.1} s", started.elapsed().as_secs_f64()),
            Origin::Kept => "already there".to_owned(),
            Origin::InUse => "of another day, in use and therefore kept".to_owned(),
        }
    ));
    let rates = folder.join("rates.csv");
    std::fs::write(&rates, &sample.rates_csv).with_context(|| format!("writing {}", rates.display()))?;
    let rates = rates.to_str().context("the data folder's path is not UTF-8")?.to_owned();

    let base = format!("http://{listen}");
    let token = dashboards::token()?;
    let log = folder.join("demo.log");
    let programs = Programs::new(
        log,
        vec![
            ("METRICS_DATABASE__URL", server.url(database::NAME).expose().to_owned()),
            ("METRICS_DATABASE__EMBEDDED", "never".to_owned()),
            ("METRICS_API__LISTEN", listen.to_string()),
            ("METRICS_API__MAINTENANCE_LISTEN", maintenance.to_string()),
            ("DATABOARD_PUBLIC_BACKENDS", "cooling,store,kpi".to_owned()),
            ("MAINTENANCE_TOKEN", token.clone()),
            ("PUBLIC_URL", format!("{base}{}", dashboards::MOUNT)),
        ],
    )?;
    let as_of = sample.until.to_rfc3339();
    let mut view = vec!["--view", "all", "--rebuild"];
    if matches!(options.wanted, Wanted::Until(_)) {
        // A sample of the past is shown as it was then.
        view.extend(["--as-of", &as_of]);
    }
    report(&programs, "Migrations", &["migrate"], stop).await?;
    report(&programs, "Rates", &["fx", "import", &rates], stop).await?;
    let files = write_stores(folder, sample.until)?;
    let mut ingest = vec!["ingest", "stores"];
    ingest.extend(["--status", "--hours", "--zones"].iter().zip(&files).flat_map(|(option, file)| [*option, file]));
    report(&programs, "Stores", &ingest, stop).await?;
    report(&programs, "Views", &view, stop).await?;
    stop.unless(kpis::store(&server.url(database::NAME), sample.until)).await??;

    let mut api = programs.start("api", &[])?;
    stop.unless(ready(&mut api, &base, &programs)).await??;
    // The second is the day of the end, at which uptime is told.
    let (last_day, to) = (sample.last_day(), sample.until.date_naive());
    let requests = requests::slices(last_day);
    prepared.unlock();
    if options.once {
        for request in requests {
            let base = base.clone();
            let answer = tokio::task::spawn_blocking(move || request.run(&base));
            say(&format!("  {}", stop.unless(answer).await?.context("the request's thread ended")??));
        }
        return Ok(api.stop().await?);
    }
    let saved = {
        let (base, kept) = (base.clone(), folder.join("dashboard-id"));
        tokio::task::spawn_blocking(move || dashboards::save(&base, &kept))
    };
    let dashboard = stop.unless(saved).await?.context("the thread that saves a dashboard ended")??;
    say(&format!("API          log: {}", programs.log().display()));
    for path in ["/docs", "/api/companies", "/api/cooling-units?company_id=1", "/fleet", "/kpis", "/health/ready"] {
        say(&format!("  {base}{path}"));
    }
    for request in requests {
        say(&format!("  {}", request.line(&base)));
    }
    let mount = dashboards::MOUNT;
    let from = to.checked_sub_days(Days::new(89)).unwrap_or(to);
    say("A saved dashboard, and the list of all for operators:");
    say(&format!("  {base}{mount}/view/{dashboard}?from={from}&to={to}"));
    say(&format!("  http://{maintenance}{mount}/dashboards  (token of this demo: {token})"));
    say("Another terminal can ask the reporter while this runs:");
    // Without a password: the server's socket lies in a folder of its own user.
    say(&format!("  export METRICS_DATABASE__URL='{}'", server.url(database::NAME).expose()));
    say(&format!("  {} explain cooling-unit 1 {}", programs.path("reporter").display(), last_day));
    say("Ctrl-C stops the API and the database.");
    say(&format!("Ready: {base}/"));
    tokio::select! {
        () = stop.requested() => {}
        status = api.ended() => return Err(anyhow!("the API ended ({}):\n{}", status?, programs.last_lines()).into()),
    }
    say("Stopping.");
    Ok(api.stop().await?)
}

/// Writes the files of the stores; their paths: status, hours, zones.
fn write_stores(folder: &Path, until: DateTime<Utc>) -> Result<[String; 3]> {
    let files = stores::generate(until);
    let mut paths = [const { String::new() }; 3];
    let parts = [("status", files.status), ("hours", files.hours), ("zones", files.zones)];
    for (path, (name, content)) in paths.iter_mut().zip(parts) {
        let file = folder.join(format!("store-{name}.csv"));
        std::fs::write(&file, content).with_context(|| format!("writing {}", file.display()))?;
        file.to_str().context("the data folder's path is not UTF-8")?.clone_into(path);
    }
    Ok(paths)
}

/// Runs the reporter to its end and says how long that took. Figures that it could not compute are no failure of the
/// demo: exit code 4.
async fn report(programs: &Programs, title: &str, arguments: &[&str], stop: &mut Stop) -> Result<(), Failure> {
    let started = Instant::now();
    let mut reporter = programs.start("reporter", arguments)?;
    let interrupted = stop.unless(reporter.ended()).await;
    let status = match interrupted {
        Ok(status) => status?,
        Err(failure) => {
            reporter.stop().await?;
            return Err(failure);
        }
    };
    let note = match status.code() {
        Some(0) => "",
        Some(4) => ", in part: see the log",
        _ => {
            let error = anyhow!("{} ended with {status}:\n{}", reporter.name(), programs.last_lines());
            return Err(Failure::Failed(error));
        }
    };
    say(&format!("{title:<12} done in {:.1} s{note}", started.elapsed().as_secs_f64()));
    Ok(())
}

/// Waits until the API says that it is ready.
async fn ready(api: &mut Running, base: &str, programs: &Programs) -> Result<()> {
    let deadline = Instant::now() + START_UP;
    while Instant::now() < deadline {
        let url = base.to_owned();
        if tokio::task::spawn_blocking(move || requests::is_ready(&url)).await? {
            return Ok(());
        }
        tokio::select! {
            status = api.ended() => bail!("the API ended ({}):\n{}", status?, programs.last_lines()),
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
    }
    bail!("the API was not ready within {} s:\n{}", START_UP.as_secs(), programs.last_lines())
}

/// Addresses for the API and its maintenance pages on this machine: the port that was asked for, or the usual one, or
/// a free one when that is taken.
fn addresses(port: Option<u16>) -> Result<(SocketAddr, SocketAddr)> {
    let bind = |port: u16| TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    // Both are held until both are known, so that they differ.
    let api = match port {
        Some(port) => bind(port).with_context(|| format!("port {port} cannot be used; choose another with --port"))?,
        None => bind(USUAL_PORT).or_else(|_| bind(0)).context("finding a free port")?,
    };
    let listen = api.local_addr()?;
    if port.is_none() && listen.port() != USUAL_PORT {
        say(&format!("Port {USUAL_PORT} is taken; the API uses {}.", listen.port()));
    }
    let next = listen.port().saturating_add(1);
    let maintenance = bind(next).or_else(|_| bind(0)).context("finding a free port for the maintenance pages")?;
    Ok((listen, maintenance.local_addr()?))
}

/// The signals that ask for the end; a terminal that closes is one.
struct Stop {
    hang_up: Signal,
    interrupt: Signal,
    terminate: Signal,
}

impl Stop {
    fn listen() -> Result<Self> {
        Ok(Self {
            hang_up: signal(SignalKind::hangup()).context("listening for SIGHUP")?,
            interrupt: signal(SignalKind::interrupt()).context("listening for SIGINT")?,
            terminate: signal(SignalKind::terminate()).context("listening for SIGTERM")?,
        })
    }

    async fn requested(&mut self) {
        tokio::select! {
            _ = self.hang_up.recv() => {}
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// What `work` gives, unless the end is asked for before it is done.
    async fn unless<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Failure> {
        tokio::select! {
            done = work => Ok(done),
            () = self.requested() => Err(Failure::Interrupted),
        }
    }
}

/// A line for whoever watches. When nobody does any more, the demo goes on.
fn say(line: &str) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "{line}").and_then(|()| output.flush());
}
