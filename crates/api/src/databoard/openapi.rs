//! The descriptions of both listeners, with addresses relative to the mount.

use actix_web::HttpResponse;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{OpenApi as Description, Server};
use utoipa::{Modify, OpenApi};

use super::channels::{curve, raw_events, raw_link, recent, search};
use super::error::Refused;
use super::{dashboards, maintenance, meta, versions};

/// The public routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Saved dashboards and channels",
        description = "What the Data Board front end asks for. Errors are `{\"detail\": …}`: a sentence, or with status \
            422 a list of what is wrong.",
    ),
    paths(
        meta::hello,
        meta::health,
        meta::ready,
        meta::version,
        dashboards::create,
        dashboards::read,
        dashboards::replace,
        dashboards::remove,
        versions::list,
        versions::restore,
        search::get,
        recent::get,
        curve::get,
        raw_link::get,
        raw_events::get,
    ),
    tags(
        (name = "server", description = "The server itself."),
        (name = "dashboards", description = "What was saved."),
        (name = "channels", description = "What can be drawn, and its points."),
    ),
)]
struct Public;

/// The routes of operators.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Maintenance of saved dashboards",
        description = "For operators: a bearer token is wanted for every address. Errors are `{\"detail\": …}`.",
    ),
    paths(
        maintenance::list,
        maintenance::record,
        maintenance::whitelist,
        maintenance::unwhitelist,
        maintenance::protect,
        maintenance::unprotect,
        maintenance::undelete,
        maintenance::stats,
        maintenance::evict,
    ),
    tags((name = "maintenance", description = "What operators do.")),
    modifiers(&Token),
)]
struct Maintenance;

struct Token;

impl Modify for Token {
    fn modify(&self, openapi: &mut Description) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        openapi.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// Of the public routes.
pub fn of_public(mount: &str) -> Description {
    at(Public::openapi(), mount)
}

/// Of the maintenance listener's.
pub fn of_maintenance(mount: &str) -> Description {
    at(Maintenance::openapi(), mount)
}

fn at(mut description: Description, mount: &str) -> Description {
    description.servers = Some(vec![Server::new(mount)]);
    description
}

/// A description as an answer.
pub fn answer(description: &Description) -> Result<HttpResponse, Refused> {
    let json = description.to_json().map_err(|error| Refused::Internal(error.into()))?;
    Ok(HttpResponse::Ok().content_type("application/json").body(json))
}
