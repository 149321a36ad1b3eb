//! Event occurrences: of one record, or of the whole account if the settings allow it.

use std::ops::RangeInclusive;

use http::Method;
use serde_json::{Map, Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Key, Occurrence, PAGE_VISIT, Portal, SUBMISSION, guid, iso, parse_ms};
use crate::refusal;
use crate::route::{Bucket, Handler, RequiredScopes, Route};
use crate::routes::cursor;
use crate::routes::object_types::named_store;
use crate::routes::objects::find_by;
use crate::routes::paging::{limit, next_link};
use crate::settings::{EventBounds, EventOrder, EventsWithoutObject};

const DEFAULT_LIMIT: usize = 20;

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "events.list",
        method: Method::GET,
        paths: &[
            "/events/v3/events",
            "/events/event-occurrences/2026-03",
            "/events/event-occurrences/2026-09",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::None,
        handler: Handler::Function(|portal, _, request| list(portal, request)),
    },
    Route {
        name: "events.types",
        method: Method::GET,
        paths: &[
            "/events/v3/events/event-types",
            "/events/event-occurrences/2026-03/event-types",
            "/events/event-occurrences/2026-09/event-types",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::None,
        handler: Handler::Function(|portal, _, _| {
            Ok(Answer::json(200, json!({ "eventTypes": portal.event_types() }).to_string()))
        }),
    },
];

/// A validated query.
struct Query<'a> {
    portal: &'a Portal,
    /// Index of the object type and id of the requested record.
    record: Option<(usize, u64)>,
    window: RangeInclusive<i64>,
    ascending: bool,
    /// Key of the last occurrence on the previous page.
    beyond: Option<Key>,
    now_ms: i64,
}

fn list(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let max = portal.settings.undocumented_limit;
    let limit = limit(request, DEFAULT_LIMIT, max, portal.settings.over_limit)?;
    let subject = subject(portal, request)?;
    if request.query("before").is_some() {
        return Err(refusal::validation("paging backwards is not supported"));
    }
    let query = Query {
        portal,
        record: match subject {
            Subject::One(place, id) => Some((place, id)),
            Subject::Nobody => return Ok(Answer::json(200, json!({ "results": [] }).to_string())),
            Subject::Type(_) | Subject::Everyone => None,
        },
        window: window(portal, request)?,
        ascending: ascending(portal, request)?,
        beyond: request.query("after").map(position).transpose()?,
        now_ms: request.now_ms,
    };
    let kind = request.query("eventType");
    let ids: Vec<&str> = request.query_list("id").collect();
    let of_type = match subject {
        Subject::Type(place) => portal.stores().get(place).map(|store| store.object.id.as_str()),
        Subject::One(..) | Subject::Nobody | Subject::Everyone => None,
    };
    let fits = |found: &Occurrence<'_>| {
        of_type.is_none_or(|id| found.store.object.id == id)
            && kind.is_none_or(|kind| found.kind == kind)
            && (ids.is_empty() || ids.contains(&found.uuid.as_str()))
    };
    let keys = query.keys();
    let found = keys.filter_map(|key| Some((key, portal.occurrence(key)?)));
    let mut found = found.filter(|(_, occurrence)| fits(occurrence)).peekable();
    let mut page = Vec::new();
    let mut last = None;
    for (key, occurrence) in found.by_ref().take(limit) {
        page.push(show(portal, &occurrence, request));
        last = Some(key);
    }
    let mut answer = json!({ "results": page });
    if let (Some((at_ms, sequence)), Some(_)) = (last, found.peek())
        && let Some(fields) = answer.as_object_mut()
    {
        let token = cursor::seal(&format!("{at_ms}:{sequence}"));
        let link = next_link(request, &token);
        fields.insert("paging".to_owned(), json!({ "next": { "after": token, "link": link } }));
    }
    Ok(Answer::json(200, answer.to_string()))
}

/// The records whose events are requested.
#[derive(Clone, Copy)]
enum Subject {
    One(usize, u64),
    /// A record that does not exist.
    Nobody,
    /// All records of the type at an index.
    Type(usize),
    Everyone,
}

fn subject(portal: &Portal, request: &Request) -> Result<Subject, Answer> {
    let property = request
        .query
        .iter()
        .find_map(|(name, value)| Some((name.strip_prefix("objectProperty.")?, value.as_str())));
    let object = request.query("objectType");
    let place = match object {
        Some(name) => {
            named_store(portal, name)?;
            portal.place(name)
        }
        None => None,
    };
    let id = request.query("objectId");
    let named = id.is_some() || property.is_some();
    let Some(place) = place.filter(|_| named) else {
        let wide = portal.settings.events_without_object == EventsWithoutObject::AccountWide;
        return match place {
            None if wide && !named => Ok(Subject::Everyone),
            Some(place) if wide => Ok(Subject::Type(place)),
            _ => Err(refusal::validation(
                "objectType and either objectId or objectProperty are required",
            )),
        };
    };
    let Some(store) = portal.stores().get(place) else { return Ok(Subject::Nobody) };
    let found = match (id, property) {
        (Some(id), _) => {
            let wanted = id
                .parse::<u64>()
                .map_err(|_| refusal::validation(&format!("Invalid input: objectId {id}")))?;
            store.get(store.resolve(wanted))
        }
        (None, Some((name, value))) => find_by(store, name, value)?,
        (None, None) => None,
    };
    Ok(found.map_or(Subject::Nobody, |view| Subject::One(place, view.id)))
}

fn window(portal: &Portal, request: &Request) -> Result<RangeInclusive<i64>, Answer> {
    let bound = |name: &str| match request.query(name) {
        None => Ok(None),
        // HubSpot: instants are ISO 8601 here, never epoch milliseconds.
        Some(text) => match parse_ms(text).filter(|_| text.contains('-')) {
            Some(at_ms) => Ok(Some(at_ms)),
            None => Err(refusal::validation(&format!("Invalid input: {name} {text}"))),
        },
    };
    let inside = i64::from(portal.settings.event_bounds == EventBounds::Exclusive);
    let from_ms = bound("occurredAfter")?.map_or(i64::MIN, |at_ms| at_ms + inside);
    let to_ms = bound("occurredBefore")?.map_or(i64::MAX, |at_ms| at_ms - inside);
    Ok(from_ms..=to_ms)
}

fn ascending(portal: &Portal, request: &Request) -> Result<bool, Answer> {
    match request.query("sort") {
        None => Ok(portal.settings.event_order == EventOrder::Ascending),
        Some("occurredAt") => Ok(true),
        Some("-occurredAt") => Ok(false),
        Some(other) => Err(refusal::validation(&format!("Invalid input: sort {other}"))),
    }
}

/// Returns the key encoded in a page token.
fn position(token: &str) -> Result<Key, Answer> {
    let text = cursor::unseal(token).unwrap_or_default();
    let key = text.split_once(':').and_then(|(at_ms, sequence)| {
        Some((at_ms.parse::<i64>().ok()?, sequence.parse::<u64>().ok()?))
    });
    key.ok_or_else(|| refusal::validation(&format!("Invalid input: after {token}")))
}

impl<'a> Query<'a> {
    /// Returns the keys of the matching occurrences in order, from the start of the page.
    fn keys(&self) -> Box<dyn Iterator<Item = Key> + 'a> {
        let (window, beyond, now_ms) = (self.window.clone(), self.beyond, self.now_ms);
        let Some((place, id)) = self.record else {
            let log = &self.portal.events().log;
            return if self.ascending {
                Box::new(log.oldest_first(&window, beyond, now_ms))
            } else {
                let below = beyond.unwrap_or(crate::portal::END);
                Box::new(log.newest_first(&window, below, now_ms))
            };
        };
        let mut keys = self.portal.occurrences_of(place, id, now_ms);
        let ascending = self.ascending;
        keys.retain(|key| {
            let past = |beyond: Key| if ascending { *key > beyond } else { *key < beyond };
            window.contains(&key.0) && beyond.is_none_or(past)
        });
        if !ascending {
            keys.reverse();
        }
        Box::new(keys.into_iter())
    }
}

fn show(portal: &Portal, found: &Occurrence<'_>, request: &Request) -> Value {
    let object = &found.store.object;
    let mut properties = match found.properties {
        Some(values) => values.iter().map(|(name, value)| (name.clone(), json!(value))).collect(),
        None => properties(portal, found),
    };
    let wanted: Vec<&str> = request.query_list("properties").collect();
    properties.retain(|name, _| wanted.is_empty() || wanted.contains(&name.as_str()));
    json!({
        "id": found.uuid,
        "eventType": found.kind,
        "objectType": if object.custom { object.id.clone() } else { object.singular.to_uppercase() },
        "objectId": found.id.to_string(),
        "occurredAt": iso(found.at_ms),
        "properties": properties,
    })
}

fn properties(portal: &Portal, found: &Occurrence<'_>) -> Map<String, Value> {
    let random = found.random;
    let page = random >> 8 & 0x3F;
    let url = format!("https://example.test/pages/{page}?utm_source=mail&n={}", random % 7);
    let known = match found.kind.as_str() {
        PAGE_VISIT => json!({
            "hs_url": url,
            "hs_base_url": format!("https://example.test/pages/{page}"),
            "hs_url_domain": "example.test",
            "hs_url_path": format!("/pages/{page}"),
            "hs_title": format!("Page {page} – \"Über uns\""),
            "hs_page_id": (90_000 + page).to_string(),
            "hs_referrer": if random & 1 == 0 { "" } else { "https://search.example.test/" },
            "hs_browser": "Firefox",
            "hs_city": "zürich",
            "hs_country": "ch",
            "hs_device_type": if random & 2 == 0 { "DESKTOP" } else { "MOBILE" },
            "hs_user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
            "hs_utm_source": "mail",
            "hs_visitor_type": "NORMAL",
            // Numbers are usually strings, but not always.
            "hs_screen_width": if random & 0xC == 0 { json!(1_920) } else { json!("1920") },
            "hs_screen_height": "1080",
        }),
        SUBMISSION => json!({
            "hs_form_id": guid(portal.marketing().forms.seed, random % 5),
            "hs_form_type": "HUBSPOT",
            "hs_form_correlation_id": guid(random, 1),
            "hs_page_id": (90_000 + page).to_string(),
            "hs_url": url,
            "hs_title": format!("Page {page}"),
            "hs_language": "de-CH",
        }),
        custom if custom.starts_with("pe") => json!({
            "hs_tracking_name": custom,
            "hs_asset_description": "made by hand",
            "amount": format!("{}.{:02}", random % 900, random >> 10 & 63),
            "plan": if random & 1 == 0 { "gold" } else { "silver" },
        }),
        _ => json!({
            "hs_element_id": format!("button-{page}"),
            "hs_element_text": "Go",
            "hs_link_href": url,
        }),
    };
    let Value::Object(fields) = known else { return Map::new() };
    fields
}
