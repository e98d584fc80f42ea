//! `GET /channels/raw-link`: where the points of a channel can be fetched as they are.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::DateTime;
use metrics_core::channel::names::Backend;
use serde::Serialize;
use url::form_urlencoded::Serializer;
use utoipa::ToSchema;

use super::super::error::{Detail, Refused};
use super::super::state::Databoard;
use super::super::upstream::Subject;
use super::curve::{DEFAULT_BACKEND, Times, unknown};
use super::parameters::Parameters;

/// Where it answers, below the mount.
pub const PATH: &str = "/channels/raw-link";

/// An address.
#[derive(Debug, Serialize, ToSchema)]
pub struct Link {
    /// The address.
    #[schema(
        example = "https://example.org/databoard/data-api/4/events?backend=cooling&channelName=COOL-17%3AOCCUPANCY"
    )]
    link: String,
}

/// Where the events of a channel can be fetched
#[utoipa::path(
    get,
    path = "/channels/raw-link",
    tag = "channels",
    operation_id = "raw_link",
    params(
        ("channel_name" = String, Query, description = "Name of the channel, or its id.", example = "COOL-17:OCCUPANCY"),
        ("begin_time" = i64, Query, description = "First instant, milliseconds since 1970 UTC."),
        ("end_time" = i64, Query, description = "The instant after the last one."),
        ("backend" = Option<String>, Query, description = "Back end of the channel."),
    ),
    responses(
        (status = 200, description = "The address.", body = Link),
        (status = 400, description = "The times cannot be used.", body = Detail),
        (status = 404, description = "There is no such back end.", body = Detail),
        (status = 422, description = "Parameters are missing or wrong.", body = Detail),
    ),
)]
pub async fn get(request: HttpRequest, databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    let mut parameters = Parameters::new(request.query_string());
    let name = parameters.required_text("channel_name");
    let times = Times::new(&mut parameters);
    let backend = parameters.text("backend");
    parameters.finish().map_err(Refused::Invalid)?;
    let backend = backend.unwrap_or_else(|| DEFAULT_BACKEND.to_owned());
    let subject = Subject { backend, name };
    let link = match (Backend::from_name(&subject.backend), &databoard.settings.upstream_url) {
        (Some(_), _) => link(&format!("{}/data-api/4", public_url(&request, &databoard)), &subject, times.checked()?),
        (None, Some(base)) => link(base, &subject, times.checked()?),
        (None, None) => return Err(unknown()),
    };
    Ok(HttpResponse::Ok().json(Link { link }))
}

/// The events of a data-api at `base`, which for our own channels is this server.
fn link(base: &str, subject: &Subject, times: Times) -> String {
    // Checked times are within the years that dates have.
    let date = |ms| DateTime::from_timestamp_millis(ms).unwrap_or_default().format("%F %T%.3f+00:00").to_string();
    let query = Serializer::new(String::new())
        .extend_pairs(subject.parameters())
        .append_pair("begDate", &date(times.begin_ms))
        .append_pair("endDate", &date(times.end_ms))
        .finish();
    format!("{base}/events?{query}")
}

/// The address of the mount as the client sees it.
fn public_url(request: &HttpRequest, databoard: &Databoard) -> String {
    databoard.settings.public_url.clone().unwrap_or_else(|| {
        let connection = request.connection_info();
        let mount = request.path().trim_end_matches('/').trim_end_matches(PATH);
        format!("{}://{}{mount}", connection.scheme(), connection.host())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(name: &str) -> Subject {
        Subject { backend: "sf-databuffer".to_owned(), name: name.to_owned() }
    }

    const TIMES: Times = Times { begin_ms: 1_700_000_000_000, end_ms: 1_700_000_060_250 };

    #[test]
    fn a_link_elsewhere_is_encoded_as_a_form() {
        assert_eq!(
            link("https://h/api/4", &subject("A:B C"), TIMES),
            "https://h/api/4/events?backend=sf-databuffer&channelName=A%3AB+C\
             &begDate=2023-11-14+22%3A13%3A20.000%2B00%3A00&endDate=2023-11-14+22%3A14%3A20.250%2B00%3A00"
        );
    }

    #[test]
    fn an_id_is_a_series_id() {
        let link = link("https://h/api/4", &subject("1000017"), TIMES);
        assert!(link.starts_with("https://h/api/4/events?backend=sf-databuffer&seriesId=1000017&begDate="), "{link}");
    }
}
