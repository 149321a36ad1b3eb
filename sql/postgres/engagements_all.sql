-- Calls, e-mails, meetings, notes and tasks in one shape: one row per activity. A note has no title.
-- `companies`, `contacts`, `deals` and `tickets` are arrays of ids; the view associations has them as
-- rows. Leave out the streams that you do not read.
-- Streams: engagements_calls, engagements_emails, engagements_meetings, engagements_notes,
-- engagements_tasks.
-- PyAirbyte writes ids that consist of digits as 12.0 if the column has nulls.
CREATE OR REPLACE VIEW engagements_all AS
SELECT 'call' AS type, id, properties_hs_call_title AS title,
    properties_hs_body_preview AS preview, properties_hs_timestamp AS occurred_at,
    regexp_replace(properties_hubspot_owner_id, '\.0$', '') AS owner_id, companies, contacts, deals, tickets,
    createdat AS created_at, updatedat AS updated_at
FROM engagements_calls
UNION ALL
SELECT 'email' AS type, id, properties_hs_email_subject AS title,
    properties_hs_body_preview AS preview, properties_hs_timestamp AS occurred_at,
    regexp_replace(properties_hubspot_owner_id, '\.0$', '') AS owner_id, companies, contacts, deals, tickets,
    createdat AS created_at, updatedat AS updated_at
FROM engagements_emails
UNION ALL
SELECT 'meeting' AS type, id, properties_hs_meeting_title AS title,
    properties_hs_body_preview AS preview, properties_hs_timestamp AS occurred_at,
    regexp_replace(properties_hubspot_owner_id, '\.0$', '') AS owner_id, companies, contacts, deals, tickets,
    createdat AS created_at, updatedat AS updated_at
FROM engagements_meetings
UNION ALL
SELECT 'note' AS type, id, CAST(NULL AS VARCHAR) AS title,
    properties_hs_body_preview AS preview, properties_hs_timestamp AS occurred_at,
    regexp_replace(properties_hubspot_owner_id, '\.0$', '') AS owner_id, companies, contacts, deals, tickets,
    createdat AS created_at, updatedat AS updated_at
FROM engagements_notes
UNION ALL
SELECT 'task' AS type, id, properties_hs_task_subject AS title,
    properties_hs_body_preview AS preview, properties_hs_timestamp AS occurred_at,
    regexp_replace(properties_hubspot_owner_id, '\.0$', '') AS owner_id, companies, contacts, deals, tickets,
    createdat AS created_at, updatedat AS updated_at
FROM engagements_tasks;
