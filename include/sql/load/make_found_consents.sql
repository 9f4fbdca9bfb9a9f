-- purpose: a place for the statements of consent found in a batch
-- grain:   no row yet
-- params:  found relation
-- reads:   nothing
-- writes:  a temporary table
-- returns: nothing
CREATE TEMPORARY TABLE __found__ (
    address_hash text NOT NULL,
    channel text NOT NULL,
    is_granted boolean NOT NULL,
    happened_at timestamptz,
    method text NOT NULL
) ON COMMIT DROP
