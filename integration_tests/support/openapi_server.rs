//! A server derived only from HubSpot's API documents: it responds to every request of the contract
//! with a random body that the documents allow.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use hubspot_simulator::Granted;
use hubspot_simulator::contract::{Contract, Operation};
use serde_json::{Map, Value, json};

use super::random_json::{Maker, Variant, null, optional_fields};

/// An entry that must be emitted as a record.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The request that returned the entry.
    pub(crate) of: String,
    pub(crate) body: Value,
}

/// All served entries by their unique text.
pub(crate) type Entries = BTreeMap<String, Entry>;

/// A running server. Its threads end with the process.
pub(crate) struct OpenApiServer {
    pub(crate) url: String,
    state: Arc<Mutex<State>>,
}

struct State {
    maker: Maker,
    /// Index of the one optional field of each operation that is null.
    nulled: Option<usize>,
    /// Entries of each listing, generated at its first request.
    listings: BTreeMap<String, Vec<Value>>,
    served: Entries,
    next_id: u64,
    problems: BTreeSet<String>,
}

impl OpenApiServer {
    pub(crate) fn start(variant: Variant, seed: u64, nulled: Option<usize>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State {
            maker: Maker::new(variant, seed),
            nulled,
            listings: BTreeMap::new(),
            served: Entries::new(),
            next_id: 700_000,
            problems: BTreeSet::new(),
        }));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || {
                    // A client that disconnects ends its connection.
                    let _gone = converse(&stream, &state);
                });
            }
        });
        Self { url, state }
    }

    /// Returns the entries served so far that must become records.
    pub(crate) fn served(&self) -> Entries {
        self.state.lock().expect("no panic").served.clone()
    }

    /// Returns the requests that are not in the contract.
    pub(crate) fn problems(&self) -> BTreeSet<String> {
        self.state.lock().expect("no panic").problems.clone()
    }
}

/// The parts of a request that determine the response.
struct Asked {
    method: String,
    path: String,
    query: Vec<(String, String)>,
    body: Value,
}

impl Asked {
    fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Returns the values of a list parameter.
    fn list(&self, name: &str) -> BTreeSet<String> {
        let all = self.query.iter().filter(|(key, _)| key == name);
        all.flat_map(|(_, value)| value.split(',')).map(str::to_owned).collect()
    }
}

fn converse(stream: &TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split(' ');
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default().to_owned();
        let (mut length, mut is_form) = (0, false);
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let header = header.trim_end().to_ascii_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or_default();
            }
            is_form |= header.contains("x-www-form-urlencoded");
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let url = reqwest::Url::parse(&format!("http://x{target}")).expect("a target");
        let asked = Asked {
            method,
            path: percent_encoding::percent_decode_str(url.path()).decode_utf8_lossy().into(),
            query: url.query_pairs().map(|(key, value)| (key.into(), value.into())).collect(),
            body: if is_form {
                Value::Null
            } else {
                serde_json::from_slice(&body).unwrap_or_default()
            },
        };
        let answer = state.lock().expect("no panic").answer(&asked).to_string();
        write!(
            &*stream,
            // A quota that no test uses up.
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\
             X-HubSpot-RateLimit-Max: 1000000\r\nX-HubSpot-RateLimit-Remaining: 1000000\r\n\
             X-HubSpot-RateLimit-Interval-Milliseconds: 10000\r\n\
             Content-Length: {}\r\n\r\n{answer}",
            answer.len()
        )?;
    }
}

/// Returns an empty response for an endpoint without a document.
fn undocumented(path: &str) -> Value {
    match path.rsplit('/').next().unwrap_or_default() {
        "access-token-info" => json!({ "scopes": Granted::All.listed() }),
        "workflows" => json!({ "workflows": [] }),
        "campaigns" => json!({ "campaigns": [], "hasMore": false }),
        "events" => json!({ "events": [], "hasMore": false }),
        "subscriptions" => json!({ "subscriptionDefinitions": [] }),
        "timeline" => json!({ "timeline": [], "hasMore": false }),
        _ => json!({ "results": [], "hasMore": false, "offset": 0, "total": 0 }),
    }
}

/// Properties of CRM objects: name, type, and sample values.
const PROPERTIES: &[(&str, &str, &[&str])] = &[
    ("plain", "string", &["text", "Zoë \u{2028} \"x\"", ""]),
    ("amount", "number", &["12.50", "0.40000000000000002220446049250313", "9007199254740993", ""]),
    ("flag", "bool", &["true", "false", ""]),
    ("day", "date", &["2024-02-29", "1999-12-31", ""]),
    ("moment", "datetime", &["2024-02-29T12:00:00.123Z", "2024-02-29T12:00:00Z", ""]),
    ("choice", "enumeration", &["a", "a;b", "never heard of"]),
    ("blob", "json", &["{\"a\":[1]}", "[]"]),
    ("hs_call_recording_url", "string", &["https://example.test/a"]),
    ("hs_meeting_recording_url", "string", &["https://example.test/b"]),
];

/// Object types whose definitions are records, by the names used in requests.
const DEFINED: &[&str] = &[
    "company",
    "contact",
    "deal",
    "ticket",
    "call",
    "communication",
    "email",
    "lead",
    "meeting",
    "note",
    "order",
    "product",
    "quote",
    "service",
    "subscription",
    "task",
    "user",
];

/// Number of entries in a listing.
const ENTRIES: u64 = 3;

impl State {
    fn answer(&mut self, asked: &Asked) -> Value {
        let contract = Contract::get();
        let Some(operation) = contract.operation(&asked.method, &asked.path) else {
            if !contract.is_undocumented(&asked.method, &asked.path) {
                self.problems.insert(format!("{} {}", asked.method, asked.path));
            }
            return undocumented(&asked.path);
        };
        let Some(schema) = operation.answer(200) else { return undocumented(&asked.path) };
        let mut answer = match self.fixed(operation, asked) {
            Some(answer) => answer,
            None => self.page(operation, schema, asked),
        };
        if let Some(number) = self.nulled {
            let optional = optional_fields(contract, schema);
            if let Some(field) =
                optional.get(number % optional.len().max(1)).filter(|_| number < optional.len())
            {
                null(&mut answer, field);
            }
        }
        answer
    }

    /// Returns the fixed responses that determine whether anything is read.
    fn fixed(&mut self, operation: &Operation, asked: &Asked) -> Option<Value> {
        let path = operation.path.as_str();
        if path.ends_with("/enablement") {
            return Some(json!({ "enablementByObjectTypeId": { "0-1": true, "9-99": false } }));
        }
        if path.ends_with("/private-apps") {
            return Some(json!({ "results": [{
                "name": "private-apps-api-calls-daily", "usageLimit": 1_000_000,
                "currentUsage": 5, "collectedAt": "2026-01-01T00:00:00Z",
                "fetchStatus": "SUCCESS", "resetsAt": "2026-01-02T00:00:00Z",
            }] }));
        }
        if path.ends_with("/details") {
            let mut details = self.maker.make(operation.answer(200)?, 0);
            details["portalId"] = 4455.into();
            details["utcOffsetMilliseconds"] = 0.into();
            return Some(details);
        }
        if path.ends_with("/batch/read") {
            return Some(self.batch(operation, asked));
        }
        path.ends_with("/search").then(|| {
            if path.contains("/lists/") {
                self.lists(operation, asked)
            } else {
                self.search(operation, asked)
            }
        })
    }

    /// Returns a page of a listing.
    fn page(&mut self, operation: &Operation, schema: &Value, asked: &Asked) -> Value {
        let contract = Contract::get();
        let listing = listing_of(asked);
        let entries = self.listing(operation, &listing, asked);
        let all = contract.resolve(schema);
        let mut answer = self.maker.make(schema, 0);
        let Some(fields) = answer.as_object_mut() else { return answer };
        fields.remove("errors");
        fields.remove("numErrors");
        fields.remove("paging");
        let shown: Vec<Value> = entries.iter().map(|entry| show(operation, entry, asked)).collect();
        let has_paging = !all["properties"]["paging"].is_null();
        let by_id =
            operation.path.ends_with("/{objectType}") && operation.path.contains("/objects/");
        let has_single = self.maker.variant == Variant::SinglePages;
        let per_page = if has_single { 1 } else { usize::MAX };
        let limit = asked.query("limit").and_then(|limit| limit.parse().ok()).unwrap_or(100);
        let from = asked.query("after").and_then(|after| after.parse::<u64>().ok()).unwrap_or(0);
        let start = if by_id {
            shown.iter().position(|entry| number(&entry["id"]) >= from).unwrap_or(shown.len())
        } else {
            usize::try_from(from).expect("small")
        };
        let count = if has_paging { per_page.min(limit) } else { usize::MAX };
        let page: Vec<Value> = shown.iter().skip(start).take(count).cloned().collect();
        let end = start + page.len();
        // With `SinglePages` an empty page follows the page with the last entry.
        let more = if self.maker.variant == Variant::SinglePages {
            !page.is_empty()
        } else {
            end < shown.len()
        };
        if has_paging && more {
            let after = if by_id {
                page.last().map_or(0, |entry| number(&entry["id"]) + 1).to_string()
            } else {
                end.to_string()
            };
            fields.insert("paging".to_owned(), json!({ "next": { "after": after } }));
        }
        if fields.contains_key("total") {
            fields.insert("total".to_owned(), shown.len().into());
        }
        fields.insert("results".to_owned(), page.into());
        answer
    }

    /// Returns a page of the list search, which has its own pagination.
    fn lists(&mut self, operation: &Operation, asked: &Asked) -> Value {
        let entries = self.listing(operation, "lists", asked);
        let from = asked.body["offset"].as_u64().unwrap_or(0);
        let from = usize::try_from(from).expect("small");
        let count = if self.maker.variant == Variant::SinglePages { 1 } else { usize::MAX };
        let page: Vec<&Value> = entries.iter().skip(from).take(count).collect();
        let end = from + page.len();
        let more =
            if self.maker.variant == Variant::SinglePages { !page.is_empty() } else { false };
        json!({ "lists": page, "hasMore": more, "offset": end, "total": entries.len() })
    }

    /// Returns the records of a listing that match the id filters, in order of id. All records
    /// match any other filter.
    fn search(&mut self, operation: &Operation, asked: &Asked) -> Value {
        let path = asked.path.trim_end_matches("/search").to_owned();
        let list = Contract::get().operation("GET", &path).expect("what is searched is listed");
        let plain = Asked { method: "GET".to_owned(), path, query: Vec::new(), body: Value::Null };
        let entries = self.listing(list, &listing_of(&plain), &plain);
        let filters =
            asked.body["filterGroups"][0]["filters"].as_array().cloned().unwrap_or_default();
        let fits = |entry: &&Value| {
            let id = number(&entry["id"]);
            filters.iter().filter(|filter| filter["propertyName"] == "hs_object_id").all(|filter| {
                let bound = number(&filter["value"]);
                match filter["operator"].as_str() {
                    Some("GT") => id > bound,
                    Some("GTE") => id >= bound,
                    Some("LT") => id < bound,
                    Some("LTE") => id <= bound,
                    _ => true,
                }
            })
        };
        let mut found: Vec<&Value> = entries.iter().filter(fits).collect();
        if asked.body["sorts"][0]["direction"] == "DESCENDING" {
            found.reverse();
        }
        let total = found.len();
        let limit = asked.body["limit"].as_u64().unwrap_or(10);
        found.truncate(usize::try_from(limit).expect("small"));
        let shown: Vec<Value> =
            found.into_iter().map(|entry| show(operation, entry, asked)).collect();
        json!({ "total": total, "results": shown })
    }

    fn batch(&mut self, operation: &Operation, asked: &Asked) -> Value {
        let schema = operation.answer(200).expect("an answer");
        let mut answer = self.maker.make(schema, 0);
        let contract = Contract::get();
        let item = &contract.resolve(schema)["properties"]["results"]["items"];
        let mut results = Vec::new();
        for input in asked.body["inputs"].as_array().into_iter().flatten() {
            let mut result = self.maker.make(item, 0);
            if operation.path.contains("/associations/") {
                result["from"] = json!({ "id": input["id"] });
                if let Some(fields) = result.as_object_mut() {
                    fields.remove("paging");
                }
                for to in result["to"].as_array_mut().into_iter().flatten() {
                    to["toObjectId"] =
                        (800_000 + self.maker.rng.between(0, 9_000)).to_string().into();
                }
            } else if operation.path.contains("/flows/") {
                let id = input["flowId"].clone();
                // The fields that the list returned must be the same here.
                let listed = self.listings.get(asked.path.trim_end_matches("/batch/read"));
                let listed = listed.and_then(|all| all.iter().find(|flow| flow["id"] == id));
                for (name, value) in listed.and_then(Value::as_object).into_iter().flatten() {
                    result[name.as_str()] = value.clone();
                }
                let mark = id.as_str().unwrap_or_default().to_owned();
                let of = operation.path.clone();
                let made = self.served.get(&mark).filter(|entry| entry.of == of).cloned();
                result = made.map_or(result, |entry| entry.body);
                self.served.insert(mark, Entry { of, body: result.clone() });
            } else {
                let path = asked.path.trim_end_matches("/batch/read").to_owned();
                let list = contract.operation("GET", &path).expect("what is read is listed");
                let plain =
                    Asked { method: "GET".to_owned(), path, query: Vec::new(), body: Value::Null };
                let entries = self.listing(list, &listing_of(&plain), &plain);
                let Some(found) = entries.iter().find(|entry| entry["id"] == input["id"]) else {
                    continue;
                };
                result = show(operation, found, asked);
            }
            results.push(result);
        }
        let fields = answer.as_object_mut().expect("an object");
        fields.remove("errors");
        fields.remove("numErrors");
        fields.insert("status".to_owned(), "COMPLETE".into());
        fields.insert("results".to_owned(), results.into());
        answer
    }

    /// Returns the entries of a listing, which are generated once.
    fn listing(&mut self, operation: &Operation, listing: &str, asked: &Asked) -> Vec<Value> {
        if let Some(entries) = self.listings.get(listing) {
            return entries.clone();
        }
        let contract = Contract::get();
        let answer = contract.resolve(operation.answer(200).expect("an answer"));
        let properties = &answer["properties"];
        let array = if properties["lists"].is_object() {
            &properties["lists"]
        } else {
            &properties["results"]
        };
        let item = &array["items"];
        let mut entries = Vec::new();
        for place in 0..Self::count(operation) {
            let mut entry = self.maker.make(item, 0);
            self.settle(operation, asked, &mut entry, place);
            if let Some(mark) = mark(operation, asked, &entry) {
                let of = format!("{} {listing}", asked.method);
                self.served.insert(mark, Entry { of, body: entry.clone() });
            }
            entries.push(entry);
        }
        self.listings.insert(listing.to_owned(), entries.clone());
        entries
    }

    fn count(operation: &Operation) -> usize {
        if operation.path.contains("/properties/") {
            PROPERTIES.len() + 1
        } else if operation.path.contains("event-occurrences")
            || operation.path.ends_with("/v3/events")
        {
            1
        } else if operation.path.contains("schemas") || operation.path.contains("event-definitions")
        {
            2
        } else {
            usize::try_from(ENTRIES).expect("small")
        }
    }

    fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Sets the fields that identify an entry and those that the request asked for.
    fn settle(&mut self, operation: &Operation, asked: &Asked, entry: &mut Value, place: usize) {
        let path = operation.path.as_str();
        let id = self.id();
        let text = id.to_string();
        if path.contains("/properties/") {
            Self::define(entry, place, &text);
        } else if path.contains("/labels") {
            entry["typeId"] = id.into();
        } else if path.contains("schemas") {
            entry["name"] = format!("things{place}").into();
            entry["fullyQualifiedName"] = format!("p4455_things{place}").into();
            entry["objectTypeId"] = format!("2-{id}").into();
            self.define_all(entry);
        } else if path.contains("event-definitions") {
            entry["id"] = text.clone().into();
            entry["name"] = format!("event{place}").into();
            entry["fullyQualifiedName"] = format!("pe4455_event{place}").into();
            if !entry["primaryObjectId"].is_null() {
                entry["primaryObjectId"] = "0-2".into();
            }
            self.define_all(entry);
        } else if path.ends_with("/events") || path.contains("event-occurrences") {
            entry["id"] = format!("{text}-0000-4000-8000-000000000001").into();
            for (field, name) in
                [("eventType", "eventType"), ("objectType", "objectType"), ("objectId", "objectId")]
            {
                if let Some(value) = asked.query(name) {
                    entry[field] = value.into();
                }
            }
        } else if path.contains("/lists/") {
            let field = if path.ends_with("/memberships") { "recordId" } else { "listId" };
            entry[field] = text.into();
        } else {
            entry["id"] = text.into();
        }
        if path.ends_with("/objects/2026-09/{objectType}")
            || path.ends_with("/v3/objects/{objectType}")
        {
            let mut properties = Map::new();
            for (name, _, values) in PROPERTIES {
                let value = self.maker.rng.pick(values);
                let value = if value.is_empty() && self.maker.rng.once_in(2) {
                    Value::Null
                } else {
                    json!(value)
                };
                properties.insert((*name).to_owned(), value);
            }
            properties.insert("hs_object_id".to_owned(), id.to_string().into());
            entry["properties"] = properties.into();
            let archived = asked.query("archived") == Some("true");
            entry["archived"] = archived.into();
            let fields = entry.as_object_mut().expect("an object");
            fields.remove("associations");
            fields.remove("propertiesWithHistory");
            if archived {
                fields.insert("archivedAt".to_owned(), "2025-06-01T00:00:00.5Z".into());
            } else {
                fields.remove("archivedAt");
            }
        }
        if path.contains("/owners/") || path.ends_with("/owners") {
            entry["archived"] = (asked.query("archived") == Some("true")).into();
        }
    }

    fn define(entry: &mut Value, place: usize, text: &str) {
        match PROPERTIES.get(place) {
            Some((name, kind, _)) => {
                entry["name"] = (*name).into();
                entry["type"] = (*kind).into();
                entry["fieldType"] = "text".into();
            }
            // A name that no other object type has, with any type.
            None => entry["name"] = format!("own_{text}").into(),
        }
    }

    fn define_all(&mut self, entry: &mut Value) {
        let contract = Contract::get();
        let operation =
            contract.operation("GET", "/crm/properties/2026-09/x").expect("it is there");
        let answer = contract.resolve(operation.answer(200).expect("an answer"));
        let item = &answer["properties"]["results"]["items"];
        let defined = (0..PROPERTIES.len()).map(|place| {
            let mut property = self.maker.make(item, 0);
            Self::define(&mut property, place, "");
            property
        });
        entry["properties"] = defined.collect();
    }
}

/// Returns the key of a listing: requests with the same key return the same entries.
fn listing_of(asked: &Asked) -> String {
    let mut listing = asked.path.clone();
    for name in ["archived", "eventType", "objectType", "objectId"] {
        if let Some(value) = asked.query(name).filter(|value| *value != "false") {
            listing.extend([" ", name, "=", value]);
        }
    }
    listing
}

/// Returns the part of an entry that a request asked for.
fn show(operation: &Operation, entry: &Value, asked: &Asked) -> Value {
    let mut shown = entry.clone();
    let path = operation.path.as_str();
    if path.contains("/objects/") {
        let from_body = |name: &str| -> BTreeSet<String> {
            let names = asked.body[name].as_array().into_iter().flatten();
            names.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let both = |name: &str| asked.list(name).into_iter().chain(from_body(name)).collect();
        let (wanted, history): (BTreeSet<String>, BTreeSet<String>) =
            (both("properties"), both("propertiesWithHistory"));
        let properties = shown["properties"].as_object_mut().expect("properties");
        properties.retain(|name, _| wanted.contains(name) || name.starts_with("hs_object"));
        if !history.is_empty() {
            let mut versions = Map::new();
            for name in
                history.iter().filter(|name| PROPERTIES.iter().any(|(known, ..)| known == name))
            {
                let value = format!("version {name} {}", entry["id"].as_str().unwrap_or_default());
                versions.insert(name.clone(), json!([{
                    "value": value, "timestamp": "2024-05-05T05:05:05.005Z", "sourceType": "CRM_UI",
                }]));
            }
            shown["propertiesWithHistory"] = versions.into();
        }
    }
    if path.contains("/emails") {
        let wanted = asked.list("includedProperties");
        let with_stats = asked.query("includeStats") == Some("true");
        let fields = shown.as_object_mut().expect("an object");
        if !wanted.is_empty() {
            fields.retain(|name, _| name == "id" || name == "isAb" || wanted.contains(name));
        }
        if !with_stats {
            fields.remove("stats");
        }
    }
    shown
}

/// Returns the unique text of an entry that its record must contain; `None` if the entry does not
/// become a record.
fn mark(operation: &Operation, asked: &Asked, entry: &Value) -> Option<String> {
    let path = operation.path.as_str();
    let object = asked.path.rsplit('/').next().unwrap_or_default();
    let field = if path.contains("/properties/") {
        // All but one property are the same for all object types, and most definitions are
        // requested only to determine the columns of a stream.
        let name = entry["name"].as_str()?;
        let is_record = name.starts_with("own_") && DEFINED.contains(&object);
        return is_record.then(|| name.to_owned());
    } else if path.contains("/objects/") && object.starts_with(|c: char| c.is_ascii_digit()) {
        // Requested by type id: records that may have custom events.
        return None;
    } else if path.contains("/labels") {
        "typeId"
    } else if path.contains("schemas") {
        return None;
    } else if path.contains("/lists/") {
        if path.ends_with("/memberships") { "recordId" } else { "listId" }
    } else if path.ends_with("/flows") {
        // The list returns summaries; the records come from the full definitions.
        return None;
    } else {
        "id"
    };
    let value = &entry[field];
    Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn number(value: &Value) -> u64 {
    value.as_str().and_then(|text| text.parse().ok()).unwrap_or_default()
}
