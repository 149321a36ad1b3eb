//! Lists of records and single records.

use http::Method;

use crate::message::{Answer, Request};
use crate::portal::{Portal, Store, View, id_of_email, mix};
use crate::refusal;
use crate::route::{Bucket, Handler, Params, RequiredScopes, Route, param};
use crate::routes::cursor;
use crate::routes::object_types::{object_scopes, store_of};
use crate::routes::paging::{after, flag, limit, next_link, push_paging};
use crate::routes::record::Shape;
use crate::settings::{ListCursor, OverLimit};

const LIST_DEFAULT: usize = 10;
const LIST_MAX: usize = 100;
/// Maximum `limit` if property history is requested.
const LIST_MAX_WITH_HISTORY: usize = 50;

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "objects.list",
        method: Method::GET,
        paths: &["/crm/v3/objects/{}", "/crm/objects/2026-03/{}", "/crm/objects/2026-09/{}"],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::OfPath(object_scopes),
        handler: Handler::Function(list),
    },
    Route {
        name: "objects.get",
        method: Method::GET,
        paths: &[
            "/crm/v3/objects/{}/{}",
            "/crm/objects/2026-03/{}/{}",
            "/crm/objects/2026-09/{}/{}",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::OfPath(object_scopes),
        handler: Handler::Function(get),
    },
];

fn list(portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
    let store = store_of(portal, params, 0)?;
    let shape = shape(portal, store, request)?;
    let archived = flag(request, "archived", false)?;
    let mut limit = if request.query_list("propertiesWithHistory").next().is_some() {
        limit(request, LIST_DEFAULT, LIST_MAX_WITH_HISTORY, OverLimit::Refuse)?
    } else {
        limit(request, LIST_DEFAULT, LIST_MAX, portal.settings.over_limit)?
    };
    let from = after(request)?;
    let every = u64::from(portal.settings.short_page_every);
    if every > 0 && mix(from).is_multiple_of(every) {
        limit = limit.div_ceil(2);
    }
    let mut out = Vec::with_capacity(limit * shape.record_size());
    out.extend_from_slice(b"{\"results\":[");
    let mut last_id = None;
    let listed = store.list(from, archived).filter_map(|handle| store.view(handle));
    let mut records = listed.filter(|view| !view.expired(request.now_ms));
    for view in records.by_ref().take(limit) {
        if last_id.is_some() {
            out.push(b',');
        }
        shape.push(&mut out, &view, true);
        last_id = Some(view.id);
    }
    out.push(b']');
    if let Some(last_id) = last_id
        && records.next().is_some()
    {
        let token = match portal.settings.list_cursor {
            ListCursor::NextId => (last_id + 1).to_string(),
            ListCursor::Opaque => cursor::opaque(last_id + 1),
        };
        let link = next_link(request, &token);
        push_paging(&mut out, &token, Some(&link));
    }
    out.push(b'}');
    Ok(Answer::json(200, out))
}

fn get(portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
    let store = store_of(portal, params, 0)?;
    let shape = shape(portal, store, request)?;
    let archived = flag(request, "archived", false)?;
    let wanted = param(params, 1);
    let found = if let Some(property) = request.query("idProperty") {
        find_by(store, property, wanted)?
    } else {
        let id = wanted.parse().map_err(|_| refusal::invalid_id(wanted))?;
        // HubSpot: the id of a merged record leads to the surviving record.
        store.get(store.resolve(id))
    };
    let shown =
        |view: &View<'_>| view.archived_ms.is_some() == archived && !view.expired(request.now_ms);
    let view = found.filter(shown);
    let view = view.ok_or_else(|| refusal::no_record(wanted))?;
    let mut out = Vec::with_capacity(shape.record_size());
    shape.push(&mut out, &view, true);
    Ok(Answer::json(200, out))
}

fn shape<'a>(portal: &'a Portal, store: &'a Store, request: &Request) -> Result<Shape<'a>, Answer> {
    let history = request.query_list("propertiesWithHistory");
    Shape::new(portal, store, request.query_list("properties"), history)
        .at(request.now_ms)
        .with_associations(request.query_list("associations"))
}

/// Returns the record with this value of a unique property.
pub(crate) fn find_by<'a>(
    store: &'a Store,
    property: &str,
    value: &str,
) -> Result<Option<View<'a>>, Answer> {
    if property == "hs_object_id" {
        return Ok(value.parse().ok().and_then(|id| store.get(id)));
    }
    let definition = store.definition(property).filter(|_| property == "email");
    let (place, definition) = definition.ok_or_else(|| {
        refusal::validation(&format!("{property} is not a unique property of the object type"))
    })?;
    let fits = |view: &View<'_>| {
        view.text(definition, place).is_some_and(|text| text.eq_ignore_ascii_case(value))
    };
    let generated = id_of_email(value).and_then(|id| store.get(id)).filter(fits);
    Ok(generated.or_else(|| {
        let changed = store.overlay.records.keys();
        changed.filter_map(|id| store.get(*id)).find(fits)
    }))
}
