-- Number of contacts by lifecycle stage and owner.
-- Streams: contacts; the view owners_all.
CREATE OR REPLACE VIEW contacts_by_lifecycle AS
SELECT
    contact.properties_lifecyclestage AS lifecycle_stage,
    contact.properties_hubspot_owner_id AS owner_id,
    owner.name AS owner_name,
    owner.is_archived AS owner_is_archived,
    count(*) AS contacts
FROM contacts AS contact
LEFT JOIN owners_all AS owner ON owner.id = contact.properties_hubspot_owner_id
GROUP BY 1, 2, 3, 4;
