//! Uptime of stores: how long each was open for business and up, by polls of its status.
//!
//! A store is polled about once an hour; each [`Poll`] says active or inactive. Its opening hours are civil times of
//! its zone. The report says for the last hour, day and week before **as of**:
//!
//! * **business**: time inside opening hours;
//! * **up**, **down**: business time whose status is active, and the rest, by a [`Policy`];
//! * **observed**: business time within an hour of a poll;
//! * **lo**, **hi**: least and most uptime that the polls allow;
//! * **polls** taken in opening hours.
//!
//! Instants and durations are whole microseconds, instants since 1970-01-01 00:00 UTC; spans are half-open. Nothing
//! is rounded before it is printed.
//!
//! Rows come from anywhere in any order: an [`Intake`] takes polls, a [`Fleet`] zones and hours, [`Report::compute`]
//! does the rest. `docs/uptime.md` has the definitions at length.

mod diagnostics;
mod evidence;
mod fleet;
mod intake;
mod intervals;
mod json;
mod opening_hours;
mod policy;
mod poll;
mod polls;
mod print;
mod report;
mod rows;
mod schedule;
mod timeline;
mod walk;
mod window;

#[cfg(test)]
mod tests;

pub use diagnostics::Diagnostics;
pub use fleet::{Fleet, StoreIds, UnknownZone};
pub use intake::{Bounds, Intake};
pub use intervals::{FOREVER, Interval};
pub use json::RowObject;
pub use opening_hours::OpeningHours;
pub use policy::{MaxCarry, Policy, PolicyError, Step};
pub use poll::{Poll, Status};
pub use print::{CLASSIC_HEADER, column_names, columns, coverage, full_header, hundredths, push_classic, push_full};
pub use report::{Head, Options, Report, Row, Stores};
pub use rows::{HoursRow, PollRow, Refused, ZoneRow};
pub use schedule::ZoneCalendar;
pub use timeline::{Ground, Segment, ShownPoll, Timeline, timeline};
pub use walk::{Figures, StoreFigures, figures};
pub use window::{Horizon, LOOKBACK_US, Window};
