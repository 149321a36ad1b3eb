-- Associations between records, from the arrays of ids: one row per pair and direction. Leave out the
-- streams that you do not read; further ones take one SELECT for each column of ids.
-- Streams: companies, contacts, deals, tickets, engagements_calls, engagements_emails,
-- engagements_meetings, engagements_notes, engagements_tasks.
CREATE OR REPLACE VIEW associations AS
SELECT 'contacts' AS from_object, id AS from_id, 'companies' AS to_object,
    unnest(CAST(companies AS VARCHAR[])) AS to_id
FROM contacts
UNION ALL
SELECT 'contacts' AS from_object, id AS from_id, 'contacts' AS to_object,
    unnest(CAST(contacts AS VARCHAR[])) AS to_id
FROM contacts
UNION ALL
SELECT 'companies' AS from_object, id AS from_id, 'contacts' AS to_object,
    unnest(CAST(contacts AS VARCHAR[])) AS to_id
FROM companies
UNION ALL
SELECT 'deals' AS from_object, id AS from_id, 'companies' AS to_object,
    unnest(CAST(companies AS VARCHAR[])) AS to_id
FROM deals
UNION ALL
SELECT 'deals' AS from_object, id AS from_id, 'contacts' AS to_object,
    unnest(CAST(contacts AS VARCHAR[])) AS to_id
FROM deals
UNION ALL
SELECT 'deals' AS from_object, id AS from_id, 'line_items' AS to_object,
    unnest(CAST(line_items AS VARCHAR[])) AS to_id
FROM deals
UNION ALL
SELECT 'tickets' AS from_object, id AS from_id, 'companies' AS to_object,
    unnest(CAST(companies AS VARCHAR[])) AS to_id
FROM tickets
UNION ALL
SELECT 'tickets' AS from_object, id AS from_id, 'contacts' AS to_object,
    unnest(CAST(contacts AS VARCHAR[])) AS to_id
FROM tickets
UNION ALL
SELECT 'tickets' AS from_object, id AS from_id, 'deals' AS to_object,
    unnest(CAST(deals AS VARCHAR[])) AS to_id
FROM tickets
UNION ALL
SELECT 'engagements_calls' AS from_object, id AS from_id, 'companies' AS to_object,
    unnest(CAST(companies AS VARCHAR[])) AS to_id
FROM engagements_calls
UNION ALL
SELECT 'engagements_calls' AS from_object, id AS from_id, 'contacts' AS to_object,
    unnest(CAST(contacts AS VARCHAR[])) AS to_id
FROM engagements_calls
UNION ALL
SELECT 'engagements_calls' AS from_object, id AS from_id, 'deals' AS to_object,
    unnest(CAST(deals AS VARCHAR[])) AS to_id
FROM engagements_calls
UNION ALL
SELECT 'engagements_calls' AS from_object, id AS from_id, 'tickets' AS to_object,
    unnest(CAST(tickets AS VARCHAR[])) AS to_id
FROM engagements_calls
UNION ALL
SELECT 'engagements_emails' AS from_object, id AS from_id, 'companies' AS to_object,
    unnest(CAST(companies AS VARCHAR[])) AS to_id
FROM engagements_emails
UNION ALL
SELECT 'engagements_emails' AS from_object, id AS from_id, 'contacts' AS to_object,
    unnest(CAST(contacts AS VARCHAR[])) AS to_id
FROM engagements_emails
UNION ALL
SELECT 'engagements_emails' AS from_object, id AS from_id, 'deals' AS to_object,
    unnest(CAST(deals AS VARCHAR[])) AS to_id
FROM engagements_emails
UNION ALL
SELECT 'engagements_emails' AS from_object, id AS from_id, 'tickets' AS to_object,
    unnest(CAST(tickets AS VARCHAR[])) AS to_id
FROM engagements_emails
UNION ALL
SELECT 'engagements_meetings' AS from_object, id AS from_id, 'companies' AS to_object,
    unnest(CAST(companies AS VARCHAR[])) AS to_id
FROM engagements_meetings
UNION ALL
SELECT 'engagements_meetings' AS from_object, id AS from_id, 'contacts' AS to_object,
    unnest(CAST(contacts AS VARCHAR[])) AS to_id
FROM engagements_meetings
UNION ALL
SELECT 'engagements_meetings' AS from_object, id AS from_id, 'deals' AS to_object,
    unnest(CAST(deals AS VARCHAR[])) AS to_id
FROM engagements_meetings
UNION ALL
SELECT 'engagements_meetings' AS from_object, id AS from_id, 'tickets' AS to_object,
    unnest(CAST(tickets AS VARCHAR[])) AS to_id
FROM engagements_meetings
UNION ALL
SELECT 'engagements_notes' AS from_object, id AS from_id, 'companies' AS to_object,
    unnest(CAST(companies AS VARCHAR[])) AS to_id
FROM engagements_notes
UNION ALL
SELECT 'engagements_notes' AS from_object, id AS from_id, 'contacts' AS to_object,
    unnest(CAST(contacts AS VARCHAR[])) AS to_id
FROM engagements_notes
UNION ALL
SELECT 'engagements_notes' AS from_object, id AS from_id, 'deals' AS to_object,
    unnest(CAST(deals AS VARCHAR[])) AS to_id
FROM engagements_notes
UNION ALL
SELECT 'engagements_notes' AS from_object, id AS from_id, 'tickets' AS to_object,
    unnest(CAST(tickets AS VARCHAR[])) AS to_id
FROM engagements_notes
UNION ALL
SELECT 'engagements_tasks' AS from_object, id AS from_id, 'companies' AS to_object,
    unnest(CAST(companies AS VARCHAR[])) AS to_id
FROM engagements_tasks
UNION ALL
SELECT 'engagements_tasks' AS from_object, id AS from_id, 'contacts' AS to_object,
    unnest(CAST(contacts AS VARCHAR[])) AS to_id
FROM engagements_tasks
UNION ALL
SELECT 'engagements_tasks' AS from_object, id AS from_id, 'deals' AS to_object,
    unnest(CAST(deals AS VARCHAR[])) AS to_id
FROM engagements_tasks
UNION ALL
SELECT 'engagements_tasks' AS from_object, id AS from_id, 'tickets' AS to_object,
    unnest(CAST(tickets AS VARCHAR[])) AS to_id
FROM engagements_tasks;
