//! Recordings of calls and meetings, and their URLs.

#![expect(clippy::unwrap_used, reason = "a message of another shape has to fail the test")]

use std::collections::BTreeMap;
use std::time::Duration;

use hubspot_simulator::portal::{Portal, PortalSpec, Records};
use serde_json::{Value, json};

use crate::support::changes::{archive_property, set};
use crate::support::output::end_ms;
use crate::support::{Catalog, Mode, Output, Stage, few};

const STREAMS: [(&str, &str, &str); 2] =
    [("call_recordings", "calls", "call_id"), ("meeting_recordings", "meetings", "meeting_id")];
/// Overlap of consecutive reads that are more than an hour apart, in milliseconds: records that the
/// index may have shown late are read again.
const OVERLAP_MS: i64 = 3_600_000;

fn portal() -> PortalSpec {
    PortalSpec { others: [("calls".to_owned(), 900), ("meetings".to_owned(), 700)].into(), ..few() }
}

fn catalog() -> Catalog {
    Catalog::of(&STREAMS.map(|(stream, ..)| stream), Mode::Incremental)
}

/// Returns the URL of the recording of a call or a meeting, if HubSpot hosts it.
fn url(portal: &Portal, object: &str, id: u64) -> Option<String> {
    let names: &[_] = match object {
        "calls" => &["hs_call_recording_url", "hs_call_video_recording_url"],
        _ => &["hs_meeting_recording_url"],
    };
    let mut urls = names.iter().filter_map(|name| portal.value(object, id, name));
    urls.find(|url| !url.is_empty()).filter(|url| url.starts_with("https://api.hubapi.com/"))
}

/// Returns the recordings of records modified at an instant or later, by id.
fn expected(stage: &Stage, object: &str, from_ms: i64) -> BTreeMap<String, String> {
    stage.simulator.portal(|portal| {
        let recent = |id: &u64| portal.modified_ms(object, *id) >= Some(from_ms);
        let ids = portal.ids(object).filter(recent);
        ids.filter_map(|id| Some((id.to_string(), url(portal, object, id)?))).collect()
    })
}

fn found(output: &Output, stream: &str, key: &str) -> BTreeMap<String, String> {
    let text = |record: &Value, field: &str| record[field].as_str().unwrap().to_owned();
    let records = output.records(stream);
    let found: BTreeMap<_, _> = records
        .iter()
        .map(|record| {
            assert!(record.get("properties").is_none() && record.get("id").is_none(), "{record}");
            assert_eq!(text(record, "file_name"), format!("{}.mp4", text(record, key)));
            assert_eq!(text(record, "object_type"), key.trim_end_matches("_id"));
            assert_eq!(record["archived"], false);
            assert!(
                record["hs_createdate"].is_string() && record["hs_lastmodifieddate"].is_string()
            );
            (text(record, key), text(record, "recording_url"))
        })
        .collect();
    assert_eq!(found.len(), records.len(), "each once");
    found
}

fn position_ms(output: &Output, stream: &str) -> i64 {
    let state = output.last_state(stream);
    assert!(state["hs_lastmodifieddate"].is_string(), "{state}");
    end_ms(state).expect("an end")
}

#[test]
fn every_recording_that_hubspot_keeps_is_a_record() {
    let stage = Stage::calm(portal());
    let third = |object: &str, seed| {
        let (share, name) = (0.2, object.trim_end_matches('s'));
        let property = format!("hs_{name}_recording_url");
        let url = "https://zoom.us/rec/share/1.mp4";
        let records = Records::Sample { share, seed };
        stage.simulator.change(&set(object, records, &property, url));
    };
    third("calls", 3);
    third("meetings", 4);
    stage.simulator.advance(Duration::from_mins(1));
    for mode in [Mode::Incremental, Mode::Full] {
        stage.simulator.clear_journal();
        let catalog = Catalog::of(&STREAMS.map(|(stream, ..)| stream), mode);
        let output = stage.read(&catalog).succeeded();
        for (stream, object, key) in STREAMS {
            let expected = expected(&stage, object, i64::MIN);
            assert!(expected.len() > 100, "{} {object} are recorded", expected.len());
            assert!(found(&output, stream, key) == expected, "{stream}");
        }
        let journal = stage.simulator.journal();
        let searches = journal.iter().filter(|entry| entry.endpoint == "objects.search").count();
        assert!(searches > 2 && searches <= 8, "{searches}");
        assert_eq!(journal.len(), searches + 3, "names of properties, the day, and no file");
    }
}

#[test]
fn a_second_read_brings_what_changed() {
    let stage = Stage::calm(portal());
    let first = stage.read(&catalog()).succeeded();
    stage.simulator.advance(Duration::from_hours(2));
    for (_, object, _) in STREAMS {
        let sample = Records::Sample { share: 0.3, seed: 9 };
        stage.simulator.change(&set(object, sample, "hs_body_preview", "changed"));
    }
    stage.simulator.advance(Duration::from_mins(10));
    let second = stage.read_on(&catalog(), &first.state()).succeeded();
    for (stream, object, key) in STREAMS {
        let expected = expected(&stage, object, position_ms(&first, stream) - OVERLAP_MS);
        assert!(expected.len() > 30 && found(&second, stream, key) == expected, "{stream}");
    }
    // Records that the index may have shown late are read once more, and then no longer.
    stage.simulator.advance(Duration::from_mins(61));
    let third = stage.read_on(&catalog(), &second.state()).succeeded();
    stage.simulator.advance(Duration::from_mins(61));
    stage.simulator.clear_journal();
    let fourth = stage.read_on(&catalog(), &third.state()).succeeded();
    for (stream, _, key) in STREAMS {
        assert_eq!(found(&fourth, stream, key).len(), 0);
        assert!(position_ms(&fourth, stream) > position_ms(&third, stream));
    }
    // One of them is the request for the daily usage.
    assert_eq!(stage.simulator.journal().len(), 5);
}

#[test]
fn every_older_state_is_read() {
    let stage = Stage::calm(portal());
    let from = (stage.simulator.now_ms() - 90 * 86_400_000) / 1000 * 1000;
    let iso = chrono::DateTime::from_timestamp_millis(from).unwrap().format("%Y-%m-%dT%H:%M:%S");
    for (case, value, from) in [
        ("six digits", json!(format!("{iso}.000000Z")), from - OVERLAP_MS),
        ("an offset", json!(format!("{iso}.000000+00:00")), from - OVERLAP_MS),
        ("whole seconds", json!(format!("{iso}Z")), from - OVERLAP_MS),
        ("nothing read yet", json!(""), i64::MIN),
    ] {
        let saved = json!([{ "type": "STREAM", "stream": {
            "stream_descriptor": { "name": "call_recordings" },
            "stream_state": { "hs_lastmodifieddate": value } } }]);
        let output = stage.read_on(&catalog().only(&["call_recordings"]), &saved).succeeded();
        let expected = expected(&stage, "calls", from);
        assert!(!expected.is_empty(), "{case}");
        assert!(found(&output, "call_recordings", "call_id") == expected, "{case}");
    }
}

#[test]
fn a_property_that_the_portal_lacks_is_not_asked_for() {
    let stage = Stage::calm(portal());
    for (object, name) in
        [("calls", "hs_call_video_recording_url"), ("meetings", "hs_meeting_recording_url")]
    {
        stage.simulator.change(&archive_property(object, name));
    }
    let output = stage.read(&catalog()).succeeded();
    let expected = expected(&stage, "calls", i64::MIN);
    assert!(!expected.is_empty() && found(&output, "call_recordings", "call_id") == expected);
    assert_eq!(found(&output, "meeting_recordings", "meeting_id").len(), 0);
    assert!(position_ms(&output, "meeting_recordings") > 0);
}
