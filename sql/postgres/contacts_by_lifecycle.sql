-- Number of contacts by lifecycle stage and owner.
-- Streams: contacts; the view owners_all.
-- PyAirbyte writes ids that consist of digits as 12.0 if the column has nulls.
CREATE OR REPLACE VIEW contacts_by_lifecycle AS
WITH contact AS (
    SELECT
        properties_lifecyclestage,
        regexp_replace(properties_hubspot_owner_id, '\.0$', '') AS owner_id
    FROM contacts
)
SELECT
    contact.properties_lifecyclestage AS lifecycle_stage,
    contact.owner_id,
    owner.name AS owner_name,
    owner.is_archived AS owner_is_archived,
    count(*) AS contacts
FROM contact
LEFT JOIN owners_all AS owner ON owner.id = contact.owner_id
GROUP BY 1, 2, 3, 4;
