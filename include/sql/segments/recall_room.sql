-- purpose: room for the segments of every customer at one past instant after another
-- grain:   one row per customer and instant
-- params:  recalled relation
-- reads:   nothing
-- writes:  the recalled table
-- returns: nothing
CREATE UNLOGGED TABLE __recalled__ (
    LIKE record.customer_segments,
    at timestamptz NOT NULL
)
