//! Saved dashboards and channels, for the Data Board front end: routes, errors and headers as that knows them, under a
//! path of their own.

mod body;
mod channels;
mod client;
mod cors;
mod dashboards;
mod error;
mod maintenance;
mod meta;
mod openapi;
mod pages;
mod schema;
mod state;
mod token;
mod upstream;
mod versions;

use std::future::ready;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{Resource, Route};

pub use cors::cors;
pub use error::{Detail, Item, Refused};
pub use schema::load as load_schema;
pub use state::Databoard;
pub use upstream::Upstream;

/// Time for one request for a dashboard, and for all that takes no longer than that.
pub const SHORT: Duration = Duration::from_secs(5);

/// The public routes, at the mount and, when there is a root path, at the mount below it.
pub fn public(config: &mut ServiceConfig, databoard: &Data<Databoard>) {
    for path in databoard.public_paths() {
        let scope = web::scope(&path)
            .app_data(databoard.clone())
            .configure(meta::public)
            .configure(dashboards::routes)
            .configure(versions::routes)
            .configure(channels::routes)
            .configure(pages::public)
            .default_service(web::to(error::not_found))
            .wrap(from_fn(error::in_form));
        config.service(scope);
    }
}

/// The routes of the maintenance listener.
pub fn maintenance(config: &mut ServiceConfig, databoard: &Data<Databoard>) {
    let scope = web::scope(&databoard.settings.mount)
        .app_data(databoard.clone())
        .configure(meta::maintenance)
        .configure(|config| maintenance::routes(config, databoard))
        .configure(|config| pages::maintenance(config, databoard))
        .default_service(web::to(error::not_found))
        .wrap(from_fn(error::in_form));
    config.service(scope);
}

/// A resource at `path` with and without a slash at its end, which answers to these methods alone.
///
/// `allow` lists them as the header `Allow` does.
pub fn resource(config: &mut ServiceConfig, path: &str, allow: &'static str, routes: impl Fn() -> Vec<Route>) {
    let path = path.trim_end_matches('/');
    for spelling in [path.to_owned(), format!("{path}/")] {
        let resource = routes().into_iter().fold(web::resource(spelling), Resource::route);
        config.service(resource.default_service(web::to(move || ready(error::other_method(allow)))));
    }
}

/// GET and HEAD.
pub const READ: &str = "GET, HEAD";

/// What `work` comes to within `limit`. For work that changes nothing, which may be given up anywhere.
pub async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, Refused>>) -> Result<T, Refused> {
    tokio::time::timeout(limit, work).await.unwrap_or(Err(Refused::TimedOut))
}
