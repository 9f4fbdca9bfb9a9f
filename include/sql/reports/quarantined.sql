-- purpose: how many rows of a shop lie in quarantine
-- grain:   one row
-- params:  shop_id text
-- reads:   landing.quarantine
-- writes:  nothing
-- returns: one
SELECT count(*) AS open_rows
FROM landing.quarantine AS quarantines
WHERE
    quarantines.shop_id = %(shop_id)s::text
    AND quarantines.state = 'open'
