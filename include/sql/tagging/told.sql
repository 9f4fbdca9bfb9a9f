-- purpose: of these kinds of facts and columns, those a shop had told anything of by an instant
-- grain:   one row per need
-- params:  shop_id text, as_of timestamptz, needs text[]
-- reads:   the facts, through record.is_told
-- writes:  nothing
-- returns: many
SELECT wanted.need
FROM unnest(%(needs)s::text[]) AS wanted (need)
WHERE record.is_told(%(shop_id)s::text, wanted.need, %(as_of)s::timestamptz)
