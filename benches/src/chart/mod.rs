//! Charts as SVG, readable on light and on dark backgrounds.

mod bars;
mod line;
mod scale;
mod svg;

use bars::Group;
use line::{Line, Plot};
use scale::Scale;

use crate::figure::Points;
use crate::usage::Allowance;

/// Data of all charts.
pub(crate) struct Charts {
    /// Points (second, requests per second): per second, and averaged over the preceding ten
    /// seconds.
    pub(crate) rates: [Points; 2],
    /// Points (records, MB).
    pub(crate) memory_by_records: Points,
    /// Bytes per record, received from HubSpot and written: with few columns, then with all.
    pub(crate) bytes_by_columns: [[f64; 2]; 2],
}

impl Charts {
    /// Draws the charts; returns file names with their content.
    pub(crate) fn draw(&self) -> [(&'static str, String); 3] {
        [
            ("requests.svg", self.requests()),
            ("memory.svg", self.memory()),
            ("columns.svg", self.columns()),
        ]
    }

    fn requests(&self) -> String {
        let allowed = Allowance::GENERAL.per_second();
        let [per_second, per_window] = &self.rates;
        let most = |points: &[(f64, f64)], of: fn(&(f64, f64)) -> f64| {
            points.iter().map(of).fold(0.0, f64::max)
        };
        let end = most(per_second, |point| point.0);
        let top = most(per_second, |point| point.1).max(allowed);
        Plot {
            title: "Requests of a first read against HubSpot's allowance",
            x: (Scale::linear(end), "seconds since the first request"),
            y: (Scale::linear(top * 1.1), "requests per second"),
            lines: vec![
                Line { name: "in the last second", style: "faint", points: per_second.clone() },
                Line {
                    name: "mean of the last ten seconds",
                    style: "one",
                    points: per_window.clone(),
                },
                Line {
                    name: "allowed: 190 in any ten seconds",
                    style: "limit",
                    points: vec![(0.0, allowed), (end, allowed)],
                },
            ],
            has_dots: false,
        }
        .draw()
    }

    fn memory(&self) -> String {
        const BAR: f64 = 64.0;
        let records = || self.memory_by_records.iter().map(|(records, _)| *records);
        let (least, most) = (records().fold(f64::MAX, f64::min), records().fold(0.0, f64::max));
        Plot {
            title: "Peak memory by the size of the portal",
            x: (Scale::log(least, most), "contacts"),
            y: (Scale::linear(BAR * 1.1), "MB"),
            lines: vec![
                Line {
                    name: "resident at most",
                    style: "one",
                    points: self.memory_by_records.clone(),
                },
                Line {
                    name: "bar: 64 MB",
                    style: "limit",
                    points: vec![(least, BAR), (most, BAR)],
                },
            ],
            has_dots: true,
        }
        .draw()
    }

    fn columns(&self) -> String {
        let names = ["5 of 500 properties", "all 500 properties"];
        let groups: Vec<_> = names
            .into_iter()
            .zip(self.bytes_by_columns)
            .map(|(name, values)| Group { name, values })
            .collect();
        bars::draw(
            "Bytes a contact, by the columns chosen",
            "bytes a record",
            ["from HubSpot, compressed", "written to stdout"],
            &groups,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chart_is_one_picture_with_its_words() {
        let charts = Charts {
            rates: [vec![(1.0, 30.0), (2.0, 10.0)], vec![(1.0, 3.0), (2.0, 4.0)]],
            memory_by_records: vec![(1e4, 20.0), (1e6, 21.0)],
            bytes_by_columns: [[40.0, 300.0], [4_000.0, 30_000.0]],
        };
        for (name, svg) in charts.draw() {
            assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{name}");
            assert_eq!(svg.matches("<svg").count(), 1, "{name}");
            assert!(svg.contains("prefers-color-scheme: dark"), "{name}");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}");
        }
        let requests = charts.requests();
        for words in ["seconds since the first request", "requests per second", "190 in any"] {
            assert!(requests.contains(words), "{words}");
        }
        assert!(charts.columns().contains(">30,000<"), "bars say their value");
    }

    #[test]
    fn labels_do_not_overlap() {
        let charts = |memory: &[(f64, f64)], bytes| Charts {
            rates: [vec![(1.0, 190.0), (30.0, 10.0)], vec![(1.0, 3.0), (30.0, 19.0)]],
            memory_by_records: memory.to_vec(),
            bytes_by_columns: bytes,
        };
        for (case, memory, bytes) in [
            // Each point is above the end of the axis, level with one of its labels.
            ("a value at the axis", vec![(1e4, 15.3), (1e5, 21.7)], [[99.0, 322.0]; 2]),
            ("a value on the axis", vec![(1e4, 0.0), (1e5, 0.0)], [[0.0, 0.0]; 2]),
            ("close values", vec![(1e4, 20.0), (1.1e4, 20.0), (1.2e4, 21.0)], [[5e5, 5e5]; 2]),
            ("the highest values", vec![(1e6, 63.9), (1e7, 79.9)], [[1e9, 1e9]; 2]),
        ] {
            for (name, svg) in charts(&memory, bytes).draw() {
                let found = svg::overlaps(&svg);
                assert!(found.is_empty(), "{name}: {case}: {found:?}");
            }
        }
    }
}
