-- Deals with the labels of their stage and pipeline and the name of their owner: one row per deal.
-- Join `deals` by `id` for further properties.
-- Streams: deals; the views deal_stages and owners_all.
CREATE OR REPLACE VIEW deals_enriched AS
SELECT
    deal.id,
    deal.properties_dealname AS name,
    deal.properties_amount AS amount,
    deal.properties_deal_currency_code AS currency,
    deal.properties_pipeline AS pipeline_id,
    stage.pipeline_label,
    deal.properties_dealstage AS stage_id,
    stage.stage_label,
    stage.stage_order,
    stage.probability,
    -- Null if the stage no longer exists.
    stage.is_closed,
    stage.is_won,
    deal.properties_hubspot_owner_id AS owner_id,
    owner.name AS owner_name,
    owner.is_archived AS owner_is_archived,
    deal.createdat AS created_at,
    deal.properties_closedate AS closed_at,
    deal.updatedat AS updated_at
FROM deals AS deal
-- Pipelines may share the ids of their stages.
LEFT JOIN deal_stages AS stage
    ON stage.pipeline_id = deal.properties_pipeline AND stage.stage_id = deal.properties_dealstage
LEFT JOIN owners_all AS owner ON owner.id = deal.properties_hubspot_owner_id;
