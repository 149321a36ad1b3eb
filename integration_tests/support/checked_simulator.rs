//! A simulator that checks on drop that it received only read requests and that all traffic
//! conforms to HubSpot's documents.

use std::ops::Deref;

use hubspot_simulator::{Config, Simulator};

/// A running simulator. Dropping it fails the test if a request was not on the list of reads, or if
/// a request or a response differs from HubSpot's documents.
pub(crate) struct CheckedSimulator(Simulator);

impl CheckedSimulator {
    pub(crate) fn start(config: Config) -> Self {
        Self(Simulator::start(Config { judged: true, ..config }).expect("a free port"))
    }
}

impl Deref for CheckedSimulator {
    type Target = Simulator;

    fn deref(&self) -> &Simulator {
        &self.0
    }
}

impl Drop for CheckedSimulator {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let reads = reads();
        for (method, path) in self.0.sent_beside_gets() {
            assert!(reads.iter().any(|read| read.covers(&method, &path)), "{method} {path}");
        }
        // Paths are logged and must not contain e-mail addresses.
        let entries = self.0.journal();
        let personal = entries.iter().find(|entry| entry.path.contains('@'));
        assert!(personal.is_none(), "{personal:?}");
        let complaints = self.0.complaints();
        let complaints = complaints.join("\n");
        assert!(complaints.is_empty(), "HubSpot's documents say otherwise:\n{complaints}");
    }
}

/// A row of the table in `SECURITY.md`.
struct Read {
    method: String,
    start: String,
    end: String,
}

impl Read {
    fn covers(&self, method: &str, path: &str) -> bool {
        *self.method == *method && path.starts_with(&*self.start) && path.ends_with(&*self.end)
    }
}

/// Returns the documented read requests from `SECURITY.md`, independently of the code.
fn reads() -> Vec<Read> {
    let text = include_str!("../../SECURITY.md");
    let rows = text.lines().filter_map(|line| {
        let (method, rest) = line.strip_prefix("| ")?.split_once(" | `")?;
        let (path, _) = rest.split_once("` | ")?;
        let (start, end) = path.split_once('…')?;
        Some(Read { method: method.to_owned(), start: start.to_owned(), end: end.to_owned() })
    });
    let rows: Vec<_> = rows.collect();
    assert!(rows.len() > 1, "SECURITY.md has a table");
    rows
}
