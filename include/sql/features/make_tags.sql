-- purpose: room for the tags of the customers of a scope
-- grain:   one row per customer and tag
-- params:  made relation
-- reads:   nothing
-- writes:  the made table, of the shape of record.customer_tags
-- returns: nothing
CREATE UNLOGGED TABLE IF NOT EXISTS __made__ (
    shop_id text NOT NULL,
    tag text NOT NULL,
    customer_no bigint NOT NULL,
    value text,
    number double precision,
    evidence integer,
    out_of integer,
    confidence real,
    valid_from timestamptz NOT NULL
)
