//! `GET /data-api/4/events`: events of our own channels in the form of a data-api, as its clients download them.

use std::ops::Range;
use std::time::{Duration, Instant};

use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use anyhow::Context as _;
use chrono::DateTime;
use futures_util::stream;
use metrics_core::channel::names::Backend;
use metrics_core::channel::{Events, TimeRange, Values};
use serde::Serialize;

use super::super::error::{Detail, Refused};
use super::super::state::Databoard;
use super::super::within;
use super::curve::unknown;
use super::parameters::Parameters;
use crate::state::Worker;

/// Where it answers, below the mount.
pub const PATH: &str = "/data-api/4/events";
/// Time that it may take.
const LIMIT: Duration = Duration::from_mins(1);
/// The form with a length before each frame.
const FRAMED: &str = "application/json-framed";
/// Events of a frame.
const FRAME_EVENTS: usize = 4096;

const SECOND_NS: i64 = 1_000_000_000;
const MILLISECOND_NS: i64 = 1_000_000;

/// Events of a span of time.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Frame<'a> {
    /// Seconds since 1970 UTC.
    ts_anchor: i64,
    /// Whole milliseconds after it.
    ts_ms: Vec<i64>,
    /// Nanoseconds after these.
    ts_ns: Vec<i64>,
    /// Our events belong to no pulse.
    pulse_anchor: u64,
    pulse_off: Vec<u64>,
    values: Shown<'a>,
    /// What values stand for.
    #[serde(rename = "valuestrings", skip_serializing_if = "Option::is_none")]
    labels: Option<Vec<&'a str>>,
    /// Whether it is the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    range_final: Option<bool>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Shown<'a> {
    Numbers(&'a [f64]),
    Integers(&'a [i64]),
}

/// Events of our own channels
///
/// As a data-api has them: times as seconds, then milliseconds and nanoseconds after these.
#[utoipa::path(
    get,
    path = "/data-api/4/events",
    tag = "channels",
    operation_id = "raw_events",
    params(
        ("backend" = String, Query, description = "Back end."),
        ("seriesId" = Option<String>, Query, description = "Id of the channel."),
        ("channelName" = Option<String>, Query, description = "Its name, where there is no id."),
        ("begDate" = String, Query, description = "First instant.", example = "2026-11-01T00:00:00Z"),
        ("endDate" = String, Query, description = "The instant after the last one.", example = "2026-12-01T00:00:00Z"),
    ),
    responses(
        (status = 200, description = "The events; by frames, with a length before each, for those that accept \
            application/json-framed.", body = Object),
        (status = 400, description = "No instant.", body = Detail),
        (status = 404, description = "There is no such channel.", body = Detail),
        (status = 413, description = "There are too many.", body = Detail),
        (status = 422, description = "Parameters are missing.", body = Detail),
    ),
)]
pub async fn get(
    request: HttpRequest,
    worker: Data<Worker>,
    databoard: Data<Databoard>,
) -> Result<HttpResponse, Refused> {
    let mut parameters = Parameters::new(request.query_string());
    let backend = parameters.required_text("backend");
    let id = parameters.text("seriesId");
    let name = id.unwrap_or_else(|| parameters.required_text("channelName"));
    let (begin, end) = (parameters.required_text("begDate"), parameters.required_text("endDate"));
    parameters.finish().map_err(Refused::Invalid)?;
    let range = TimeRange { begin_ns: nanoseconds("begDate", &begin)?, end_ns: nanoseconds("endDate", &end)? };
    let deadline = Instant::now() + LIMIT;
    let events = within(LIMIT, async {
        let backend = Backend::from_name(&backend).ok_or_else(unknown)?;
        let entry = databoard.internal.find(&worker, &databoard, backend, &name).await?.ok_or_else(unknown)?;
        databoard.internal.events(&entry, range, deadline).await
    })
    .await?;
    let accept = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    if !accept.is_some_and(|accept| accept.contains(FRAMED)) {
        let whole = 0..events.timestamps_ns.len();
        let body = frame(&events, whole, true).map_err(Refused::Internal)?;
        return Ok(HttpResponse::Ok().content_type("application/json").body(body));
    }
    let number = events.timestamps_ns.len();
    // One at least, which says that there are no more.
    let frames = (0..number.div_ceil(FRAME_EVENTS).max(1)).map(move |index| {
        let end = number.min((index + 1) * FRAME_EVENTS);
        let json = frame(&events, index * FRAME_EVENTS..end, end == number)?;
        Ok::<_, anyhow::Error>(Bytes::from([format!("{}\n", json.len()).as_bytes(), &json, b"\n"].concat()))
    });
    Ok(HttpResponse::Ok().content_type(FRAMED).streaming(stream::iter(frames)))
}

fn nanoseconds(name: &str, text: &str) -> Result<i64, Refused> {
    // A blank in the place of the T, as raw links have it.
    let at = DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1));
    let at =
        at.map_err(|_| Refused::bad_request(&format!("{name} is no instant, for example 2026-11-21T12:00:00Z")))?;
    // No event is further away than nanoseconds count.
    Ok(at.timestamp_nanos_opt().unwrap_or(if at.timestamp() < 0 { i64::MIN } else { i64::MAX }))
}

/// The events of a part, as JSON.
fn frame(events: &Events, part: Range<usize>, is_final: bool) -> anyhow::Result<Vec<u8>> {
    let times = &events.timestamps_ns[part.clone()];
    let ts_anchor = times.first().map_or(0, |first| first.div_euclid(SECOND_NS));
    let after = times.iter().map(|time| time - ts_anchor * SECOND_NS);
    let (values, labels) = match &events.values {
        Values::Numbers(values) => (Shown::Numbers(&values[part]), None),
        Values::Integers(values) => (Shown::Integers(&values[part]), None),
        Values::Enums { values, labels } => {
            let labels = labels[part.clone()].iter().map(|label| &**label).collect();
            (Shown::Integers(&values[part]), Some(labels))
        }
        Values::Texts(_) | Values::Waveforms(_) => anyhow::bail!("a channel of ours has other values than numbers"),
    };
    let frame = Frame {
        ts_anchor,
        ts_ms: after.clone().map(|ns| ns / MILLISECOND_NS).collect(),
        ts_ns: after.map(|ns| ns % MILLISECOND_NS).collect(),
        pulse_anchor: 0,
        pulse_off: vec![0; times.len()],
        values,
        labels,
        range_final: is_final.then_some(true),
    };
    serde_json::to_vec(&frame).context("events cannot be written as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1.5 s and a nanosecond, and 3 s after 1970: from the anchor of 1 s it is 500 ms, 1 ns, and 2000 ms.
    #[test]
    fn times_are_counted_from_the_second_of_the_first() {
        let events = Events {
            timestamps_ns: vec![1_500_000_001, 3_000_000_000],
            pulses: None,
            values: Values::Enums { values: vec![0, 1], labels: vec!["inactive".into(), "active".into()] },
        };
        let text = |part, is_final| String::from_utf8(frame(&events, part, is_final).unwrap()).unwrap();
        assert_eq!(
            text(0..2, true),
            r#"{"tsAnchor":1,"tsMs":[500,2000],"tsNs":[1,0],"pulseAnchor":0,"pulseOff":[0,0],"values":[0,1],"valuestrings":["inactive","active"],"rangeFinal":true}"#
        );
        assert!(text(1..2, false).starts_with(r#"{"tsAnchor":3,"tsMs":[0],"tsNs":[0],"#));
        assert!(!text(1..2, false).contains("rangeFinal"));
        assert!(text(0..0, true).contains(r#""values":[],"#));
    }

    #[test]
    fn dates_may_have_the_offset_of_raw_links() {
        assert_eq!(nanoseconds("begDate", "2023-11-14 22:13:20.500+00:00").unwrap(), 1_700_000_000_500_000_000);
        assert_eq!(nanoseconds("begDate", "2023-11-14T22:13:20Z").unwrap(), 1_700_000_000_000_000_000);
        assert_eq!(nanoseconds("begDate", "1969-12-31 23:59:59.999+00:00").unwrap(), -1_000_000);
        assert_eq!(nanoseconds("endDate", "2286-11-20 17:46:39.999+00:00").unwrap(), i64::MAX);
        assert_eq!(nanoseconds("begDate", "0001-01-01 00:00:00.000+00:00").unwrap(), i64::MIN);
        assert!(matches!(nanoseconds("begDate", "yesterday"), Err(Refused::Told(status, _)) if status == 400));
    }
}
