-- purpose: bring changed parcels that are open to where they stand now; the same again writes nothing
-- grain:   one row per parcel
-- params:  none
-- reads:   pg_temp.found_parcels
-- writes:  record.parcels
-- returns: count
-- In order of the ship click: an audience reads the latest, and finds them side by side.
INSERT INTO record.parcels AS parcels (
    shop_id, shipment_id, order_id, customer_no, customer_id, identity, carrier, region, shipped_at, promised_at,
    first_scan_at, moved_at, moved_state, problem_at, problem_state, problem_known_at, turned_back_at,
    turned_back_known_at, turned_back_state, has_refund_asked, is_open, next_at
)
SELECT
    shop_id,
    shipment_id,
    order_id,
    customer_no,
    customer_id,
    identity,
    carrier,
    region,
    shipped_at,
    promised_at,
    first_scan_at,
    moved_at,
    moved_state,
    problem_at,
    problem_state,
    problem_known_at,
    turned_back_at,
    turned_back_known_at,
    turned_back_state,
    has_refund_asked,
    is_open,
    next_at
FROM pg_temp.found_parcels
ORDER BY shipped_at, shipment_id
ON CONFLICT ON CONSTRAINT parcels_pk DO UPDATE
    SET
        order_id = excluded.order_id,
        customer_no = excluded.customer_no,
        customer_id = excluded.customer_id,
        identity = excluded.identity,
        carrier = excluded.carrier,
        region = excluded.region,
        shipped_at = excluded.shipped_at,
        promised_at = excluded.promised_at,
        first_scan_at = excluded.first_scan_at,
        moved_at = excluded.moved_at,
        moved_state = excluded.moved_state,
        problem_at = excluded.problem_at,
        problem_state = excluded.problem_state,
        problem_known_at = excluded.problem_known_at,
        turned_back_at = excluded.turned_back_at,
        turned_back_known_at = excluded.turned_back_known_at,
        turned_back_state = excluded.turned_back_state,
        has_refund_asked = excluded.has_refund_asked,
        is_open = excluded.is_open,
        next_at = excluded.next_at
    WHERE parcels.* IS DISTINCT FROM excluded.*
