-- purpose: phones and e-mails that the member list no longer has end with what replaced them
-- grain:   one row per contact point
-- params:  shop_id text, found relation
-- reads:   the found points
-- writes:  contact.contact_points
-- returns: count
UPDATE contact.contact_points AS points
SET expires_at = found.known_at
FROM __found__ AS found
WHERE
    points.shop_id = %(shop_id)s::text
    AND points.customer_id = found.customer_id
    AND points.kind = found.kind
    AND points.kind IN ('phone', 'email')
    AND points.expires_at IS NULL
    AND points.known_at < found.known_at
    AND points.address_hash IS DISTINCT FROM found.address_hash
