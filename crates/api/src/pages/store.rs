//! `GET /fleet/{store_id}`: one store.

mod week;

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use metrics_core::db::reader::{self, StoredUptime};
use metrics_core::uptime::{Figures, Policy, Window};

use week::Week;

use super::figure::{Figure, Reason};
use super::fleet::window_name;
use super::uptime::{self, PolicyOption};
use super::{Page, Section, fresh};
use crate::error::ApiError;
use crate::fields::{Fields, TimelineQuery};
use crate::routes::stores::unknown_store;
use crate::state::Worker;
use crate::timeline;

/// What the paths of these pages start with.
pub const PREFIX: &str = "/fleet/";
/// Pattern of their paths.
pub const PATTERN: &str = "/fleet/{store_id}";

#[derive(Template)]
#[template(path = "store.html")]
struct StorePage<'a> {
    page: &'a Page,
    section: Section,
    title: &'a str,
    policy: String,
    words: &'a str,
    policies: Vec<PolicyOption>,
    days: u8,
    most_days: u8,
    as_of: Option<String>,
    tiles: Vec<Tile<'a>>,
    week: Option<Week>,
    no_week: &'a str,
    uptime_address: String,
}

/// Figures of a window.
struct Tile<'a> {
    key: &'static str,
    name: &'a str,
    share: Figure,
    up: Figure,
    down: Figure,
    lo: Figure,
    hi: Figure,
    coverage: Figure,
    polls: Figure,
}

/// Days that a page may show.
pub const MOST_DAYS: u8 = 8;

/// The page.
pub async fn get(request: HttpRequest, id: Path<String>, worker: Data<Worker>) -> Result<HttpResponse, ApiError> {
    let (policy, days) = Fields::urlencoded(request.query_string()).store_page()?;
    let page = Page::new(&request);

    let mut snapshot = worker.snapshot().await?;
    let found = reader::store_uptime(&mut snapshot, &id, &policy).await?;
    let policies = reader::stored_policies(&mut snapshot).await?;
    snapshot.close().await?;
    let stored = found.ok_or_else(unknown_store)?;
    let mut week = None;
    if let Some(step) = policy.options() {
        // So that the days are those that the figures above are sums of.
        let to_us = stored.as_ref().map(|stored| stored.as_of.timestamp_micros());
        match timeline::read(&worker, &id, &TimelineQuery::days_before(to_us, days.into(), step)).await {
            Ok(read) => week = Some(Week::new(&page, &id, policy, &read.ok_or_else(unknown_store)?)),
            // Neither figures nor polls say where the week would end.
            Err(ApiError::InvalidFields(_)) if to_us.is_none() => {}
            Err(error) => return Err(error),
        }
    }
    let text = policy.to_string();
    let view = StorePage {
        section: Section::Fleet,
        title: &id,
        words: uptime::policy_in_words(&page, policy),
        policies: uptime::policy_options(policies.iter().map(|stored| stored.policy.as_str()), policy),
        days,
        most_days: MOST_DAYS,
        as_of: stored.as_ref().map(|stored| page.lang.instant(stored.as_of)),
        tiles: tiles(&page, stored.as_ref(), policy),
        week,
        no_week: page.t(if policy.options().is_some() { "store.no_polls" } else { "store.no_timeline" }),
        uptime_address: page.raw(&format!("stores/{}/uptime?policy={}", uptime::segment(&id), uptime::segment(&text))),
        policy: text,
        page: &page,
    };
    fresh(&view)
}

fn tiles<'a>(page: &'a Page, stored: Option<&StoredUptime>, policy: Policy) -> Vec<Tile<'a>> {
    let tiles = Window::ALL.into_iter().enumerate().map(|(index, window)| {
        let (key, name) = (window.as_str(), window_name(page, window));
        let Some(stored) = stored else {
            let unknown = || page.unknown(Reason::NoUptime);
            let (share, up, down) = (unknown(), unknown(), unknown());
            return Tile {
                key,
                name,
                share,
                up,
                down,
                lo: unknown(),
                hi: unknown(),
                coverage: unknown(),
                polls: unknown(),
            };
        };
        let figures: &Figures = &stored.figures[index];
        let Figures { business_us, up_us, down_us, observed_us, lo_us, hi_us, polls } = *figures;
        // A policy that counts polls says something of closed time too.
        let is_open = business_us > 0 || policy.options().is_none();
        let duration = |amount_us| {
            if is_open { uptime::duration(page, window, amount_us) } else { page.unknown(Reason::NoBusiness) }
        };
        Tile {
            key,
            name,
            share: uptime::share(page, business_us, up_us, down_us),
            up: duration(up_us),
            down: duration(down_us),
            lo: duration(lo_us),
            hi: duration(hi_us),
            coverage: uptime::percent(page, observed_us, business_us, Reason::NoBusiness),
            polls: page.count(polls),
        }
    });
    tiles.collect()
}
