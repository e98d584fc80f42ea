//! The requests that the demo shows, and with `--once` makes.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use chrono::{Days, NaiveDate};
use serde_json::Value;

/// One request to the API, with what is worth saying about its answer.
#[derive(Debug)]
pub struct Request {
    path: &'static str,
    parameters: Vec<(&'static str, String)>,
    form: bool,
    summary: fn(&Value) -> Option<String>,
}

/// A GET and a POST for each slice, for the first company and its first two cooling units over the last 30 days.
pub fn slices(last_day: NaiveDate) -> Vec<Request> {
    let company = || vec![("company_id", "1".to_owned())];
    let first_day = last_day.checked_sub_days(Days::new(29)).unwrap_or(last_day);
    let cooling_units = || {
        vec![("unit_ids", "1,2".to_owned()), ("start_date", first_day.to_string()), ("end_date", last_day.to_string())]
    };
    let impact = || {
        vec![
            ("cooling_unit_id", "1,2".to_owned()),
            ("start_date", first_day.to_string()),
            ("end_date", last_day.to_string()),
        ]
    };
    vec![
        Request { path: "/api/company-slice", parameters: company(), form: false, summary: company_summary },
        Request { path: "/api/coolingunit-slice", parameters: cooling_units(), form: false, summary: units_summary },
        Request { path: "/api/impact-slice", parameters: impact(), form: false, summary: impact_summary },
        Request { path: "/company-slice/", parameters: company(), form: true, summary: old_company_summary },
        Request { path: "/coolingunit-slice/", parameters: cooling_units(), form: true, summary: old_units_summary },
        Request { path: "/impact-slice/", parameters: impact(), form: true, summary: old_impact_summary },
    ]
}

impl Request {
    /// The request as somebody would type it: an address, or a line for curl.
    pub fn line(&self, base: &str) -> String {
        let parameters: Vec<String> = self.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if self.form {
            format!("curl -d '{}' {base}{}", parameters.join("&"), self.path)
        } else {
            format!("{base}{}?{}", self.path, parameters.join("&"))
        }
    }

    /// Makes the request; its method, path and one line about what came back.
    pub fn run(&self, base: &str) -> Result<String> {
        let agent = agent(Duration::from_secs(30));
        let url = format!("{base}{}", self.path);
        let method = if self.form { "POST" } else { "GET" };
        let what = || format!("{method} {url}");
        let mut response = if self.form {
            agent.post(&url).send_form(self.parameters.iter().map(|(name, value)| (*name, value)))
        } else {
            agent.get(&url).query_pairs(self.parameters.iter().map(|(name, value)| (*name, value))).call()
        }
        .with_context(what)?;
        let text = response.body_mut().read_to_string().with_context(what)?;
        if response.status() != 200 {
            bail!("{}: {}: {text}", what(), response.status());
        }
        let body: Value = serde_json::from_str(&text).with_context(what)?;
        let summary = (self.summary)(&body).with_context(|| format!("{}: unexpected body {text}", what()))?;
        Ok(format!("{method} {} -> {summary}", self.path))
    }
}

/// True when the API says that it is ready.
pub fn is_ready(base: &str) -> bool {
    let answer = agent(Duration::from_secs(2)).get(format!("{base}/health/ready")).call();
    answer.is_ok_and(|response| response.status() == 200)
}

/// A client that takes every answer, and waits no longer than that.
pub fn agent(timeout: Duration) -> ureq::Agent {
    // Never through a proxy: the API is on this machine.
    ureq::Agent::config_builder().timeout_global(Some(timeout)).http_status_as_error(false).proxy(None).build().into()
}

fn company_summary(body: &Value) -> Option<String> {
    let company = body.get("company")?;
    Some(format!(
        "{}: {} crates in, {:.0} kg, {} USD",
        company.get("comp_name")?.as_str()?,
        company.get("comp_crates_in")?,
        company.get("comp_kg_in")?.as_f64()?,
        company.get("comp_revenue_usd")?
    ))
}

fn units_summary(body: &Value) -> Option<String> {
    let units = body.get("cooling_units")?.as_array()?;
    let names: Option<Vec<String>> = units
        .iter()
        .map(|unit| {
            let crates = unit.get("room_crates_in")?;
            Some(format!("{}: {crates} crates in", unit.get("unit_name")?.as_str()?))
        })
        .collect();
    some_units(&names?)
}

fn old_company_summary(body: &Value) -> Option<String> {
    let first = |column: &str| body.get(column)?.get("0").cloned();
    Some(format!("{}: {} crates in", first("comp_name")?.as_str()?, first("comp_crates_in")?))
}

fn old_units_summary(body: &Value) -> Option<String> {
    let (names, crates) = (body.get("unit_name")?.as_object()?, body.get("room_crates_in")?.as_object()?);
    let units: Option<Vec<String>> =
        names.iter().map(|(row, name)| Some(format!("{}: {} crates in", name.as_str()?, crates.get(row)?))).collect();
    some_units(&units?)
}

fn impact_summary(body: &Value) -> Option<String> {
    let impact = body.get("impact")?.get(0)?;
    let number = |column: &str| impact.get(column).and_then(Value::as_f64);
    Some(format!(
        "{} surveys: {:.0} kg sold, {:.0} {} per kg",
        impact.get("num_post_harvest_surveys")?,
        number("monthly_kg_checkin")? - number("monthly_kg_loss")?,
        number("avg_monthly_kg_selling_price")?,
        impact.get("currency")?.as_str()?
    ))
}

fn old_impact_summary(body: &Value) -> Option<String> {
    let surveys = body.get("Impact metrics")?.get("num_post_harvest_surveys")?.get("value")?;
    Some(format!("{surveys} surveys"))
}

/// The cooling units in one line; none is not an answer about the sample.
fn some_units(units: &[String]) -> Option<String> {
    (!units.is_empty()).then(|| units.join("; "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_request_is_shown_as_it_is_typed() {
        let lines: Vec<String> = slices("2026-03-31".parse().expect("a date"))
            .iter()
            .map(|request| request.line("http://127.0.0.1:8000"))
            .collect();
        assert_eq!(lines[0], "http://127.0.0.1:8000/api/company-slice?company_id=1");
        assert_eq!(
            lines[4],
            "curl -d 'unit_ids=1,2&start_date=2026-03-02&end_date=2026-03-31' http://127.0.0.1:8000/coolingunit-slice/"
        );
    }

    #[test]
    fn both_forms_of_a_slice_are_understood_and_an_empty_one_is_not_good_enough() {
        let clean = json!({"meta": {}, "cooling_units": [{"unit_name": "A", "room_crates_in": 3}]});
        assert_eq!(units_summary(&clean).as_deref(), Some("A: 3 crates in"));
        let old = json!({"unit_name": {"0": "A", "1": "B"}, "room_crates_in": {"0": 3, "1": 4}});
        assert_eq!(old_units_summary(&old).as_deref(), Some("A: 3 crates in; B: 4 crates in"));
        assert_eq!(units_summary(&json!({"cooling_units": []})), None);
        assert_eq!(old_units_summary(&json!({"unit_name": 0, "room_crates_in": 0})), None);
    }
}
