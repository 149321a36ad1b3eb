//! HubSpot object types that are enabled in the account.

use http::Method;
use serde_json::{Map, Value, json};

use crate::message::Answer;
use crate::portal::Portal;
use crate::refusal;
use crate::route::{Bucket, Handler, Params, RequiredScopes, Route, param};

pub(crate) static ROUTES: &[Route] = &[
    Route {
        name: "object_library.enablement",
        method: Method::GET,
        paths: &[
            "/crm/v3/object-library/enablement",
            "/crm/object-library/2026-03/enablement",
            "/crm/object-library/2026-09/enablement",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::None,
        handler: Handler::Function(|portal, _, _| Ok(all(portal))),
    },
    Route {
        name: "object_library.enablement_of",
        method: Method::GET,
        paths: &[
            "/crm/v3/object-library/enablement/{}",
            "/crm/object-library/2026-03/enablement/{}",
            "/crm/object-library/2026-09/enablement/{}",
        ],
        bucket: Bucket::General,
        authenticated: true,
        scopes: RequiredScopes::None,
        handler: Handler::Function(|portal, params, _| Ok(one(portal, params))),
    },
];

fn all(portal: &Portal) -> Answer {
    let standard = portal.stores().iter().filter(|store| !store.object.custom);
    let enabled: Map<String, Value> = standard
        .map(|store| (store.object.id.clone(), (!portal.is_disabled(&store.object.id)).into()))
        .collect();
    Answer::json(200, json!({ "enablementByObjectTypeId": enabled }).to_string())
}

fn one(portal: &Portal, params: &Params) -> Answer {
    let id = param(params, 0);
    if portal.stores().iter().all(|store| store.object.id != id) {
        return refusal::unknown_type(id);
    }
    Answer::json(200, json!({ "enablement": !portal.is_disabled(id) }).to_string())
}
