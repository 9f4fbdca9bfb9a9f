-- purpose: count touched parcels among the touched events
-- grain:   one row per parcel
-- params:  none
-- reads:   pg_temp.touched_parcels
-- writes:  pg_temp.touched_events
-- returns: count
INSERT INTO pg_temp.touched_events (fact, order_id, fact_id, event_id)
SELECT
    'parcel' AS fact,
    '' AS order_id,
    shipment_id AS fact_id,
    event_id
FROM pg_temp.touched_parcels
