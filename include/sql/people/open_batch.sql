-- purpose: a loaded batch for facts that change their customer, so that the next refresh takes them in; nothing landed
-- grain:   one row
-- params:  shop_id text, who text, at timestamptz
-- reads:   nothing
-- writes:  landing.batch
-- returns: one
INSERT INTO landing.batch (
    shop_id, entity, source, origin, snapshot_at, as_of, state, verdict, judged_by, known_at
)
VALUES (
    %(shop_id)s::text, 'merge', 'merge', 'merge', %(at)s::timestamptz, %(at)s::timestamptz, 'loaded', 'released',
    %(who)s::text, %(at)s::timestamptz
)
RETURNING batch_id
