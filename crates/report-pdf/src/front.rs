//! The first pages: what the report is, all stores together, how it was computed, and the stores with the lowest
//! uptime.

use std::io::{self, Write};

use metrics_core::instant::{HOUR_US, MINUTE_US};
use metrics_core::uptime::{Figures, Window};

use crate::About;
use crate::canvas::{Align, LEFT, RIGHT, Style};
use crate::chart;
use crate::fleet::{Fleet, LOWEST, Store, Totals, share as uptime_share};
use crate::flow::{Flow, INDENT, Press, TEXT, TITLE};
use crate::fonts::Weight;
use crate::numbers::{DASH, amount, grouped, percent, share};
use crate::table::{CELL, Column, Table};
use crate::text::{id_lines, paragraph_lines};
use crate::words;

/// What the document is called.
pub const NAME: &str = "Uptime of stores";

/// Figures that stand by themselves.
const LARGE: Style = Style::new(Weight::Semibold, 17.0);
/// What they are.
const CAPTION: Style = Style::new(Weight::Regular, 8.0);

/// All stores together, a row per window.
const TOTALS: Table = Table {
    columns: &[
        Column::left(0.0, ["", "Window"]),
        Column::right(88.0, ["Open", "stores"]),
        Column::right(128.0, ["Of them", "no poll"]),
        Column::right(185.0, ["Business", "hours"]),
        Column::right(242.0, ["Up", "hours"]),
        Column::right(299.0, ["Down", "hours"]),
        Column::right(339.0, ["Uptime", "share"]),
        Column::right(379.0, ["", "Coverage"]),
        Column::right(436.0, ["Up at least", "hours"]),
        Column::right(493.28, ["Up at most", "hours"]),
    ],
    groups: &[],
};

/// Stores with the lowest uptime, a line per window.
const LOWEST_STORES: Table = Table {
    columns: &[
        Column::right(12.0, ["", "#"]),
        Column::left(20.0, ["", "Store"]),
        Column::left(170.0, ["", "Window"]),
        Column::right(252.0, ["", "Business"]),
        Column::right(287.0, ["", "Up"]),
        Column::right(322.0, ["", "Down"]),
        Column::right(360.0, ["Uptime", "share"]),
        Column::right(400.0, ["", "Coverage"]),
        Column::right(435.0, ["Up at", "least"]),
        Column::right(470.0, ["Up at", "most"]),
        Column::right(493.28, ["", "Polls"]),
    ],
    groups: &[],
};

/// Room for an id in [`LOWEST_STORES`].
const ID_WIDTH: f32 = 144.0;

/// Writes the first page and what follows from it up to the lowest stores; gives the number of the page, from 0, on which
/// these begin.
pub fn write<W: Write>(
    flow: &mut Flow,
    press: &mut Press<W>,
    about: &About,
    fleet: &Fleet,
) -> io::Result<Option<usize>> {
    title(flow, press, about)?;
    if fleet.stores == 0 {
        flow.heading(press, "No stores", 24.0)?;
        let why = if about.as_of_us.is_some() {
            "Nothing that was asked for has a store: this report has no figures."
        } else {
            "There is no poll from which the instant of the report could be taken, and none was asked for: this report \
             has no figures."
        };
        flow.paragraph(press, TEXT, LEFT, why)?;
        return Ok(None);
    }
    cards(flow, press, fleet)?;
    totals(flow, press, fleet)?;
    distribution(flow, press, fleet)?;
    legend(flow, press)?;
    flow.next_page(&mut press.file)?;
    let page = flow.full_pages();
    lowest(flow, press, fleet)?;
    Ok(Some(page))
}

fn title<W: Write>(flow: &mut Flow, press: &mut Press<W>, about: &About) -> io::Result<()> {
    flow.y += 20.0;
    flow.canvas.text(&mut press.fonts, TITLE, Align::Left, [LEFT, flow.y], NAME);
    flow.y += 10.0;
    flow.explained(press, "As of", &words::as_of(about))?;
    flow.explained(press, "Policy", &about.policy.to_string())?;
    flow.paragraph(press, TEXT, LEFT + INDENT, &words::policy(about.policy))?;
    flow.y += 2.0;
    // An id may be longer than a line, and has no blanks at which to break it.
    let stores = words::stores(about);
    let width = TEXT.thousandths(RIGHT - LEFT - INDENT);
    for (number, line) in id_lines(press.fonts.get(TEXT.weight), &stores, width).into_iter().enumerate() {
        flow.explained(press, if number == 0 { "Stores" } else { "" }, &line)?;
    }
    Ok(())
}

/// The four figures that matter most.
fn cards<W: Write>(flow: &mut Flow, press: &mut Press<W>, fleet: &Fleet) -> io::Result<()> {
    const GAP: f32 = 9.0;
    const CARD: f32 = 56.0;
    let [.., week] = &fleet.windows;
    let cards = [
        (grouped(fleet.stores), "stores in this report"),
        (percent(week.up_us, week.up_us + week.down_us), "uptime share of the last week, all stores together"),
        (percent(week.observed_us, week.business_us), "coverage of the last week: business time near a poll"),
        (grouped(week.without_evidence), "open stores without a poll in the last week"),
    ];
    let width = (RIGHT - LEFT - 3.0 * GAP) / 4.0;
    // The id of the one store may have filled the page.
    if !flow.fits(12.0 + CARD) {
        flow.next_page(&mut press.file)?;
    }
    let top = flow.y + 12.0;
    for (number, (figure, caption)) in cards.into_iter().enumerate() {
        let left = LEFT + number as f32 * (width + GAP);
        flow.canvas.outlined([left, top], [left + width, top + CARD], 0.5, 0.4);
        flow.canvas.text(&mut press.fonts, LARGE, Align::Left, [left + 8.0, top + 22.0], &figure);
        let lines = paragraph_lines(press.fonts.get(CAPTION.weight), caption, CAPTION.thousandths(width - 14.0));
        for (line, base) in lines.iter().zip([36.0, 46.0]) {
            flow.canvas.text(&mut press.fonts, CAPTION.grey(), Align::Left, [left + 8.0, top + base], line);
        }
    }
    flow.y = top + CARD;
    Ok(())
}

fn totals<W: Write>(flow: &mut Flow, press: &mut Press<W>, fleet: &Fleet) -> io::Result<()> {
    flow.heading(press, "All stores together", 64.0)?;
    TOTALS.header(flow, &mut press.fonts);
    for (window, totals) in Window::ALL.into_iter().zip(&fleet.windows) {
        let Totals { business_us, up_us, down_us, observed_us, lo_us, hi_us, open, without_evidence } = *totals;
        let hours = |sum_us: i128| amount(sum_us, HOUR_US);
        let cells = [
            format!("Last {}", window.as_str()),
            grouped(open),
            grouped(without_evidence),
            hours(business_us),
            hours(up_us),
            hours(down_us),
            share(up_us, up_us + down_us),
            share(observed_us, business_us),
            hours(lo_us),
            hours(hi_us),
        ];
        TOTALS.row(flow, press, &cells.map(|cell| vec![cell]))?;
    }
    Ok(())
}

fn distribution<W: Write>(flow: &mut Flow, press: &mut Press<W>, fleet: &Fleet) -> io::Result<()> {
    flow.heading(press, "How uptime is distributed", chart::TOTAL_HEIGHT)?;
    let distribution = &fleet.distribution;
    if distribution.stores() == 0 {
        let text = "No store has an uptime share in the last week: none had business time that counts as up or down.";
        return flow.paragraph(press, TEXT, LEFT, text);
    }
    let absent = match distribution.absent {
        0 => String::new(),
        absent => format!("; left out, as they have none (see {DASH} below): {}", grouped(absent)),
    };
    let text = format!("Stores by their uptime share in the last week: {}{absent}.", grouped(distribution.stores()));
    flow.paragraph(press, TEXT, LEFT, &text)?;
    flow.y += 4.0;
    chart::draw(flow, &mut press.fonts, distribution);
    Ok(())
}

fn legend<W: Write>(flow: &mut Flow, press: &mut Press<W>) -> io::Result<()> {
    flow.heading(press, "What the figures mean", 24.0)?;
    for (term, text) in [
        ("Last hour, day, week", "3,600, 86,400 and 604,800 seconds before the instant of the report."),
        ("Open, of them no poll", "Stores with business time in that window; those of them without a poll in it."),
        ("Business", "Time inside opening hours, in the store\u{2019}s own zone."),
        ("Uptime share", "Up \u{f7} (up + down), from 0 to 1."),
        (
            "Coverage",
            "The share of business time, from 0 to 1, that is within an hour of a poll in the same opening hours.",
        ),
        (
            "Up at least, at most",
            "The least and the most uptime that the polls allow, whatever the policy, if no store goes down and up again \
             between two polls that agree.",
        ),
        ("Polls", "Those in opening hours only; others say nothing about business."),
        (
            DASH,
            "There is no figure, because the store had no business time in that window, or no time in it that the policy \
             counts as up or down.",
        ),
        ("U+\u{2026}", "A character that cannot be printed here, by its Unicode number; such numbers are underlined."),
    ] {
        flow.explained(press, term, text)?;
    }
    Ok(())
}

fn lowest<W: Write>(flow: &mut Flow, press: &mut Press<W>, fleet: &Fleet) -> io::Result<()> {
    flow.heading(press, "Lowest uptime in the last week", 60.0)?;
    let lowest = &fleet.lowest;
    if lowest.stores().is_empty() {
        return flow.paragraph(press, TEXT, LEFT, "No store was polled in opening hours in the last week.");
    }
    let tied = match lowest.tied {
        0 => String::new(),
        1 => " One more has the share of the last of them.".to_owned(),
        tied => format!(" {} more have the share of the last of them.", grouped(tied)),
    };
    let text = format!(
        "The lowest uptime shares among the stores that were polled in opening hours in the last week ({} in all), at most \
         {LOWEST}; of equal shares, the longer downtime comes first.{tied} Figures are minutes for the hour, and hours for \
         the day and the week.",
        grouped(lowest.ranked),
    );
    flow.paragraph(press, TEXT, LEFT, &text)?;
    flow.y += 6.0;
    LOWEST_STORES.header(flow, &mut press.fonts);
    for (number, store) in (1..).zip(lowest.stores()) {
        let cells = lowest_cells(press, number, store);
        LOWEST_STORES.row(flow, press, &cells)?;
    }
    Ok(())
}

fn lowest_cells<W: Write>(press: &mut Press<W>, number: u64, store: &Store) -> [Vec<String>; 11] {
    let ids = id_lines(press.fonts.get(CELL.weight), &store.id, CELL.thousandths(ID_WIDTH));
    let per_window = |form: fn(&Figures, i64) -> String| {
        let windows = Window::ALL.into_iter().zip(&store.figures);
        windows.map(|(window, figures)| form(figures, unit_us(window))).collect::<Vec<_>>()
    };
    [
        vec![number.to_string()],
        ids,
        ["Hour, min", "Day, h", "Week, h"].map(str::to_owned).to_vec(),
        per_window(|figures, unit_us| amount(figures.business_us, unit_us)),
        per_window(|figures, unit_us| amount(figures.up_us, unit_us)),
        per_window(|figures, unit_us| amount(figures.down_us, unit_us)),
        per_window(|figures, _| uptime_share(figures).map_or_else(|| DASH.to_owned(), |(up, whole)| share(up, whole))),
        per_window(|figures, _| share(figures.observed_us, figures.business_us)),
        per_window(|figures, unit_us| amount(figures.lo_us, unit_us)),
        per_window(|figures, unit_us| amount(figures.hi_us, unit_us)),
        per_window(|figures, _| grouped(figures.polls.into())),
    ]
}

/// What amounts of a window are printed in.
pub const fn unit_us(window: Window) -> i64 {
    match window {
        Window::Hour => MINUTE_US,
        Window::Day | Window::Week => HOUR_US,
    }
}
