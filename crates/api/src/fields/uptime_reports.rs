//! Fields of reports of uptime.

use metrics_core::instant;
use metrics_core::uptime::{MaxCarry, Status, Stores};
use utoipa::IntoParams;

use super::{Fields, Unknown};
use crate::error::ApiError;
use crate::routes::uptime_reports::FileForm;

/// Longest id of a store that is looked for, in bytes.
const LONGEST_ID: usize = 1000;

/// What a report is asked for.
#[derive(Debug, PartialEq, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TriggerReport {
    /// Instant of which the report speaks, for example 2026-11-22T10:00:00Z; without it that of the latest poll.
    #[param(rename = "as_of", value_type = Option<String>, example = "2026-11-22T10:00:00Z")]
    pub as_of_us: Option<i64>,
    /// How polls become uptime: step, capped-60m, count-hours or count-hours-edges; step when not given.
    #[param(value_type = Option<String>, pattern = "^(step|capped-60m|count-hours|count-hours-edges)$", example = "step")]
    pub policy: String,
    /// With step: minutes for which a poll is believed, each way, 1 to 11520; any when not given.
    #[param(value_type = Option<u16>, minimum = 1, maximum = 11_520)]
    pub max_carry: Option<MaxCarry>,
    /// With step: active or inactive, where there is nothing to believe; inactive when not given.
    #[param(value_type = Option<String>, pattern = "^(active|inactive)$")]
    pub assume: Option<Status>,
    /// Every store, or those that were polled; all when not given.
    #[param(value_type = Option<String>, pattern = "^(all|polled)$", example = "all")]
    pub stores: Stores,
    /// Only the store with this id.
    pub store_id: Option<String>,
}

/// Which report, and in which form.
#[derive(Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GetReport {
    /// Name of the report, as `/trigger_report` gave it.
    #[param(example = "0f8d1c2b3a4958677685a4b3c2d1e0ff")]
    pub report_id: String,
    /// The file: csv (uptime and downtime), full (every figure), json, xlsx or pdf. Without it the status.
    #[param(value_type = Option<String>, pattern = "^(csv|full|json|xlsx|pdf)$")]
    pub format: Option<FileForm>,
}

impl Fields {
    /// Fields of a request for a report.
    pub fn trigger_report(mut self) -> Result<TriggerReport, ApiError> {
        let as_of_us = self.optional("as_of").and_then(|text| {
            self.accept("as_of", instant::parse(&text).map(|as_of| as_of.timestamp_micros()).map_err(|e| e.to_string()))
        });
        let policy = self.optional("policy").unwrap_or_else(|| "step".to_owned());
        let max_carry = self.optional("max_carry");
        let max_carry = max_carry.and_then(|text| self.accept("max_carry", text.parse().map_err(|e| said(&e))));
        let assume = self.optional("assume");
        let assume = assume.and_then(|text| self.accept("assume", text.parse().map_err(|e| said(&e))));
        let stores = self.optional("stores").and_then(|text| match text.as_str() {
            "all" => Some(Stores::All),
            "polled" => Some(Stores::Polled),
            _ => self.accept("stores", Err("must be all or polled".to_owned())),
        });
        let store_id = self.optional("store_id").and_then(|id| {
            let is_id = !id.is_empty() && id.len() <= LONGEST_ID && !id.contains('\0');
            self.accept("store_id", if is_id { Ok(id) } else { Err("must be the id of a store".to_owned()) })
        });
        let stores = stores.unwrap_or_default();
        self.finish(Unknown::Refused, Some(TriggerReport { as_of_us, policy, max_carry, assume, stores, store_id }))
    }

    /// Fields of a look at a report.
    pub fn get_report(mut self) -> Result<GetReport, ApiError> {
        let report_id = self.required("report_id");
        // No report has another name, and the database takes no NUL.
        let report_id = report_id.map(|id| if id.contains('\0') { String::new() } else { id });
        let format = self.optional("format").and_then(|text| {
            let form = FileForm::from_name(&text);
            self.accept("format", form.ok_or_else(|| "must be csv, full, json, xlsx or pdf".to_owned()))
        });
        self.finish(Unknown::Refused, report_id.map(|report_id| GetReport { report_id, format }))
    }
}

fn said(error: &impl std::error::Error) -> String {
    error.to_string()
}
