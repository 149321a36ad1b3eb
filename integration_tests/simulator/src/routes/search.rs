//! CRM search on the search index.

use http::Method;
use serde::Deserialize;
use serde_json::Value;

use crate::message::{Answer, Request};
use crate::portal::{Handle, Portal, Role, Store};
use crate::refusal;
use crate::route::{Bucket, Handler, Params, RequiredScopes, Route};
use crate::routes::filter::{Condition, Filter, Plan};
use crate::routes::object_types::{object_scopes, store_of};
use crate::routes::paging::push_paging;
use crate::routes::rank::compare;
use crate::routes::record::Shape;
use crate::settings::{IdOrder, SearchBodyLimit};

const DEFAULT_LIMIT: usize = 10;
const MAX_RESULTS: usize = 200;
/// Maximum number of results that one query can page through.
const DEEPEST: usize = 10_000;
const MAX_GROUPS: usize = 5;
const MAX_FILTERS_PER_GROUP: usize = 6;
const MAX_FILTERS: usize = 18;
const MAX_CHARACTERS: usize = 3_000;

pub(crate) static ROUTES: &[Route] = &[Route {
    name: "objects.search",
    method: Method::POST,
    paths: &[
        "/crm/v3/objects/{}/search",
        "/crm/objects/2026-03/{}/search",
        "/crm/objects/2026-09/{}/search",
    ],
    bucket: Bucket::Search,
    authenticated: true,
    scopes: RequiredScopes::OfPath(object_scopes),
    handler: Handler::Function(search),
}];

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Body {
    #[serde(default)]
    filter_groups: Vec<Group>,
    #[serde(default)]
    filters: Vec<Filter>,
    #[serde(default)]
    sorts: Vec<Sort>,
    #[serde(default)]
    query: Option<String>,
    #[serde(default)]
    properties: Option<Vec<String>>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    after: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    filters: Vec<Filter>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Sort {
    /// A property name; a leading minus means descending.
    Name(String),
    #[serde(rename_all = "camelCase")]
    Full { property_name: String, direction: Option<Direction> },
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Direction {
    Ascending,
    Descending,
}

/// The order of the results.
struct Order {
    /// Index of the property, `None` for the id.
    property: Option<usize>,
    descending: bool,
}

fn search(portal: &Portal, params: &Params, request: &Request) -> Result<Answer, Answer> {
    let store = store_of(portal, params, 0)?;
    let body: Body =
        serde_json::from_slice(&request.body).map_err(|error| refusal::invalid_json(&error))?;
    check_size(portal, request, &body)?;
    let mut groups: Vec<&[Filter]> =
        body.filter_groups.iter().map(|group| group.filters.as_slice()).collect();
    if !body.filters.is_empty() {
        groups.push(&body.filters);
    }
    check_groups(&groups)?;
    if groups.is_empty() {
        groups.push(&[]);
    }
    let limit = body.limit.unwrap_or(DEFAULT_LIMIT);
    if limit > MAX_RESULTS {
        return Err(refusal::validation(&format!(
            "limit must not exceed {MAX_RESULTS} (received {limit})"
        )));
    }
    let offset = offset(body.after.as_ref())?;
    // HubSpot: the page that ends at the result limit still has a next page, which then fails.
    if offset + limit.max(1) > DEEPEST {
        return Err(refusal::problem());
    }
    let order = order(store, &body.sorts)?;
    let plans: Vec<Plan> = groups
        .into_iter()
        .map(|group| Plan::new(portal, store, group))
        .collect::<Result<_, _>>()?;
    let query = body.query.as_deref().map(str::trim).filter(|query| !query.is_empty());
    let question = Question { portal, store, plans, order, query, now_ms: request.now_ms };
    let (total, page) = question.answer(offset, limit);

    let properties = body.properties.unwrap_or_default();
    let names = properties.iter().map(String::as_str);
    let shape = Shape::new(portal, store, names, std::iter::empty()).at(request.now_ms);
    let mut out = Vec::with_capacity(page.len() * shape.record_size() + 64);
    out.extend_from_slice(format!("{{\"total\":{total},\"results\":[").as_bytes());
    let shown = page.len();
    for (number, handle) in page.into_iter().enumerate() {
        if number > 0 {
            out.push(b',');
        }
        // HubSpot: the index finds the record, but the body contains its current state.
        if let Some(view) = store.view(handle) {
            shape.push(&mut out, &view, true);
        }
    }
    out.push(b']');
    if shown > 0 && total > (offset + shown) as u64 {
        push_paging(&mut out, &(offset + shown).to_string(), None);
    }
    out.push(b'}');
    Ok(Answer::json(200, out))
}

fn check_size(portal: &Portal, request: &Request, body: &Body) -> Result<(), Answer> {
    let json = |value: &[Filter]| serde_json::to_string(value).map_or(0, |text| text.len());
    let query = body.query.as_ref().map_or(0, |query| query.chars().count());
    let size = match portal.settings.search_body_limit {
        SearchBodyLimit::Off => 0,
        SearchBodyLimit::WholeBody => request.body.len(),
        SearchBodyLimit::FiltersAndQuery => {
            let groups: usize = body.filter_groups.iter().map(|group| json(&group.filters)).sum();
            groups + json(&body.filters) + query
        }
    };
    if size.max(query) > MAX_CHARACTERS {
        return Err(refusal::validation(&format!(
            "The request is too long (length: {size}, max allowed: {MAX_CHARACTERS})"
        )));
    }
    Ok(())
}

fn check_groups(groups: &[&[Filter]]) -> Result<(), Answer> {
    let deepest = groups.iter().map(|group| group.len()).max().unwrap_or_default();
    let all: usize = groups.iter().map(|group| group.len()).sum();
    let problem = if groups.len() > MAX_GROUPS {
        format!("too many filterGroups (count: {}, max allowed: {MAX_GROUPS})", groups.len())
    } else if deepest > MAX_FILTERS_PER_GROUP {
        format!(
            "too many filters per filter group (count: {deepest}, \
             max allowed: {MAX_FILTERS_PER_GROUP})"
        )
    } else if all > MAX_FILTERS {
        format!("too many filters (count: {all}, max allowed: {MAX_FILTERS})")
    } else {
        return Ok(());
    };
    Err(refusal::validation(&problem))
}

/// Parses `after`. HubSpot: it is an offset, as a string or a number.
fn offset(after: Option<&Value>) -> Result<usize, Answer> {
    let offset = match after {
        None | Some(Value::Null) => Some(0),
        Some(Value::String(text)) if text.is_empty() => Some(0),
        Some(Value::String(text)) => text.parse::<u32>().ok(),
        Some(Value::Number(number)) => number.as_u64().and_then(|number| number.try_into().ok()),
        Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => None,
    };
    offset.and_then(|offset| usize::try_from(offset).ok()).ok_or_else(refusal::problem)
}

fn order(store: &Store, sorts: &[Sort]) -> Result<Order, Answer> {
    let (name, descending) = match sorts {
        // Ascending by creation, which is the order of ids.
        [] => return Ok(Order { property: None, descending: false }),
        [Sort::Name(name)] => (name.strip_prefix('-').unwrap_or(name), name.starts_with('-')),
        [Sort::Full { property_name, direction }] => {
            (property_name.as_str(), *direction == Some(Direction::Descending))
        }
        _ => return Err(refusal::validation("only one sort is allowed")),
    };
    let (place, definition) = store.definition(name).ok_or_else(|| {
        refusal::validation(&format!("cannot sort by {name}: the property does not exist"))
    })?;
    let property = (definition.role != Role::Id).then_some(place);
    Ok(Order { property, descending })
}

/// A validated search.
struct Question<'a> {
    portal: &'a Portal,
    store: &'a Store,
    /// One per filter group; a record must match at least one.
    plans: Vec<Plan>,
    order: Order,
    query: Option<&'a str>,
    now_ms: i64,
}

impl Question<'_> {
    /// Returns the number of matching records, and those of one page.
    fn answer(&self, offset: usize, limit: usize) -> (u64, Vec<Handle>) {
        if let [plan] = self.plans.as_slice()
            && plan.rest.is_empty()
            && self.query.is_none()
            && self.order.property.is_none()
            && self.portal.settings.search_order == IdOrder::Number
        {
            if plan.never {
                return (0, Vec::new());
            }
            let hits = self.store.hits(&plan.window, self.now_ms);
            let page = if self.order.descending {
                hits.descending().skip(offset).take(limit).collect()
            } else {
                hits.ascending().skip(offset).take(limit).collect()
            };
            return (hits.count(), page);
        }
        let mut found = self.all();
        if self.portal.settings.search_order == IdOrder::Text {
            found.sort_by_key(|(id, _)| id.to_string());
        }
        if let Some(place) = self.order.property
            && let Some(definition) = self.store.definitions.get(place)
        {
            let view = |handle: Handle| self.store.indexed_view(handle, self.now_ms);
            found.sort_by(|(_, one), (_, other)| match (view(*one), view(*other)) {
                (Some(one), Some(other)) => {
                    let order = compare(&one, &other, definition, place);
                    if self.order.descending { order.reverse() } else { order }
                }
                _ => std::cmp::Ordering::Equal,
            });
        } else if self.order.descending {
            found.reverse();
        }
        let total = found.len() as u64;
        let page = found.into_iter().skip(offset).take(limit).map(|(_, handle)| handle);
        (total, page.collect())
    }

    /// Returns all matches by ascending id, testing each record.
    fn all(&self) -> Vec<(u64, Handle)> {
        let mut found = Vec::new();
        for plan in self.plans.iter().filter(|plan| !plan.never) {
            let hits = self.store.hits(&plan.window, self.now_ms);
            found.extend(hits.ascending().filter_map(|handle| {
                let view = self.store.indexed_view(handle, self.now_ms)?;
                let holds = |condition: &Condition| condition.holds(self.portal, self.store, &view);
                let fits = plan.rest.iter().all(holds);
                (fits && self.in_text(&view)).then_some((view.id, handle))
            }));
        }
        found.sort_by_key(|(id, _)| *id);
        found.dedup_by_key(|(id, _)| *id);
        found
    }

    /// Returns `true` if the query text occurs in one of the type's default properties.
    fn in_text(&self, view: &crate::portal::View<'_>) -> bool {
        let Some(query) = self.query else { return true };
        let query = query.to_lowercase();
        self.store.object.defaults.iter().filter_map(|name| self.store.definition(name)).any(
            |(place, definition)| {
                view.text(definition, place)
                    .is_some_and(|text| text.to_lowercase().contains(&query))
            },
        )
    }
}
