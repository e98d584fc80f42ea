//! `GET /fleet`: all stores at a glance.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use metrics_core::db::reader::{self, FleetWindow, LowStore, Step, StoredPolicy};
use metrics_core::instant::format_us;
use metrics_core::uptime::{Policy, Window};
use metrics_core::view::View;

use super::figure::{Figure, Reason};
use super::graphics::{Bar, largest};
use super::uptime::{self, PolicyOption};
use super::{Page, Section};
use crate::conditional::Representation;
use crate::error::ApiError;
use crate::fields::Fields;
use crate::state::Worker;

/// Path of the page.
pub const PATH: &str = "/fleet";

/// Stores in the list of those that were up for the least.
const LOWEST: u32 = 20;

/// Steps of the distribution below all of the week.
const STEPS: i32 = 20;

#[derive(Template)]
#[template(path = "fleet.html")]
struct FleetPage<'a> {
    page: &'a Page,
    section: Section,
    title: &'a str,
    policy: String,
    words: &'a str,
    policies: Vec<PolicyOption>,
    result: Option<Stored>,
}

/// What is stored of an instant and a policy.
struct Stored {
    as_of: String,
    tiles: Vec<Tile>,
    windows: Vec<WindowRow>,
    steps: Vec<StepRow>,
    steps_csv: String,
    lowest: Vec<LowRow>,
    lowest_csv: String,
    report: ReportForm,
}

/// What a report of the same is asked for with.
struct ReportForm {
    as_of: String,
    /// The policy and its options.
    fixed: Vec<(&'static str, String)>,
}

impl ReportForm {
    fn new(stored: &StoredPolicy, policy: Policy) -> Self {
        let mut fixed = vec![("policy", policy.name().to_owned())];
        if let Some(step) = policy.options() {
            fixed.extend(step.max_carry.map(|max_carry| ("max_carry", max_carry.minutes().to_string())));
            fixed.push(("assume", step.assume.to_string()));
        }
        Self { as_of: format_us(stored.as_of.timestamp_micros()), fixed }
    }
}

/// A figure of all stores.
struct Tile {
    key: &'static str,
    label: String,
    figure: Figure,
    more: Option<String>,
}

/// Sums of a window.
struct WindowRow {
    key: &'static str,
    name: String,
    share: Figure,
    lo: Figure,
    hi: Figure,
    coverage: Figure,
    business: Figure,
    up: Figure,
    down: Figure,
    open: Figure,
    unpolled: Figure,
}

/// A step of the distribution.
struct StepRow {
    name: String,
    stores: Figure,
    bar: Bar,
    unpolled: Figure,
}

/// A store that was up for little.
struct LowRow {
    href: String,
    id: String,
    share: Figure,
    bar: Bar,
    lo: Figure,
    hi: Figure,
    down: Figure,
    coverage: Figure,
    polls: Figure,
}

/// Name of a window.
pub fn window_name(page: &Page, window: Window) -> &str {
    page.t(match window {
        Window::Hour => "fleet.hour",
        Window::Day => "fleet.day",
        Window::Week => "fleet.week",
    })
}

/// The page.
pub async fn get(request: HttpRequest, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let policy = Fields::urlencoded(request.query_string()).fleet_page()?;
    let page = Page::new(&request);

    let mut snapshot = worker.snapshot().await?;
    let version = reader::data_version(&mut snapshot, View::StoreUptime).await?;
    let representation = Representation::new(&request, &format!("{}&{policy}", page.variant()), version.version)?;
    if representation.is_known() {
        snapshot.close().await?;
        return Ok(representation.not_modified());
    }
    if let Some(response) = representation.kept_page(&worker.kept_pages) {
        snapshot.close().await?;
        return Ok(response);
    }
    let policies = reader::stored_policies(&mut snapshot).await?;
    let text = policy.to_string();
    let mut result = None;
    if let Some(stored) = policies.iter().find(|stored| stored.policy == text) {
        let windows = reader::fleet(&mut snapshot, stored).await?;
        let steps = reader::fleet_steps(&mut snapshot, stored).await?;
        let lowest = reader::lowest_stores(&mut snapshot, stored, LOWEST).await?;
        result = Some(Stored::new(&page, stored, policy, &windows, &steps, &lowest));
    }
    snapshot.close().await?;
    let view = FleetPage {
        section: Section::Fleet,
        title: page.t("fleet.title"),
        words: uptime::policy_in_words(&page, policy),
        policies: uptime::policy_options(policies.iter().map(|stored| stored.policy.as_str()), policy),
        policy: text,
        result,
        page: &page,
    };
    representation.kept_html(&worker.kept_pages, &view).await
}

impl Stored {
    fn new(
        page: &Page,
        stored: &StoredPolicy,
        policy: Policy,
        windows: &reader::Fleet,
        steps: &[Step],
        lowest: &[LowStore],
    ) -> Self {
        let [.., week] = windows;
        let tile = |key, label: &str, figure, more| Tile { key, label: page.t(label).to_owned(), figure, more };
        let bounds =
            uptime::percent_of(week.lo_us, week.business_us).zip(uptime::percent_of(week.hi_us, week.business_us));
        let bounds = bounds.map(|(lo, hi)| {
            let [lo, hi] = [lo, hi].map(|percent| crate::locale::decimal(page.lang, percent, 1));
            page.lang.say("fleet.bounds", &[("lo", &lo), ("hi", &hi)])
        });
        let rows = step_rows(page, steps);
        let head = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let mut steps_csv = vec![head(&["up_from_percent", "up_below_percent", "stores", "stores_without_poll"])];
        for step in (0..=STEPS).rev() {
            let found = steps.iter().find(|found| found.step == Some(step));
            let (polled, unpolled) = found.map_or((0, 0), |found| (found.polled, found.unpolled));
            let below = if step == STEPS { String::new() } else { ((step + 1) * 100 / STEPS).to_string() };
            let from = (step * 100 / STEPS).to_string();
            steps_csv.push(vec![from, below, (polled + unpolled).to_string(), unpolled.to_string()]);
        }
        let mut lowest_csv = vec![head(&[
            "store_id",
            "as_of",
            "policy",
            "business_last_week_us",
            "up_last_week_us",
            "down_last_week_us",
            "observed_last_week_us",
            "lo_last_week_us",
            "hi_last_week_us",
            "polls_last_week",
        ])];
        for low in lowest {
            let [.., week] = &low.figures;
            let mut row = vec![low.ext_id.clone(), format_us(stored.as_of.timestamp_micros()), policy.to_string()];
            row.extend(
                [week.business_us, week.up_us, week.down_us, week.observed_us, week.lo_us, week.hi_us]
                    .map(|us| us.to_string()),
            );
            row.push(week.polls.to_string());
            lowest_csv.push(row);
        }
        Self {
            as_of: page.lang.instant(stored.as_of),
            tiles: vec![
                tile("stores", "fleet.stores", page.count(week.stores), None),
                tile(
                    "share",
                    "fleet.share_week",
                    uptime::share(page, week.business_us, week.up_us, week.down_us),
                    bounds,
                ),
                tile(
                    "coverage",
                    "fleet.coverage_week",
                    uptime::percent(page, week.observed_us, week.business_us, Reason::NoBusiness),
                    None,
                ),
                tile("unpolled", "fleet.unpolled_week", page.count(week.unpolled), None),
                tile("closed", "fleet.closed_week", page.count(week.stores - week.open), None),
            ],
            windows: Window::ALL
                .into_iter()
                .zip(windows)
                .map(|(window, sums)| WindowRow::new(page, window, sums))
                .collect(),
            steps: rows,
            steps_csv: uptime::csv_address(&steps_csv),
            lowest: lowest.iter().map(|low| LowRow::new(page, low, policy)).collect(),
            lowest_csv: uptime::csv_address(&lowest_csv),
            report: ReportForm::new(stored, policy),
        }
    }
}

impl WindowRow {
    fn new(page: &Page, window: Window, sums: &FleetWindow) -> Self {
        let share = |part_us| uptime::percent(page, part_us, sums.business_us, Reason::NoBusiness);
        // Of all stores together even the last hour is long.
        let hours = |amount_us| uptime::duration(page, Window::Week, amount_us);
        Self {
            key: window.as_str(),
            name: window_name(page, window).to_owned(),
            share: uptime::share(page, sums.business_us, sums.up_us, sums.down_us),
            lo: share(sums.lo_us),
            hi: share(sums.hi_us),
            coverage: share(sums.observed_us),
            business: hours(sums.business_us),
            up: hours(sums.up_us),
            down: hours(sums.down_us),
            open: page.count(sums.open),
            unpolled: page.count(sums.unpolled),
        }
    }
}

/// The steps, all of the week first.
fn step_rows(page: &Page, steps: &[Step]) -> Vec<StepRow> {
    let full =
        largest(steps.iter().filter(|found| found.step.is_some()).map(|found| (found.polled + found.unpolled) as f64));
    let rows = (0..=STEPS).rev().map(|step| {
        let found = steps.iter().find(|found| found.step == Some(step));
        let (polled, unpolled) = found.map_or((0, 0), |found| (found.polled, found.unpolled));
        let name = if step == STEPS {
            "100\u{a0}%".to_owned()
        } else {
            let [from, below] = [step, step + 1].map(|step| (step * 100 / STEPS).to_string());
            page.lang.say("fleet.step", &[("from", &from), ("below", &below)])
        };
        StepRow {
            name,
            stores: page.count(polled + unpolled),
            bar: Bar::new(&[("fill-1", polled as f64), ("fill-2", unpolled as f64)], full),
            unpolled: page.count(unpolled),
        }
    });
    rows.collect()
}

impl LowRow {
    fn new(page: &Page, low: &LowStore, policy: Policy) -> Self {
        let [.., week] = &low.figures;
        let share = |part_us| uptime::percent(page, part_us, week.business_us, Reason::NoBusiness);
        let up = uptime::percent_of(week.up_us, week.up_us + week.down_us).and_then(|percent| percent.try_into().ok());
        let mut href = format!("fleet/{}", uptime::segment(&low.ext_id));
        if policy != Policy::default() {
            href.push_str("?policy=");
            href.push_str(&uptime::segment(&policy.to_string()));
        }
        Self {
            href: page.link(&href),
            id: low.ext_id.clone(),
            share: uptime::share(page, week.business_us, week.up_us, week.down_us),
            bar: Bar::new(&[("fill-1", up.unwrap_or(0.0))], 100.0),
            lo: share(week.lo_us),
            hi: share(week.hi_us),
            down: uptime::duration(page, Window::Week, week.down_us),
            coverage: share(week.observed_us),
            polls: page.count(week.polls),
        }
    }
}
