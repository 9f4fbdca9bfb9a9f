-- purpose: take changed parcels that are over out of the record
-- grain:   one row per parcel
-- params:  shop_id text
-- reads:   pg_temp.changed_parcels, pg_temp.found_parcels
-- writes:  record.parcels
-- returns: count
DELETE FROM record.parcels AS parcels
USING pg_temp.changed_parcels AS changed_parcels
WHERE
    parcels.shop_id = %(shop_id)s::text
    AND parcels.shipment_id = changed_parcels.shipment_id
    AND parcels.shipment_id NOT IN (SELECT found_parcels.shipment_id FROM pg_temp.found_parcels)
