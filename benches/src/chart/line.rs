//! Line charts.

use std::fmt::Write;

use super::scale::{Scale, label};
use super::svg::{Svg, x_of, y_of};

/// A line; `style` is one of the CSS classes of the frame.
pub(super) struct Line {
    pub(super) name: &'static str,
    pub(super) style: &'static str,
    pub(super) points: Vec<(f64, f64)>,
}

/// Lines with common axes.
pub(super) struct Plot {
    pub(super) title: &'static str,
    pub(super) x: (Scale, &'static str),
    pub(super) y: (Scale, &'static str),
    pub(super) lines: Vec<Line>,
    /// `true` to mark the points of the first line with their values.
    pub(super) has_dots: bool,
}

impl Plot {
    pub(super) fn draw(&self) -> String {
        let ((x_scale, x_name), (y_scale, y_name)) = (self.x, self.y);
        let place = |(x, y): (f64, f64)| (x_of(x_scale.place(x)), y_of(y_scale.place(y)));
        let mut svg = Svg::new(self.title);
        svg.vertical(y_scale, y_name);
        let marks = x_scale.ticks().into_iter().map(|(value, text)| (x_scale.place(value), text));
        svg.horizontal(&marks.collect::<Vec<_>>(), x_name);
        for line in &self.lines {
            let mut path = String::new();
            for (index, (x, y)) in line.points.iter().map(|point| place(*point)).enumerate() {
                let step = if index == 0 { 'M' } else { 'L' };
                // Writing to a string cannot fail.
                let _fits = write!(path, "{step}{x:.1} {y:.1}");
            }
            svg.push(format_args!("<path class=\"line {}\" d=\"{path}\"/>", line.style));
        }
        for point in self.lines.iter().take(usize::from(self.has_dots)).flat_map(|l| &l.points) {
            let (x, y) = place(*point);
            svg.push(format_args!("<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>"));
            svg.value((x, y), &label(point.1));
        }
        let names: Vec<_> = self.lines.iter().map(|line| line.name).collect();
        svg.legend(&names, |index, x, y| {
            let style = self.lines.get(index).map(|line| line.style).unwrap_or_default();
            let end = x + 22.0;
            format!("<line class=\"line {style}\" x1=\"{x}\" x2=\"{end}\" y1=\"{y}\" y2=\"{y}\"/>")
        });
        svg.finish()
    }
}
