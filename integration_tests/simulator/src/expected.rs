//! Actual contents of the portal as JSON, for clients that compare it with what they have read.

use serde_json::{Map, Value, json};

use crate::portal::Portal;

/// Returns every live or every archived record of an object type: its dates, its properties that
/// have a value, and its live associated ids by object type.
pub(crate) fn records(portal: &Portal, object: &str, archived: bool) -> Result<Value, String> {
    portal.store(object).ok_or_else(|| format!("no object type {object}"))?;
    let properties = portal.property_names(object);
    let ids: Vec<u64> =
        if archived { portal.archived_ids(object).collect() } else { portal.ids(object).collect() };
    let records = ids.into_iter().map(|id| {
        let values: Map<String, Value> = properties
            .iter()
            .filter_map(|name| Some((name.clone(), portal.value(object, id, name)?.into())))
            .collect();
        json!({
            "id": id.to_string(),
            "modified_ms": portal.modified_ms(object, id),
            "properties": values,
            "associations": associations(portal, object, id),
        })
    });
    Ok(records.collect())
}

/// Returns the associated ids by the plural of their type; types without any are omitted.
fn associations(portal: &Portal, object: &str, id: u64) -> Map<String, Value> {
    let linked = portal.stores().iter().filter(|store| store.live() > 0).map(|store| {
        let ids = portal.associations(object, id, &store.object.id);
        (store.object.plural.clone(), ids)
    });
    linked.filter(|(_, ids)| !ids.is_empty()).map(|(name, ids)| (name, texts(ids))).collect()
}

/// Returns the keys of everything other than CRM records, as text.
pub(crate) fn keys(portal: &Portal, now_ms: i64) -> Value {
    let forms = |archived| -> Vec<String> {
        portal.form_ids(archived).into_iter().map(|(guid, _)| guid).collect()
    };
    let submissions = forms(false).into_iter().flat_map(|form| {
        portal.submission_times(&form).into_iter().map(move |at| (form.clone(), at))
    });
    let members = portal.list_ids().into_iter().flat_map(|(list, _)| {
        portal.list_members(list).into_iter().map(move |id| format!("{list} {id}"))
    });
    json!({
        "campaigns": portal.marketing_campaign_ids(),
        "email_campaigns": texts(portal.email_campaign_ids()),
        "email_events": portal.email_event_ids(now_ms),
        "engagements": texts(portal.engagement_ids()),
        "events": portal.all_event_ids(now_ms),
        "flows": texts(portal.flow_ids()),
        "form_submissions": submissions.map(|(form, at)| format!("{form} {at}")).collect::<Vec<_>>(),
        "forms": forms(false),
        "list_members": members.collect::<Vec<_>>(),
        "lists": texts(portal.list_ids().into_iter().map(|(id, _)| id)),
        "marketing_emails": texts(portal.marketing_email_ids(false)),
        "marketing_emails_archived": texts(portal.marketing_email_ids(true)),
        "owners": texts(portal.owner_ids(false)),
        "owners_archived": texts(portal.owner_ids(true)),
        "subscription_changes": texts(portal.subscription_change_times()),
        "subscriptions": texts(portal.subscription_ids()),
        "teams": texts(portal.team_ids()),
        "users": texts(portal.user_ids()),
        "workflows": texts(portal.workflow_ids()),
    })
}

fn texts(ids: impl IntoIterator<Item = impl ToString>) -> Value {
    ids.into_iter().map(|id| Value::from(id.to_string())).collect()
}
