-- Owners of records, live and archived: one row per owner, the latest version of it.
-- Streams: owners, owners_archived.
CREATE OR REPLACE VIEW owners_all AS
WITH everyone AS (
    SELECT id, email, firstname, lastname, userid, useridincludinginactive, updatedat,
        FALSE AS is_archived
    FROM owners
    UNION ALL
    SELECT id, email, firstname, lastname, userid, useridincludinginactive, updatedat,
        TRUE AS is_archived
    FROM owners_archived
)
SELECT DISTINCT ON (id)
    id,
    coalesce(nullif(trim(concat_ws(' ', firstname, lastname)), ''), email, id) AS name,
    email,
    -- Archived owners have no `userid`.
    coalesce(userid, useridincludinginactive) AS user_id,
    is_archived,
    updatedat AS updated_at
FROM everyone
ORDER BY id, updatedat DESC NULLS LAST, is_archived;
