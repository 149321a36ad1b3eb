//! Splits of deals, read by deal. Deal splits are also an ordinary object type.

use http::Method;
use serde::Deserialize;
use serde_json::json;

use crate::message::{Answer, Request};
use crate::portal::{Portal, push_string};
use crate::route::{Bucket, Handler, RequiredScopes, Route};
use crate::routes::batch::{Id, push_times};
use crate::routes::inputs::inputs;
use crate::routes::object_types::named_store;
use crate::routes::record::Shape;

const MAX_INPUTS: usize = 100;
/// Properties of every split in addition to those that are always present.
const SHOWN: [&str; 3] = ["hs_deal_split_amount", "hs_deal_split_percentage", "hubspot_owner_id"];

pub(crate) static ROUTES: &[Route] = &[Route {
    name: "deal_splits.batch_read",
    method: Method::POST,
    paths: &[
        "/crm/v3/objects/deals/splits/batch/read",
        "/crm/objects/v3/deals/splits/batch/read",
        "/deal-splits/2026-03/batch/read",
        "/deal-splits/2026-09/batch/read",
    ],
    bucket: Bucket::General,
    authenticated: true,
    scopes: RequiredScopes::OfPath(|portal, _| {
        named_store(portal, "deal_splits").map(|store| store.object.scopes.clone())
    }),
    handler: Handler::Function(|portal, _, request| batch_read(portal, request)),
}];

#[derive(Deserialize)]
struct Input {
    id: Id,
}

fn batch_read(portal: &Portal, request: &Request) -> Result<Answer, Answer> {
    let inputs: Vec<Input> = inputs(request, MAX_INPUTS)?;
    let splits = named_store(portal, "deal_splits")?;
    let shape =
        Shape::new(portal, splits, SHOWN.into_iter(), std::iter::empty()).at(request.now_ms);
    let mut missing = Vec::new();
    let mut out = b"{\"status\":\"COMPLETE\",\"results\":[".to_vec();
    let mut written = false;
    for input in &inputs {
        let text = input.id.text();
        let deal = text.parse().ok().filter(|id| portal.exists("deals", *id));
        let Some(deal) = deal else {
            missing.push(text);
            continue;
        };
        if written {
            out.push(b',');
        }
        written = true;
        out.extend_from_slice(b"{\"id\":");
        push_string(&mut out, &text);
        out.extend_from_slice(b",\"splits\":[");
        let of_deal = portal.associations("deals", deal, "deal_splits");
        let views = of_deal.into_iter().filter_map(|id| splits.get(id));
        for (number, view) in views.enumerate() {
            if number > 0 {
                out.push(b',');
            }
            shape.push(&mut out, &view, false);
        }
        out.extend_from_slice(b"]}");
    }
    out.push(b']');
    if !missing.is_empty() {
        let errors = json!([{
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": "Could not get some DEAL objects, they may be deleted or not exist. \
                        Check that ids are valid.",
            "context": { "ids": missing },
        }]);
        out.extend_from_slice(format!(",\"numErrors\":1,\"errors\":{errors}").as_bytes());
    }
    push_times(&mut out, request.now_ms);
    Ok(Answer::json(if missing.is_empty() { 200 } else { 207 }, out))
}
