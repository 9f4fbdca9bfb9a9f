-- purpose: the parcels of a shop that are on their way, by what the record knows
-- grain:   one row per parcel
-- params:  shop_id text
-- reads:   record.parcels
-- writes:  nothing
-- returns: many
SELECT
    order_id,
    shipment_id
FROM record.parcels
WHERE shop_id = %(shop_id)s::text
ORDER BY shipment_id
