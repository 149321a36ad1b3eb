//! The frame of a chart: title, axes, colors, legend.

use std::fmt::Write;

use super::scale::Scale;

const WIDTH: f64 = 784.0;
const HEIGHT: f64 = 380.0;
const LEFT: f64 = 72.0;
/// Space for half of the last label.
const RIGHT: f64 = 44.0;
const TOP: f64 = 76.0;
const BOTTOM: f64 = 56.0;

const STYLE: &str = "\
<style>
  text { font: 13px system-ui, sans-serif; fill: #24292f }
  .title { font-size: 16px; font-weight: 600 }
  .grid { stroke: #d0d7de } .axis { stroke: #57606a }
  .line { fill: none; stroke-width: 2 }
  .one { stroke: #0969da } .limit { stroke: #cf222e; stroke-dasharray: 6 4 }
  .faint { stroke: #8c959f; stroke-width: 1 }
  .dot { fill: #0969da } .bar-0 { fill: #0969da } .bar-1 { fill: #8c959f }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .grid { stroke: #30363d } .axis { stroke: #8b949e }
    .one { stroke: #58a6ff } .limit { stroke: #ff7b72 } .faint { stroke: #6e7681 }
    .dot { fill: #58a6ff } .bar-0 { fill: #58a6ff } .bar-1 { fill: #6e7681 }
  }
</style>
";

/// An SVG document under construction.
pub(super) struct Svg(String);

impl Svg {
    pub(super) fn new(title: &str) -> Self {
        let mut svg = Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             role=\"img\" aria-label=\"{title}\">\n{STYLE}"
        ));
        svg.text("title", (LEFT, 28.0), "start", title);
        svg
    }

    /// Appends a line of SVG.
    pub(super) fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _fits = writeln!(self.0, "{element}");
    }

    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: &str, text: &str) {
        self.push(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
        ));
    }

    /// Draws the vertical axis with its grid.
    pub(super) fn vertical(&mut self, scale: Scale, name: &str) {
        for (value, label) in scale.ticks() {
            let y = y_of(scale.place(value));
            let end = WIDTH - RIGHT;
            self.push(format_args!(
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{end}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
            ));
            self.text("label", (LEFT - 8.0, y + 4.0), "end", &label);
        }
        self.text("name", (8.0, TOP - 10.0), "start", name);
    }

    /// Draws the horizontal axis with its marks.
    pub(super) fn horizontal(&mut self, marks: &[(f64, String)], name: &str) {
        let (y, end) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        self.push(format_args!(
            "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{end}\" y1=\"{y}\" y2=\"{y}\"/>"
        ));
        for (place, label) in marks {
            self.text("label", (x_of(*place), y + 20.0), "middle", label);
        }
        self.text("name", (f64::midpoint(LEFT, end), HEIGHT - 12.0), "middle", name);
    }

    /// Draws the legend, in a row below the title. `sample` draws the sample of one entry at a
    /// position.
    pub(super) fn legend(&mut self, names: &[&str], sample: impl Fn(usize, f64, f64) -> String) {
        let mut x = LEFT;
        for (index, name) in names.iter().enumerate() {
            let drawn = sample(index, x, 46.0);
            self.push(format_args!("{drawn}"));
            self.text("name", (x + 28.0, 50.0), "start", name);
            // About seven pixels per character.
            x += 44.0 + 7.0 * crate::figure::float(name.len() as u64);
        }
    }

    pub(super) fn finish(self) -> String {
        self.0 + "</svg>\n"
    }
}

/// Converts a position on the horizontal axis to pixels.
pub(super) fn x_of(place: f64) -> f64 {
    LEFT + place * (WIDTH - LEFT - RIGHT)
}

/// Converts a position on the vertical axis to pixels.
pub(super) fn y_of(place: f64) -> f64 {
    HEIGHT - BOTTOM - place * (HEIGHT - TOP - BOTTOM)
}
