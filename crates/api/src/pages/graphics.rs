//! Small pictures of numbers that stand beside them.

use askama::Template;
use askama::filters::HtmlSafe;
use chrono::{DateTime, Utc};
use metrics_core::uptime::{Ground, Interval, Status, Timeline};

/// A bar of one or several parts, as wide as their sum is of the largest sum in the table.
///
/// It repeats what the table says, so it is hidden from those who listen.
#[derive(Debug, Template)]
#[template(
    ext = "html",
    source = r#"<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" focusable="false">
{%- for part in parts %}<rect class="{{ part.class }}" x="{{ part.x }}" width="{{ part.width }}" height="8"/>{% endfor -%}
</svg>"#
)]
pub struct Bar {
    parts: Vec<Part>,
}

impl HtmlSafe for Bar {}

#[derive(Debug)]
struct Part {
    class: &'static str,
    x: String,
    width: String,
}

impl Bar {
    /// Parts one after the other, of which `full` fills the width. Parts below 0 are left out.
    pub fn new(parts: &[(&'static str, f64)], full: f64) -> Self {
        let mut x = 0.0;
        let mut drawn = Vec::new();
        for (class, number) in parts {
            let width = number / full * 100.0;
            let left: f64 = 100.0 - x;
            if width > 0.0 && width.is_finite() && left > 0.0 {
                let width = width.min(left);
                drawn.push(Part { class, x: format!("{x:.2}"), width: format!("{width:.2}") });
                x += width;
            }
        }
        Self { parts: drawn }
    }
}

/// A day of a store from midnight to midnight: business time, above while up and below while down, paler where it is not
/// observed and palest where it is assumed; under it a mark for each poll.
///
/// It repeats what the tables say, so it is hidden from those who listen.
#[derive(Debug, Template)]
#[template(
    ext = "html",
    source = r#"<svg class="strip" viewBox="0 0 1440 30" preserveAspectRatio="none" aria-hidden="true" focusable="false">
{%- if let Some((x, width)) = outside_before %}<rect class="outside" x="{{ x }}" width="{{ width }}" height="30"/>{% endif -%}
{%- if let Some((x, width)) = outside_after %}<rect class="outside" x="{{ x }}" width="{{ width }}" height="30"/>{% endif -%}
{%- for part in parts %}<rect class="{{ part.class }}" x="{{ part.x }}" y="{{ part.y }}" width="{{ part.width }}" height="{{ part.height }}"/>{% endfor -%}
</svg>"#
)]
pub struct DayStrip {
    /// What of the day is not in the range.
    outside_before: Option<(String, String)>,
    outside_after: Option<(String, String)>,
    parts: Vec<StripPart>,
}

impl HtmlSafe for DayStrip {}

#[derive(Debug)]
struct StripPart {
    class: String,
    x: String,
    y: u8,
    width: String,
    height: u8,
}

/// Width of the mark of a poll, minutes.
const MARK: f64 = 6.0;

impl DayStrip {
    /// The day's part of a timeline.
    pub fn new(day: Interval, part: &Timeline) -> Self {
        let minutes = |at_us: i64| (at_us - day.start_us) as f64 / (day.end_us - day.start_us) as f64 * 1440.0;
        let place = |span: Interval| {
            let (start, end) = (minutes(span.start_us), minutes(span.end_us));
            (format!("{start:.1}"), format!("{:.1}", end - start))
        };
        let outside = |span: Interval| (!span.is_empty()).then(|| place(span));
        let mut parts = Vec::new();
        for segment in &part.segments {
            let (x, width) = place(segment.span);
            let certainty = match (segment.is_observed, segment.ground) {
                (true, _) => "",
                (false, Ground::Assumed) => " assumed",
                (false, _) => " unseen",
            };
            let (class, y) = if segment.status == Status::Active { ("up", 0) } else { ("down", 11) };
            parts.push(StripPart { class: "open".to_owned(), x: x.clone(), y: 0, width: width.clone(), height: 22 });
            parts.push(StripPart { class: format!("{class}{certainty}"), x, y, width, height: 11 });
        }
        for shown in &part.polls {
            let x = (minutes(shown.poll.at_us()) - MARK / 2.0).clamp(0.0, 1440.0 - MARK);
            let status = if shown.poll.is_active() { "poll" } else { "poll inactive" };
            let class = if shown.is_eligible { status.to_owned() } else { format!("{status} idle") };
            parts.push(StripPart { class, x: format!("{x:.1}"), y: 24, width: format!("{MARK}"), height: 6 });
        }
        Self {
            outside_before: outside(Interval::new(day.start_us, part.span.start_us)),
            outside_after: outside(Interval::new(part.span.end_us, day.end_us)),
            parts,
        }
    }
}

/// The last values of something as a line. Where there is none the line has a gap; where there should have been one, a mark
/// stands under it.
///
/// It repeats what the table and the history say, so it is hidden from those who listen.
#[derive(Debug, Template)]
#[template(
    ext = "html",
    source = r#"<svg class="spark" viewBox="0 0 120 28" aria-hidden="true" focusable="false">
{%- for line in lines %}<path d="{{ line }}"/>{% endfor -%}
{%- for (x, y) in dots %}<circle cx="{{ x }}" cy="{{ y }}" r="2"/>{% endfor -%}
{%- for x in marks %}<rect x="{{ x }}" y="23" width="3" height="5"/>{% endfor -%}
</svg>"#
)]
pub struct Spark {
    /// Pieces without a gap.
    lines: Vec<String>,
    /// Values between two gaps.
    dots: Vec<(String, String)>,
    marks: Vec<String>,
}

impl HtmlSafe for Spark {}

/// A value of a [`Spark`].
#[derive(Debug, Clone, Copy)]
pub struct SparkPoint {
    /// Where it stands.
    pub at: DateTime<Utc>,
    /// The value, if there is one.
    pub value: Option<f64>,
    /// Whether there should have been one.
    pub is_failed: bool,
}

impl Spark {
    /// Of values in the order of their instants.
    pub fn new(points: &[SparkPoint]) -> Self {
        let values = || points.iter().filter_map(|point| point.value);
        let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
        let seconds = |point: &SparkPoint| point.at.timestamp() as f64;
        let (first, last) = (points.first().map_or(0.0, seconds), points.last().map_or(0.0, seconds));
        // What does not change, and what is alone, stands in the middle.
        let share = |value: f64, low: f64, high: f64| if high > low { (value - low) / (high - low) } else { 0.5 };
        let x = |point: &SparkPoint| 3.0 + 114.0 * share(seconds(point), first, last);
        let y = |value| 20.0 - 17.0 * share(value, low, high);

        let mut spark = Self { lines: Vec::new(), dots: Vec::new(), marks: Vec::new() };
        for piece in points.chunk_by(|before, after| before.value.is_some() == after.value.is_some()) {
            let drawn = piece.iter().filter_map(|point| Some((x(point), y(point.value?))));
            let drawn: Vec<_> = drawn.map(|(x, y)| (format!("{x:.1}"), format!("{y:.1}"))).collect();
            match &drawn[..] {
                [] => {
                    let failed = piece.iter().filter(|point| point.is_failed);
                    spark.marks.extend(failed.map(|point| format!("{:.1}", x(point) - 1.5)));
                }
                [only] => spark.dots.push(only.clone()),
                several => {
                    let line: Vec<_> = several.iter().map(|(x, y)| format!("{x} {y}")).collect();
                    spark.lines.push(format!("M{}", line.join("L")));
                }
            }
        }
        spark
    }
}

/// The largest of some numbers, at least 0.
pub fn largest(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_gaps_where_there_is_no_value() {
        let point = |day, value, is_failed| SparkPoint {
            at: DateTime::UNIX_EPOCH + chrono::TimeDelta::days(day),
            value,
            is_failed,
        };
        let spark = Spark::new(&[
            point(0, Some(1.0), false),
            point(1, Some(3.0), false),
            point(2, None, true),
            point(3, Some(2.0), false),
            point(4, None, false),
        ]);
        assert_eq!(spark.lines, ["M3.0 20.0L31.5 3.0"]);
        assert_eq!(spark.dots, [("88.5".to_owned(), "11.5".to_owned())]);
        assert_eq!(spark.marks, ["58.5"]);
        assert_eq!(Spark::new(&[point(0, Some(7.0), false)]).dots, [("60.0".to_owned(), "11.5".to_owned())]);
        assert!(Spark::new(&[]).lines.is_empty());
    }

    fn widths(bar: &Bar) -> Vec<(&str, &str)> {
        bar.parts.iter().map(|part| (part.x.as_str(), part.width.as_str())).collect()
    }

    #[test]
    fn parts_share_the_width_and_stay_inside() {
        assert_eq!(widths(&Bar::new(&[("a", 1.0), ("b", 3.0)], 8.0)), [("0.00", "12.50"), ("12.50", "37.50")]);
        assert_eq!(widths(&Bar::new(&[("a", 12.0), ("b", 3.0)], 8.0)), [("0.00", "100.00")]);
        assert_eq!(widths(&Bar::new(&[("a", -1.0), ("b", f64::NAN)], 8.0)), []);
        assert_eq!(widths(&Bar::new(&[("a", 1.0)], 0.0)), []);
    }
}
