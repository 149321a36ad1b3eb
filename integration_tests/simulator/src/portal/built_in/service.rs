//! Properties of the remaining standard types: leads, goals, surveys, users, services.

use crate::portal::definition::{Kind, Options};

type Own = &'static [(&'static str, Kind)];

const STAGES: Options = &["1", "2", "3", "4"];
const LEAD_STAGES: Options = &["new-stage-id", "connected-stage-id", "qualified-stage-id"];
const SURVEYS: Options = &["CES", "NPS", "CSAT", "CUSTOM"];
const SENTIMENTS: Options = &["PROMOTER", "PASSIVE", "DETRACTOR"];
const GOAL_STATUSES: Options = &["achieved", "in_progress", "missed", "exceeded"];
const DAYS: Options = &["MONDAY", "MONDAY_TO_FRIDAY", "SATURDAY"];

const LEAD: Own = &[
    ("hs_lead_name", Kind::Text),
    ("hs_lead_type", Kind::Choice(&["NEW_BUSINESS", "UPSELL", "RE_ATTEMPTING"])),
    ("hs_lead_label", Kind::Choice(&["HOT", "WARM", "COLD"])),
    ("hs_pipeline", Kind::Choice(&["lead-pipeline-id"])),
    ("hs_pipeline_stage", Kind::Choice(LEAD_STAGES)),
    ("hs_contact_last_activity_date", Kind::DateTime),
];

const FEEDBACK_SUBMISSION: Own = &[
    ("hs_survey_id", Kind::Whole),
    ("hs_survey_name", Kind::Text),
    ("hs_survey_type", Kind::Choice(SURVEYS)),
    ("hs_survey_channel", Kind::Choice(&["EMAIL", "WEB", "CHAT"])),
    ("hs_submission_name", Kind::Text),
    ("hs_submission_timestamp", Kind::Stamp),
    ("hs_submission_url", Kind::Text),
    ("hs_response_group", Kind::Choice(SENTIMENTS)),
    ("hs_sentiment", Kind::Choice(SENTIMENTS)),
    ("hs_value", Kind::Whole),
    ("hs_content", Kind::LongText),
    ("hs_contact_email_rollup", Kind::Text),
    ("hs_ingestion_id", Kind::Text),
];

const GOAL_TARGET: Own = &[
    ("hs_goal_name", Kind::Text),
    ("hs_target_amount", Kind::Money),
    ("hs_kpi_value", Kind::Money),
    ("hs_kpi_progress_percent", Kind::Money),
    ("hs_start_datetime", Kind::DateTime),
    ("hs_end_datetime", Kind::DateTime),
    ("hs_status", Kind::Choice(GOAL_STATUSES)),
    ("hs_assignee_user_id", Kind::Whole),
];

const USER: Own = &[
    ("hs_email", Kind::Text),
    ("hs_given_name", Kind::Text),
    ("hs_family_name", Kind::Text),
    ("hs_job_title", Kind::Text),
    ("hs_internal_user_id", Kind::Whole),
    ("hs_availability_status", Kind::Choice(&["available", "away"])),
    ("hs_working_hours", Kind::Choice(DAYS)),
    ("hs_standard_time_zone", Kind::Choice(&["Europe/Berlin", "America/New_York"])),
];

const MARKETING_EVENT: Own = &[
    ("hs_event_name", Kind::Text),
    ("hs_event_type", Kind::Choice(&["WEBINAR", "CONFERENCE", "WORKSHOP"])),
    ("hs_event_organizer", Kind::Text),
    ("hs_event_url", Kind::Text),
    ("hs_event_cancelled", Kind::Bool),
    ("hs_start_datetime", Kind::DateTime),
    ("hs_end_datetime", Kind::DateTime),
    ("hs_attendees", Kind::Whole),
];

const SERVICE: Own = &[
    ("hs_name", Kind::Text),
    ("hs_category", Kind::Choice(&["Billing", "Onboarding", "Consulting"])),
    ("hs_pipeline", Kind::Choice(&["default"])),
    ("hs_pipeline_stage", Kind::Choice(STAGES)),
    ("hs_start_date", Kind::DateTime),
    ("hs_target_end_date", Kind::DateTime),
    ("hs_total_cost", Kind::Money),
];

const COURSE: Own = &[
    ("hs_course_name", Kind::Text),
    ("hs_course_id", Kind::Text),
    ("hs_level", Kind::Text),
    ("hs_price", Kind::Money),
    ("hs_enrollment_capacity", Kind::Whole),
];

const LISTING: Own = &[
    ("hs_name", Kind::Text),
    ("hs_address_1", Kind::Text),
    ("hs_city", Kind::Text),
    ("hs_price", Kind::Money),
    ("hs_bedrooms", Kind::Whole),
    ("hs_square_footage", Kind::Money),
];

const APPOINTMENT: Own = &[
    ("hs_appointment_name", Kind::Text),
    ("hs_appointment_start", Kind::DateTime),
    ("hs_appointment_end", Kind::DateTime),
    ("hs_appointment_status", Kind::Choice(&["scheduled", "completed", "canceled"])),
    ("hs_pipeline_stage", Kind::Choice(STAGES)),
];

const PROJECT: Own = &[
    ("hs_name", Kind::Text),
    ("hs_description", Kind::LongText),
    ("hs_status", Kind::Choice(&["planned", "active", "done"])),
    ("hs_start_date", Kind::Date),
    ("hs_target_due_date", Kind::Date),
];

/// Returns the properties of a type by its plural name, if this module defines them.
pub(super) fn own(plural: &str) -> Option<Own> {
    Some(match plural {
        "leads" => LEAD,
        "feedback_submissions" => FEEDBACK_SUBMISSION,
        "goal_targets" => GOAL_TARGET,
        "users" => USER,
        "marketing_events" => MARKETING_EVENT,
        "services" => SERVICE,
        "courses" => COURSE,
        "listings" => LISTING,
        "appointments" => APPOINTMENT,
        "projects" => PROJECT,
        _ => return None,
    })
}
