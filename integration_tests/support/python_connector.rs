//! A reader that handles states like the Python connector, based on its observed behavior: it
//! starts exactly at the cursor, inclusive, makes no second pass, and writes the largest value it
//! has seen, without any other key.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;

use chrono::{DateTime, SecondsFormat};
use hubspot_simulator::DEFAULT_TOKEN;
use serde_json::{Value, json};

use super::Stage;
use super::invariants::instant_ms;

/// Read mode of a stream, with the names that it requires.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ReadMode {
    /// A search by the modified date `modified` of an object type.
    Search { object: &'static str, modified: &'static str },
    /// A list that the reader filters: path, field with the records, key field.
    List { path: &'static str, records: &'static str, key: &'static str },
    /// Property history of an object type.
    Histories { object: &'static str },
    /// The log of e-mail events.
    Log,
    /// The recently modified engagements.
    Engagements,
    /// The submissions of all forms.
    Submissions,
    /// The visits of all contacts.
    Visits,
}

/// Result of a read.
pub(crate) struct Found {
    /// Keys of the records.
    pub(crate) keys: BTreeSet<String>,
    /// The state for the next read.
    pub(crate) claim: Value,
}

/// Reads a stream from its state.
pub(crate) fn read(stage: &Stage, mode: ReadMode, cursor: &str, claim: &Value) -> Found {
    let python = PythonConnector { stage, now_ms: stage.simulator.now_ms() };
    let saved = if claim["use_global_cursor"] == true { &claim["state"] } else { claim };
    let from = instant_ms(&saved[cursor]).expect("a cursor");
    let found = python.records(mode, cursor, from);
    let is_wanted = |at: &i64| (from..=python.now_ms).contains(at);
    let found: Vec<_> = found.into_iter().filter(|(_, at)| is_wanted(at)).collect();
    let last = found.iter().map(|(_, at)| *at).max().unwrap_or(from);
    let value = match saved[cursor].as_str() {
        Some(text) if text.contains('T') => {
            let last = DateTime::from_timestamp_millis(last).expect("a time");
            last.to_rfc3339_opts(SecondsFormat::Micros, true)
        }
        _ => last.to_string(),
    };
    let claim = match claim["use_global_cursor"].as_bool() {
        None => json!({ cursor: value }),
        Some(_) => json!({ "use_global_cursor": true, "state": { cursor: value },
            "lookback_window": 0, "parent_state": {} }),
    };
    Found { keys: found.into_iter().map(|(key, _)| key).collect(), claim }
}

struct PythonConnector<'a> {
    stage: &'a Stage,
    now_ms: i64,
}

impl PythonConnector<'_> {
    /// Returns keys and instants of the records for a read from an instant.
    fn records(&self, mode: ReadMode, cursor: &str, from: i64) -> Vec<(String, i64)> {
        match mode {
            ReadMode::Search { object, modified } => self.search(object, modified, from),
            ReadMode::List { path, records, key } => {
                let found = self.pages(path, records);
                found
                    .iter()
                    .filter_map(|record| Some((text(&record[key]), instant_ms(&record[cursor])?)))
                    .collect()
            }
            ReadMode::Histories { object } => self.histories(object),
            ReadMode::Log => {
                let path = format!(
                    "/email/public/v1/events?limit=1000&startTimestamp={from}&endTimestamp={}",
                    self.now_ms
                );
                let found = self.pages(&path, "events");
                found
                    .iter()
                    .filter_map(|event| Some((text(&event["id"]), event["created"].as_i64()?)))
                    .collect()
            }
            ReadMode::Engagements => {
                let path =
                    format!("/engagements/v1/engagements/recent/modified?count=100&since={from}");
                let found = self.pages(&path, "results");
                let own = found.iter().map(|one| &one["engagement"]);
                own.filter_map(|own| Some((text(&own["id"]), own["lastUpdated"].as_i64()?)))
                    .collect()
            }
            ReadMode::Submissions => {
                let forms = self.stage.simulator.portal(|portal| portal.form_ids(false));
                let forms = forms.into_iter().filter(|(_, kind)| *kind != "blog_comment");
                let found = forms.flat_map(|(form, _)| {
                    let path = format!("/form-integrations/v1/submissions/forms/{form}?limit=50");
                    self.pages(&path, "results")
                });
                found
                    .filter_map(|one| {
                        let at = one["submittedAt"].as_i64()?;
                        Some((at.to_string(), at))
                    })
                    .collect()
            }
            ReadMode::Visits => {
                let ids = self
                    .stage
                    .simulator
                    .portal(|portal| portal.ids("contacts").collect::<Vec<_>>());
                let since = DateTime::from_timestamp_millis(from).expect("a time");
                let since = since.to_rfc3339_opts(SecondsFormat::Millis, true);
                let found = ids.into_iter().flat_map(|id| {
                    let path = format!(
                        "/events/v3/events?objectType=contact&objectId={id}&eventType=e_visited_page&occurredAfter={since}"
                    );
                    self.pages(&path, "results")
                });
                found
                    .filter_map(|event| {
                        Some((text(&event["id"]), instant_ms(&event["occurredAt"])?))
                    })
                    .collect()
            }
        }
    }

    fn search(&self, object: &str, modified: &str, from: i64) -> Vec<(String, i64)> {
        let (mut found, mut above) = (Vec::new(), 0);
        loop {
            let body = json!({ "limit": 200,
                "sorts": [{ "propertyName": "hs_object_id", "direction": "ASCENDING" }],
                "properties": [modified],
                "filterGroups": [{ "filters": [
                    { "propertyName": modified, "operator": "GTE", "value": from.to_string() },
                    { "propertyName": modified, "operator": "LTE", "value": self.now_ms.to_string() },
                    { "propertyName": "hs_object_id", "operator": "GT", "value": above.to_string() } ] }] });
            let path = format!("/crm/v3/objects/{object}/search");
            let page = self.ask("POST", &path, &body.to_string());
            let hits = page["results"].as_array().expect("hits");
            for hit in hits {
                above = text(&hit["id"]).parse::<u64>().expect("an id");
                found.push((above.to_string(), instant_ms(&hit["updatedAt"]).expect("a time")));
            }
            if hits.is_empty() {
                return found;
            }
        }
    }

    /// Returns the property versions, identified by object, property and instant.
    fn histories(&self, object: &str) -> Vec<(String, i64)> {
        let path = format!(
            "/crm/v3/objects/{object}?limit=50&propertiesWithHistory=dealname,hs_note_body"
        );
        let found = self.pages(&path, "results");
        let versions = found.iter().flat_map(|record| {
            let properties = record["propertiesWithHistory"].as_object().into_iter().flatten();
            properties.flat_map(move |(name, versions)| {
                versions.as_array().into_iter().flatten().map(move |version| {
                    let at = instant_ms(&version["timestamp"]).expect("a time");
                    (format!("{} {name} {at}", text(&record["id"])), at)
                })
            })
        });
        versions.collect()
    }

    /// Returns all records of a list.
    fn pages(&self, path: &str, records: &str) -> Vec<Value> {
        let mut found = Vec::new();
        let mut next: Option<String> = None;
        loop {
            let join = if path.contains('?') { "&" } else { "?" };
            let target =
                next.as_ref().map_or(path.to_owned(), |next| format!("{path}{join}{next}"));
            let page = self.ask("GET", &target, "");
            found.extend(page[records].as_array().expect(records).iter().cloned());
            next = if page["hasMore"] == true {
                Some(format!("offset={}", text(&page["offset"])))
            } else {
                page["paging"]["next"]["after"].as_str().map(|after| format!("after={after}"))
            };
            if next.is_none() {
                return found;
            }
        }
    }

    fn ask(&self, method: &str, target: &str, body: &str) -> Value {
        let url = self.stage.simulator.url();
        let host = url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).expect("the simulator");
        let request = format!(
            "{method} {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\
             Authorization: Bearer {DEFAULT_TOKEN}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        let (head, body) = answer.split_once("\r\n\r\n").expect("headers");
        assert!(head.starts_with("HTTP/1.1 200"), "{target}: {answer}");
        serde_json::from_str(body).expect("JSON")
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
