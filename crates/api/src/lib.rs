//! The HTTP API over the stored metrics: it reads and adds up slices, and writes nothing but requests for reports.

mod conditional;
pub mod databoard;
mod direct;
mod error;
mod export;
mod fields;
mod form;
mod frame;
mod impact;
mod json;
mod kept_pages;
mod locale;
mod meta;
mod middleware;
mod openapi;
mod pages;
mod report_worker;
mod routes;
mod source;
mod spool;
mod state;
mod timeline;

use std::net::TcpListener;
use std::sync::Arc;

use actix_web::dev::Server;
use actix_web::middleware::{Compress, from_fn};
use actix_web::web::Data;
use actix_web::{App, HttpServer};

pub use report_worker::start as start_report_workers;
pub use state::AppState;

/// The API on `listener`. It stops when its handle says so; signals are the caller's.
pub fn server(listener: TcpListener, state: Arc<AppState>) -> std::io::Result<Server> {
    let (workers, shutdown_timeout) = (state.workers(), state.settings.shutdown_timeout);
    let server = HttpServer::new(move || {
        // The last one is the outermost.
        App::new()
            .app_data(Data::new(state.for_worker()))
            .app_data(state.databoard.clone())
            .configure(|config| databoard::public(config, &state.databoard))
            .configure(routes::api)
            .wrap(Compress::default())
            .wrap(from_fn(middleware::not_acceptable))
            .wrap(middleware::cors(&state.settings.cors_allowed_origins))
            .wrap(from_fn(databoard::cors))
            .wrap(from_fn(middleware::trace))
    });
    Ok(server.workers(workers).disable_signals().shutdown_timeout(shutdown_timeout.as_secs()).listen(listener)?.run())
}

/// Health on a listener of its own, which a busy or public API does not touch.
pub fn maintenance_server(listener: TcpListener, state: Arc<AppState>) -> std::io::Result<Server> {
    let shutdown_timeout = state.settings.shutdown_timeout;
    let server = HttpServer::new(move || {
        App::new()
            .app_data(Data::new(state.for_maintenance()))
            .configure(|config| databoard::maintenance(config, &state.databoard))
            .configure(routes::maintenance)
            .wrap(from_fn(middleware::trace))
    });
    Ok(server.workers(1).disable_signals().shutdown_timeout(shutdown_timeout.as_secs()).listen(listener)?.run())
}
