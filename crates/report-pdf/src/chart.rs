//! The distribution of the stores' uptime, as bars.

use crate::canvas::{Align, LEFT, LIGHT, RIGHT, Style};
use crate::fleet::{Bar, Distribution, STEPS};
use crate::flow::Flow;
use crate::fonts::{Fonts, Weight};
use crate::numbers::grouped;

/// Numbers along the axes and on the bars.
const LABEL: Style = Style::new(Weight::Regular, 7.5);
/// How high the highest bar may be.
const HEIGHT: f32 = 118.0;
/// Room for the numbers of the upright axis.
const AXIS: f32 = 36.0;
/// Between the bars below 100 % and the last.
const GAP: f32 = 14.0;
/// Bars of stores that were polled.
const DARK: f32 = 0.35;

/// Draws the distribution at the end of what there is on the page. It needs [`TOTAL_HEIGHT`].
pub fn draw(flow: &mut Flow, fonts: &mut Fonts, distribution: &Distribution) {
    let (left, right) = (LEFT + AXIS, RIGHT);
    let width = (right - left - GAP) / (STEPS + 1) as f32;
    let top = flow.y + 22.0;
    let base = top + HEIGHT;
    key(flow, fonts, flow.y + 8.0);

    let highest = distribution.bars.iter().map(Bar::stores).max().unwrap_or_default();
    let step = tick(highest);
    let scale = HEIGHT / highest.max(1) as f32;
    for count in (0..=highest / step).map(|number| number * step) {
        let y = base - count as f32 * scale;
        flow.canvas.line([left, y], [right, y], 0.25, LIGHT);
        flow.canvas.text(fonts, LABEL.grey(), Align::Right, [left - 5.0, y + 2.5], &grouped(count));
    }
    for (number, bar) in distribution.bars.iter().enumerate() {
        let from = left + number as f32 * width + if number == STEPS { GAP } else { 0.0 };
        let (inner_left, inner_right) = (from + 1.5, from + width - 1.5);
        let polled = base - bar.polled as f32 * scale;
        let all = base - bar.stores() as f32 * scale;
        if bar.polled > 0 {
            flow.canvas.filled([inner_left, polled], [inner_right, base], DARK);
        }
        if bar.unpolled > 0 {
            flow.canvas.outlined([inner_left + 0.3, all], [inner_right - 0.3, polled], 0.6, 0.0);
        }
        if bar.stores() > 0 {
            let above = [f32::midpoint(inner_left, inner_right), all - 2.5];
            flow.canvas.text(fonts, LABEL, Align::Centre, above, &grouped(bar.stores()));
        }
    }
    let steps_end = left + STEPS as f32 * width;
    flow.canvas.line([left, base], [steps_end, base], 0.8, 0.0);
    flow.canvas.line([steps_end + GAP, base], [right, base], 0.8, 0.0);
    for percent in (0..=100).step_by(10) {
        let x = left + percent as f32 / 5.0 * width;
        flow.canvas.line([x, base], [x, base + 3.0], 0.6, 0.0);
        flow.canvas.text(fonts, LABEL, Align::Centre, [x, base + 11.0], &percent.to_string());
    }
    let last = steps_end + GAP + width / 2.0;
    flow.canvas.text(fonts, LABEL, Align::Centre, [last, base + 11.0], "= 100");
    let middle = f32::midpoint(left, steps_end);
    flow.canvas.text(fonts, LABEL, Align::Centre, [middle, base + 22.0], "Uptime share in the last week, %");
    flow.y = base + 26.0;
}

/// How much of a page [`draw`] needs.
pub const TOTAL_HEIGHT: f32 = 22.0 + HEIGHT + 26.0;

/// What the two kinds of bars are.
fn key(flow: &mut Flow, fonts: &mut Fonts, y: f32) {
    flow.canvas.text(fonts, LABEL.grey(), Align::Left, [LEFT, y], "Stores");
    let mut x = LEFT + AXIS;
    for (is_filled, text) in
        [(true, "polled in opening hours in the week"), (false, "not polled then: the share rests on the policy alone")]
    {
        let (from, to) = ([x, y - 6.0], [x + 7.0, y + 0.5]);
        if is_filled {
            flow.canvas.filled(from, to, DARK);
        } else {
            flow.canvas.outlined(from, to, 0.6, 0.0);
        }
        flow.canvas.text(fonts, LABEL.grey(), Align::Left, [x + 11.0, y], text);
        x += 11.0 + LABEL.length(fonts.get(LABEL.weight).width(text)) + 16.0;
    }
}

/// From one line to the next: 1, 2 or 5 and noughts, for at most five lines above the base.
fn tick(highest: u64) -> u64 {
    let mut power: u64 = 1;
    loop {
        for digit in [1, 2, 5] {
            let step = power.saturating_mul(digit);
            if highest / step <= 5 {
                return step;
            }
        }
        power = power.saturating_mul(10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_at_round_numbers() {
        for (highest, step) in [(0, 1), (1, 1), (5, 1), (6, 2), (11, 2), (12, 5), (30, 10), (7_000, 2_000)] {
            assert_eq!(tick(highest), step, "{highest}");
        }
        assert!(u64::MAX / tick(u64::MAX) <= 5);
    }
}
