//! The web pages: a viewer of saved dashboards for everybody, and their list for operators.
//!
//! Both are empty when they arrive. Their scripts fetch what they show by the same routes as every other client, so
//! that a page never knows more than who looks at it.

mod range;

use actix_web::http::StatusCode;
use actix_web::web::{self, Data, Path, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, ResponseError as _};
use askama::Template;
use metrics_core::db::databoard as store;

use self::range::{DAYS, Range};
use super::dashboards::known;
use super::error::Refused;
use super::state::Databoard;
use super::{READ, SHORT, resource, within};
use crate::pages::{Page, assets, fresh_with};

/// The public page and its files.
pub fn public(config: &mut ServiceConfig) {
    resource(config, "/view/{id}", READ, || vec![web::get().to(view), web::head().to(view)]);
    files(config);
}

/// The page of operators and its files, if they have a token.
pub fn maintenance(config: &mut ServiceConfig, databoard: &Databoard) {
    if databoard.settings.maintenance_token.is_some() {
        resource(config, "/dashboards", READ, || vec![web::get().to(list), web::head().to(list)]);
        files(config);
    }
}

/// Below the mount too: the maintenance listener has nothing above it, and a proxy may lead nowhere else.
fn files(config: &mut ServiceConfig) {
    resource(config, assets::PATTERN, READ, || vec![web::get().to(assets::get), web::head().to(assets::get)]);
}

#[derive(Template)]
#[template(path = "board_view.html")]
struct View<'a> {
    page: &'a Page,
    title: &'a str,
    id: &'a str,
    problem: Option<Problem>,
    spans: Vec<Span>,
    range: Range,
}

/// Why nothing is shown.
struct Problem {
    status: StatusCode,
    title: &'static str,
    advice: &'static str,
}

/// A link to the last so many days.
struct Span {
    days: String,
    href: String,
    is_current: bool,
}

impl Problem {
    fn of(refused: &Refused) -> Self {
        // Also writes what is to be written of it.
        let status = refused.error_response().status();
        let (title, advice) = match status {
            StatusCode::NOT_FOUND => ("board.unknown_title", "board.unknown_advice"),
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                ("error.unavailable_title", "error.unavailable_advice")
            }
            _ => ("error.other_title", "error.other_advice"),
        };
        Self { status, title, advice }
    }

    const RANGE: Self =
        Self { status: StatusCode::BAD_REQUEST, title: "error.bad_request_title", advice: "board.range_advice" };
}

/// The viewer. It counts as no access: its script reads the dashboard.
async fn view(request: HttpRequest, id: Path<String>, databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    let page = Page::below(&request, 2 + usize::from(request.path().ends_with('/')));
    let range = Range::of_query(request.query_string());
    let problem = match exists(&id, &databoard).await {
        Ok(()) => range.is_none().then_some(Problem::RANGE),
        Err(refused) => Some(Problem::of(&refused)),
    };
    let range = range.unwrap_or_default();
    let lang = page.form_lang().map_or_else(String::new, |lang| format!("&lang={lang}"));
    let spans = DAYS.iter().map(|&days| Span {
        days: days.to_string(),
        href: format!("?days={days}{lang}"),
        is_current: range == Range::LastDays(days),
    });
    let status = problem.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let view = View { title: page.t("board.view_title"), id: &id, problem, spans: spans.collect(), range, page: &page };
    page_of(status, &view)
}

async fn exists(id: &str, databoard: &Databoard) -> Result<(), Refused> {
    let id = known(id)?;
    let found = within(SHORT, async {
        let mut connection = databoard.connection().await?;
        Ok(store::is_protected(&mut connection, id).await?)
    });
    found.await?.map(drop).ok_or_else(|| Refused::not_found("Dashboard"))
}

#[derive(Template)]
#[template(path = "board_list.html")]
struct List<'a> {
    page: &'a Page,
    title: &'a str,
    /// What addresses of the viewer begin with, when it is known how browsers reach it.
    viewer: Option<String>,
}

/// The list. It holds nothing itself, and needs no token.
async fn list(request: HttpRequest, databoard: Data<Databoard>) -> Result<HttpResponse, Refused> {
    let page = Page::below(&request, 1 + usize::from(request.path().ends_with('/')));
    let viewer = databoard.settings.public_url.as_ref().map(|url| format!("{url}/view/"));
    page_of(StatusCode::OK, &List { title: page.t("board.list_title"), viewer, page: &page })
}

fn page_of(status: StatusCode, template: &impl Template) -> Result<HttpResponse, Refused> {
    fresh_with(status, template).map_err(|error| Refused::Internal(error.into()))
}
