-- purpose: make a pending batch
-- grain:   one row
-- params:  shop_id text, entity text, source text, origin text, window_from timestamptz, window_until timestamptz,
--          snapshot_at timestamptz, is_history boolean, run_no bigint, as_of timestamptz
-- reads:   nothing
-- writes:  landing.batch
-- returns: one
INSERT INTO landing.batch (
    shop_id, entity, source, origin, window_from, window_until, snapshot_at, is_history, run_no, as_of
)
VALUES (
    %(shop_id)s::text,
    %(entity)s::text,
    %(source)s::text,
    %(origin)s::text,
    %(window_from)s::timestamptz,
    %(window_until)s::timestamptz,
    %(snapshot_at)s::timestamptz,
    %(is_history)s::boolean,
    %(run_no)s::bigint,
    %(as_of)s::timestamptz
)
RETURNING batch_id
