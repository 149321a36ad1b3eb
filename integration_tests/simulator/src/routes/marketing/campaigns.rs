//! Marketing campaigns and their assets.

use http::Method;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::message::{Answer, Request};
use crate::portal::{Item, Marketing, Portal, iso, mix2};
use crate::refusal;
use crate::route::{Bucket, Handler, Params, RequiredScopes, Route, param};
use crate::routes::batch::push_times;
use crate::routes::collection::Call;
use crate::routes::inputs::inputs;

/// Maximum number of campaigns in one batch.
const MAX_INPUTS: usize = 50;
const ASSET_TYPES: &[&str] =
    &["FORM", "MARKETING_EMAIL", "OBJECT_LIST", "LANDING_PAGE", "BLOG_POST", "WORKFLOW"];

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "campaigns.metrics",
        method: Method::GET,
        paths: &[
            "/marketing/v3/campaigns/{}/reports/metrics",
            "/marketing/campaigns/2026-03/{}/reports/metrics",
            "/marketing/campaigns/2026-09/{}/reports/metrics",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::AnyOf(&["marketing.campaigns.read"]),
        handler: Handler::Function(|portal, params, request| {
            let found = find(portal, params).ok_or_else(refusal::not_found)?;
            Ok(Answer::json(200, metrics(&found, request.now_ms).to_string()))
        }),
    },
    Route {
        name: "campaigns.batch_read",
        method: Method::POST,
        paths: &[
            "/marketing/v3/campaigns/batch/read",
            "/marketing/campaigns/2026-03/batch/read",
            "/marketing/campaigns/2026-09/batch/read",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::AnyOf(&["marketing.campaigns.read"]),
        handler: Handler::Function(|portal, _, request| batch_read(portal, request)),
    },
];

/// Returns the campaign with the GUID in the path.
pub(crate) fn find(portal: &Portal, params: &Params) -> Option<Item> {
    portal.marketing().campaigns.by_guid(param(params, 0))
}

fn name(item: &Item) -> String {
    format!("Launch {}", item.number)
}

/// Returns the campaigns with the requested name in the requested order.
pub(crate) fn all(call: &Call<'_>) -> Result<Vec<Item>, Answer> {
    let Call { portal, request, .. } = *call;
    let wanted = request.query("name").unwrap_or_default().to_lowercase();
    let items = portal.marketing().campaigns.items();
    let mut campaigns: Vec<Item> =
        items.filter(|item| name(item).to_lowercase().contains(&wanted)).collect();
    if let Some(sort) = request.query("sort") {
        match sort.trim_start_matches('-') {
            "hs_name" => campaigns.sort_by_key(name),
            "createdAt" => campaigns.sort_by_key(|item| item.created_ms),
            "updatedAt" => campaigns.sort_by_key(|item| item.updated_ms),
            _ => return Err(refusal::validation(&format!("Invalid input: sort {sort}"))),
        }
        if sort.starts_with('-') {
            campaigns.reverse();
        }
    }
    Ok(campaigns)
}

/// HubSpot: only requested properties that have a value are returned.
pub(crate) fn describe(portal: &Portal, request: &Request, item: &Item) -> Map<String, Value> {
    let campaigns = &portal.marketing().campaigns;
    let random = mix2(campaigns.seed, item.number);
    let day = |ms: i64| iso(ms).get(..10).unwrap_or_default().to_owned();
    let mut properties = Map::new();
    for asked in request.query_list("properties") {
        let value = match asked {
            "hs_name" => name(item),
            "hs_start_date" => day(item.created_ms),
            "hs_end_date" if item.number.is_multiple_of(2) => day(item.created_ms + 7_776_000_000),
            "hs_notes" if item.number.is_multiple_of(3) => "Über alles\nund mehr".to_owned(),
            "hs_campaign_status" => "in_progress".to_owned(),
            "hs_currency_code" => "EUR".to_owned(),
            "hs_budget_items_sum_amount" => (random % 10_000).to_string(),
            "hs_object_id" => (7_100_001 + item.number).to_string(),
            _ => continue,
        };
        properties.insert(asked.to_owned(), value.into());
    }
    let mut fields = Map::new();
    fields.insert("id".to_owned(), campaigns.guid(item.number).into());
    fields.insert("createdAt".to_owned(), iso(item.created_ms).into());
    fields.insert("updatedAt".to_owned(), iso(item.updated_ms).into());
    fields.insert("businessUnits".to_owned(), json!([]));
    fields.insert("properties".to_owned(), properties.into());
    fields
}

/// Returns a campaign with all its assets.
pub(crate) fn with_assets(portal: &Portal, request: &Request, item: &Item) -> Value {
    let mut fields = describe(portal, request, item);
    let mut by_type = Map::new();
    for asset_type in ASSET_TYPES {
        let all = of_type(portal, item, asset_type);
        if all.is_empty() {
            continue;
        }
        let shown: Vec<Value> = all.iter().map(|asset| show(request, asset)).collect();
        by_type.insert((*asset_type).to_owned(), json!({ "results": shown }));
    }
    fields.insert("assets".to_owned(), by_type.into());
    fields.into()
}

/// Id, name, and the hash behind the metrics.
pub(crate) struct Asset {
    id: String,
    name: String,
    random: u64,
}

/// Returns the assets of one type: existing forms, e-mails and lists, and other assets without an
/// endpoint of their own.
fn of_type(portal: &Portal, item: &Item, asset_type: &str) -> Vec<Asset> {
    let marketing = portal.marketing();
    let random = mix2(marketing.campaigns.seed, item.number);
    let asset = |id: String, name: String| Asset { id, name, random };
    let share = |number: u64| number % 3 == item.number % 3;
    match asset_type {
        "FORM" => {
            let forms = marketing.forms.items().filter(|form| share(form.number));
            forms
                .map(|form| {
                    asset(marketing.forms.guid(form.number), format!("Form {}", form.number))
                })
                .collect()
        }
        "MARKETING_EMAIL" => {
            let emails = marketing.emails.items().filter(|email| share(email.number));
            emails
                .map(|email| {
                    asset(
                        Marketing::email_id(&email).to_string(),
                        format!("Letter {}", email.number),
                    )
                })
                .collect()
        }
        "OBJECT_LIST" => {
            let lists = portal.lists().filter(|list| share(list.item.number));
            lists.map(|list| asset(list.id().to_string(), list.name())).collect()
        }
        "LANDING_PAGE" => {
            (0..random % 4).map(|page| asset(page.to_string(), format!("Page {page}"))).collect()
        }
        _ => Vec::new(),
    }
}

/// HubSpot: metrics are returned only if both dates are given.
pub(crate) fn show(request: &Request, asset: &Asset) -> Value {
    let mut body = json!({ "id": asset.id, "name": asset.name });
    if request.query("startDate").is_some()
        && request.query("endDate").is_some()
        && let Some(fields) = body.as_object_mut()
    {
        let views = asset.random % 5_000;
        fields.insert("metrics".to_owned(), json!({ "VIEWS": views, "SUBMISSIONS": views / 20 }));
    }
    body
}

/// Returns the campaign and the asset type in the path.
pub(crate) fn campaign_and_type<'a>(call: &Call<'a>) -> Result<(Item, &'a str), Answer> {
    let item = find(call.portal, call.params).ok_or_else(refusal::not_found)?;
    let asset_type = param(call.params, 1);
    if !ASSET_TYPES.contains(&asset_type) {
        return Err(refusal::validation(&format!("Invalid asset type {asset_type}")));
    }
    Ok((item, asset_type))
}

/// Returns the assets of the campaign and of the type in the path.
pub(crate) fn assets(call: &Call<'_>) -> Result<Vec<Asset>, Answer> {
    let (item, asset_type) = campaign_and_type(call)?;
    Ok(of_type(call.portal, &item, asset_type))
}

fn metrics(item: &Item, now_ms: i64) -> Value {
    let days = u64::try_from((now_ms - item.created_ms) / 86_400_000).unwrap_or_default();
    json!({
        "sessions": days * 11, "newContactsFirstTouch": days * 2, "newContactsLastTouch": days,
        "influencedContacts": days * 4,
    })
}

#[derive(Deserialize)]
struct Input {
    id: String,
}

fn batch_read(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let inputs: Vec<Input> = inputs(request, MAX_INPUTS)?;
    let campaigns = &portal.marketing().campaigns;
    let (found, missing): (Vec<&Input>, Vec<&Input>) =
        inputs.iter().partition(|input| campaigns.by_guid(&input.id).is_some());
    let found = found.iter().filter_map(|input| campaigns.by_guid(&input.id));
    let results: Value = found.map(|item| with_assets(portal, request, &item)).collect();
    let mut out = format!("{{\"status\":\"COMPLETE\",\"results\":{results}").into_bytes();
    if !missing.is_empty() {
        let ids: Vec<&str> = missing.iter().map(|input| input.id.as_str()).collect();
        let errors = json!([{
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": "Some campaigns do not exist.",
            "context": { "ids": ids },
        }]);
        out.extend_from_slice(format!(",\"numErrors\":1,\"errors\":{errors}").as_bytes());
    }
    push_times(&mut out, request.now_ms);
    Ok(Answer::json(if missing.is_empty() { 200 } else { 207 }, out))
}
