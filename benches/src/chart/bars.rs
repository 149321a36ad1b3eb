//! Bar charts with groups of two bars.

use super::scale::{Scale, label};
use super::svg::{Svg, x_of, y_of};
use crate::figure::float;

/// Two bars with a common label.
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) values: [f64; 2],
}

/// Draws the groups side by side. `names` labels the first and the second bar in the legend.
pub(super) fn draw(title: &str, unit: &str, names: [&str; 2], groups: &[Group]) -> String {
    let most = groups.iter().flat_map(|group| group.values).fold(0.0, f64::max);
    let scale = Scale::linear(most);
    let width = 1.0 / float(groups.len().max(1) as u64);
    let mut svg = Svg::new(title);
    svg.vertical(scale, unit);
    let mut marks = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let begin = float(index as u64) * width;
        marks.push((begin + width / 2.0, group.name.to_owned()));
        for (bar, value) in group.values.into_iter().enumerate() {
            let (left, right) = (begin + width * (0.2 + 0.3 * float(bar as u64)), width * 0.27);
            let (x, end) = (x_of(left), x_of(left + right));
            let (y, foot) = (y_of(scale.place(value)), y_of(0.0));
            svg.push(format_args!(
                "<rect class=\"bar-{bar}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\"/>",
                end - x,
                foot - y
            ));
            svg.value((f64::midpoint(x, end), y + 4.0), &label(value));
        }
    }
    svg.horizontal(&marks, "columns chosen in the catalog");
    svg.legend(&names, |index, x, y| {
        let y = y - 6.0;
        format!("<rect class=\"bar-{index}\" x=\"{x}\" y=\"{y}\" width=\"22\" height=\"12\"/>")
    });
    svg.finish()
}
