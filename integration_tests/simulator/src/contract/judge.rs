//! Checks requests and their responses against the contract.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;

use bytes::Bytes;
use serde_json::Value;

use super::check::{Place, check};
use super::{Contract, Operation, Parameter};
use crate::decode;
use crate::message::Answer;
use crate::sync::lock;

/// Sampling of responses: the first `ANSWERS` of each operation are checked, then one in
/// `THEN_EVERY`. Parsing JSON is the most expensive part of the simulator.
const ANSWERS: u32 = 12;
const THEN_EVERY: u32 = 24;

/// A known difference from the contract that is not reported.
struct Deviation {
    /// Pattern of the complaint; `*` matches any text.
    complaint: &'static str,
    /// Reason why the document does not apply.
    #[expect(dead_code, reason = "read by people")]
    reason: &'static str,
}

/// Intended differences between the connector or the simulator and HubSpot's documents.
const DEVIATIONS: &[Deviation] = &[
    Deviation {
        complaint: "POST */search asked: body after is required",
        reason: "HubSpot's guides leave it out; the first page has no position.",
    },
    Deviation {
        complaint: "POST */search asked: body sorts[] is object, not string",
        reason: "Guides and service take objects of a property and a direction.",
    },
    Deviation {
        complaint: "POST */batch/read asked: body propertiesWithHistory is required",
        reason: "Guides leave it out where no history is asked for.",
    },
    Deviation {
        complaint: "POST */batch/read asked: body properties is required",
        reason: "Guides leave it out where only history is asked for.",
    },
    Deviation {
        complaint: "POST */lists*/search asked: body * is required",
        reason: "Guides leave all of them out; empty `listIds` might mean no list.",
    },
    Deviation {
        complaint: "* answered 4*: * is not declared",
        reason: "Refusals have `status`, `policyName` and others that no document declares.",
    },
    Deviation {
        complaint: "* answered 4*: category is required",
        reason: "Recorded refusals of OAuth apps, of the gateway and of odd input have none.",
    },
    Deviation {
        complaint: "* answered 207: the status is not declared",
        reason: "Dated documents leave out what classic ones declare; both are answered.",
    },
    Deviation {
        complaint: "POST /oauth/2026-09/token answered 200: the status is not declared",
        reason: "The dated document describes refusals only.",
    },
    Deviation {
        complaint: "POST /oauth/*/token* answered 200: * is not declared",
        reason: "The documents declare a base type; the fields are those of its forms.",
    },
    Deviation {
        complaint: "* results[].properties.* is null",
        reason: "A property without a value is null on every record.",
    },
    Deviation {
        complaint: "* results[].propertiesWithHistory.*[].value is null",
        reason: "A version that cleared a property has no value.",
    },
    Deviation {
        complaint: "POST */batch/read answered 20*: results[].to[].associationTypes[].label is null",
        reason: "An association without a label.",
    },
    Deviation {
        complaint: "GET */labels answered 200: results[].label is null",
        reason: "An association without a label.",
    },
    Deviation {
        complaint: "POST */batch/read answered 20*: results[].to[].toObjectId is integer, not string",
        reason: "Most recorded answers have numbers, which the present documents call texts.",
    },
    Deviation {
        complaint: "POST */lists*/search answered 200: lists[].additionalProperties.* is null",
        reason: "A property of a list without a value.",
    },
    Deviation {
        complaint: "GET */owners* answered 200: results[].userId is null",
        reason: "An archived owner is no user any more.",
    },
    Deviation {
        complaint: "GET /crm/*pipelines*/{objectType} answered 200: results[].*edAt is *",
        reason: "HubSpot's own pipelines have no dates, or one of them, as others report.",
    },
    Deviation {
        complaint: "GET /marketing/v3/forms answered 200: results[].formType is *",
        reason: "The document has one form of several that the query can ask for.",
    },
    Deviation {
        complaint: "POST */batch/read answered 207: errors[].* is required",
        reason: "What a batch says of an id that it lacks has neither `errors` nor `links`.",
    },
    Deviation {
        complaint: "GET /automation/*/flows/{flowId} answered 200: actions[].fields.* is string, not object",
        reason: "As in a batch.",
    },
    Deviation {
        complaint: "POST /automation/*/flows/batch/read answered 20*: results[].actions[].fields.* is string, not object",
        reason: "The fields of an action are texts as often as objects.",
    },
    Deviation {
        complaint: "GET /events/*: results[].properties.* is integer, not string",
        reason: "Now and then numbers are no text, as others report.",
    },
    Deviation {
        complaint: "GET /crm/*schemas* answered 200: results[].associations[].*edAt is null",
        reason: "Dates that are not known.",
    },
];

/// The parts of a request that are checked.
pub(crate) struct Sent<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    /// The raw query string of the URL.
    pub(crate) query: &'a str,
    pub(crate) body: &'a Bytes,
}

/// Collects the complaints about one simulator's requests and responses.
#[derive(Debug, Default)]
pub(crate) struct Judge {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// Each distinct complaint with the first request that caused it.
    complaints: BTreeMap<String, String>,
    /// Number of responses so far, by path of the operation and status.
    answers: HashMap<(&'static str, u16), u32>,
}

impl Judge {
    /// Checks a request, and its response unless a fault has modified it.
    pub(crate) fn examine(&self, sent: &Sent<'_>, answer: &Answer, is_spoilt: bool) {
        let contract = Contract::get();
        let mut complaints = Vec::new();
        let operation = contract.operation(sent.method, sent.path);
        match operation {
            Some(operation) => {
                about_request(contract, operation, sent, &mut complaints);
                if !is_spoilt && self.wants(operation, answer.status) {
                    about_answer(contract, operation, answer, &mut complaints);
                }
            }
            None if contract.is_undocumented(sent.method, sent.path) => {}
            None => complaints.push(format!("{} {}: no such operation", sent.method, sent.path)),
        }
        complaints.retain(|complaint| !is_meant(complaint));
        if !complaints.is_empty() {
            let seen = &mut lock(&self.seen).complaints;
            for complaint in complaints {
                let example = || format!("{} {}?{}", sent.method, sent.path, sent.query);
                seen.entry(complaint).or_insert_with(example);
            }
        }
    }

    /// Counts a response. Returns `true` if it should be checked.
    fn wants(&self, operation: &'static Operation, status: u16) -> bool {
        let mut seen = lock(&self.seen);
        let count = seen.answers.entry((operation.path.as_str(), status)).or_default();
        *count += 1;
        *count <= ANSWERS || count.is_multiple_of(THEN_EVERY)
    }

    /// Returns every complaint so far, each with an example request.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let seen = lock(&self.seen);
        let texts = seen.complaints.iter();
        texts.map(|(complaint, example)| format!("{complaint} ({example})")).collect()
    }
}

fn is_meant(complaint: &str) -> bool {
    DEVIATIONS.iter().any(|deviation| fits(deviation.complaint, complaint))
}

/// Returns `true` if `text` matches `pattern`, in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            (0..=text.len())
                .filter(|place| text.is_char_boundary(*place))
                .any(|place| text.get(place..).is_some_and(|text| fits(rest, text)))
        }),
    }
}

fn about_request(
    contract: &Contract,
    operation: &Operation,
    sent: &Sent<'_>,
    complaints: &mut Vec<String>,
) {
    let head = format!("{} {} asked", operation.method, operation.path);
    let query = decode::pairs(sent.query);
    let mut say = |what: String| complaints.push(format!("{head}: {what}"));
    for (name, value) in &query {
        match operation.query(name) {
            None => say(format!("{name} is not declared")),
            Some(parameter) => {
                if let Some(what) = about_parameter(contract, parameter, value) {
                    say(format!("{name} {what}"));
                }
            }
        }
    }
    for parameter in &operation.parameters {
        let is_there =
            parameter.place != "query" || query.iter().any(|(n, _)| *n == parameter.name);
        if parameter.required && !is_there {
            say(format!("{} is required", parameter.name));
        }
    }
    let body = match &operation.body {
        None if sent.body.is_empty() => return,
        None => return say("a body is not declared".to_owned()),
        Some(body) => body,
    };
    let value = if body.media == "application/json" {
        serde_json::from_slice(sent.body).unwrap_or(Value::Null)
    } else {
        let fields = decode::pairs(&String::from_utf8_lossy(sent.body));
        fields.into_iter().map(|(name, value)| (name, Value::from(value))).collect()
    };
    let mut about_body = Vec::new();
    check(contract, &body.schema, &value, Place::root(), &mut about_body);
    complaints.extend(about_body.into_iter().map(|what| format!("{head}: body {what}")));
}

/// Returns the first violation in the value of a parameter, if any.
fn about_parameter(contract: &Contract, parameter: &Parameter, text: &str) -> Option<String> {
    let schema = contract.resolve(&parameter.schema);
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default();
    let (schema, kind) = match schema.get("items") {
        // HubSpot accepts a list as one comma-separated value or as a repeated parameter.
        Some(items) => (items, items.get("type").and_then(Value::as_str).unwrap_or_default()),
        None => (schema, kind),
    };
    let value = match kind {
        "integer" | "number" | "boolean" => serde_json::from_str(text).unwrap_or(Value::from(text)),
        _ => Value::from(text),
    };
    let mut complaints = Vec::new();
    check(contract, schema, &value, Place::root(), &mut complaints);
    complaints.first().map(|what| what.trim().to_owned())
}

fn about_answer(
    contract: &Contract,
    operation: &Operation,
    answer: &Answer,
    complaints: &mut Vec<String>,
) {
    let head = format!("{} {} answered {}", operation.method, operation.path, answer.status);
    let value: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let Some(schema) = operation.answer(answer.status) else {
        return complaints.push(format!("{head}: the status is not declared"));
    };
    match value {
        // An HTML error page from HubSpot's edge.
        None if answer.status >= 400 => {}
        None => complaints.push(format!("{head}: no JSON")),
        Some(value) => {
            let mut about_body = Vec::new();
            check(contract, schema, &value, Place::root(), &mut about_body);
            complaints.extend(about_body.into_iter().map(|what| format!("{head}: {what}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn complaints(
        method: &str,
        target: &str,
        body: &str,
        status: u16,
        answer: &Value,
    ) -> Vec<String> {
        let judge = Judge::default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let body = Bytes::copy_from_slice(body.as_bytes());
        let answer = Answer::json(status, answer.to_string());
        judge.examine(&Sent { method, path, query, body: &body }, &answer, false);
        judge
            .complaints()
            .into_iter()
            .map(|one| one.split(" (").next().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn a_request_that_no_document_allows_is_noticed() {
        let (owners, fine) = ("GET /crm/owners/2026-09 asked: ", json!({ "results": [] }));
        for (case, method, target, body, expected) in [
            ("all is well", "GET", "/crm/owners/2026-09?limit=500&archived=true", "", None),
            ("a stranger", "GET", "/crm/owners/2026-09?depth=2", "", Some("depth is not declared")),
            (
                "another type",
                "GET",
                "/crm/owners/2026-09?limit=many",
                "",
                Some("limit is string, not integer"),
            ),
            ("a body", "GET", "/crm/owners/2026-09", "{}", Some("a body is not declared")),
        ] {
            let found = complaints(method, target, body, 200, &fine);
            let expected: Vec<_> = expected.iter().map(|what| format!("{owners}{what}")).collect();
            assert_eq!(found, expected, "{case}");
        }
        let found = complaints("GET", "/crm/owners/2027-03", "", 200, &fine);
        assert_eq!(found, ["GET /crm/owners/2027-03: no such operation"]);
        let body = r#"{"inputs":[{"id":"7"}],"properties":[],"propertiesWithHistory":[],"deep":1}"#;
        let answer = json!({
            "status": "COMPLETE", "results": [],
            "startedAt": "2026-01-01T00:00:00Z", "completedAt": "2026-01-01T00:00:00Z",
        });
        let found = complaints("POST", "/crm/v3/objects/deals/batch/read", body, 200, &answer);
        let head = "POST /crm/v3/objects/{objectType}/batch/read asked: ";
        assert_eq!(found, [format!("{head}body deep is not declared")]);
    }

    #[test]
    fn an_answer_that_no_document_describes_is_noticed() {
        let head = "GET /crm/owners/2026-09 answered";
        for (case, status, answer, expected) in [
            ("no results", 200, json!({}), " 200: results is required"),
            (
                "a field too few",
                200,
                json!({ "results": [{ "id": "1", "type": "PERSON",
                "archived": false, "createdAt": "2026-01-01T00:00:00Z" }] }),
                " 200: results[].updatedAt is required",
            ),
            ("an odd status", 203, json!({}), " 203: the status is not declared"),
            (
                "a refusal without a message",
                403,
                json!({ "correlationId": "x", "category": "y" }),
                " 403: message is required",
            ),
        ] {
            let found = complaints("GET", "/crm/owners/2026-09", "", status, &answer);
            assert!(found.contains(&format!("{head}{expected}")), "{case}: {found:?}");
        }
    }

    #[test]
    fn patterns_have_stars() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("*b", "ab", true),
            ("GET *: x is null", "GET /a/b: x is null", true),
            ("GET *: x is null", "GET /a/b: y is null", false),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}
