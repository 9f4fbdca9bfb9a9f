-- purpose: empty the payload of rows quarantined long ago; reasons and batch stay
-- grain:   one row per quarantined row
-- params:  before timestamptz
-- reads:   landing.quarantine
-- writes:  landing.quarantine
-- returns: count
UPDATE landing.quarantine
SET payload = '{}'
WHERE quarantined_at < %(before)s::timestamptz AND payload <> '{}'
