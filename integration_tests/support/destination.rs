//! Contents of a destination after several syncs, compared with those of the portal.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use hubspot_simulator::Portal;
use serde_json::Value;

use super::interrupted_runs::Run;
use super::invariants::instant_ms;

/// Tables by stream: the last version of each record by its key, and the number of times it was
/// received.
#[derive(Debug, Default)]
pub(crate) struct Destination {
    tables: BTreeMap<String, BTreeMap<String, (Value, usize)>>,
}

impl Destination {
    pub(crate) fn take(&mut self, run: &Run) {
        for line in run.records() {
            let mut line: Value = serde_json::from_str(line).expect(line);
            let stream = line["record"]["stream"].as_str().expect("a stream").to_owned();
            let data = line["record"]["data"].take();
            let key = key(&stream, &data);
            let row = self.tables.entry(stream).or_default().entry(key).or_default();
            *row = (data, row.1 + 1);
        }
    }

    /// Clears the table of a stream without a cursor, which is read in full again.
    pub(crate) fn forget(&mut self, stream: &str) {
        self.tables.remove(stream);
    }

    fn last(&self, stream: &str, key: &str) -> Option<&Value> {
        self.tables.get(stream)?.get(key).map(|(data, _)| data)
    }

    fn times(&self, stream: &str, key: &str) -> usize {
        self.tables.get(stream).and_then(|table| table.get(key)).map_or(0, |(_, times)| *times)
    }

    /// Returns what the portal holds of a stream and the destination does not. Records modified
    /// before `since_ms` are not expected, nor is the history of `merged` ones, which is backdated.
    pub(crate) fn lacks(
        &self,
        stream: &str,
        portal: &Portal,
        (since_ms, now_ms): (i64, i64),
        merged: &BTreeSet<(String, u64)>,
    ) -> Vec<String> {
        match stream {
            "email_events" => {
                let ids = portal.email_event_ids(now_ms).into_iter();
                ids.filter(|id| self.last(stream, id).is_none()).collect()
            }
            "subscription_changes" => {
                let times = portal.subscription_change_times();
                self.lacks_counted(stream, times.iter().map(ToString::to_string))
            }
            "form_submissions" => {
                let forms = portal.form_ids(false).into_iter();
                let times =
                    forms.filter(|(_, kind)| *kind != "blog_comment").flat_map(|(form, _)| {
                        let times = portal.submission_times(&form).into_iter();
                        times.map(move |at_ms| format!("{form} {at_ms}")).collect::<Vec<_>>()
                    });
                self.lacks_counted(stream, times)
            }
            "list_memberships" => self.other_members(portal),
            "engagements" => {
                let objects = ["calls", "emails", "meetings", "notes", "tasks"];
                let each = objects.iter().flat_map(|object| {
                    portal.ids(object).filter(|id| {
                        let found = self.last(stream, &id.to_string());
                        let found = found.and_then(|data| data["lastUpdated"].as_i64());
                        found.is_none() || found != portal.modified_ms(object, *id)
                    })
                });
                each.map(|id| id.to_string()).collect()
            }
            "deals_archived" => {
                let ids = portal.archived_ids("deals").map(|id| id.to_string());
                ids.filter(|id| self.last(stream, id).is_none()).collect()
            }
            _ => match stream.strip_suffix("_property_history") {
                Some(object) => self.lacks_versions(stream, object, portal, merged),
                None => self.lacks_records(stream, portal, since_ms),
            },
        }
    }

    fn lacks_records(&self, stream: &str, portal: &Portal, since_ms: i64) -> Vec<String> {
        let object = match stream {
            "boats" => "p4455_boats",
            "engagements_calls" => "calls",
            "engagements_notes" => "notes",
            _ => stream,
        };
        let mut lacking = Vec::new();
        for id in portal.ids(object) {
            let truth = portal.modified_ms(object, id).expect("it is there");
            let found = self.last(stream, &id.to_string());
            let found = found.and_then(|data| instant_ms(&data["updatedAt"]));
            if truth >= since_ms && found != Some(truth) {
                lacking.push(format!("{id}, modified {truth}, found {found:?}"));
            }
        }
        lacking
    }

    fn lacks_versions(
        &self,
        stream: &str,
        object: &str,
        portal: &Portal,
        merged: &BTreeSet<(String, u64)>,
    ) -> Vec<String> {
        let mut lacking = Vec::new();
        for id in portal.ids(object).filter(|id| !merged.contains(&(object.to_owned(), *id))) {
            for name in portal.property_names(object) {
                if matches!(name.as_str(), "hs_lastmodifieddate" | "lastmodifieddate") {
                    continue;
                }
                for version in portal.versions(object, id, &name) {
                    let at = version["timestamp"].as_str().expect("a time");
                    let at_ms = DateTime::parse_from_rfc3339(at).expect(at).timestamp_millis();
                    let key = format!("{id} {name} {at_ms}");
                    if self.last(stream, &key).is_none() {
                        lacking.push(key);
                    }
                }
            }
        }
        lacking
    }

    /// Returns the keys that were received less often than they occur in `keys`.
    fn lacks_counted(&self, stream: &str, keys: impl Iterator<Item = String>) -> Vec<String> {
        let mut wanted: BTreeMap<String, usize> = BTreeMap::new();
        keys.for_each(|key| *wanted.entry(key).or_default() += 1);
        let lacking = wanted.into_iter().filter(|(key, count)| self.times(stream, key) < *count);
        lacking.map(|(key, count)| format!("{count} times {key}")).collect()
    }

    /// Returns the list members that are missing from the destination, and those that are no longer
    /// members.
    fn other_members(&self, portal: &Portal) -> Vec<String> {
        let lists = portal.list_ids().into_iter();
        let truth: BTreeSet<String> = lists
            .flat_map(|(list, _)| {
                let members = portal.list_members(list).into_iter();
                members.map(move |id| format!("{list} {id}")).collect::<Vec<_>>()
            })
            .collect();
        let table = self.tables.get("list_memberships");
        let found: BTreeSet<String> =
            table.into_iter().flatten().map(|(key, _)| key.clone()).collect();
        truth.symmetric_difference(&found).cloned().collect()
    }
}

/// Returns the key of a record.
fn key(stream: &str, data: &Value) -> String {
    let text = |name: &str| {
        let value = &data[name];
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    };
    match stream {
        "form_submissions" => format!("{} {}", text("formId"), text("submittedAt")),
        "list_memberships" => format!("{} {}", text("listId"), text("recordId")),
        "subscription_changes" => text("timestamp"),
        _ if stream.ends_with("_property_history") => {
            let ids = ["vid", "dealId", "companyId"];
            let id = ids.into_iter().find(|name| !data[*name].is_null()).expect("an id");
            let at_ms = instant_ms(&data["timestamp"]).expect("a time");
            format!("{} {} {at_ms}", text(id), text("property"))
        }
        _ => text("id"),
    }
}
