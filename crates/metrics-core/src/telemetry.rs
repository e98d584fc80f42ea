//! Logging.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::settings::{LogFormat, LogLevel, LogSettings};

/// Libraries that speak only when something needs attention, whatever the level; `actix_http` not at all, because it
/// calls each malformed request an error of ours.
const QUIET: &str = "tokio_postgres=warn,rustls=warn,ureq=warn,ureq_proto=warn,actix_server=warn,actix_http=off,\
    mio=warn,h2=warn,hyper=warn,config=warn";

/// Sends the log of this process to stderr, as `settings` say. Only the first call has an effect.
pub fn init(settings: &LogSettings) {
    let quiet = if matches!(settings.level, LogLevel::Error | LogLevel::Warn) { "" } else { QUIET };
    let filter = EnvFilter::new(format!("{},{quiet}", settings.level));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    // A second call, as tests make, keeps the first subscriber.
    let _ = match settings.format {
        LogFormat::Text => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
}
