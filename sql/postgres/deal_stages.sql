-- Stages of deals: one row per stage of a pipeline, with labels.
-- Streams: deal_pipelines.
CREATE OR REPLACE VIEW deal_stages AS
SELECT
    pipelineid AS pipeline_id,
    label AS pipeline_label,
    displayorder AS pipeline_order,
    stage ->> 'stageId' AS stage_id,
    stage ->> 'label' AS stage_label,
    CAST(stage ->> 'displayOrder' AS BIGINT) AS stage_order,
    CAST(nullif(stage #>> '{metadata,probability}', '') AS DOUBLE PRECISION) AS probability,
    coalesce(stage #>> '{metadata,isClosed}' = 'true', FALSE) AS is_closed,
    coalesce(CAST(nullif(stage #>> '{metadata,probability}', '') AS DOUBLE PRECISION) = 1, FALSE)
        AS is_won
FROM deal_pipelines
CROSS JOIN LATERAL jsonb_array_elements(
    CASE WHEN jsonb_typeof(CAST(stages AS JSONB)) = 'array' THEN CAST(stages AS JSONB) ELSE '[]' END
) AS stage;
