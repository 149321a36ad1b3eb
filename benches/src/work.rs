//! Memory, CPU and bytes of the program, without quotas and latency.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::Result;
use crate::connector::{Connector, Run, named, size};
use crate::figure::{Figure, Points, float, grouped, megabytes, millis, per, percent, seconds};
use crate::portal::{contacts, unbounded};

const MEMORY: u64 = 64_000_000;
const BINARY: u64 = 12_000_000;
const SPEC_MEMORY: u64 = 16_000_000;
const SPEC_TIME: Duration = Duration::from_millis(10);
/// Throughput of Airbyte's Python connector 5.7.0, in records with 150 properties per second and
/// core, and its peak memory. Measured on another machine.
const PYTHON: (f64, &str) = (82.0, "239 MB");
const CPU_RATIO: f64 = 300.0;

/// Measures peak memory by number of contacts.
pub(crate) fn memory(connector: &Connector, sizes: &[u64]) -> Result<(Vec<Figure>, Points)> {
    let (mut figures, mut points) = (Vec::new(), Vec::new());
    for &records in sizes {
        let simulator = unbounded(contacts(records, 0))?;
        let run = connector.read(&simulator.url(), &[named("contacts")], &[])?;
        if run.records != records {
            return Err(format!("{} records were read of {records}", run.records).into());
        }
        let peak = run.taken.peak_bytes;
        figures.push(
            Figure::plain(
                format!("peak memory, {} contacts", grouped(records)),
                format!(
                    "{} ({} of stdout in {})",
                    megabytes(peak),
                    megabytes(run.bytes),
                    seconds(run.wall)
                ),
            )
            .held("< 64 MB", peak < MEMORY)
            .anywhere(),
        );
        points.push((float(records), float(peak) / 1e6));
    }
    Ok((figures, points))
}

/// Measures CPU time per contact with 150 properties, and peak memory.
pub(crate) fn cpu(connector: &Connector, records: u64) -> Result<Vec<Figure>> {
    let simulator = unbounded(contacts(records, 150))?;
    let run = connector.read(&simulator.url(), &[named("contacts")], &[])?;
    let requests = simulator.summary().requests;
    let each = per(run.taken.cpu().as_secs_f64(), run.records);
    let ratio = 1.0 / (each * PYTHON.0);
    Ok(vec![
        Figure::plain(
            format!("CPU per record, {} contacts × 150 properties", grouped(run.records)),
            format!(
                "{:.1} µs, all in: gunzip, HTTP, JSON, stdout, {requests} requests; {:.0} × less than {} records/s a core \
                 of the Python connector 5.7.0, which was measured elsewhere",
                each * 1e6,
                ratio,
                PYTHON.0
            ),
        )
        .held("≥ 300 × less", ratio >= CPU_RATIO),
        Figure::plain(
            "the same: peak memory",
            format!("{} (the Python connector, measured elsewhere: {})", megabytes(run.taken.peak_bytes), PYTHON.1),
        )
        .held("< 64 MB", run.taken.peak_bytes < MEMORY)
        .anywhere(),
    ])
}

/// Effect of column selection.
pub(crate) struct Choice {
    pub(crate) figures: Vec<Figure>,
    /// Bytes per record, received from HubSpot and written: with few columns, then with all.
    pub(crate) bytes: [[f64; 2]; 2],
}

/// Compares five columns of 500 properties with all columns.
pub(crate) fn columns(connector: &Connector, records: u64) -> Result<Choice> {
    const PROPERTIES: u32 = 500;
    const FEW: usize = 5;
    let simulator = unbounded(contacts(records, PROPERTIES))?;
    let streams = connector.discover(&simulator.url())?;
    let is_contacts = |stream: &&Value| stream.get("name").is_some_and(|name| name == "contacts");
    let all = streams.iter().find(is_contacts).ok_or("no contacts in the catalog")?;
    let mut narrow = all.clone();
    let columns = narrow.pointer_mut("/json_schema/properties").and_then(Value::as_object_mut);
    let columns = columns.ok_or("contacts have no columns")?;
    *columns = few(columns, FEW);
    let (mut figures, mut bytes, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for (choice, stream) in [("5 columns", &narrow), ("all columns", all)] {
        simulator.clear_journal();
        let run = connector.read(&simulator.url(), std::slice::from_ref(stream), &[])?;
        let summary = simulator.summary();
        let received = summary.bytes;
        figures.push(Figure::plain(
            format!(
                "{choice} of {PROPERTIES} properties, {} contacts: from HubSpot (gzip), out, CPU, time, requests",
                grouped(run.records)
            ),
            described(&run, summary.requests, received),
        ));
        bytes.push([received, run.bytes].map(|bytes| per(float(bytes), run.records)));
        shares.push(float(received));
    }
    let [Some(narrow), Some(wide)] = [0, 1].map(|place| bytes.get(place).copied()) else {
        return Err("two choices have two figures".into());
    };
    let [narrow_received, wide_received] = [narrow, wide].map(|[received, _]| received);
    let share = narrow_received / wide_received;
    figures.push(
        Figure::plain("5 of 500: share of the bytes from HubSpot", percent(share))
            .held("≤ 5.0 %", share <= 0.05)
            .anywhere(),
    );
    Ok(Choice { figures, bytes: [narrow, wide] })
}

fn described(run: &Run, requests: u64, received: u64) -> String {
    format!(
        "{}, {}, {}, {}, {requests}",
        megabytes(received),
        megabytes(run.bytes),
        seconds(run.taken.cpu()),
        seconds(run.wall)
    )
}

/// Returns the key, the cursor, and `number` properties spread over the alphabet.
///
/// The properties are not adjacent: if all unselected properties were more recent than the selected
/// ones, the connector would assume that they were added after discovery and read them.
fn few(columns: &Map<String, Value>, number: usize) -> Map<String, Value> {
    let flat: Vec<_> = columns.keys().filter(|name| name.starts_with("properties_")).collect();
    let step = (flat.len() / number).max(1);
    let chosen = flat.into_iter().rev().step_by(step).take(number).map(String::as_str);
    let names = ["id", "updatedAt"].into_iter().chain(chosen);
    names.map(|name| (name.to_owned(), json!({}))).collect()
}

/// Measures the program itself: `spec` and the size of the binary.
pub(crate) fn program(connector: &Connector) -> Result<Vec<Figure>> {
    const RUNS: usize = 15;
    let runs = (0..RUNS).map(|_| connector.spec()).collect::<Result<Vec<_>>>()?;
    let mut times: Vec<_> = runs.iter().map(|run| run.taken.wall()).collect();
    times.sort_unstable();
    let median = times.get(RUNS / 2).copied().unwrap_or_default();
    let peak = runs.iter().map(|run| run.taken.peak_bytes).max().unwrap_or_default();
    let binary = size(&connector.binary)?;
    Ok(vec![
        Figure::plain(format!("`spec`, median of {RUNS}"), millis(median))
            .held("< 10.0 ms", median < SPEC_TIME),
        Figure::plain("`spec`: peak memory", megabytes(peak))
            .held("< 16.0 MB", peak < SPEC_MEMORY)
            .anywhere(),
        Figure::plain("the program", megabytes(binary))
            .held("< 12.0 MB", binary < BINARY)
            .anywhere(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_columns_are_the_key_the_cursor_and_some_properties() {
        let names = (0..20).map(|n| format!("properties_p{n:02}"));
        let names = names.chain(["id", "updatedAt", "companies", "properties"].map(str::to_owned));
        let columns = names.map(|name| (name, json!({ "type": "string" }))).collect();
        let chosen = few(&columns, 5);
        let chosen: Vec<_> = chosen.keys().map(String::as_str).collect();
        let properties = ["properties_p03", "properties_p07", "properties_p11", "properties_p15"];
        for name in ["id", "updatedAt", "properties_p19"].iter().chain(&properties) {
            assert!(chosen.contains(name), "{name} of {chosen:?}");
        }
        assert_eq!(chosen.len(), 7);
    }
}
