//! Bars: small pictures of numbers that stand beside them.

use askama::Template;
use askama::filters::HtmlSafe;

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

/// The largest of some numbers, at least 0.
pub fn largest(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

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
