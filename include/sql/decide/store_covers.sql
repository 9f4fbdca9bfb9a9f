-- purpose: note which orders or parcels the touches just enqueued or held out cover
-- grain:   one row per order or parcel
-- params:  realm text, shop_id text, as_of timestamptz, rows jsonb
-- reads:   nothing
-- writes:  ledger.touch_cover
-- returns: count
INSERT INTO ledger.touch_cover (realm, shop_id, campaign_id, step, covered_id, touch_id, covered_as_of)
SELECT
    %(realm)s::text,
    %(shop_id)s::text,
    covers.campaign_id,
    covers.step,
    covers.covered_id,
    covers.touch_id,
    %(as_of)s::timestamptz
FROM jsonb_to_recordset(%(rows)s::jsonb) AS covers (campaign_id text, step text, covered_id text, touch_id bigint)
