-- purpose: a place for the contact points found in a batch
-- grain:   no row yet
-- params:  found relation
-- reads:   nothing
-- writes:  a temporary table
-- returns: nothing
CREATE TEMPORARY TABLE __found__ (
    customer_id text NOT NULL,
    kind text NOT NULL,
    address_hash text,
    address text,
    order_id text,
    is_synthetic boolean NOT NULL,
    known_at timestamptz NOT NULL
) ON COMMIT DROP
