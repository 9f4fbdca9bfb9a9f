-- purpose: the address of a test, for as long as its attempt takes
-- grain:   one row per test customer and address
-- params:  shop_id text, customer_id text, kind text, address_hash text, address text, at timestamptz,
--          expires_at timestamptz
-- reads:   nothing
-- writes:  contact.contact_points
-- returns: count
-- Its customer is none of the shop's: no statement about buyers finds it.
INSERT INTO contact.contact_points (shop_id, customer_id, kind, address_hash, address, known_at, expires_at)
VALUES (
    %(shop_id)s::text, %(customer_id)s::text, %(kind)s::text, %(address_hash)s::text, %(address)s::text,
    %(at)s::timestamptz, %(expires_at)s::timestamptz
)
ON CONFLICT (shop_id, customer_id, kind, address_hash) DO UPDATE
    SET expires_at = excluded.expires_at
