-- purpose: keep the contact points found in a batch; one that had expired is in use again
-- grain:   one row per written contact point
-- params:  batch_id bigint, shop_id text, found relation
-- reads:   the found points
-- writes:  contact.contact_points
-- returns: count
INSERT INTO contact.contact_points AS points (
    shop_id, customer_id, kind, address_hash, address, order_id, is_synthetic, known_at, batch_id
)
SELECT DISTINCT ON (found.customer_id, found.kind, found.address_hash)
    %(shop_id)s::text AS shop_id,
    found.customer_id,
    found.kind,
    found.address_hash,
    found.address,
    found.order_id,
    found.is_synthetic,
    found.known_at,
    %(batch_id)s::bigint AS batch_id
FROM __found__ AS found
WHERE found.address IS NOT NULL
ORDER BY found.customer_id, found.kind, found.address_hash, found.known_at
ON CONFLICT (shop_id, customer_id, kind, address_hash) DO UPDATE
    SET
        known_at = CASE
            WHEN points.expires_at IS NULL THEN least(points.known_at, excluded.known_at)
            ELSE excluded.known_at
        END,
        expires_at = NULL,
        batch_id = excluded.batch_id
    WHERE points.expires_at IS NOT NULL OR excluded.known_at < points.known_at
