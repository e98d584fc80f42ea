//! Channels: what can be drawn, and its points.

pub mod curve;
pub mod internal;
mod parameters;
pub mod raw_events;
pub mod raw_link;
pub mod recent;
pub mod search;

use actix_web::web::{self, ServiceConfig};

use super::{READ, resource};

/// The addresses of channels.
pub fn routes(config: &mut ServiceConfig) {
    resource(config, search::PATH, READ, || vec![web::get().to(search::get), web::head().to(search::get)]);
    resource(config, recent::PATH, READ, || vec![web::get().to(recent::get), web::head().to(recent::get)]);
    resource(config, curve::PATH, READ, || vec![web::get().to(curve::get), web::head().to(curve::get)]);
    resource(config, raw_link::PATH, READ, || vec![web::get().to(raw_link::get), web::head().to(raw_link::get)]);
    resource(config, raw_events::PATH, READ, || vec![web::get().to(raw_events::get), web::head().to(raw_events::get)]);
}
