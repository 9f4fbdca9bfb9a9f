-- purpose: take parcels out of the record that are over, or were clicked before the horizon
-- grain:   one row per parcel
-- params:  shop_id text, as_of timestamptz
-- reads:   pg_temp.changed_parcels, pg_temp.found_parcels
-- writes:  record.parcels
-- returns: count
DELETE FROM record.parcels AS parcels
WHERE
    parcels.shop_id = %(shop_id)s::text
    AND (
        parcels.shipped_at <= %(as_of)s::timestamptz - record.parcel_horizon()
        OR (
            parcels.shipment_id IN (SELECT changed_parcels.shipment_id FROM pg_temp.changed_parcels)
            AND parcels.shipment_id NOT IN (SELECT found_parcels.shipment_id FROM pg_temp.found_parcels)
        )
    )
