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

/// The point of a text that is at its x coordinate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

impl Anchor {
    fn name(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Middle => "middle",
            Self::End => "end",
        }
    }
}

/// The rectangle that a text covers, in pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Area {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

impl Area {
    /// Width of a character and height of a line of the 13-pixel font, rounded up.
    const CHARACTER: f64 = 7.5;
    const LINE: f64 = 13.0;
    /// Least distance between two texts.
    const GAP: f64 = 3.0;

    /// Returns the area of a text whose baseline is at `y`.
    fn of((x, y): (f64, f64), anchor: Anchor, text: &str) -> Self {
        let width = Self::CHARACTER * crate::figure::float(text.chars().count() as u64);
        let left = match anchor {
            Anchor::Start => x,
            Anchor::Middle => x - width / 2.0,
            Anchor::End => x - width,
        };
        Self { left, right: left + width, top: y - Self::LINE * 0.8, bottom: y + Self::LINE * 0.2 }
    }

    /// Returns `true` if less than the least distance is between the two areas.
    fn touches(self, other: Self) -> bool {
        self.left < other.right + Self::GAP
            && other.left < self.right + Self::GAP
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

/// An SVG document under construction.
pub(super) struct Svg {
    text: String,
    /// Areas of all texts drawn so far.
    covered: Vec<Area>,
}

impl Svg {
    pub(super) fn new(title: &str) -> Self {
        let text = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
             role=\"img\" aria-label=\"{title}\">\n{STYLE}"
        );
        let mut svg = Self { text, covered: Vec::new() };
        svg.text("title", (LEFT, 28.0), Anchor::Start, title);
        svg
    }

    /// Appends a line of SVG.
    pub(super) fn push(&mut self, element: std::fmt::Arguments<'_>) {
        // Writing to a string cannot fail.
        let _fits = writeln!(self.text, "{element}");
    }

    pub(super) fn text(&mut self, class: &str, (x, y): (f64, f64), anchor: Anchor, text: &str) {
        self.covered.push(Area::of((x, y), anchor, text));
        let anchor = anchor.name();
        self.push(format_args!(
            "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>"
        ));
    }

    /// Labels the point at (`x`, `y`) with its value: above the point, or beside or below it if that
    /// place is covered by another text. Omits the label if all of these places are covered.
    pub(super) fn value(&mut self, (x, y): (f64, f64), text: &str) {
        let places = [
            ((x, y - 10.0), Anchor::Middle),
            ((x + 8.0, y - 10.0), Anchor::Start),
            ((x - 8.0, y - 10.0), Anchor::End),
            ((x, y + 20.0), Anchor::Middle),
            ((x + 8.0, y + 20.0), Anchor::Start),
            ((x - 8.0, y + 20.0), Anchor::End),
        ];
        let is_free = |(place, anchor): &((f64, f64), Anchor)| {
            let area = Area::of(*place, *anchor, text);
            self.covered.iter().all(|other| !area.touches(*other))
        };
        if let Some((place, anchor)) = places.into_iter().find(is_free) {
            self.text("label", place, anchor, text);
        }
    }

    /// Draws the vertical axis with its grid.
    pub(super) fn vertical(&mut self, scale: Scale, name: &str) {
        for (value, label) in scale.ticks() {
            let y = y_of(scale.place(value));
            let end = WIDTH - RIGHT;
            self.push(format_args!(
                "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{end}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>"
            ));
            self.text("label", (LEFT - 8.0, y + 4.0), Anchor::End, &label);
        }
        self.text("name", (8.0, TOP - 10.0), Anchor::Start, name);
    }

    /// Draws the horizontal axis with its marks.
    pub(super) fn horizontal(&mut self, marks: &[(f64, String)], name: &str) {
        let (y, end) = (HEIGHT - BOTTOM, WIDTH - RIGHT);
        self.push(format_args!(
            "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{end}\" y1=\"{y}\" y2=\"{y}\"/>"
        ));
        for (place, label) in marks {
            self.text("label", (x_of(*place), y + 20.0), Anchor::Middle, label);
        }
        self.text("name", (f64::midpoint(LEFT, end), HEIGHT - 12.0), Anchor::Middle, name);
    }

    /// Draws the legend, in a row below the title. `sample` draws the sample of one entry at a
    /// position.
    pub(super) fn legend(&mut self, names: &[&str], sample: impl Fn(usize, f64, f64) -> String) {
        let mut x = LEFT;
        for (index, name) in names.iter().enumerate() {
            let drawn = sample(index, x, 46.0);
            self.push(format_args!("{drawn}"));
            self.text("name", (x + 28.0, 50.0), Anchor::Start, name);
            // About seven pixels per character.
            x += 44.0 + 7.0 * crate::figure::float(name.len() as u64);
        }
    }

    pub(super) fn finish(self) -> String {
        self.text + "</svg>\n"
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

/// Returns the pairs of texts in a drawn chart that overlap.
#[cfg(test)]
pub(super) fn overlaps(svg: &str) -> Vec<(String, String)> {
    let field = |element: &str, name: &str| -> String {
        let (_, rest) = element.split_once(&format!("{name}=\"")).expect(name);
        rest.split('"').next().expect(name).to_owned()
    };
    let texts: Vec<_> = svg
        .lines()
        .filter(|line| line.starts_with("<text "))
        .map(|line| {
            let number = |name| field(line, name).parse::<f64>().expect(name);
            let anchor = match field(line, "text-anchor").as_str() {
                "start" => Anchor::Start,
                "middle" => Anchor::Middle,
                _ => Anchor::End,
            };
            let text = line.split(['<', '>']).nth(2).expect("a text").to_owned();
            (Area::of((number(" x"), number(" y")), anchor, &text), text)
        })
        .collect();
    let mut found = Vec::new();
    for (index, (area, text)) in texts.iter().enumerate() {
        for (other_area, other) in texts.iter().skip(index + 1) {
            if area.touches(*other_area) {
                found.push((text.clone(), other.clone()));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_placed_where_no_other_text_is() {
        let mut svg = Svg::new("title");
        let mut count = |place, expected| {
            svg.value(place, "20,000");
            assert_eq!(svg.text.matches("20,000").count(), expected, "{place:?}");
        };
        count((300.0, 200.0), 1);
        // Below the point, because the place above it is taken.
        count((300.0, 200.0), 2);
        // Nowhere, because both are taken.
        count((300.0, 200.0), 2);
        // Beside the point.
        count((340.0, 200.0), 3);
        let found = overlaps(&svg.finish());
        assert!(found.is_empty(), "{found:?}");
    }

    #[test]
    fn overlaps_are_found() {
        let mut svg = Svg::new("title");
        svg.text("label", (64.0, 266.0), Anchor::End, "20");
        svg.text("label", (72.0, 266.7), Anchor::Middle, "15");
        assert_eq!(overlaps(&svg.finish()), [("20".to_owned(), "15".to_owned())]);
    }
}
