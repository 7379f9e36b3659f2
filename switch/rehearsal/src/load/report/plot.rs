//! Plots as SVG inside a page: lines over a scale, and bars. Colours are the page's (`--one`, `--two` …), so that they suit light
//! and dark.

use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 34.0;

/// A line: its name in the legend, and its points from left to right; where a value is missing the line has a gap.
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) points: Vec<(f64, Option<f64>)>,
}

/// Lines over the same scales.
pub(super) struct Plot<'p> {
    /// Where the scale to the right begins and ends, and what stands below it at which places.
    pub(super) across: (f64, f64),
    pub(super) marks: Vec<(f64, String)>,
    pub(super) below: &'p str,
    pub(super) lines: Vec<Line>,
    /// How a value is told at the scale upwards.
    pub(super) tell: fn(f64) -> String,
    /// A part that is told apart (the warm-up), from where to where.
    pub(super) shaded: Option<(f64, f64)>,
}

/// Steps of 1, 2 or 5 times a power of ten, about `count` of them up to `most`.
pub(super) fn steps(most: f64, count: f64) -> Vec<f64> {
    if !(most.is_finite() && most > 0.0) {
        return vec![0.0, 1.0];
    }
    let rough = most / count;
    let power = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|times| times * power).find(|step| *step >= rough).unwrap_or(rough);
    let mut steps = vec![0.0];
    while steps.last().is_some_and(|last| *last < most) && steps.len() < 50 {
        let next = f64::from(u32::try_from(steps.len()).unwrap_or(u32::MAX)) * step;
        steps.push(next);
    }
    steps
}

impl Plot<'_> {
    /// Legend and picture.
    pub(super) fn svg(&self) -> String {
        let values = self.lines.iter().flat_map(|line| line.points.iter().filter_map(|(_, value)| *value));
        let ticks = steps(values.fold(0.0, f64::max), 4.0);
        let top = ticks.last().copied().unwrap_or(1.0);
        let (from, to) = self.across;
        let x = |at: f64| LEFT + (at - from) / (to - from).max(f64::MIN_POSITIVE) * (WIDTH - LEFT - RIGHT);
        let y = |value: f64| TOP + (1.0 - value / top) * (HEIGHT - TOP - BOTTOM);
        let mut svg = self.legend();
        let _ = write!(svg, "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">");
        if let Some((from, to)) = self.shaded.filter(|(from, to)| to > from) {
            let (left, width, height) = (x(from), x(to) - x(from), HEIGHT - TOP - BOTTOM);
            let _ = write!(svg, "<rect class=\"shade\" x=\"{left:.1}\" y=\"{TOP}\" width=\"{width:.1}\" height=\"{height}\"/>");
            let _ = write!(svg, "<text x=\"{:.1}\" y=\"{:.1}\">warm-up</text>", left + 5.0, TOP + 14.0);
        }
        for tick in &ticks {
            let (at, right, words) = (y(*tick), WIDTH - RIGHT, (self.tell)(*tick));
            let _ = write!(svg, "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>");
            let _ = write!(svg, "<text class=\"up\" x=\"{:.1}\" y=\"{:.1}\">{words}</text>", LEFT - 6.0, at + 4.0);
        }
        for (mark, words) in &self.marks {
            let _ =
                write!(svg, "<text class=\"across\" x=\"{:.1}\" y=\"{:.1}\">{words}</text>", x(*mark), HEIGHT - BOTTOM + 16.0);
        }
        let _ = write!(
            svg,
            "<text class=\"across\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
            x((from + to) / 2.0),
            HEIGHT - 3.0,
            self.below
        );
        for (number, line) in (1..).zip(&self.lines) {
            let mut path = String::new();
            let mut pen = "M";
            for (at, value) in &line.points {
                match value {
                    Some(value) => {
                        let _ = write!(path, "{pen}{:.1} {:.1}", x(*at), y(*value));
                        pen = "L";
                    }
                    None => pen = "M",
                }
            }
            let _ = write!(svg, "<path class=\"line c{number}\" d=\"{path}\"><title>{}</title></path>", line.name);
        }
        svg + "</svg>"
    }

    fn legend(&self) -> String {
        let entries = (1..).zip(&self.lines).map(|(number, line)| format!("<span class=\"key c{number}\">{}</span>", line.name));
        format!("<p class=\"legend\">{}</p>", entries.collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_has_round_steps_and_ends_above_what_is_shown() {
        assert_eq!(steps(97.0, 4.0), [0.0, 50.0, 100.0]);
        assert_eq!(steps(0.07, 4.0), [0.0, 0.02, 0.04, 0.06, 0.08]);
        assert_eq!(steps(0.0, 4.0), [0.0, 1.0]);
        assert_eq!(steps(f64::NAN, 4.0), [0.0, 1.0]);
    }

    #[test]
    fn a_line_has_a_gap_where_nothing_was_measured() {
        let points = vec![(0.0, Some(1.0)), (1.0, None), (2.0, Some(1.0)), (3.0, Some(2.0))];
        let lines = vec![Line { name: "p50", points }];
        let plot = Plot { across: (0.0, 3.0), marks: vec![], below: "s", lines, tell: |value| value.to_string(), shaded: None };
        let svg = plot.svg();
        let path = svg.split(" d=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        assert_eq!((path.matches('M').count(), path.matches('L').count()), (2, 1), "{path}");
    }
}
