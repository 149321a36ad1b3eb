-- Stages of deals: one row per stage of a pipeline, with labels.
-- Streams: deal_pipelines.
CREATE OR REPLACE VIEW deal_stages AS
WITH stages AS (
    SELECT pipelineid, label, displayorder, unnest(CAST(stages AS JSON[])) AS stage
    FROM deal_pipelines
)
SELECT
    pipelineid AS pipeline_id,
    label AS pipeline_label,
    displayorder AS pipeline_order,
    stage ->> '$.stageId' AS stage_id,
    stage ->> '$.label' AS stage_label,
    CAST(stage ->> '$.displayOrder' AS BIGINT) AS stage_order,
    TRY_CAST(stage ->> '$.metadata.probability' AS DOUBLE) AS probability,
    coalesce(stage ->> '$.metadata.isClosed' = 'true', FALSE) AS is_closed,
    coalesce(TRY_CAST(stage ->> '$.metadata.probability' AS DOUBLE) = 1, FALSE) AS is_won
FROM stages;
