-- Deals with the labels of their stage and pipeline and the name of their owner: one row per deal.
-- Join `deals` by `id` for further properties.
-- Streams: deals; the views deal_stages and owners_all.
-- PyAirbyte writes ids that consist of digits as 12.0 if the column has nulls.
CREATE OR REPLACE VIEW deals_enriched AS
SELECT
    deal.id,
    deal.properties_dealname AS name,
    deal.properties_amount AS amount,
    deal.properties_deal_currency_code AS currency,
    reference.pipeline_id,
    stage.pipeline_label,
    reference.stage_id,
    stage.stage_label,
    stage.stage_order,
    stage.probability,
    -- Null if the stage no longer exists.
    stage.is_closed,
    stage.is_won,
    reference.owner_id,
    owner.name AS owner_name,
    owner.is_archived AS owner_is_archived,
    deal.createdat AS created_at,
    deal.properties_closedate AS closed_at,
    deal.updatedat AS updated_at
FROM deals AS deal
CROSS JOIN LATERAL (
    SELECT
        regexp_replace(deal.properties_pipeline, '\.0$', '') AS pipeline_id,
        regexp_replace(deal.properties_dealstage, '\.0$', '') AS stage_id,
        regexp_replace(deal.properties_hubspot_owner_id, '\.0$', '') AS owner_id
) AS reference
-- Pipelines may share the ids of their stages.
LEFT JOIN deal_stages AS stage
    ON stage.pipeline_id = reference.pipeline_id AND stage.stage_id = reference.stage_id
LEFT JOIN owners_all AS owner ON owner.id = reference.owner_id;
