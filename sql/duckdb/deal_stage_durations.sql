-- Time that deals spent in their stages: one row for each time that a deal entered a stage. `left_at` is
-- null for the stage that a deal is in, whose duration goes on until now.
-- Streams: deals_property_history with the property dealstage; the view deal_stages.
CREATE OR REPLACE VIEW deal_stage_durations AS
WITH versions AS (
    SELECT dealid, value, timestamp,
        lag(value) OVER (PARTITION BY dealid ORDER BY timestamp, value) AS previous
    FROM deals_property_history
    WHERE property = 'dealstage'
),
-- A version that repeats the stage before it is no change.
changes AS (
    SELECT dealid, value, timestamp AS entered_at,
        lead(timestamp) OVER (PARTITION BY dealid ORDER BY timestamp, value) AS left_at
    FROM versions
    WHERE value IS DISTINCT FROM previous
),
labels AS (
    SELECT stage_id, min(stage_label) AS stage_label
    FROM deal_stages
    GROUP BY stage_id
)
SELECT
    change.dealid AS deal_id,
    change.value AS stage_id,
    label.stage_label,
    change.entered_at,
    change.left_at,
    change.left_at IS NULL AS is_current,
    epoch(coalesce(change.left_at, now() AT TIME ZONE 'UTC') - change.entered_at) / 86400 AS days
FROM changes AS change
LEFT JOIN labels AS label ON label.stage_id = change.value
WHERE change.value <> '';
