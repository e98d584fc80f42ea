//! `GET /channels/raw-link`: where the points of a channel can be fetched as they are.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use chrono::DateTime;
use metrics_core::channel::TimeRange;
use metrics_core::channel::names::Backend;
use serde::Serialize;
use url::form_urlencoded::Serializer;
use utoipa::ToSchema;

use super::super::error::Refused;
use super::super::state::Databoard;
use super::super::upstream::Subject;
use super::curve::{self, Times, unknown};
use super::parameters::Parameters;

/// Where it answers, below the mount.
pub const PATH: &str = "/channels/raw-link";

/// An address.
#[derive(Debug, Serialize, ToSchema)]
pub struct Link {
    /// The address.
    #[schema(example = "https://example.org/databoard/channels/curve?channel_name=COOL-17%3AOCCUPANCY")]
    link: String,
}

/// `GET /channels/raw-link`
pub async fn get(request: HttpRequest, databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    let mut parameters = Parameters::new(request.query_string());
    let name = parameters.required_text("channel_name");
    let times = Times::new(&mut parameters);
    let backend = parameters.text("backend");
    parameters.finish().map_err(Refused::Invalid)?;
    let backend = backend.unwrap_or_else(|| databoard.settings.upstream_backend.clone());
    let subject = Subject { backend, name };
    let link = match (Backend::from_name(&subject.backend), &databoard.settings.upstream_url) {
        (Some(_), _) => {
            times.range()?;
            own(&public_url(&request, &databoard), &subject, times)
        }
        (None, Some(base)) => elsewhere(base, &subject, times.range()?),
        (None, None) => return Err(unknown()),
    };
    Ok(HttpResponse::Ok().json(Link { link }))
}

/// Our own points are those of the curve without bins.
fn own(public_url: &str, subject: &Subject, times: Times) -> String {
    let query = Serializer::new(String::new())
        .append_pair("channel_name", &subject.name)
        .append_pair("backend", &subject.backend)
        .append_pair("begin_time", &times.begin_ms.to_string())
        .append_pair("end_time", &times.end_ms.to_string())
        .finish();
    format!("{public_url}{}?{query}", curve::PATH)
}

fn elsewhere(base: &str, subject: &Subject, range: TimeRange) -> String {
    let date = |at_ns| DateTime::from_timestamp_nanos(at_ns).format("%F %T%.3f+00:00").to_string();
    let query = Serializer::new(String::new())
        .extend_pairs(subject.parameters())
        .append_pair("begDate", &date(range.begin_ns))
        .append_pair("endDate", &date(range.end_ns))
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

    const RANGE: TimeRange = TimeRange { begin_ns: 1_700_000_000_000_000_000, end_ns: 1_700_000_060_250_000_000 };

    #[test]
    fn a_link_elsewhere_is_encoded_as_a_form() {
        assert_eq!(
            elsewhere("https://h/api/4", &subject("A:B C"), RANGE),
            "https://h/api/4/events?backend=sf-databuffer&channelName=A%3AB+C\
             &begDate=2023-11-14+22%3A13%3A20.000%2B00%3A00&endDate=2023-11-14+22%3A14%3A20.250%2B00%3A00"
        );
    }

    #[test]
    fn an_id_is_a_series_id() {
        let link = elsewhere("https://h/api/4", &subject("1000017"), RANGE);
        assert!(link.starts_with("https://h/api/4/events?backend=sf-databuffer&seriesId=1000017&begDate="), "{link}");
    }

    #[test]
    fn a_link_to_our_own_points_is_the_curve_without_bins() {
        let times = Times { begin_ms: 1, end_ms: 2 };
        let own = own("http://h/databoard", &Subject { backend: "cooling".to_owned(), ..subject("COOL-17:OCCUPANCY") }, times);
        assert_eq!(
            own,
            "http://h/databoard/channels/curve?channel_name=COOL-17%3AOCCUPANCY&backend=cooling&begin_time=1&end_time=2"
        );
    }
}
