//! Engagements v1 API: calls, e-mails, meetings, notes and tasks in one list.

mod shape;

use http::Method;
use serde_json::{Value, json};

use crate::message::{Answer, Request};
use crate::portal::{ALL_TIME, ENGAGEMENTS, Handle, Portal, Store, View, Window, parse_ms};
use crate::refusal;
use crate::route::{Bucket, Handler, Params, RequiredScopes, Route, param};
use crate::routes::{cursor, paging};

const PAGED_DEFAULT: usize = 100;
const PAGED_MAX: usize = 250;
const RECENT_DEFAULT: usize = 20;
const RECENT_MAX: usize = 100;
/// HubSpot: age limit of the recently modified engagements, in milliseconds.
const RECENT_HORIZON_MS: i64 = 30 * 86_400_000;
/// HubSpot: maximum number of recently modified engagements, whatever `total` is.
const RECENT_DEEPEST: usize = 10_000;
const AFTER_DEFAULT: usize = 100;
const AFTER_MAX: usize = 1_000;

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "engagements.paged",
        method: Method::GET,
        paths: &["/engagements/v1/engagements/paged"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::AnyOf(&["crm.objects.contacts.read"]),
        handler: Handler::Function(|portal, _, request| paged(portal, request)),
    },
    Route {
        name: "engagements.recent",
        method: Method::GET,
        paths: &["/engagements/v1/engagements/recent/modified"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::AnyOf(&["crm.objects.contacts.read"]),
        handler: Handler::Function(|portal, _, request| recent(portal, request)),
    },
    Route {
        name: "engagements.modified_after",
        method: Method::GET,
        paths: &["/engagements/v1/engagements/modified/after"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::AnyOf(&["crm.objects.contacts.read"]),
        handler: Handler::Function(|portal, _, request| after(portal, request)),
    },
    Route {
        name: "engagements.get",
        method: Method::GET,
        paths: &["/engagements/v1/engagements/{}"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::AnyOf(&["crm.objects.contacts.read"]),
        handler: Handler::Function(|portal, params, _| get(portal, params)),
    },
];

/// Returns the object types of the engagements that are not disabled in the account.
fn stores(portal: &Portal) -> impl Iterator<Item = &Store> {
    let names = ENGAGEMENTS.into_iter().filter(|name| !portal.is_disabled(name));
    names.filter_map(|name| portal.store(name))
}

fn shown(portal: &Portal, found: &[(&Store, View<'_>)]) -> Vec<Value> {
    found.iter().map(|(store, view)| shape::engagement(portal, store, view)).collect()
}

/// HubSpot: all engagements by id; `offset` is the start of the next page.
fn paged(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let over = portal.settings.over_limit;
    let limit = paging::limit(request, PAGED_DEFAULT, PAGED_MAX, over)?;
    let from = number(request, "offset")?.unwrap_or(0);
    let mut found = Vec::new();
    for store in stores(portal) {
        let listed = store.list(from, false).filter_map(|handle| store.view(handle));
        found.extend(listed.take(limit + 1).map(|view| (store, view)));
    }
    found.sort_unstable_by_key(|(_, view)| view.id);
    let more = found.len() > limit;
    found.truncate(limit);
    let offset = found.last().map_or(from, |(_, view)| view.id + 1);
    let body = json!({ "results": shown(portal, &found), "hasMore": more, "offset": offset });
    Ok(Answer::json(200, body.to_string()))
}

/// HubSpot: newest first according to the index; `offset` is a count.
fn recent(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let count = number(request, "count")?.unwrap_or(RECENT_DEFAULT as u64);
    // HubSpot: a larger count is silently reduced.
    let count = usize::try_from(count).unwrap_or(RECENT_MAX).clamp(1, RECENT_MAX);
    let offset = usize::try_from(number(request, "offset")?.unwrap_or(0)).unwrap_or(usize::MAX);
    let since = number(request, "since")?.and_then(|since| i64::try_from(since).ok());
    let from_ms = since.unwrap_or(0).max(request.now_ms - RECENT_HORIZON_MS);
    let total = count_since(portal, from_ms, request.now_ms);
    let end = offset.saturating_add(count).min(RECENT_DEEPEST);
    let page = newest(portal, from_ms, offset..end, request.now_ms);
    let next = offset.saturating_add(page.len());
    let more = !page.is_empty() && next < RECENT_DEEPEST && (next as u64) < total;
    let body = json!({
        "results": shown(portal, &page), "hasMore": more, "offset": next, "total": total,
    });
    Ok(Answer::json(200, body.to_string()))
}

fn since(from_ms: i64) -> Window {
    Window { modified: from_ms..ALL_TIME.end, ..Window::default() }
}

fn count_since(portal: &Portal, from_ms: i64, now_ms: i64) -> u64 {
    stores(portal).map(|store| store.hits(&since(from_ms), now_ms).count()).sum()
}

/// Returns a range of the engagements modified since `from_ms`, newest first. Looks back only as
/// far as the range requires.
fn newest(
    portal: &Portal,
    from_ms: i64,
    stretch: std::ops::Range<usize>,
    now_ms: i64,
) -> Vec<(&Store, View<'_>)> {
    let mut reach_ms = 3_600_000;
    while now_ms - reach_ms > from_ms
        && count_since(portal, now_ms - reach_ms, now_ms) < stretch.end as u64
    {
        reach_ms *= 2;
    }
    let window = since(from_ms.max(now_ms - reach_ms));
    let mut found: Vec<(i64, &Store, Handle)> = Vec::new();
    for store in stores(portal) {
        let hits = store.hits(&window, now_ms);
        found.extend(hits.ascending().filter_map(|handle| {
            let indexed_ms = store.indexed_view(handle, now_ms)?.modified_ms;
            Some((indexed_ms, store, handle))
        }));
    }
    found.sort_by_key(|(indexed_ms, _, _)| std::cmp::Reverse(*indexed_ms));
    let wanted = found.into_iter().take(stretch.end).skip(stretch.start);
    wanted.filter_map(|(_, store, handle)| Some((store, store.view(handle)?))).collect()
}

/// HubSpot: not in chronological order, without a result limit; `after` is an instant for the first
/// page, then a token.
fn after(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let over = portal.settings.over_limit;
    let limit = paging::limit(request, AFTER_DEFAULT, AFTER_MAX, over)?;
    let token = request.query("after").unwrap_or("0");
    let (from_ms, from_id) = position(token)
        .ok_or_else(|| refusal::validation(&format!("Invalid input: after {token}")))?;
    let window = Window { ids: from_id..=u64::MAX - 1, ..since(from_ms) };
    let mut found = Vec::new();
    for store in stores(portal) {
        let hits = store.hits(&window, request.now_ms);
        let views = hits.ascending().filter_map(|handle| store.view(handle));
        found.extend(views.take(limit + 1).map(|view| (store, view)));
    }
    found.sort_unstable_by_key(|(_, view)| view.id);
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().map_or(from_id, |(_, view)| view.id + 1);
    let mut body = json!({ "results": shown(portal, &found), "hasMore": more });
    if more && let Some(fields) = body.as_object_mut() {
        let token = cursor::seal(&format!("{from_ms}:{next}"));
        fields.insert("after".to_owned(), token.into());
    }
    Ok(Answer::json(200, body.to_string()))
}

/// Decodes `after` into an instant and the first id.
fn position(token: &str) -> Option<(i64, u64)> {
    if let Ok(from_ms) = token.parse() {
        return Some((from_ms, 0));
    }
    let text = cursor::unseal(token)?;
    let (from_ms, from_id) = text.split_once(':')?;
    Some((parse_ms(from_ms)?, from_id.parse().ok()?))
}

fn get(portal: &Portal, params: &Params) -> Result<Answer, Answer> {
    let id = param(params, 0).parse().map_err(|_| refusal::invalid_id(param(params, 0)))?;
    let mut found = stores(portal).filter_map(|store| Some((store, store.get(id)?)));
    let (store, view) =
        found.find(|(_, view)| view.archived_ms.is_none()).ok_or_else(refusal::not_found)?;
    Ok(Answer::json(200, shape::engagement(portal, store, &view).to_string()))
}

fn number(request: &Request, name: &str) -> Result<Option<u64>, Answer> {
    let Some(text) = request.query(name).filter(|text| !text.is_empty()) else { return Ok(None) };
    let number = text.parse();
    number.map(Some).map_err(|_| refusal::validation(&format!("Invalid input: {name} {text}")))
}
