//! The description of the API.

use utoipa::OpenApi;

use crate::routes::{
    companies, company_slice, cooling_unit_slice, cooling_units, docs, health, impact_slice, kpis, reports, series,
    stores, uptime_reports,
};

/// OpenAPI 3.1.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Cold-room metrics",
        description = "Figures of cold rooms, read from stored days. Money is exact. Null stands for unknown, never \
            0. Errors are `application/problem+json`, on the predecessor's routes `{\"error\": \"…\"}`.",
    ),
    paths(
        company_slice::get,
        cooling_unit_slice::get,
        impact_slice::get,
        series::cooling_unit,
        series::company,
        reports::cooling_users,
        reports::usage_analysis,
        reports::revenue_analysis,
        companies::get,
        cooling_units::get,
        stores::list,
        stores::uptime,
        stores::timeline::get,
        kpis::get,
        kpis::history::get,
        kpis::runs::get,
        company_slice::post,
        cooling_unit_slice::post,
        impact_slice::post,
        uptime_reports::trigger,
        uptime_reports::trigger_by_get,
        uptime_reports::get,
        uptime_reports::get_by_post,
        docs::openapi,
        health::live,
        health::ready,
    ),
    tags(
        (name = "slices", description = "What days add up to."),
        (name = "series", description = "How days, weeks or months follow each other."),
        (name = "reports", description = "Lists of people and crates, straight from the operational database. They \
            name persons."),
        (name = "uptime", description = "Uptime of stores by polls of their status; definitions in docs/uptime.md. \
            Durations are whole microseconds."),
        (name = "kpis", description = "Values of queries over several data stores, run by run. A run that failed is there \
            with its reason."),
        (name = "lists", description = "What there is."),
        (name = "predecessor", description = "The slices in the form of the system before this one. A trailing \
            slash is optional."),
        (name = "health", description = "For load balancers; also on the maintenance address."),
        (name = "documentation", description = "This description."),
    ),
)]
pub struct Description;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_and_response_is_described() {
        let json: serde_json::Value =
            serde_json::from_str(&Description::openapi().to_json().expect("json")).expect("json");
        assert_eq!(json["openapi"], "3.1.0");
        for (path, operations) in json["paths"].as_object().expect("paths") {
            for (method, operation) in operations.as_object().expect("operations") {
                assert_ne!(operation["summary"], "", "{method} {path}");
                for parameter in operation["parameters"].as_array().into_iter().flatten() {
                    assert!(
                        !parameter["description"].as_str().unwrap_or("").is_empty(),
                        "{method} {path}: {parameter}"
                    );
                }
                for (status, response) in operation["responses"].as_object().expect("responses") {
                    assert!(!response["description"].as_str().unwrap_or("").is_empty(), "{method} {path}: {status}");
                }
            }
        }
    }
}
