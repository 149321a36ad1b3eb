//! Properties of activities: calls, e-mails, meetings, notes, tasks and the like.

use crate::portal::definition::{Kind, Options};

type Own = &'static [(&'static str, Kind)];

const CALL_STATUSES: Options = &["COMPLETED", "NO_ANSWER", "BUSY", "CANCELED"];
const DISPOSITIONS: Options =
    &["f240bbac-87c9-4f6e-bf70-924b57d47db7", "b2cf5968-551e-4856-9783-52b3da59a7d0"];
const DIRECTIONS: Options = &["INBOUND", "OUTBOUND"];
const EMAIL_STATUSES: Options = &["SENT", "BOUNCED", "SCHEDULED", "FAILED"];
const EMAIL_DIRECTIONS: Options = &["EMAIL", "INCOMING_EMAIL", "FORWARDED_EMAIL"];
const OUTCOMES: Options = &["SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW", "CANCELED"];
const TASK_STATUSES: Options = &["NOT_STARTED", "IN_PROGRESS", "WAITING", "COMPLETED"];
const TASK_TYPES: Options = &["TODO", "CALL", "EMAIL"];
const PRIORITIES: Options = &["LOW", "MEDIUM", "HIGH", "NONE"];
const CHANNELS: Options = &["WHATS_APP", "LINKEDIN_MESSAGE", "SMS"];
const SOURCES: Options = &["CRM_UI", "INTEGRATION", "MOBILE_IOS", "EXTENSION"];

const CALL: Own = &[
    ("hs_timestamp", Kind::Stamp),
    ("hs_body_preview", Kind::LongText),
    ("hs_engagement_source", Kind::Choice(SOURCES)),
    ("hs_activity_type", Kind::Text),
    ("hs_attachment_ids", Kind::Choices(&["881", "882"])),
    ("hs_call_title", Kind::Text),
    ("hs_call_body", Kind::LongText),
    ("hs_call_direction", Kind::Choice(DIRECTIONS)),
    ("hs_call_disposition", Kind::Choice(DISPOSITIONS)),
    ("hs_call_duration", Kind::Whole),
    ("hs_call_from_number", Kind::Phone),
    ("hs_call_to_number", Kind::Phone),
    ("hs_call_status", Kind::Choice(CALL_STATUSES)),
    ("hs_call_external_id", Kind::Text),
    ("hs_call_recording_url", Kind::Recording),
    ("hs_call_video_recording_url", Kind::Recording),
    ("hs_call_has_transcript", Kind::Bool),
];

const EMAIL: Own = &[
    ("hs_timestamp", Kind::Stamp),
    ("hs_body_preview", Kind::LongText),
    ("hs_engagement_source", Kind::Choice(SOURCES)),
    ("hs_attachment_ids", Kind::Choices(&["881", "882"])),
    ("hs_email_direction", Kind::Choice(EMAIL_DIRECTIONS)),
    ("hs_email_status", Kind::Choice(EMAIL_STATUSES)),
    ("hs_email_subject", Kind::Text),
    ("hs_email_html", Kind::LongText),
    ("hs_email_text", Kind::LongText),
    ("hs_email_headers", Kind::Json),
    ("hs_email_message_id", Kind::Text),
    ("hs_email_thread_id", Kind::Text),
    ("hs_email_from_firstname", Kind::Text),
    ("hs_email_open_count", Kind::Whole),
    ("hs_email_tracker_key", Kind::Text),
];

const MEETING: Own = &[
    ("hs_timestamp", Kind::Stamp),
    ("hs_body_preview", Kind::LongText),
    ("hs_engagement_source", Kind::Choice(SOURCES)),
    ("hs_activity_type", Kind::Text),
    ("hs_attachment_ids", Kind::Choices(&["881", "882"])),
    ("hs_meeting_title", Kind::Text),
    ("hs_meeting_body", Kind::LongText),
    ("hs_internal_meeting_notes", Kind::LongText),
    ("hs_meeting_location", Kind::Text),
    ("hs_meeting_start_time", Kind::DateTime),
    ("hs_meeting_end_time", Kind::DateTime),
    ("hs_meeting_outcome", Kind::Choice(OUTCOMES)),
    ("hs_meeting_external_url", Kind::Text),
    ("hs_meeting_recording_url", Kind::Recording),
];

const NOTE: Own = &[
    ("hs_timestamp", Kind::Stamp),
    ("hs_body_preview", Kind::LongText),
    ("hs_engagement_source", Kind::Choice(SOURCES)),
    ("hs_attachment_ids", Kind::Choices(&["881", "882"])),
    ("hs_note_body", Kind::LongText),
    ("hs_note_ms_teams_payload", Kind::Json),
];

const TASK: Own = &[
    ("hs_timestamp", Kind::Stamp),
    ("hs_body_preview", Kind::LongText),
    ("hs_engagement_source", Kind::Choice(SOURCES)),
    ("hs_task_subject", Kind::Text),
    ("hs_task_body", Kind::LongText),
    ("hs_task_status", Kind::Choice(TASK_STATUSES)),
    ("hs_task_type", Kind::Choice(TASK_TYPES)),
    ("hs_task_priority", Kind::Choice(PRIORITIES)),
    ("hs_task_completion_date", Kind::DateTime),
    ("hs_task_is_all_day", Kind::Bool),
    ("hs_task_reminders", Kind::Big),
    ("hs_pipeline", Kind::Choice(&["d2a50cb4-6d61-5e1c-8e14-3a2f0c6b9d11"])),
];

const COMMUNICATION: Own = &[
    ("hs_timestamp", Kind::Stamp),
    ("hs_body_preview", Kind::LongText),
    ("hs_communication_channel_type", Kind::Choice(CHANNELS)),
    ("hs_communication_logged_from", Kind::Fixed("CRM")),
    ("hs_communication_body", Kind::LongText),
    ("hs_communication_conversations_thread_id", Kind::Whole),
];

const POSTAL_MAIL: Own = &[
    ("hs_timestamp", Kind::Stamp),
    ("hs_body_preview", Kind::LongText),
    ("hs_postal_mail_body", Kind::LongText),
    ("hs_attachment_ids", Kind::Choices(&["881", "882"])),
];

/// Returns the properties of a type by its plural name, if this module defines them.
pub(super) fn own(plural: &str) -> Option<Own> {
    Some(match plural {
        "calls" => CALL,
        "emails" => EMAIL,
        "meetings" => MEETING,
        "notes" => NOTE,
        "tasks" => TASK,
        "communications" => COMMUNICATION,
        "postal_mail" => POSTAL_MAIL,
        _ => return None,
    })
}
