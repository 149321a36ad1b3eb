//! Subscription types in their four API versions, and the timeline of subscription changes.

use http::Method;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Item, Key, Marketing, Portal, guid, iso};
use crate::route::{Bucket, Handler, RequiredScopes, Route};
use crate::routes::collection::Call;
use crate::routes::marketing::window::{below, number, token, window};
use crate::routes::paging::{flag, limit};

const DEFAULT_LIMIT: usize = 100;
const MAX_LIMIT: usize = 1_000;
const CHANGES: &[&str] = &["SUBSCRIBED", "UNSUBSCRIBED", "BOUNCED", "REPORTED_SPAM", "REMOVED"];

pub(crate) static ROUTES: &[Route] = &[Route {
    name: "subscriptions.timeline",
    method: Method::GET,
    paths: &["/email/public/v1/subscriptions/timeline"],
    bucket: Bucket::General,
    authenticated: true,
    scopes: RequiredScopes::AnyOf(&["content"]),
    handler: Handler::Function(|portal, _, request| timeline(portal, request)),
}];

/// Returns the business unit of every fourth type; the others have none.
fn business_unit(item: &Item) -> Option<u64> {
    (item.number % 4 == 3).then_some(17)
}

fn name(item: &Item) -> String {
    format!("News {}", item.number)
}

fn description(item: &Item) -> &'static str {
    if item.number == 0 { "" } else { "What we write about" }
}

/// Returns a subscription type, in v3 and later versions.
pub(crate) fn describe(item: &Item, translations: bool) -> Value {
    let mut body = json!({
        "id": Marketing::subscription_id(item.number).to_string(),
        "name": name(item),
        "description": description(item),
        "purpose": "Marketing",
        "communicationMethod": "Email",
        "isActive": item.number % 5 != 4,
        "isDefault": item.number == 0,
        "isInternal": item.number == 1,
        "createdAt": iso(item.created_ms),
        "updatedAt": iso(item.updated_ms),
    });
    if let Some(fields) = body.as_object_mut() {
        if let Some(unit) = business_unit(item) {
            fields.insert("businessUnitId".to_owned(), unit.into());
        }
        if translations {
            let translation = json!([{
                "languageCode": "de", "name": "Neues", "description": "Worüber wir schreiben",
                "purpose": "Marketing", "communicationMethod": "E-Mail",
                "createdAt": iso(item.created_ms), "updatedAt": iso(item.updated_ms),
            }]);
            fields.insert("subscriptionTranslations".to_owned(), translation);
        }
    }
    body
}

/// Returns all subscription types.
pub(crate) fn all(portal: &Portal) -> Vec<Item> {
    portal.marketing().subscription_types.items().collect()
}

/// Returns the subscription types of the requested business unit.
pub(crate) fn of_unit(call: &Call<'_>) -> Result<Vec<Item>, Answer> {
    with_translations(call.request)?;
    let unit: Option<u64> = number(call.request, "businessUnitId")?;
    let types = call.portal.marketing().subscription_types.items();
    let wanted = |item: &Item| unit.is_none_or(|wanted| business_unit(item) == Some(wanted));
    Ok(types.filter(wanted).collect())
}

/// Returns `true` if the request asks for the translations.
pub(crate) fn with_translations(request: &Request) -> Result<bool, Answer> {
    flag(request, "includeTranslations", false)
}

/// Returns a subscription type, in v1.
pub(crate) fn describe_v1(portal: &Portal, item: &Item) -> Value {
    json!({
        "id": Marketing::subscription_id(item.number),
        "portalId": portal.portal_id(),
        "name": name(item),
        "description": description(item),
        "active": item.number % 5 != 4,
        "internal": item.number == 1,
        "internalName": "",
        "category": "Marketing",
        "channel": "Email",
        "order": item.number,
        "businessUnitId": business_unit(item).unwrap_or(0),
    })
}

fn timeline(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let limit = limit(request, DEFAULT_LIMIT, MAX_LIMIT, portal.settings.over_limit)?;
    let window = window(request)?;
    let start = below(request, "offset")?;
    let wanted = request.query("recipient");
    let log = &portal.marketing().subscription_changes;
    let mut keys = log
        .newest_first(&window, start, request.now_ms)
        .filter(|key| wanted.is_none_or(|wanted| wanted == recipient(portal, *key)));
    let page: Vec<Key> = keys.by_ref().take(limit).collect();
    let more = keys.next().is_some();
    let end = page.last().copied().unwrap_or(start);
    let shown: Vec<Value> = page.iter().map(|key| show(portal, *key)).collect();
    // HubSpot: the token is short-lived, and the last page has one too.
    let until_ms = request.now_ms + portal.settings.timeline_token_ms;
    let body = json!({ "hasMore": more, "offset": token(end, until_ms), "timeline": shown });
    Ok(Answer::json(200, body.to_string()))
}

fn recipient(portal: &Portal, key: Key) -> String {
    let log = &portal.marketing().subscription_changes;
    let given = log.entry(key).and_then(|note| note.recipient.clone());
    given.unwrap_or_else(|| portal.some_recipient(log.random(key.1)))
}

fn show(portal: &Portal, key: Key) -> Value {
    let marketing = portal.marketing();
    let log = &marketing.subscription_changes;
    let (at_ms, sequence) = key;
    let random = log.random(sequence);
    let given = log.entry(key).and_then(|note| note.change.as_deref());
    let drawn = usize::try_from(random >> 8).unwrap_or_default() % CHANGES.len();
    let change = given.or_else(|| CHANGES.get(drawn).copied()).unwrap_or("SUBSCRIBED");
    let types = marketing.subscription_types.len().max(1);
    let one = |turn: u64| {
        json!({
            "change": change,
            "timestamp": at_ms,
            "source": "SOURCE_RECIPIENT",
            "portalId": portal.portal_id(),
            "subscriptionId": Marketing::subscription_id((random % types + turn) % types),
            "changeType": "SUBSCRIPTION_STATUS",
            "causedByEvent": { "id": guid(marketing.seed ^ 0xCB, sequence), "created": at_ms - 7 },
        })
    };
    // HubSpot: one visit to the preferences page is one entry with several changes.
    let changes: Vec<Value> = (0..=random % 2).map(one).collect();
    json!({
        "timestamp": at_ms,
        "portalId": portal.portal_id(),
        "recipient": recipient(portal, key),
        "normalizedEmailId": guid(marketing.seed ^ 0x4E, random % 997),
        "changes": changes,
    })
}
