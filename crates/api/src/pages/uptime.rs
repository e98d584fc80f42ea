//! What the pages of all stores and of one store share: durations, shares, policies, addresses.

use std::fmt::Write as _;

use metrics_core::instant::{HOUR_US, MINUTE_US};
use metrics_core::uptime::{Policy, Window, hundredths};
use rust_decimal::Decimal;

use super::Page;
use super::figure::{Figure, Reason};

/// A duration in hours, in the hour's window in minutes, with the two decimals of reports.
pub fn duration(page: &Page, window: Window, amount_us: i64) -> Figure {
    let (unit_us, unit) = if window == Window::Hour { (MINUTE_US, "min") } else { (HOUR_US, "h") };
    page.decimal(Decimal::new(hundredths(amount_us, unit_us), 2), 2).unit(unit)
}

/// A part as percent of the whole, if there is a whole.
pub fn percent_of(part_us: i64, whole_us: i64) -> Option<Decimal> {
    (Decimal::from(part_us) * Decimal::ONE_HUNDRED).checked_div(Decimal::from(whole_us))
}

/// The same as a figure.
pub fn percent(page: &Page, part_us: i64, whole_us: i64, reason: Reason) -> Figure {
    page.maybe_decimal(percent_of(part_us, whole_us), 2, reason).unit("%")
}

/// Time up as a share of time up or down, of something with so much business time.
pub fn share(page: &Page, business_us: i64, up_us: i64, down_us: i64) -> Figure {
    let whole_us = if business_us > 0 { up_us + down_us } else { 0 };
    percent(page, up_us, whole_us, Reason::NoBusiness)
}

/// A policy that can be chosen.
pub struct PolicyOption {
    /// Its canonical text.
    pub text: String,
    /// Whether it is the one shown.
    pub is_chosen: bool,
}

/// Policies to choose from: those with stored rows, `step`, and the one shown.
pub fn policy_options<'a>(stored: impl Iterator<Item = &'a str>, chosen: Policy) -> Vec<PolicyOption> {
    let chosen = chosen.to_string();
    let mut texts: Vec<String> =
        stored.map(str::to_owned).chain([Policy::default().to_string(), chosen.clone()]).collect();
    texts.sort_unstable();
    texts.dedup();
    texts.into_iter().map(|text| PolicyOption { is_chosen: text == chosen, text }).collect()
}

/// What a policy does, in words.
pub fn policy_in_words(page: &Page, policy: Policy) -> &str {
    page.t(match policy {
        Policy::Step(_) => "policy.step",
        Policy::CappedSixtyMinutes => "policy.capped_60m",
        Policy::CountHours => "policy.count_hours",
        Policy::CountHoursEdges => "policy.count_hours_edges",
    })
}

/// Any text as a segment of an address.
pub fn segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_~".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            let _ = write!(segment, "%{byte:02X}");
        }
    }
    segment
}

/// Rows as an address that is a file of CSV: what a small table has, for a click and without another request.
pub fn csv_address(rows: &[Vec<String>]) -> String {
    let lines = rows.iter().map(|row| {
        let cells = row.iter().map(|cell| {
            let is_plain = !cell.contains([',', '"', '\n', '\r']);
            if is_plain { cell.clone() } else { format!("\"{}\"", cell.replace('"', "\"\"")) }
        });
        cells.collect::<Vec<_>>().join(",") + "\n"
    });
    format!("data:text/csv;charset=utf-8,{}", segment(&lines.collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_id_is_one_segment() {
        for (id, expected) in [("8419537941919820732", "8419537941919820732"), ("a/b ü.%?", "a%2Fb%20%C3%BC%2E%25%3F")]
        {
            assert_eq!(segment(id), expected);
        }
        let rows = [vec!["a".to_owned(), "b,\"c\"".to_owned()]];
        assert_eq!(csv_address(&rows), "data:text/csv;charset=utf-8,a%2C%22b%2C%22%22c%22%22%22%0A");
    }

    #[test]
    fn policies_are_offered_once() {
        let policy: Policy = "step;max_carry=60".parse().expect("a policy");
        let options = policy_options(["capped-60m", "step"].into_iter(), policy);
        let options: Vec<_> = options.iter().map(|option| (option.text.as_str(), option.is_chosen)).collect();
        assert_eq!(options, [("capped-60m", false), ("step", false), ("step;max_carry=60", true)]);
    }

    #[test]
    fn shares_are_of_what_there_is() {
        assert_eq!(percent_of(1, 3).map(|share| share.round_dp(2).to_string()).as_deref(), Some("33.33"));
        assert_eq!(percent_of(0, 0), None);
        assert!(percent_of(600_000_000_000_000_000, 600_000_000_000_000_000) == Some(Decimal::ONE_HUNDRED));
    }
}
