-- Associations between records, from the arrays of ids: one row per pair and direction. Leave out the
-- streams that you do not read; further ones take one SELECT for each column of ids.
-- Streams: companies, contacts, deals, tickets, engagements_calls, engagements_emails,
-- engagements_meetings, engagements_notes, engagements_tasks.
CREATE OR REPLACE VIEW associations AS
SELECT 'contacts' AS from_object, id AS from_id, 'companies' AS to_object, to_id
FROM contacts, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(companies AS JSONB)) = 'array' THEN CAST(companies AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'contacts' AS from_object, id AS from_id, 'contacts' AS to_object, to_id
FROM contacts, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(contacts AS JSONB)) = 'array' THEN CAST(contacts AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'companies' AS from_object, id AS from_id, 'contacts' AS to_object, to_id
FROM companies, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(contacts AS JSONB)) = 'array' THEN CAST(contacts AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'deals' AS from_object, id AS from_id, 'companies' AS to_object, to_id
FROM deals, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(companies AS JSONB)) = 'array' THEN CAST(companies AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'deals' AS from_object, id AS from_id, 'contacts' AS to_object, to_id
FROM deals, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(contacts AS JSONB)) = 'array' THEN CAST(contacts AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'deals' AS from_object, id AS from_id, 'line_items' AS to_object, to_id
FROM deals, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(line_items AS JSONB)) = 'array' THEN CAST(line_items AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'tickets' AS from_object, id AS from_id, 'companies' AS to_object, to_id
FROM tickets, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(companies AS JSONB)) = 'array' THEN CAST(companies AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'tickets' AS from_object, id AS from_id, 'contacts' AS to_object, to_id
FROM tickets, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(contacts AS JSONB)) = 'array' THEN CAST(contacts AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'tickets' AS from_object, id AS from_id, 'deals' AS to_object, to_id
FROM tickets, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(deals AS JSONB)) = 'array' THEN CAST(deals AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_calls' AS from_object, id AS from_id, 'companies' AS to_object, to_id
FROM engagements_calls, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(companies AS JSONB)) = 'array' THEN CAST(companies AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_calls' AS from_object, id AS from_id, 'contacts' AS to_object, to_id
FROM engagements_calls, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(contacts AS JSONB)) = 'array' THEN CAST(contacts AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_calls' AS from_object, id AS from_id, 'deals' AS to_object, to_id
FROM engagements_calls, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(deals AS JSONB)) = 'array' THEN CAST(deals AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_calls' AS from_object, id AS from_id, 'tickets' AS to_object, to_id
FROM engagements_calls, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(tickets AS JSONB)) = 'array' THEN CAST(tickets AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_emails' AS from_object, id AS from_id, 'companies' AS to_object, to_id
FROM engagements_emails, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(companies AS JSONB)) = 'array' THEN CAST(companies AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_emails' AS from_object, id AS from_id, 'contacts' AS to_object, to_id
FROM engagements_emails, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(contacts AS JSONB)) = 'array' THEN CAST(contacts AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_emails' AS from_object, id AS from_id, 'deals' AS to_object, to_id
FROM engagements_emails, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(deals AS JSONB)) = 'array' THEN CAST(deals AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_emails' AS from_object, id AS from_id, 'tickets' AS to_object, to_id
FROM engagements_emails, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(tickets AS JSONB)) = 'array' THEN CAST(tickets AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_meetings' AS from_object, id AS from_id, 'companies' AS to_object, to_id
FROM engagements_meetings, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(companies AS JSONB)) = 'array' THEN CAST(companies AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_meetings' AS from_object, id AS from_id, 'contacts' AS to_object, to_id
FROM engagements_meetings, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(contacts AS JSONB)) = 'array' THEN CAST(contacts AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_meetings' AS from_object, id AS from_id, 'deals' AS to_object, to_id
FROM engagements_meetings, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(deals AS JSONB)) = 'array' THEN CAST(deals AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_meetings' AS from_object, id AS from_id, 'tickets' AS to_object, to_id
FROM engagements_meetings, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(tickets AS JSONB)) = 'array' THEN CAST(tickets AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_notes' AS from_object, id AS from_id, 'companies' AS to_object, to_id
FROM engagements_notes, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(companies AS JSONB)) = 'array' THEN CAST(companies AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_notes' AS from_object, id AS from_id, 'contacts' AS to_object, to_id
FROM engagements_notes, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(contacts AS JSONB)) = 'array' THEN CAST(contacts AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_notes' AS from_object, id AS from_id, 'deals' AS to_object, to_id
FROM engagements_notes, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(deals AS JSONB)) = 'array' THEN CAST(deals AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_notes' AS from_object, id AS from_id, 'tickets' AS to_object, to_id
FROM engagements_notes, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(tickets AS JSONB)) = 'array' THEN CAST(tickets AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_tasks' AS from_object, id AS from_id, 'companies' AS to_object, to_id
FROM engagements_tasks, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(companies AS JSONB)) = 'array' THEN CAST(companies AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_tasks' AS from_object, id AS from_id, 'contacts' AS to_object, to_id
FROM engagements_tasks, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(contacts AS JSONB)) = 'array' THEN CAST(contacts AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_tasks' AS from_object, id AS from_id, 'deals' AS to_object, to_id
FROM engagements_tasks, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(deals AS JSONB)) = 'array' THEN CAST(deals AS JSONB) ELSE '[]' END
) AS to_id
UNION ALL
SELECT 'engagements_tasks' AS from_object, id AS from_id, 'tickets' AS to_object, to_id
FROM engagements_tasks, LATERAL jsonb_array_elements_text(
    CASE WHEN jsonb_typeof(CAST(tickets AS JSONB)) = 'array' THEN CAST(tickets AS JSONB) ELSE '[]' END
) AS to_id;
