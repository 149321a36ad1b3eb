//! Conversion of a record into the Engagements v1 format.

use serde_json::{Map, Value, json};

use crate::portal::{Portal, Store, View, parse_ms};

/// A record whose properties are read by name.
struct Reader<'a> {
    portal: &'a Portal,
    store: &'a Store,
    view: &'a View<'a>,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> Option<String> {
        let (place, definition) = self.store.definition(name)?;
        self.view.text(definition, place)
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.text(name)?.parse().ok()
    }

    fn instant(&self, name: &str) -> Option<i64> {
        parse_ms(&self.text(name)?)
    }

    fn ids(&self, object: &str) -> Vec<u64> {
        self.portal.associations(&self.store.object.id, self.view.id, object)
    }

    fn email(&self) -> Value {
        let first = self.text("hs_email_from_firstname");
        json!({ "email": self.portal.some_recipient(self.view.id), "firstName": first })
    }
}

pub(super) fn engagement(portal: &Portal, store: &Store, view: &View<'_>) -> Value {
    let record = Reader { portal, store, view };
    let owner = record.number("hubspot_owner_id");
    let team = record.number("hubspot_team_id");
    let preview = record.text("hs_body_preview");
    let attachments = record.text("hs_attachment_ids").unwrap_or_default();
    let attachments: Vec<Value> = attachments
        .split(';')
        .filter_map(|id| id.parse::<u64>().ok())
        .map(|id| json!({ "id": id }))
        .collect();
    json!({
        "engagement": without_nulls(json!({
            "id": view.id,
            "portalId": portal.portal_id(),
            "active": true,
            "createdAt": view.created_ms,
            "lastUpdated": view.modified_ms,
            "createdBy": record.number("hs_created_by_user_id"),
            "modifiedBy": record.number("hs_updated_by_user_id"),
            "ownerId": owner,
            "teamId": team,
            "allAccessibleTeamIds": team.into_iter().collect::<Vec<i64>>(),
            "type": kind(&record),
            "timestamp": record.instant("hs_timestamp").unwrap_or(view.created_ms),
            "source": record.text("hs_engagement_source"),
            "bodyPreviewIsTruncated": preview.as_ref().map(|text| text.len() > 128),
            "bodyPreviewHtml": preview.as_ref().map(|text| format!("<html><body>{text}</body></html>")),
            "bodyPreview": preview,
            "activityType": record.text("hs_activity_type"),
            "queueMembershipIds": [],
            "gdprDeleted": false,
        })),
        "associations": {
            "contactIds": record.ids("contacts"),
            "companyIds": record.ids("companies"),
            "dealIds": record.ids("deals"),
            "ticketIds": record.ids("tickets"),
            "quoteIds": record.ids("quotes"),
            "marketingEventIds": record.ids("marketing_events"),
            "ownerIds": owner.into_iter().collect::<Vec<i64>>(),
            "workflowIds": [],
            "contentIds": [],
        },
        "attachments": attachments,
        "scheduledTasks": [],
        "metadata": without_nulls(metadata(&record)),
    })
}

fn kind(record: &Reader<'_>) -> String {
    match record.store.object.plural.as_str() {
        "emails" => record.text("hs_email_direction").unwrap_or_else(|| "EMAIL".to_owned()),
        _ => record.store.object.singular.to_uppercase(),
    }
}

/// HubSpot: keys depend on the type, and properties without a value are omitted.
fn metadata(record: &Reader<'_>) -> Value {
    match record.store.object.plural.as_str() {
        "calls" => json!({
            "body": record.text("hs_call_body"),
            "disposition": record.text("hs_call_disposition"),
            "durationMilliseconds": record.number("hs_call_duration"),
            "externalId": record.text("hs_call_external_id"),
            "fromNumber": record.text("hs_call_from_number"),
            "recordingUrl": record.text("hs_call_recording_url"),
            "status": record.text("hs_call_status"),
            "title": record.text("hs_call_title"),
            "toNumber": record.text("hs_call_to_number"),
        }),
        "emails" => json!({
            "from": record.email(),
            "to": [record.email()],
            "cc": [],
            "bcc": [],
            "sender": {},
            "subject": record.text("hs_email_subject"),
            "html": record.text("hs_email_html"),
            "text": record.text("hs_email_text"),
            "messageId": record.text("hs_email_message_id"),
            "threadId": record.text("hs_email_thread_id"),
            "status": record.text("hs_email_status"),
            "trackerKey": record.text("hs_email_tracker_key"),
            "validationSkipped": [],
        }),
        "meetings" => json!({
            "title": record.text("hs_meeting_title"),
            "body": record.text("hs_meeting_body"),
            "internalMeetingNotes": record.text("hs_internal_meeting_notes"),
            "location": record.text("hs_meeting_location"),
            "startTime": record.instant("hs_meeting_start_time"),
            "endTime": record.instant("hs_meeting_end_time"),
            "meetingOutcome": record.text("hs_meeting_outcome"),
            "externalUrl": record.text("hs_meeting_external_url"),
            "preMeetingProspectReminders": [],
        }),
        "tasks" => json!({
            "subject": record.text("hs_task_subject"),
            "body": record.text("hs_task_body"),
            "status": record.text("hs_task_status"),
            "taskType": record.text("hs_task_type"),
            "priority": record.text("hs_task_priority"),
            "forObjectType": "CONTACT",
            "completionDate": record.instant("hs_task_completion_date"),
            "isAllDay": record.text("hs_task_is_all_day").map(|flag| flag == "true"),
            "reminders": record.number("hs_task_reminders").into_iter().collect::<Vec<i64>>(),
        }),
        _ => json!({ "body": record.text("hs_note_body") }),
    }
}

fn without_nulls(object: Value) -> Map<String, Value> {
    let Value::Object(fields) = object else { return Map::new() };
    fields.into_iter().filter(|(_, value)| !value.is_null()).collect()
}
